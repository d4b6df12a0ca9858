"""Services of the same file that let the world in to a pod."""

from gpuspec.formats.kubernetes.at import At
from gpuspec.formats.kubernetes.draft import JobDraft


def let_in(draft: JobDraft, labels: At) -> None:
    """Mark the ports of a job that a load balancer leads to from outside the cluster. One whose annotations speak of
    "internal", or that names the addresses it lets in, does not.

    https://kubernetes.io/docs/concepts/services-networking/service/ (read 2026-11-30)."""
    ports = draft.value.get("ports")
    own = {name: at.value for name, at in labels.members()}
    if not ports or not own:
        return
    for service in draft.resource.manifest.of_kind("Service"):
        spec = service.spec
        wanted = {name: at.value for name, at in spec.at("selector").members()}
        if spec.at("type").text != "LoadBalancer" or not wanted or not wanted.items() <= own.items():
            continue
        annotations = service.at.at("metadata", "annotations").value
        if "internal" in str(annotations).lower() or spec.at("loadBalancerSourceRanges").value:
            continue
        for port in spec.at("ports").elements():
            target = port.at("targetPort")
            _mark(draft, target if target.value is not None else port.at("port"), port)


def _mark(draft: JobDraft, target: At, port: At) -> None:
    """Mark the port of the container that a Service's port leads to, by number or by name."""
    for number, entry in enumerate(draft.value["ports"]):
        known = entry if isinstance(entry, dict) else {"port": entry}
        if target.whole == known["port"] or (target.text and target.text == known.get("description")):
            draft.value["ports"][number] = {**known, "public": True}
            draft.places["/ports"] = draft.places[f"/ports/{number}"] = port.place
