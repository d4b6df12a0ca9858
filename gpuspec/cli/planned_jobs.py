"""`gpuspec plan` of several files, or of folders: every job in them as a row of one table."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout

from gpuspec.cli.columns import terminal_columns
from gpuspec.cli.exit_status import complain
from gpuspec.cli.open_case import CaseOptions, NoJob, open_cases
from gpuspec.cli.output import say_document
from gpuspec.cli.progress import counted
from gpuspec.commands.shell.again import each_read_once
from gpuspec.errors import UserError
from gpuspec.lint.config import Configs
from gpuspec.lint.files import expand
from gpuspec.lint.settings import Overrides
from gpuspec.planning.planned_job import PlannedJob, planned_job
from gpuspec.planning.reserved import ReservedUse
from gpuspec.planning.reserved_bill import Pools
from gpuspec.planning.shared_machine import paid_once
from gpuspec.rules import collect


def plan_several(paths: Sequence[str], given: CaseOptions, *, as_json: bool) -> int:
    """Print the table. Exit status 1 where a job finds no machine or is over its budget, 2 where a file cannot be
    read: the others are shown all the same."""
    configs = Configs(collect(), Overrides(job=given.job), path=given.config, isolated=given.isolated)
    errors: list[UserError] = []
    planned: list[PlannedJob] = []
    pools = Pools()
    named = {path for path in paths if not os.path.isdir(path)}
    with redirect_stdout(sys.stderr):  # plugins may print
        for path in counted(expand(paths, configs.settings_for, errors), "files"):
            try:
                planned += _of_file(path, configs, given, pools)
            except UserError as error:
                if path in named or not isinstance(error, NoJob):  # in a folder there are others
                    errors.append(error)
    if planned:
        bills, reserved = pools.fill([each.bill for each in planned])
        planned = [each._replace(bill=bill) for each, bill in zip(planned, bills, strict=True)]
        say_document(_rendered(planned, reserved, as_json=as_json))
    for each in errors:
        complain(each)
    if errors:
        return 2
    return int(any(one.why_not for one in planned))


def _of_file(path: str, configs: Configs, given: CaseOptions, pools: Pools) -> list[PlannedJob]:
    from gpuspec.report.plan_table import nearest_miss

    with each_read_once():
        found, settings = [], configs.settings_for(path)
        cases = list(open_cases(path, settings, given.which))
        for case in cases:
            made = planned_job(case, path)
            if made.choice is None and not made.needs_nothing:
                made = made._replace(why_not=nearest_miss(case.plan))
            found.append(made)
        bills = paid_once(cases, [each.bill for each in found])
        found = [each._replace(bill=bill) for each, bill in zip(found, bills, strict=True)]
        for case, made in zip(cases, found, strict=True):
            pools.add(case, settings.reserved, made.bill)
    return found


def _rendered(planned: Sequence[PlannedJob], reserved: Sequence[ReservedUse], *, as_json: bool) -> str:
    if as_json:
        from gpuspec.report import plans_json

        return plans_json.render(planned, reserved)
    from gpuspec.report import plans_text

    return plans_text.render(planned, reserved, terminal_columns())
