"""The reverse question: how long a context, and how many users at once, a GPU has room for."""

from collections.abc import Callable
from functools import partial

from gpuspec.catalog import Gpu
from gpuspec.engines import engine_of
from gpuspec.named_tuple import NamedTuple
from gpuspec.sizing.fitting import tightest
from gpuspec.sizing.inference.setup import encodes
from gpuspec.sizing.memory import Need, Unsized
from gpuspec.sizing.shape import Shape, shape_of
from gpuspec.workload import Workload
from gpuspec.workload.at_once import most_at_once
from gpuspec.workload.limits import MOST

BLOCK = 16
"""Tokens that a longest context is a multiple of, unless it is the model's own: caches consist of such blocks."""
LENGTHS = (4_096, 16_384, 65_536)
"""Contexts for which the most users are given where none is asked for, beside the model's own."""

NeedOf = Callable[[Workload], "Need | Unsized"]
"""A workload → its memory on the GPUs in question."""


class Held(NamedTuple):
    """The most that there is room for where so much of the other is `asked`: tokens of each of so many users, or
    users of so many tokens each. `surely` by the high estimate, `expected` by the expected one; None: any number."""

    asked: int
    surely: int | None
    expected: int | None


class Capacity(NamedTuple):
    """What a number of one GPU holds: the longest context of so many users, the most users by context. `own_context`
    is the most tokens that the model takes, `lets_in` the most sequences that the server does; None: not known."""

    gpu: Gpu
    longest: Held
    most: tuple[Held, ...]
    own_context: int | None
    lets_in: int | None


def capacity(workload: Workload, gpu: Gpu, need_of: NeedOf) -> Capacity | None:
    """What the GPU holds of a text model that answers; None for all others, and where a fact is missing.

    For the context that is stated and the users, as far as the server lets them in; else for one user, and for a few
    usual contexts."""
    shape = shape_of(workload)
    other = workload.task == "train" or workload.method or workload.modality not in (None, "text")
    if other or not isinstance(shape, Shape) or encodes(workload):
        return None
    sized = need_of(workload._replace(users=1, context=BLOCK))
    if isinstance(sized, Unsized):
        return None
    engine = engine_of(sized.engine)
    lets_in = most_at_once(workload, engine.default(workload.engine_version, gpu.name, gpu.vram_gib))
    asked = (workload.context,) if workload.context else _lengths(shape.max_context)
    users = min(workload.users or 1, lets_in or workload.users or 1)

    def spare(context: int, users: int) -> tuple[float, float] | None:
        needed = need_of(workload._replace(users=users, context=context))
        return _spare(needed, gpu, workload.memory_utilization) if isinstance(needed, Need) else None

    own, beyond = shape.max_context, MOST["context"]
    longest = _most(lambda blocks: spare(blocks * BLOCK, users), own, beyond, BLOCK)
    most: list[Held] = []
    for context in asked:
        most.append(Held(context, *_most(partial(spare, context), lets_in, MOST["users"])))
        if most[-1].expected == 0:
            break  # nor is there room for longer ones
    return Capacity(gpu, Held(users, *longest), tuple(most), own_context=own, lets_in=lets_in)


def _lengths(own: int | None) -> tuple[int, ...]:
    return LENGTHS if own is None else (*(length for length in LENGTHS if length < own), own)


def _spare(needed: Need, gpu: Gpu, utilization: float | None) -> tuple[float, float]:
    """GiB left by the high estimate and by the expected one; below zero where they do not fit."""
    high = tightest(needed, gpu, "high", utilization)
    return high.left, tightest(needed, gpu, "expected", utilization).left


def _most(
    spare: Callable[[int], tuple[float, float] | None], limit: int | None, beyond: float, unit: int = 1
) -> tuple[int | None, int | None]:
    """The most that has room by the high and by the expected estimate, up to the limit, in units; None where there is
    no limit and room for more than is `beyond` any job."""
    seen: dict[int, tuple[float, float]] = {}

    def left(number: int) -> tuple[float, float]:
        if number not in seen:
            seen[number] = spare(number) or (-1.0, -1.0)
        return seen[number]

    top = -(-int(limit or beyond) // unit)

    def amount(number: int) -> int | None:
        return None if limit is None and number == top else min(number * unit, limit or number * unit)

    surely = _largest(lambda number: left(number)[0], top)
    expected = _largest(lambda number: left(number)[1], top)
    return amount(surely), amount(expected)


def _largest(left: Callable[[int], float], top: int) -> int:
    """The largest number from 1 to `top` at which what is left is not below zero, where it only falls; 0: none.

    What is left is nearly a straight line, so two guesses along it mostly close in on the answer; every third one
    halves the interval, whatever the line is like."""
    if left(top) >= 0:
        return top
    if left(1) < 0:
        return 0
    low, high, turn = 1, top, 0
    while high - low > 1:
        along = low + int((high - low) * left(low) / (left(low) - left(high))) + turn % 3
        guess = (low + high) // 2 if turn % 3 == 2 else min(max(along, low + 1), high - 1)
        low, high = (guess, high) if left(guess) >= 0 else (low, guess)
        turn += 1
    return low
