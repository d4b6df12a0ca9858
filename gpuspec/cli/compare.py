"""`gpuspec compare`: what a change of a project does to its findings and to what its jobs cost."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import redirect_stdout
from typing import TYPE_CHECKING

import click

from gpuspec.cli.options import config_option, format_option
from gpuspec.cli.run_lint import LintRequest, write
from gpuspec.errors import UserError
from gpuspec.lint.baseline import Baseline, entry_of, read_baseline
from gpuspec.lint.files import check_binary, lint_data, read_file
from gpuspec.lint.globs import relative
from gpuspec.lint.registry import Registry
from gpuspec.lint.result import Located
from gpuspec.lint.runner import Linter, documents_in
from gpuspec.lint.settings import Settings
from gpuspec.named_tuple import NamedTuple
from gpuspec.report.comparison import FORMATS, JobChange, WhatChanged, differs, render
from gpuspec.rules import collect

if TYPE_CHECKING:
    from gpuspec.planning.job_cost import JobCost

MOST_PAIRS = 10_000
"""Pairs of a file that is gone and a new one, of which it is looked whether the one became the other."""
LARGEST = 1 << 16
ALIKE = 0.5
"""Share of lines in common, from which on git takes a file for one that was moved."""


@click.command("compare")
@click.argument("base", metavar="BASE")
@click.argument("paths", nargs=-1, metavar="[PATH]…")
@format_option(*FORMATS)
@click.option("--output", metavar="FILE", help="Write the comparison to FILE.")
@click.option("--scripts", is_flag=True, help="In folders, look at scripts, too.")
@config_option
def command(
    base: str, paths: tuple[str, ...], format_: str, output: str | None, scripts: bool, config: str | None
) -> int:
    """What changed since BASE, a folder with this project as it was: findings that are new or fixed, and what its
    jobs cost, an hour and per unit of work.

    PATHs are files and folders below this one; the same are looked at in BASE. What the baseline of the settings
    hides is not new, and a file that was moved is compared with what it was. Nothing of BASE is run.

    \b
    git worktree add ../base main && gpuspec compare ../base
    gpuspec compare ../base jobs/ --format markdown

    Exit status: 0, whatever changed; 2 where BASE or a PATH is no folder or file that can be compared.
    """
    if not os.path.isdir(base):
        raise UserError(
            "no-such-file",
            f"{base} is no folder",
            "name the folder that holds the project as it was: "
            f"`git worktree add ../base {base}` makes one of a branch or commit.",
        )
    inside = [relative(path, ".") for path in paths or (".",)]
    outside = next((path for path in inside if path.startswith(os.pardir)), None)
    if outside is not None:
        hint = "go to the folder of the project, and name what is in it."
        raise UserError("path-outside", f"{outside} is not below this folder", hint)
    registry = collect()
    sides = [_Side(root, inside, registry, config=config, scripts=scripts) for root in (base, ".")]
    with redirect_stdout(sys.stderr):  # rules may print
        for side in sides:
            side.look()
    write(render(format_, compared(*sides)), output)
    return 0


class _File(NamedTuple):
    """A file that was looked at."""

    data: bytes
    settings: Settings


class _Side:
    """One state of the project: what is found in it. Paths are as seen from its root."""

    def __init__(
        self, root: str, paths: list[str], registry: Registry, *, config: str | None, scripts: bool
    ) -> None:
        self.root = root
        there = tuple(path for path in (_joined(root, path) for path in paths) if os.path.lexists(path))
        self._request = LintRequest(there, config=config, scripts=scripts)
        self._configs = self._request.configs(registry)
        self.linter = Linter(registry)
        self.files: dict[str, _File] = {}
        self.findings: list[Located] = []

    def look(self) -> None:
        """Lint every file. What cannot be read is for `gpuspec lint` to tell."""
        for path in self._request.files(self._configs, []):
            try:
                data, settings = read_file(path), self._configs.settings_for(path)
                found = lint_data(self.linter, path, data, settings)
            except UserError:
                continue
            here = relative(path, self.root)
            self.files[here] = _File(data, settings)
            self.findings += (each._replace(path=here) for each in found)

    def is_small(self, path: str) -> bool:
        """Whether a file is as small as job files are: others are not compared line by line."""
        return len(self.files[path].data) <= LARGEST

    def silenced(self) -> list[Located]:
        """What comments silence."""
        return [
            each.found._replace(path=relative(path, self.root))
            for path, hidden in self.linter.silenced.items()
            for each in hidden
        ]

    def known(self) -> set[int]:
        """The positions of the findings that the baseline of the settings hides."""
        hidden: set[int] = set()
        files = {path: file.settings.baseline for path, file in self.files.items()}
        for name in sorted({name for name in files.values() if name}):
            mine = [at for at, each in enumerate(self.findings) if files.get(each.path) == name]
            try:
                baseline = read_baseline(name)
            except UserError:
                continue
            found = [
                self.findings[at]._replace(path=_joined(self.root, self.findings[at].path)) for at in mine
            ]
            hidden.update(at for at, known in zip(mine, baseline.known(found), strict=True) if known)
        return hidden

    def costs(self, path: str) -> dict[str, JobCost]:
        """What the jobs of a file cost, by what they are called."""
        from gpuspec.cli.open_case import called
        from gpuspec.lint.unpriced import is_unpriced, without_prices
        from gpuspec.planning.job_cost import JobCost, job_cost

        file, costs = self.files[path], dict[str, JobCost]()
        try:
            check_binary(path, file.data)
            documents = documents_in(_joined(self.root, path), file.data)
        except UserError:
            return {}
        for document in documents:
            case = file.settings.case(document)
            if not case.has_job:
                continue
            cost = job_cost(without_prices(case) if is_unpriced(case) else case)
            if cost:
                name = case.job.name if called(case) else ""
                costs[name if name and name not in costs else called(case)] = cost
        return costs


def _joined(root: str, path: str) -> str:
    return path if root == "." else os.path.normpath(os.path.join(root, path))


def compared(base: _Side, head: _Side) -> WhatChanged:
    """What changed from one state to another."""
    became = _became(base, head)
    is_now = {old: new for new, old in became.items()}
    was = [entry_of(_in(is_now.get(each.path, each.path), each), os.getcwd()) for each in base.findings]
    known = Baseline(os.path.abspath("base"), Counter(was))
    was_there = known.known(head.findings, old=head.files)
    hidden = head.known()
    silenced = sum(known.known(head.silenced(), old=head.files))
    left, fixed = known.left(), []
    for each, entry in zip(base.findings, was, strict=True):
        if left[entry] > 0:
            left[entry] -= 1
            fixed.append(each)
    return WhatChanged(
        new=tuple(each for at, each in enumerate(head.findings) if not was_there[at] and at not in hidden),
        fixed=tuple(fixed),
        kept=sum(was_there),
        silenced=silenced,
        jobs=tuple(_changes(base, head, became)),
    )


def _in(path: str, found: Located) -> Located:
    return found._replace(path=os.path.abspath(path))


def _changes(base: _Side, head: _Side, became: dict[str, str]) -> Iterator[JobChange]:
    """Jobs of changed files of which the cost changed, and those that are new or gone."""
    for path in sorted(head.files):
        old = became.get(path, path)
        if old in base.files and base.files[old].data == head.files[path].data:
            continue
        before = base.costs(old) if old in base.files else {}
        yield from _changed(path, before, head.costs(path), was=became.get(path, ""))
    for path in sorted(base.files.keys() - head.files.keys() - set(became.values())):
        yield from _changed(path, base.costs(path), {})


def _changed(
    path: str, before: dict[str, JobCost], after: dict[str, JobCost], *, was: str = ""
) -> Iterator[JobChange]:
    for job in sorted({*before, *after}):
        one, other = before.get(job), after.get(job)
        if differs(one, other):
            yield JobChange(path, job, one, other, was if one and other else "")


def _became(base: _Side, head: _Side) -> dict[str, str]:
    """New files that are others which are gone, with half of the lines in common, as git tells a file that was moved;
    each is one other."""
    gone = [path for path in sorted(base.files.keys() - head.files.keys()) if base.is_small(path)]
    new = [path for path in sorted(head.files.keys() - base.files.keys()) if head.is_small(path)]
    if len(gone) * len(new) > MOST_PAIRS:
        return {}
    lines = {path: Counter(base.files[path].data.splitlines()) for path in gone}
    scores = []
    for path in new:
        mine = Counter(head.files[path].data.splitlines())
        for old in gone:
            common = 2 * (mine & lines[old]).total() / max(1, mine.total() + lines[old].total())
            if common >= ALIKE:
                scores.append((-common, os.path.basename(path) != os.path.basename(old), path, old))
    became: dict[str, str] = {}
    taken: set[str] = set()
    for _, _, path, old in sorted(scores):
        if path not in became and old not in taken:
            became[path] = old
            taken.add(old)
    return became
