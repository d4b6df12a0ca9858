"""One machine under load: how quickly it answers so many at once, and how many of them an `slo` allows."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from gpuspec.catalog import Gpu
from gpuspec.job.job import Slo, Traffic
from gpuspec.named_tuple import NamedTuple
from gpuspec.sizing import Unsized
from gpuspec.sizing.speed.rates import Range
from gpuspec.words import figure
from gpuspec.workload import Workload

if TYPE_CHECKING:
    from gpuspec.sizing.speed.prefill import Prefill
    from gpuspec.sizing.speed.serving import RequestTokens

Estimate = Literal["expected", "high"]
"""Which end of a speed: the expected one, or the high one, than which no machine is faster."""


class AnswerPace(NamedTuple):
    """A machine that answers so many sequences at once all the time. Seconds: `each` request takes of the machine's
    time, so that it answers 1 ÷ `each` a second (None where the tokens of a request are not known); `ttft`
    from a request to its first token (likewise); `token` for each further token that one user sees."""

    sequences: int
    each: float | None
    ttft: float | None
    token: float
    why: str = ""

    @property
    def per_second(self) -> float:
        """Requests a second; 0 where their tokens are not known."""
        return 1 / self.each if self.each else 0.0

    @property
    def whole(self) -> float | None:
        """Seconds from a request to the end of its answer: by Little's law, sequences ÷ requests a second."""
        return self.sequences * self.each if self.each else None


Answers = Callable[[int], AnswerPace | None]
"""How a machine answers so many at once; None where its speed is not known."""


def answering(
    workload: Workload,
    gpu: Gpu,
    gpus: int,
    *,
    many: int,
    traffic: Traffic | None,
    estimate: Estimate = "expected",
    read: "Prefill | Unsized | None" = None,
) -> AnswerPace | None:
    """So many at once on `gpus` of a GPU, whether or not their caches have room. `read`: how fast the prompt of
    `request_of` is read, where it is known already."""
    from gpuspec.sizing.speed.serving import served_at  # not needed to lint a job without a load

    taken_in, given_out = tokens_of(traffic)
    known = taken_in is not None and given_out is not None
    request = request_of(workload, traffic)
    found = served_at(workload, gpu, gpus, request, many=many, read=read)
    if isinstance(found, Unsized):
        return None

    def quickest(seconds: Range) -> float:
        return seconds.low if estimate == "high" else seconds.expected

    if not known:
        return AnswerPace(many, None, None, quickest(found.step))
    each = 3600 / (found.per_hour.high if estimate == "high" else found.per_hour.expected)
    token = quickest(found.tpot)
    why = (
        f"{many} at once, each done in {figure(many * each)} s ({figure(request.prompt)} tokens read, "
        f"{figure(request.answer)} written at {milliseconds(token)} a token)"
    )
    return AnswerPace(many, each, quickest(found.ttft), token, why)


def request_of(workload: Workload, traffic: Traffic | None) -> "RequestTokens":
    """One request of the traffic. Where nobody says how long it is, caches are half full, and steps without prompts
    are looked at."""
    from gpuspec.sizing.inference.setup import DEFAULT_CONTEXT
    from gpuspec.sizing.speed.serving import RequestTokens

    taken_in, given_out = tokens_of(traffic)
    return RequestTokens(taken_in or 0.0, given_out or workload.context or DEFAULT_CONTEXT)


def tokens_of(traffic: Traffic | None) -> tuple[float | None, float | None]:
    """The tokens of one request, in and out; (None, None) where not both are stated."""
    if traffic is None or traffic.input_tokens is None or not traffic.output_tokens:
        return None, None
    return traffic.input_tokens, traffic.output_tokens


def stated_or_usual(workload: Workload, traffic: Traffic | None) -> "RequestTokens":
    """The tokens of a request: what the traffic says; else half of the context each."""
    from gpuspec.sizing.speed.serving import RequestTokens, usual_request

    read, written = tokens_of(traffic)
    return RequestTokens(read, written) if read is not None and written else usual_request(workload)


def token_seconds(slo: Slo) -> float | None:
    """The most seconds that a further token may take: by `tpot_ms`, or `tokens_per_second`, the stricter of them."""
    limits = [slo.tpot_ms and slo.tpot_ms / 1000, slo.tokens_per_second and 1 / slo.tokens_per_second]
    return min((limit for limit in limits if limit), default=None)


def too_slow(found: AnswerPace, slo: Slo | None) -> str:
    """In words, what of an `slo` so many at once do not meet; "" where they meet all that is known."""
    if slo is None:
        return ""
    said = []
    if slo.ttft_ms and found.ttft is not None and found.ttft > slo.ttft_ms / 1000:
        said.append(f"the first token takes {milliseconds(found.ttft)}, {figure(slo.ttft_ms)} ms asked")
    limit = token_seconds(slo)
    if limit and found.token > limit:
        if slo.tpot_ms and slo.tpot_ms / 1000 <= limit:
            said.append(
                f"each further token takes {milliseconds(found.token)}, {figure(slo.tpot_ms)} ms asked"
            )
        else:
            said.append(f"{rate(1 / found.token)} tokens/s, {figure(slo.tokens_per_second or 0)} asked")
    return " and ".join(said)


def most_within(answers: Answers, most: int, slo: Slo | None) -> AnswerPace | None:
    """The most sequences, up to `most`, at which the `slo` is met; None where not even one meets it, or the speed
    is not known. More at once are never quicker for one of them, so a search by halves finds it."""
    best, known = answers(most), answers(1)
    if best is None or known is None or not too_slow(best, slo):
        return best
    if too_slow(known, slo):
        return None
    low, high, best = 1, most, known
    while high - low > 1:
        middle = (low + high) // 2
        found = answers(middle)
        if found is None or too_slow(found, slo):
            high = middle
        else:
            low, best = middle, found
    return best


def least_at(answers: Answers, most: int, per_second: float) -> AnswerPace | None:
    """The fewest sequences at once, up to `most`, at which so many requests a second are answered: as many as are
    there when they come at that rate (Little's law). `most` where even those do not keep up."""
    low, high, best = 0, most, answers(most)
    while high - low > 1:
        middle = (low + high) // 2
        found = answers(middle)
        if found is None or found.per_second < per_second:
            low = middle
        else:
            high, best = middle, found
    return best


def queue_seconds(answers: Answers, most: int, per_second: float) -> float | None:
    """Seconds for which a request waits on average until one of `most` places is free, where so many come a second
    and at random; None where more come than are answered, and the queue grows without end."""
    from gpuspec.sizing.speed.queueing import birth_death

    numbers = [*(2**power for power in range(most.bit_length()) if 2**power < most), most]
    points = [(number, found.whole) for number in numbers if (found := answers(number)) and found.whole]
    if len(points) != len(numbers):
        return None

    def done(inside: int) -> float:
        at = next(place for place, (number, _) in enumerate(points) if number >= inside)
        (low, first), (high, last) = points[max(at - 1, 0)], points[at]
        share = (inside - low) / (high - low) if high > low else 1.0
        return inside / (first + (last - first) * share)

    return birth_death(per_second, most, done)[1]


def milliseconds(seconds: float) -> str:
    """`38 ms`, `4.2 ms`, `1.6 s`."""
    if seconds >= 0.9995:
        return f"{seconds:.1f} s"
    return f"{seconds * 1000:.0f} ms" if seconds >= 0.00995 else f"{seconds * 1000:.1f} ms"


def rate(per_second: float) -> str:
    """`3.5`, `0.058`, `1,200`: so many a second."""
    return f"{per_second:,.0f}" if per_second >= 99.5 else figure(per_second, 2)
