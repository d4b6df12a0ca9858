"""One SkyPilot task as a Document."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from gpuspec.formats.command import of_scalar
from gpuspec.formats.document import Document, Format
from gpuspec.formats.gathered import Gathered, is_variable
from gpuspec.formats.skypilot.resources import (
    Resources,
    autostop,
    on_own_machines,
    put_clouds,
    put_gpus,
    put_machine,
    resources_of,
)
from gpuspec.text import Tree
from gpuspec.text.tree import part

_VARIABLE = re.compile(r"\$\{(\w+)\}|\$(\w+)")
_BUCKETS = re.compile(r"[a-z0-9]{1,12}://")


def document_of(
    path: str,
    tree: Tree,
    task: Mapping[str, Any],
    *,
    place: str,
    called: str,
    alone: bool,
    shapes: tuple[Format, Format],
) -> Document | None:
    """The task that stands at `place`; None where it asks for no GPU. `alone`: no chain; `shapes`: the format
    of tasks of which the cheapest machine is taken, and of those whose machines are tried in their order."""
    resources = resources_of(task.get("resources"), f"{place}/resources")
    job = Gathered(tree, place)
    if not put_gpus(job, resources):
        return None
    put_clouds(job, resources)
    put_machine(job, resources)
    _put_plain(job, task, place)
    _put_variables(job, task, place)
    job.value["launcher_env"] = {"SKYPILOT_NUM_NODES": str(job.value.get("nodes", 1))}
    _put_commands(job, task, place)
    served = _put_service(job, task, place)
    _put_mounts(job, task, place)
    managed = served or not alone or _recovers(job, resources)
    stop = autostop(resources)
    job.put("keep_alive_minutes", stop.minutes, stop.at)
    if managed or stop.down:
        job.put_part("deployment", "disk_goes", True, stop.at or place)
    cannot_say = set() if served else {"readiness", "scaling"}
    if managed or stop.given:
        cannot_say.add("keep_alive_minutes")
    if on_own_machines(resources):
        cannot_say |= {"clouds", "keep_alive_minutes", "regions", "spot"}
    return Document(
        path, tree, job.job(task), place, shapes[resources.ordered], frozenset(cannot_say), called
    )


def _put_plain(job: Gathered, task: Mapping[str, Any], place: str) -> None:
    for field, to, kind in (("name", "name", str), ("num_nodes", "nodes", int), ("workdir", "workdir", str)):
        value = task.get(field)
        if isinstance(value, kind) and not isinstance(value, bool):
            job.put(to, value, f"{place}/{field}")


def _put_variables(job: Gathered, task: Mapping[str, Any], place: str) -> None:
    """`envs`, and the names of secrets. A variable without a value is given on the command line, like a secret."""
    variables = task.get("envs")
    given: dict[str, Any] = {}
    secrets: dict[str, str] = {}
    for name, value in variables.items() if isinstance(variables, dict) else ():
        at = f"{place}/envs/{part(name)}"
        if value is None:
            secrets.setdefault(name, at)
        elif isinstance(value, str | int | float):
            given[name] = value
    job.put("env", given or None, f"{place}/envs")
    for field in ("secrets", "managed_secrets"):
        for name, at in _names(task.get(field), f"{place}/{field}"):
            secrets.setdefault(
                name.removeprefix("secrets:").rpartition("/")[2], at
            )  # of a user or a workspace
    for name, at in secrets.items():
        if is_variable(name):
            job.append("secrets", name, at)


def _names(value: Any, at: str) -> Iterable[tuple[str, str]]:
    if isinstance(value, dict):
        yield from ((name, f"{at}/{part(name)}") for name in value)
    elif isinstance(value, list):
        for number, entry in enumerate(value):
            if isinstance(entry, dict):
                yield from _names(entry, f"{at}/{number}")
            elif isinstance(entry, str):
                yield entry, f"{at}/{number}"


def _put_commands(job: Gathered, task: Mapping[str, Any], place: str) -> None:
    for field in ("setup", "run"):
        value = task.get(field)
        if isinstance(value, str):
            at = f"{place}/{field}"
            job.put_commands(field, of_scalar(job.tree, value, at), at)


def _put_service(job: Gathered, task: Mapping[str, Any], place: str) -> bool:
    """Replicas and readiness of `service`, workers of `pool`; whether there is one of them."""
    service = task.get("service")
    pool, at = task.get("pool"), f"{place}/pool"
    if isinstance(service, dict) and isinstance(service.get("pool"), dict):
        pool, at = service["pool"], f"{place}/service/pool"
    if isinstance(pool, dict):
        job.put_part("deployment", "kind", "pool", at)
        job.put_part("deployment", "stands", True, at)
        workers = _whole(pool.get("workers"))
        least = _whole(pool.get("min_workers"))
        most = _whole(pool.get("max_workers"))
        _put_replicas(job, workers if least is None else least, workers if most is None else most, at)
        return True
    if not isinstance(service, dict):
        job.put_part("deployment", "kind", "task", place)
        job.put_part("deployment", "own_address", True, place)
        if not task.get("run"):  # a cluster to log in to
            job.put("usual_task", "interactive", place)
        return False
    at = f"{place}/service"
    job.put_part("deployment", "kind", "service", at)
    job.put_part("deployment", "own_address", True, at)
    job.put("task", "serve", at)
    policy = service.get("replica_policy")
    if isinstance(policy, dict):
        least = _whole(policy.get("min_replicas"))
        most = _whole(policy.get("max_replicas"))
        _put_replicas(job, least, least if most is None else most, f"{at}/replica_policy")
    else:
        count = _whole(service.get("replicas"))
        _put_replicas(job, count, count, f"{at}/replicas")
    _put_port(job, service, at)
    _put_readiness(job, service.get("readiness_probe"), f"{at}/readiness_probe")
    return True


def _put_replicas(job: Gathered, least: int | None, most: int | None, at: str) -> None:
    job.put_part("scaling", "min", least, at)
    job.put_part("scaling", "max", most or None, at)


def _put_port(job: Gathered, service: Mapping[str, Any], at: str) -> None:
    for field in ("ports", "port"):  # `port` in releases before 0.6
        port = _whole(service.get(field))
        if port is not None and port not in job.value.get("ports", ()):
            job.append("ports", port, f"{at}/{field}")


def _put_readiness(job: Gathered, probe: Any, at: str) -> None:
    """Seconds until the first answer is `initial_delay_seconds`: replicas that have not answered by then are
    replaced."""
    said = probe if isinstance(probe, dict) else {"path": probe}
    path = said.get("path")
    if not isinstance(path, str) or not path:
        return
    port = next(iter(job.value.get("ports", ())), 8080)
    job.put("readiness", {"http": f"http://localhost:{port}/{filled(job, path).lstrip('/')}"}, at)
    for field, to in (
        ("initial_delay_seconds", "timeout"),
        ("endpoint_probe_interval_seconds", "interval"),
        ("timeout_seconds", "attempt_timeout"),
    ):
        seconds = said.get(field)
        if isinstance(seconds, int | float) and not isinstance(seconds, bool) and seconds > 0:
            job.put_part("readiness", to, seconds, f"{at}/{field}")
    sent = said.get("post_data")
    model = sent.get("model") if isinstance(sent, dict) else None
    if isinstance(model, str) and "$" not in filled(job, model):
        job.put_part("deployment", "model_name", filled(job, model), f"{at}/post_data/model")


def _put_mounts(job: Gathered, task: Mapping[str, Any], place: str) -> None:
    """Buckets and volumes that outlive the machine, and what is only copied to it."""
    mounts = []
    for field in ("file_mounts", "volumes"):
        given = task.get(field)
        for path, source in given.items() if isinstance(given, dict) else ():
            lasts = _lasts(source, field)
            name = source.get("source") or source.get("name") if isinstance(source, dict) else source
            if isinstance(path, str):
                where = filled(job, name) if isinstance(name, str) else None
                mounts.append({"path": filled(job, path), "lasts": lasts, "source": where})
    job.put_part("deployment", "mounts", mounts or None, f"{place}/file_mounts")


def _lasts(source: Any, field: str) -> bool | None:
    """Whether what is written to a mount is there after the machine."""
    if field == "volumes":
        return not (isinstance(source, dict) and "size" in source and "name" not in source)
    if isinstance(source, dict):
        mode = source.get("mode")
        return not isinstance(mode, str) or mode.upper() != "COPY"
    return False  # a copy, of a bucket or of a local file


def _recovers(job: Gathered, resources: Resources) -> bool:
    """Whether it says how `sky jobs` is to recover it."""
    for machine in resources.machines:
        for field in ("job_recovery", "spot_recovery"):
            said = machine.said.get(field)
            if isinstance(said, str | dict) and said:
                restarts = said.get("max_restarts_on_errors") if isinstance(said, dict) else None
                job.put_part("deployment", "retries", _whole(restarts), machine.at[field])
                return True
    return False


def filled(job: Gathered, text: str) -> str:
    """A text with the variables of `envs` filled in, as SkyPilot does in `service`, `file_mounts` and `volumes`."""
    variables = job.value.get("env", {})

    def value(found: re.Match[str]) -> str:
        known = variables.get(found[1] or found[2])
        return found[0] if known is None else str(known)

    return _VARIABLE.sub(value, text)


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
