"""How fast prompts are read, held against published runs: tokens/s of a prompt, time to the first token.

    python benchmarks/speed_prompts.py FILE… [--rows]

Rows that cannot be a prompt read by this GPU alone are listed with the reason, not scored: answers from a cached
prefix, models partly on the host, prompts whose length nobody says."""

from __future__ import annotations

import argparse
import os
import re
import statistics
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from memory_runs import ON_HOST
from speed_predict import TOLERANCE
from speed_rows import Run, read, run_of

from gpuspec.engines import engine_of
from gpuspec.quantization import find_scheme
from gpuspec.sizing import Unsized
from gpuspec.sizing.inference.setup import scheme_of
from gpuspec.sizing.shape import Shape, shape_of
from gpuspec.sizing.speed.prefill import Prefill, attention_flops, prefill
from gpuspec.sizing.speed.rates import Range
from gpuspec.sizing.weights import bytes_of, in_scheme, sizable
from gpuspec.words import percent

FEWEST = 8
"""Rows of a group that its bars are for."""


class Judged(NamedTuple):
    """A measurement and what gpuspec says: both tokens/s (of a prompt), or both seconds (to the first token)."""

    row: dict[str, Any]
    what: str
    run: Run
    measured: float
    said: Range

    @property
    def ratio(self) -> float:
        """Expected ÷ measured."""
        return self.said.expected / self.measured

    @property
    def within(self) -> bool:
        """Whether the range holds it."""
        return self.said.low <= self.measured <= self.said.high


def judged(row: dict[str, Any]) -> list[Judged] | str:
    """What the run measured of its prompt, each with what gpuspec says; in words why nothing."""
    tokens = float(row.get("prompt_tokens") or 0)
    rate, first = float(row.get("prefill_tok_s") or 0), float(row.get("ttft_ms") or 0) / 1000
    if not rate and not first:
        return "no prompt measured"
    if tokens < 2:
        return "the length of the prompt is not said"
    run = run_of(row)
    if run is None:
        return f"the GPU {row['gpu']} is not known"
    if why := _elsewhere(row, run):
        return why
    bench = "llama-bench" in str(row.get("command"))
    depth = re.search(r"(?<!\w)(?:-d|--n-depth)[ =](\d+)", str(row.get("command") or "")) if bench else None
    before = float(depth.group(1)) if depth else 0.0
    said = prefill(run.workload, run.card.gpu, run.gpus, tokens=tokens, before=before)
    if isinstance(said, Unsized):
        return said.reason
    if rate and first and abs(rate * first / tokens - 1) < 0.03:  # one is the other, written another way
        rate, first = (rate, 0.0) if bench else (0.0, first)
    if why := _too_fast(
        run, min(seconds for seconds in (tokens / rate if rate else 0.0, first) if seconds), tokens, before
    ):
        return why
    out = []
    if rate:
        out.append(Judged(row, "tokens/s of a prompt", run, rate, said.per_second))
    if first and not before:
        out.append(Judged(row, "seconds to the first token", run, first, ttft(said)))
    return out


def ttft(said: Prefill) -> Range:
    """Of a request that comes alone."""
    return Range(*(read + beside for read, beside in zip(said.seconds, said.request, strict=True)))


def _too_fast(run: Run, seconds: float, tokens: float, before: float) -> str:
    """Why so short a time is not that of reading so many tokens, in words: by the data sheet and the model's weights,
    never by what gpuspec predicts. "" where it may be."""
    shape, gpu = shape_of(run.workload), run.card.gpu
    assert isinstance(shape, Shape)
    rows = in_scheme(shape, find_scheme(scheme_of(run.workload, shape)))
    used = [row for row in rows if row.linear and row.part != "head"]
    fastest = max(gpu.fp16_tflops or 0, gpu.fp8_tflops or 0, gpu.int8_tops or 0, gpu.fp4_tflops or 0)
    flops = 2 * sum(row.active for row in used) * tokens + attention_flops(shape, tokens, before)
    if fastest and seconds < flops / (fastest * 1e12 * run.gpus):
        return "no GPU of this kind computes as fast: the prompt was cached"
    least = sum(bytes_of(row) * row.active / row.parameters for row in used if row.parameters)
    if gpu.bandwidth_gbs and seconds * TOLERANCE < least / (gpu.bandwidth_gbs * 1e9 * run.gpus):
        return "no GPU of this kind reads the weights as fast: the prompt was cached"
    return ""


def _elsewhere(row: dict[str, Any], run: Run) -> str:
    """Why it is not this GPU that read the prompt, in words; "" where nothing says so."""
    if "diffusion" in str(row["model"]).lower():
        return "it does not write one token after another"
    if row["engine"] != run.workload.engine and not row.get("command"):
        return "what served it is not said"
    if ON_HOST.search(str(row.get("command") or "")):
        return "a part that is not said stays on the host"
    shape, gpu = shape_of(run.workload), run.card.gpu
    if isinstance(shape, Unsized):
        return shape.reason
    scheme = scheme_of(run.workload, shape)
    if not sizable(shape, scheme):
        return "the size of its quantization is not known"
    size = sum(bytes_of(each) for each in in_scheme(shape, find_scheme(scheme))) / 2**30
    spills = engine_of(run.workload.engine).memory.buffers is not None
    if size > 0.97 * gpu.vram_gib * run.gpus and not spills:
        return "its weights alone are larger than the GPU"
    return ""


def table(found: Iterable[Judged]) -> list[str]:
    """Median ratio and share within the range, by what, engine, dense or mixture, GPUs."""
    keys: tuple[Callable[[Judged], str], ...] = (
        lambda one: str(one.run.workload.engine),
        lambda one: f"{one.run.workload.engine}, {'mixture' if one.run.mixture else 'dense'}",
        lambda one: f"{one.run.workload.engine}, {'one GPU' if one.run.gpus == 1 else 'several GPUs'}",
        lambda one: one.run.source,
    )
    groups: dict[str, list[Judged]] = defaultdict(list)
    for one in found:
        for key in keys:
            groups[f"{one.what}: {key(one)}"].append(one)
    lines = []
    for name, ones in sorted(groups.items()):
        median = statistics.median(one.ratio for one in ones)
        share = sum(one.within for one in ones) / len(ones)
        missed = len(ones) >= FEWEST and not (0.9 <= median <= 1.1 and share >= 0.85)
        lines.append(f"{name:74} {len(ones):4} {median:6.2f} {percent(share):>5}{'  bar missed' * missed}")
    return lines


def report(rows: Iterable[dict[str, Any]], *, each: bool = False) -> list[str]:
    """Lines of the tables, with a line for each measurement before them where asked."""
    found: list[Judged] = []
    left: dict[str, int] = defaultdict(int)
    for row in rows:
        said = judged(row)
        if isinstance(said, str):
            left[said] += 1
        else:
            found += said
    lines = []
    for one in found if each else ():
        row = one.row
        lines.append(
            f"{one.what[:7]} {row['gpu']:11} {one.run.gpus} {one.run.engine:9} {row['model'][-34:]:34} "
            f"{row['quantization']:12} P {row['prompt_tokens']:6} {one.measured:9.3f} {one.said.expected:9.3f} "
            f"{one.ratio:5.2f}{'' if one.within else ' OUT'}"
        )
    lines += table(found)
    lines += [
        f"{number:4} left out: {why}" for why, number in sorted(left.items(), key=lambda pair: -pair[1])
    ]
    return lines


def main() -> None:
    """The tables, for people."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+")
    parser.add_argument("--rows", action="store_true", help="each measurement, too")
    options = parser.parse_args()
    print("\n".join(report(read(*options.files), each=options.rows)))


if __name__ == "__main__":
    main()
