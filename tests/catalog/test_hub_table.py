"""The shipped table of hub repositories. Expected numbers are those of model cards and of configs."""

from __future__ import annotations

import json

import pytest

from gpuspec.architectures.parts import BESIDE
from gpuspec.catalog import Catalog
from gpuspec.catalog.hub_table import NAMES, NOTES, SHAPES, STRUCTURES, HubTable
from gpuspec.catalog.model import Model
from gpuspec.quantization import bits_of
from tools.hub_models import by_shape

TABLE = HubTable()
CATALOG = Catalog()


def resolved(name: str) -> Model:
    model = CATALOG.resolve_model(name).model
    assert model is not None
    return model


def test_every_line_is_found_by_its_name_in_any_case() -> None:
    with open(NAMES, encoding="utf-8") as file:
        names = [line.split("\t")[0] for line in file]
    assert len(names) > 16_000
    assert names == sorted(names, key=lambda name: name.lower().encode())
    for name in (*names[:3], *names[5:-3:97], *names[-3:]):
        found = TABLE.find(name.upper())
        assert found is not None
        assert found.id == name


@pytest.mark.parametrize(
    "name", ["", "0", "zzzz/zzzz", "Qwen/Qwen3-32", "Qwen/Qwen3-32B\t", "a\nb", "Qwen", "~" * 600]
)
def test_what_is_no_repository_of_the_table_is_not_found(name: str) -> None:
    assert TABLE.find(name) is None


@pytest.mark.parametrize(
    ("name", "billions", "layers", "kv_heads"),
    [
        ("Qwen/Qwen3-32B", 32.76, 64, 8),
        ("Qwen/Qwen3-235B-A22B", 235.09, 94, 4),
        ("deepseek-ai/DeepSeek-V3", 671.03, 61, None),  # without the layer that predicts a second token
        ("openai/gpt-oss-120b", 116.83, 36, 8),
        ("google/gemma-3-27b-it", 27.43, 62, 16),
        ("mistralai/Mistral-7B-Instruct-v0.3", 7.248, 32, 8),
        ("stepfun-ai/Step-3.5-Flash", 196.96, 45, 8),  # its card: 196 B; its config calls KV heads groups
    ],
)
def test_known_models(name: str, billions: float, layers: int, kv_heads: int | None) -> None:
    model = TABLE.find(name)
    assert model is not None
    assert model.params_b == pytest.approx(billions, rel=0.001)
    assert model.layers == layers
    assert kv_heads is None or model.kv_heads == kv_heads
    assert sum(row.parameters for row in model.weights if row.part not in BESIDE) == pytest.approx(
        billions * 1e9, rel=0.001
    )
    assert model.source
    assert model.as_of


def test_makers_checkpoints_in_few_bits_are_no_16_bit_models_but_dequantized_ones_are() -> None:
    def kept(name: str) -> str | None:
        model = TABLE.find(name)
        assert model is not None
        return model.native_dtype

    assert kept("openai/gpt-oss-20b") == "mxfp4"
    assert kept("unsloth/gpt-oss-20b-BF16") == "bf16"
    assert kept("unsloth/gpt-oss-20b") == "mxfp4"  # stores the scales of the maker's checkpoint
    assert kept("deepseek-ai/DeepSeek-V3-0324") == "fp8"
    assert kept("unsloth/DeepSeek-V3-0324-BF16") == "bf16"
    assert kept("MiniMaxAI/MiniMax-M2.5") == "fp8"


def test_every_scheme_of_the_table_has_a_size() -> None:
    with open(STRUCTURES, encoding="utf-8") as file:
        structures = [json.loads(line) for line in file][1:]
    schemes = {row["scheme"] for structure in structures for row in structure.get("weights", ())}
    assert {"bf16", "fp8", "int4", "mxfp4"} <= schemes
    assert [scheme for scheme in schemes if bits_of(scheme) is None] == []


def test_experts_in_four_bits_take_what_the_maker_uploads() -> None:
    # vLLM's recipe for it (August 2026): "packed INT4 via compressed-tensors (~595 GB on disk)".
    model = TABLE.find("moonshotai/Kimi-K2.6")
    assert model is not None
    stored = sum(row.parameters * row.bits / 8 for row in model.weights if row.part != "draft")
    assert stored == pytest.approx(595e9, rel=0.005)


@pytest.mark.parametrize(
    ("name", "layers", "billions"),
    [
        ("orcarouter/Qwen3.8-27B-Uncensored-NVFP4", 64, 26.9),  # without its draft, perhaps without its tower
        ("bearzi/Qwen3.6-35B-A3B-oQ4", 40, 35.11),
    ],
)
def test_packed_files_have_the_layers_of_the_model_in_their_name(
    name: str, layers: int, billions: float
) -> None:
    model = TABLE.find(name)
    assert model is not None
    assert (model.layers, model.unsure) == (layers, NOTES["b"])
    assert model.params_b == pytest.approx(billions, rel=0.02)


def test_a_name_within_a_longer_one_is_not_the_model() -> None:
    """japanese-gpt2-xsmall, of 43,689,472 elements, is no GPT-2 of 124 M."""
    model = TABLE.find("rinna/japanese-gpt2-xsmall")
    assert model is not None
    assert model.unsure != NOTES["b"]


def test_mixtures_with_fewer_experts_are_counted() -> None:
    """gpt-oss-20b has 20,914,757,184 parameters with 32 experts; one has 597,473,304 in all layers, its share of the
    routers included: with four 4,185,504,672, which is what is stored."""
    model = TABLE.find("AmanPriyanshu/gpt-oss-4.2b-specialized-harmful-pruned-moe-only-4-experts")
    assert model is not None
    assert (model.experts, model.layers, model.unsure) == (4, 24, "")
    assert model.params_b == pytest.approx(20.914757184 - 28 * 0.597473304)


def test_a_fine_tune_has_its_own_facts() -> None:
    # Its config.json says vocab_size 32032: two tokens of ChatML, padded.
    assert resolved("NousResearch/Nous-Hermes-2-Mixtral-8x7B-DPO").vocab == 32002


def test_a_name_that_is_not_in_the_table_is_found_by_its_sisters() -> None:
    match = CATALOG.resolve_model("someone/Qwen3.8-27B-AWQ")
    assert match.model is not None
    assert match.model.layers == 64
    assert match.quantization == "awq"


def test_the_shapes_are_those_of_the_table_by_the_names_as_they_are_read_today() -> None:
    with open(SHAPES, encoding="utf-8") as file:
        assert file.readlines() == list(by_shape.lines(TABLE)), "run python -m tools.hub_models.by_shape"


@pytest.mark.parametrize("name", ["someone/Qwen3.8-27B-AWQ", "o/n3", "org/name-7b", "o/b-1.5b", "3"])
def test_what_is_in_no_list_is_not_looked_for_in_all_of_the_table(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To match each of 5,000 names that have a 3 in them took 50 ms, for each download of a spec."""

    def whole(table: HubTable) -> str:
        raise AssertionError("the table was read whole")

    monkeypatch.setattr(HubTable, "text", property(whole))
    known = Catalog().resolve_model(name, suggest=False).model
    assert (known is not None) == (name == "someone/Qwen3.8-27B-AWQ")


def test_what_is_not_certain_says_why() -> None:
    unsure = 0
    with open(NAMES, encoding="utf-8") as file:
        lines = file.read().splitlines()
    for line in lines[::211]:
        note = line.split("\t")[4]
        model = TABLE.model(line)
        assert bool(model.unsure or model.storage_unsure) == (note not in ("", "q")), line
        assert model.weights or note, line
        unsure += bool(note)
    assert unsure


def test_a_scheme_in_a_name_that_nobody_has_is_of_the_repository_without_it() -> None:
    match = CATALOG.resolve_model("inclusionAI/Ring-1T-FP8")
    assert match.model is not None
    assert (match.model.id, match.quantization) == ("inclusionAI/Ring-1T", "fp8")
    other = CATALOG.resolve_model("nobody/Ring-1T-FP8").model  # at most one of the same name and shape
    assert other is None or (other.layers, other.hidden) == (match.model.layers, match.model.hidden)


@pytest.mark.parametrize(
    ("name", "task", "modality"),  # the hub's tags of these repositories, and their model cards
    [
        ("Qwen/Qwen3-32B", "llm", "text"),
        ("Qwen/Qwen2.5-VL-7B-Instruct", "vlm", "text"),
        ("BAAI/bge-small-en-v1.5", "embedding", "text-embedding"),
        ("BAAI/bge-reranker-large", "reranker", "text-embedding"),
        ("facebook/mms-tts-eng", "speech", "audio"),
        ("bigscience/mt0-xl", "seq2seq", "text"),
    ],
)
def test_the_task_is_the_hubs(name: str, task: str, modality: str) -> None:
    model = TABLE.find(name)
    assert model is not None
    assert (model.task, model.modality) == (task, modality)


@pytest.mark.parametrize(
    ("written", "near"),
    [
        ("Qwen/Qwn2.5-7B", "Qwen2.5-7B"),
        ("LiquidAI/LFM2-1.2B-Extrct", "LiquidAI/LFM2-1.2B-Extract"),
        ("ibm-granite/granite-4.0-h-tinny", "ibm-granite/granite-4.0-h-tiny"),
    ],
)
def test_a_slip_of_the_pen_is_near_a_name_of_the_table(written: str, near: str) -> None:
    match = CATALOG.resolve_model(written)
    assert match.model is None
    assert match.suggestions[0] == near


@pytest.mark.parametrize(
    "written", ["Qwen/Qwen9-8B", "meta-llama/Lama-3.1-9B", "acme/support-13b", "8b", "7b-x"]
)
def test_another_version_or_size_is_no_slip_of_the_pen(written: str) -> None:
    assert CATALOG.resolve_model(written).suggestions == ()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("meta-lama/Llama-3.1-8B-Instruct", "meta-llama/Llama-3.1-8B-Instruct"),  # a letter left out
        ("Qwne/Qwen3-8B", "Qwen/Qwen3-8B"),  # two exchanged
        ("mistralia/Mistral-7B-Instruct-v0.3", "mistralai/Mistral-7B-Instruct-v0.3"),
        ("deepseekai/DeepSeek-V3", "deepseek-ai/DeepSeek-V3"),
        ("nvidai/Llama-3_3-Nemotron-Super-49B-v1", "nvidia/Llama-3_3-Nemotron-Super-49B-v1"),
    ],
)
def test_a_slip_of_the_pen_in_the_organisation(written: str, meant: str) -> None:
    match = CATALOG.resolve_model(written)
    assert match.model is not None, "it is sized by the last part of its name all the same"
    assert match.suggestions == (meant,)


@pytest.mark.parametrize(
    "written",
    [
        "qwen/qwen3-8b",  # the hub does not tell letters' case apart
        "acme/Llama-3.1-8B-Instruct",  # uploaded again by a stranger
        "Qwen2/Qwen3-8B",  # another number
        "unsloth/Qwen3-8B-Base",  # an organisation with repositories of its own
        "Qwen3-8B",
    ],
)
def test_another_organisation_is_no_slip_of_the_pen(written: str) -> None:
    match = CATALOG.resolve_model(written)
    assert match.model is not None
    assert match.suggestions == ()


def test_names_that_start_so() -> None:
    found = list(TABLE.starting_with("Qwen/Qwen3-235B-A22B"))
    assert "Qwen/Qwen3-235B-A22B" in found
    assert all(name.startswith("Qwen/Qwen3-235B-A22B") for name in found)
    assert list(TABLE.starting_with("qwen/Qwen3-235B")) == []  # a shell completes what is typed
    assert list(TABLE.starting_with("zzzz")) == []
    with open(NAMES, encoding="utf-8") as file:
        first, *_, last = (line.split("\t")[0] for line in file)
    assert next(TABLE.starting_with(first)) == first
    assert list(TABLE.starting_with(last)) == [last]


def as_loaded(name: str) -> float:
    """GiB of a repository's weights, layers that predict further tokens with them."""
    model = TABLE.find(name)
    assert model is not None
    return sum(row.parameters * row.bits / 8 for row in model.weights) / 2**30


def test_the_count_of_a_packed_upload_says_what_is_packed() -> None:
    """vLLM's recipe of Qwen3.8-27B: "NVFP4 build …, 24.6 GiB"; it leaves the inputs of its delta rules in 16 bit."""
    assert as_loaded("Inferact/Qwen3.8-27B-NVFP4") == pytest.approx(24.6, abs=0.05)


def test_uploads_of_one_maker_with_as_many_elements_are_kept_alike() -> None:
    """nvidia/Qwen3.6-27B-NVFP4's own config was read: attention is in 8 bit, which its count does not show."""
    assert as_loaded("nvidia/Qwen3.8-27B-NVFP4") == as_loaded("nvidia/Qwen3.6-27B-NVFP4")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Qwen/Qwen3.5-27B-GPTQ-Int4", "which of its weights"),  # counted as if it was not packed
        ("vrfai/Qwen3.6-27B-NVFP4", "may be in 8"),  # its delta rules are not packed
        ("RedHatAI/Llama-3.3-70B-Instruct-NVFP4", ""),
    ],
)
def test_what_a_count_does_not_say_of_a_quantized_upload_is_not_certain(name: str, said: str) -> None:
    model = resolved(name)
    assert bool(model.storage_unsure) == bool(said)
    assert said in model.storage_unsure


def test_what_counts_say_to_be_quantized_is_most_of_a_model() -> None:
    with open(NAMES, encoding="utf-8") as file:
        counted = [line for line in file.read().splitlines() if line.split("\t")[4] in ("q", "k")]
    assert len(counted) > 200
    for line in counted:
        weights = TABLE.model(line).weights
        bits = sum(row.parameters * row.bits for row in weights) / sum(row.parameters for row in weights)
        assert bits < 13, line
