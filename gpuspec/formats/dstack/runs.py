"""One dstack run as Documents: one, or one for each of its groups."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from gpuspec.formats.command import CommandText, container_command
from gpuspec.formats.cron import runs_per_month
from gpuspec.formats.document import Document, Format
from gpuspec.formats.dstack.resources import put_resources, range_of, whole
from gpuspec.formats.dstack.words import CLOUDS as BACKEND_CLOUDS
from gpuspec.formats.dstack.words import SPOT
from gpuspec.formats.gathered import Gathered, is_variable, joined
from gpuspec.numerals import SECONDS
from gpuspec.text import Tree
from gpuspec.text.tree import part

_DURATION = re.compile(r"(\d{1,9}) *([smhdw])?")
_SECRET = re.compile(r"\$\{\{\s*secrets\.\w+\s*\}\}")
_OWN = frozenset({"kubernetes", "remote", "ssh", "slurm", "local"})
"""Backends that are machines of one's own: nobody's price list has those."""
_MODEL = re.compile(
    r"(?:^|[\s=\"'])(?:--model(?:-path|-id|_id|-name-or-path)?[=\s]|[\w.-]{2,60}/[\w.-]{2,90}(?=$|[\s\"']))"
)
"""What names a model in a command: a flag, or a word like `org/name`."""


def documents_of(
    path: str, tree: Tree, run: Mapping[str, Any], *, place: str, head: str, shape: Format
) -> Iterator[Document]:
    """The run that stands at `place`, or its groups; without those that ask for no GPU. `head` is how its document is
    called, `shape` its format."""
    groups: list[tuple[Mapping[str, Any], str]]
    grouped, field = run.get("groups"), "groups"
    if not isinstance(grouped, list):
        grouped, field = run.get("replicas"), "replicas"
    if not isinstance(grouped, list):
        groups = [({}, "")]
    else:
        groups = [(each, f"/{field}/{n}") for n, each in enumerate(grouped[:100]) if isinstance(each, dict)]
    for group, at in groups:
        fields = _Fields(run, group, place, place + at)
        job = _gathered(tree, fields)
        if job is not None:
            called, cannot_say = f"{head}{at or '/'}", _cannot_say(job, fields)
            yield Document(path, tree, job.job(run), place + at, shape, cannot_say, called)


class _Fields:
    """What a run says, with what one of its groups says on top."""

    def __init__(self, run: Mapping[str, Any], group: Mapping[str, Any], place: str, at: str) -> None:
        self.run, self.group, self.place, self.at = run, group, place, at

    def get(self, field: str, *kinds: type) -> tuple[Any, str]:
        """A value of one of the kinds, and where it stands; None for any other."""
        inner = self.group.get(field) is not None
        value = (self.group if inner else self.run).get(field)
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            return None, ""
        return value, f"{self.at if inner else self.place}/{field}"


def _gathered(tree: Tree, fields: _Fields) -> Gathered | None:
    """What a run, or a group of one, says; None where it asks for no GPU."""
    run, group, place, at = fields.run, fields.group, fields.place, fields.at
    job = Gathered(tree, at)
    types = fields.get("instance_types", list)
    instance_types = tuple(
        (one, f"{types[1]}/{n}") for n, one in enumerate(types[0] or ()) if isinstance(one, str)
    )
    asked = group if group else run  # a group inherits no resources
    if not put_resources(job, asked.get("resources"), f"{at}/resources", instance_types):
        return None
    if len(instance_types) == 1:
        job.put_part("deployment", "instance_type", *instance_types[0])
    kind = run["type"]
    job.put_part("deployment", "kind", kind, f"{place}/type")
    if kind != "task":
        job.put("task", "serve" if kind == "service" else "interactive", f"{place}/type")
    _put_plain(job, fields)
    _put_schedule(job, fields)
    _put_lists(job, fields)
    _put_environment(job, fields)
    if "groups" not in run:
        job.value["launcher_env"] = {"DSTACK_NODES_NUM": str(job.value.get("nodes", 1))}
    _put_commands(job, fields, kind)
    _put_model(job, fields)
    _put_mounts(job, fields)
    if kind == "service":
        _put_service(job, fields, group)
    if kind == "task":  # its container goes with it, the machine minutes later
        job.put_part("deployment", "disk_goes", True, f"{place}/type")
    return job


def _put_plain(job: Gathered, fields: _Fields) -> None:
    for field, to, kinds in (
        ("name", "name", (str,)),
        ("nodes", "nodes", (int,)),
        ("image", "image", (str,)),
        ("max_price", "max_price", (int, float)),
    ):
        value, at = fields.get(field, *kinds)
        job.put(to, value, at)
    spot, at = fields.get("spot_policy", str)
    job.put("spot", SPOT.get(spot), at)
    limit, at = fields.get("max_duration", int, str)
    seconds = duration(limit)
    job.put_part("budget", "max_hours", seconds / 3600 if seconds else None, at)
    idle, at = fields.get(
        "inactivity_duration" if fields.run["type"] == "dev-environment" else "idle_duration", int, str
    )
    seconds = duration(idle)
    job.put("keep_alive_minutes", None if seconds is None else seconds / 60, at)
    _put_least_use(job, fields)


def _put_least_use(job: Gathered, fields: _Fields) -> None:
    """dstack ends a run of which one GPU is below that during the whole window; here it is the mean of all."""
    policy, at = fields.get("utilization_policy", dict)
    share, minutes = (policy or {}).get("min_gpu_utilization"), duration((policy or {}).get("time_window"))
    sound = isinstance(share, int | float) and not isinstance(share, bool) and 0 < share <= 100
    if sound and minutes and minutes <= 86400:
        job.put_part("min_utilization", "gpu", share, f"{at}/min_gpu_utilization")
        job.put_part("min_utilization", "minutes", minutes / 60, f"{at}/time_window")
        job.put_part("min_utilization", "then", "end", at)


def _put_schedule(job: Gathered, fields: _Fields) -> None:
    """Its lines of cron, and its tags (dstack 0.22.5, core/models/profiles.py and utils/cron.py, read 2026-11-30)."""
    schedule, at = fields.get("schedule", dict)
    given = schedule.get("cron") if schedule else None
    lines = given if isinstance(given, list) else [given]
    runs = [runs_per_month(line, both_days=True) for line in lines if isinstance(line, str)]
    if runs and all(runs):
        job.put_part("schedule", "runs_per_month", sum(each or 0.0 for each in runs), at)
    tags, at = fields.get("tags", dict)
    labels = {
        name: said for name, said in (tags or {}).items() if isinstance(name, str) and isinstance(said, str)
    }
    job.put_part("deployment", "labels", labels or None, at)


def _put_lists(job: Gathered, fields: _Fields) -> None:
    """Backends, regions, ports."""
    from gpuspec.catalog.clouds import CLOUDS

    names, at = fields.get("backends", list)
    clouds = [BACKEND_CLOUDS.get(name, name) for name in names or () if isinstance(name, str)]
    if clouds and all(name in CLOUDS for name in clouds):
        for number, name in enumerate(clouds):
            job.append("clouds", name, f"{at}/{number}")
    regions, at = fields.get("regions", list)
    for number, region in enumerate(regions or ()):
        if isinstance(region, str):
            job.append("regions", region, f"{at}/{number}")
    ports, at = fields.get("ports", list)
    for number, port in enumerate(ports or ()):
        _put_port(job, port, f"{at}/{number}")
    port, at = fields.get("port", int, str)
    _put_port(job, port, at)


def _put_port(job: Gathered, port: Any, at: str) -> None:
    """`8000`, "80:8000" (the second is the container's), "*:8000"."""
    written = str(port).rpartition(":")[2]
    if not isinstance(port, bool) and re.fullmatch(r"[0-9]{1,5}", written) and 0 < int(written) < 65536:
        job.append("ports", int(written), at)


def _put_environment(job: Gathered, fields: _Fields) -> None:
    """`env` as a list of NAME=VALUE or as a map. A name alone is passed on from where the run is applied."""
    for owner, place in ((fields.run, fields.place), (fields.group, fields.at)):
        given = owner.get("env")
        entries: list[tuple[str, Any, str]] = []
        if isinstance(given, dict):
            entries = [(name, value, f"{place}/env/{part(name)}") for name, value in given.items()]
        elif isinstance(given, list):
            for number, entry in enumerate(given):
                if isinstance(entry, str):
                    name, equals, value = entry.partition("=")
                    entries.append((name.strip(), value if equals else None, f"{place}/env/{number}"))
        for name, value, at in entries:
            if not is_variable(name):
                continue
            if value is None or (isinstance(value, str) and _SECRET.search(value)):
                job.append("secrets", name, at)
            elif isinstance(value, str | int | float):
                job.put_part("env", name, value, at)


def _put_commands(job: Gathered, fields: _Fields, kind: str) -> None:
    """`commands`, one after the other; of a dev environment `init`. Without commands the image's own run, after
    `entrypoint` where one is given."""
    lines, at = fields.get("init" if kind == "dev-environment" else "commands", list)
    written = [(line, f"{at}/{n}") for n, line in enumerate(lines or ()) if isinstance(line, str)]
    if written:
        job.put_commands("run", joined(job.tree, written), at)
        return
    if kind == "dev-environment":
        return
    image, image_at = fields.get("image", str)
    entrypoint, entry_at = fields.get("entrypoint", str)
    if entrypoint:
        job.put_commands("run", joined(job.tree, [(entrypoint, entry_at)]), entry_at)
    elif image:
        started: CommandText = container_command(job.tree, image, None, None, place=image_at)
        job.put_commands("run", started, image_at)


def _put_model(job: Gathered, fields: _Fields) -> None:
    """`model` is the name under which dstack's endpoint offers the model. It is the model itself where neither the
    commands nor the environment name one, and it is called as on the hub."""
    value, at = fields.get("model", str, dict)
    name, where = (value, at) if isinstance(value, str) else ((value or {}).get("name"), f"{at}/name")
    if not isinstance(name, str) or not name:
        return
    job.put_part("deployment", "model_name", name, where)
    texts = [job.value.get("run", ""), *map(str, job.value.get("env", {}).values())]
    if "/" in name and not any(_MODEL.search(text) or name in text for text in texts):
        job.put_part("model", "id", name, where)


def _put_mounts(job: Gathered, fields: _Fields) -> None:
    """Network volumes outlive the machine; folders of the instance go with it."""
    volumes, at = fields.get("volumes", list)
    mounts: list[dict[str, Any]] = []
    for volume in volumes or ():
        if isinstance(volume, str):
            source, _, path = volume.partition(":")
            lasts = None if source.startswith("/") else True
            mounts.append({"path": path or source, "lasts": lasts, "source": source})
        elif isinstance(volume, dict) and isinstance(volume.get("path"), str):
            name = volume.get("name")
            at_home = name if isinstance(name, str) else volume.get("instance_path")
            mounts.append(
                {
                    "path": volume["path"],
                    "lasts": True if isinstance(name, str | list) else None,
                    "source": at_home if isinstance(at_home, str) else None,
                }
            )
    job.put_part("deployment", "mounts", mounts or None, at)


def _put_service(job: Gathered, fields: _Fields, group: Mapping[str, Any]) -> None:
    """Replicas (one unless said otherwise) and probes."""
    owner, at = (group, fields.at) if group else (fields.run, fields.place)
    field = "replicas" if "replicas" in owner else "count"
    found = range_of(owner.get(field), whole)
    if found is not None:
        job.put_part("scaling", "min", int(found.least or 0), f"{at}/{field}")
        job.put_part("scaling", "max", int(found.most) if found.most else None, f"{at}/{field}")
    probes, at = fields.get("probes", list)
    first = next((one for one in probes or () if isinstance(one, dict)), None)
    if first is None:
        return
    port = next(iter(job.value.get("ports", ())), 80)
    url = first.get("url")
    path = url if isinstance(url, str) else "/"
    job.put(
        "readiness", {"http": f"http://localhost:{port}/{path.lstrip('/')}"}, f"{at}/{probes.index(first)}"
    )
    for name, to in (("interval", "interval"), ("timeout", "attempt_timeout")):
        job.put_part("readiness", to, duration(first.get(name)), f"{at}/{probes.index(first)}/{name}")


def _cannot_say(job: Gathered, fields: _Fields) -> frozenset[str]:
    """What a run of this kind need not say: an idle machine goes by itself, a service has no end, and a dev
    environment ends either way."""
    found, kind = {"keep_alive_minutes"}, fields.run["type"]
    if kind != "service":
        found |= {"readiness", "scaling"}
    elif "model" in fields.run:  # then dstack asks the model itself whether it is up
        found |= {"readiness", "budget.max_hours"}
    else:
        found.add("budget.max_hours")
    if kind == "dev-environment" and not {"budget", "keep_alive_minutes"} & job.value.keys():
        found.discard("keep_alive_minutes")
    if kind == "dev-environment":
        found.add("budget.max_hours")
    backends, _ = fields.get("backends", list)
    if backends and all(name in _OWN for name in backends if isinstance(name, str)):
        found |= {"clouds", "regions", "spot"}
    return frozenset(found)


def duration(value: Any) -> float | None:
    """`90`, "30m", "2h", "1d" in seconds; None for `off`."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    found = _DURATION.fullmatch(str(value).strip())
    return float(int(found[1]) * SECONDS[found[2] or "s"]) if found else None
