"""Patterns of strangers: what they name, and that none takes long."""

from __future__ import annotations

import fnmatch
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpuspec.architectures.module_patterns import ModulePatterns
from gpuspec.architectures.precision import read_precision
from gpuspec.architectures.read import read_architecture
from gpuspec.architectures.stored import stored_weights

RUNAWAY = [
    r"re:(a+)+$", r"re:(.*)*x", r"re:(.*a){50}", r"re:((a|a)*)*b", r"re:.*.*.*.*.*.*.*x", r"re:(\w+)\1+",
    "re:" + "(" * 250, r"re:a{9999}", "*a" * 140 + "b", "re:[", "x" * 10_000, "re:" + ".*?" * 90,
]  # fmt: skip


@pytest.mark.parametrize("pattern", RUNAWAY)
def test_no_pattern_runs_away(pattern: str) -> None:
    patterns = ModulePatterns([pattern] * 200)
    start = time.perf_counter()
    for layer in range(500):
        patterns.name(f"model.layers.{layer}.mlp.{'a' * 60}.gate_proj", "mlp")
    assert time.perf_counter() - start < 2  # a hundredth of it, unless the machine is busy


@settings(max_examples=300, deadline=2_000)
@given(st.lists(st.text(alphabet="ab.*+?()[]{}|\\^$re:0123lyers", max_size=60), max_size=20))
def test_any_pattern_ends(patterns: list[str]) -> None:
    found = ModulePatterns([*patterns, *(f"re:{each}" for each in patterns)])
    for layer in range(20):
        found.name(f"model.layers.{layer}.self_attn.q_proj", "attention")


def test_globs_on_many_modules_end() -> None:
    """Sixty globs are tried on the modules of any real model, not on those of one with 2,000 layers."""
    patterns = [f"layers.{each}.*a*b*c*d*z" for each in range(60)]
    paths = [
        f"model.layers.{layer}.mlp.{name}_proj" for layer in range(2_000) for name in ("gate", "up", "down")
    ]
    real, absurd = ModulePatterns(patterns), ModulePatterns(patterns)
    assert not any(real.name(path, "mlp") for path in paths[:600])
    assert not any(absurd.name(path, "mlp") for path in (*paths, *paths, *paths))
    assert (real.refused, absurd.refused > 0) == (0, True)


@given(
    st.lists(st.sampled_from(["a", "b", ".", "*", "layers."]), min_size=1, max_size=9).map("".join),
    st.lists(st.sampled_from(["a", "b", ".", "layers."]), min_size=1, max_size=9).map("".join),
)
def test_globs_as_in_a_shell(glob: str, rest: str) -> None:
    """Where a glob of the shell fits, ours does; it takes what lies within a module, too."""
    path = f"layers.{rest}"
    if "*" in glob and fnmatch.fnmatchcase(path, f"layers.{glob}") and not glob.endswith("."):
        assert ModulePatterns([f"layers.{glob}"]).name(path, "mlp")


@pytest.mark.parametrize(
    ("pattern", "path", "named"),
    [
        ("model.layers.1.*", "model.layers.1.mlp.up_proj", True),
        ("model.layers.1.*", "model.layers.11.mlp.up_proj", False),
        ("model.layers.1*", "model.layers.11.mlp.up_proj", True),  # as fnmatch has it
        ("model.layers.*.mlp.gate", "model.layers.3.mlp.gate_proj", False),
        ("re:.*mlp.gate$", "model.layers.3.mlp.gate", True),
        ("re:.*mlp.gate$", "model.layers.3.mlp.gate_proj", False),
        ("re:.*mlp.gate", "model.layers.3.mlp.gate_proj", True),  # as compressed-tensors has it: re.match
        (r"re:^model\.layers\.(0|3)\.", "model.layers.3.mlp.gate_proj", True),
        (r"re:^model\.language_model\.layers\.3\.", "model.layers.3.mlp.gate_proj", True),
        ("lm_head", "lm_head", True),
        ("head", "lm_head", True),
        ("layers.3.ffn.experts", "model.layers.3.mlp.experts.*.up_proj", True),
        ("model.layers.3.mlp.experts.17.up_proj", "model.layers.3.mlp.experts.*.up_proj", True),
        ("visual.layers.3.mlp", "model.layers.3.mlp.up_proj", False),
        ("mtp.layers.3*", "model.layers.3.mlp.up_proj", False),
    ],
)
def test_names(pattern: str, path: str, named: bool) -> None:
    assert ModulePatterns([pattern]).name(path, "mlp") is named


def test_towers_by_their_words() -> None:
    assert ModulePatterns(["model.visual*"]).name("visual.blocks.0.attn.qkv", "vision")
    assert ModulePatterns(["re:.*vision_tower.*"]).name("anything", "projector")
    assert not ModulePatterns(["visual.blocks.31.mlp.down_proj"]).name("visual.blocks.0.attn.qkv", "vision")
    assert not ModulePatterns(["lm_head"]).name("visual.blocks.0.attn.qkv", "vision")


def test_draft_layers_have_names_of_their_own() -> None:
    named = ModulePatterns(["mtp.layers.0*"])
    assert named.name("model.layers.61.mlp.up_proj", "mlp", "mtp.layers.0.mlp.up_proj")
    assert not named.name("model.layers.62.mlp.up_proj", "mlp", "mtp.layers.1.mlp.up_proj")
    assert ModulePatterns(["model.layers.61*"]).name(
        "model.layers.61.mlp.up_proj", "mlp", "mtp.layers.0.mlp.up_proj"
    )


def test_a_large_model_with_a_large_list_takes_little() -> None:
    names = [
        f"model.layers.{layer}.mlp.experts.{expert}.up_proj" for layer in range(400) for expert in range(250)
    ]
    config = {
        "model_type": "qwen3_moe", "num_hidden_layers": 2_000, "torch_dtype": "bfloat16",
        "quantization_config": {"quant_method": "fp8", "ignore": [*RUNAWAY * 20, *names[200:]]},
    }  # fmt: skip
    start = time.perf_counter()
    precision = read_precision(config)
    rows = stored_weights(read_architecture(config), precision)
    assert time.perf_counter() - start < 5
    assert {row.scheme for row in rows if row.part == "experts"} == {"fp8", "bf16"}
    assert "patterns of its quantization config" in precision.unread
