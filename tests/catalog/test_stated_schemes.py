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


@pytest.fixture(scope="module")
def every() -> list[tuple[str, str, float | None, str]]:
    """(name, id of the model, billions of parameters, scheme) of each name that there is."""
    found = []
    for name in names():
        model, scheme = meant(name)
        assert model is not None, name
        found.append((name, model.id, model.params_b, scheme))
    return found


def test_what_a_name_states_is_what_it_means(every: list[tuple[str, str, float | None, str]]) -> None:
    stating = [(name, word, scheme) for name, _, _, scheme in every if (word := stated(name))]
    assert len(stating) > 2_500
    assert [each for each in stating if each[2] not in WORDS[each[1]]] == []


SIZE = re.compile(r"(?<![a-z0-9._])([0-9]+(?:[.][0-9]+)?)b(?![a-z0-9]|-[0-9]+e)")
"""The size that a name states; not of "17B-16E", which says what one token takes."""


def test_no_name_means_another_models_size(every: list[tuple[str, str, float | None, str]]) -> None:
    checked, wrong = 0, []
    for name, own, billions, _ in every:
        sizes = {float(size) for size in SIZE.findall(name.rpartition("/")[2].lower())}
        if len(sizes) != 1 or own == name or not billions:
            continue
        checked += 1
        if not 0.6 < billions / sizes.pop() < 1.7:  # Falcon3-1B has 1.67 B
            wrong.append((name, own, billions))
    assert checked > 1_000
    assert wrong == []


def test_a_re_upload_in_another_scheme_has_the_size_of_the_repository() -> None:
    checked, wrong = 0, []
    for name in names()[:16_800:60]:
        model, scheme = meant(name)
        bare = name.rpartition("/")[2]
        if model is None or not model.params_b or scheme not in ("bf16", "fp16") or model.unsure:
            continue
        match = CATALOG.resolve_model(f"acme/{bare}-AWQ", suggest=False)
        if match.model is None or match.relation != "name":
            continue
        checked += 1
        if match.quantization != "awq" or not 0.9 < (match.model.params_b or 0) / model.params_b < 1.1:
            wrong.append((name, model.params_b, match.model.id, match.model.params_b, match.quantization))
    assert checked > 80
    assert wrong == []


UPLOADS = {
    "{}-FP8": "fp8",
    "{}-AWQ": "awq",
    "{}-GPTQ": "gptq-int4",
    "{}-GPTQ-Int8": "gptq-int8",
    "{}-bnb-4bit": "nf4",
    "{}-NVFP4": "nvfp4",
    "{}-MXFP4": "mxfp4",
    "{}-MLX-4bit": "int4",
    "{}-4bit": "int4",
    "{}-GGUF": "gguf",
    "{}-GGUF:Q4_K_M": "gguf:Q4_K_M",
    "{}-GGUF:UD-Q4_K_XL": "gguf:Q4_K_XL",
    "{}-GGUF/{}-UD-Q4_K_XL.gguf": "gguf:Q4_K_XL",
    "{}-qat-q4_0-gguf": "gguf:Q4_0",
}
BASES = (
    "Qwen3-8B",
    "Qwen3-235B-A22B",
    "Llama-3.3-70B-Instruct",
    "gemma-3-27b-it",
    "DeepSeek-V3",
    "gpt-oss-20b",
)


@pytest.mark.parametrize("upload", UPLOADS)
@pytest.mark.parametrize("base", BASES)
def test_every_scheme_of_a_base_that_is_known(upload: str, base: str) -> None:
    match = CATALOG.resolve_model("acme/" + upload.format(base, base), suggest=False)
    own = CATALOG.resolve_model(base, suggest=False).model
    assert match.model is not None
    assert own is not None
    assert (match.model.params_b, match.model.layers) == (own.params_b, own.layers)
    assert (match.quantization, match.relation) == (UPLOADS[upload], "name")


@pytest.mark.parametrize(
    "name", ["gpt-oss-20b-BF16", "DeepSeek-V3-bf16", "MiniMax-M2.5-dequantized", "gpt-oss-120b-fp16"]
)
def test_16_bit_of_a_model_that_is_quantized_by_birth(name: str) -> None:
    match = CATALOG.resolve_model(f"acme/{name}", suggest=False)
    assert match.model is not None
    assert match.quantization is None
    assert match.model.native_dtype in ("bf16", "fp16")
    assert all(row.bits == 16 for row in match.model.weights if row.scheme)


@pytest.mark.parametrize(
    ("tag", "scheme"),
    [
        ("llama3.1:8b-instruct-fp16", "gguf:F16"),
        ("llama3.1:8b", "gguf:Q4_K_M"),
        ("gemma3:27b-it-qat", "gguf:Q4_0"),
        ("gpt-oss:20b", "mxfp4"),
        ("Llama-3.3-70B-Instruct-Q4_K_M-00001-of-00002.gguf", "gguf:Q4_K_M"),
    ],
)
def test_types_of_tags_and_files(tag: str, scheme: str) -> None:
    match = CATALOG.resolve_model(tag, suggest=False)
    assert match.model is not None
    assert (match.quantization, match.relation) == (scheme, "name")


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
        ("dealignai/Qwen3.6-27B-JANG_4M-CRACK", "int4"),
        ("OsaurusAI/MiniMax-M2.7-JANGTQ4", "int4"),
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
