"""Job + Plan → a SkyPilot task, as the plain values of its YAML. Pure: no SkyPilot, no environment, no files."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gpuspec.errors import UserError
from gpuspec.job import Job
from gpuspec.launch.items import earlier_results, manifest, script, status_path
from gpuspec.launch.skypilot.cache import cache_folder, cache_mount, wait_for_upload_text
from gpuspec.launch.skypilot.job_script import (
    COMMAND_BEGINS,
    NOTE_SETUP_DONE,
    reuse_text,
    run_text,
    setup_text,
    wait_for_fetch_text,
)
from gpuspec.launch.utilization import least_use
from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.cost import affordable_price
from gpuspec.planning.plan import Candidate, Plan
from gpuspec.planning.rank import affordable, launchable

if TYPE_CHECKING:
    from gpuspec.launch.skypilot.client import Machine


class ResourceOption(NamedTuple):
    """One entry of a task's `any_of` or `ordered`: a GPU × count on a cloud (and region, where the job limits
    regions, or it is too dear in another). `price` is the plan's cheapest for it, $/h."""

    infra: str
    accelerator: str
    gpu_count: int
    spot: bool
    instance: str
    price: float


class JobRecovery(NamedTuple):
    """What a managed job needs, which goes on on another machine when its own is taken back."""

    deadline: float
    """Unix time at which its time limit ends, on whichever machine it is."""
    fetch_minutes: int
    """How long its last machine waits for its outputs to be fetched; 0: not at all."""
    folder: str | None
    """Where on the machine it keeps which items are done, and their outputs: this outlives the machine."""


_MACHINE_LIMITS = frozenset({"gpu_types", "gpu_count", "min_vram", "memory", "ram", "disk", "hosts"})
"""Limits that a cloud and an accelerator's name cannot express."""


def resource_options(job: Job, plan: Plan) -> tuple[ResourceOption, ...]:
    """What the plan kept, as SkyPilot asks for it, in the plan's order.

    Regions are named only where the job or the settings limit them, or another would cost more than may be paid;
    instances only where the same words would also get one the plan turned down (Lambda's "H100" is PCIe and SXM) or
    one of another kind of host (RunPod's instances say whose they are): the rest is SkyPilot's to find."""
    return tuple(_machines(job, plan))


def _machines(job: Job, plan: Plan) -> dict[ResourceOption, list[Candidate]]:
    """What SkyPilot is asked for, in the plan's order → what of the plan each may get."""
    turned_down = {
        _asked(candidate)
        for candidate in plan.candidates
        if not candidate.kept and candidate.limit in _MACHINE_LIMITS
    }
    may_take = launchable(job, plan)
    apart = _too_dear_elsewhere(job, plan, may_take)
    hosts: dict[tuple[str, str, int], set[str]] = {}
    for candidate in may_take:
        hosts.setdefault(_asked(candidate), set()).add(candidate.offer.hosts)
    found: dict[ResourceOption, list[Candidate]] = {}
    for candidate in may_take:
        offer, asked = candidate.offer, _asked(candidate)
        cloud, name, gpu_count = asked
        if not name:
            continue
        by_region = plan.limits_regions or (asked, candidate.spot) in apart
        option = ResourceOption(
            infra=f"{cloud}/{offer.region}" if by_region and offer.region else cloud,
            accelerator=name,
            gpu_count=gpu_count,
            spot=candidate.spot,
            instance=offer.instance if asked in turned_down or len(hosts[asked]) > 1 else "",
            price=0.0,
        )
        found.setdefault(option, []).append(candidate)
    priced = {option._replace(price=each[0].price): each for option, each in found.items()}
    if plan.by != "hour":
        return priced
    return {option: priced[option] for option in sorted(priced, key=lambda option: (option.price, option))}


_PRICED_BY_REGION = frozenset({"aws", "azure", "gcp"})
"""Clouds that ask more for the same machine in some regions than in others."""


def _too_dear_elsewhere(
    job: Job, plan: Plan, may_take: Sequence[Candidate]
) -> set[tuple[tuple[str, str, int], bool]]:
    """What has to be asked for region by region (and whether on spot): SkyPilot 0.14.1 holds `max_hourly_cost`
    against an instance type where it is cheapest, and then takes it in any region that has it. Where a dollar limit
    holds, that is so of a cloud of whose regions the price list has one only, too."""
    taken = {(_asked(each), each.spot, each.offer.instance, each.offer.region) for each in may_take}
    types = {each[:3] for each in taken}
    found = set()
    regions: dict[str, set[str]] = {}
    for each in plan.candidates:
        regions.setdefault(each.offer.cloud, set()).add(each.offer.region or "")
        which = (_asked(each), each.spot, each.offer.instance)
        if which in types and (*which, each.offer.region) not in taken:
            found.add(which[:2])
    if job.max_price is None and (job.budget is None or job.budget.max_total is None):
        return found
    one = {cloud for cloud, names in regions.items() if cloud in _PRICED_BY_REGION and len(names) == 1}
    return found | {(asked, spot) for asked, spot, *_ in taken if asked[0] in one}


def _in_data_centres(job: Job, plan: Plan) -> bool:
    """Whether all that may be rented on Vast stands in data centres: SkyPilot 0.14.1 takes any host of a shape unless
    it is told."""
    hosts = {each.offer.hosts for each in launchable(job, plan) if each.offer.cloud == "vast"}
    return hosts == {"secure"}


def _asked(candidate: Candidate) -> tuple[str, str, int]:
    """(cloud, accelerator, count): the words SkyPilot would be asked with; no accelerator where it has no name."""
    offer = candidate.offer
    return offer.cloud, offer.accelerator or candidate.gpu.alias("skypilot") or "", offer.gpu_count


def task(
    job: Job,
    plan: Plan,
    *,
    workdir: str,
    label: str,
    clouds: frozenset[str] | None = None,
    items: Sequence[str] = (),
    resume: bool = False,
    shard: tuple[int, int] | None = None,
    reuse: ResourceOption | None = None,
    recovery: JobRecovery | None = None,
    sampled: bool = True,
) -> dict[str, Any]:
    """The task's YAML as plain values. Secrets are null: their values come from the environment at launch.

    No folder goes along where `workdir` is "".

    `label` marks the machine as ours; `clouds` leaves only those; `items` are the job's, resolved, and `resume`
    runs only those not done before; `shard` is the part of them this machine does. `reuse` is for a machine that is
    up already and was got that way: its setup is not repeated; `recovery` is for a managed job. `sampled` is
    whether it is looked how much of the machine is used, also where the job does not ask. UserError where nothing is
    left to rent."""
    _check_names(job, workdir)
    config: dict[str, Any] = {"name": task_name(job), **({"workdir": workdir} if workdir else {})}
    if (job.nodes or 1) > 1:
        config["num_nodes"] = job.nodes
    command = job.run or ""
    if items:
        done = earlier_results(job, workdir) if resume else {}
        folder, status = recovery.folder if recovery else None, status_path(job, shard)
        wanted = manifest(job, tuple(items), status, fresh=not resume, known=done, folder=folder)
        command = script(wanted)
    if reuse:
        config["resources"] = _entry(reuse)
        command = reuse_text(job) + command
    else:
        config["resources"] = _resources(job, plan, label, clouds)
        config.update(cache_mount(job))
        if _in_data_centres(job, plan):
            config["config"] = {"vast": {"datacenter_only": True}}
    env = {**({"HF_HOME": f"{cache_folder(job)}/huggingface"} if job.cache else {}), **job.env}
    if env:
        config["envs"] = env
    if job.secrets:
        config["secrets"] = dict.fromkeys(job.secrets)
    setup = "" if reuse else setup_text(job, plan.max_hours, deadline=recovery.deadline if recovery else None)
    if setup:
        config["setup"] = setup
    begins = f'echo "{COMMAND_BEGINS}" >&2\n' if job.readiness else ""
    noted = NOTE_SETUP_DONE if job.setup and not reuse else ""
    config["run"] = (
        begins
        + noted
        + run_text(command, plan.max_hours, counted=not reuse, sampled=sampled, least=least_use(job))
    )
    if recovery and recovery.fetch_minutes:
        config["run"] = wait_for_fetch_text(config["run"], recovery.fetch_minutes)
    config["run"] = wait_for_upload_text(config["run"], job)
    return config


_INTERPRETED = re.compile(r"[$`\"\\\n\r!]")
"""What a shell interprets between double quotes: there SkyPilot 0.14.1 puts the workdir, and runs its name."""

_PLAIN = re.compile(r"[A-Za-z0-9._:/@+-]*")


def _check_names(job: Job, workdir: str) -> None:
    """UserError where SkyPilot's own shells, on this machine, would run a part of a path or a name."""
    odd = _INTERPRETED.search(workdir)
    if odd:
        raise UserError(
            "unsafe-name",
            f"the workdir {workdir!r} holds {odd[0]!r}, which SkyPilot's shell would interpret",
            "rename the folder",
        )
    for field, value in (("cache", job.cache), ("image", job.image)):
        if value and not _PLAIN.fullmatch(value):
            raise UserError(
                "unsafe-name",
                f"`{field}` {value!r} holds more than letters, digits and . _ : / @ + -",
                f"give `{field}` its plain name",
            )


def usable_options(job: Job, plan: Plan, clouds: frozenset[str] | None) -> tuple[ResourceOption, ...]:
    """The options on clouds that SkyPilot may use. UserError where there is none."""
    options = resource_options(job, plan)
    if not options and not plan.candidates:
        raise UserError(
            "nothing-to-rent",
            "no offer is in question: the job asks for no GPU and names no model, or no price list has it",
            "`gpuspec run --on local` runs it here; else give `gpu_types`, `min_vram` or `model`",
        )
    if not options:
        raise UserError(
            "nothing-to-rent",
            "no offer satisfies every limit of this job"
            if not plan.kept
            else "SkyPilot rents none of the GPUs that the plan kept",
            "`gpuspec plan --all` says why each offer was left out",
        )
    here = tuple(each for each in options if clouds is None or each.infra.split("/")[0] in clouds)
    if not here:
        wanted = sorted({each.infra.split("/")[0] for each in options})
        enabled = ", ".join(sorted(clouds or ())) or "none"
        raise UserError(
            "cloud-not-enabled",
            f"SkyPilot may not use {', '.join(wanted)}, where this job could run (enabled: {enabled})",
            f"set up its credentials and run `sky check {wanted[0]}`, or widen `clouds` in the spec",
        )
    return here


def _resources(job: Job, plan: Plan, label: str, clouds: frozenset[str] | None) -> dict[str, Any]:
    here = usable_options(job, plan, clouds)
    most = max_hourly_cost(job, plan, here)
    resources: dict[str, Any] = {_group(job, plan): _entries(job, plan, here, most)}
    if job.disk_gb is not None:
        resources["disk_size"] = math.ceil(job.disk_gb)
    if job.image:
        resources["image_id"] = job.image if ":" in job.image.split("/")[0] else f"docker:{job.image}"
    public = [port.port for port in job.ports if port.public]  # the others are forwarded, see `attach`
    if public:
        resources["ports"] = public
    resources["max_hourly_cost"] = most
    resources["autostop"] = autostop(plan)
    resources["labels"] = {"gpuspec": label}
    return resources


def _group(job: Job, plan: Plan) -> str:
    """Whether SkyPilot is to take the cheapest an hour of these at its prices of the moment (`any_of`), or the first
    that is to be had (`ordered`): where the plan ranks machines by more than the hour, or by prices that were agreed
    on and SkyPilot does not know, its order must stand. Between places where one and the same machine is to be had,
    the price decides."""
    may_take = launchable(job, plan)
    machines = {(one.gpu.name, one.offer.gpu_count) for one in may_take}
    agreed = any(one.list_price != one.price for one in may_take)
    return "any_of" if not agreed and (plan.by == "hour" or len(machines) == 1) else "ordered"


def ways(resources: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The machines that a task's resources allow."""
    found: list[dict[str, Any]] = resources.get("any_of") or resources["ordered"]
    return found


def _entry(option: ResourceOption) -> dict[str, Any]:
    entry: dict[str, Any] = {"infra": option.infra}
    entry["accelerators"] = f"{option.accelerator}:{option.gpu_count}"
    if option.instance:
        entry["instance_type"] = option.instance
    if option.spot:
        entry["use_spot"] = True
    return entry


def _entries(job: Job, plan: Plan, options: Sequence[ResourceOption], most: float) -> list[dict[str, Any]]:
    """The options as SkyPilot reads them. One through which it could get something that costs more than may be paid
    there, and yet no more than the `most` of all, has a `max_hourly_cost` of its own."""
    may_take = set(launchable(job, plan))
    too_dear = [each for each in plan.candidates if each.list_price <= most and each not in may_take]
    agreed = any(each.list_price != each.price for each in may_take)
    entries = []
    for option, got in _machines(job, plan).items():
        if option not in options:
            continue
        entry = _entry(option)
        own = _most(job, got, min(affordable_price(job, plan, each) for each in got))
        if own < most and (
            agreed or any(_could_get(option, each) and each.list_price > own for each in too_dear)
        ):
            entry["max_hourly_cost"] = own
        entries.append(entry)
    return entries


def _could_get(option: ResourceOption, candidate: Candidate) -> bool:
    cloud, _, region = option.infra.partition("/")
    offer = candidate.offer
    return (
        _asked(candidate) == (cloud, option.accelerator, option.gpu_count)
        and candidate.spot == option.spot
        and (not region or offer.region == region)
        and (not option.instance or offer.instance == option.instance)
    )


def max_hourly_cost(job: Job, plan: Plan, options: Sequence[ResourceOption]) -> float:
    """The most that may be paid, $/h: `max_price` (or a price that is no whole cent above it), else the highest price
    in the plan of what may be rented on the options' clouds and a tenth more, since a price that moved by more is
    asked about first. Neither is more than `budget.max_total` pays for until the time limit.

    SkyPilot holds it against list prices: where less was agreed on it is as many of these dollars as stand for what
    may be paid. The machine's own price is looked at once it is up."""
    clouds = {option.infra.split("/")[0] for option in options}
    here = [each for each in launchable(job, plan) if each.offer.cloud in clouds]
    return _most(job, here, affordable(job, plan))


def _most(job: Job, machines: Sequence[Candidate], within: float) -> float:
    """The most that may be paid for one of these, in dollars of the list prices; `within`: in those that are paid."""
    highest = max((each.list_price for each in machines), default=0.0)
    listed = max((1 / each.paid_share for each in machines if each.paid_share), default=1.0)
    most = round(highest * 1.1 + 0.005, 2) if job.max_price is None else round(job.max_price * listed, 4)
    return max(highest, most if within == math.inf else min(most, math.floor(within * listed * 100) / 100))


def paid_share(plan: Plan, machine: Machine) -> float:
    """What is paid of each dollar that SkyPilot states as the price of a machine: 1 where nothing was agreed on."""
    got = (machine.cloud, machine.accelerator, machine.gpu_count)
    return _share(plan, got, bool(machine.spot), machine.instance)


def quoted_share(plan: Plan, resources: Mapping[str, Any]) -> float:
    """The same of the price that SkyPilot's optimizer states for a task: where anything was agreed on, that is the
    price of the first way, which need not be the plan's choice: SkyPilot may not use all clouds."""
    first = ways(resources)[0]
    accelerator, _, gpu_count = first["accelerators"].rpartition(":")
    asked = (first["infra"].split("/")[0], accelerator, int(gpu_count))
    return _share(plan, asked, first.get("use_spot", False), first.get("instance_type"))


def _share(
    plan: Plan, asked: tuple[str | None, str | None, int | None], spot: bool, instance: str | None
) -> float:
    same = [each for each in plan.kept if _asked(each) == asked and each.spot == spot]
    same.sort(key=lambda each: each.offer.instance != instance)
    return same[0].paid_share if same else 1.0


def autostop(plan: Plan) -> dict[str, Any]:
    """SkyPilot's autostop: whole minutes, always `down` (many clouds cannot stop), waiting for jobs only
    (an open ssh session would keep a forgotten machine for ever)."""
    return {"idle_minutes": math.ceil(plan.keep_alive_minutes), "down": True, "wait_for": "jobs"}


def task_name(job: Job) -> str:
    """The job's name as cluster and task names allow it: letters, digits and dashes, at most 30."""
    kept = re.sub("[^a-z0-9]+", "-", (job.name or "job").lower()).strip("-")[:30].strip("-") or "job"
    return kept if kept[0].isalpha() else f"job-{kept}"
