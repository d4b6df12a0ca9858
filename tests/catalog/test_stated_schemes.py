"""No name may hide a scheme: what a name states by its own words is what it resolves to, over the whole table and
gpuspec's own list. The words here are the test's own, each a whole part of a name."""

from __future__ import annotations

import re

import pytest

from gpuspec.catalog import Catalog, Model
from gpuspec.catalog.hub_table import NAMES

CATALOG = Catalog()
WORDS = {
    "nvfp4": {"nvfp4"},
    "mxfp4": {"mxfp4", "nvfp4"},
    "fp8": {"fp8"},
    "awq": {"awq", "int8", "int6"},
    "gptq": {"gptq-int4", "gptq-int8"},
    "w4a16": {"int4", "awq", "gptq-int4"},
    "w8a8": {"int8", "gptq-int8"},
    "int8": {"int8", "gptq-int8"},
    "int4": {"int4", "awq", "gptq-int4"},
    "8bit": {"int8", "gptq-int8"},
    "6bit": {"int6"},
    "5bit": {"int5"},
    "4bit": {"nvfp4", "int4", "awq", "gptq-int4", "nf4", "nf4-dq"},
    "3bit": {"int3"},
    "nf4": {"nf4", "nf4-dq"},
}
"""A word → the schemes it may mean."""
UNDONE = re.compile(r"dequant|unquantized")


def stated(name: str) -> str | None:
    """The one word of a name that states a scheme; None where none does, or several that may disagree."""
    parts = re.split(r"[-_]|(?<![0-9])[.]|[.](?![0-9]+bit)", name.rpartition("/")[2].lower())
    found = [word for word in WORDS if word in parts]
    mixed = any(part in ("mixed", "hybrid", "gguf", "bf16", "fp16", "mxfp8") for part in parts)
    return found[0] if len(found) == 1 and not mixed and not UNDONE.search(name.lower()) else None


def meant(name: str) -> tuple[Model | None, str]:
    match = CATALOG.resolve_model(name, suggest=False)
    native = match.model.native_dtype if match.model else None
    return match.model, match.quantization or native or ""


def names() -> list[str]:
    with open(NAMES, encoding="utf-8") as file:
        table = [line.split("\t")[0] for line in file]
    return [*table, *(name for model in CATALOG.models for name in (model.id, *model.aliases))]


def test_what_a_name_states_is_what_it_means() -> None:
    checked, wrong = 0, []
    for name in names():
        word = stated(name)
        if word is None:
            continue
        checked += 1
        scheme = meant(name)[1]
        if scheme not in WORDS[word]:
            wrong.append((name, scheme))
    assert checked > 2_500
    assert wrong == []


@pytest.mark.parametrize(
    ("name", "scheme"),
    [
        ("nvidia/Qwen3-30B-A3B-NVFP4", "nvfp4"),
        ("unsloth/gpt-oss-20b-BF16", "bf16"),
        ("openai/gpt-oss-20b", "mxfp4"),
        ("unsloth/DeepSeek-V3-0324-BF16", "bf16"),
        ("google/gemma-3-27b-it-qat-q4_0-unquantized", "bf16"),
        ("google/gemma-3-27b-it-qat-q4_0-gguf", "gguf:Q4_0"),
        ("cyankiwi/Qwen3.6-27B-AWQ-BF16-INT8", "int8"),
        ("lmstudio-community/GLM-4.5-Air-MLX-8bit", "int8"),
        ("mlx-community/Meta-Llama-3.1-8B-Instruct-4bit", "int4"),
        ("spicyneuron/Kimi-K2.5-MLX-2.8bit", "bpw:2.8"),
        ("0xSero/GLM-5.3-EXL3-3.0bpw", "bpw:3.0"),
        ("unsloth/Qwen3-32B-unsloth-bnb-4bit", "nf4-dq"),
        ("Qwen3-30B-A3B-UD-Q4_K_XL.gguf", "gguf:Q4_K_XL"),
    ],
)
def test_schemes_of_well_known_uploads(name: str, scheme: str) -> None:
    model, found = meant(name)
    assert model is not None
    assert found == scheme
