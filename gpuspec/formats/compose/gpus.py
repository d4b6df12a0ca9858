"""How a service asks for GPUs, in every way that compose has."""

import re
from collections.abc import Iterable, Iterator, Mapping

from gpuspec.formats.compose.values import ComposeValue
from gpuspec.named_tuple import NamedTuple

_DRIVERS = ("nvidia", "amd", "cdi")
_CDI = re.compile(r"(?:nvidia|amd|intel)\.com/(?:gpu|mig\S*)=(?P<name>\S+)")
_NVIDIA = re.compile(r"/dev/nvidia(?P<number>\d+)")
_RENDER = re.compile(r"/dev/dri/renderD\d+")
_ON_DEVICE = re.compile(r"/dev/(?:nvidia(?:\d+|ctl|-uvm|-caps\S*)|kfd|dxg|nvhost\S*)")
_NONE = ("none", "void", "")
_MOST = 1024
"""GPUs of a machine: more are none that anybody has. "all" and -1 are no number."""


class GpuRequest(NamedTuple):
    """The GPUs of a service: how many, None where that depends on the machine or on a variable; where it says so; and
    which they are, where they are named one by one."""

    number: int | None
    pointer: str
    devices: tuple[str, ...] = ()
    counted: bool = False
    """Docker gives the first of the machine's GPUs, 0 on (moby daemon/nvidia_linux.go, countToDevices; 2026-11)."""


def asked_for(service: ComposeValue, env: Mapping[str, ComposeValue]) -> GpuRequest | None:
    """The GPUs that a service asks for; None where it asks for none. `env` are its variables."""
    reserved = service.get("deploy", "resources", "reservations")
    for found in (
        _requests(reserved.get("devices")),
        _requests(service.get("gpus"), are_gpus=True) or _in_words(service.get("gpus")),
        _by_runtime(service, env),
        _devices(service.get("devices")),
        _generic(reserved.get("generic_resources")),
    ):
        if found is not None:
            return found if found.number != 0 else None
    return None


def _requests(devices: ComposeValue, *, are_gpus: bool = False) -> GpuRequest | None:
    """Entries of `deploy.resources.reservations.devices`, and of the long form of `gpus`, which are all GPUs."""
    found = []
    for entry in devices.elements or ():
        said = [word for one in _flat(entry.get("capabilities")) for word in (one.text or "").split(",")]
        driver = entry.get("driver").text
        if are_gpus or "gpu" in said or driver in _DRIVERS or (driver is None and "nvidia" in said):
            found.append(_request(entry))
    if not found:
        return None
    counts = [asked.number for asked in found]
    names = tuple(name for asked in found for name in asked.devices)
    number = None if None in counts else sum(count or 0 for count in counts)
    return GpuRequest(number, found[0].pointer, names, all(asked.counted for asked in found))


def _flat(value: ComposeValue) -> Iterator[ComposeValue]:
    """The texts of a list, and of lists in it: `[[gpu]]`."""
    for one in value.each():
        yield from one.each()


def _request(entry: ComposeValue) -> GpuRequest:
    ids, count = entry.get("device_ids"), entry.get("count")
    if ids.given and ids.each():
        return _listed(ids.each(), ids.pointer)
    if count.given:
        return GpuRequest(count.whole(_MOST), count.pointer, counted=count.known)
    return GpuRequest(None, entry.pointer, counted=True)


def _listed(ids: Iterable[ComposeValue], place: str) -> GpuRequest:
    """GPUs by their names; one text may hold several: "0,1"."""
    names: list[str] = []
    for one in ids:
        if not one.known or one.text is None:
            return GpuRequest(None, place)
        names += [name.strip() for name in one.text.split(",") if name.strip()]
    bare = (match["name"] if (match := _CDI.fullmatch(name)) else name for name in names)
    devices = tuple(dict.fromkeys(bare))
    return (
        GpuRequest(None, place)
        if "all" in devices or not devices
        else GpuRequest(len(devices), place, devices)
    )


def _in_words(gpus: ComposeValue) -> GpuRequest | None:
    """`gpus: all`, `gpus: 2`, and as `docker run` has it, `gpus: device=0,1`."""
    if gpus.text is None:
        return None
    text = gpus.text.strip().strip("\"'")
    if gpus.known and text.lower() in _NONE:
        return None
    if text.startswith("device="):
        return _listed([gpus._replace(text=text.removeprefix("device=").strip("\"'"))], gpus.pointer)
    number = gpus._replace(text=text.removeprefix("count=")).whole(_MOST)
    return GpuRequest(number, gpus.pointer, counted=gpus.known)


def _by_runtime(service: ComposeValue, env: Mapping[str, ComposeValue]) -> GpuRequest | None:
    """`runtime: nvidia`, where NVIDIA_VISIBLE_DEVICES says which; without it, the image does."""
    runtime = service.get("runtime")
    if runtime.text not in ("nvidia", "nvidia-container-runtime"):
        return None
    visible = env.get("NVIDIA_VISIBLE_DEVICES")
    if visible is None or visible.text is None or not visible.known:
        return GpuRequest(None, runtime.pointer)
    if visible.text.strip().lower() in _NONE:
        return None
    return _listed([visible], visible.pointer)


def _devices(devices: ComposeValue) -> GpuRequest | None:
    """Devices of the machine: names of CDI, NVIDIA's own, AMD's."""
    texts = []
    for entry in devices.elements or ():
        said = entry if entry.members is None else entry.get("source")
        texts.append((said.text or "", entry.pointer))
    named = [(match["name"], place) for text, place in texts if (match := _CDI.fullmatch(text))]
    if named:
        names = dict.fromkeys(name for name, _ in named)
        return GpuRequest(None if "all" in names else len(names), named[0][1])
    paths = [(text.partition(":")[0].rstrip("/"), place) for text, place in texts]
    ours = [(path, place) for path, place in paths if _ON_DEVICE.fullmatch(path)]
    if not ours:
        return None
    is_amd = any(path == "/dev/kfd" for path, _ in ours)
    each = _RENDER if is_amd else _NVIDIA
    numbered = {path for path, _ in paths if each.fullmatch(path)}
    return GpuRequest(len(numbered) or None, ours[0][1])


def _generic(resources: ComposeValue) -> GpuRequest | None:
    """What a swarm is asked for: `generic_resources: [{discrete_resource_spec: {kind: NVIDIA-GPU, value: 2}}]`."""
    for entry in resources.elements or ():
        spec = entry.get("discrete_resource_spec")
        if "gpu" in (spec.get("kind").text or "").lower():
            return GpuRequest(spec.get("value").whole(_MOST), spec.pointer)
    return None
