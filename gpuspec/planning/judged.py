"""One machine that somebody asked about: whether it holds the work, by how much, and what would make it fit."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gpuspec.catalog import Gpu
from gpuspec.errors import UserError
from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.alternatives import COUNTS, Alternative
from gpuspec.planning.case import Case
from gpuspec.planning.features import why_not
from gpuspec.planning.machines import PricedMachine, holding, machine, priced
from gpuspec.planning.precisions import in_scheme, offered, own_scheme
from gpuspec.sizing import Fit, Need, Unsized, fit, need
from gpuspec.sizing.fitting import tightest
from gpuspec.workload import Workload
from gpuspec.workload.even_split import not_shared

if TYPE_CHECKING:
    from gpuspec.sizing.capacity import Capacity

LEAST_CONTEXT = 512
"""Tokens: a context below it is no way to make anything fit."""


class Asked(NamedTuple):
    """So many of a GPU, as somebody asked about them: `written` is how. `by_memory`: a GPU that stands for any with
    its memory."""

    written: str
    gpu: Gpu
    gpu_count: int
    by_memory: bool = False


class Instead(NamedTuple):
    """What would make the work fit on a machine that does not hold it, each on its own and surely; None where it
    would not, or does not apply: fewer tokens for each of the users, fewer users of as many tokens, another scheme
    and how to get it, more of the same GPU, and the cheapest other machine."""

    context: int | None = None
    users: int | None = None
    scheme: str | None = None
    how: str = ""
    more: Alternative | None = None
    other: Alternative | None = None


class Judged(NamedTuple):
    """A machine, held against the work. `short`: GiB on each GPU that the expected memory is beyond what may be used
    (0: it is within); `unshared`: what of the model its GPUs cannot share evenly, in words."""

    asked: Asked
    fit: Fit
    short: float
    unshared: str
    machine: PricedMachine
    room: "Capacity | None"
    instead: Instead | None

    @property
    def holds(self) -> bool:
        """Whether the work may run there, as far as memory and the split decide it."""
        return self.fit.verdict != "does not fit" and not self.unshared


def known(answer: Need | Unsized, workload: Workload) -> Need:
    """UserError `cannot-size` where a fact is missing."""
    if isinstance(answer, Unsized):
        hint = "`gpuspec lint` shows where it stands" if workload.beyond else answer.hint
        raise UserError("cannot-size", answer.reason, hint)
    return answer


def judged(case: Case, asked: Asked, counts: Sequence[int], *, in_full: bool) -> Judged:
    """`counts`: how many GPUs another machine may have. `in_full`: with what it has room for, and what would make the
    work fit."""
    workload, gpu, gpu_count = case.workload, asked.gpu, asked.gpu_count
    needed = known(case.need(case.market.used_of(gpu_count), gpu), workload)
    found = fit(needed, gpu, workload.memory_utilization)
    left = tightest(found.need, gpu, "expected", workload.memory_utilization).left
    unshared = not_shared(workload, gpu_count)
    alone = Alternative(gpu=gpu, gpu_count=gpu_count, price=None, fit=found, speed=None)
    one = alone if asked.by_memory else priced(case, gpu, gpu_count)
    runs = found.verdict != "does not fit" and not unshared and not asked.by_memory
    room = _room(workload, gpu, needed.gpus) if in_full and not unshared else None
    return Judged(
        asked=asked,
        fit=found,
        short=max(-left, 0.0),
        unshared=unshared,
        machine=machine(case, one) if runs else PricedMachine(one),
        room=room,
        instead=_instead(case, asked, found, room, counts) if in_full and (unshared or left < 0) else None,
    )


def _room(workload: Workload, gpu: Gpu, gpus: int) -> "Capacity | None":
    from gpuspec.sizing.capacity import capacity

    return capacity(workload, gpu, lambda other: need(other, gpus, gpu=gpu))


def _instead(case: Case, asked: Asked, found: Fit, room: "Capacity | None", counts: Sequence[int]) -> Instead:
    gpu, workload = asked.gpu, case.workload
    scheme, how = _fewer_bits(case, asked, found) if not not_shared(workload, asked.gpu_count) else (None, "")
    context = users = None
    if room is not None:
        context, many = room.longest.surely, workload.context or 0
        context = context if context and LEAST_CONTEXT <= context < (many or context + 1) else None
        asked_for = workload.users or 1
        users = next((row.surely for row in room.most if row.asked == workload.context), None)
        users = users if users and users < asked_for else None
    return Instead(
        context=context,
        users=users,
        scheme=scheme,
        how=how,
        more=None if asked.by_memory else _more(case, asked),
        other=next((one for one in holding(case, counts) if one.gpu.name != gpu.name), None),
    )


def _more(case: Case, asked: Asked) -> Alternative | None:
    """The least number of the same GPU that surely holds it, above the one asked about."""
    for count in COUNTS:
        if count > asked.gpu_count and not not_shared(case.workload, count):
            one = priced(case, asked.gpu, count)
            if one.verdict == "fits":
                return one
    return None


def _fewer_bits(case: Case, asked: Asked, found: Fit) -> tuple[str | None, str]:
    """The scheme with the most bits, of those that the engine offers, that fits on the same GPUs and has kernels
    there."""
    workload = case.workload
    own = own_scheme(workload)
    able = list(offered(workload, own))
    after = next((at + 1 for at, (name, _) in enumerate(able) if name == own), len(able))
    for scheme, how in able[after:]:
        other = in_scheme(case, scheme)
        needed = other.need(asked.gpu_count, asked.gpu)
        if isinstance(needed, Unsized) or why_not(other.workload, asked.gpu):
            continue
        if fit(needed, found.gpu, workload.memory_utilization).verdict == "fits":
            return scheme, how
    return None, ""
