"""GS704 and GS703: which ports are open to everybody, and what a command fetches and runs unseen."""

from __future__ import annotations

import pytest
from one_rule import found

from gpuspec.rules.safety.open_port import OpenPort
from gpuspec.rules.safety.remote_code import RemoteCode

LLAMA = "meta-llama/Llama-3.1-8B-Instruct"


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
    assert found(OpenPort, {"run": run, "ports": [{"port": port, "public": True} for port in ports]}) == []


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
    (one,) = found(OpenPort, {"run": run, "ports": [22, {"port": port, "public": True}]})
    assert f"port {port} " in one.message
    assert found(OpenPort, {"run": run, "ports": [22, port]}) == []


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
    (one,) = found(RemoteCode, {"run": run})
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
    assert found(RemoteCode, {"run": run}) == []
