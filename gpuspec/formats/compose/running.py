"""How a service runs: ports, health, copies, volumes."""

import math
import re
from collections.abc import Iterator
from typing import Any

from gpuspec.formats.compose.gpus import GpuRequest
from gpuspec.formats.compose.services import source_and_target
from gpuspec.formats.compose.values import ComposeValue, pairs
from gpuspec.numerals import GB, SECONDS

Parts = dict[str, tuple[Any, str]]
"""Parts of a section of the job spec: (value, place)."""
_DURATION = re.compile(r"(\d{1,12}(?:\.\d{1,9})?)(h|ms|m|s|us|µs|ns)")
_SECONDS = {**SECONDS, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,9})?)\s*([bkmgt]?)(?:i?b)?", re.I)
_BYTE = 2.0**-30
_INTERVAL, _RETRIES = 30.0, 3
"""Of a health check that does not say (docs.docker.com/reference/compose-file/services, `healthcheck`)."""
_MOST_PORTS = 20
_RESTARTS = {
    "always": "always", "unless-stopped": "always", "any": "always", "on-failure": "on-failure", "no": "never",
    "none": "never", "false": "never",
}  # fmt: skip
_LOCAL = ("127.", "localhost", "::1", "[::1]")


def ports(service: ComposeValue) -> tuple[list[dict[str, Any]], list[str]]:
    """The ports that the container listens on, and the place of each. Those of `ports` are let in from everywhere,
    unless they are bound to the machine itself; those of `expose` only other containers reach."""
    found: dict[int, tuple[bool, str]] = {}
    for entry in service.get("ports").each():
        public, numbers = _published(entry)
        for number in numbers:
            found.setdefault(number, (public, entry.pointer))
    for entry in service.get("expose").each():
        for number in _numbers(entry.fact() or ""):
            found.setdefault(number, (False, entry.pointer))
    entries = [{"port": number, "public": public} for number, (public, _) in found.items()]
    return entries, [place for _, place in found.values()]


def _published(entry: ComposeValue) -> tuple[bool, list[int]]:
    """Whether an entry of `ports` lets others in, and the container's ports: the long form, and the short one
    [[ADDRESS:]PORT:]PORT[/PROTOCOL]."""
    if entry.members is not None:
        address = entry.get("host_ip").text or ""
        protocol = entry.get("protocol").text or "tcp"
        target = entry.get("target").fact() or ""
    else:
        text, _, protocol = (entry.text or "").partition("/")
        before, _, target = text.rpartition(":")
        address = before.rpartition(":")[0]
    numbers = _numbers(target) if (protocol or "tcp") == "tcp" else []
    return not address.startswith(_LOCAL), numbers


def _numbers(text: str) -> list[int]:
    """A port, or a range of them."""
    first, _, last = text.partition("/")[0].partition("-")
    if not re.fullmatch(r"[0-9]{1,5}", first) or not re.fullmatch(r"[0-9]{0,5}", last):
        return []
    low, high = int(first), int(last or first)
    return [number for number in range(low, min(high, low + _MOST_PORTS) + 1) if 0 < number < 65536]


def readiness(service: ComposeValue) -> Parts | None:
    """`healthcheck`: the command, and how long it may fail before the container counts as unhealthy."""
    check = service.get("healthcheck")
    test = check.get("test")
    said = [one.text or "" for one in test.each()]
    if check.members is None or check.get("disable").text == "true" or said[:1] == ["NONE"]:
        return None
    found: Parts = {}
    if test.elements is not None and said[:1] == ["CMD"] and said[1:]:
        found["command"] = (said[1:], test.pointer)
    elif said:
        found["command"] = (said[-1], test.pointer)
    interval, start = seconds(check.get("interval")), seconds(check.get("start_period"))
    retries = check.get("retries")
    attempt = seconds(check.get("timeout"))
    if interval is not None:
        found["interval"] = (interval, check.get("interval").pointer)
    if attempt is not None:
        found["attempt_timeout"] = (attempt, check.get("timeout").pointer)
    given = retries.whole(1_000_000)
    tries = _RETRIES if given is None else given
    window = (start or 0.0) + (_INTERVAL if interval is None else interval) * tries
    place = next((one for one in (check.get("start_period"), retries) if one.given), check)
    found["timeout"] = (window, place.pointer)
    return found


def seconds(value: ComposeValue) -> float | None:
    """A duration: 1m30s, 500ms."""
    text = value.fact() or ""
    parts = list(_DURATION.finditer(text))
    if not parts or "".join(part[0] for part in parts) != text:
        return None
    return sum(float(part[1]) * _SECONDS[part[2]] for part in parts)


def gib(value: ComposeValue) -> float | None:
    """A size: 16g, 64mb, a number of bytes."""
    match = _SIZE.fullmatch(value.fact() or "")
    return float(match[1]) * GB.get(match[2].lower(), _BYTE) if match else None


def replicas(service: ComposeValue) -> tuple[int, str] | None:
    """How many containers of a service run, and where that stands."""
    for value in (service.get("deploy", "replicas"), service.get("scale")):
        number = value.whole(10_000)
        if number is not None:
            return number, value.pointer
    return None


def deployment(service: ComposeValue, asked: GpuRequest) -> Parts:
    """What compose says beside a job spec."""
    found: Parts = {"kind": ("service", service.pointer)}
    size, ipc = service.get("shm_size"), service.get("ipc")
    if ipc.text == "host":
        found["shm_gb"] = (math.inf, ipc.pointer)
    elif (shared := gib(size)) is not None:
        found["shm_gb"] = (shared, size.pointer)
    if (network := service.get("network_mode")).text == "host":
        found["host_network"] = (True, network.pointer)
    elif network.text in (None, "bridge"):
        found["own_address"] = (True, service.pointer)
    mounts = list(_mounts(service))
    if mounts:
        found["mounts"] = (mounts, service.get("volumes").pointer)
    found.update(_restarts(service))
    if asked.devices:
        found["gpu_devices"] = (list(asked.devices), asked.pointer)
    elif asked.counted:
        found["first_gpus"] = (True, asked.pointer)
    for at in (service.get("labels"), service.get("deploy", "labels")):
        labels = {name: value.text for name, value in pairs(at) if value.text}
        if labels:
            found["labels"] = ({**found.get("labels", ({}, ""))[0], **labels}, at.pointer)
    copies = replicas(service)
    if copies is not None and copies[0] == 0:
        found["suspended"] = (True, copies[1])
    return found


def _restarts(service: ComposeValue) -> Iterator[tuple[str, tuple[Any, str]]]:
    """`restart: on-failure:5`, and a swarm's `deploy.restart_policy`."""
    policy, own = service.get("deploy", "restart_policy", "condition"), service.get("restart")
    said = policy if policy.given else own
    word, _, times = (said.text or "").partition(":")
    if word in _RESTARTS:
        yield "restarts", (_RESTARTS[word], said.pointer)
    tries = service.get("deploy", "restart_policy", "max_attempts")
    said = tries if policy.given else own._replace(text=times)
    if (number := said.whole(1_000_000)) is not None:
        yield "retries", (number, said.pointer)


def _mounts(service: ComposeValue) -> Iterator[dict[str, Any]]:
    """Folders of the container that lie elsewhere."""
    for volume in service.get("volumes").elements or ():
        source, where = source_and_target(volume)
        if where is None:
            continue
        kind = volume.get("type").text
        named = volume.get("source").given if volume.members is not None else ":" in (volume.text or "")
        lasts = False if kind == "tmpfs" else True if named else None
        yield {"path": where, "lasts": lasts, "source": source, "pointer": volume.pointer}
    for memory in service.get("tmpfs").each():
        where = (memory.fact() or "").partition(":")[0]
        if where.startswith("/"):
            yield {"path": where, "lasts": False, "pointer": memory.pointer}
