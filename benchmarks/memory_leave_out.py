"""Leave one source out: every fitted constant of the memory model fitted anew without the source it is tried on.

    python benchmarks/memory_leave_out.py [ROWS]

A constant that was tuned to one source shows as a large difference between the two columns.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from memory import ROWS, SCORED, predict, read

from gpuspec.sizing.inference import activations, library
from gpuspec.sizing.media import image
from gpuspec.sizing.training import backward
from gpuspec.sizing.training import text as training


class Constant(NamedTuple):
    """A fitted number: an attribute of a module, or a key of a dictionary there."""

    module: Any
    attribute: str
    key: str | None = None

    @property
    def name(self) -> str:
        """What the table calls it."""
        return self.attribute + (f"[{self.key}]" if self.key else "")

    def get(self) -> float:
        """Its value now."""
        held = getattr(self.module, self.attribute)
        return float(held[self.key] if self.key else held)

    def set(self, value: float) -> None:
        """Put another value in its place."""
        if self.key:
            getattr(self.module, self.attribute)[self.key] = value
        else:
            setattr(self.module, self.attribute, value)


CONSTANTS = (
    Constant(activations, "HIDDEN_BUFFERS"),
    Constant(library, "CACHE_GROWTH", "expected"),
    Constant(training, "BUCKETS_GIB", "full"),
    Constant(training, "BUCKETS_GIB", "adapters"),
    Constant(backward, "NORM_WIDTHS", "RMSNorm"),
    Constant(backward, "NORM_WIDTHS", "LayerNorm"),
    Constant(backward, "DROPOUT_SHARE"),
    Constant(backward, "COMPILED_SHARE"),
    Constant(backward, "LOGIT_BYTES", "plain"),
    Constant(image, "TRAIN_GIB_PER_MEGAPIXEL", "transformer"),
    Constant(image, "TRAIN_GIB_PER_MEGAPIXEL", "U-Net"),
    Constant(image, "TRAIN_GIB_PER_MEGAPIXEL", "not checkpointed"),
    Constant(image, "ENCODE_GIB_PER_MEGAPIXEL"),
    Constant(image, "VAE_BYTES_PER_PIXEL"),
    Constant(image, "BYTES_PER_TOKEN"),
)
FACTORS = (0.5, 0.7, 0.85, 0.93, 1.0, 1.07, 1.15, 1.3, 1.6, 2.0)


@contextmanager
def put_back() -> Iterator[None]:
    """Whatever is fitted inside, the constants are as before afterwards."""
    before = [constant.get() for constant in CONSTANTS]
    try:
        yield
    finally:
        for constant, value in zip(CONSTANTS, before, strict=True):
            constant.set(value)


def errors(rows: list[dict[str, Any]]) -> list[float]:
    """Sizes of the relative errors of rows that state a number."""
    return [abs(p.error) for p in map(predict, rows) if p.error is not None]


def fit_to(rows: list[dict[str, Any]], constants: list[Constant]) -> None:
    """Fit constants to rows, one after the other, two rounds: the least mean error, capped at 1 a row so that
    no single row decides. A constant no row speaks of stays."""
    for _ in range(2):
        for constant in constants:
            own = touched(rows, constant)
            start = constant.get()
            best = (sum(min(e, 1.0) for e in errors(own)), 1.0)
            for factor in FACTORS:
                constant.set(start * factor)
                best = min(best, (sum(min(e, 1.0) for e in errors(own)), factor))
            constant.set(start * best[1])


def touched(rows: list[dict[str, Any]], constant: Constant) -> list[dict[str, Any]]:
    """Rows that a constant has a say in."""
    value = constant.get()
    base = [predict(row).predicted for row in rows]
    constant.set(value * 1.5)
    found = [row for row, old in zip(rows, base, strict=True) if predict(row).predicted != old]
    constant.set(value)
    return found


def table(rows: list[dict[str, Any]]) -> str:
    """One line per source: median error with the shipped constants, and with constants fitted without it."""
    scored = [row for row in rows if row.get("quality") in SCORED and row.get("stated_gb")]
    lines = [f"{'source left out':52} {'rows':>4} {'shipped':>8} {'without':>8}  constants that moved"]
    moved = set()
    for source in dict.fromkeys(row["source"] for row in scored):
        own = [row for row in scored if row["source"] == source]
        free = [constant for constant in CONSTANTS if touched(own, constant)]
        own = [row for row in own if any(touched([row], constant) for constant in free)]
        if not own:
            continue
        moved.update(row["id"] for row in own)
        with put_back():
            before = [constant.get() for constant in free]
            shipped = statistics.median(errors(own))
            fit_to([row for row in scored if row["source"] != source], free)
            without = statistics.median(errors(own))
            pairs = list(zip(free, before, strict=True))
            changes = [f"{c.name} ×{c.get() / old:.2f}" for c, old in pairs if c.get() != old]
        lines.append(
            f"{source[:52]:52} {len(own):4} {100 * shipped:6.1f} % {100 * without:6.1f} %  {', '.join(changes)}"
        )
    still = len(scored) - len(moved)
    lines.append(f"{still} of {len(scored)} scored rows depend on none of these constants")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(read(sys.argv[1] if len(sys.argv) > 1 else ROWS)))
