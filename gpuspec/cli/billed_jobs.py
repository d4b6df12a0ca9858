"""Files and folders, to the bill of all jobs in them: for every command that asks what they cost a month."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from itertools import takewhile

from gpuspec.catalog import Catalog
from gpuspec.catalog.price_file import names_a_file
from gpuspec.cli.bill_notes import is_in_part
from gpuspec.cli.open_case import CaseOptions
from gpuspec.cli.progress import counted
from gpuspec.cli.run_lint import prices_of
from gpuspec.commands.shell.again import each_read_once
from gpuspec.errors import UserError
from gpuspec.lint.config import Configs
from gpuspec.lint.deferred import BuiltIn
from gpuspec.lint.files import check_binary, expand, read_file, read_stdin
from gpuspec.lint.one_file import Active
from gpuspec.lint.result import Located, Problem
from gpuspec.lint.runner import Linter, documents_in
from gpuspec.lint.saves import saves
from gpuspec.lint.settings import Overrides
from gpuspec.lint.unpriced import is_unpriced
from gpuspec.planning.bill import Bill, JobBill
from gpuspec.planning.bill_budgets import FolderBudget, budget_lines
from gpuspec.planning.bill_groups import assumptions, groups, with_shares
from gpuspec.planning.case import Case
from gpuspec.planning.job_bill import job_bill
from gpuspec.planning.limits import needs_gpu
from gpuspec.planning.monthly_budget import monthly_budget
from gpuspec.planning.reserved import ReservedUse
from gpuspec.planning.reserved_bill import Pools, unused
from gpuspec.planning.shared_machine import paid_once
from gpuspec.planning.stacked import stacked
from gpuspec.rules import collect

GROUPS = ("folder", "team", "cloud", "gpu")
"""What a bill is grouped by, if nobody says more; "team" where a job has such a label."""


class Biller:
    """Makes the bill of a run: it keeps what files share, and what went wrong on the way."""

    def __init__(self, given: CaseOptions, *, catalog: Catalog | None = None) -> None:
        registry = collect()
        self.configs = Configs(
            registry, Overrides(job=given.job), path=given.config, isolated=given.isolated, catalog=catalog
        )
        self.linter = Linter(registry, catalog=catalog)
        self.linter.asks = _may_save
        self.jobs: list[JobBill] = []
        self.skipped: list[tuple[str, str]] = []
        self.errors: list[UserError] = []
        self._sources: dict[str | None, None] = {}
        self._pools = Pools()
        self._budgets: dict[str, FolderBudget] = {}
        self._looked: set[str] = set()
        self.files: set[str] = set()
        self._paths: tuple[str, ...] = ()

    @property
    def problems(self) -> list[Problem]:
        """Rules and plugins that failed."""
        return self.linter.problems

    @property
    def budget_folders(self) -> list[str]:
        """The full paths of the folders whose settings have a budget."""
        return [each.folder for each in self._budgets.values()]

    def read(self, paths: Iterable[str]) -> None:
        """Every job of the files that these paths mean."""
        paths = self._paths = tuple(paths)
        files = expand(paths, self.configs.settings_for, self.errors)
        for path in counted(files, "files"):
            self.files.add(path)
            try:
                self._look(path)
            except UserError as error:
                self.skipped.append((path, error.message.removeprefix(f"{path} ")))
                if error.code != "template":
                    self.errors.append(error)

    def bill(self, by: Sequence[str] = ()) -> Bill:
        """The bill of all that was read, grouped by these; none: by GROUPS."""
        filled, reserved = self._pools.fill(self.jobs)
        reserved = [each for each in reserved if not is_in_part(_folder_of(each), self._paths)]
        jobs = with_shares([*filled, *unused(reserved)])
        kinds = by or [each for each in GROUPS if each != "team" or any("team" in job.labels for job in jobs)]
        return Bill(
            jobs=jobs,
            groups=groups(jobs, kinds),
            budgets=budget_lines(jobs, self._budgets.values()),
            assumptions=assumptions(jobs),
            prices=self._prices(),
            skipped=tuple(self.skipped),
            reserved=tuple(reserved),
        )

    def _prices(self) -> str:
        """Each source that a price is from, with its date."""
        said = []
        for source in self._sources:
            found = prices_of(self.linter.catalog, source)
            if found:
                name = os.path.relpath(found.name) if source and names_a_file(source) else found.name
                said.append(f"{name}, {found.as_of or 'undated'}")
        return "; ".join(dict.fromkeys(said)) or "none"

    def _look(self, path: str) -> None:
        """The jobs of one file."""
        data = read_stdin() if path == "-" else read_file(path)
        check_binary(path, data)
        name = path
        if path == "-":
            from gpuspec.lint.unknown_file import name_of_input

            name = name_of_input(data)
        settings = self.configs.settings_for(name)
        self._sources.setdefault(settings.prices)
        self._note_budgets(name)
        with each_read_once():
            documents = documents_in(name, data, self.linter.formats, on_disk=path != "-")
            if not documents:
                raise self._without_jobs(name, data)
            cases = [
                settings.case(each, catalog=self.linter.catalog, on_disk=path != "-") for each in documents
            ]
            if not any(case.has_job for case in cases):
                hint = f"`gpuspec lint {path}` shows where"
                raise UserError("syntax", f"{path} cannot be read as a job", hint)
            found = self.linter.cases(cases, settings)
            for case, job in bills_of(cases, path, found):
                self.jobs.append(job)
                self._pools.add(case, settings.reserved, job)

    def _note_budgets(self, path: str) -> None:
        """The budgets that a file counts towards: of its folder's settings, and of those above them, as far as the
        repository goes."""
        folder = os.path.dirname(os.path.abspath(path))
        while folder not in self._looked:
            self._looked.add(folder)
            settings = self.configs.settings_for(folder)
            if settings.budget_file is not None:
                made = FolderBudget(os.path.dirname(settings.budget_file), monthly_budget(settings.budget))
                self._budgets.setdefault(settings.budget_file, made)
            if os.path.lexists(os.path.join(folder, ".git")):
                break
            folder = os.path.dirname(folder)

    def _without_jobs(self, path: str, data: bytes) -> UserError:
        from gpuspec.lint.unknown_file import without_jobs

        for document in without_jobs(path, data, self.linter.formats):
            if document.tree.problems:
                return UserError("syntax", f"{path} cannot be read", f"`gpuspec lint {path}` shows where")
        return UserError(
            "no-job", f"{path} holds no job that asks for a GPU", "name a job file, or a folder."
        )


def _may_save(entry: Active) -> bool:
    """Whether what a rule finds may name money; of a plugin's nobody knows."""
    return not isinstance(entry.rule, BuiltIn) or entry.rule.saves


def _folder_of(use: ReservedUse) -> str:
    """Where capacity is reserved for: of a part of that folder it cannot be known what nobody uses."""
    return os.path.dirname(os.path.abspath(use.reserved.shown))


def bills_of(cases: Sequence[Case], path: str, found: Sequence[Located] = ()) -> list[tuple[Case, JobBill]]:
    """The jobs of one file, `path` as it is shown, that ask for a GPU, each with its bill and what these findings of
    the file save of it; before reserved capacity is filled."""
    asking = [case for case in cases if case.has_job and needs_gpu(case.job, case.workload)]
    bills = [billed(case, path, [each for each in found if _job_of(each, cases) is case]) for case in asking]
    return list(zip(asking, paid_once(asking, bills), strict=True))


def billed(case: Case, path: str, found: Sequence[Located] = ()) -> JobBill:
    """The bill of one job, `path` as it is shown, with what these findings about it save."""
    made = job_bill(case, path, priced=not is_unpriced(case))
    if not made.per_month:
        return made
    return made._replace(savings=stacked(saves(found, made.per_hour, case.market), made.per_month))


def _job_of(found: Located, cases: Sequence[Case]) -> Case:
    """The job of a file that a finding is about: the one whose place has most in common with where it points."""

    def common(case: Case) -> int:
        pairs = zip(case.document.place.split("/"), found.finding.pointer.split("/"), strict=False)
        return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))

    return max(cases, key=common)
