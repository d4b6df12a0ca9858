"""A server under load: how many it answers at once, how fast for each, how much for all.

A server that batches continuously shares each step between the answers that it writes, and puts the prompts of new
requests between them (vLLM, SGLang, TensorRT-LLM). So while one answer of A tokens is written, `n` answers are, and
`n` prompts are read: a request takes A steps and n prompts, and n requests are done in that time (Little's law of a
system that is always full). The steps are those of `text.py`, the prompts those of `prefill.py`.
"""

from math import log2

from gpuspec.catalog import Gpu
from gpuspec.engines import engine_of
from gpuspec.named_tuple import NamedTuple
from gpuspec.sizing.fitting import tightest
from gpuspec.sizing.inference.setup import DEFAULT_CONTEXT, as_kept, cache_dtype
from gpuspec.sizing.kv import kv_cache
from gpuspec.sizing.memory import Need, Unsized
from gpuspec.sizing.shape import Shape, shape_of
from gpuspec.sizing.speed.drafting import drafted, drafting_assumed, drafting_gain
from gpuspec.sizing.speed.prefill import Prefill, prefill
from gpuspec.sizing.speed.rates import Range, Speed
from gpuspec.workload import Workload
from gpuspec.workload.at_once import at_once, under_load


class RequestTokens(NamedTuple):
    """One request and its answer: tokens that are read, and tokens that are written."""

    prompt: float
    answer: float

    @property
    def tokens(self) -> int:
        """The room that it may need at its end."""
        return max(int(self.prompt + self.answer), 1)

    @property
    def mean(self) -> float:
        """Tokens in the cache while it is answered, from the prompt alone to all."""
        return self.prompt + self.answer / 2


class Served(NamedTuple):
    """A machine that always has as many requests as it can answer at once. Times are in seconds."""

    sequences: int
    """Answered at once: those asked for, as far as the server lets them in and there is room."""
    asked: int
    room: int | None
    """As many caches fit, as full as they are on average; None: that does not limit them."""
    step: Range
    """Of the whole batch, for one token of each; no prompts."""
    tpot: Range
    """From one token to the next of the same answer, other requests' prompts between them."""
    ttft: Range
    """From a request that is let in to its first token: the prompts before it, and its own."""
    throughput: Range
    """Tokens written a second, all together."""
    each: Range
    """Tokens a second that one user sees while the answer is written."""
    per_hour: Range
    """Requests."""
    request: RequestTokens
    why: str
    assumptions: tuple[str, ...]


def usual_request(workload: Workload) -> RequestTokens:
    """Where no traffic says how long prompts and answers are: half of the context each."""
    half = (workload.context or DEFAULT_CONTEXT) / 2
    return RequestTokens(half, half)


def room(workload: Workload, gpu: Gpu, need: Need, tokens: float) -> int | None:
    """How many sequences of so many tokens have room in the caches of all copies, by the expected estimate; None
    where there is no cache. An engine that sets the room of each sequence aside has it for the whole context."""
    shape = shape_of(workload)
    tight = tightest(need, gpu, "expected", workload.memory_utilization)
    cache = sum(part.expected for part in tight.phase.parts if part.name == "KV cache")
    if cache <= 0 or isinstance(shape, Unsized):
        return None
    each = cache / need.sequences
    whole = workload.context
    if whole and engine_of(need.engine).memory.queues and tokens < whole:
        each *= _bytes(workload, shape, tokens) / _bytes(workload, shape, whole)
    return max(0, int((tight.left + cache) / each)) * (workload.data_parallel or 1)


def _bytes(workload: Workload, shape: Shape, tokens: float) -> float:
    return kv_cache(as_kept(workload, shape), tokens, 1, cache_dtype(workload, shape))


def served(
    workload: Workload,
    gpu: Gpu,
    gpus: int = 1,
    request: RequestTokens | None = None,
    *,
    need: Need | Unsized | None = None,
    sequences: int | None = None,
) -> Served | Unsized:
    """A text model under load. `request`: tokens of each (None: half of the context read, half written); `need`: its
    memory on these GPUs, where it is known already; `sequences`: so many at once in place of those declared."""
    request = request or usual_request(workload)
    if need is None:
        from gpuspec.sizing.estimate import need as estimate

        need = estimate(workload, gpus, gpu=gpu)
    if isinstance(need, Unsized):
        return need
    let_in = sequences or under_load(workload, gpu)
    asked = sequences or workload.users or let_in
    limit = room(workload, gpu, need, request.mean)
    many = let_in if limit is None else min(let_in, max(limit, 1))
    return _at(workload, gpu, gpus, request, many=many, asked=asked, limit=limit)


def served_at(
    workload: Workload,
    gpu: Gpu,
    gpus: int = 1,
    request: RequestTokens | None = None,
    *,
    many: int,
    read: Prefill | Unsized | None = None,
) -> Served | Unsized:
    """With so many sequences at once, whether or not there is room for them. `read`: `prefill_of` such a request,
    where it is known already."""
    request = request or usual_request(workload)
    return _at(workload, gpu, gpus, request, many=many, asked=many, limit=None, read=read)


def prefill_of(workload: Workload, gpu: Gpu, gpus: int, request: RequestTokens) -> Prefill | Unsized:
    """How fast the prompt of a request is read, however many are answered beside it."""
    return prefill(workload, gpu, gpus, tokens=max(request.prompt, 1))


def _at(
    workload: Workload,
    gpu: Gpu,
    gpus: int,
    request: RequestTokens,
    *,
    many: int,
    asked: int,
    limit: int | None,
    read: Prefill | Unsized | None = None,
) -> Served | Unsized:
    """With so many sequences at once."""
    step = step_of(workload, gpu, gpus, many, request.mean)
    read = read or prefill_of(workload, gpu, gpus, request)
    if isinstance(step, Unsized):
        return step
    if isinstance(read, Unsized):
        return read
    share = many / min(workload.data_parallel or 1, many)
    answer = max(request.answer, 1)
    firsts, tpots, wholes = [], [], []
    for at in range(3):
        whole = answer * step[at] + share * read.seconds[at]
        before = max(share - answer, 0.0) * read.seconds[at]  # no more are written than are read while one is
        own = read.request[at] + read.seconds[at]
        tpots.append((whole - read.seconds[at] - before) / answer)
        firsts.append(own + _waits(own, share) + before)
        wholes.append(whole)
    rate = Range(*wholes).inverse().times(many)
    tpot = Range(*tpots)
    why = (
        f"{many:,} at once: {answer:,.0f} steps of {step.expected * 1e3:,.1f} ms + {share:,.0f} prompts of "
        f"{read.seconds.expected * 1e3:,.0f} ms = {wholes[1]:,.2f} s a request"
    )
    said = (
        f"{request.prompt:,.0f} tokens read and {request.answer:,.0f} written of each request",
        "requests come evenly, and no prompt is cached",
        *drafting_assumed(workload, many),
    )
    return Served(
        many,
        asked,
        limit,
        step,
        tpot,
        Range(*firsts),
        rate.times(answer),
        tpot.inverse(),
        rate.times(3600),
        request,
        why,
        said,
    )


def _waits(own: float, many: float) -> float:
    """Seconds that a prompt waits for the steps and prompts of others, where it takes as long as its `own` and so
    many requests come evenly: log2(n) ÷ 8 of it, at most all of it once more. So has it aiconfigurator 0.12, which
    fitted that to measured vLLM servers of 1 to 64 requests (`vllm_backend.py`)."""
    return own * min(log2(max(many, 1.0)) / 8, 1.0)


def step_of(workload: Workload, gpu: Gpu, gpus: int, many: int, tokens: float) -> Range | Unsized:
    """Seconds of a step that writes one token of each of `many`, with so many tokens of each in the cache."""
    from gpuspec.sizing.speed.text import speed

    context = workload.context or max(int(2 * tokens), 1)
    found = speed(workload._replace(users=None, concurrency=many, context=context), gpu, gpus, cached=tokens)
    if isinstance(found, Unsized):
        return found
    if found.decode is None:
        return Unsized(f"the memory bandwidth of {gpu.name} is not known")
    gain = drafting_gain(workload, many)
    step = found.decode.inverse().times(many)
    return Range(*(one / more for one, more in zip(step, reversed(gain), strict=True))) if gain else step


def speed_within(workload: Workload, gpu: Gpu, gpus: int, need: Need | Unsized) -> Speed | Unsized:
    """How fast a text model answers, no more sequences at once than fit; the first token of a prompt of half the
    context."""
    from gpuspec.sizing.speed.text import speed

    engine = engine_of(workload.engine)
    many = at_once(workload, engine.default(workload.engine_version, gpu.name, gpu.vram_gib)).sequences or 1
    request = usual_request(workload)
    limit = room(workload, gpu, need, request.prompt) if isinstance(need, Need) else None
    if limit is not None and limit < many:
        many = max(limit, 1)
        workload = workload._replace(users=None, concurrency=many)
    found = drafted(speed(workload, gpu, gpus), workload)
    if isinstance(found, Unsized):
        return found
    read = prefill_of(workload, gpu, gpus, request)
    if not isinstance(read, Prefill):
        return found._replace(sequences=many, prefill=None)
    under = _at(workload, gpu, gpus, request, many=many, asked=many, limit=limit, read=read)
    first = under.ttft if isinstance(under, Served) else None
    return found._replace(sequences=many, prefill=read.per_second, ttft=first)
