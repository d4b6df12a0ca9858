"""The rows of a list of hub repositories (`hub_models.tsv`)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from gpuspec.quantization.checkpoint_names import split_quantization

UNKNOWN = "unknown"
"""The architecture of a repository whose config the list could not read."""


class Row(NamedTuple):
    """What the list says of one repository. 0 is "not said"."""

    name: str
    architecture: str
    task: str
    stored: int
    """Elements of its safetensors files as they are stored: four bits may be packed into eight or 32."""
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    hidden: int
    vocabulary: int
    context: int
    experts: int
    used: int
    width: int
    """Inside one expert, or the feed-forward block of a model without."""
    shared_width: int

    @property
    def shape(self) -> tuple[int | str, ...]:
        """What rows of one structure have in common."""
        return (
            self.architecture, self.layers, self.heads, self.kv_heads, self.head_dim, self.hidden,
            self.vocabulary, self.experts, self.used, self.width, self.shared_width,
        )  # fmt: skip

    @property
    def form(self) -> tuple[int | str, ...]:
        """The same of fine-tunes, which add to the vocabulary."""
        return self._replace(vocabulary=0).shape

    def with_columns_of(self, sister: Row) -> Row:
        """The row with the shape of another, of the same architecture and nearly the same count."""
        return sister._replace(name=self.name, task=self.task, stored=self.stored, context=self.context)


def scheme_of(row: Row) -> str | None:
    """The scheme that its name states."""
    owner, _, bare = row.name.rpartition("/")
    return split_quantization(bare, owner=owner)[1]


_COLUMNS = (
    "name", "architecture", "pipeline_tag", "parameters_raw", "num_hidden_layers", "num_attention_heads",
    "num_key_value_heads", "head_dim", "hidden_size", "vocab_size", "context_length", "num_experts",
    "active_experts", "moe_intermediate_size", "shared_expert_intermediate_size",
)  # fmt: skip

_TEXTS = frozenset(("name", "architecture", "pipeline_tag"))


def read_rows(path: Path) -> Iterator[Row]:
    """Each row; of a name that stands there twice, the first."""
    head, seen = None, set()
    for line in path.read_text(encoding="utf-8").split("\n"):
        if not line or line.startswith("#"):
            continue
        if head is None:
            head = line.split("\t")
            continue
        said = dict(zip(head, line.split("\t"), strict=False))
        if said["name"].lower() in seen or not _is_repository(said["name"]):
            continue
        seen.add(said["name"].lower())
        yield _row(said)


def _row(said: dict[str, str]) -> Row:
    names = dict(zip(Row._fields, _COLUMNS, strict=True))
    numbers = {field: _number(said[column]) for field, column in names.items() if column not in _TEXTS}
    texts = {field: said[column] for field, column in names.items() if column in _TEXTS}
    return Row(**texts, **numbers)  # type: ignore[arg-type]


def _is_repository(name: str) -> bool:
    return name.count("/") <= 1 and name.isprintable() and not set(name) & set("\t \\")


def _number(text: str) -> int:
    try:
        return max(int(float(text)), 0) if text else 0
    except (ValueError, OverflowError):
        return 0
