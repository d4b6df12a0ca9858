"""What `gpuspec size` finds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from gpuspec.catalog import Gpu
from gpuspec.engines import engine_of
from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.alternatives import COUNTS, Alternative
from gpuspec.planning.answering import stated_or_usual
from gpuspec.planning.case import Case
from gpuspec.planning.judged import Asked, Judged, judged, known
from gpuspec.planning.machines import (
    LOOKED_AT,
    Order,
    PricedMachine,
    by_hour,
    by_token,
    holding,
    writes_text,
)
from gpuspec.planning.measure import paid_by
from gpuspec.planning.precisions import InScheme, precisions
from gpuspec.sizing import Need
from gpuspec.sizing.shape import Shape, shape_of
from gpuspec.sizing.speed.rates import Speed
from gpuspec.sizing.speed.serving import RequestTokens
from gpuspec.words import By
from gpuspec.workload import Workload
from gpuspec.workload.even_split import not_shared

if TYPE_CHECKING:
    from gpuspec.planning.measured import Measured
    from gpuspec.planning.second_opinion import Opinions

SHOWN = 8
"""How many of the machines that fit are shown."""


class NextStep(NamedTuple):
    """A larger setting: what it is, the memory it takes, and the cheapest that holds it."""

    name: str
    value: int
    expected: float
    fitting: Alternative | None


class Sized(NamedTuple):
    """A workload, its Need, the machines asked about, how many GPUs on one machine were tried, and what can be
    rented, in the order of `by`."""

    workload: Workload
    need: Need
    """On the first of the machines asked about; where none is, on any."""
    judged: tuple[Judged, ...] = ()
    by_option: bool = False
    """Whether these were named by `--on`, and not by the job."""
    counts: tuple[int, ...] = COUNTS
    by: Order = "hour"
    rentable: tuple[PricedMachine, ...] = ()
    """Those that surely hold the work: all of them `in_full`, else the first."""
    least: Alternative | None = None
    """The cheapest of them an hour, where they are in another order."""
    agreed: tuple[str, ...] = ()
    """What was agreed on with the clouds that rent them, in words."""
    request: RequestTokens | None = None
    """The tokens that are read and written for each answer, where text is written."""
    speed: Speed | None = None
    steps: tuple[NextStep, ...] = ()
    precisions: tuple[InScheme, ...] = ()
    unshared: str = ""
    """What of the model so many GPUs cannot share, in words."""
    opinion: Opinions | None = None
    """What another program says of the speed, where it was asked."""
    measured: tuple[Measured, ...] = ()
    """What the last runs of the job took, where it was sized as it is written."""

    @property
    def told_of(self) -> tuple[Gpu, int] | None:
        """The GPU whose speed is told, and how many of it."""
        return _runs_on(self.judged, self.rentable)

    @property
    def refused(self) -> bool:
        """Whether one that `--on` names does not hold the work, whichever of the GPUs of that name is meant."""
        held = {one.asked.written: False for one in self.judged}
        for one in self.judged:
            held[one.asked.written] |= one.holds
        return self.by_option and not all(held.values())

    @classmethod
    def of(
        cls, case: Case, gpu_count: int | None, on: Sequence[Asked] = (), *, by: By | None, in_full: bool
    ) -> Sized:
        """Size a job; UserError `cannot-size` where a fact is missing. `in_full`: with every machine, and not
        those alone that are shown."""
        workload = case.workload
        asked = on or [Asked(one.gpu.name, one.gpu, gpu_count or one.gpu_count) for one in case.choices]
        counts = (gpu_count,) if gpu_count else COUNTS
        answer = known(case.need(gpu_count or 1, asked[0].gpu if asked else None), workload)
        own = tuple(judged(case, one, counts, in_full=bool(on)) for one in asked)
        answer = own[0].fit.need if own else answer
        rentable, order = _rentable(case, counts, by, in_full=in_full)
        runs_on = _runs_on(own, rentable)
        quick = case.speed(*runs_on) if runs_on and writes_text(workload) else None
        return cls(
            workload,
            answer,
            own,
            bool(on),
            counts=counts,
            by=order,
            rentable=rentable,
            least=next(holding(case, counts), None) if order == "token" else None,
            agreed=case.agreed_prices(_clouds(rentable)),
            request=stated_or_usual(workload, case.job.traffic) if writes_text(workload) else None,
            speed=quick if isinstance(quick, Speed) else None,
            steps=_steps(case, answer, asked[0].gpu if asked else None, counts),
            precisions=precisions(case, counts),
            unshared=not_shared(workload, gpu_count or 1) if not own else "",
        )


def _order(case: Case, by: By | None) -> Order:
    """As asked for; else by the token where traffic says how much is written, as a plan has it. Users say how many
    are served at once, and not that they always are."""
    by = by or paid_by(case.job, case.workload)
    return "token" if by == "token" else "hour"


def _rentable(
    case: Case, counts: Sequence[int], by: By | None, *, in_full: bool
) -> tuple[tuple[PricedMachine, ...], Order]:
    asked = _order(case, by) == "token" and writes_text(case.workload)
    if asked and (found := by_token(case, counts, None if in_full else LOOKED_AT)):
        return found, "token"
    return by_hour(case, counts, None if in_full else SHOWN), "hour"


def _clouds(machines: Sequence[PricedMachine]) -> set[str]:
    prices = (one.offered.price for one in machines[:SHOWN])
    return {price.offer.cloud for price in prices if price}


def _runs_on(own: Sequence[Judged], rentable: Sequence[PricedMachine]) -> tuple[Gpu, int] | None:
    """The GPU whose speed is told, and how many of it: the first that was asked about, None where nothing runs on it;
    where none was, the first of those that hold the workload."""
    if own:
        one = own[0]
        used = min(one.fit.need.gpus, one.asked.gpu_count)
        return (one.asked.gpu, used) if one.holds and not one.asked.by_memory else None
    return (rentable[0].offered.gpu, rentable[0].offered.gpu_count) if rentable else None


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
            steps.append(NextStep(name, 2 * value, more.expected, next(holding(larger, counts), None)))
    return tuple(steps)
