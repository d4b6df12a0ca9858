"""A job spec from the command line to a Job and its Plan."""

from __future__ import annotations

import os
import sys
from typing import NamedTuple

from gpuspec.errors import UserError
from gpuspec.formats import read
from gpuspec.job import Job
from gpuspec.lint.files import check_binary, read_file
from gpuspec.planning.case import Case, JobSettings
from gpuspec.planning.plan import Plan


class JobFile(NamedTuple):
    """A spec that parsed. `data` is what was read, so that lint judges the same bytes that are launched."""

    path: str
    data: bytes
    job: Job
    case: Case

    @property
    def workdir(self) -> str:
        """Absolute: the job's own workdir, relative to the folder of its spec."""
        folder = os.getcwd() if self.path == "-" else os.path.dirname(os.path.abspath(self.path))
        return os.path.normpath(os.path.join(folder, self.job.workdir or "."))


def load(path: str, prices: str | None = None) -> JobFile:
    """Read a spec ("-" is standard input). UserError where there is no job in it."""
    if os.path.isdir(path):
        raise UserError("not-a-file", f"{path} is a folder", "name the job spec in it, such as gpu.jsonc")
    data = sys.stdin.buffer.read() if path == "-" else read_file(path)
    check_binary(path, data)
    document = read(path, data)[0]
    tree, job = document.tree, document.job
    if tree.problems:
        problem = tree.problems[0]
        line, column = tree.position(problem.span.start)
        more = f" (and {len(tree.problems) - 1} more)" if len(tree.problems) > 1 else ""
        raise UserError(
            "syntax",
            f"{path}:{line}:{column}: {problem.message}{more}",
            f"`gpuspec lint {path}` shows every one",
        )
    if job is None:
        raise UserError(
            "no-job", f"{path} holds no JSON object", "`gpuspec init` writes a spec to start from"
        )
    return JobFile(path, data, job, Case(document, settings=JobSettings(prices=prices)))


def dated() -> dict[str, str]:
    """For each price source, in words, how old its prices are."""
    from gpuspec.catalog import price_sources

    return {source.name: source.dated for source in price_sources()}


def make_plan(file: JobFile, *, accept_no_timer: bool = False, launcher: str | None = None) -> Plan:
    """The plan at the price source in force; with `launcher`, of what that one can run on."""
    from gpuspec.catalog import price_sources
    from gpuspec.planning.rank import rank_offers

    dates = {source.name: source.as_of for source in price_sources()}
    case = file.case
    offers = case.offers
    if launcher is not None:
        offers = tuple(offer for offer in offers if offer.launcher == launcher)
    return rank_offers(
        file.job,
        case.workload,
        case.need,
        offers,
        catalog=case.catalog,
        sources=dates,
        accept_no_timer=accept_no_timer,
    )
