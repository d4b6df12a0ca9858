"""Counts of the list for which nobody read a file: formulas over its own columns, equal to the last digit.

Source: `estimate_params_from_arch` of llmfit's scripts/scrape_hf_models.py (github.com/AlexsJones/llmfit, 2026),
which stands in where the files count less than half of it, so for packed weights; and 12 L h² for repositories
without safetensors. A model has norms, too, so no count of its files is such a number."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.architectures.parts import Architecture
from tools.hub_models.rows import Row


def is_estimate(row: Row) -> bool:
    """Whether a row's count says nothing that its other columns do not."""
    return bool(row.layers and row.hidden and row.vocabulary) and row.stored in _formulas(row)


def is_estimate_of(row: Row, a: Architecture) -> bool:
    """The same of a row that leaves columns out, by the structure that its config says."""
    columns = row._replace(
        layers=len(a.layers), hidden=a.hidden, vocabulary=a.vocabulary, width=a.intermediate
    )
    return is_estimate(columns._replace(heads=a.heads, kv_heads=a.kv_heads, head_dim=a.head_dim))


def _formulas(row: Row) -> Iterator[int]:
    wide, head = row.hidden, row.vocabulary * row.hidden
    heads = 2 * wide * row.head_dim * (row.heads + (row.kv_heads or row.heads))
    block = 3 * wide * row.width or 4 * wide**2
    experts = row.experts * wide * (3 * row.width + 1)
    for heads_and_block in (
        12 * wide**2,
        4 * wide**2 + 2 * wide * row.width,
        heads + block,
        *((heads + experts, heads + experts + 3 * wide * row.shared_width) if row.experts else ()),
    ):
        for embeddings in (head, 2 * head):
            yield embeddings + row.layers * heads_and_block
