"""Objects of operators that serve models: what each says of its jobs. Written after the operators' documentation."""

from __future__ import annotations

from typing import Any

import pytest

from gpuspec.catalog import Catalog
from gpuspec.commands.steps import read_steps
from gpuspec.formats import Document, read
from gpuspec.workload import Workload
from gpuspec.workload.read import read as read_workload

CATALOG = Catalog()


def documents(text: str) -> tuple[Document, ...]:
    return read("x.yaml", text.encode(), guess=False)


def worked_out(document: Document) -> Workload:
    assert document.job is not None
    return read_workload(document.job, read_steps(document.job), catalog=CATALOG)


def facts(document: Document, *names: str) -> dict[str, Any]:
    job, work = document.job, worked_out(document)
    assert job is not None
    known: dict[str, Any] = {
        "place": document.called,
        "gpus": [(gpu.name, gpu.gpu_count) for gpu in job.gpu_types] or [(None, job.gpu_count)],
        "nodes": job.nodes,
        "replicas": job.scaling and (job.scaling.min, job.scaling.max),
        "model": work.model_name,
        "image": job.image,
        "tp": work.tensor_parallel,
        **{name: getattr(work, name) for name in ("engine", "context", "task", "method", "engine_version")},
    }
    return {name: known[name] for name in names}


def one(text: str, **expected: Any) -> Document:
    (document,) = documents(text)
    assert facts(document, *expected) == expected
    return document


KSERVE = """\
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: x}
spec:
  predictor:
"""


def test_kserve_s_hugging_face_runtime() -> None:
    one(
        KSERVE
        + """\
    minReplicas: 0
    maxReplicas: 3
    model:
      modelFormat: {name: huggingface}
      args: [--model_name=llama3, --model_id=meta-llama/Meta-Llama-3-8B-Instruct, --max_model_len=4096]
      storageUri: pvc://weights
      resources: {limits: {nvidia.com/gpu: 2}}
""",
        place="doc:0#/spec/predictor/model",
        gpus=[(None, 2)],
        engine="vllm",
        model="meta-llama/Meta-Llama-3-8B-Instruct",
        context=4096,
        replicas=(0, 3),
        task="serve",
    )


@pytest.mark.parametrize(
    ("model", "engine", "named"),
    [
        ("model: {modelFormat: {name: huggingface}, args: [--backend=huggingface], storageUri: 'hf://a/b:v1', R}",
         "transformers", "a/b"),
        ("tensorflow: {storageUri: 'gs://models/flowers', R}", "tensorflow-serving", "gs://models/flowers"),
        ("pytorch: {storageUri: 'pvc://x', R}", "torchserve", None),
        ("model: {modelFormat: {name: custom}, runtime: kserve-tritonserver, storageUri: 's3://b/m', R}",
         "triton", "s3://b/m"),
        ("model: {modelFormat: {name: mine}, storageUri: '$(URI)', R}", None, None),
    ],
)  # fmt: skip
def test_kserve_starts_what_the_format_of_the_model_says(
    model: str, engine: str | None, named: str | None
) -> None:
    one(KSERVE + "    " + model.replace("R}", "resources: {limits: {nvidia.com/gpu: 1}}}"),
        engine=engine, model=named, gpus=[(None, 1)], replicas=None)  # fmt: skip


def test_kserve_s_runtime_of_the_same_file_says_what_runs() -> None:
    text = """\
apiVersion: serving.kserve.io/v1alpha1
kind: ServingRuntime
metadata: {name: own}
spec:
  containers:
    - name: kserve-container
      image: example.org/vllm:1
      command: [python, -m, vllm.entrypoints.openai.api_server]
      args: [--port=8080, --model=/mnt/models, "--served-model-name={{.Name}}"]
      resources: {limits: {nvidia.com/gpu: 1}}
---
"""
    model = "    model: {modelFormat: {name: x}, runtime: own, storageUri: 'hf://a/b', args: [--max-model-len=8192]}"
    one(text + KSERVE + model, place="doc:1#/spec/predictor/model", engine="vllm", model="a/b", context=8192,
        image="example.org/vllm:1", gpus=[(None, 1)])  # fmt: skip


def test_kserve_over_several_machines_and_older_forms() -> None:
    one(
        KSERVE
        + """\
    model: {modelFormat: {name: huggingface}, storageUri: 'hf://a/b'}
    workerSpec: {pipelineParallelSize: 2, tensorParallelSize: 4}
""",
        nodes=2,
        tp=4,
        gpus=[(None, 4)],
    )
    one(
        """\
apiVersion: serving.kubeflow.org/v1alpha2
kind: InferenceService
metadata: {name: x, annotations: {serving.kserve.io/gke-accelerator: nvidia-tesla-t4}}
spec: {default: {predictor: {tensorflow: {storageUri: "gs://a/b", resources: {limits: {nvidia.com/gpu: 1}}}}}}
""",
        place="doc:0#/spec/default/predictor/tensorflow",
        gpus=[("nvidia-tesla-t4", 1)],
    )
    assert documents(KSERVE + "    sklearn: {storageUri: 'gs://a/b', resources: {limits: {cpu: 1}}}") == ()


LLM = """\
apiVersion: serving.kserve.io/v1alpha2
kind: LLMInferenceService
metadata: {name: x}
spec:
  model: {uri: "pvc://claim/model", name: org/model}
  replicas: 1
"""


def test_an_llm_service_of_two_roles() -> None:
    pod = "template: {containers: [{name: main, resources: {limits: {nvidia.com/gpu: 1}}}]}"
    decode, prefill = documents(LLM + f"  {pod}\n  prefill:\n    replicas: 2\n    {pod}\n")
    same = {"engine": "vllm", "model": "org/model", "task": "serve", "gpus": [(None, 1)]}
    assert facts(decode, *same, "replicas", "place") == {
        **same, "replicas": (1, 1), "place": "doc:0#/spec/template/containers/0"}  # fmt: skip
    assert facts(prefill, *same, "replicas", "place") == {
        **same, "replicas": (2, 2), "place": "doc:0#/spec/prefill/template/containers/0"}  # fmt: skip
    assert not prefill.can_say("readiness")


def test_a_configuration_of_the_same_file_has_the_pods_of_a_service() -> None:
    base = (
        LLM.replace("LLMInferenceService", "LLMInferenceServiceConfig").replace("x}", "base}")
        + "  template: {containers: [{name: main, resources: {limits: {nvidia.com/gpu: 4}}}]}\n"
    )
    one(f"{base}---\n{LLM}  baseRefs: [{{name: base}}]\n", gpus=[(None, 4)], engine="vllm",
        model="org/model", place="doc:1#/spec")  # fmt: skip


def test_flags_in_a_variable_are_read_where_they_stand() -> None:
    document = one(
        LLM
        + """\
  parallelism: {data: 16, dataLocal: 8, tensor: 1}
  template:
    containers:
      - name: main
        env:
          - name: VLLM_ADDITIONAL_ARGS
            value: "--max-model-len 8192 --enforce-eager"
        resources: {limits: {nvidia.com/gpu: 8}}
  worker: {containers: [{name: main, resources: {limits: {nvidia.com/gpu: 8}}}]}
""",
        nodes=2,
        context=8192,
        tp=1,
    )
    place = worked_out(document).origin("context").pointer
    assert document.tree.position(document.tree.values[place].start)[0] == 13


KAITO = """\
apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata: {name: x}
resource: {instanceType: Standard_NC48ads_A100_v4, count: 2, labelSelector: {matchLabels: {a: b}}}
"""


def test_kaito_serves_a_preset_with_the_flags_of_a_config_map() -> None:
    config = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: flags}
data:
  inference_config.yaml: |
    vllm:
      swap-space: 4
      max-model-len: 16384  # tokens
---
"""
    text = config + KAITO + "inference: {preset: {name: llama-3.3-70b-instruct}, config: flags}\n"
    document = one(text, place="doc:1#/resource", engine="vllm", model="llama-3.3-70b-instruct", context=16384,
                   gpus=[("A100 80GB PCIe", 2)], nodes=2, task="serve")  # fmt: skip
    place = worked_out(document).origin("context").pointer
    assert document.tree.position(document.tree.values[place].start) == (8, 22)


def test_kaito_tunes_and_takes_a_pod() -> None:
    one(KAITO + "tuning: {preset: {name: phi-4}, method: qlora, input: {}, output: {}}\n",
        engine=None, model="phi-4", task="train", method="qlora")  # fmt: skip
    pod = "{containers: [{name: c, image: i, resources: {limits: {nvidia.com/gpu: 1}}}]}"
    one(KAITO + f"inference: {{template: {{spec: {pod}}}}}\n", gpus=[("A100 80GB PCIe", 1)], model=None,
        place="doc:0#/inference/template/spec/containers/0")  # fmt: skip
    bare = "{containers: [{name: main, image: it}]}"  # the instance has the GPUs
    one(KAITO + f"inference: {{template: {{spec: {bare}}}}}\n", gpus=[("A100 80GB PCIe", 2)], image="it")
    assert documents(KAITO.replace("kaito.sh", "example.org") + "inference: {preset: {name: a}}\n") == ()


def test_kaito_s_sets_and_roles() -> None:
    one(
        """\
apiVersion: kaito.sh/v1alpha1
kind: InferenceSet
metadata: {name: x}
spec:
  replicas: 2
  nodeCountLimit: 10
  template: {resource: {instanceType: Standard_NC24ads_A100_v4}, inference: {preset: {name: phi-4}}}
""",
        place="doc:0#/spec/template/resource",
        replicas=(2, 10),
        nodes=None,
    )
    prefill, decode = documents(
        """\
apiVersion: kaito.sh/v1alpha1
kind: MultiRoleInference
metadata: {name: x}
spec:
  model: {name: deepseek-ai/DeepSeek-V3}
  roles:
    - {type: prefill, replicas: 1, instanceType: Standard_NC24ads_A100_v4}
    - {type: decode, replicas: 3, instanceType: Standard_NC24ads_A100_v4}
"""
    )
    assert facts(prefill, "place", "model", "nodes")["place"] == "doc:0#/spec/roles/0"
    assert facts(decode, "replicas", "model") == {"replicas": (3, 3), "model": "deepseek-ai/DeepSeek-V3"}
    work = worked_out(decode)
    assert "nodes" in work.origins
    assert work.nodes is None


def test_a_runtime_of_the_production_stack() -> None:
    one(
        """\
apiVersion: production-stack.vllm.ai/v1alpha1
kind: VLLMRuntime
metadata: {name: x}
spec:
  model: {modelURL: meta-llama/Llama-3.1-8B-Instruct, maxModelLen: 4096}
  vllmConfig: {tensorParallelSize: 2, gpuMemoryUtilization: "0.9", extraArgs: [--enforce-eager]}
  deploymentConfig:
    replicas: 1
    resources: {gpu: "2"}
    image: {registry: docker.io, name: "lmcache/vllm-openai:v0.9.1"}
  autoscalingConfig: {enabled: true, maxReplicas: 4}
""",
        place="doc:0#/spec",
        gpus=[(None, 2)],
        engine="vllm",
        tp=2,
        context=4096,
        replicas=(1, 4),
        image="docker.io/lmcache/vllm-openai:v0.9.1",
    )


def test_models_of_kubeai_and_of_ollama_s_operator() -> None:
    model = "apiVersion: kubeai.org/v1\nkind: Model\nmetadata: {name: x}\nspec: {E, resourceProfile: 'P'}\n"

    def text(fields: str, profile: str) -> str:
        return model.replace("E", fields).replace("'P'", f"'{profile}'")

    one(text("url: 'hf://org/m', engine: VLLM, args: [--max-model-len=2048], minReplicas: 1", "nvidia-gpu-l4:2"),
        gpus=[("l4", 2)], engine="vllm", model="org/m", context=2048, place="doc:0#/spec")  # fmt: skip
    one(text("url: 'ollama://gemma2:2b', engine: OLlama", "nvidia-gpu-a100-80gb"), engine="ollama",
        model="gemma2:2b", gpus=[("a100 80gb", 1)])  # fmt: skip
    one(text("url: 'hf://org/w', engine: FasterWhisper", "my-gpu:$N"), engine="faster-whisper",
        gpus=[(None, None)])  # fmt: skip
    assert documents(text("url: 'ollama://gemma2:2b', engine: OLlama", "cpu:2")) == ()
    one("apiVersion: ollama.ayaka.io/v1\nkind: Model\nmetadata: {name: x}\n"
        "spec: {image: phi3, resources: {limits: {nvidia.com/gpu: 1}}}\n", engine="ollama", model="phi3",
        task="serve")  # fmt: skip


def test_nim_and_dynamo() -> None:
    one(
        """\
apiVersion: apps.nvidia.com/v1alpha1
kind: NIMService
metadata: {name: x}
spec:
  image: {repository: nvcr.io/nim/meta/llama-3.1-8b-instruct, tag: 1.3.3}
  authSecret: ngc
  scale: {enabled: true, hpa: {maxReplicas: 4}}
  resources: {limits: {nvidia.com/gpu: 1}}
""",
        engine="nim",
        model="meta/llama-3.1-8b-instruct",
        engine_version="1.3.3",
        replicas=(1, 4),
    )
    one(
        """\
apiVersion: nvidia.com/v1alpha1
kind: DynamoGraphDeployment
metadata: {name: x}
spec:
  services:
    Frontend: {replicas: 1, extraPodSpec: {mainContainer: {image: nvcr.io/nvidia/ai-dynamo/vllm-runtime:0.5.0}}}
    Prefill:
      replicas: 2
      multinode: {nodeCount: 2}
      resources: {limits: {gpu: "4"}}
      extraPodSpec:
        mainContainer:
          image: nvcr.io/nvidia/ai-dynamo/vllm-runtime:0.5.0
          command: [python3, -m, dynamo.vllm]
          args: [--model, Qwen/Qwen3-0.6B, --tensor-parallel-size, "8"]
""",
        place="doc:0#/spec/services/Prefill",
        gpus=[(None, 4)],
        nodes=2,
        tp=8,
        engine="vllm",
        engine_version=None,
    )


def test_other_operators() -> None:
    one(
        """\
apiVersion: ome.io/v1beta1
kind: InferenceService
metadata: {name: x}
spec:
  model: {name: llama-3-3-70b-instruct}
  runtime: {name: srt-llama-3-3-70b-instruct}
  engine: {minReplicas: 1, maxReplicas: 2, runner: {resources: {limits: {nvidia.com/gpu: 4}}}}
""",
        place="doc:0#/spec/engine",
        engine="sglang",
        gpus=[(None, 4)],
        model="llama-3-3-70b-instruct",
    )
    one(
        """\
apiVersion: inference.sagemaker.aws.amazon.com/v1alpha1
kind: InferenceEndpointConfig
metadata: {name: x}
spec:
  instanceType: ml.g5.8xlarge
  replicas: 1
  worker:
    image: 763104351884.dkr.ecr.us-east-2.amazonaws.com/djl-inference:0.32.0-lmi14.0.0-cu124
    resources: {limits: {nvidia.com/gpu: 1}}
    environmentVariables: [{name: OPTION_MAX_MODEL_LEN, value: "4096"}]
""",
        engine="djl-serving",
        gpus=[("A10G", 1)],
        context=4096,
    )


FIELDS = (
    "predictor", "default", "model", "template", "prefill", "parallelism", "deploymentConfig", "services", "roles",
    "engine", "predictors", "runners", "worker", "compute", "resourceProfile", "url", "image", "resources", "spec",
)  # fmt: skip
HOSTILE = [
    "[]",
    "1",
    "x",
    "[1, [2]]",
    "{a: [b]}",
    "null",
    "{containers: 3}",
    "[{containers: [{resources: []}]}]",
]


@pytest.mark.parametrize("bad", HOSTILE)
def test_wrong_types_anywhere_are_nothing_said(bad: str) -> None:
    from gpuspec.formats.kubernetes.operators import KINDS

    for key in KINDS:
        group, _, kind = key.rpartition("/")
        for field in FIELDS:
            head = f"apiVersion: {group or 'a'}/v1\nkind: {kind}\nmetadata: {bad}\n"
            assert documents(head + f"spec: {{{field}: {bad}}}\n") is not None
        assert documents(head + f"resource: {bad}\ninference: {{preset: {bad}}}\ntuning: {bad}\n") is not None


def test_a_pod_s_model_in_what_is_run_after_its_start_and_in_a_variable() -> None:
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec:\n  containers:\n    - name: c\n"
    gpu = "      resources: {limits: {nvidia.com/gpu: 1}}\n"
    start = "      lifecycle: {postStart: {exec: {command: [sh, -c, 'ollama pull gemma2:9b']}}}\n"
    one(f"{pod}      image: ollama/ollama\n{start}{gpu}", engine="ollama", model="gemma2:9b", task="serve")
    named = "      env: [{name: STT_MODEL_NAME, value: Systran/faster-whisper-medium}]\n"
    one(f"{pod}      image: example.org/stt:1\n{named}{gpu}", engine="faster-whisper",
        model="Systran/faster-whisper-medium")  # fmt: skip
