"""What scales an object of the same file: HorizontalPodAutoscaler, KEDA's ScaledObject."""

from collections.abc import Iterator

from gpuspec.formats.kubernetes.at import At
from gpuspec.formats.kubernetes.draft import JobDraft
from gpuspec.formats.kubernetes.manifest import Resource


def scaled_by(draft: JobDraft) -> None:
    """Write the limits of the scaler that means the object of a job, in the place of its own number of copies.

    https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/horizontal-pod-autoscaler-v2/ (at least 1
    unless told), https://keda.sh/docs/latest/reference/scaledobject-spec/ (at least 0, at most 100, 300 s idle)."""
    resource = draft.resource
    for scaler in resource.manifest.of_kind("HorizontalPodAutoscaler", "ScaledObject"):
        target = scaler.spec.at("scaleTargetRef")
        if not _means(target, resource):
            continue
        keda = scaler.kind == "ScaledObject"
        low, high = ("minReplicaCount", "maxReplicaCount") if keda else ("minReplicas", "maxReplicas")
        least, most = scaler.spec.at(low), scaler.spec.at(high)
        idle = scaler.spec.at("idleReplicaCount")
        draft.unsay("scaling")
        draft.value.get("deployment", {}).pop("suspended", None)
        usual = 0 if keda else 1
        lowest = idle if idle.value is not None else least
        draft.scale(
            usual if lowest.value is None else lowest.whole,
            None,
            lowest if lowest.value is not None else target,
        )
        draft.scale(None, most.whole if most.value is not None else 100 if keda else None, most)
        cooldown = scaler.spec.at("cooldownPeriod").whole
        if cooldown:
            draft.say("scaling.idle_minutes", cooldown / 60, scaler.spec.at("cooldownPeriod"))
        names = list(dict.fromkeys(_triggers(scaler.spec) if keda else _metrics(scaler.spec)))
        if names:
            draft.say("deployment.scaled_by", names, scaler.at)
        return


def _means(target: At, resource: Resource) -> bool:
    return target.at("name").value == resource.name.value and target.at("kind").text in (None, resource.kind)


def _metrics(spec: At) -> Iterator[str]:
    if spec.at("targetCPUUtilizationPercentage").value is not None:
        yield "cpu"
    for metric in spec.at("metrics").elements():
        for kind in ("resource", "containerResource"):
            if metric.at(kind, "name").text:
                yield metric.at(kind, "name").text or ""
        for kind in ("pods", "object", "external"):
            if metric.at(kind, "metric", "name").text:
                yield metric.at(kind, "metric", "name").text or ""


def _triggers(spec: At) -> Iterator[str]:
    for trigger in spec.at("triggers").elements():
        name = trigger.at("metadata", "metricName").text or trigger.at("type").text
        if name:
            yield name
