"""What another program says of the speed that `gpuspec size` tells, beside ours."""

from __future__ import annotations

from typing import Any

from gpuspec.planning.second_opinion import Opinions
from gpuspec.sizing import Unsized
from gpuspec.sizing.speed.rates import Range


def lines(found: Opinions) -> list[str]:
    """A line for what was asked, and one for each answer, ours in brackets; why not, where there is none."""
    machine = f"{found.gpu_count} × {found.gpu.name}"
    theirs, ours = found.theirs, found.ours
    if isinstance(theirs, Unsized) or isinstance(ours, Unsized):
        reason = theirs if isinstance(theirs, Unsized) else ours
        assert isinstance(reason, Unsized)
        return [f"no second opinion on {machine}: {reason.reason}"]
    read, written = theirs.request
    return [
        f"second opinion on {machine}, {ours.sequences} at once, {read:,.0f} tokens read and {written:,.0f} written "
        "of each",
        f"  {theirs.of}; in brackets gpuspec",
        f"  tokens/s of each {theirs.each:,.0f} ({_span(ours.each)}), of all {theirs.throughput:,.0f} "
        f"({_span(ours.throughput)})",
        f"  first token {theirs.ttft:.2f} s ({ours.ttft.low:.2f}–{ours.ttft.high:.2f})",
    ]


def document(found: Opinions) -> dict[str, Any]:
    """The same for JSON."""
    theirs, ours = found.theirs, found.ours
    said: dict[str, Any] = {"gpu": found.gpu.name, "gpu_count": found.gpu_count}
    if isinstance(theirs, Unsized) or isinstance(ours, Unsized):
        reason = theirs if isinstance(theirs, Unsized) else ours
        assert isinstance(reason, Unsized)
        nothing = dict.fromkeys(("of", "sequences", "prompt_tokens", "answer_tokens", "theirs", "ours"))
        return {**said, **nothing, "why_not": reason.reason}
    return {
        **said,
        "of": theirs.of,
        "sequences": ours.sequences,
        "prompt_tokens": theirs.request.prompt,
        "answer_tokens": theirs.request.answer,
        "theirs": {
            "tokens_per_second_each": theirs.each,
            "first_token_seconds": theirs.ttft,
            "tokens_per_second": theirs.throughput,
        },
        "ours": {
            "tokens_per_second_each": ours.each._asdict(),
            "first_token_seconds": ours.ttft._asdict(),
            "tokens_per_second": ours.throughput._asdict(),
        },
        "why_not": None,
    }


def _span(value: Range) -> str:
    return f"{value.low:,.0f}–{value.high:,.0f}"
