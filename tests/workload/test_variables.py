"""A model that only a variable of a container names."""

from __future__ import annotations

import pytest

from gpuspec.commands.steps import read_steps
from gpuspec.job.from_mapping import from_mapping
from gpuspec.plugin.installed_catalog import installed_catalog
from gpuspec.workload import Workload
from gpuspec.workload.read import read


def workload(env: dict[str, str], run: str | None = None, *, deployed: bool = True) -> Workload:
    value = {"env": env} | ({"run": run} if run else {}) | ({"deployment": {}} if deployed else {})
    job = from_mapping(value, {"/env": "/environment"})
    return read(job, read_steps(job), catalog=installed_catalog())


def test_a_variable_names_the_model_of_a_program_that_nobody_knows() -> None:
    found = workload({"STT_MODEL_NAME": "Systran/faster-whisper-medium", "DEVICE": "cuda"})
    assert (found.model_name, found.engine, found.task) == (
        "Systran/faster-whisper-medium",
        "faster-whisper",
        "serve",
    )
    assert found.origins["model_name"].pointer == "/environment/STT_MODEL_NAME"
    found = workload({"MODEL_ID": "BAAI/bge-m3"}, "uvicorn app.main:app --port 8000")
    assert (found.model_name, found.engine, found.task) == ("BAAI/bge-m3", None, None)


@pytest.mark.parametrize(
    "env",
    [
        {"LLM_MODEL": "Qwen/Qwen3-8B", "OPENAI_BASE_URL": "http://vllm:8000"},  # it asks another server
        {"EMBEDDING_MODEL": "BAAI/bge-m3", "RERANK_MODEL": "BAAI/bge-reranker-v2-m3"},  # which of them?
        {"MODEL_PATH": "/models/llama.gguf"},
        {"MODEL_NAME": "models/best.onnx"},
        {"MODEL_CACHE": "hub/models"},
        {"MODEL": "large-v3"},
    ],
)
def test_what_names_no_model(env: dict[str, str]) -> None:
    assert workload(env).model_name is None


def test_commands_and_job_specs_say_it_themselves() -> None:
    env = {"MODEL_NAME": "BAAI/bge-m3"}
    assert workload(env, "vllm serve Qwen/Qwen3-8B").model_name == "Qwen/Qwen3-8B"
    assert workload(env, "vllm serve ${MODEL}").model_name is None
    assert workload(env, deployed=False).model_name is None
