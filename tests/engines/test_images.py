"""What a container image starts by itself, and what its name and tag say."""

from __future__ import annotations

import pytest

from gpuspec.catalog import Catalog
from gpuspec.commands.steps import read_steps
from gpuspec.engines.images import engine_in, entry_point, is_tagged, model_in, version_in
from gpuspec.formats.command import Argument, container_command
from gpuspec.job.from_mapping import from_mapping
from gpuspec.text.yaml_tree import read_yaml_file
from gpuspec.workload.read import read


@pytest.mark.parametrize(
    ("image", "arguments", "command"),
    [
        ("vllm/vllm-openai:v0.8.5", [], "vllm serve"),
        ("registry.example.org:5000/hub/vllm/vllm-openai", [], "vllm serve"),
        ("docker.io/lmcache/vllm-openai:latest", [], "vllm serve"),
        ("us-docker.pkg.dev/p/huggingface-text-generation-inference-cu124.2-4.py311", [], "text-generation-launcher"),
        ("ghcr.io/huggingface/text-embeddings-inference:89-1.5", [], "text-embeddings-router"),
        ("ghcr.io/ggml-org/llama.cpp:server-cuda-b4719", [], "llama-server"),
        ("ghcr.io/ggml-org/llama.cpp:full-cuda", [], "tools.sh"),
        ("ghcr.io/ggml-org/llama.cpp:s390x", [], None),
        ("ollama/ollama:0.5.7", [], "ollama serve"),
        ("ollama/ollama", ["run", "llama3"], "ollama"),
        ("nvcr.io/nim/meta/llama-3.1-8b-instruct:1.8.4", [], "nim-serve"),
        ("lmsysorg/sglang:latest", [], ""),
        ("nvcr.io/nvidia/tritonserver:25.03-vllm-python-py3", [], ""),
        ("quay.io/jupyter/pytorch-notebook", [], "jupyter lab"),
        ("example.org/team/app:1", ["--model", "x"], None),
        ("example.org/team/vllm:patched", [], None),
        ("example.org/team/vllm:patched", ["--model", "x"], "vllm serve"),
        ("example.org/team/vllm-client", ["--url", "x"], None),
        ("example.org/team/vllms", ["--model", "x"], None),
        ("someone/ollama", [], None),
        (None, [], None),
    ],
)  # fmt: skip
def test_what_an_image_starts(image: str | None, arguments: list[str], command: str | None) -> None:
    assert entry_point(image, arguments) == command


@pytest.mark.parametrize(
    ("image", "engine", "version"),
    [
        ("vllm/vllm-openai:v0.8.5.post1@sha256:0", "vllm", "0.8.5"),
        ("rocm/vllm:rocm6.3.1_vllm_0.8.5_20250521", "vllm", "0.8.5"),
        ("nvcr.io/nvidia/vllm:25.11-py3", "vllm", None),
        ("ghcr.io/huggingface/text-embeddings-inference:89-1.5", "tei", "1.5"),
        ("ghcr.io/ggml-org/llama.cpp:server-cuda-b4719", "llama.cpp", "b4719"),
        ("lmsysorg/sglang:v0.4.6.post1-cu124", "sglang", "0.4.6"),
        ("vllm/vllm-openai:v0.8.5", "sglang", None),
        ("vllm/vllm-openai:latest", "vllm", None),
    ],
)
def test_the_version_that_a_tag_states(image: str, engine: str, version: str | None) -> None:
    assert version_in(image, engine) == version


def test_an_image_for_one_model_names_it() -> None:
    assert model_in("nvcr.io/nim/meta/llama-3.1-8b-instruct:1.8.4") == "meta/llama-3.1-8b-instruct"
    assert model_in("nvcr.io/nim/nvidia/llm-nim:1.15.0") is None  # for any model
    assert model_in("vllm/vllm-openai") is None
    assert model_in("r8.im/stability-ai/sdxl@sha256:0") == "stability-ai/sdxl"
    assert entry_point("r8.im/stability-ai/sdxl") == "python3 -m cog.server.http"
    engine = engine_in("harbor.example.org/nim/meta/llama3-8b-instruct")
    assert engine is not None
    assert engine.called == "NVIDIA NIM"
    assert engine_in("example.org/x") is None


def test_a_tag_that_says_nothing() -> None:
    images = ("a/b", "a/b:latest", "host:5000/b", "a/b:v1", "a/b@sha256:0")
    assert [is_tagged(image) for image in images] == [False, False, False, True, True]


def run_of(image: str, *arguments: str) -> str:
    given = [Argument(text, f"/{n}") for n, text in enumerate(arguments)]
    return container_command(read_yaml_file("").tree, image, None, given or None, place="").text


def test_a_command_given_as_arguments_is_what_is_meant() -> None:
    assert run_of("vllm/vllm-openai", "serve", "Qwen/Qwen3-8B") == "vllm serve Qwen/Qwen3-8B"
    assert run_of("vllm/vllm-openai", "Qwen/Qwen3-8B") == "vllm serve Qwen/Qwen3-8B"
    assert run_of("vllm/vllm-openai", "vllm", "serve", "a/b") == "vllm serve a/b"
    assert run_of("vllm/vllm-openai", "python3", "-m", "vllm.x") == "python3 -m vllm.x"
    assert run_of("vllm/vllm-openai", "bash", "-c", "vllm serve a/b") == "vllm serve a/b"
    assert run_of("ollama/ollama", "pull", "qwen3") == "ollama pull qwen3"
    assert (
        run_of("ghcr.io/ggml-org/llama.cpp:full", "--server", "-m", "x.gguf") == "tools.sh --server -m x.gguf"
    )


@pytest.mark.parametrize(
    ("image", "env", "expected"),
    [
        ("nvcr.io/nim/meta/llama-3.1-8b-instruct:1.8.4", {}, ("nim", "meta/llama-3.1-8b-instruct", "1.8.4")),
        ("nvcr.io/nim/nvidia/llm-nim:1.15.0", {"NIM_MODEL_NAME": "a/b"}, ("nim", "a/b", "1.15.0")),
        ("ghcr.io/huggingface/text-generation-inference:3.0.1", {"MODEL_ID": "google/gemma-2-9b-it"},
         ("tgi", "google/gemma-2-9b-it", "3.0.1")),
        ("michaelf34/infinity", {"INFINITY_MODEL_ID": "BAAI/bge-m3"}, ("infinity", "BAAI/bge-m3", None)),
        ("ghcr.io/ggml-org/llama.cpp:server-cuda", {"LLAMA_ARG_MODEL": "/x.gguf"}, ("llama.cpp", "/x.gguf", None)),
        ("ghcr.io/ggml-org/llama.cpp:server-cuda", {"LLAMA_ARG_MODEL_URL": "https://a.b/x.gguf"},
         ("llama.cpp", "https://a.b/x.gguf", None)),
        ("ollama/ollama:0.5.7", {}, ("ollama", None, "0.5.7")),
        ("tensorflow/serving:latest-gpu", {"MODEL_NAME": "resnet"}, ("tensorflow-serving", None, None)),
    ],
)  # fmt: skip
def test_an_image_alone_is_a_workload(
    image: str, env: dict[str, str], expected: tuple[str | None, ...]
) -> None:
    job = from_mapping({"image": image, "env": env, "run": run_of(image)}, {})
    work = read(job, read_steps(job), catalog=Catalog())
    assert (work.engine, work.model_name, work.engine_version) == expected
    assert work.task == "serve"
