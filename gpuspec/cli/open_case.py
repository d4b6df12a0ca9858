"""How a command opens a file: as a Case, with the settings of its folder and the options that commands share."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, get_args

import click

from gpuspec.cli.options import (
    MOST_DOLLARS,
    MOST_HOURS,
    MOST_USERS,
    Amount,
    Whole,
    config_option,
    isolated_option,
)
from gpuspec.errors import UserError
from gpuspec.formats import FORMATS, JOB_SPEC, Document, Format, Known, Source
from gpuspec.job import Job
from gpuspec.lint.config import Configs
from gpuspec.lint.settings import Overrides, Settings
from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.case import Case, JobOverrides
from gpuspec.rules import collect
from gpuspec.text import Tree
from gpuspec.words import By


class CaseOptions(NamedTuple):
    """The options about a job: those of `case_options`, and those below it that some commands have."""

    job: JobOverrides = JobOverrides()
    config: str | None = None
    isolated: bool = False
    which: str | None = None
    """`--job`: which one of a file that holds several, by its place or its name."""
    budget: float | None = None
    """`run --budget`, dollars: the job's own `budget.max_total` holds where it is lower."""

    def words(self) -> list[str]:
        """These options as they are typed."""
        clouds = (("--cloud", name) for name in self.job.clouds)
        hours = self.job.max_hours
        limit = None if hours is None else str(hours)
        named = [
            ("--prices", self.job.prices),
            ("--config", self.config),
            ("--job", self.which),
            ("--max-hours", limit),
            ("--budget", None if self.budget is None else str(self.budget)),
            ("--by", self.job.by),
            ("--assume-gpu", self.job.assume_gpu),
            ("--users", None if self.job.users is None else str(self.job.users)),
            *clouds,
        ]
        typed = [word for option, value in named if value is not None for word in (option, value)]
        flags = (("--isolated", self.isolated), ("--accept-no-timer", self.job.accept_no_timer))
        return [*typed, *(flag for flag, given in flags if given)]

    def settings_for(self, path: str, *, machines: int = 1) -> Settings:
        """The settings of a file's folder with these on top; `machines` share the budget. UserError where its config
        file is wrong."""
        overrides = Overrides(job=self.job._replace(machines=machines))
        return Configs(collect(), overrides, path=self.config, isolated=self.isolated).settings_for(path)


def case_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a click command these options; it gets them as `given`, a CaseOptions."""

    @click.option(
        "--prices", metavar="SOURCE", help="Price source to use (see `gpuspec prices`), or a file of prices."
    )
    @click.option(
        "--cloud",
        multiple=True,
        metavar="CLOUD",
        help="Only this cloud, whatever the job and the settings say. May be repeated.",
    )
    @click.option(
        "--assume-gpu",
        metavar="GPU[:N]",
        help="The GPU of jobs that name none (compose, most manifests): L4, or RTX 4090:2 for two.",
    )
    @config_option
    @isolated_option
    @wraps(command)
    def with_options(
        *args: Any,
        prices: str | None,
        cloud: tuple[str, ...],
        assume_gpu: str | None,
        config: str | None,
        isolated: bool,
        max_hours: float | None = None,
        budget: float | None = None,
        accept_no_timer: bool = False,
        by: By | None = None,
        users: int | None = None,
        which: str | None = None,
        **more: Any,
    ) -> Any:
        job = JobOverrides(
            prices=prices,
            clouds=tuple(name.lower() for name in cloud),
            max_hours=max_hours,
            accept_no_timer=accept_no_timer,
            by=by,
            users=users,
            assume_gpu=assume_gpu,
        )
        return command(*args, given=CaseOptions(job, config, isolated, which, budget), **more)

    return with_options


max_hours_option = click.option(
    "--max-hours", type=Amount(MOST_HOURS), help="Time limit; overrides the spec's."
)
budget_option = click.option(
    "--budget",
    type=Amount(MOST_DOLLARS),
    metavar="DOLLARS",
    help="Dollars at worst, several specs together; those without a limit of their own share what is left.",
)
by_option = click.option(
    "--by",
    type=click.Choice(get_args(By)),
    help="Rank by $ an hour, for the job, or for a million tokens. Default: by what the work is paid by.",
)
users_option = click.option(
    "--users",
    type=Whole(min=1, max=MOST_USERS),
    metavar="N",
    help="Sequences that must be served at once; overrides the spec's.",
)
job_option = click.option(
    "--job",
    "which",
    metavar="PLACE|NAME",
    help="Which job of a file that holds several: its name, or its place as `gpuspec show` prints it.",
)
accept_no_timer_option = click.option(
    "--accept-no-timer", is_flag=True, help="Allow machines that cannot take themselves down."
)


class NoJob(UserError):
    """A file of a format that is read, in which nothing asks for a GPU."""

    def __init__(self, path: str, format: Format | None) -> None:
        self.format = format
        of = f" ({format.name})" if format else ""
        why = format.no_job if format else "nothing in it asks for a GPU"
        super().__init__(
            "no-job",
            f"{path}{of} holds no job: {why}",
            f"`gpuspec lint {path}` says what else is wrong in it",
        )


def open_case(
    path: str, settings: Settings, which: str | None = None, *, formats: Sequence[Known] = FORMATS
) -> Case:
    """The job in a file ("-" is standard input), or the one of several that is called `which`. UserError where there
    is none, or more than one."""
    cases = open_cases(path, settings, which, formats=formats)
    if len(cases) > 1:
        hint = "--job names one of them; `gpuspec show` says what is in each"
        raise UserError("several-jobs", f"{path} holds {len(cases)} jobs: {_listed(cases)}", hint)
    return cases[0]


def open_cases(
    path: str, settings: Settings, which: str | None = None, *, formats: Sequence[Known] = FORMATS
) -> tuple[Case, ...]:
    """The jobs in a file ("-" is standard input), or those of them that are called `which`. UserError where there is
    none, or one cannot be read."""
    if os.path.isdir(path):
        raise UserError("not-a-file", f"{path} is a folder", "name the job spec in it, such as gpu.jsonc")
    from gpuspec.lint.files import check_binary, read_file, read_stdin
    from gpuspec.lint.runner import documents_in

    data = read_stdin() if path == "-" else read_file(path)
    check_binary(path, data)
    from gpuspec.lint.unknown_file import format_without_jobs, name_of_input, without_jobs

    name = name_of_input(data) if path == "-" else path
    documents = documents_in(name, data, formats) or without_jobs(name, data, formats)
    if not documents:
        raise NoJob(path, format_without_jobs(Source(name, data), formats))
    cases = tuple(_case(document._replace(path=path), settings) for document in documents)
    if which is None:
        return cases
    found = tuple(case for case in cases if which in _names(case))
    if not found:
        hint = "name a job by its place or its name, as `gpuspec show` prints them"
        raise UserError("no-such-job", f"{path} holds no job {which!r}: {_listed(cases)}", hint)
    return found


def _names(case: Case) -> tuple[str, ...]:
    """What a job of a file may be called."""
    name = case.written.name if case.written else None
    return tuple(word for word in (called(case), case.document.place, name) if word)


def called(case: Case) -> str:
    """The place of a job in its file, for people; "" where the job is the whole file."""
    return (case.document.called or case.document.place).rstrip("/")


def _listed(cases: Sequence[Case]) -> str:
    """The places of jobs, and their names where these are others."""
    said = []
    for case in cases[:MOST_LISTED]:
        name = case.written.name if case.written else None
        place = called(case)
        said.append(f"{place or 'the whole file'} ({name})" if name and name not in place else place or "/")
    more = f" and {len(cases) - MOST_LISTED} more" if len(cases) > MOST_LISTED else ""
    return ", ".join(said) + more


MOST_LISTED = 20
"""Jobs that a message names."""


def case_without_file(name: str, settings: Settings) -> Case:
    """An empty job of this name: for commands that are asked about a model or a GPU, and not about a file."""
    settings = settings._replace(job=settings.job._replace(assume_gpu=None), assumed_gpus=())
    return settings.case(Document(path=name, tree=Tree(""), job=Job(), place="", format=JOB_SPEC.format))


def _case(document: Document, settings: Settings) -> Case:
    path, tree = document.path, document.tree
    if tree.problems:
        problem = tree.problems[0]
        line, column = tree.position(problem.span.start)
        more = f" (and {len(tree.problems) - 1} more)" if len(tree.problems) > 1 else ""
        hint = f"`gpuspec lint {path}` shows every one"
        raise UserError("syntax", f"{path}:{line}:{column}: {problem.message}{more}", hint)
    case = settings.case(document)
    # Of a list that is too long only a part was read: lint says so, and a plan would not show it.
    too_many = next((mistake for mistake in case.left_out if mistake.kind == "too-many"), None)
    if too_many:
        hint = f"`gpuspec lint {path}` shows where"
        raise UserError("file-too-large", f"{path}: {too_many.message}", hint)
    if not case.has_job:
        if not document.format.in_spec_fields:
            raise NoJob(path, document.format)
        hint = "`gpuspec init` writes a spec to start from"
        raise UserError("no-job", f"{path} holds no JSON object", hint)
    return case
