"""Serving flags against arithmetic by hand. Llama 3.1 8B keeps 2 × 32 layers × 8 heads × 128 × 2 bytes = 128 KiB a
token and weighs 8.03e9 × 2 bytes = 14.96 GiB."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gpuspec.lint.finding import Finding
from gpuspec.lint.rule import Rule
from gpuspec.rules.safety.open_port import OpenPort
from gpuspec.rules.safety.remote_code import RemoteCode
from gpuspec.rules.serving.batch_limit import BatchLimit
from gpuspec.rules.serving.context_unset import ContextUnset
from gpuspec.rules.serving.memory_utilization import MemoryUtilizationLow
from gpuspec.testing import lint_text

LLAMA = "meta-llama/Llama-3.1-8B-Instruct"
KIB_PER_TOKEN = 2 * 32 * 8 * 128 * 2 / 1024


def found(rule: type[Rule], run: str, gpu: str = "RTX 4090", **fields: Any) -> list[Finding]:
    text = json.dumps({"gpu_types": [gpu], "keep_alive_minutes": 30, "run": run, **fields})
    return [one.finding for one in lint_text(text, [rule], prices="seed-2025")]


def test_the_full_context_of_llama_on_a_24_gb_card() -> None:
    (one,) = found(ContextUnset, f"vllm serve {LLAMA}")
    assert KIB_PER_TOKEN * 131_072 / 2**20 == 16.0
    assert "131,072 tokens is 16.0 GiB" in one.message
    assert one.fix
    fixed = one.fix.edits[0].value
    length = int(fixed.rpartition(" ")[2])
    assert fixed == f"vllm serve {LLAMA} --max-model-len {length}"
    # What is left beside the weights holds it: 22.1 GiB × 0.92 was measured to take 37,696 tokens on an A10G
    assert 8192 <= length <= 37_696


@pytest.mark.parametrize(
    "run",
    [
        f"vllm serve {LLAMA} --max-model-len 8192",
        f"vllm serve {LLAMA} --max-model-len=$LEN",
        f"vllm serve {LLAMA} --config server.yaml",
        f"vllm serve {LLAMA} $EXTRA_ARGS",
        "vllm serve $MODEL",
        f"llama-server -hf {LLAMA} -ngl 99",
        "vllm serve Qwen/Qwen2.5-0.5B-Instruct",
    ],
)
def test_the_context_is_set_or_fits_or_is_not_known(run: str) -> None:
    assert found(ContextUnset, run) == []


def test_no_length_is_put_into_another_command() -> None:
    (one,) = found(ContextUnset, f'start() {{ vllm serve "$1"; }}\nstart {LLAMA}')
    assert one.fix is None


def test_what_a_low_share_leaves_idle() -> None:
    (one,) = found(MemoryUtilizationLow, f"vllm serve {LLAMA} --gpu-memory-utilization 0.5", "L40S")
    assert f"{45.0 * (0.92 - 0.5):.1f} GiB idle" in one.message  # an L40S shows 45.0 GiB
    assert one.fix
    assert one.fix.edits[0].value == f"vllm serve {LLAMA} --gpu-memory-utilization 0.92"


@pytest.mark.parametrize("share", ["0.85", "0.9", "0.95", "0.97"])
def test_shares_that_are_right(share: str) -> None:
    assert found(MemoryUtilizationLow, f"vllm serve {LLAMA} --gpu-memory-utilization {share}") == []


def test_how_many_requests_the_cache_holds() -> None:
    (one,) = found(BatchLimit, f"vllm serve {LLAMA} --max-model-len 16384 --max-num-seqs 256", "L40S")
    tokens = 16384 // 4
    each = KIB_PER_TOKEN * tokens / 1024
    assert f"{tokens:,} tokens ({each:.0f} MiB each)" in one.message
    assert one.fix
    held = int(one.fix.edits[0].value.rpartition(" ")[2])
    most = (45.0 * 0.92 - 14.96) * 1024 / each
    assert most * 0.9 < held <= most
    assert found(BatchLimit, f"vllm serve {LLAMA} --max-model-len 16384 --max-num-seqs {held}", "L40S") == []


def test_sequences_on_a_gpu_that_is_too_small_are_gs102s() -> None:
    assert found(BatchLimit, f"vllm serve {LLAMA} --max-model-len 16384 --max-num-seqs 256", "RTX 4080") == []


@pytest.mark.parametrize(
    ("run", "ports"),
    [
        (f"vllm serve {LLAMA} --port 8001", [8000]),
        (f"vllm serve {LLAMA}", []),
        (f"vllm serve {LLAMA} --api-key $K", [8000]),
        (f"VLLM_API_KEY=$K vllm serve {LLAMA}", [8000]),
        (f"vllm serve {LLAMA} --host localhost", [8000]),
        (f"python -m sglang.launch_server --model-path {LLAMA}", [30000]),
        ("ollama serve & sleep 3; ollama run llama3.1; wait", [11434]),
        (f"docker run --gpus all -p 127.0.0.1:8000:8000 vllm/vllm-openai --model {LLAMA}", [8000]),
        (f"docker run --gpus all vllm/vllm-openai --model {LLAMA}", [8000]),
        ("python app.py", [8000]),
    ],
)
def test_ports_that_are_not_open_to_all(run: str, ports: list[int]) -> None:
    assert found(OpenPort, run, ports=[{"port": port, "public": True} for port in ports]) == []


@pytest.mark.parametrize(
    ("run", "port"),
    [
        (f"vllm serve {LLAMA}", 8000),
        (f"vllm serve {LLAMA} --port=9000", 9000),
        (f"docker run --gpus all -p 80:8000 vllm/vllm-openai --model {LLAMA}", 80),
        (f"python -m sglang.launch_server --model-path {LLAMA} --host 0.0.0.0", 30000),
        ("OLLAMA_HOST=0.0.0.0:8080 ollama serve & sleep 3; ollama run llama3.1; wait", 8080),
    ],
)
def test_ports_that_are(run: str, port: int) -> None:
    (one,) = found(OpenPort, run, ports=[22, {"port": port, "public": True}])
    assert f"port {port} " in one.message
    assert found(OpenPort, run, ports=[22, port]) == []


@pytest.mark.parametrize(
    ("run", "confidence"),
    [
        ("curl -sL https://example.com/a.sh | bash", "medium"),
        ("curl -sL http://example.com/a.sh | bash", "high"),
        ("curl -LsSf https://astral.sh/uv/install.sh | sh", "low"),
        ("curl -fsSL https://ollama.com/install.sh | sudo sh", "low"),
        ("wget -qO- https://example.com/a.py | python3 -", "medium"),
    ],
)
def test_what_is_piped_into_a_shell(run: str, confidence: str) -> None:
    (one,) = found(RemoteCode, run)
    assert one.confidence == confidence


@pytest.mark.parametrize(
    "run",
    [
        "curl -s https://example.com/a.json | jq .",
        "curl -s https://example.com/a.json | python3 parse.py",
        "curl -o a.sh https://example.com/a.sh && bash a.sh",
        "curl -s https://example.com/a | tee a; bash b.sh",
        "echo 'curl https://example.com/a.sh | sh'",
        "curl -s localhost:8000/health | sh -c 'cat'",
    ],
)
def test_what_is_not(run: str) -> None:
    assert found(RemoteCode, run) == []
