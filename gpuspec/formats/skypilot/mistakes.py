"""What SkyPilot refuses of a task: skypilot 0.14.1, sky/utils/schemas.py (`get_task_schema`,
`_get_single_resources_schema`, `_AUTOSTOP_SCHEMA`; `additionalProperties` is false in each), read 2026-11-30."""

# ruff: noqa: SIM905 (a line of words reads better than thirty quoted ones)

import re
from collections.abc import Callable, Collection, Iterator
from typing import Any

from gpuspec.formats.refused import Form, in_documents, is_number, misformed, misspelt, nearest
from gpuspec.job.problem import SchemaProblem, shown
from gpuspec.text import Tree, parts

_RESOURCES = frozenset(
    "accelerator_args accelerators any_of autostop cloud cpus disk_size disk_tier ephemeral_storage gpus hooks "
    "image_id infra instance_type job_recovery labels local_disk max_hourly_cost memory network_tier ordered ports "
    "priority priority_class region spot_recovery use_spot volumes zone".split()
)
"""`hooks` and `spot_recovery` are of other releases."""
_AUTOSTOP = frozenset({"idle_minutes", "down", "wait_for", "hook", "hook_timeout"})
_CLOUDS = frozenset(
    "aws azure cloudrift crusoe cudo digitalocean do fluidstack gcp hyperbolic hyperstack ibm k8s kubernetes lambda "
    "mithril nebius oci paperspace primeintellect runpod scp seeweb shadeform slurm spheron ssh vast verda vsphere "
    "local novita yotta".split()
)
"""`ALL_CLOUDS` of sky/skylet/constants.py, other names of theirs, and those of releases before."""
_TIME = re.compile(r"[0-9]+(?:m|h|d|w)?", re.I)
_TOOL = "SkyPilot"


def _is_autostop(value: Any) -> bool:
    if isinstance(value, bool | dict):
        return True
    if isinstance(value, str):
        return _TIME.fullmatch(value) is not None
    return isinstance(value, int)


_FORMS = {
    "use_spot": Form(lambda value: isinstance(value, bool), "true or false"),
    "autostop": Form(_is_autostop, "true, false, whole minutes, a time like 30m or 2h, or a map"),
    "max_hourly_cost": Form(is_number, "a number of dollars"),
}
_IDLE = {
    "idle_minutes": Form(
        lambda value: isinstance(value, int) and not isinstance(value, bool) and value >= 0, "whole minutes"
    )
}


def mistakes(tree: Tree, is_task: Callable[[Any], bool], keys: Collection[str]) -> tuple[SchemaProblem, ...]:
    """All of a file, in the documents that are tasks; `keys` are those that a task may have."""
    return in_documents(tree, _TOOL, lambda value, at: _of_task(value, at, keys) if is_task(value) else ())


def _of_task(task: Any, place: str, keys: Collection[str]) -> Iterator[SchemaProblem]:
    yield from misspelt(task, place, keys, _TOOL)
    resources = task.get("resources")
    yield from _of_machine(resources, f"{place}/resources", "/resources")
    for field in ("any_of", "ordered"):
        entries = resources.get(field) if isinstance(resources, dict) else None
        for number, entry in enumerate(entries[:200] if isinstance(entries, list) else ()):
            within = f"/resources/{field}/{number}"
            yield from _of_machine(entry, place + within, within)


def _unknown_cloud(machine: Any, place: str, within: str) -> Iterator[SchemaProblem]:
    """A cloud that is misspelt (`infra: awss/us-east-1`)."""
    for field in ("infra", "cloud"):
        given = machine.get(field) if isinstance(machine, dict) else None
        if not isinstance(given, str) or not re.fullmatch(r"[A-Za-z]{2,30}(?:/[^${}]*)?", given):
            continue
        cloud = given.partition("/")[0].lower()
        near = None if cloud in _CLOUDS else nearest(cloud, _CLOUDS)
        if near is not None:
            where = shown([*parts(within), field])
            message = (
                f"{where} names the cloud `{cloud}`, which SkyPilot does not know; did you mean `{near}`?"
            )
            yield SchemaProblem(f"{place}/{field}", message, "value", "value", near + given[len(cloud) :])


def _of_machine(machine: Any, place: str, within: str) -> Iterator[SchemaProblem]:
    yield from misspelt(machine, place, _RESOURCES, _TOOL, within=within)
    yield from _unknown_cloud(machine, place, within)
    yield from misformed(machine, place, _FORMS, _TOOL, within=within)
    stop = machine.get("autostop") if isinstance(machine, dict) else None
    at = f"{place}/autostop"
    yield from misspelt(stop, at, _AUTOSTOP, _TOOL, within=f"{within}/autostop")
    yield from misformed(stop, at, _IDLE, _TOOL, within=f"{within}/autostop")
