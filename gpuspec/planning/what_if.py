"""What else would make the requests of a job cheaper, one assumption a line. None of it is known of the job: how many
requests are simple, or come twice, is its author's knowledge. So these are answers to a question, never findings.

What two of them leave multiplies: 60 % less and then 30 % less is 72 % less, not 90 %."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import prod

from gpuspec.catalog.api_prices import ApiPrice
from gpuspec.errors import UserError
from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.breakeven import Own, hybrid
from gpuspec.planning.case import Case
from gpuspec.planning.self_hosting import Host, Usage, at_most, best, hosts
from gpuspec.words import percent
from gpuspec.workload import Workload

SMALL_MODEL = "Qwen/Qwen2.5-7B-Instruct"
"""Stands for the small tier of a cascade, as in GS509."""
SMALL_B = 10.0
"""Billions of parameters up to which a model is small itself."""

TOGETHER = (1, 8, 32)
"""Requests answered at once, of which the price of a token is told."""


class Assumption(NamedTuple):
    """What a line takes for granted: a share, where there is one, and who says so."""

    share: float | None
    words: str
    source: str


ASSUMED: Mapping[str, Assumption] = {
    "quantization": Assumption(
        None,
        "the weights are in 4 bit (AWQ; test the answers)",
        "gpuspec's own sizes and speeds of the 4-bit model",
    ),
    "cascade": Assumption(
        0.6,
        "{share} of the requests are simple and Qwen2.5-7B answers them; telling them apart costs nothing",
        "course “Cost Optimization Strategies”: 60 % simple, 30 % medium, 10 % complex",
    ),
    "prefix-cache": Assumption(
        0.5,
        "{share} of the tokens read are the same beginning as before, kept by --enable-prefix-caching",
        "the same course: a cache is good above 50 %, not worth it below 20 %",
    ),
    "semantic-cache": Assumption(
        0.3,
        "{share} of the requests are answered from a store of earlier answers, which costs nothing",
        "chapter “LLM Compute Planning”, exercise 4: 20–40 % less",
    ),
    "speculative": Assumption(
        0.24,
        "speculative decoding writes {share} faster on a busy machine; a full one may gain nothing",
        "19.4 % less a token, gpt-oss-120b with EAGLE-3 on vLLM, code: "
        "https://developers.redhat.com/articles/2026/04/16/performance-improvements-speculative-decoding-vllm-gpt-oss",
    ),
    "spot": Assumption(
        None, "the same machines are spot ones, which may be taken away", "the price lists in force"
    ),
    "overflow": Assumption(
        None, "your machines answer most hours, and the API what comes on top", "the price of the API"
    ),
}
"""Name of a line → what it assumes."""

APART = ("overflow",)
"""Lines that are another way to run everything, and do not add to the others."""


class WhatIf(NamedTuple):
    """One line: dollars a month as it is, and then."""

    name: str
    assumption: str
    source: str
    now: float
    then: float
    left: float
    """Share of the present work, in dollars, that is left: without the rounding to whole machines."""


class WhatIfs(NamedTuple):
    """All lines, what is left of them together, and what a million written tokens cost at several at once."""

    requests: float
    """A month."""
    rows: tuple[WhatIf, ...]
    together: float | None
    """Dollars a month with all of them that go together; None for fewer than two."""
    per_million: tuple[tuple[int, float], ...]
    """(requests at once, $ per million tokens written) on the machine, were it always busy."""
    machines: int = 1
    """That are rented for `requests` as it is."""
    stated: bool = True
    """Whether `requests` are those of the job; else they are a machine's, and only shares mean anything."""

    @property
    def left(self) -> float:
        """Share of a request's cost that all lines that go together leave."""
        return prod(row.left for row in _stacked(self.rows))


def asked_for(words: tuple[str, ...]) -> dict[str, float | None]:
    """`cascade=0.6` of `--what-if` as name → share; "all", or no words, is every line. UserError for what is none."""
    found: dict[str, float | None] = {}
    for word in words:
        name, _, written = word.strip().lower().partition("=")
        if name == "all" and not written:
            found = {**dict.fromkeys(ASSUMED), **found}
            continue
        if name not in ASSUMED:
            from difflib import get_close_matches

            near = get_close_matches(name, ASSUMED, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are: all, {', '.join(ASSUMED)}"
            raise UserError("unknown-what-if", f"there is no what-if {name!r}", hint)
        found[name] = _share(name, written) if written else None
    return found or dict.fromkeys(ASSUMED)


def _share(name: str, written: str) -> float:
    from gpuspec.numerals import number_of

    if ASSUMED[name].share is None:
        raise UserError("unknown-what-if", f"{name} takes no share", f"--what-if {name}")
    percent = written.endswith("%")
    value = number_of(written.removesuffix("%"))
    share = None if value is None else value / 100 if percent else value
    if share is None or not 0 < share < 1:
        hint = f"--what-if {name}={ASSUMED[name].share:g}, or {ASSUMED[name].share:.0%}"
        raise UserError("unknown-what-if", f"{name}={written} is no share between 0 and 1", hint)
    return share


class _Present(NamedTuple):
    """What a line starts from."""

    case: Case
    host: Host
    usage: Usage
    requests: float
    api: ApiPrice | None

    @property
    def own(self) -> Own:
        return self.usage.own(self.host)

    def cost(self, host: Host, requests: float) -> float:
        return self.usage.own(host).cost(requests)

    def work(self, host: Host, requests: float) -> float:
        """Dollars without the rounding to whole machines."""
        return self.usage.own(host).each * requests


Line = tuple[float, float]
"""(dollars a month then, dollars of the work alone)."""


def what_ifs(
    case: Case,
    host: Host,
    usage: Usage,
    *,
    requests: float,
    wanted: Mapping[str, float | None],
    api: ApiPrice | None = None,
) -> WhatIfs:
    """The lines that are wanted, as far as they mean anything for this work."""
    present = _Present(case, host, usage, requests, api)
    now, work = present.own.cost(requests), present.work(host, requests)
    rows = []
    for name, given in wanted.items():
        share = given if given is not None else ASSUMED[name].share
        line = _LINES[name](present, share or 0.0)
        if line is not None:
            words = ASSUMED[name].words.format(share=percent(share or 0.0))
            source = "yours" if given is not None else ASSUMED[name].source
            rows.append(WhatIf(name, words, source, now, line[0], line[1] / work))
    together, per_million = _together(present, rows), tuple(_per_million(present))
    return WhatIfs(
        requests,
        tuple(rows),
        together,
        per_million,
        present.own.machines(requests),
        usage.requests is not None,
    )


def _stacked(rows: Sequence[WhatIf]) -> list[WhatIf]:
    """Those that go together and save something."""
    return [row for row in rows if row.name not in APART and row.left < 1]


def _together(present: _Present, rows: list[WhatIf]) -> float | None:
    """What is left of what is left, and at least one machine of the cheapest kind among them."""
    stacked = _stacked(rows)
    if len(stacked) < 2:
        return None
    left = present.work(present.host, present.requests)
    for row in stacked:
        left *= row.left
    ops = present.usage.ops
    least = min([present.own.per_month, *(row.then - ops for row in stacked)])
    return max(left, least) + ops


def _cascade(present: _Present, share: float) -> Line | None:
    work = present.case.workload
    size = work.params_b or (work.model.params_b if work.model else None)
    if not size or size <= SMALL_B:
        return None
    model = present.case.catalog.resolve_model(SMALL_MODEL).model
    if model is None:
        return None
    small = work._replace(
        model=model, model_name=SMALL_MODEL, params_b=model.params_b, quantization=None, dtype=None,
        tensor_parallel=None, pipeline_parallel=None,
    )  # fmt: skip
    found = _elsewhere(present, small)
    if found is None:
        return None
    simple, rest = present.requests * share, present.requests * (1 - share)
    ops = present.usage.ops
    then = present.cost(found, simple) - ops + present.cost(present.host, rest)
    return then, present.work(found, simple) + present.work(present.host, rest)


def _elsewhere(present: _Present, work: Workload) -> Host | None:
    """The best machine for other work, whatever GPU the job names."""
    job = present.case.job._replace(gpu_types=(), gpu_count=None, min_vram=None, max_price=None)
    found = hosts(present.case.instead(job=job).instead(workload=work), present.usage.request)
    return best(found, present.usage) if found else None


def _quantization(present: _Present, _: float) -> Line | None:
    work = present.case.workload
    native = work.model.native_dtype if work.model else None
    if work.quantization or native not in (None, "bf16", "fp16", "fp32"):
        return None
    found = _elsewhere(present, work._replace(quantization="awq", dtype=None, tensor_parallel=None))
    return (
        None
        if found is None
        else (present.cost(found, present.requests), present.work(found, present.requests))
    )


def _with_tokens(present: _Present, read: float) -> Host | None:
    request = present.usage.request._replace(read=read)
    answered = at_most(present.case, present.host.machine, request)
    return present.host._replace(per_hour=answered.per_second * 3600) if answered else None


def _prefix_cache(present: _Present, share: float) -> Line | None:
    found = _with_tokens(present, present.usage.request.read * (1 - share))
    return (
        None
        if found is None
        else (present.cost(found, present.requests), present.work(found, present.requests))
    )


def _semantic_cache(present: _Present, share: float) -> Line:
    left = present.requests * (1 - share)
    return present.cost(present.host, left), present.work(present.host, left)


def _speculative(present: _Present, faster: float) -> Line | None:
    """Only what is written gets faster: the hour that a request takes without its prompt."""
    writes = _with_tokens(present, 0.0)
    if writes is None:
        return None
    saved = (1 / writes.per_hour) * (1 - 1 / (1 + faster))
    host = present.host._replace(per_hour=1 / (1 / present.host.per_hour - saved))
    return present.cost(host, present.requests), present.work(host, present.requests)


def _spot(present: _Present, _: float) -> Line | None:
    one = present.host.machine
    price = present.case.market.cheapest(one.gpu.name, one.gpu_count, spot="only")
    if price is None or price.per_hour >= one.per_hour:
        return None
    host = present.host._replace(machine=one._replace(price=price))
    return present.cost(host, present.requests), present.work(host, present.requests)


def _overflow(present: _Present, _: float) -> Line | None:
    if present.api is None:
        return None
    request = present.usage.request
    each = present.api.per_request(request.read, request.written)
    mix = hybrid(present.own, each, present.requests, 1 / present.usage.utilization)
    return (mix.cost, mix.cost) if mix.machines else None  # else it is the API for everything


_LINES: Mapping[str, Callable[[_Present, float], Line | None]] = {
    "quantization": _quantization,
    "cascade": _cascade,
    "prefix-cache": _prefix_cache,
    "semantic-cache": _semantic_cache,
    "speculative": _speculative,
    "spot": _spot,
    "overflow": _overflow,
}


def _per_million(present: _Present) -> Iterator[tuple[int, float]]:
    one, request = present.host.machine, present.usage.request
    for many in TOGETHER:
        answered = at_most(present.case, one, request, together=many)
        if answered:
            yield many, one.per_hour / 3600 / (answered.per_second * request.written) * 1e6
