"""How many GPUs a container asks for."""

import re

from gpuspec.formats.kubernetes.at import At
from gpuspec.formats.kubernetes.manifest import Manifest
from gpuspec.named_tuple import NamedTuple

_WHOLE = re.compile(
    r"(?:nvidia\.com/(?:gpu|pgpu)|amd\.com/gpu|gpu\.intel\.com/(?:i915|xe)|habana\.ai/gaudi\w*"
    r"|nvidia\.com/(?:gpu\.shared|[A-Z][A-Za-z0-9_]+))"
)
"""Resources that are GPUs: device plugins of NVIDIA (KubeVirt's and time-slicing's among them), AMD, Intel."""
_SLICE = re.compile(r"nvidia\.com/mig-(\d+)c?\.(?:\d+c?\.)?(\d+)gb(?:\.\w+)*|nvidia\.com/mig-(\d+)g\.(\d+)gb")
MOST_GPUS = 1024
"""Of one machine, in the job spec."""
_DEVICE_CLASS = re.compile(r"(?:^|[.-])(?:gpu|mig)s?(?:[.-]|$)")


class GpusAsked(NamedTuple):
    """The GPUs that a container asks for. `number` is None where the file does not say how many; `slice_gb` is the
    memory of each where they are slices (MIG) of a GPU."""

    number: int | None
    at: At
    slice_gb: int | None = None
    requests: int | None = None
    limits: int | None = None
    shared: bool = False
    """One of several shares in time of the same GPU."""
    by_runtime: bool = False
    """The container runtime shows it the GPUs of its node; the scheduler is not asked for any."""


def asked(container: At, spec: At, manifest: Manifest) -> GpusAsked | None:
    """What a container of a pod asks for; None where that is no GPU. `spec` is the pod's."""
    by_resources = resources_asked(container.at("resources"))
    if by_resources is not None:
        return by_resources if by_resources.number != 0 else None
    return _claimed(container, spec, manifest)


def resources_asked(resources: At) -> GpusAsked | None:
    """The GPUs of a map of limits and requests; None where it speaks of none."""
    found: dict[str, tuple[str, At]] = {}
    for side in ("limits", "requests"):
        for name, at in resources.at(side).members():
            if is_gpu(name) and side not in found and at.value is not None:
                found[side] = (name.strip(), at)
    if not found:
        return None
    name, at = found.get("limits") or found["requests"]
    numbers = {side: each.whole for side, (_, each) in found.items()}
    return GpusAsked(
        at.whole if (at.whole or 0) <= MOST_GPUS else None,
        at,
        slice_gb(name.partition("/")[2]) if "/mig-" in name else None,
        numbers.get("requests"),
        numbers.get("limits"),
        name.endswith(".shared"),
    )


def is_gpu(name: str) -> bool:
    """Whether a resource is a GPU, or a slice of one."""
    name = name.strip()
    return bool(_WHOLE.fullmatch(name)) or (name.startswith("nvidia.com/mig-") and "gb" in name)


def slice_gb(profile: str) -> int | None:
    """The memory of a MIG profile: 24 of "mig-1g.24gb" and "1g.24gb+me"."""
    found = re.search(r"\.(\d{1,3})gb", profile)
    return int(found[1]) if found else None


def _claimed(container: At, spec: At, manifest: Manifest) -> GpusAsked | None:
    """GPUs that are claimed through dynamic resource allocation."""
    for claim in container.at("resources", "claims").elements():
        name = claim.at("name")
        source = spec.at("resourceClaims").named(name.text or "")
        template = (
            source.at("resourceClaimTemplateName").text
            or source.at("source", "resourceClaimTemplateName").text
        )
        direct = source.at("resourceClaimName").text
        found = manifest.find("ResourceClaimTemplate", template) or manifest.find("ResourceClaim", direct)
        if found is not None:
            inner = found.spec.at("spec") if found.kind == "ResourceClaimTemplate" else found.spec
            asked = _devices(inner.at("devices", "requests"), claim)
            if asked is not None:
                return asked
        elif "gpu" in f"{name.text} {template} {direct}".lower():
            return GpusAsked(None, claim)
    return None


def _devices(requests: At, claim: At) -> GpusAsked | None:
    """The GPUs of one claim. https://kubernetes.io/docs/concepts/scheduling-eviction/dynamic-resource-allocation/"""
    total: int | None = 0
    some = False
    for request in requests.elements():
        exact = request.at("exactly") if request.at("exactly").value is not None else request
        first = next(request.at("firstAvailable").elements(), None)
        exact = first if first is not None else exact
        if not _DEVICE_CLASS.search(exact.at("deviceClassName").text or ""):
            continue
        some = True
        count = exact.at("count").whole if exact.at("count").value is not None else 1
        if exact.at("allocationMode").text == "All":
            count = None
        total = None if total is None or count is None else total + count
    return GpusAsked(total, claim) if some else None
