"""Where lists of engines and schemes stood in several places they disagreed; now one row answers all."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from gpuspec.cli.size import command
from gpuspec.testing import lint_text

MODEL = "Qwen/Qwen2.5-7B-Instruct"


def said(code: str, **job: object) -> list[str]:
    text = json.dumps({"name": "one", "keep_alive_minutes": 5, "gpu_types": ["A100-80GB"], **job})
    found = [each.finding for each in lint_text(text) if each.finding.code == code]
    return [f"{finding.message} {finding.suggestion or ''}" for finding in found]


@pytest.mark.parametrize("port", [3000, 80])
def test_tgi_listens_on_3000_and_its_image_on_80(port: int) -> None:
    run = f"text-generation-launcher --model-id {MODEL} --max-total-tokens 4096"
    (one,) = said("GS410", task="serve", run=run, ports=[9000, port])
    assert f"http://localhost:{port}/health" in one


@pytest.mark.parametrize("engine", ["llama-factory", "llamafactory", "axolotl", "ms-swift"])
def test_no_trainer_trains_gguf(engine: str) -> None:
    model = {"id": "bartowski/Llama-3.2-1B-Instruct-GGUF", "engine": engine, "method": "lora"}
    (one,) = said("GS203", task="train", model=model | {"quantization": "gguf:Q4_K_M"}, run="python train.py")
    assert "cannot train GGUF files" in one


def test_aphrodite_reserves_the_context_as_vllm_does() -> None:
    model = "meta-llama/Llama-3.1-8B-Instruct"
    (one,) = said("GS602", gpu_types=["RTX 4090"], run=f"aphrodite run {model}")
    assert "Aphrodite reserves" in one
    assert "--max-model-len" in one


@pytest.mark.parametrize(
    ("spelling", "scheme"),
    [
        ("bitsandbytes", "nf4"),
        ("awq_marlin", "awq"),
        ("4bit", "int4"),
        ("gptq", "gptq-int4"),
        ("q4_k_m", "gguf:Q4_K_M"),
    ],
)
def test_size_takes_the_spellings_of_engines(spelling: str, scheme: str) -> None:
    def size(quantization: str) -> str:
        result = CliRunner().invoke(
            command, [MODEL, "--quantization", quantization, "--json"], standalone_mode=False
        )
        assert result.exception is None
        return result.stdout

    assert json.loads(size(spelling)) == json.loads(size(scheme))
