"""In which of SkyPilot's modes a job runs: on a machine of its own (`sky launch`), as a managed job that goes on when
a spot machine is taken back (`sky jobs launch`), or as a service with replicas (`sky serve up`).

The last two need a controller. In SkyPilot's consolidation mode it runs in SkyPilot's server, costs nothing, and the
timers it sets can be read back. Otherwise SkyPilot would rent a machine for it, which nobody asked for: then the job
gets a machine of its own, and the user is told.
"""

from __future__ import annotations

import os
from contextlib import suppress
from importlib.util import find_spec
from typing import Any, Literal

from gpuspec.errors import UserError
from gpuspec.job import Job
from gpuspec.job.job import Scaling
from gpuspec.launch.skypilot.cache import cache_folder
from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.plan import Plan
from gpuspec.planning.rank import launchable
from gpuspec.untrusted_file import read_file
from gpuspec.workload.checkpoints import outlives

Mode = Literal["machine", "job", "service"]
LARGEST_CONFIG = 1 << 20

_OF_ITS_OWN = "would be a machine of its own (4 CPUs, about $0.20/h)"
"""SkyPilot 0.14.1 asks for 4 or more CPUs and 8 to 16 GB; AWS m6i.xlarge is $0.192/h (list price, 2025)."""


class ModeChoice(NamedTuple):
    """`message` is what the user is told before being asked; "" where there is nothing to tell."""

    mode: Mode
    message: str = ""


def choose_mode(job: Job, plan: Plan, *, plain: bool = False) -> ModeChoice:
    """The mode of a job; `plain` keeps it to one machine. UserError for a service that SkyServe could not end."""
    if plain:
        return ModeChoice("machine")
    if job.task == "serve" and job.scaling is not None:
        return _service(job, job.scaling, plan)
    choice = plan.choice
    if choice is None or not choice.spot or not survives_preemption(job):
        return ModeChoice("machine")
    why = why_controller_is_rented("jobs")
    if job.ports or job.readiness:
        why = "the ports of one machine are forwarded, and `readiness` is asked of it"
    if why:
        return ModeChoice("machine", f"a spot machine that is taken back is not replaced: {why}")
    return ModeChoice(
        "job",
        "as a managed job: SkyPilot's server on this machine replaces a spot machine that is taken back; the wait "
        "for another counts against the time limit (--plain: one machine, not replaced)",
    )


def _service(job: Job, scaling: Scaling, plan: Plan) -> ModeChoice:
    why = why_controller_is_rented("serve")
    if why:
        return ModeChoice("machine", f"`scaling` is not kept, this is one machine: {why}")
    check_without_end(plan)
    least, most = scaling.replicas
    prices = [candidate.price for candidate in launchable(job, plan)]
    price = f", ${least * min(prices):.2f} to ${most * max(prices):.2f}/h" if prices else ""
    return ModeChoice(
        "service",
        f"as a service of {least} to {most} replicas{price}: SkyPilot's server on this machine starts and ends them, "
        "until `gpuspec down`; there is no time limit (--plain: one machine)",
    )


def check_without_end(plan: Plan) -> None:
    """UserError where the job has a time limit, which no service keeps."""
    if plan.max_hours is not None:
        raise UserError(
            "service-without-end",
            f"`scaling` makes this a service, which has no end, and its `budget` allows {plan.max_hours:.3g} h",
            "leave `budget` out, or take one machine, which keeps the limit: `gpuspec run --plain`, "
            "`gpuspec export --to skypilot`",
        )


def survives_preemption(job: Job) -> bool:
    """Whether the job goes on after its machine was taken back: its checkpoint may outlive it, or its items are
    noted where they do."""
    path = job.checkpoint.path if job.checkpoint else None
    if path is not None and outlives(path) is not False:
        return True
    return job.items is not None and durable_folder(job, "") is not None


def durable_folder(job: Job, run_id: str) -> str | None:
    """Where on the machine a run keeps what items are done, and their outputs: in a folder that outlives it. None
    where the job names none."""
    path = job.checkpoint.path if job.checkpoint else None
    if path is not None and path.startswith("/") and outlives(path) is not False:
        return f"{path.rstrip('/')}/gpuspec-{run_id}"
    return f"{cache_folder(job)}/gpuspec-{run_id}" if job.cache else None


def why_controller_is_rented(kind: Literal["jobs", "serve"]) -> str:
    """Why SkyPilot would rent a machine for the controller, and what to do about it; "" where it would not."""
    if find_spec("grpc") is None:
        return (
            "SkyPilot's controllers need grpcio, which it does not install (pip install 'skypilot[remote]')"
        )
    config = _config()
    if os.environ.get("SKYPILOT_API_SERVER_ENDPOINT") or _get(config, "api_server", "endpoint"):
        return "SkyPilot's server is not on this machine, and where it keeps its controller cannot be seen from here"
    asked = _get(config, kind, "controller", "consolidation_mode")
    if asked is None and kind == "jobs":
        asked = os.path.exists(consolidation_signal())
    if asked:
        return ""
    return (
        f"SkyPilot's {kind} controller {_OF_ITS_OWN}; `{kind}: {{controller: {{consolidation_mode: true}}}}` in "
        "~/.sky/config.yaml keeps it in SkyPilot's server (then: sky api stop)"
    )


def consolidation_signal() -> str:
    """The file by which SkyPilot's server says, when it starts, that managed jobs live in it."""
    return os.path.expanduser("~/.sky/.jobs_controller_consolidation_reloaded_signal")


def _config() -> Any:
    """SkyPilot's own settings; {} where there are none, or they cannot be read (SkyPilot will say so)."""
    path = os.environ.get("SKYPILOT_GLOBAL_CONFIG") or "~/.sky/config.yaml"
    with suppress(ImportError):
        import yaml  # SkyPilot brings it

        with suppress(OSError, ValueError, RecursionError, yaml.YAMLError):
            return yaml.safe_load(read_file(os.path.expanduser(path), LARGEST_CONFIG)) or {}
    return {}


def _get(config: Any, *names: str) -> Any:
    for name in names:
        config = config.get(name) if isinstance(config, dict) else None
    return config
