"""Before a launch: what is left of the month's budgets, and a refusal where they would be broken."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Sequence

from gpuspec.cli.output import say
from gpuspec.launch.alert_watch import Notified
from gpuspec.launch.budget_files import Budgets, budgets_above
from gpuspec.launch.launcher import Run, RunSettings
from gpuspec.launch.month import month_of
from gpuspec.launch.monthly_limit import Launch, refusal, standings
from gpuspec.launch.records import Records
from gpuspec.lint.settings import Settings
from gpuspec.planning.case import Case
from gpuspec.planning.cost import machines as machines_together
from gpuspec.planning.labels import labels_of
from gpuspec.planning.monthly_budget import monthly_budget
from gpuspec.planning.plan import Plan
from gpuspec.planning.rank import launchable

MOST_LABELS = 50
LONGEST_LABEL = 200
"""Labels of a job that are recorded, and their characters."""


def launch_of(
    case: Case, plan: Plan, settings: Settings, run: RunSettings, *, machines: int, above: bool
) -> Launch | None:
    """What a launch may cost, where a monthly budget holds for it; None where none does. `above`: those of settings
    above its folder hold, too; not where the command line names the settings."""
    choice = plan.choice
    if choice is None:
        return None
    budgets: Budgets = {}
    if settings.budget_file is not None:
        budgets[settings.budget_file] = monthly_budget(settings.budget)
    if above:
        budgets = {**budgets, **budgets_above(_folder(case))}
    if not budgets:
        return None
    file = next(iter(budgets))
    as_run = Run(
        id="",
        name=case.job.name or "job",
        launcher=choice.offer.launcher,
        spec_path=run.spec_path,
        workdir=run.workdir,
        state="starting",
        started=0.0,
        cloud=choice.offer.cloud,
        gpu=choice.gpu.name,
        labels=labels_text(case, file),
        budget_file=file,
    )
    cost = plan.cost
    return Launch(
        as_run=as_run,
        budgets=budgets,
        total=cost.total if cost else None,
        hours=None if plan.max_hours is None else plan.max_hours + plan.keep_alive_minutes / 60,
        price=machines_together(case.job)
        * _replicas(case, plan, run)
        * max(each.price for each in launchable(case.job, plan)),
        machines=machines,
    )


def _replicas(case: Case, plan: Plan, run: RunSettings) -> int:
    """Machines that a service may come to; 1 of what is none."""
    if case.job.scaling is None or run.plain or plan.max_hours is not None:
        return 1
    from gpuspec.launch.skypilot.mode import choose_mode

    is_service = choose_mode(case.job, plan, plain=False).mode == "service"
    return case.job.scaling.replicas[1] if is_service else 1


def who_is_told(case: Case, settings: Settings) -> Notified:
    """Who is told when a run's budget is nearly used up. Says what keeps a command from being run."""
    notify = case.job.notify
    found = Notified(settings.notify_file, notify.webhook if notify else None)
    said = found.targets()[1]
    if said:
        say(said, err=True)
    return found


def labels_text(case: Case, budget_file: str | None) -> str | None:
    """The labels of a job and its folder, as a run is recorded with them."""
    labels = labels_of(case)
    kept = {key[:LONGEST_LABEL]: value[:LONGEST_LABEL] for key, value in sorted(labels.items())[:MOST_LABELS]}
    if budget_file is not None:
        kept["folder"] = os.path.relpath(_folder(case), os.path.dirname(budget_file)).replace(os.sep, "/")
    return json.dumps(kept, ensure_ascii=False) if kept else None


def _folder(case: Case) -> str:
    return os.getcwd() if case.path == "-" else os.path.dirname(os.path.abspath(case.path))


def check_month(launches: Sequence[Launch | None], *, over_budget: bool) -> None:
    """Say what is left of the month's budgets. UserError `over-monthly-budget` where the launches would break one:
    runs that go on are asked of their machines first."""
    wanted = [each for each in launches if each]
    if not wanted:
        return
    now = time.time()
    month, runs = month_of(now), Records().recent(now)
    found = standings(wanted, runs, month, now)
    if any(each.is_over for each in found) and any(not run.is_over for run in runs):
        from gpuspec.cli.ps import current

        found = standings(wanted, [current(run) for run in runs], month, now)
    broken = next((each for each in found if each.is_over), None)
    if broken and not over_budget:
        raise refusal(broken, month)
    for each in found:
        say(f"budget: {each.in_words(month)}" + ": over it, as you said" * each.is_over, err=True)


def admission(launch: Launch | None, *, over_budget: bool) -> Callable[[list[Run]], None] | None:
    """What `Records.new` asks before it writes a run: UserError where another took what was left meanwhile."""
    if launch is None or over_budget:
        return None
    alone = launch._replace(machines=1)

    def admit(runs: list[Run]) -> None:
        now = time.time()
        month = month_of(now)
        broken = next((each for each in standings([alone], runs, month, now) if each.is_over), None)
        if broken:
            raise refusal(broken, month)

    return admit
