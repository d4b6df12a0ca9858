"""What one rule says about a job of a format that no file has: a job made by hand, as a format would hand it over."""

from __future__ import annotations

from typing import Any

from gpuspec.formats import Document, Format
from gpuspec.job.from_mapping import from_mapping
from gpuspec.lint.finding import Finding
from gpuspec.lint.registry import Registered, Registry
from gpuspec.lint.rule import Rule
from gpuspec.lint.runner import Linter
from gpuspec.lint.settings import Settings
from gpuspec.planning.case import JobSettings
from gpuspec.text import Tree

FORMAT = Format("hand-made", lambda source: False, lambda source: ())


def found(
    rule: type[Rule],
    *jobs: dict[str, Any],
    format: Format = FORMAT,
    cannot_say: frozenset[str] = frozenset(),
    prices: str = "seed-2025",
    text: str = "",
) -> list[Finding]:
    """The findings for the jobs of one file."""
    tree = Tree(text)
    documents = [
        Document("file.yaml", tree, from_mapping({"deployment": {}, **job}), f"/{at}", format, cannot_say)
        for at, job in enumerate(jobs)
    ]
    linter = Linter(Registry((Registered(rule(), "test"),), ()), debug=True)
    settings = Settings(job=JobSettings(prices=prices), preview=True, pedantic=True)
    return [one.finding for one in linter.documents(documents, settings, on_disk=False)]
