"""What `gpuspec size` finds."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from gpuspec.catalog import Gpu
from gpuspec.engines import engine_of
from gpuspec.errors import UserError
from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.alternatives import COUNTS, Alternative
from gpuspec.planning.case import Case
from gpuspec.sizing import Fit, Need, Unsized, fit, need
from gpuspec.sizing.shape import Shape, shape_of
from gpuspec.sizing.speed.rates import Speed
from gpuspec.workload import Workload

if TYPE_CHECKING:
    from gpuspec.sizing.capacity import Capacity

SHOWN = 8
"""How many of the machines that fit are shown."""


class NextStep(NamedTuple):
    """A larger setting: what it is, the memory it takes, and the cheapest that holds it."""

    name: str
    value: int
    expected: float
    fitting: Alternative | None


class Sized(NamedTuple):
    """A workload, its Need, the GPUs asked about and what they have room for, how many on one machine were tried, and
    what can be rented, cheapest first."""

    workload: Workload
    need: Need
    """On the first of the GPUs asked about; where none is, on any."""
    fits: tuple[Fit, ...]
    capacities: tuple[Capacity, ...]
    counts: tuple[int, ...]
    rentable: tuple[Alternative, ...]
    agreed: tuple[str, ...]
    """What was agreed on with the clouds that rent them, in words."""
    speed: Speed | None
    steps: tuple[NextStep, ...]

    @classmethod
    def of(cls, case: Case, gpu_count: int | None, names: tuple[str, ...], *, in_full: bool) -> Sized:
        """Size a job; UserError `cannot-size` where a fact is missing. `in_full`: with all that can be rented, not
        only what is shown."""
        workload = case.workload
        asked = [case.catalog.gpus_by_name[name] for name in names]
        answer = _known(case.need(gpu_count or 1, asked[0] if asked else None), workload)
        of_each = ((gpu, _known(case.need(gpu_count or 1, gpu), workload)) for gpu in asked)
        fits = tuple(fit(needed, gpu, workload.memory_utilization) for gpu, needed in of_each)
        counts = (gpu_count,) if gpu_count else COUNTS
        rentable = tuple(islice(case.market.each_gpu(counts), None if in_full else SHOWN))
        runs_on = _runs_on(fits, rentable)
        writes = workload.task != "train" and workload.modality in (None, "text")
        quick = case.speed(*runs_on) if runs_on and writes else None
        return cls(
            workload,
            answer,
            fits,
            capacities=tuple(found for gpu in asked if (found := _capacity(workload, gpu, gpu_count or 1))),
            counts=counts,
            rentable=rentable,
            agreed=case.agreed_prices({one.price.offer.cloud for one in rentable[:SHOWN] if one.price}),
            speed=quick if isinstance(quick, Speed) else None,
            steps=_steps(case, answer, asked[0] if asked else None, counts),
        )


def _known(answer: Need | Unsized, workload: Workload) -> Need:
    if isinstance(answer, Unsized):
        hint = "`gpuspec lint` shows where it stands" if workload.beyond else answer.hint
        raise UserError("cannot-size", answer.reason, hint)
    return answer


def _runs_on(fits: tuple[Fit, ...], rentable: tuple[Alternative, ...]) -> tuple[Gpu, int] | None:
    """The GPU whose speed is told, and how many of it: the first that was asked about, None where nothing runs on it;
    where none was, the cheapest that holds the workload."""
    if fits:
        return (fits[0].gpu, fits[0].need.gpus) if fits[0].verdict != "does not fit" else None
    return (rentable[0].gpu, rentable[0].gpu_count) if rentable else None


def _capacity(workload: Workload, gpu: Gpu, gpus: int) -> Capacity | None:
    from gpuspec.sizing.capacity import capacity

    return capacity(workload, gpu, lambda other: need(other, gpus, gpu=gpu))


def _steps(case: Case, answer: Need, gpu: Gpu | None, counts: tuple[int, ...]) -> tuple[NextStep, ...]:
    """Twice the context (or sequence), and twice the sequences where memory depends on them; on the `gpu` of the
    answer, since an engine's defaults depend on it."""
    workload = case.workload
    if workload.modality not in (None, "text"):
        return ()
    if workload.task == "train":
        from gpuspec.sizing.training.setup import DEFAULT_SEQUENCE

        length = workload.sequence or workload.context or DEFAULT_SEQUENCE
        doubled = {"sequence": length, "batch": workload.batch or 1}
    else:
        from gpuspec.sizing.inference.setup import DEFAULT_CONTEXT

        doubled = {"context": workload.context or DEFAULT_CONTEXT}
        shape = shape_of(workload)
        if isinstance(shape, Shape) and shape.max_context and 2 * doubled["context"] > shape.max_context:
            del doubled["context"]
        if workload.users:
            doubled["users"] = workload.users
        elif not engine_of(answer.engine).memory.queues:
            doubled["concurrency"] = workload.concurrency or 1
    steps = []
    for name, value in doubled.items():
        change: dict[str, Any] = {name: 2 * value}
        larger = case.instead(workload=workload._replace(**change))
        more = larger.need(answer.gpus, gpu)
        waiting = name == "users" and isinstance(more, Need) and more.sequences == answer.sequences
        if isinstance(more, Need) and not waiting:  # the server lets in no more of them
            found = next(larger.market.each_gpu(counts), None)
            steps.append(NextStep(name, 2 * value, more.expected, found))
    return tuple(steps)
