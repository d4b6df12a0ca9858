"""Job: every field under its present name, and where it stands."""
# ruff: noqa: E501 - one case a line

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import gpuspec
from gpuspec.formats.gpu_cli import is_gpu_cli
from gpuspec.formats.gpu_cli_fields import HOOK, RENAMED, STEP
from gpuspec.formats.job_spec import OLD, job_of
from gpuspec.job.job import Budget, Checkpoint, Download, GpuChoice, Job, Port, Scaling, SetupStep, Traffic
from gpuspec.text import parse, read_file

CORPUS = Path(__file__).parents[3] / "shared/corpus/gpu-jsonc"


def job(text: str) -> Job:
    tree = parse(text)
    assert not tree.problems
    found = job_of(tree)
    assert found is not None
    return found


def test_canonical_fields() -> None:
    found = job("""{
      "name": "n", "task": "batch", "model": {"id": "a/b", "context": 8192, "resolution": [1024, 512]},
      "gpu_types": ["RTX A6000", {"type": "A100-80GB", "count": 2}], "gpu_count": 1.0, "min_vram": 48, "max_price": 2.0,
      "budget": {"max_total": 25, "max_hours": 10}, "spot": "allowed", "clouds": ["runpod"], "regions": ["eu"],
      "keep_alive_minutes": 3, "workdir": ".", "include": ["i"], "outputs": ["o/"], "exclude_outputs": ["*.t"],
      "downloads": [{"strategy": "hf", "source": "o/m", "revision": "r", "target": "t/", "allow": "*.s", "timeout": 7200}],
      "disk_gb": 200, "image": "img", "env": {"K": "v", "N": 1, "B": true}, "secrets": ["S"],
      "setup": ["a", {"run": "b", "once": true, "timeout": 9}], "run": "r", "items": ["x", "y"],
      "ports": [8000, {"port": 81, "description": "d", "public": true}], "readiness": {"command": "test -e x", "timeout": 900},
      "checkpoint": {"path": "ckpt/", "every_minutes": 20}, "scaling": {"min": 0, "max": 3},
      "traffic": {"requests_per_day": 100, "input_tokens": 8}, "cache": "vol", "labels": {"l": "m"}, "users": 32
    }""")
    assert (found.name, found.task, found.gpu_count, found.min_vram, found.max_price) == (
        "n",
        "batch",
        1,
        48,
        2.0,
    )
    assert type(found.gpu_count) is int
    assert found.model is not None
    assert (found.model.id, found.model.context, found.model.resolution, found.model.dtype) == (
        "a/b",
        8192,
        (1024, 512),
        None,
    )
    assert found.gpu_types == (
        GpuChoice("RTX A6000", None, "/gpu_types/0"),
        GpuChoice("A100-80GB", 2, "/gpu_types/1"),
    )
    assert found.budget == Budget(25, 10)
    assert found.downloads == (Download("hf", "o/m", "t/", "r", ("*.s",), (), None, 7200, "/downloads/0"),)
    assert found.env == {"K": "v", "N": "1", "B": "true"}
    assert found.setup == ("a", "b")
    assert found.steps == (SetupStep("a", None, None, "/setup/0"), SetupStep("b", True, 9, "/setup/1"))
    assert (found.run, found.items, found.secrets) == ("r", ("x", "y"), ("S",))
    assert found.ports == (Port(8000), Port(81, "d", public=True))
    assert found.readiness is not None
    assert (found.readiness.command, found.readiness.timeout) == (("sh", "-c", "test -e x"), 900)
    assert (found.checkpoint, found.scaling) == (Checkpoint("ckpt/", 20), Scaling(0, 3))
    assert (found.traffic, found.users) == (Traffic(100, 8, None), 32)
    assert (found.cache, found.labels, found.disk_gb, found.image) == ("vol", {"l": "m"}, 200, "img")
    assert found.pointer("model.context") == "/model/context"
    assert found.pointer("budget.max_hours") == "/budget/max_hours"
    assert found.pointer("provider") == ""


def test_old_names_mean_the_new_ones() -> None:
    found = job("""{"project_id": "p", "gpu_type": "A100", "cooldown_minutes": 5, "startup": "s", "docker_image": "i",
      "workspace_size_gb": 9, "download": [{"strategy": "hf", "source": "a/b"}]}""")
    assert (found.name, found.keep_alive_minutes, found.run, found.image, found.disk_gb) == (
        "p",
        5,
        "s",
        "i",
        9,
    )
    assert found.gpu_types == (GpuChoice("A100", None, "/gpu_type"),)
    assert found.downloads[0].pointer == "/download/0"
    assert found.pointer("keep_alive_minutes") == "/cooldown_minutes"


def test_old_names_are_what_gpu_cli_says() -> None:
    assert set(RENAMED) | {"environment", "hooks", "serverless", "cloud_type", "outputs_enabled"} == OLD


def test_gpu_cli_s_names_stand_in_its_format_alone() -> None:
    names = {*RENAMED, *STEP, *HOOK, "base_image", "pip_global", "prewarm", "min_workers", "max_workers"}
    plain = {"command", "download", "run", "startup", "url"}  # words of other things, too
    pattern = re.compile(rf"^/?({'|'.join(names - plain)})$")
    package = Path(gpuspec.__file__).parent
    elsewhere = [
        f"{path.relative_to(package)}:{node.lineno}: {node.value}"
        for path in package.rglob("*.py")
        if "formats" not in path.parts and path.name != "accept.py"
        for text in [path.read_text("utf-8")]
        if any(f'"{name}"' in text or f'/{name}"' in text for name in names - plain)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and pattern.match(node.value)
    ]
    assert elsewhere == []


def test_the_new_name_wins() -> None:
    found = job('{"startup": "old", "run": "new", "environment": {"base_image": "old"}, "image": "new"}')
    assert (found.run, found.pointer("run"), found.image) == ("new", "/run", "new")


def test_a_wrong_field_is_absent_and_the_others_stay() -> None:
    found = job("""{"min_vram": -1, "task": "x", "gpu_types": [5, "L4", {"typ": "x"}, {"type": 3}], "ports": ["a", 8000],
      "downloads": [{"strategy": "hf"}, {"strategy": "hf", "source": "a/b", "timeout": -1}], "run": "r", "zzz": 1,
      "outputs": ["../x", "y"], "model": {"context": "8k", "id": "m"}, "readiness": {}, "disk_gb": NaN}""")
    assert (found.min_vram, found.task, found.run, found.readiness, found.disk_gb) == (
        None,
        None,
        "r",
        None,
        None,
    )
    assert found.gpu_types == (GpuChoice("L4", None, "/gpu_types/1"),)
    assert found.ports == (Port(8000),)
    assert found.downloads == (Download("hf", "a/b", pointer="/downloads/1"),)
    assert found.outputs == ("y",)
    assert found.model is not None
    assert (found.model.id, found.model.context) == ("m", None)


def test_model_by_name_alone() -> None:
    found = job('{"model": "a/b"}')
    assert found.model is not None
    assert (found.model.id, found.pointer("model.id")) == ("a/b", "/model")


@pytest.mark.parametrize("text", ["[]", "1", "null", '"x"'])
def test_no_object_no_job(text: str) -> None:
    assert job_of(parse(text)) is None


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not part of the repository")
def test_a_file_of_gpu_cli() -> None:
    tree = read_file(str(CORPUS / "vllm-models.gpu.jsonc"))
    found = job_of(tree)
    assert found is not None
    assert is_gpu_cli(tree.value)
    assert (found.name, found.provider, found.run, found.disk_gb) == (
        "vllm-models",
        "runpod",
        "bash ./startup.sh",
        50,
    )
    assert found.apt == ("curl", "jq")
    assert found.setup == (
        "apt-get update && apt-get install -y --no-install-recommends curl jq",
        "pip install vllm --no-cache-dir",
    )
    assert found.pointer("image") == "/environment/base_image"
    assert found.readiness is not None
    assert found.readiness.timeout == 60 * 3  # retry_count × retry_delay_secs
    assert (found.readiness.interval, found.readiness.attempt_timeout) == (3, 10)
    assert found.scaling == Scaling(0, 3, 5 / 60)  # idle_timeout is in seconds
    assert found.serverless is not None
    assert [choice.name for choice in found.serverless.gpu_types] == [
        "NVIDIA L4", "NVIDIA GeForce RTX 4090", "NVIDIA RTX A4000",
    ]  # fmt: skip
    assert found.serverless.models == ("Qwen/Qwen2.5-7B-Instruct",)
    assert [choice.pointer for choice in found.gpu_types] == [f"/gpu_types/{index}" for index in range(4)]


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not part of the repository")
def test_pip_requirements() -> None:
    found = job_of(read_file(str(CORPUS / "crewai-stock-analysis.gpu.jsonc")))
    assert found is not None
    assert found.pip[:3] == ("crewai[tools]", "litellm", "ddgs>=7.0.0")
    assert found.setup[1].startswith("pip install 'crewai[tools]' litellm 'ddgs>=7.0.0' ")
