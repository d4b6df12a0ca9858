"""Rows: what they answer, and that nobody outside gpuspec/engines compares an engine's name."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import gpuspec
from gpuspec.engines import ENGINES, Defaults, Engine, engine_of

ROOT = Path(gpuspec.__file__).parent
NAMES = {name for engine in ENGINES for name in (engine.name, *engine.aliases)}
OTHER_MEANING = {"hf", "infinity"}
"""The strategy that downloads from the Hugging Face hub; JSON5's number."""
ALLOWED = {
    "scripts/reloads.py": "programs of the command line, most of them no engines",
    "quantization/schemes.py": "a publisher on the hub",
    "workload/training_values.py": "DeepSpeed the way to spread: accelerate's `distributed_type`",
    "architectures/families/encoder_decoders.py": "Whisper the architecture: the `model_type` of its config",
}


def names_in(source: str) -> list[str]:
    """The engines' names that stand as strings in code; documentation aside."""
    tree = ast.parse(source)
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    found = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in prose)
    return [node.value for node in found if node.value in NAMES - OTHER_MEANING]


def test_a_name_is_found_wherever_it_is_compared() -> None:
    source = 'if engine == "vllm" or engine in ("sglang", "x"): y = {"tgi": 1}.get("ollama")\n"""vllm"""'
    assert sorted(names_in(source)) == ["ollama", "sglang", "tgi", "vllm"]


def test_nobody_else_names_an_engine() -> None:
    """Ask for a trait (`engine_of(name).server`), and add the trait to the row if it has none."""
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        within = path.relative_to(ROOT).as_posix()
        if (
            not within.startswith("engines/")
            and within not in ALLOWED
            and (names := names_in(path.read_text()))
        ):
            found[within] = names
    assert found == {}


def test_no_two_rows_share_a_name() -> None:
    names = [name for engine in ENGINES for name in (engine.name, *engine.aliases)]
    assert len(names) == len(set(names))
    programs = [key for engine in ENGINES for key in engine.programs]
    assert len(programs) == len(set(programs))


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("vLLM", "vllm"),
        ("text_generation_inference", "tgi"),
        ("llama-cpp", "llama.cpp"),
        ("llamafactory", "llama-factory"),
    ],
)
def test_a_name_is_known_as_people_write_it(written: str, name: str) -> None:
    assert engine_of(written).name == name


def test_of_an_unknown_engine_only_the_name_is_known() -> None:
    unknown = engine_of("Acme")
    assert unknown == Engine("Acme")
    known = engine_of("transformers").memory  # which is read from its source, and knows versions of its own
    versions = ("head_twice_before", "cache_twice_before", "scores_before", "whole_logits_before")
    alike = {name: getattr(unknown.memory, name) for name in (*versions, "counted", "widens_before")}
    assert known._replace(**alike) == unknown.memory
    assert not any(alike.values())
    assert engine_of(None) == Engine("")


def test_defaults_are_those_of_the_version() -> None:
    row = Engine("x", defaults=(Defaults(0.8), Defaults(0.9, since=(0, 6)), Defaults(0.92, since=(1, 2))))
    assert [row.default(v).utilization for v in ("0.5.4", "v0.6.0", "1.1.9", "1.2", None)] == [
        0.8,
        0.9,
        0.9,
        0.92,
        0.92,
    ]


def test_flags_are_found_by_what_they_set() -> None:
    vllm = engine_of("vllm")
    assert vllm.command == "vllm serve"
    assert (vllm.flag("context"), vllm.flag("tensor_parallel")) == (
        "--max-model-len",
        "--tensor-parallel-size",
    )
    assert engine_of("sglang").flag("context") == "--context-length"
    assert engine_of("tgi").flag("concurrency") == "--max-batch-size"
    assert vllm.flag("batch") == ""


FIELDS = ("memory_utilization", "context", "tensor_parallel", "quantization", "concurrency")
"""What messages and fixes tell people to set."""


def test_the_flag_that_messages_write_is_chosen_where_several_set_a_field() -> None:
    """Of several it is the first in the row, so their order is no accident."""
    several = {}
    for engine in ENGINES:
        for field in FIELDS:
            flags = [
                flag
                for flag, meaning in engine.tool.flags.items()
                if meaning.partition(":")[0] == field and not flag.startswith("-")
            ]
            if len(flags) > 1:
                several[engine.name, field] = engine.flag(field)
    assert several == {("sglang", "quantization"): "--quantization", ("sglang", "tensor_parallel"): "--tp"}
