"""Where servers listen: by their own documentation (`--help` of each, November 2026)."""

from __future__ import annotations

import pytest
from one_rule import found

from gpuspec.rules.serving.loopback_only import LoopbackOnly
from gpuspec.rules.serving.port_differs import PortDiffers

VLLM = "vllm serve Qwen/Qwen3-8B"
TGI = "ghcr.io/huggingface/text-generation-inference:3.3.4"


@pytest.mark.parametrize(
    ("run", "port"),
    [
        (VLLM, 8000),
        (f"{VLLM} --port=9001", 9001),
        (f"PORT=9001; {VLLM} --port $PORT", 9001),
        ("python3 -m sglang.launch_server --model-path Qwen/Qwen3-8B", 30000),
        ("text-generation-launcher --model-id Qwen/Qwen3-8B -p 9001", 9001),
        ("text-generation-launcher --model-id Qwen/Qwen3-8B", 3000),
        (f"docker run -p 9001:80 {TGI} --model-id Qwen/Qwen3-8B", 9001),
        (f"docker run --publish=127.0.0.1:9001:80/tcp {TGI} --model-id Qwen/Qwen3-8B", 9001),
        (f"docker run --network=host {TGI} --model-id Qwen/Qwen3-8B", 80),
        ("llama-server -m a.gguf", 8080),
        ("LLAMA_ARG_PORT=9001 llama-server -m a.gguf", 9001),
        ("ollama serve", 11434),
        ("OLLAMA_HOST=http://0.0.0.0:9001 ollama serve", 9001),
        ("export OLLAMA_HOST=:9001; ollama serve", 9001),
        ("lmdeploy serve api_server Qwen/Qwen3-8B --server-port 9001", 9001),
        ("text-embeddings-router --model-id BAAI/bge-m3", 3000),
        ("python -m http.server 9001 --bind 127.0.0.1", 9001),
        ("python -m http.server", 8000),
        ("gunicorn -b 0.0.0.0:9001 app:app", 9001),
        ("uvicorn app:app", 8000),
        ("flask run -p 9001", 9001),
    ],
)
def test_its_port(run: str, port: int) -> None:
    job = {"task": "serve", "run": run, "ports": [port]}
    assert not found(PortDiffers, job)
    (one,) = found(PortDiffers, {**job, "ports": [1234]})
    assert str(port) in one.message


@pytest.mark.parametrize(
    "run",
    [
        f"{VLLM} --port $(shuf -n 1 -i 9000-9999)",
        f"{VLLM} $VLLM_ARGS",
        f"{VLLM} --config config.yaml",
        f"{VLLM} & ./gateway",
        f"{VLLM} & nginx",
        f"docker run -P vllm/vllm-openai:v0.11.0 --model Qwen/Qwen3-8B & {VLLM} --headless",
        "docker run --network models vllm/vllm-openai:v0.11.0 --model Qwen/Qwen3-8B",
        "python -m huggingfaceserver --model_id Qwen/Qwen3-8B",
        "python app.py --port 8000",
        "docker run -p 8000:8000 example.org/llama:1 llama-server -m a.gguf & python a.py",
    ],
)
def test_its_port_is_not_known(run: str) -> None:
    assert not found(PortDiffers, {"task": "serve", "run": run, "ports": [1234]})


def test_what_is_asked() -> None:
    def asks(**readiness: object) -> bool:
        return bool(found(PortDiffers, {"run": VLLM, "ports": [8000], "readiness": readiness}))

    assert asks(http="http://127.0.0.1:8080/health")
    assert asks(http="http://localhost/health")  # 80
    assert asks(command=["curl", "-sf", "http://localhost:8080/health"])
    assert not asks(http="http://localhost:8000/v1/models")
    assert not asks(http="http://models.example.org:8080/health")
    assert not asks(command=["./ready.sh"])


@pytest.mark.parametrize(
    ("run", "local"),
    [
        ("llama-server -m a.gguf", True),
        ("llama-server -m a.gguf --host 0.0.0.0", False),
        ("OLLAMA_HOST=0.0.0.0 ollama serve --port", False),
        (f"{VLLM} --port 8080 --host ::1", True),
        (f"{VLLM} --port 8080 --host $HOST", False),
        ("llama-server -m a.gguf & cloudflared tunnel --url http://localhost:8080", False),
        ("docker run -p 8080:8080 ghcr.io/ggml-org/llama.cpp:server-cuda -m a.gguf", False),
        ("docker run -p 8080:8080 example.org/llama.cpp:mine llama-server -m a.gguf", False),
        (
            "docker run -p 8080:8080 example.org/llama.cpp:mine llama-server -m a.gguf --host localhost --port 8080",
            True,
        ),
    ],
)
def test_who_reaches_it(run: str, local: bool) -> None:
    ports = [{"port": 8080, "public": True}]
    assert bool(found(LoopbackOnly, {"task": "serve", "run": run, "ports": ports})) is local
