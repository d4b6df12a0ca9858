"""`resources` of a SkyPilot task: GPUs, clouds, regions, spot, price limit, disk, image, ports, idle time."""

import re
from collections.abc import Iterable
from typing import Any

from gpuspec.catalog.clouds import CLOUDS
from gpuspec.formats.gathered import Gathered
from gpuspec.formats.skypilot.accelerators import Accelerator, accelerators, meant
from gpuspec.named_tuple import NamedTuple
from gpuspec.numerals import GB, SECONDS

OWN = frozenset({"kubernetes", "k8s", "ssh", "slurm", "local"})
"""What SkyPilot calls clouds, and are machines that one has."""
MOST_MACHINES = 200
_SIZE = re.compile(r"(\d{1,9})(?:\s*([kmgtp])[bi])?", re.I)
_TIME = re.compile(r"(\d{1,7})([mhdw])?", re.I)
_ALIASES = {"gpus": "accelerators"}


class Acceptable(NamedTuple):
    """One machine that would do: what `resources` says, with one entry of `any_of` or `ordered` on top."""

    said: dict[str, Any]
    at: dict[str, str]
    """Field → where it stands."""

    def get(self, field: str, *kinds: type) -> Any:
        """The value of a field that is of one of the kinds; None for any other."""
        value = self.said.get(field)
        wrong = isinstance(value, bool) and bool not in kinds
        return value if isinstance(value, kinds) and not wrong else None


class Resources(NamedTuple):
    """What the machines have in common, and which are tried."""

    machines: tuple[Acceptable, ...]
    ordered: bool
    """They are tried in their order; else the cheapest is taken."""


def resources_of(value: Any, at: str) -> Resources:
    """All machines that would do; one without anything where nothing is said."""
    base = _machine(value if isinstance(value, dict) else {}, at)
    for field in ("any_of", "ordered"):
        entries = base.said.pop(field, None)
        if isinstance(entries, list):
            more = [
                _machine(entry, f"{base.at[field]}/{number}")
                for number, entry in enumerate(entries[:MOST_MACHINES])
                if isinstance(entry, dict)
            ]
            if more:
                machines = (Acceptable({**base.said, **one.said}, {**base.at, **one.at}) for one in more)
                return Resources(tuple(machines), field == "ordered")
    return Resources((base,), isinstance(base.said.get("accelerators"), list))


def _machine(value: dict[str, Any], at: str) -> Acceptable:
    named = {_ALIASES.get(field, field): field for field in value if isinstance(field, str)}
    return Acceptable(
        {field: value[written] for field, written in named.items()},
        {field: f"{at}/{written}" for field, written in named.items()},
    )


def put_gpus(job: Gathered, resources: Resources) -> bool:
    """The GPUs that would do; False where none is asked for."""
    found: list[tuple[Accelerator, str]] = []
    for machine in resources.machines:
        clouds = {cloud} if (cloud := infra(machine)[0]) else set()
        value = machine.said.get("accelerators")
        at = machine.at.get("accelerators", "")
        listed = list(accelerators(value, at))
        if not listed:
            listed = list(_of_instance(machine))
        found += ((one, meant(one.name, clouds) if one.name else "") for one in listed)
    named = [(one, name) for one, name in found if name]
    seen: set[tuple[str, int | None]] = set()
    for one, name in named:
        if (name.lower(), one.gpus) not in seen:
            seen.add((name.lower(), one.gpus))
            entry = {"type": name} if one.gpus is None else {"type": name, "count": one.gpus}
            job.append("gpu_types", entry, one.at)
    if found and not named:
        first = found[0][0]
        counts = {one.gpus for one, _ in found}
        job.put("gpu_count", counts.pop() if len(counts) == 1 else None, first.at)
        memory = [one.min_vram for one, _ in found if one.min_vram is not None]
        job.put("min_vram", min(memory) if len(memory) == len(found) else None, first.at)
    return bool(found)


def _of_instance(machine: Acceptable) -> Iterable[Accelerator]:
    name = machine.get("instance_type", str)
    if not name:
        return
    from gpuspec.catalog.shipped import read_instances

    found = read_instances().called(name)
    if found is not None and found.whole:
        yield Accelerator(name, found.gpu_count, None, machine.at["instance_type"])


def infra(machine: Acceptable) -> tuple[str | None, str | None, str]:
    """(cloud, region, where) of `infra: cloud/region/zone`, or of `cloud` and `region`. "*" says nothing."""
    written = machine.get("infra", str)
    if written is None:
        cloud, region = machine.get("cloud", str), machine.get("region", str)
        return (
            _said(cloud.lower() if cloud else None),
            _said(region),
            machine.at["cloud" if cloud else "region"] if cloud or region else "",
        )
    words = [word.strip() for word in written.strip().strip("/").split("/")]
    cloud = _said(words[0].lower())
    return cloud, _said(words[1]) if len(words) > 1 and cloud not in OWN else None, machine.at["infra"]


def _said(word: str | None) -> str | None:
    return None if not word or word == "*" else word


def on_own_machines(resources: Resources) -> bool:
    """Whether it runs on Kubernetes, Slurm or machines of one's own alone: nobody's price list has those."""
    clouds = [infra(machine)[0] for machine in resources.machines]
    return all(cloud in OWN for cloud in clouds)


def put_clouds(job: Gathered, resources: Resources) -> None:
    """Clouds and regions, where each machine that would do names one."""
    found = [infra(machine) for machine in resources.machines]
    clouds = [(cloud, at) for cloud, _, at in found if cloud]
    if len(clouds) == len(found) and all(cloud in CLOUDS for cloud, _ in clouds):
        for cloud, at in dict(clouds).items():
            job.append("clouds", cloud, at)
    regions = [(region, at) for _, region, at in found if region]
    if len(regions) == len(found) and not on_own_machines(resources):
        for region, at in dict(regions).items():
            if region not in job.value.get("regions", ()):
                job.append("regions", region, at)


def put_machine(job: Gathered, resources: Resources) -> None:
    """Spot, price limit, disk, image, ports, labels."""
    spots = [
        (machine.get("use_spot", bool), machine.at.get("use_spot", "")) for machine in resources.machines
    ]
    said = {spot for spot, _ in spots}
    if said != {None}:
        at = next(at for spot, at in spots if spot is not None)
        job.put("spot", "only" if said == {True} else "allowed" if True in said else "never", at)
    first = resources.machines[0]
    _put_common(job, resources, "max_hourly_cost", "max_price", int, float)
    job.put("disk_gb", gigabytes(first.said.get("disk_size")), first.at.get("disk_size", ""))
    image, at = _image(first)
    job.put("image", image, at)
    for port, at in ports(first.said.get("ports"), first.at.get("ports", "")):
        job.append("ports", port, at)
    labels = first.get("labels", dict)
    job.put("labels", _plain(labels) or None if labels else None, first.at.get("labels", ""))
    job.put_part(
        "deployment",
        "instance_type",
        first.get("instance_type", str),
        first.at.get("instance_type", ""),
    )


def _plain(labels: dict[str, Any]) -> dict[str, Any]:
    return {name: said for name, said in labels.items() if isinstance(said, str | int | float)}


def _put_common(job: Gathered, resources: Resources, field: str, to: str, *kinds: type) -> None:
    """A field on which all machines that would do agree."""
    said = [machine.get(field, *kinds) for machine in resources.machines]
    if said and said[0] is not None and all(value == said[0] for value in said):
        job.put(to, said[0], resources.machines[0].at[field])


def _image(machine: Acceptable) -> tuple[str | None, str]:
    """The container image: `docker:NAME`. Images of machines (ami-…) are none."""
    value = machine.said.get("image_id")
    at = machine.at.get("image_id", "")
    if isinstance(value, dict):  # one for each region
        images = {image for image in value.values() if isinstance(image, str)}
        value = images.pop() if len(images) == 1 else None
    if isinstance(value, str) and value.startswith("docker:"):
        return value.removeprefix("docker:").strip() or None, at
    return None, at


def ports(value: Any, at: str) -> Iterable[tuple[int, str]]:
    """Ports of `8080`, "8080", a range "8080-8090" (its first and last), or a list of these."""
    if isinstance(value, list):
        for number, entry in enumerate(value[:100]):
            if not isinstance(entry, list):
                yield from ports(entry, f"{at}/{number}")
    elif isinstance(value, int | str) and not isinstance(value, bool):
        ends = dict.fromkeys(str(value).strip().split("-")[:2])
        yield from (
            (int(end), at) for end in ends if re.fullmatch(r"[0-9]{1,5}", end) and 0 < int(end) < 65536
        )


def gigabytes(value: Any) -> float | None:
    """`256`, "256GB", "1Ti" in GB."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    found = _SIZE.fullmatch(str(value).strip())
    return int(found[1]) * GB[(found[2] or "g").lower()] if found else None


class Autostop(NamedTuple):
    """`minutes` idle before the cluster goes; None where none are named. `given`: it goes by itself; `down`: for
    good, and its disk with it."""

    given: bool
    minutes: float | None
    at: str
    down: bool = False


def autostop(resources: Resources) -> Autostop:
    """`autostop` of any shape: `true`, `false`, minutes, "2h", {idle_minutes, down}."""
    machine = next((one for one in resources.machines if "autostop" in one.said), resources.machines[0])
    value = machine.said.get("autostop")
    at = machine.at.get("autostop", "")
    if isinstance(value, bool) or value is None:
        return Autostop(bool(value), None, at)
    if isinstance(value, dict):
        minutes, down = value.get("idle_minutes"), value.get("down") is True
        if isinstance(minutes, int) and not isinstance(minutes, bool):
            given = minutes >= 0
            return Autostop(given, minutes if given else None, f"{at}/idle_minutes", given and down)
        return Autostop(True, None, at, down)
    if isinstance(value, int):
        return Autostop(value >= 0, value if value >= 0 else None, at)
    found = _TIME.fullmatch(str(value).strip())
    if found is None:
        return Autostop(False, None, at)
    return Autostop(True, int(found[1]) * SECONDS[(found[2] or "m").lower()] / 60, at)
