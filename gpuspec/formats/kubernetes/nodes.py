"""Which machines a pod may run on: GPU, cloud, region and spot, from selectors and affinities.

The labels are those of GKE, Cloud Run, EKS, AKS, DigitalOcean, OCI, Alibaba, of Karpenter on AWS, Azure and GCP, and
of NVIDIA's and AMD's GPU operators, as real manifests have them; November 2026."""

import re
from collections.abc import Iterator

from gpuspec.catalog.gpu_names import is_gpu_name
from gpuspec.catalog.instance import Instance
from gpuspec.catalog.shipped import read_instances
from gpuspec.formats.kubernetes.at import At
from gpuspec.formats.kubernetes.draft import JobDraft
from gpuspec.formats.kubernetes.gpus import slice_gb
from gpuspec.named_tuple import NamedTuple


class Wish(NamedTuple):
    """A label that a node must have, and the values of which it has one. `no`: it has none of these. `firm` is False
    where it is only preferred."""

    key: str
    values: tuple[At, ...]
    at: At
    no: bool = False
    firm: bool = True
    above: bool = False
    """Its value is a number above this."""


def wishes(spec: At) -> Iterator[Wish]:
    """What a pod says of its node's labels, that of its selector first."""
    for key, at in spec.at("nodeSelector").members():
        yield Wish(key, (at,), at)
    affinity = spec.at("affinity", "nodeAffinity")
    required = affinity.at("requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms")
    for term in required.elements():
        yield from _expressions(term, firm=True)
    for choice in affinity.at("preferredDuringSchedulingIgnoredDuringExecution").elements():
        yield from _expressions(choice.at("preference"), firm=False)


def _expressions(term: At, *, firm: bool) -> Iterator[Wish]:
    for expression in term.at("matchExpressions").elements():
        key, operator = expression.at("key").text, expression.at("operator").text
        values = tuple(expression.at("values").elements())
        if key and operator in ("In", "NotIn", "Gt"):
            no, above = operator == "NotIn", operator == "Gt"
            yield Wish(key, values, expression, no=no, firm=firm, above=above)


_CLOUD_OF_LABEL = (
    ("cloud.google.com/", "gcp"), ("run.googleapis.com/", "gcp"), ("topology.gke.io/", "gcp"),
    ("karpenter.k8s.gcp/", "gcp"),
    ("eks.amazonaws.com/", "aws"), ("karpenter.k8s.aws/", "aws"), ("alpha.eksctl.io/", "aws"),
    ("sagemaker.amazonaws.com/", "aws"),
    ("kubernetes.azure.com/", "azure"), ("karpenter.azure.com/", "azure"),
    ("doks.digitalocean.com/", "do"), ("oci.oraclecloud.com/", "oci"),
)  # fmt: skip
"""Beginnings of labels that one cloud alone puts on nodes."""
GPU_NAMES = (
    "cloud.google.com/gke-accelerator",
    "run.googleapis.com/accelerator",
    "nvidia.com/gpu.product",
    "amd.com/gpu.product-name",
    "karpenter.k8s.aws/instance-gpu-name",
    "eks.amazonaws.com/instance-gpu-name",
    "karpenter.azure.com/sku-gpu-name",
    "karpenter.k8s.gcp/instance-gpu-name",
    "gpu.nvidia.com/class",
    "gpu.nvidia.com/model",
    "aliyun.accelerator/nvidia_name",
    "doks.digitalocean.com/gpu-model",
)
"""Labels whose value is a GPU."""
_INSTANCES = (
    "node.kubernetes.io/instance-type",
    "beta.kubernetes.io/instance-type",
    "karpenter.azure.com/sku-name",
    "karpenter.k8s.aws/instance-family",
    "eks.amazonaws.com/instance-family",
    "sagemaker.amazonaws.com/compute-type",
)
_SPOT = {
    "cloud.google.com/gke-spot": "true",
    "cloud.google.com/gke-preemptible": "true",
    "cloud.google.com/gke-provisioning": "spot",
    "karpenter.sh/capacity-type": "spot",
    "eks.amazonaws.com/capacitytype": "spot",
    "kubernetes.azure.com/scalesetpriority": "spot",
    "node.kubernetes.io/lifecycle": "spot",
    "lifecycle": "spot",
}
"""Labels, and taints, of spot nodes."""
_REGIONS = ("topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/region")
_MEMORY = (
    "nvidia.com/gpu.memory",
    "karpenter.k8s.aws/instance-gpu-memory",
    "eks.amazonaws.com/instance-gpu-memory",
)
"""Labels whose value is the memory of one GPU, MiB."""
_SHARED = re.compile(r"-SHARED$", re.I)
_SLICE = re.compile(r"-MIG-[\w.+-]+$", re.I)
_OWN = re.compile(
    r"(?:gpu|accelerator)s?(?:$|[-_.]?(?:type|name|model|product|class|kind)$)|^(?:gpu|accelerator)$"
)
"""Ends of labels that people give their nodes themselves, such as "accelerator" and "example.org/gpu-type"."""


def nodes(draft: JobDraft, spec: At, *, sliced: bool = False) -> None:
    """Write what a pod says of its node into a job. `sliced`: it asks for slices, of which the GPU's name says
    nothing. Labels that say the same are taken once: a GPU's own before an instance type before one that people
    give."""
    named: dict[str, At] = {}
    machines: dict[str, At] = {}
    own: dict[str, At] = {}
    for wish in wishes(spec):
        _cloud(draft, wish)
        if wish.no or not wish.firm:
            continue
        key, words = wish.key, [(at.word, at) for at in wish.values if at.word]
        if wish.above:
            if key in _MEMORY and words and (mib := words[0][1].whole):
                draft.say("min_vram", round(mib / 1024, 1), words[0][1])
        elif key in GPU_NAMES:
            for word, at in words:
                if _SLICE.search(word):
                    draft.say("min_vram", slice_gb(word), at)
                else:
                    named.setdefault(gpu_name(word), at)
        elif key in _INSTANCES:
            machines.update(_instances(draft, wish))
        elif key in _REGIONS:
            for word, at in words:
                draft.add("regions", word, at)
        elif _OWN.search(key.rpartition("/")[2].lower()):
            own.update((gpu_name(word), at) for word, at in words if is_gpu_name(word))
    if not sliced:
        for name, at in (named or machines or own).items():
            draft.gpu(name, at)
    _spot(draft, spec)


def gpu_name(value: str) -> str:
    """The GPU of a label's value: "NVIDIA-A100-SXM4-80GB-SHARED" is one that is shared in time."""
    return _SHARED.sub("", value).replace("_", " ")


def _cloud(draft: JobDraft, wish: Wish) -> None:
    for start, name in _CLOUD_OF_LABEL:
        if wish.key.startswith(start) and not wish.no:
            one_cloud(draft, name, wish.at)


def one_cloud(draft: JobDraft, name: str, at: At) -> None:
    """Note the cloud of a node."""
    if name not in draft.value.get("clouds", ()):
        draft.add("clouds", name, at)


def instance_at(draft: JobDraft, at: At) -> Instance | None:
    """Note the machine that a manifest names by its cloud's type, and the cloud; None where the type is unknown."""
    written = at.word
    if written is None:
        return None
    if "deployment.instance_type" not in draft.value:
        draft.say("deployment.instance_type", written, at)
    instance = read_instances().called(written)
    if instance is not None and instance.cloud:
        one_cloud(draft, instance.cloud, at)
    return instance


def _instances(draft: JobDraft, wish: Wish) -> Iterator[tuple[str, At]]:
    for at in wish.values:
        instance = instance_at(draft, at)
        if instance is not None and instance.gpu:
            yield instance.gpu, at


def _spot(draft: JobDraft, spec: At) -> None:
    wanted: dict[str, At] = {}
    for wish in wishes(spec):
        spot = _SPOT.get(wish.key.lower(), _SPOT.get(wish.key))
        if spot is None:
            continue
        said = {at.word.lower() for at in wish.values if at.word}
        if not said:
            continue
        if wish.no:
            verdict = "never" if spot in said else ""
        elif not wish.firm:
            verdict = "allowed" if spot in said else ""
        else:
            verdict = "only" if said == {spot} else "allowed" if spot in said else "never"
        if verdict:
            wanted.setdefault(verdict, wish.at)
    for toleration in spec.at("tolerations").elements():
        key = (toleration.at("key").text or "").lower()
        value = (toleration.at("value").word or _SPOT.get(key, "")).lower()
        if key in _SPOT and value == _SPOT[key]:
            wanted.setdefault("allowed", toleration)
    for verdict in ("never", "only", "allowed"):
        if verdict in wanted:
            draft.say("spot", verdict, wanted[verdict])
            return
