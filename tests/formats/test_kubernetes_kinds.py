"""Kinds of Kubernetes objects: what each says beside its pods. Expected values are read off the manifests here."""

from __future__ import annotations

from typing import Any

import pytest

from tests.formats.test_kubernetes import documents, jobs

POD = "{containers: [{name: main, image: it, command: [python, train.py], resources: {limits: {nvidia.com/gpu: 8}}}]}"
IDLE = "{containers: [{name: main, image: it}]}"


def manifest(kind: str, spec: str, api: str = "example.org/v1") -> str:
    return f"apiVersion: {api}\nkind: {kind}\nmetadata: {{name: it}}\nspec:\n{spec}\n"


def job(**fields: Any) -> dict[str, Any]:
    return fields


CASES = {
    "CronJob": (
        f"  jobTemplate: {{spec: {{activeDeadlineSeconds: 7200, backoffLimit: 3, template: {{spec: {POD}}}}}}}",
        job(hours=2, retries=3, usual="batch"),
    ),
    "Job": (
        f"  parallelism: 4\n  completionMode: Indexed\n  template: {{spec: {POD}}}",
        job(nodes=4, usual="batch"),
    ),
    "DaemonSet": (f"  template: {{spec: {POD}}}", job(usual="serve")),
    "LeaderWorkerSet": (
        f"  replicas: 2\n  leaderWorkerTemplate: {{size: 3, workerTemplate: {{spec: {POD}}}}}",
        job(nodes=3, replicas=(2, 2), usual="serve", at="/spec/leaderWorkerTemplate"),
    ),
    "JobSet": (
        "  replicatedJobs:\n"
        f"  - {{name: driver, template: {{spec: {{template: {{spec: {IDLE}}}}}}}}}\n"
        f"  - {{name: worker, replicas: 2, template: {{spec: {{parallelism: 4, template: {{spec: {POD}}}}}}}}}\n",
        job(nodes=8, usual="batch", at="/spec/replicatedJobs"),
    ),
    "PyTorchJob": (
        f"  pytorchReplicaSpecs:\n    Worker: {{replicas: 3, template: {{spec: {POD}}}}}\n"
        f"    Master: {{replicas: 1, template: {{spec: {POD}}}}}\n  runPolicy: {{activeDeadlineSeconds: 3600}}",
        job(nodes=4, usual="train", hours=1, at="/spec/pytorchReplicaSpecs"),
    ),
    "HyperPodPyTorchJob": (
        f"  replicaSpecs: [{{name: pods, replicas: 2, template: {{spec: {POD}}}}}]\n"
        "  runPolicy: {jobMaxRetryCount: 1}",
        job(nodes=2, usual="train", retries=1, at="/spec/replicaSpecs"),
    ),
    "Volcano": (
        f"  tasks: [{{replicas: 1, template: {{spec: {POD}}}}}, {{replicas: 2, template: {{spec: {POD}}}}}]",
        job(nodes=3, usual="batch", at="/spec/tasks"),
    ),
    "TrainJob": (
        "  runtimeRef: {name: torch-distributed}\n"
        "  trainer: {numNodes: 2, image: it, command: [python, train.py], "
        "resourcesPerNode: {requests: {nvidia.com/gpu: 8}}}",
        job(nodes=2, usual="train", at="/spec/trainer"),
    ),
    "RayJob": (
        "  entrypoint: python train.py\n  rayClusterSpec:\n"
        f"    headGroupSpec: {{template: {{spec: {IDLE}}}}}\n"
        f"    workerGroupSpecs: [{{replicas: 2, template: {{spec: {POD}}}}}]",
        job(nodes=2, usual="batch", at="/spec/rayClusterSpec/workerGroupSpecs/0"),
    ),
    "Knative": (
        "  template: {metadata: {annotations: {autoscaling.knative.dev/min-scale: '0', "
        f"autoscaling.knative.dev/max-scale: '3'}}}}, spec: {POD}}}",
        job(usual="serve", replicas=(0, 3)),
    ),
    "Workflow": (
        "  templates:\n  - {name: steps, steps: []}\n"
        "  - {name: main, activeDeadlineSeconds: 1800, container: {image: it, command: [python, train.py], "
        "resources: {limits: {nvidia.com/gpu: 8}}}}",
        job(hours=0.5, usual="batch", at="/spec/templates/1/container"),
    ),
    "AppWrapper": (
        "  components:\n  - template: {apiVersion: batch/v1, kind: Job, metadata: {name: it}, "
        f"spec: {{activeDeadlineSeconds: 3600, template: {{spec: {POD}}}}}}}",
        job(hours=1, usual="batch", at="/spec/components/0/template/spec/template/spec/containers/0"),
    ),
}
APIS = {"Volcano": ("Job", "batch.volcano.sh/v1alpha1"), "Knative": ("Service", "serving.knative.dev/v1")}


@pytest.mark.parametrize("name", CASES)
def test_a_kind(name: str) -> None:
    spec, want = CASES[name]
    kind, api = APIS.get(name, (name, "example.org/v1"))
    (document,) = documents(manifest(kind, spec, api))
    got = document.job
    assert got is not None
    assert (got.gpu_count, got.image, got.run, got.name) == (8, "it", "python train.py", "it")
    assert got.nodes == want.get("nodes")
    assert got.usual_task == want.get("usual")
    assert (got.budget.max_hours if got.budget else None) == want.get("hours")
    assert got.deployment is not None
    assert got.deployment.retries == want.get("retries")
    assert (got.scaling[:2] if got.scaling else None) == want.get("replicas")
    assert document.place == document.called.removeprefix("doc:0#")
    assert document.place == want.get("at", document.place)
    for place in got.pointers.values():
        assert place in document.tree.values or place == document.place


def test_an_mpi_job_runs_what_its_launcher_says() -> None:
    launcher = "{containers: [{name: main, image: mpi, command: [mpirun, -np, '16', python, train.py]}]}"
    (found,) = jobs(
        manifest(
            "MPIJob",
            f"  mpiReplicaSpecs:\n    Launcher: {{replicas: 1, template: {{spec: {launcher}}}}}\n"
            f"    Worker: {{replicas: 2, template: {{spec: {POD}}}}}",
        )
    )
    assert (found.run, found.nodes, found.gpu_count) == ("mpirun -np 16 python train.py", 2, 8)


SERVICE = """\
apiVersion: ray.io/v1
kind: RayService
metadata: {name: llm}
spec:
  serveConfigV2: |
    applications:
    - name: llms  # the only one
      args:
        llm_configs:
        - model_loading_config:
            model_id: qwen
            model_source: Qwen/Qwen2.5-7B-Instruct
          accelerator_type: L4
          deployment_config: {autoscaling_config: {min_replicas: 1, max_replicas: 4}}
          engine_kwargs: {max_model_len: 1024, tensor_parallel_size: 2, enforce_eager: true}
  rayClusterConfig:
    workerGroupSpecs:
    - replicas: 1
      template: {spec: {containers: [{name: w, image: rayproject/ray, resources: {limits: {nvidia.com/gpu: 2}}}]}}
"""


def test_ray_serve_s_models_stand_in_a_string() -> None:
    (document,) = documents(SERVICE)
    found = document.job
    assert found is not None
    assert found.run == (
        "vllm serve Qwen/Qwen2.5-7B-Instruct --max-model-len 1024 --tensor-parallel-size 2 --enforce-eager"
    )
    assert [(gpu.name, gpu.gpu_count) for gpu in found.gpu_types] == [("L4", 2)]
    assert found.scaling is not None
    assert found.scaling[:2] == (1, 4)
    pieces = found.pieces[found.pointer("run")]
    (length,) = [piece for piece in pieces if found.run[piece.start : piece.end] == "1024"]
    span = document.tree.values[length.pointer]
    assert document.tree.text[span.start : span.end] == "1024"


def test_what_scales_an_object_says_how_many_copies_there_are() -> None:
    deployment = manifest("Deployment", f"  replicas: 0\n  template: {{spec: {POD}}}", "apps/v1")
    scaler = manifest(
        "ScaledObject",
        "  scaleTargetRef: {name: it}\n  maxReplicaCount: 5\n  cooldownPeriod: 600\n  triggers: [{type: prometheus}]",
        "keda.sh/v1alpha1",
    )
    (found,) = jobs(f"{deployment}---\n{scaler}")
    assert found.scaling is not None
    assert (found.scaling.min, found.scaling.max, found.scaling.idle_minutes) == (0, 5, 10)
    assert found.deployment is not None
    assert found.deployment.scaled_by == ("prometheus",)
    (alone,) = jobs(deployment)
    assert alone.scaling is not None
    assert alone.scaling[:2] == (0, None)  # a job spec has no service of at most none
    assert alone.deployment is not None
    assert alone.deployment.suspended


def test_the_items_of_a_list() -> None:
    one = "{apiVersion: v1, kind: Pod, metadata: {name: it}, spec: " + POD + "}"
    (document,) = documents(f"apiVersion: v1\nkind: List\nitems: [{one}]\n")
    assert document.called == "doc:0#/items/0/spec/containers/0"


def test_what_a_launcher_of_training_starts_trains() -> None:
    for command, task in {
        "[torchrun, --nproc-per-node, '8', resnet.py, --backend=nccl]": "train",
        "[torchrun, --nproc-per-node, '8', generate.py]": "batch",
        "[python, resnet.py]": "batch",
    }.items():
        pod = POD.replace("[python, train.py]", command)
        (found,) = jobs(manifest("Job", f"  template: {{spec: {pod}}}", "batch/v1"))
        assert found.usual_task == task


def test_a_model_that_kubeflow_fetches_first() -> None:
    spec = "  trainer: {resourcesPerNode: {limits: {nvidia.com/gpu: 4}}}\n  initializer: {model: {storageUri: 'hf://a/b'}}"
    (found,) = jobs(manifest("TrainJob", spec, "trainer.kubeflow.org/v1alpha1"))
    assert found.model is not None
    assert found.model.id == "a/b"
