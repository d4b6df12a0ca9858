"""What dstack refuses of a run: dstack 0.22.5, dstack/_internal/core/models/configurations.py, profiles.py,
resources.py (every model forbids other fields; asked of the library itself, 2026-11-30)."""

# ruff: noqa: SIM905 (a line of words reads better than forty quoted ones)

import re
from collections.abc import Callable, Iterator
from typing import Any

from gpuspec.formats.dstack.words import SPOT
from gpuspec.formats.refused import Form, in_documents, is_number, misformed, misspelt
from gpuspec.job.problem import SchemaProblem
from gpuspec.text import Tree

_RUN = frozenset(
    "availability_zones backend backend_options backends creation_policy docker dstack entrypoint env files fleets "
    "home_dir idle_duration image instance_types instances max_duration max_price name nvcc priority privileged "
    "python region regions registry_auth repos reservation resources retry retry_policy schedule setup shell "
    "single_branch spot_policy startup_order stop_criteria stop_duration tags termination_idle_time "
    "termination_policy type user utilization_policy volumes working_dir".split()
)
_OWN = {
    "task": frozenset("commands groups nodes ports".split()),
    "service": frozenset(
        "auth commands gateway groups https model port probes rate_limits replicas scaling strip_prefix".split()
    ),
    "dev-environment": frozenset("ide inactivity_duration init ports version".split()),
}
"""What each kind of run has beside what all have."""
_RESOURCES = frozenset({"cpu", "disk", "gpu", "memory", "shm_size"})
_GPU = frozenset({"compute_capability", "count", "memory", "name", "total_memory", "vendor"})
_DURATION = re.compile(r"[0-9]+ *[smhdw]?")
_TOOL = "dstack"


def _is_duration(value: Any) -> bool:
    if isinstance(value, bool):
        return True
    if isinstance(value, str):
        return value == "off" or _DURATION.fullmatch(value) is not None
    return is_number(value)


def _is_price(value: Any) -> bool:
    if isinstance(value, str):
        return re.fullmatch(r"[0-9]*\.?[0-9]+", value) is not None
    return is_number(value) and value > 0


_LENGTH = Form(_is_duration, "seconds, a duration like 30m, 2h or 1d, or off")
_FORMS = {
    "idle_duration": Form(lambda value: _is_duration(value) or value == -1, _LENGTH.words),
    "inactivity_duration": _LENGTH,
    "max_duration": _LENGTH,
    "max_price": Form(_is_price, "a number of dollars above 0"),
    "spot_policy": Form(
        lambda value: isinstance(value, str) and value in SPOT, "`spot`, `on-demand` or `auto`"
    ),
    "backends": Form(lambda value: isinstance(value, list), "a list"),
    "regions": Form(lambda value: isinstance(value, list), "a list"),
}


def mistakes(tree: Tree, is_dstack: Callable[[Any], bool]) -> tuple[SchemaProblem, ...]:
    """All of a file, in the documents that are configurations of runs."""
    return in_documents(
        tree,
        _TOOL,
        lambda value, at: _of_run(value, at) if is_dstack(value) and value["type"] in _OWN else (),
    )


def _of_run(run: Any, place: str) -> Iterator[SchemaProblem]:
    yield from misspelt(run, place, _RUN | _OWN[run["type"]], _TOOL)
    yield from misformed(run, place, _FORMS, _TOOL)
    resources = run.get("resources")
    at = f"{place}/resources"
    yield from misspelt(resources, at, _RESOURCES, _TOOL, within="/resources")
    gpu = resources.get("gpu") if isinstance(resources, dict) else None
    yield from misspelt(gpu, f"{at}/gpu", _GPU, _TOOL, within="/resources/gpu")
