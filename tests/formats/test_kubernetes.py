"""Kubernetes manifests: which containers are jobs, and what their pods say of them."""

from __future__ import annotations

from textwrap import dedent, indent

import pytest

from gpuspec.formats import Document, Source, read, recognised
from gpuspec.job import Job


def documents(text: str) -> tuple[Document, ...]:
    return read("m.yaml", dedent(text).encode(), guess=False)


def jobs(text: str) -> list[Job]:
    found = []
    for document in documents(text):
        assert document.job is not None
        found.append(document.job)
    return found


def pod(container: str = "", spec: str = "", gpus: str = 'limits: {nvidia.com/gpu: "1"}') -> str:
    """A Pod of one container."""
    lines = ["apiVersion: v1", "kind: Pod", "metadata: {name: it}", "spec:"]
    lines += [indent(dedent(spec).strip("\n"), "  ")] if spec else []
    lines += ["  containers:", "  - name: main"]
    lines += [indent(dedent(container).strip("\n"), "    ")] if container else []
    return "\n".join([*lines, f"    resources: {{{gpus}}}", ""])


def job_of(container: str = "", spec: str = "", gpus: str = 'limits: {nvidia.com/gpu: "1"}') -> Job:
    (found,) = jobs(pod(container, spec, gpus))
    return found


DEPLOYMENT = """\
    # a comment
    ---
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: settings}
    data: {MODEL: Qwen/Qwen2.5-7B-Instruct}
    ---
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: chat}
    spec:
      replicas: 2
      template:
        spec:
          nodeSelector: {cloud.google.com/gke-accelerator: nvidia-l4}
          containers:
          - name: sidecar
            image: nginx
          - name: main
            image: vllm/vllm-openai:v0.8.5
            args: ["--model", $(MODEL), "--port", "8080"]
            env:
            - name: MODEL
              valueFrom: {configMapKeyRef: {name: settings, key: MODEL}}
            - {name: HF_TOKEN, valueFrom: {secretKeyRef: {name: hf, key: token}}}
            ports: [{containerPort: 8080, name: http}]
            resources: {limits: {nvidia.com/gpu: 1}}
            startupProbe: {httpGet: {path: /health, port: http}, failureThreshold: 30}
    """


def test_a_deployment() -> None:
    (document,) = documents(DEPLOYMENT)
    assert document.called == "doc:1#/spec/template/spec/containers/1"
    assert document.place == "/1/spec/template/spec/containers/1"
    job = document.job
    assert job is not None
    assert (job.name, job.image, job.usual_task) == ("chat", "vllm/vllm-openai:v0.8.5", "serve")
    assert job.run == 'vllm serve --model "${MODEL}" --port 8080'
    assert dict(job.env) == {"MODEL": "Qwen/Qwen2.5-7B-Instruct"}
    assert job.secrets == ("HF_TOKEN",)
    assert [(gpu.name, gpu.gpu_count) for gpu in job.gpu_types] == [("nvidia-l4", 1)]
    assert job.clouds == ("gcp",)
    assert job.scaling is not None
    assert job.scaling[:2] == (2, 2)
    assert [port.port for port in job.ports] == [8080]
    assert job.readiness is not None
    assert (job.readiness.http, job.readiness.timeout) == ("http://localhost:8080/health", 300)
    tree, spans = document.tree, {field: document.tree.values[at] for field, at in job.pointers.items()}
    assert tree.text[slice(*spans["scaling"])] == "2"
    assert tree.text[slice(*spans["env.MODEL"])] == "Qwen/Qwen2.5-7B-Instruct"
    assert tree.text[slice(*spans["gpu_types"])] == "nvidia-l4"


def test_counts_of_gpus() -> None:
    assert job_of(gpus='limits: {nvidia.com/gpu: "8"}').gpu_count == 8
    assert job_of(gpus="requests: {amd.com/gpu: 4}").gpu_count == 4
    assert job_of(gpus="limits: {nvidia.com/gpu : 2}").gpu_count == 2
    assert job_of(gpus="limits: {nvidia.com/gpu: $GPU}").gpu_count is None
    assert job_of(gpus="limits: {nvidia.com/gpu: -1}").gpu_count is None
    for nothing in (
        "nvidia.com/gpu: 0",
        "google.com/tpu: 8",
        "aws.amazon.com/neuron: 2",
        "cpu: 4",
        "nvidia.com/hostdev: 1",
    ):
        assert jobs(pod(gpus=f"limits: {{{nothing}}}")) == []
    sliced = job_of(
        gpus="limits: {nvidia.com/mig-3g.40gb: 1}",
        spec="nodeSelector: {nvidia.com/gpu.product: NVIDIA-H100-80GB-HBM3}",
    )
    assert (sliced.gpu_count, sliced.min_vram, sliced.gpu_types) == (1, 40, ())


def test_nodes_that_will_do() -> None:
    affinity = """\
        affinity:
          nodeAffinity:
            requiredDuringSchedulingIgnoredDuringExecution:
              nodeSelectorTerms:
              - matchExpressions:
                - {key: nvidia.com/gpu.product, operator: In, values: [NVIDIA-A100-SXM4-80GB, NVIDIA-L40S-SHARED]}
                - {key: karpenter.sh/capacity-type, operator: In, values: [spot, on-demand]}
                - {key: gpu.present, operator: Exists}
        """
    job = job_of(spec=affinity)
    assert [gpu.name for gpu in job.gpu_types] == ["NVIDIA-A100-SXM4-80GB", "NVIDIA-L40S"]
    assert (job.spot, job.clouds) == ("allowed", ())
    hyperpod = job_of(spec="nodeSelector: {node.kubernetes.io/instance-type: ml.p5.48xlarge}")
    assert [(gpu.name, gpu.gpu_count) for gpu in hyperpod.gpu_types] == [("H100 SXM", 1)]
    assert hyperpod.clouds == ("aws",)
    own = job_of(spec="nodeSelector: {workload: gpu, hardware: gpu}")
    assert (own.gpu_types, own.clouds, own.spot) == ((), (), None)
    tolerant = job_of(spec="tolerations: [{key: cloud.google.com/gke-spot, operator: Equal, value: 'true'}]")
    assert tolerant.spot == "allowed"


def test_what_is_no_kubernetes() -> None:
    for text in (
        "kind: Pod\nx: nvidia.com/gpu",
        "apiVersion: 1\nkind: Pod\nx: nvidia.com/gpu",
        "- nvidia.com/gpu",
    ):
        assert recognised(Source("m.yaml", text.encode())) is None
    crd = pod().replace("kind: Pod", "kind: CustomResourceDefinition")
    assert jobs(crd) == []


def test_a_kind_that_nobody_knows() -> None:
    unknown = """\
        apiVersion: example.org/v1
        kind: Cruncher
        spec: {template: {spec: {containers: [{image: x, resources: {limits: {nvidia.com/gpu: 2}}}]}}}
        """
    (job,) = jobs(unknown)
    assert job.gpu_count == 2


def test_what_is_still_to_be_put_in_says_nothing() -> None:
    left = job_of("image: PROJECT/IMAGE_NAME", "nodeSelector: {nvidia.com/gpu.product: $GPU}")
    assert (left.image, left.gpu_types) == (None, ())
    filled = job_of("image: 'vllm/vllm-openai:${TAG:-v0.8.5}'", gpus="limits: {nvidia.com/gpu: '${GPUS:-4}'}")
    assert (filled.image, filled.gpu_count) == ("vllm/vllm-openai:v0.8.5", 4)


def test_labels_of_gpus() -> None:
    """A GPU's own label goes before one that people give; one that is no name of a GPU says nothing."""
    labels = {
        "{gpu-type: l4, nvidia.com/gpu.product: Tesla-T4}": ["Tesla-T4"],
        "{accelerator: nvidia-tesla-p100}": ["nvidia-tesla-p100"],
        "{example.org/gpu-model: fast}": [],
        "{run.googleapis.com/accelerator: nvidia-l4}": ["nvidia-l4"],
        "{node.kubernetes.io/instance-type: Standard_NC24ads_A100_v4}": ["A100 80GB PCIe"],
        "{nvidia.com/gpu.product: NVIDIA-A100-SXM4-80GB-MIG-1g.10gb}": [],
    }
    for selector, names in labels.items():
        assert [gpu.name for gpu in job_of(spec=f"nodeSelector: {selector}").gpu_types] == names, selector


def test_claims_of_devices() -> None:
    template = """\
        ---
        apiVersion: resource.k8s.io/v1
        kind: ResourceClaimTemplate
        metadata: {name: two}
        spec: {spec: {devices: {requests: [{name: g, exactly: {deviceClassName: gpu.nvidia.com, count: 2}}]}}}
        """
    claimed = pod(
        spec="resourceClaims: [{name: gpu, resourceClaimTemplateName: two}]", gpus="claims: [{name: gpu}]"
    )
    assert [found.gpu_count for found in jobs(claimed + dedent(template))] == [2]
    assert [found.gpu_count for found in jobs(claimed)] == [None]  # in another file
    network = dedent(template).replace("gpu.nvidia.com", "rdma.example.org")
    assert jobs(claimed + network) == []


def test_what_a_pod_says_beside_its_containers() -> None:
    spec = """\
        restartPolicy: OnFailure
        volumes:
        - {name: shm, emptyDir: {medium: Memory, sizeLimit: 8Gi}}
        - {name: models, persistentVolumeClaim: {claimName: weights}}
        - {name: scratch, emptyDir: {}}
        """
    container = """\
        volumeMounts:
        - {name: shm, mountPath: /dev/shm}
        - {name: models, mountPath: /models}
        - {name: scratch, mountPath: /tmp}
        livenessProbe: {tcpSocket: {port: 80}, initialDelaySeconds: 60, failureThreshold: 6}
        imagePullPolicy: Always
        """
    found = job_of(container, spec).deployment
    assert found is not None
    assert (found.kind, found.restarts, found.shm_gb) == ("Pod", "on-failure", 8)
    assert found.liveness_seconds == 60 + 6 * 10
    assert [mount[:3] for mount in found.mounts] == [("/models", True, "weights"), ("/tmp", False, None)]
    assert (found.gpu_requests, found.gpu_limits) == (None, 1)


@pytest.mark.parametrize("wrong", ["[]", "7", "text", "{a: [1]}", "null", "[[{}]]", "{1: 2}", "1e400"])
def test_wrong_types_anywhere_are_no_jobs_or_less_of_one(wrong: str) -> None:
    """Whatever stands in the place of any value, the file is read."""
    lines = DEPLOYMENT.splitlines()
    for number, line in enumerate(lines):
        head, colon, _ = line.partition(":")
        if colon:
            documents("\n".join([*lines[:number], f"{head}: {wrong}", *lines[number + 1 :]]))


def test_what_runs_before_prepares() -> None:
    """A container that fetches the model says which it is; one that runs beside the others is no preparation."""
    spec = """\
        initContainers:
        - name: fetch
          image: fetcher
          command: [sh, -c, "huggingface-cli download $(REPO) --local-dir /models/it"]
          env:
          - {name: REPO, value: Qwen/Qwen2.5-7B-Instruct}
          - {name: HF_TOKEN, valueFrom: {secretKeyRef: {name: hf, key: token}}}
        - {name: log, image: fluent-bit, restartPolicy: Always, command: [fluent-bit]}
        """
    found = job_of("image: vllm/vllm-openai\nargs: [--model, /models/it]", spec)
    assert found.setup == ("huggingface-cli download ${REPO} --local-dir /models/it",)
    assert (found.run, found.secrets) == ("vllm serve --model /models/it", ("HF_TOKEN",))
    assert dict(found.launcher_env) == {"REPO": "Qwen/Qwen2.5-7B-Instruct"}


def test_all_gpus_of_the_node_s_runtime() -> None:
    spec = "runtimeClassName: nvidia"
    assert job_of("image: ollama/ollama", spec, gpus="").gpu_count is None
    assert (
        job_of("image: it\nenv: [{name: NVIDIA_VISIBLE_DEVICES, value: all}]", spec, gpus="").gpu_count
        is None
    )
    assert jobs(pod("image: exporter", spec, gpus="")) == []
    assert jobs(pod("image: ollama/ollama", gpus="")) == []
    daemons = pod("image: it\nenv: [{name: NVIDIA_VISIBLE_DEVICES, value: all}]", spec, gpus="")
    template = indent(daemons.partition("spec:\n")[2], "    ")
    head = "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: d}\nspec:\n  template:\n    spec:\n"
    assert jobs(head + template) == []  # an exporter only looks at them


MOUNTED = """\
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: scripts}
    data:
      start.sh: |
        #!/bin/bash
        exec vllm serve Qwen/Qwen2.5-7B-Instruct \\
          --max-model-len 8192
      train.py: |
        print("it trains")
    ---
    apiVersion: v1
    kind: Pod
    metadata: {name: it}
    spec:
      containers:
      - name: main
        command: COMMAND
        volumeMounts: [{name: all, mountPath: /scripts}, {name: one, mountPath: /app/t.py, subPath: t.py}]
        resources: {limits: {nvidia.com/gpu: 1}}
      volumes:
      - {name: all, configMap: {name: scripts}}
      - {name: one, configMap: {name: scripts, items: [{key: train.py, path: t.py}]}}
    """


@pytest.mark.parametrize(
    ("command", "run"),
    [
        (
            "[bash, /scripts/start.sh]",
            "#!/bin/bash\nexec vllm serve Qwen/Qwen2.5-7B-Instruct \\\n  --max-model-len 8192",
        ),
        (
            '[sh, -c, "date && /scripts/start.sh; true"]',
            "date &&\n#!/bin/bash\nexec vllm serve Qwen/Qwen2.5-7B-Instruct \\\n  --max-model-len 8192; true",
        ),
        (
            '[python3, /app/t.py, --lr, "1"]',
            "python3 - --lr 1 <<'END_OF_SCRIPT'\nprint(\"it trains\")\nEND_OF_SCRIPT",
        ),
        (
            "[torchrun, /app/t.py]",
            "mkdir -p /app && cat > /app/t.py <<'END_OF_SCRIPT'\nprint(\"it trains\")\nEND_OF_SCRIPT\n"
            "torchrun /app/t.py",
        ),
        ("[bash, /scripts/other.sh]", "bash /scripts/other.sh"),
    ],
)
def test_a_script_of_a_config_map_is_put_in_for_its_call(command: str, run: str) -> None:
    (found,) = jobs(MOUNTED.replace("COMMAND", command))
    assert found.run == run
    if "8192" in run:
        (document,) = documents(MOUNTED.replace("COMMAND", command))
        pieces = found.pieces[found.pointer("run")]
        (number,) = [piece for piece in pieces if run[piece.start : piece.end].startswith("8192")]
        assert document.tree.text[document.tree.values[number.pointer].start :].startswith("8192")
