"""Training operators: Kubeflow's (PyTorchJob and its like, MPIJob, TrainJob), SageMaker HyperPod's PyTorchJob."""

from collections.abc import Mapping

from gpuspec.formats.kubernetes.at import At
from gpuspec.formats.kubernetes.container import container_fields
from gpuspec.formats.kubernetes.draft import JobDraft, Reader
from gpuspec.formats.kubernetes.gpus import resources_asked
from gpuspec.formats.kubernetes.groups import group_job, role
from gpuspec.formats.kubernetes.manifest import Resource
from gpuspec.formats.kubernetes.pods import ask, of_pod
from gpuspec.formats.kubernetes.serving import model_of
from gpuspec.formats.kubernetes.workloads import deadline, retries, suspended

_SPECS = (
    "pytorchReplicaSpecs", "tfReplicaSpecs", "jaxReplicaSpecs", "paddleReplicaSpecs", "xgbReplicaSpecs",
    "mxReplicaSpecs", "replicaSpecs",
)  # fmt: skip
_FIRST = ("Master", "Chief", "Scheduler", "Coordinator")
"""Roles whose commands are the job's, where they have GPUs."""


def replica_job(resource: Resource) -> list[JobDraft]:
    """Kubeflow's kinds with a map of roles, https://www.kubeflow.org/docs/components/trainer/legacy-v1/."""
    for key in _SPECS:
        at = resource.spec.at(key)
        if at.value is None:
            continue
        members = sorted(at.members(), key=lambda member: member[0] not in _FIRST)
        roles = [role(each, each.at("replicas")) for _, each in members]
        return _trained(resource, group_job(resource, at, roles))
    return []


def mpi_job(resource: Resource) -> list[JobDraft]:
    """MPIJob: the launcher has no GPU and runs mpirun over the workers."""
    at = resource.spec.at("mpiReplicaSpecs")
    workers = [role(each, each.at("replicas")) for _, each in sorted(at.members(), key=lambda each: each[0])]
    launcher = next(at.at("Launcher", "template", "spec", "containers").elements(), None)
    return _trained(resource, group_job(resource, at, workers, leads=launcher))


def hyperpod_job(resource: Resource) -> list[JobDraft]:
    """SageMaker HyperPod's training operator: a list of roles."""
    at = resource.spec.at("replicaSpecs")
    drafts = group_job(resource, at, [role(each, each.at("replicas")) for each in at.elements()])
    for draft in _trained(resource, drafts):
        retries(draft, resource.spec.at("runPolicy", "jobMaxRetryCount"))
    return drafts


def train_job(resource: Resource) -> list[JobDraft]:
    """Kubeflow Trainer 2: a runtime of the cluster has the pod, `trainer` what is changed of it.
    https://www.kubeflow.org/docs/components/trainer/"""
    trainer = resource.spec.at("trainer")
    wanted = resources_asked(trainer.at("resourcesPerNode"))
    if wanted is None or wanted.number == 0:
        return []
    draft = JobDraft(resource, trainer)
    container_fields(draft, trainer)
    ask(draft, wanted)
    nodes = trainer.at("numNodes")
    draft.say("nodes", nodes.whole, nodes)
    for key in ("podTemplateOverrides", "podSpecOverrides"):
        for each in resource.spec.at(key).elements():
            of_pod(draft, each.at("spec"), At(None, each.place))
    model = resource.spec.at("initializer", "model", "storageUri")
    draft.say("model.id", model_of(model), model)
    return _trained(resource, [draft])


def _trained(resource: Resource, drafts: list[JobDraft]) -> list[JobDraft]:
    each = resource.spec.at("nprocPerNode")
    for draft in drafts:
        known = {"PET_NNODES": draft.value.get("nodes"), "PET_NPROC_PER_NODE": each.whole}
        draft.know({name: str(value) for name, value in known.items() if value})
        draft.say("usual_task", "train", resource.at.at("kind"))
        for policy in (resource.spec.at("runPolicy"), resource.spec):
            deadline(draft, policy)
            retries(draft, policy.at("backoffLimit"))
            suspended(draft, policy)
    return drafts


KINDS: Mapping[str, Reader] = {
    **dict.fromkeys(("PyTorchJob", "TFJob", "JAXJob", "PaddleJob", "XGBoostJob", "MXJob"), replica_job),
    "MPIJob": mpi_job,
    "HyperPodPyTorchJob": hyperpod_job,
    "TrainJob": train_job,
}
