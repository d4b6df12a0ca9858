"""What gpuspec says to one measured speed, and which measurements cannot be what they say."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from speed_rows import Run, run_of

from gpuspec.architectures.parts import TOWERS
from gpuspec.errors import UserError
from gpuspec.quantization import find_scheme
from gpuspec.sizing.inference.setup import scheme_of
from gpuspec.sizing.memory import Unsized
from gpuspec.sizing.shape import shape_of
from gpuspec.sizing.speed.rates import Range, Speed
from gpuspec.sizing.speed.text import speed
from gpuspec.sizing.weights import bytes_of, in_scheme, sizable

TOLERANCE = 1.1
"""Above this much of what the data sheet's bandwidth allows no model reads its weights: sizes of files differ by a
few per cent, memory is overclocked by as much."""

LEAST_PEAK = 1.0
"""GiB: what tools report below that is none (benchmarks/memory_runs.py)."""
APART = 2.0
OF_PROMPTS = ("ttft_ms", "prefill_tok_s", "total_tok_s")


class Answer(NamedTuple):
    """What gpuspec says to a run, in the row's meaning; `reason` where it says nothing, `suspect` why the
    measurement is not scored."""

    row: dict[str, Any]
    run: Run | None = None
    said: Range | None = None
    reason: str = ""
    suspect: str = ""
    speed: Speed | None = None

    @property
    def ratio(self) -> float:
        """Expected ÷ measured."""
        assert self.said
        assert self.run
        return self.said.expected / self.run.measured

    @property
    def within(self) -> bool:
        """Whether the measurement lies within the predicted range."""
        assert self.said
        assert self.run
        return self.said.low <= self.run.measured <= self.said.high

    @property
    def scored(self) -> bool:
        """Whether there is something to compare, and nothing speaks against the measurement."""
        return self.said is not None and not self.suspect


def answer(row: dict[str, Any]) -> Answer:
    """One row, from its declared fields alone."""
    try:
        run = run_of(row)
        if run is None:
            return Answer(row, reason=f"the GPU {row.get('gpu')} is not known")
        if why := _unsaid(run, row):
            return Answer(row, run, reason=why)
        found = speed(run.workload, run.card.gpu, run.gpus, cached=run.cached)
    except (KeyError, ValueError, TypeError, AttributeError, UserError) as error:
        return Answer(row, reason=f"the row cannot be read: {error!r}")
    if isinstance(found, Unsized):
        return Answer(row, run, reason=found.reason)
    rate = found.decode if run.total else found.each
    if rate is None:
        return Answer(row, run, reason=f"the bandwidth of {run.card.gpu.name} is not known")
    return Answer(row, run, rate, suspect=_why_suspect(run, row), speed=found)


def _unsaid(run: Run, row: dict[str, Any]) -> str:
    """What a prediction needs and the row does not say, by its fields beside the speed; "" where all is said."""
    if row.get("backend") == "cpu":
        return "it ran on the CPU"
    if " + " in str(row.get("quantization")):
        return "its weights are in several schemes"
    shape, peak = shape_of(run.workload), float(row.get("peak_vram_gb") or 0)
    if isinstance(shape, Unsized) or peak < LEAST_PEAK or run.gpus > 1:
        return ""
    said = run.workload.layers_on_gpu is not None or run.workload.experts_on_host is not None
    scheme = scheme_of(run.workload, shape)
    if said or not sizable(shape, scheme):
        return ""
    size = (
        sum(bytes_of(each) for each in in_scheme(shape, find_scheme(scheme)) if each.part not in TOWERS)
        / 2**30
    )
    if peak < size < run.card.gpu.vram_gib:
        return "its peak is less than its weights: a part that is not said stayed on the host"
    return ""


def contradicted(answers: list[Answer]) -> list[Answer]:
    """Runs of one source that declare the same, on the same day, and state speeds of which no prediction could be
    both: something that none of them says was another."""
    same: dict[tuple[object, ...], list[float]] = {}
    for each in answers:
        if each.run:
            same.setdefault(_declared(each), []).append(each.run.measured)
    apart = {key for key, speeds in same.items() if max(speeds) > APART * min(speeds)}
    why = f"two runs that declare the same differ by more than {APART:g} times"
    return [
        each._replace(suspect=why) if each.run and not each.suspect and _declared(each) in apart else each
        for each in answers
    ]


def _declared(each: Answer) -> tuple[object, ...]:
    assert each.run
    fields = {
        name: said
        for name, said in each.row.items()
        if name not in ("id", "decode_tok_s", "tok_s", *OF_PROMPTS)
    }
    return each.run.source, json.dumps(fields, sort_keys=True)


def _why_suspect(run: Run, row: dict[str, Any]) -> str:
    """Why a stated speed is not that of this model on this machine, one token after another; "" where nothing speaks
    against it. It looks at the row, the model's weights and the data sheet, never at what gpuspec predicts."""
    if run.drafts:
        return "it writes with speculative decoding"
    if row.get("quality") == "measured_underspecified":
        return f"underspecified: {row.get('note')}"
    shape, gpu = shape_of(run.workload), run.card.gpu
    if isinstance(shape, Unsized) or not gpu.bandwidth_gbs or run.total:
        return ""
    scheme = scheme_of(run.workload, shape)
    if not sizable(shape, scheme):
        return ""
    rows = in_scheme(shape, find_scheme(scheme))
    least = sum(bytes_of(row) * row.active / row.parameters for row in rows if row.linear and row.parameters)
    most = gpu.bandwidth_gbs * 1e9 * run.gpus / least if least else 0.0
    if most and run.measured > TOLERANCE * most:
        return f"above {TOLERANCE:g} × what {run.gpus} × {gpu.name}'s bandwidth allows"
    return ""
