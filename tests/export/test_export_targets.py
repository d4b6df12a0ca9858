"""Jobs written for other tools: read by these tools' own readers and schemas, and by ours."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from gpuspec.cli.main import main
from gpuspec.export.write import HOW, written
from gpuspec.formats import FORMATS, Source, read
from gpuspec.formats.job_spec import FORMAT
from gpuspec.formats.job_spec import read as read_spec
from gpuspec.launch.skypilot.task_yaml import task_yaml
from gpuspec.planning.case import Case

SERVER: dict[str, Any] = {
    "name": "Chat server",
    "task": "serve",
    "gpu_types": [{"type": "A100-80GB", "count": 2}],
    "clouds": ["gcp"],
    "image": "vllm/vllm-openai:v0.11.0",
    "env": {"A": "it's $HOME", "B": "1"},
    "secrets": ["HF_TOKEN"],
    "cache": "models",
    "run": "vllm serve Qwen/Qwen2.5-32B-Instruct --host 127.0.0.1 --tensor-parallel-size 2 --port 8000",
    "ports": [8000],
    "readiness": {"http": "http://localhost:8000/health", "timeout": 900, "interval": 5},
    "scaling": {"min": 1, "max": 3},
}
TRAINING: dict[str, Any] = {
    "name": "tune",
    "task": "train",
    "model": "Qwen/Qwen2.5-7B",
    "gpu_types": ["H100"],
    "nodes": 2,
    "gpu_count": 8,
    "clouds": ["aws"],
    "spot": "allowed",
    "budget": {"max_hours": 30},
    "max_price": 50,
    "disk_gb": 300,
    "downloads": [{"strategy": "hf", "source": "Qwen/Qwen2.5-7B", "target": "base/", "revision": "main"}],
    "setup": ["pip install trl"],
    "run": 'echo $(date) $$ ${X:-1}\ntorchrun train.py --name "$(hostname)"',
    "checkpoint": {"path": "ckpt/"},
    "keep_alive_minutes": 5,
    "min_utilization": {"gpu": 30, "minutes": 20, "then": "end"},
}
BATCH: dict[str, Any] = {
    "name": "batch",
    "task": "batch",
    "gpu_types": ["L4"],
    "clouds": ["azure"],
    "items": "data/*.wav",
    "run": "python work.py {item}",
    "outputs": ["out/"],
    "budget": {"max_hours": 0.5},
}
JOBS = {
    "server": SERVER,
    "training": TRAINING,
    "batch": BATCH,
    "least": {"run": "python x.py", "gpu_count": 1},
}


@cache
def text(job: str, target: str) -> str:
    (document,) = read_spec(Source("job.jsonc", json.dumps(JOBS[job]).encode()))
    assert document.format is FORMAT
    return written(Case(document, on_disk=False), target)


EACH = pytest.mark.parametrize("job", JOBS)


@EACH
def test_compose_files_are_as_their_schema_wants_them(job: str) -> None:
    import check_jsonschema
    from jsonschema.validators import validator_for

    folder = Path(check_jsonschema.__file__).parent / "builtin_schemas" / "vendor"
    schema = json.loads((folder / "compose-spec.json").read_text())
    found = yaml.safe_load(text(job, "compose"))
    assert [error.message for error in validator_for(schema)(schema).iter_errors(found)] == []


@EACH
def test_kubernetes_takes_the_manifests(job: str) -> None:
    validate = pytest.importorskip("kubernetes_validate")
    for document in yaml.safe_load_all(text(job, "kubernetes")):
        validate.validate(document, "1.34", strict=True)


@EACH
def test_dstack_takes_the_configurations(job: str) -> None:
    models = pytest.importorskip("dstack._internal.core.models.configurations")
    models.parse_apply_configuration(yaml.safe_load(text(job, "dstack")))


@EACH
def test_bash_reads_the_batch_scripts(job: str, tmp_path: Path) -> None:
    path = tmp_path / "job.sbatch"
    path.write_text(text(job, "sbatch"))
    subprocess.run(["bash", "-n", str(path)], check=True)
    shellcheck = str(Path(sys.executable).with_name("shellcheck"))
    done = subprocess.run([shellcheck, "--severity=warning", str(path)], capture_output=True, text=True)
    assert done.stdout == ""


def test_what_slurm_is_told() -> None:
    lines = text("training", "sbatch").splitlines()
    assert lines[0] == "#!/bin/bash"
    assert "#SBATCH --nodes=2" in lines
    assert "#SBATCH --gres=gpu:h100:8" in lines
    assert "#SBATCH --time=1-06:00:00" in lines  # 30 hours
    before = lines[: lines.index("set -eo pipefail")]
    assert all(line.startswith("#") or not line for line in before)
    assert "srun bash -c" in text("training", "sbatch")
    assert "#SBATCH --time=00:30:00" in text("batch", "sbatch")


def test_what_kubernetes_is_told() -> None:
    claim, deployment, service = yaml.safe_load_all(text("server", "kubernetes"))
    assert (claim["kind"], deployment["kind"], service["kind"]) == (
        "PersistentVolumeClaim", "Deployment", "Service",
    )  # fmt: skip
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["nodeSelector"] == {"cloud.google.com/gke-accelerator": "nvidia-a100-80gb"}
    assert container["resources"]["limits"] == {"nvidia.com/gpu": 2}
    assert container["command"][2].startswith("vllm serve Qwen/Qwen2.5-32B-Instruct --host 0.0.0.0")
    token = {
        "name": "HF_TOKEN",
        "valueFrom": {"secretKeyRef": {"name": "chat-server-secrets", "key": "HF_TOKEN"}},
    }
    assert token in container["env"]
    probe = container["startupProbe"]
    assert probe["failureThreshold"] * probe["periodSeconds"] == 900
    assert {"name": "dshm", "mountPath": "/dev/shm"} in container["volumeMounts"]
    (job,) = yaml.safe_load_all(text("training", "kubernetes"))
    assert job["spec"]["activeDeadlineSeconds"] == 108_000  # 30 hours
    assert job["spec"]["completions"] == 2
    # Kubernetes takes "$$" for "$", and looks for a variable in "$(date)".
    assert "echo $$(date) $$$ ${X:-1}" in job["spec"]["template"]["spec"]["containers"][0]["command"][2]


def test_what_compose_and_dstack_are_told() -> None:
    service = yaml.safe_load(text("server", "compose"))["services"]["chat-server"]
    assert service["environment"] == {
        "A": "it's $$HOME", "B": "1", "HF_HOME": "/cache/huggingface", "HF_TOKEN": "${HF_TOKEN:?}",
    }  # fmt: skip
    assert service["ports"] == ["127.0.0.1:8000:8000"]
    config = yaml.safe_load(text("server", "dstack"))
    assert (config["type"], config["port"]) == ("service", 8000)
    assert config["resources"]["gpu"] == {"name": ["A100"], "count": 2, "memory": "80GB"}
    task = yaml.safe_load(text("training", "dstack"))
    assert (task["spot_policy"], task["max_duration"], task["nodes"], task["max_price"]) == (
        "auto",
        "1800m",
        2,
        50,
    )
    assert task["utilization_policy"] == {"min_gpu_utilization": 30, "time_window": "20m"}


@pytest.mark.parametrize("target", HOW)
def test_who_does_not_look_how_much_gpus_are_used_says_so(target: str) -> None:
    said = text("training", target)
    assert ("nothing looks whether the GPUs are used 30 %" in said) is (target != "dstack")


@pytest.mark.parametrize("target", HOW)
def test_items_are_done_one_by_one(target: str) -> None:
    shown = text("batch", target)
    assert "while IFS= read -r GPUSPEC_ITEM" in shown
    assert "{item}" not in shown


ENDINGS = {"kubernetes": "yaml", "compose": "yaml", "dstack": "yaml", "sbatch": "sbatch"}


@pytest.mark.parametrize("job", ["server", "training"])
@pytest.mark.parametrize("target", HOW)
def test_we_read_what_we_write(job: str, target: str) -> None:
    if target not in {known.name for known in FORMATS}:
        pytest.skip(f"{target} is not read")
    (document,) = read(f"job.{ENDINGS[target]}", text(job, target).encode(), guess=False)
    found = Case(document, on_disk=False)
    given = JOBS[job]
    (count,) = {gpu.gpu_count for gpu in found.job.gpu_types} or {found.job.gpu_count}
    assert (count or found.job.gpu_count) == (2 if job == "server" else 8)
    if target != "compose":  # which cannot name a GPU
        gpu = "A100 80GB" if job == "server" else "H100"
        names = [found.catalog.resolve_gpu(each.name) for each in found.job.gpu_types]
        assert any(gpu in one.name for match in names for one in (match.gpu, *match.ambiguous) if one) or (
            target == "sbatch"
        )
        hours = found.job.budget.max_hours if found.job.budget else None
        assert hours == given.get("budget", {}).get("max_hours")
    assert found.workload.task == given["task"]
    if job == "server":
        assert found.workload.model_name == "Qwen/Qwen2.5-32B-Instruct"
        assert found.workload.tensor_parallel == 2
        if target != "sbatch":  # there they are commands of the script
            assert found.job.secrets == ("HF_TOKEN",)
            assert found.job.env["B"] == "1"
        assert found.job.image == given["image"]


def test_we_read_the_tasks_that_run_would_launch() -> None:
    job = {name: part for name, part in SERVER.items() if name not in ("cache", "scaling")}
    (given,) = read_spec(Source("job.jsonc", json.dumps(job | {"max_price": 20, "clouds": []}).encode()))
    case = Case(given, on_disk=False)
    (document,) = read("task.yaml", task_yaml(case.job, case.plan, "/tmp").encode(), guess=False)
    found = Case(document, on_disk=False)
    assert {gpu.gpu_count for gpu in found.job.gpu_types} == {2}
    assert found.job.image == SERVER["image"]
    assert (found.job.env["B"], found.job.secrets) == ("1", ("HF_TOKEN",))
    assert found.workload.model_name == "Qwen/Qwen2.5-32B-Instruct"
    assert found.workload.tensor_parallel == 2


def test_variables_of_kubernetes_are_filled_in() -> None:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p"},
        "spec": {
            "containers": [
                {
                    "name": "c",
                    "image": "x/y:1",
                    "command": ["python", "x.py"],
                    "env": [
                        {"name": "HOME_DIR", "value": "/data"},
                        {"name": "CACHE", "value": "$(HOME_DIR)/c-$$(HOME_DIR)-$(LATER)"},
                        {"name": "LATER", "value": "1"},
                    ],
                    "resources": {"limits": {"nvidia.com/gpu": 1}},
                }
            ]
        },
    }
    (document,) = read("pod.yaml", yaml.safe_dump(pod).encode(), guess=False)
    service = yaml.safe_load(written(Case(document, on_disk=False), "dstack"))
    # kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables
    assert "CACHE=/data/c-$(HOME_DIR)-$(LATER)" in service["env"]


@pytest.mark.parametrize(
    "command", [("import",), ("export", "--to", "sbatch"), ("export", "--to", "kubernetes")]
)
def test_an_argument_that_is_not_known_is_a_variable(
    command: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It stands as a control character within gpuspec, which no file may have in it."""
    file = tmp_path / "app.py"
    file.write_text(
        "import modal, os\napp = modal.App('x')\nN = os.environ['N']\n@app.function(gpu='T4')\n"
        "def f():\n    subprocess.run([N, N])\n"
    )
    main([command[0], str(file), *command[1:]])
    said = capsys.readouterr().out
    assert "${UNKNOWN}" in said
    assert not any(sign in said for sign in ("\x01", "\\u0001", "\\x01"))
