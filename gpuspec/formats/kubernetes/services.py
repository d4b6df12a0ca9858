"""The way to a pod: who has its address, where the Services of the same file lead, and which let the world in."""

from gpuspec.formats.asked_model import asked_model
from gpuspec.formats.kubernetes.at import At
from gpuspec.formats.kubernetes.draft import JobDraft
from gpuspec.formats.kubernetes.manifest import Resource

_POD = frozenset({"localhost", "127.0.0.1", "0.0.0.0"})
_PLAIN = frozenset({"Pod", "Deployment", "StatefulSet", "ReplicaSet", "DaemonSet", "Job"})
"""Kinds whose pods have no more containers than their file says: operators add proxies of their own."""


def address(draft: JobDraft, spec: At) -> None:
    """Write whether the job's container has the pod's address for itself."""
    if draft.resource.kind not in _PLAIN:
        return
    if spec.at("hostNetwork").value is True:
        draft.say("deployment.host_network", True, spec.at("hostNetwork"))
        return
    beside = [one for one in spec.at("initContainers").elements() if one.at("restartPolicy").text == "Always"]
    for other in spec.at("containers").elements():
        given = {str(one.at("name").value): one.at("value").text for one in other.at("env").elements()}
        asked = asked_model(given)
        if asked is not None and asked.host in _POD:
            where = other.at("env").named(asked.variable).at("value")
            draft.say("deployment.model_name", asked.model, where)
    alone = len([*spec.at("containers").elements(), *beside]) == 1
    draft.say("deployment.own_address", alone, spec.at("containers"))


def lead_to(draft: JobDraft, labels: At) -> None:
    """Write which ports of a job the Services of its file lead to, and which of them from outside the cluster: those
    of a load balancer whose annotations do not speak of "internal", and that names no addresses that it lets in.

    https://kubernetes.io/docs/concepts/services-networking/service/ (read 2026-11-30)."""
    own = {name: at.value for name, at in labels.members()}
    found: list[tuple[int, str]] = []
    for service in draft.resource.manifest.of_kind("Service"):
        spec = service.spec
        wanted = {name: at.value for name, at in spec.at("selector").members()}
        if not wanted or not wanted.items() <= own.items():
            continue
        for port in spec.at("ports").elements():
            target = port.at("targetPort") if port.at("targetPort").value is not None else port.at("port")
            number = _number(draft, target)
            if number is not None:
                found.append((number, target.place))
                if _from_outside(service):
                    _let_in(draft, number, port)
    draft.say("deployment.asked_ports", found, draft.resource.at)


def _from_outside(service: Resource) -> bool:
    spec = service.spec
    annotations = service.at.at("metadata", "annotations").value
    inside = "internal" in str(annotations).lower() or bool(spec.at("loadBalancerSourceRanges").value)
    return spec.at("type").text == "LoadBalancer" and not inside


def _number(draft: JobDraft, target: At) -> int | None:
    """The port of the container that is meant, by number or by name."""
    if target.whole is not None:
        return target.whole
    named = (entry for entry in draft.value.get("ports", ()) if isinstance(entry, dict))
    return next((entry["port"] for entry in named if entry.get("description") == target.text), None)


def _let_in(draft: JobDraft, number: int, port: At) -> None:
    for at, entry in enumerate(draft.value.get("ports", ())):
        known = entry if isinstance(entry, dict) else {"port": entry}
        if number == known["port"]:
            draft.value["ports"][at] = {**known, "public": True}
            draft.places["/ports"] = draft.places[f"/ports/{at}"] = port.place
