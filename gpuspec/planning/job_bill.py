"""What one job comes to in a month: its machines, dollars an hour, and for how much of a month they are paid."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from gpuspec.catalog import Gpu, Offer
from gpuspec.catalog.shipped import read_instances
from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.bill import JobBill, MonthlyUse
from gpuspec.planning.cost import exceeds
from gpuspec.planning.labels import labels_of
from gpuspec.planning.machines_paid import MachinesPaid, machines_paid
from gpuspec.planning.monthly_use import monthly_use
from gpuspec.words import HOURS_PER_MONTH, dollars, figure

if TYPE_CHECKING:
    from gpuspec.planning.case import Case

NO_GPU = "it names no GPU: gpu_types does, or assume-gpu in the settings"
A_SLICE = "a slice of a GPU (MIG) is not rented alone: what it costs depends on who has the other slices"
NO_CLOUD = "its file does not say where its machine is rented: `clouds` in gpuspec.toml, or --cloud, says it"


class BilledMachine(NamedTuple):
    """One machine of a job: dollars an hour (None: nobody offers it, or nobody says where), and the offer."""

    gpu: Gpu
    gpus: int
    price: float | None
    offer: Offer | None = None
    holds: int = 1
    """Copies of the job that fit on it: pods of one GPU on a machine of eight, whose type their file names."""

    @property
    def label(self) -> str:
        """`H100`, `8 × H100`."""
        return self.gpu.name if self.gpus == 1 else f"{self.gpus} × {self.gpu.name}"


def machine_of(case: Case, *, priced: bool) -> BilledMachine | None:
    """The machine that a job comes down to: of the GPUs that it names, else of all that it may rent the one that its
    plan chooses. None for a slice of a GPU. `priced`: whether it is known where it is rented."""
    if _is_slice(case):
        return None
    one = case.selected or next(iter(case.choices), None)
    if one is not None and priced:
        whole = _whole_machine(case, one.gpu, one.gpu_count)
        if whole is not None:
            return whole
    if priced and (spot := _spot_only(case)):
        return spot
    if one is not None:
        price = one.price if priced and not exceeds(one.per_hour, case.job.max_price) else None
        return BilledMachine(one.gpu, one.gpu_count, price and price.per_hour, price and price.offer)
    if case.job.gpu_types or not priced:
        return None
    choice = case.kept_plan.choice
    return choice and BilledMachine(choice.gpu, choice.offer.gpu_count, choice.price, choice.offer)


def _spot_only(case: Case) -> BilledMachine | None:
    """A machine of a GPU that a job names, offered as spot alone, which the job does not allow."""
    if case.job.spot in ("allowed", "only") or any(each.price for each in case.choices):
        return None
    known = case.catalog.gpus_by_name
    for written, choice in zip(case.job.gpu_types, case.choices, strict=False):
        for name in case.catalog.resolve_gpu(written.name).accepts:
            if case.market.cheapest(name, choice.gpu_count, spot="only"):
                return BilledMachine(known[name], choice.gpu_count, None)
    return None


def _whole_machine(case: Case, gpu: Gpu, asked: int) -> BilledMachine | None:
    """The machine whose type the file names, where it has more GPUs than the job asks for: all of it is paid."""
    named = case.job.deployment.instance_type if case.job.deployment else None
    instance = read_instances().called(named) if named else None
    whole = instance.gpu_count if instance else None
    price = case.market.cheapest(gpu.name, whole) if whole and whole > asked else None
    if price is None or whole is None:
        return None
    return BilledMachine(gpu, whole, price.per_hour, price.offer, whole // asked)


def job_bill(case: Case, path: str, *, priced: bool, machine: BilledMachine | None = None) -> JobBill:
    """The bill of a job, without its savings, on the machine that it comes down to, or on this one. `priced`: whether
    it is known where its machine is rented. Where something is not known, `unknown` says what."""
    machine = machine or machine_of(case, priced=priced)
    gpus = machine.gpus if machine else _gpus_said(case)
    number = machines_paid(case, machine and machine.gpu, gpus or 1)
    if machine is not None and machine.holds > 1:
        number = number._replace(
            mean=ceil(number.mean / machine.holds), most=ceil(number.most / machine.holds)
        )
    per_hour = None if machine is None or machine.price is None else machine.price * number.mean
    use = _by_load(monthly_use(case, per_hour), number)
    offer = machine.offer if machine else None
    return JobBill(
        path=path,
        line=case.tree.position(case.tree.span(case.document.place).start)[0],
        job=_name(case),
        format=case.document.format.name,
        task=case.workload.task or "",
        machine=_in_words(machine, number.mean) if machine else "",
        cloud=offer.cloud if offer else "",
        gpu=machine.gpu.name if machine else "",
        gpus=gpus * number.most,
        labels=labels_of(case),
        use=use,
        per_hour=per_hour,
        per_run=None if per_hour is None or use.hours_each is None else per_hour * use.hours_each,
        per_month=_month(per_hour, use),
        unknown=_unknown(case, machine, use, priced=priced),
        machines=number.mean,
        gpus_each=gpus,
        needs_cloud=not priced and use.hours != 0 and not _is_slice(case),
    )


def _is_slice(case: Case) -> bool:
    return case.job.deployment is not None and case.job.deployment.slice_gb is not None


def _gpus_said(case: Case) -> int:
    """GPUs of a machine of which no GPU is named; none, where not even how many is said, or slices are asked for."""
    return 0 if _is_slice(case) else case.job.gpu_count or 0


def _by_load(use: MonthlyUse, number: MachinesPaid) -> MonthlyUse:
    """The hours of a service whose load says in how many it is up."""
    if number.up is None or not number.why:
        return use
    if use.hours is None and use.runs is None:  # it scales to zero
        return MonthlyUse(HOURS_PER_MONTH * number.up, None, None, number.why)
    return use._replace(why=f"{use.why}; {number.why}")


def _month(per_hour: float | None, use: MonthlyUse) -> float | None:
    if use.hours == 0:
        return 0.0
    return None if per_hour is None or use.hours is None else per_hour * use.hours


def _unknown(case: Case, machine: BilledMachine | None, use: MonthlyUse, *, priced: bool) -> str:
    """What is missing for a known cost, and how to say it."""
    if use.hours == 0:
        return ""
    missing = []
    if machine is None or machine.price is None:
        if _is_slice(case):
            missing.append(A_SLICE)
        elif not priced:
            missing.append(NO_CLOUD)
        elif machine is None:
            missing.append("no machine fits it" if case.job.gpu_types else NO_GPU)
        elif _spot_only(case):
            missing.append(f"{machine.label} is only offered as spot there: `spot` says whether that will do")
        else:
            cap = case.job.max_price
            if case.selected is not None and exceeds(case.selected.per_hour, cap):
                return f"{machine.label} costs {dollars(case.selected.per_hour)}/h, more than max_price: none starts"
            what = "spot price" if case.job.spot == "only" else "price"
            missing.append(f"no {what} of {machine.label} is known for where it may be rented")
    if use.hours is None:
        missing.append(use.why)
    return "; ".join(missing)


def _in_words(machine: BilledMachine, number: float) -> str:
    """`2 × H100`, `3 × (8 × H100)`."""
    if number == 1:
        return machine.label
    return f"{figure(number)} × " + (f"({machine.label})" if machine.gpus > 1 else machine.label)


def _name(case: Case) -> str:
    """What a job is called: by its own name, else by its place in the file; "" where it is the whole file."""
    return case.job.name or (case.document.called or case.document.place).rstrip("/")
