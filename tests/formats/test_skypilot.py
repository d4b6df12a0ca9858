"""SkyPilot's task YAML. Expected values: by hand from SkyPilot's documentation, and from its own reader where it is
installed."""

from __future__ import annotations

import copy
import os
from collections.abc import Sequence
from typing import Any

import pytest

from gpuspec.formats import Document, Source, read, recognised
from gpuspec.job import Job
from gpuspec.lint.fixing import fix_data
from gpuspec.lint.runner import Linter
from gpuspec.lint.settings import Settings
from gpuspec.rules import collect
from gpuspec.text import Edit


def documents(text: str) -> tuple[Document, ...]:
    return read("x.yaml", text.encode(), guess=False)


def one(text: str) -> Document:
    (document,) = documents(text)
    return document


def job(text: str) -> Job:
    found = one(text).job
    assert found is not None
    return found


def gpus(text: str) -> list[tuple[str, int | None]]:
    return [(gpu.name, gpu.gpu_count) for gpu in job(text).gpu_types]


def with_accelerators(written: str) -> str:
    return f"resources:\n  accelerators: {written}\nrun: nvidia-smi\n"


SHAPES = {
    "L4": [("L4", 1)],
    "L4:4": [("L4", 4)],
    "{L4: 4}": [("L4", 4)],
    "{'L4:1', 'T4:2'}": [("L4", 1), ("T4", 2)],
    "{L4:1, T4:2, L40S}": [("L4", 1), ("T4", 2), ("L40S", 1)],
    "{L4: 1, T4: null}": [("L4", 1), ("T4", 1)],
    "[L4:8, 'T4']": [("L4", 8), ("T4", 1)],
    "H100:0.5": [("H100", 1)],
    "A100:8": [("A100-40GB", 8)],
    "A100-80GB:8": [("A100-80GB", 8)],
    "V100": [("V100-16GB", 1)],
    "tpu-v5litepod-8": [("tpu-v5litepod-8", 1)],
}
"""What SkyPilot 0.14.1 reads of each; its A100 has 40 GB, its V100 16."""


@pytest.mark.parametrize("written", SHAPES)
def test_accelerators(written: str) -> None:
    assert gpus(with_accelerators(written)) == SHAPES[written]


@pytest.mark.parametrize(
    ("written", "memory", "count"),
    [
        ("24GB+", 24, 1),
        ("24GB", 24, 1),
        ("80GB+:4", 80, 4),
        ("nvidia:16GB", 16, 1),
        ("nvidia:40GB+:2", 40, 2),
    ],
)
def test_accelerators_by_memory(written: str, memory: float, count: int) -> None:
    found = job(with_accelerators(written))
    assert (found.gpu_types, found.min_vram, found.gpu_count) == ((), memory, count)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "null",
        "[]",
        "{}",
        "7",
        "true",
        "[[L4]]",
        "[7]",
        "':4'",
        "L4:-1",
        "L4:many",
        "L4:1e9999",
        "L4:nan",
        "a:b:c:d",
    ],
)
def test_no_sound_accelerator_is_no_count(written: str) -> None:
    for document in documents(with_accelerators(written)):
        assert document.job is not None
        assert document.job.gpu_count is None
        assert all(gpu.gpu_count is None for gpu in document.job.gpu_types)


def test_names_mean_what_the_cloud_means() -> None:
    text = "resources: {{infra: {}, accelerators: {}}}\nrun: x"
    assert gpus(text.format("runpod", "A100-80GB-SXM")) == [("A100 80GB SXM4", 1)]
    assert gpus(text.format("mithril/us", "A100")) == [("A100 80GB SXM4", 1)]
    assert gpus(text.format("aws", "A100")) == [("A100-40GB", 1)]
    assert gpus("resources: {gpus: L4:2}\nrun: x") == [("L4", 2)]
    assert gpus("resources: {instance_type: p4d.24xlarge}\nrun: x") == [("p4d.24xlarge", 8)]
    assert gpus("resources: {instance_type: Standard_NC48ads_A100_v4}\nrun: x") == [
        ("Standard_NC48ads_A100_v4", 2)
    ]
    assert documents("resources: {instance_type: m5.large}\nrun: x") == ()


ANY_OF = """\
resources:
  use_spot: true
  any_of:
    - {infra: aws/us-east-1, accelerators: "L4:2"}
    - {infra: gcp/us-central1/a, accelerators: T4, use_spot: false}
run: x
"""


def test_machines_that_would_do() -> None:
    found = job(ANY_OF)
    assert [(gpu.name, gpu.gpu_count, gpu.pointer) for gpu in found.gpu_types] == [
        ("L4", 2, "/resources/any_of/0/accelerators"),
        ("T4", 1, "/resources/any_of/1/accelerators"),
    ]
    assert (found.clouds, found.regions, found.spot) == (
        ("aws", "gcp"),
        ("us-east-1", "us-central1"),
        "allowed",
    )
    assert not one(ANY_OF).format.takes_first
    assert one(ANY_OF.replace("any_of", "ordered")).format.takes_first
    assert one(with_accelerators("[L4, T4]")).format.takes_first
    only_one_names_its_cloud = ANY_OF.replace("infra: aws/us-east-1, ", "")
    assert (job(only_one_names_its_cloud).clouds, job(only_one_names_its_cloud).regions) == ((), ())


def test_clouds_of_ones_own_have_no_price() -> None:
    for infra in ("k8s", "kubernetes/my/context", "slurm", "ssh/pool"):
        document = one(f"resources: {{infra: {infra}, accelerators: L4}}\nrun: x")
        assert document.job is not None
        assert (document.job.clouds, document.job.regions) == ((), ())
        assert not document.can_say("clouds")
    assert one("resources: {infra: '*', accelerators: L4}\nrun: x").can_say("clouds")
    old = job("resources: {cloud: GCP, region: us-west1, zone: us-west1-a, accelerators: L4}\nrun: x")
    assert (old.clouds, old.regions) == (("gcp",), ("us-west1",))


@pytest.mark.parametrize(
    ("written", "minutes", "asked"),
    [
        ("10", 10, False), ("'30m'", 30, False), ("2h", 120, False), ("1d", 1440, False), ("true", None, False),
        ("{idle_minutes: 5, down: true}", 5, False), ("{down: true}", None, False), ("false", None, True),
        ("null", None, True), ("-1", None, True), ("soon", None, True), ("[1]", None, True),
    ],
)  # fmt: skip
def test_autostop(written: str, minutes: float | None, asked: bool) -> None:
    """Where none is given, nothing takes the cluster down: `asked` whether a rule may say so."""
    document = one(f"resources: {{accelerators: L4, autostop: {written}}}\nrun: x")
    assert document.job is not None
    assert (document.job.keep_alive_minutes, document.can_say("keep_alive_minutes")) == (minutes, asked)


def test_managed_work_goes_by_itself() -> None:
    cluster = "resources: {accelerators: L4}\nrun: x\n"
    assert one(cluster).can_say("keep_alive_minutes")
    for more in ("service: {replicas: 2}\n", "pool: {workers: 2}\n"):
        assert not one(cluster + more).can_say("keep_alive_minutes")
    recovers = "resources: {accelerators: L4, job_recovery: {max_restarts_on_errors: 3}}\nrun: x\n"
    assert not one(recovers).can_say("keep_alive_minutes")
    assert all(not each.can_say("keep_alive_minutes") for each in documents(f"{cluster}---\n{cluster}"))


PIPELINE = """\
name: chain
---
name: train
resources: {accelerators: A100-80GB:8}
num_nodes: 2
setup: pip install vllm
run: torchrun --nnodes 2 train.py
---
# nothing here
---
name: report
resources: {cpus: 4+}
run: python report.py
---
name: evaluate
resources: {accelerators: L4}
run: |
  vllm serve Qwen/Qwen3-8B \\
    --max-model-len 4096
"""


def test_a_chain_of_tasks() -> None:
    """The document of comments does not count; the task without a GPU is no job."""
    train, evaluate = documents(PIPELINE)
    assert (train.called, evaluate.called) == ("doc:1#/", "doc:3#/")
    assert train.job is not None
    assert evaluate.job is not None
    assert (train.job.name, train.job.nodes, train.job.setup) == ("train", 2, ("pip install vllm",))
    words = {
        train.tree.text[slice(*train.tree.span(piece.pointer))] for piece in evaluate.job.pieces["/3/run"]
    }
    assert {"serve", "Qwen/Qwen3-8B", "4096"} <= words


SERVICE = """\
envs: {MODEL: Qwen/Qwen3-8B, HF_TOKEN: null, N: 4}
secrets: {WANDB_API_KEY: "x", "secrets:user/S3": null}
file_mounts:
  /ckpt: {name: "bucket-${N}", store: s3, mode: MOUNT}
  /data: s3://data
  /code: ./code
volumes: {/models: models}
service:
  readiness_probe:
    path: /v1/chat/completions
    initial_delay_seconds: 900
    timeout_seconds: 20
    post_data: {model: $MODEL}
  replica_policy: {min_replicas: 1, max_replicas: 3, target_qps_per_replica: 2}
resources:
  accelerators: L40S
  ports: [8000, "9000-9010"]
  image_id: docker:vllm/vllm-openai:v0.10.0
  disk_size: 1TB
  max_hourly_cost: 2.5
  labels: {team: search}
run: vllm serve $MODEL --port 8000
"""


def test_service() -> None:
    document = one(SERVICE)
    found = document.job
    assert found is not None
    assert (found.task, found.image, found.disk_gb, found.max_price) == (
        "serve", "vllm/vllm-openai:v0.10.0", 1024, 2.5,
    )  # fmt: skip
    assert [port.port for port in found.ports] == [8000, 9000, 9010]
    assert found.scaling is not None
    assert (found.scaling.min, found.scaling.max) == (1, 3)
    assert found.readiness is not None
    assert (found.readiness.http, found.readiness.timeout, found.readiness.attempt_timeout) == (
        "http://localhost:8000/v1/chat/completions", 900, 20,
    )  # fmt: skip
    assert found.pointer("readiness.timeout") == "/service/readiness_probe/initial_delay_seconds"
    assert dict(found.env) == {"MODEL": "Qwen/Qwen3-8B", "N": "4"}
    assert found.secrets == ("HF_TOKEN", "WANDB_API_KEY", "S3")
    assert document.can_say("readiness")
    assert job(with_accelerators("L4")).readiness is None
    assert not one(with_accelerators("L4")).can_say("readiness")


@pytest.mark.parametrize(
    ("written", "replicas"),
    [
        ("service: {replicas: 2}", (2, 2)), ("service: {replica_policy: {min_replicas: 2}}", (2, 2)),
        ("service: {replica_policy: {min_replicas: 0, max_replicas: 4}}", (0, 4)),
        ("pool: {workers: 3}", (3, 3)), ("pool: {min_workers: 0, max_workers: 5}", (0, 5)),
        ("service: {readiness_probe: /health}", None), ("service: []", None), ("pool: {workers: many}", None),
    ],
)  # fmt: skip
def test_replicas(written: str, replicas: tuple[int, int] | None) -> None:
    scaling = job(f"resources: {{accelerators: L4}}\nrun: x\n{written}").scaling
    assert (scaling and (scaling.min, scaling.max)) == replicas


NOT_SKYPILOT = {
    "golangci": "run: {timeout: 5m}\nlinters: {enable: [govet]}",
    "kustomization": "resources: [deployment.yaml]",
    "helm values": "resources: {limits: {nvidia.com/gpu: 1}}\nname: x",
    "resources of a task of another tool": "name: x\nresources: {cpus: 4, memory: 8}",
    "ci": "name: ci\non: push\njobs: {build: {steps: [{run: make}]}}",
    "compose": "services: {web: {image: x}}",
    "a chain and something else": "run: x\nresources: {accelerators: L4}\n---\nkind: Pod\napiVersion: v1",
    "numbers as keys": "run: x\n7: y",
    "a list": "- run: x",
    "no documents": "# run: x",
    "unreadable": "run: [x\nresources: {accelerators: L4}",
}


@pytest.mark.parametrize("name", NOT_SKYPILOT)
def test_other_files_are_not_taken_for_tasks(name: str) -> None:
    assert recognised(Source("x.yaml", NOT_SKYPILOT[name].encode())) is None


@pytest.mark.parametrize(
    "text", ["run: echo hello", "setup: |\n  pip install x\n", "resources: {infra: aws}"]
)
def test_tasks_without_a_gpu_are_recognised_and_hold_no_job(text: str) -> None:
    found = recognised(Source("x.yaml", f"name: x\n{text}\n".encode()))
    assert found is not None
    assert (found.name, documents(f"name: x\n{text}\n")) == ("skypilot", ())


ODD = [None, 7, -1, 1.5, True, "", "x" * 3000, [], [[]], [None], {}, {"x": {}}, {7: 8}, "$(rm -rf /)"]


def test_odd_values_anywhere_break_nothing() -> None:
    import yaml

    whole = yaml.safe_load(SERVICE)
    whole["resources"] |= {
        "autostop": 5,
        "use_spot": True,
        "infra": "aws",
        "any_of": [{"accelerators": "L4"}],
    }
    whole |= {"num_nodes": 2, "pool": {"workers": 1}, "workdir": "."}
    for field in (
        *whole,
        *(("resources", part) for part in whole["resources"]),
        ("service", "readiness_probe"),
    ):
        for odd in ODD:
            changed: dict[str, Any] = copy.deepcopy(whole)
            inner = changed if isinstance(field, str) else changed[field[0]]
            inner[field if isinstance(field, str) else field[1]] = odd
            for document in documents(yaml.dump(changed, Dumper=yaml.CSafeDumper)):
                assert document.job is not None


def test_against_skypilots_own_reader() -> None:
    """Every shape above, read by SkyPilot itself."""
    os.environ.setdefault("SKYPILOT_DISABLE_USAGE_COLLECTION", "1")
    sky = pytest.importorskip("sky")
    import yaml

    texts = [*map(with_accelerators, SHAPES), ANY_OF, ANY_OF.replace("any_of", "ordered"), SERVICE]
    texts += PIPELINE.split("---\n")[1::2]
    for text in texts:
        config = yaml.safe_load(text)
        config.get("envs", {}).pop("HF_TOKEN", None)
        for part in ("file_mounts", "volumes"):  # these would be looked up
            config.pop(part, None)
        task = sky.Task.from_yaml_config(config)
        theirs = {
            (name, -(-count // 1))
            for each in task.resources
            for name, count in (each.accelerators or {}).items()
        }
        mine = documents(text)
        ours = {(_theirs(gpu.name), gpu.gpu_count) for each in mine if each.job for gpu in each.job.gpu_types}
        assert ours == theirs, text
        if mine and mine[0].job:
            assert (mine[0].job.nodes or 1) == task.num_nodes
            assert mine[0].format.takes_first is isinstance(task.resources, list)


def _theirs(name: str) -> str:
    return {"A100-40GB": "A100", "V100-16GB": "V100"}.get(name, name)


def edited(text: str, change: Edit) -> Sequence[Edit]:
    document = one(text)
    return document.format.written(document, change)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("", ("/resources/autostop", {"idle_minutes": 10, "down": True})),
        (", autostop: false", ("/resources/autostop", {"idle_minutes": 10, "down": True})),
        (", autostop: 300", ("/resources/autostop", 10)),
        (", autostop: 5h", ("/resources/autostop", 10)),
        (", autostop: {idle_minutes: 300}", ("/resources/autostop/idle_minutes", 10)),
        (", autostop: {down: true}", ("/resources/autostop/idle_minutes", 10)),
    ],
)
def test_how_idle_minutes_are_mended(written: str, expected: tuple[str, Any]) -> None:
    text = f"resources: {{accelerators: L4{written}}}\nrun: x"
    at = job(text).pointer("keep_alive_minutes") or "/keep_alive_minutes"
    assert [(edit.pointer, edit.value) for edit in edited(text, Edit("set", at, 10))] == [expected]


def test_spot_is_asked_for_where_nothing_says_it() -> None:
    text = "resources: {accelerators: L4}\nrun: x"
    assert edited(text, Edit("set", "/spot", "only")) == (Edit("set", "/resources/use_spot", True),)
    assert edited(text, Edit("set", "/spot", "allowed")) == ()  # SkyPilot takes both kinds by `any_of` alone
    assert edited(ANY_OF, Edit("set", "/spot", "only")) == ()
    assert edited(text, Edit("remove", "/spot")) == ()


def test_a_mended_task_is_the_same_task() -> None:
    text = "# mine\nresources:\n  accelerators: L4  # small\n\nrun: python process_batch.py\n"
    done = fix_data(
        Linter(collect(), debug=True), "x.yaml", text.encode(), Settings(), unsafe=True
    ).data.decode()
    assert done.startswith("# mine\nresources:\n  accelerators: L4  # small\n")
    assert job(done).keep_alive_minutes == 3
