"""A finding: what is wrong, where, why in GB and dollars, and what to do."""

from typing import TYPE_CHECKING, Literal

from gpuspec.named_tuple import NamedTuple
from gpuspec.text import Edit, Span
from gpuspec.words import dollars

if TYPE_CHECKING:
    from gpuspec.planning.bill import SavingKind

Severity = Literal["error", "warning", "info"]
Confidence = Literal["high", "medium", "low"]


class Saving(NamedTuple):
    """Money a finding is worth, in US dollars per running hour. The linter adds for how many hours a month (of what
    runs all month, or on a schedule) and a run (of what ends) that is; None where it is not known.

    `kind` is what it changes: another "machine", the "price" of its hour, the "hours" that are paid for, the "work"
    done in one; or "instead": no machine is rented at all. Of two of one kind a bill counts the larger, those of
    other kinds multiply, and nothing adds to one of "instead". `share` is the part of what the job costs that is
    saved (0 to 1); None: `per_hour` of the price of its hour. `machine` is another one that the finding proposes, as
    the GPU's name and how many: what spot saves there need not be what it saves on the present one."""

    per_hour: float
    hours_per_month: float | None = None
    hours_per_run: float | None = None
    kind: "SavingKind" = "machine"
    share: float | None = None
    machine: tuple[str, int] | None = None

    @property
    def per_month(self) -> float | None:
        """Dollars a month."""
        return None if self.hours_per_month is None else self.per_hour * self.hours_per_month

    @property
    def per_run(self) -> float | None:
        """Dollars for each run."""
        return None if self.hours_per_run is None else self.per_hour * self.hours_per_run

    @property
    def in_words(self) -> str:
        """`$0.34/hour, $248/month`; `$0.34/hour, $1.05 a run`; by the hour alone where no more is known."""
        said = [f"{dollars(self.per_hour)}/hour"]
        if self.per_month is not None:
            said.append(f"{dollars(self.per_month)}/month")
        elif self.per_run is not None:
            said.append(f"{dollars(self.per_run)} a run")
        return ", ".join(said)


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
    `within` are constructs around that place (loops of a script): a comment that silences one of them holds for it.
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
    within: tuple[Span, ...] = ()
