"""What gpuspec says to one measured speed, and which measurements cannot be what they say."""

from __future__ import annotations

from typing import Any, NamedTuple

from speed_rows import Run, run_of

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
        found = speed(run.workload, run.card.gpu, run.gpus, cached=run.cached)
    except (KeyError, ValueError, TypeError, AttributeError, UserError) as error:
        return Answer(row, reason=f"the row cannot be read: {error!r}")
    if isinstance(found, Unsized):
        return Answer(row, run, reason=found.reason)
    rate = found.decode if run.total else found.each
    if rate is None:
        return Answer(row, run, reason=f"the bandwidth of {run.card.gpu.name} is not known")
    return Answer(row, run, rate, suspect=_why_suspect(run, row), speed=found)


def _why_suspect(run: Run, row: dict[str, Any]) -> str:
    """Why a stated speed is not that of this model on this machine, one token after another; "" where nothing speaks
    against it. It looks at the row, the model's weights and the data sheet, never at what gpuspec predicts."""
    if run.drafts:
        return "it writes with speculative decoding"
    if row.get("quality") == "measured_underspecified":
        return f"underspecified: {row.get('note')}"
    if "diffusion" in str(row["model"]).lower():
        return "a language model that writes by diffusion: many tokens in a step"
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
