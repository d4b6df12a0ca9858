"""A finding: what is wrong, where, why in GB and dollars, and what to do."""

from typing import Literal

from gpuspec.named_tuple import NamedTuple
from gpuspec.text import Edit, Span
from gpuspec.words import HOURS_PER_MONTH

Severity = Literal["error", "warning", "info"]
Confidence = Literal["high", "medium", "low"]


class Saving(NamedTuple):
    """Money a finding is worth, in US dollars per running hour."""

    per_hour: float

    @property
    def per_month(self) -> float:
        """Dollars for a month of 730 hours."""
        return self.per_hour * HOURS_PER_MONTH


class Replace(NamedTuple):
    """New text for a span: only for what no pointer can name (a comment, a spelling, a script)."""

    span: Span
    text: str


class Fix(NamedTuple):
    """How to fix it, as edits to the spec. Unsafe fixes may change what the job does; they run only on request."""

    title: str
    edits: tuple[Edit, ...]
    safe: bool
    replaces: tuple[Replace, ...] = ()


class Related(NamedTuple):
    """Another place that matters to the finding, with a few words on why. `span` overrides `pointer`."""

    pointer: str
    message: str
    span: Span | None = None


class Finding(NamedTuple):
    """One thing a rule has to say.

    `pointer` is where, in the document as its author wrote it (old names included); `on` says whether
    the caret goes under the value or the key. `span` overrides both: for syntax errors and scripts.
    `numbers` is the arithmetic, line by line, as (what, value) for `explain FILE:LINE`.
    """

    code: str
    name: str
    message: str
    pointer: str
    severity: Severity
    confidence: Confidence = "high"
    on: Literal["value", "key"] = "value"
    span: Span | None = None
    related: tuple[Related, ...] = ()
    saving: Saving | None = None
    suggestion: str | None = None
    fix: Fix | None = None
    numbers: tuple[tuple[str, str], ...] = ()
