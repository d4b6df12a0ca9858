"""What a lint run yields, ready to be reported."""

from functools import lru_cache
from typing import Literal

from gpuspec.lint.finding import Finding
from gpuspec.lint.secrets import masked
from gpuspec.named_tuple import NamedTuple
from gpuspec.text import Span, Tree


class Place(NamedTuple):
    """Where, counted from 1 in characters; `text` is the whole first line, secrets in it
    masked: reports are kept and shared."""

    line: int
    column: int
    end_line: int
    end_column: int
    text: str


class Located(NamedTuple):
    """A finding in its file. `doc` is the web page of its rule."""

    path: str
    finding: Finding
    place: Place
    related: tuple[tuple[Place, str], ...] = ()
    doc: str | None = None


class Hidden(NamedTuple):
    """A finding that is known and not shown: a comment beside it silences it, for a `reason` (may be empty), or a
    baseline has it."""

    found: Located
    by: Literal["comment", "baseline"]
    reason: str = ""


class Problem(NamedTuple):
    """Something of ours or of a plugin that failed. `who` names it: "rule GS101 over-provisioned-gpu"."""

    who: str
    message: str
    path: str | None = None

    def __str__(self) -> str:
        where = f" on {self.path}" if self.path else ""
        return f"{self.who} failed{where}: {self.message}"


class Prices(NamedTuple):
    """The price source in force: name and ISO date (None: unknown)."""

    name: str
    as_of: str | None


class Report(NamedTuple):
    """A whole run. `findings` are shown; what is `hidden` is told by formats that tell of it (SARIF), marked.
    `fixed` counts fixed findings by path; `stale` names baseline entries no longer found."""

    files: tuple[str, ...]
    findings: tuple[Located, ...]
    problems: tuple[Problem, ...] = ()
    prices: Prices | None = None
    fixed: tuple[tuple[str, str, int], ...] = ()
    """(path, title of the fix, how often)"""
    stale: tuple[str, ...] = ()
    hidden: tuple[Hidden, ...] = ()
    baselines: tuple[str, ...] = ()
    """The baseline files that the findings were compared with."""
    tells_hidden: bool = True
    """Whether formats that can mark what is hidden hold it."""


def place(tree: Tree, span: Span) -> Place:
    """The place of a span in a text."""
    line, column = tree.position(span.start)
    end_line, end_column = tree.position(max(span.end, span.start))
    return Place(line, column, end_line, end_column, _line_shown(tree, line))


def _line_shown(tree: Tree, line: int) -> str:
    """A line with the secrets in it masked. A file may have a single line, and all of its findings there, which then
    share it."""
    shown, lines = _shown(tree)
    if line not in lines:
        start = tree.line_starts()[line - 1]
        start += tree.text.startswith("\ufeff", start)
        lines[line] = shown[start : start + len(tree.line_text(line))]
    return lines[line]


@lru_cache(maxsize=1)  # one file after another; more would keep large ones for as long as the process lives
def _shown(tree: Tree) -> tuple[str, dict[int, str]]:
    """The text with the secrets in it masked, and its lines that were asked for."""
    return masked(tree.text), {}  # no line alone: one in the middle of a key does not say what it is
