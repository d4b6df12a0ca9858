"""Servers under load: how many at once, how fast for each and for all, the queue."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from gpuspec import resolve_gpu, resolve_model
from gpuspec.sizing import Need, need
from gpuspec.sizing.speed.queueing import birth_death
from gpuspec.sizing.speed.serving import RequestTokens, Served, room, served
from gpuspec.workload import Workload


def test_the_queue_is_that_of_the_textbooks() -> None:
    """M/M/1 at half load: one request inside or waiting on average, of which half a one in service; it waits as long
    as it is served. M/M/2 with one request a service time: a third of them wait (Erlang C), a third of one on
    average."""
    inside, queue = birth_death(0.5, 1, lambda k: 1.0)
    assert (inside, queue) == (pytest.approx(0.5), pytest.approx(1.0))
    inside, queue = birth_death(1.0, 2, float)
    assert (inside, queue) == (pytest.approx(1.0), pytest.approx(1 / 3))
    assert birth_death(2.0, 2, float) == (2.0, None)
    assert birth_death(0.0, 2, float) == (0.0, 0.0)


def _qwen(**fields: object) -> Workload:
    match = resolve_model("Qwen/Qwen3-8B")
    workload = Workload(
        task="serve", modality="text", engine="vllm", model=match.model, params_b=match.params_b, context=4096
    )
    return workload._replace(**fields)


def _under(workload: Workload, gpu: str = "H100 SXM", **options: object) -> Served:
    card = resolve_gpu(gpu).gpu
    assert card
    found = served(workload, card, **options)  # type: ignore[arg-type]
    assert isinstance(found, Served)
    return found


def test_no_more_at_once_than_caches_fit() -> None:
    """Qwen3-8B in 16 bit has 15.26 GiB and 0.140625 MiB of cache a token (2 × 36 layers × 8 heads × 128 × 2 bytes):
    of 4,096 tokens, 576 MiB. What a GPU of 24 GiB leaves has room for some, however many ask, and for a third more
    where each is only three quarters full."""
    card = resolve_gpu("RTX 4090").gpu
    assert card
    needed = need(_qwen(), gpu=card)
    assert isinstance(needed, Need)
    full, part = room(_qwen(), card, needed, 4096), room(_qwen(), card, needed, 3072)
    assert full
    assert part
    beside = needed.expected - needed.kv_cache
    assert full == int((card.vram_gib * 0.92 - beside) * 1024 / 576)
    assert full * 4 // 3 <= part <= (full + 1) * 4 // 3
    asked = _under(_qwen(users=500), "RTX 4090", request=RequestTokens(2048, 2048))
    assert (asked.sequences, asked.asked) == (part, 500)


def test_prompts_and_steps_share_the_machine() -> None:
    """A request takes as many steps as it has tokens to write, and one prompt of every sequence."""
    alone = _under(_qwen(), request=RequestTokens(1000, 500), sequences=1)
    many = _under(_qwen(), request=RequestTokens(1000, 500), sequences=32)
    prompt = 500 / alone.throughput.expected - 500 * alone.step.expected
    seconds = 500 * many.step.expected + 32 * prompt
    assert many.per_hour.expected == pytest.approx(32 * 3600 / seconds)
    assert many.throughput.expected == pytest.approx(32 * 500 / seconds)
    assert many.each.expected == pytest.approx(1 / many.tpot.expected)


def test_more_at_once_is_never_quicker_for_each_and_a_longer_prompt_never_sooner() -> None:
    found = [_under(_qwen(), request=RequestTokens(1000, 500), sequences=n) for n in (1, 2, 3, 8, 64, 200)]
    for less, more in pairwise(found):
        assert more.each.expected <= less.each.expected
        assert more.ttft.expected >= less.ttft.expected
        assert more.throughput.expected >= less.throughput.expected
    prompts = [_under(_qwen(), request=RequestTokens(tokens, 500)) for tokens in (1, 100, 2047, 2049, 3500)]
    for shorter, longer in pairwise(prompts):
        assert longer.ttft.expected >= shorter.ttft.expected
        assert longer.ttft.low >= shorter.ttft.low


def test_drafts_are_an_assumption_and_a_wide_range() -> None:
    """EAGLE beside a dense model: from no gain to 3.6 times for one sequence, none expected for many."""
    plain, drafting = _qwen(), _qwen(draft=Workload(params_b=0.5))
    one, with_drafts = (
        _under(each, request=RequestTokens(1000, 500), sequences=1) for each in (plain, drafting)
    )
    assert with_drafts.step.expected == pytest.approx(one.step.expected / 1.9)
    assert with_drafts.step.high == pytest.approx(one.step.high)
    assert with_drafts.step.low == pytest.approx(one.step.low / 3.6)
    assert any("speculative decoding" in said for said in with_drafts.assumptions)
    many = [_under(drafting, request=RequestTokens(1000, 500), sequences=n) for n in (1, 2, 4, 8, 16, 32)]
    for less, more in pairwise(many):
        assert more.throughput.expected >= less.throughput.expected
        assert more.each.expected <= less.each.expected


def test_the_batches_of_the_seeds_are_as_their_page_says() -> None:
    """docs/seed-facts.md, "What they say of batches": 13B on an A100."""
    match = resolve_model("Llama-2-13B")
    workload = _qwen(model=match.model, params_b=match.params_b, context=1024, dtype="fp16")
    page = (Path(__file__).parents[2] / "docs" / "seed-facts.md").read_text(encoding="utf-8")
    rows = re.findall(
        r"^\| (\d+) of S\d \| [\d,]+, \d+ ms \| ([\d,]+) \(([\d,]+)–([\d,]+)\) \| (\d+) \|", page, re.M
    )
    assert len(rows) == 9
    for batch, *figures in rows:
        found = _under(workload, "A100 80GB SXM4", request=RequestTokens(128, 128), sequences=int(batch))
        low, expected, high = found.throughput
        said = [f"{figure:,.0f}" for figure in (expected, low, high, found.tpot.expected * 1000)]
        assert said == figures
