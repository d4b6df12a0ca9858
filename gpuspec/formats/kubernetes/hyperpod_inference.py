"""SageMaker HyperPod's kinds for inference.

Fields: docs.aws.amazon.com/sagemaker (HyperPod, model deployment); November 2026."""

from gpuspec.formats.kubernetes.at import At
from gpuspec.formats.kubernetes.container import container_fields
from gpuspec.formats.kubernetes.draft import JobDraft
from gpuspec.formats.kubernetes.gpus import asked
from gpuspec.formats.kubernetes.manifest import Resource
from gpuspec.formats.kubernetes.pods import ask, of_pod
from gpuspec.formats.kubernetes.serving import FROM_TEMPLATE, model_of, on_instance, server
from gpuspec.formats.kubernetes.workloads import copies


def hyperpod_endpoint(resource: Resource) -> list[JobDraft]:
    """SageMaker HyperPod's InferenceEndpointConfig: a worker and the model it serves."""
    spec = resource.spec
    worker = spec.at("worker")
    wanted = asked(worker, spec, resource.manifest)
    draft = JobDraft(resource, worker)
    if wanted is not None:
        ask(draft, wanted)
    variables = {"image": worker.at("image").value, "args": worker.at("args").value}
    variables["command"] = worker.at("command").value
    variables["env"] = worker.at("environmentVariables").value
    container_fields(draft, At(variables, worker.place))
    of_pod(draft, spec, worker, wanted)
    on_instance(draft, spec.at("instanceType"))
    if wanted is None and "gpu_types" not in draft.value:
        return []
    source = spec.at("modelSourceConfig")
    hub = source.at("huggingFaceModel", "modelId")
    draft.say("model.id", model_of(hub), hub)
    copies(draft, spec.at("replicas"))
    draft.cannot_say.update({"readiness", "deployment.shm_gb"})
    server(draft)
    return [draft]


def jumpstart_model(resource: Resource) -> list[JobDraft]:
    """SageMaker HyperPod's JumpStartModel: a model of the hub on an instance type."""
    draft = JobDraft(resource, resource.spec)
    on_instance(draft, resource.spec.at("server", "instanceType"))
    if "gpu_types" not in draft.value:
        return []
    model = resource.spec.at("model", "modelId")
    draft.say("model.id", model.word, model)
    copies(draft, resource.spec.at("replicas"))
    draft.cannot_say.update(FROM_TEMPLATE | {"secrets"})
    server(draft)
    return [draft]
