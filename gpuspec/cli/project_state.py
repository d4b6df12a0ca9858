"""One state of a project: the findings in its files, and what its jobs cost."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from gpuspec.cli.open_case import CaseOptions, called
from gpuspec.commands.shell.again import each_read_once
from gpuspec.errors import UserError
from gpuspec.lint.baseline import read_baseline
from gpuspec.lint.config import Configs
from gpuspec.lint.files import check_binary, expand, read_file
from gpuspec.lint.globs import relative
from gpuspec.lint.result import Located
from gpuspec.lint.runner import Linter
from gpuspec.lint.settings import Overrides, Settings
from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.reserved_bill import Pools

if TYPE_CHECKING:
    from gpuspec.planning.bill import JobBill
    from gpuspec.planning.case import Case
    from gpuspec.planning.job_cost import JobCost

LARGEST = 1 << 16
"""Bytes: larger files are not compared line by line."""


class DiffScope(NamedTuple):
    """What of each state is looked at: `paths` below its root (empty: all of it), scripts, and the jobs' options."""

    paths: tuple[str, ...]
    given: CaseOptions
    scripts: bool = False


class SeenFile(NamedTuple):
    """A file that was looked at, and where it lies."""

    place: str
    data: bytes
    settings: Settings


class PricingLinter(Linter):
    """Keeps the jobs of the file that it looked at last, with all that the rules worked out of them."""

    seen: Sequence[Case] = ()

    def cases(self, cases: Sequence[Case], settings: Settings) -> list[Located]:
        self.seen = cases
        return super().cases(cases, settings)


class State:
    """What is found in one state of the project. Paths are as seen from its `root`."""

    def __init__(
        self,
        said: str,
        root: str,
        *,
        above: Mapping[str, str] | None = None,
        only: Collection[str] | None = None,
        file: tuple[str, str] | None = None,
    ) -> None:
        """`said`: what it is called. `above`: as of Configs. `only`: files besides which there are none, as seen from
        the root. `file`: the only one there is, and what it is called."""
        self.said, self.root, self.only, self.file = said, root, only, file
        self._above = above
        self.files: dict[str, SeenFile] = {}
        self.findings: list[Located] = []
        self.errors: list[UserError] = []
        self.costs: dict[str, dict[str, JobCost]] = {}
        """file → what a job is called → what it costs"""
        self._pools = Pools()
        self._priced: list[tuple[str, str]] = []
        """Each job, as it was added to the pools: its file, and what it is called"""
        self._linter: PricingLinter
        self._configs: Configs

    def look(self, asked: DiffScope, linter: PricingLinter, *, other: str) -> None:
        """Lint every file, and price its jobs. `other` is the root of the state that this one is compared with."""
        given = asked.given
        config = given.config and self._own(given.config, other)
        configs = Configs(
            linter.registry, Overrides(job=given.job), path=config, isolated=given.isolated, above=self._above
        )
        self._linter, self._configs = linter, configs
        try:
            for path in self._paths(asked, configs):
                try:
                    self._see(path, configs)
                except UserError as error:
                    self.errors.append(self._told(error))
        except UserError as error:  # of the settings: no file can be judged
            raise self._told(error) from None
        self._fill_reserved()

    def _fill_reserved(self) -> None:
        """What the settings reserve is filled first, as in a bill; what nobody uses of it is a cost of theirs."""
        from gpuspec.planning.job_cost import JobCost
        from gpuspec.planning.reserved_bill import unused

        filled, uses = self._pools.fill([self.costs[path][job].bill for path, job in self._priced])
        for (path, job), bill in zip(self._priced, filled, strict=True):
            self.costs[path][job] = self.costs[path][job]._replace(bill=bill)
        for use in uses:
            of = use.reserved
            costs = self.costs.setdefault(relative(of.file, self.root), {})
            for bill in unused([use]):
                costs[f"unused of {of.number:,} reserved {of.gpu} ({of.cloud})"] = JobCost(bill)

    def _told(self, error: UserError) -> UserError:
        """An error about a file by what it is called here, not by where a commit was copied to."""
        if not self._above:
            return error
        (copy,) = self._above
        return UserError(error.code, f"{self.said}: {error.message.replace(copy + os.sep, '')}", error.hint)

    def _own(self, config: str, other: str) -> str:
        """The config file of `--config`, as it is in this state where it is a file of the project."""
        inside = relative(config, other)
        own = self.place_of(inside)
        return own if not inside.startswith("..") and os.path.isfile(own) else config

    def place_of(self, path: str) -> str:
        """Where a file or folder lies."""
        return path if self.root == "." else os.path.normpath(os.path.join(self.root, path))

    def _paths(self, asked: DiffScope, configs: Configs) -> Sequence[str]:
        if self.file is not None:
            return [self.file[0]]
        named = [self.place_of(path) for path in asked.paths or (".",)]
        errors: list[UserError] = []
        there = [path for path in named if os.path.lexists(path)]
        found = list(expand(there, configs.settings_for, errors, scripts=asked.scripts))
        self.errors += (error for error in errors if error.code != "no-specs")
        if self.only is None:
            return found
        return [path for path in found if relative(path, self.root) in self.only]

    def _see(self, place: str, configs: Configs) -> None:
        path = self.file[1] if self.file is not None else relative(place, self.root)
        data = read_file(place)
        check_binary(place, data)
        settings = configs.settings_for(place)
        self.files[path] = SeenFile(place, data, settings)
        self._linter.seen = ()
        with each_read_once():
            found = self._linter.found_in(place, data, settings)
            self.findings += (each._replace(path=path) for each in found)
            self._price(path, self._linter.seen, settings)

    def _price(self, path: str, cases: Sequence[Case], settings: Settings) -> None:
        from gpuspec.cli.billed_jobs import bills_of
        from gpuspec.planning.job_cost import job_cost

        costs = self.costs.setdefault(path, {})
        for case, bill in bills_of(cases, path):
            name = case.job.name if called(case) else ""
            job = name if name and name not in costs else called(case)
            if job not in costs:
                self._priced.append((path, job))
                self._pools.add(case, settings.reserved, bill)
            costs[job] = job_cost(case, bill)

    def of_local_rules(self) -> tuple[set[str], set[str]]:
        """The codes of rules that files of the project brought, and those of its files that nobody allowed to run."""
        codes, refused = set[str](), set[str]()
        for settings in (file.settings for file in self.files.values()):
            codes.update(entry.rule.code for entry in (settings.local.rules if settings.local else ()))
            refused.update(relative(path, self.root) for path in settings.refused)
        return codes, refused

    def bills(self, root: str) -> list[JobBill]:
        """What the jobs cost, as if the state lay in the folder `root`."""
        return [
            cost.bill._replace(path=os.path.join(root, path))
            for path, costs in self.costs.items()
            for cost in costs.values()
        ]

    def budgets(self) -> dict[str, Settings]:
        """The folders of the project, as seen from its root, whose settings say a budget for what is below them."""
        found: dict[str, Settings] = {}
        looked: set[str] = set()
        root = os.path.abspath(self.root)
        for path in (path for path, costs in self.costs.items() if costs and path in self.files):
            folder = os.path.dirname(os.path.abspath(self.files[path].place))
            while folder not in looked and (folder + os.sep).startswith(root.rstrip(os.sep) + os.sep):
                looked.add(folder)
                settings = self._configs.settings_for(folder)
                if settings.budget_file is not None:
                    inside = relative(os.path.dirname(settings.budget_file), root)
                    if not inside.startswith(".."):  # else only a part of its jobs is seen
                        found[inside] = settings
                folder = os.path.dirname(folder)
        return found

    def is_small(self, path: str) -> bool:
        """Whether a file is as small as job files are: others are not compared line by line."""
        return len(self.files[path].data) <= LARGEST

    def silenced(self) -> list[Located]:
        """What comments silence."""
        paths = {file.place: path for path, file in self.files.items()}
        return [
            each.found._replace(path=paths[place])
            for place, hidden in self._linter.silenced.items()
            if place in paths
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
            places = [self.files[self.findings[at].path].place for at in mine]
            found = [self.findings[at]._replace(path=place) for at, place in zip(mine, places, strict=True)]
            hidden.update(at for at, known in zip(mine, baseline.known(found), strict=True) if known)
        return hidden
