"""How Kubernetes tells that a container is up, and when it gives one up."""

from typing import Any

from gpuspec.formats.kubernetes.at import At
from gpuspec.formats.kubernetes.draft import JobDraft

_PROBES = ("readinessProbe", "startupProbe")


def probes(draft: JobDraft, container: At) -> None:
    """Write the probes of a container into its job. A connection to a port is a probe that the job has, and no field
    of the Job has room for."""
    for name in ("startupProbe", "livenessProbe"):
        probe = container.at(name)
        if isinstance(probe.value, dict):
            draft.say(f"deployment.{name[:-5]}_seconds", given_up_after(probe), probe)
    for name in _PROBES:
        probe = container.at(name)
        asked = _asked(probe, container)
        if asked is not None:
            key, value, at = asked
            draft.say(f"readiness.{key}", value, at)
            _times(draft, probe, container)
            return
    if any(isinstance(container.at(name).value, dict) for name in _PROBES):
        draft.cannot_say.add("readiness")


def given_up_after(probe: At) -> float:
    """Seconds after its start at which a container that never answers is killed. Defaults of Kubernetes: every 10 s,
    three failures."""
    first, every, failures = (
        probe.at(key).whole if probe.at(key).whole is not None else usual
        for key, usual in (("initialDelaySeconds", 0), ("periodSeconds", 10), ("failureThreshold", 3))
    )
    return float((first or 0) + (every or 10) * (failures or 1))


def _asked(probe: At, container: At) -> tuple[str, Any, At] | None:
    http = probe.at("httpGet")
    if isinstance(http.value, dict):
        port = _port(http.at("port"), container)
        if port is None:
            return None
        path = http.at("path").text or "/"
        scheme = (http.at("scheme").text or "HTTP").lower()
        if scheme not in ("http", "https"):
            return None
        return "http", f"{scheme}://localhost:{port}/{path.lstrip('/')}", http
    words = [each.value for each in probe.at("exec", "command").elements() if isinstance(each.value, str)]
    return ("command", words, probe.at("exec", "command")) if words else None


def _port(at: At, container: At) -> int | None:
    """The number of a port, or of the one that has this name."""
    if at.whole is not None:
        return at.whole
    return container.at("ports").named(at.text or "").at("containerPort").whole


def _times(draft: JobDraft, probe: At, container: At) -> None:
    """A server has as long to come up as the first probe allows that kills it."""
    for field, key in (("interval", "periodSeconds"), ("attempt_timeout", "timeoutSeconds")):
        seconds = probe.at(key).whole
        if seconds:
            draft.say(f"readiness.{field}", seconds, probe.at(key))
    for name in ("startupProbe", "livenessProbe"):
        other = container.at(name)
        if isinstance(other.value, dict):
            draft.say("readiness.timeout", given_up_after(other), other)
            return
