"""`gpuspec alerts`."""

from __future__ import annotations

import os
import time
from typing import Any

import click

from gpuspec.cli.columns import aligned
from gpuspec.cli.options import config_option, isolated_option
from gpuspec.cli.output import say, say_document
from gpuspec.cli.ps import current
from gpuspec.errors import UserError
from gpuspec.json_text import json_text
from gpuspec.launch.alert_watch import Notified, due, notified_of, tell
from gpuspec.launch.alerts import MonthShare, RunShare, month_shares, run_share
from gpuspec.launch.budget_files import budgets_in, budgets_of_runs
from gpuspec.launch.month import month_of
from gpuspec.launch.notify import NotSent
from gpuspec.launch.notify import send as send_alert
from gpuspec.launch.records import Records
from gpuspec.lint.config import Configs
from gpuspec.lint.settings import Settings
from gpuspec.planning.monthly_budget import reached_step
from gpuspec.rules import collect
from gpuspec.words import dollars, percent


@click.command("alerts")
@click.option(
    "--send", is_flag=True, help="Also send what [notify] and the jobs ask for and nobody was sent yet."
)
@click.option("--test", is_flag=True, help="Send a trial to whom the [notify] of this folder names; no more.")
@config_option
@isolated_option
@click.option("--json", "as_json", is_flag=True, help="Print the numbers as JSON.")
def command(send: bool, test: bool, config: str | None, isolated: bool, as_json: bool) -> int:
    """What is used of this month's budgets, and of those of the runs that go on, asked of their machines.

    `gpuspec run` watches its own run. For runs that were detached, `gpuspec alerts --send` every few minutes (cron, a
    systemd timer) sends each alert once. Nothing is ended: that is for `budget.max_hours`, `gpuspec stop` and `down`.

    Exit status: 1 where a budget is used up, or a trial did not arrive.
    """
    settings = Configs(collect(), path=config, isolated=isolated).settings_for(".")
    if test:
        return _try(settings)
    now = time.time()
    records = Records()
    everything = [run if run.is_over else current(run) for run in records.recent(now)]
    here = settings.budget_file
    budgets = {**budgets_in([here] if here else []), **budgets_of_runs(everything)}
    months = month_shares(budgets, everything, now)
    active = [run for run in everything if not run.is_over]
    shares = [share for share in (run_share(run) for run in active) if share]
    sent = 0
    if send:
        sent = tell(due(everything, budgets, everything, now), lambda line: say(line, err=True))
    if as_json:
        say_document(json_text(_numbers(month_of(now).name, months, shares, sent)))
    else:
        _show(months, shares, sent)
    used = [each.share for each in months] + [each.share for each in shares]
    return int(max(used, default=0.0) >= 1)


def _try(settings: Settings) -> int:
    """Send a trial to everybody whom `[notify]` names."""
    found, refused = Notified(settings.notify_file).targets()
    if refused:
        say(refused, err=True)
    if not found:
        hint = '[notify] webhook = "$SLACK_WEBHOOK" in gpuspec.toml names one'
        raise UserError("nobody-to-tell", "no [notify] here names anybody who could be told", hint)
    worst = 0
    for each in found:
        try:
            send_alert(each, "a trial: this is where alerts about budgets go")
        except NotSent as error:
            worst = 1
            say(f"{each.in_words}: not sent: {error}")
        else:
            say(f"{each.in_words}: sent")
    return worst


def _show(months: list[MonthShare], shares: list[RunShare], sent: int) -> None:
    rows = [_month_row(each) for each in months]
    rows += [(f"run {each.run.id}", percent(each.share), each.in_words, each.run.name) for each in shares]
    if rows:
        say(*aligned([("BUDGET", "USED", "", ""), *rows]))
    else:
        say("no budgets: `[budget]` in gpuspec.toml holds for a month, `budget` of a job for its run")
    if sent:
        say("", f"{sent} sent")


def _month_row(each: MonthShare) -> tuple[str, ...]:
    what = f"{each.month.name} {each.by} {each.name}".rstrip()
    more = [os.path.relpath(each.file)]
    if each.spending.to_come:
        more.append(f"{dollars(each.spending.to_come)} may come")
    if each.spending.unknown:
        more.append(f"{len(each.spending.unknown)} runs of unknown cost")
    spent = f"{dollars(each.spending.spent)} of {dollars(each.monthly)}"
    return (what, percent(each.share), spent, "; ".join(more))


def _numbers(month: str, months: list[MonthShare], shares: list[RunShare], sent: int) -> dict[str, Any]:
    return {
        "month": month,
        "budgets": [
            {
                "file": each.file,
                "by": each.by or None,
                "name": each.name or None,
                "monthly": each.monthly,
                "spent": each.spending.spent,
                "may_come": each.spending.to_come,
                "used": each.share,
                "reached": each.reached,
                "unknown": each.spending.unknown,
            }
            for each in months
        ],
        "runs": [
            {
                "run": each.run.id,
                "name": each.run.name,
                "unit": "hours" if each.hours else "dollars",
                "spent": each.used,
                "limit": each.limit,
                "used": each.share,
                "reached": reached_step(each.used, each.limit, notified_of(each.run).at),
            }
            for each in shares
        ],
        "sent": sent,
        "currency": "USD",
    }
