"""`gpuspec run`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import click

from gpuspec.cli.columns import terminal_columns
from gpuspec.cli.deadline import against_deadline
from gpuspec.cli.imported import check_imported, check_one_machine, workdir_of
from gpuspec.cli.items_left import resume_command
from gpuspec.cli.launcher_name import LauncherName
from gpuspec.cli.lint_first import check_workdir, lint_first
from gpuspec.cli.month_budget import admission, check_month, labels_text, launch_of, who_is_told
from gpuspec.cli.open_case import (
    CaseOptions,
    accept_no_timer_option,
    budget_option,
    by_option,
    case_options,
    job_option,
    max_hours_option,
    open_case,
    users_option,
)
from gpuspec.cli.options import Number, Whole
from gpuspec.cli.output import say, say_document
from gpuspec.cli.own_runs import with_own_runs, work_of
from gpuspec.cli.prepared_run import Planned, Prepared
from gpuspec.cli.several_runs import budget_shares, question_of_all, runs_listed, told_what_became
from gpuspec.cli.shards import check_shards, parse_shard, run_shards
from gpuspec.errors import UserError
from gpuspec.job.job import Budget, Job
from gpuspec.launch import Outcome, RunSettings, find_launcher
from gpuspec.launch.alert_watch import AlertWatch, note_notified
from gpuspec.launch.launcher import Record
from gpuspec.launch.on_machine.readiness import without_password
from gpuspec.lint.secrets import masked
from gpuspec.planning.case import Case
from gpuspec.planning.cost import machines as machines_together
from gpuspec.planning.plan import Plan
from gpuspec.planning.rank import launchable
from gpuspec.printable import one_line
from gpuspec.words import dollars


@click.command("run")
@click.argument("specs", metavar="SPEC...", nargs=-1, required=True)
@click.option(
    "--on",
    type=LauncherName(),
    help="Where to run. Default: where the cheapest GPU that fits is; local if no GPU is asked for.",
)
@click.option("--yes", "-y", is_flag=True, help="Do not ask; launch.")
@click.option("--dry-run", is_flag=True, help="Show the plan and what would be sent; launch nothing.")
@click.option("--detach", "-d", is_flag=True, help="Return once the job is started.")
@max_hours_option
@budget_option
@case_options
@job_option
@users_option
@by_option
@click.option("--fresh", is_flag=True, help="Rent a new machine even where one of an earlier run would do.")
@click.option("--shards", type=Whole(min=2), help="Spread the items over this many machines.")
@click.option("--shard", metavar="K/N", hidden=True, help="Do only this part of the items.")
@click.option(
    "--shards-began", type=Number(), hidden=True, help="When the launch of all parts began, Unix time."
)
@click.option("--no-outputs", is_flag=True, help="Leave the outputs where they are.")
@click.option("--resume", is_flag=True, help="Do only the items that have not succeeded yet.")
@click.option(
    "--plain", is_flag=True, help="One machine, also where spot recovery or replicas are to be had."
)
@click.option(
    "--allow-no-gpu", is_flag=True, help="With --on local: go on although the GPU asked for is missing."
)
@accept_no_timer_option
@click.option("--over-budget", is_flag=True, help="Go on where it may break the month's [budget].")
def command(
    specs: tuple[str, ...], yes: bool, dry_run: bool, shards: int | None, given: CaseOptions, **options: Any
) -> int:
    """Lint, plan, ask and launch a job on the cheapest GPU that fits.

    A machine that an earlier run of the same set-up has left, and that is still up, is used again. Several specs
    run one after the other; they, too, share a machine where they can. All of them are linted, planned and checked,
    and you are asked once, before anything is rented; --budget holds for all together. Where one cannot be launched,
    those after it are not, and what became of each is told.

    Where SkyPilot keeps its controllers in its own server, a job that survives the loss of its spot machine is a
    managed job, and a server with `scaling` a service; --plain keeps to one machine.

    Exit status: 0 the job succeeded (or was started, with --detach), 1 it failed, lint found errors or you said no,
    2 it could not be launched, 3 gpuspec itself failed, 130 interrupted. Of several specs, that of the first that
    did not succeed.
    """
    if shards is not None and options["shard"]:
        raise UserError("bad-shards", "--shards does all parts, --shard one", "give one of them")
    planned = _plan_all(specs, given, options, machines=shards or 1)
    prepared = [
        _prepare(each, options, yes=yes, shards=shards or 1, alone=len(specs) == 1) for each in planned
    ]
    if len(prepared) > 1:
        _say_lines(runs_listed(prepared))
    if dry_run:
        for each in prepared:
            say(*masked(each.where.describe(each.case.job, each.plan, each.settings)).split("\n"))
        for each in prepared:
            check_one_machine(each.case)
            check_imported(each.case)
            _check_unstarted(each)
        _check_month(prepared)
        return 0
    for each in prepared:
        check_one_machine(each.case)
        check_imported(each.case)
        each.where.check(each.case.job, each.plan, each.settings)
        if each.settings.shard:
            check_shards(each.case, 1, each.settings.shard[1])
    if shards is not None:
        check_shards(prepared[0].case, len(specs), shards)
    _check_month(prepared)
    question = _question(prepared[0], shards or 1) if len(prepared) == 1 else question_of_all(prepared)
    if not yes and not _ask(question):
        raise UserError("declined", "not launched", status=1)
    if shards is not None:
        return run_shards(specs[0], shards, given, options)
    return _launch_all(prepared)


def _launch_all(prepared: Sequence[Prepared]) -> int:
    """Launch one after the other; the exit status of the first that did not succeed."""
    from gpuspec.launch.interrupts import interruptible

    records: list[Record] = []
    worst = 0
    try:
        with interruptible():  # whatever launcher it is, and also between two
            for each in prepared:
                status = _launch(each, records)
                worst = worst or status
                if status == 130:
                    break
    finally:  # also where one could not be launched, or somebody pressed Ctrl-C between two
        if len(prepared) > 1:
            _say_lines(told_what_became(prepared, records))
    return worst


def _plan_all(
    specs: Sequence[str], given: CaseOptions, options: dict[str, Any], *, machines: int
) -> list[Planned]:
    """Every spec planned. Of a budget for several, those without a limit of their own share what the others leave."""
    budget = given.budget
    if len(specs) == 1 or budget is None:
        return [_plan(spec, given, options, machines=machines) for spec in specs]
    alone = given._replace(budget=None)
    planned = [_plan(spec, alone, options, machines=machines) for spec in specs]
    shares = budget_shares(budget, [(each.spec, each.worst) for each in planned])
    return [
        each
        if share is None
        else _plan(each.spec, given._replace(budget=share), options, machines=machines, of=each)
        for each, share in zip(planned, shares, strict=True)
    ]


def _plan(
    spec: str, given: CaseOptions, options: dict[str, Any], *, machines: int, of: Planned | None = None
) -> Planned:
    """A spec, read and planned; `of` one that was read before, under other options."""
    shard = parse_shard(options["shard"])
    settings = given.settings_for(spec, machines=shard[1] if shard else machines)
    case = of.case if of else open_case(spec, settings, given.which)
    if given.budget is not None:
        case = settings.case(case.document._replace(job=_limited(case.document.job, given.budget)))
    case = with_own_runs(case)
    name, plan = _launcher_and_plan(case, options["on"])
    return Planned(spec, given, settings, case, name, plan)


def _limited(job: Job | None, dollars: float) -> Job | None:
    """The job as one that may cost no more than this."""
    if job is None:
        return None
    budget = job.budget or Budget()
    return job._replace(budget=budget._replace(max_total=min(dollars, budget.max_total or dollars)))


def _prepare(planned: Planned, options: dict[str, Any], *, yes: bool, shards: int, alone: bool) -> Prepared:
    spec, given, settings, case, name, plan = planned
    shard = parse_shard(options["shard"])
    budget = case.job.budget
    own_limit = budget.max_hours if budget else None  # a budget in dollars limits no run that costs none
    if shards > 1 and name != "local" and budget and budget.max_total is not None:
        _say(f"{shards} machines share the budget: {dollars(budget.max_total)} is the most for each")
    lint_first(case, settings)
    check_workdir(case)
    alike = ("detach", "resume", "fresh", "plain", "allow_no_gpu")
    run_settings = RunSettings(
        spec_path=spec,
        workdir=workdir_of(case),
        outputs=not options["no_outputs"],
        accept_no_timer=given.job.accept_no_timer,
        shard=shard,
        shards_began=options["shards_began"],
        **{name: options[name] for name in alike},
        max_hours=own_limit if name == "local" else plan.max_hours,
        say=_say,
        ask=lambda question: yes or _ask(question),
    )
    if alone:
        _show_plan(case, plan, name, whole=shard is None and shards == 1)
    again = resume_command(spec, name, given, options, shards=shard[1] if shard else None)
    rented = (
        None
        if name == "local"
        else launch_of(
            case, plan, settings, run_settings, machines=shards, above=not (given.config or given.isolated)
        )
    )
    return Prepared(
        case=case,
        plan=plan,
        where=find_launcher(name),
        settings=run_settings,
        again=again,
        month=rented,
        notified=who_is_told(case, settings),
        over_budget=options["over_budget"],
    )


def _check_month(prepared: Sequence[Prepared]) -> None:
    check_month([each.month for each in prepared], over_budget=prepared[0].over_budget)


def _check_unstarted(each: Prepared) -> None:
    """What can be checked of a launch without asking a cloud: UserError where the run would stop at it."""
    from gpuspec.launch.checks import check_folder

    if each.where.name == "local":
        each.where.check(each.case.job, each.plan, each.settings)
    else:
        check_folder(each.case.job, each.settings)


def _launcher_and_plan(case: Case, wanted: str | None) -> tuple[str, Plan]:
    """(launcher, plan of what it can run on): the one that is `wanted`, or that of the cheapest offer that fits."""
    if wanted is None:
        cheapest = case.plan.choice.offer.launcher if case.plan.choice else "skypilot"
        wanted = cheapest if case.plan.candidates else "local"
    return wanted, case.plan_on(None if wanted == "local" else wanted)


def _show_plan(case: Case, plan: Plan, launcher: str, *, whole: bool) -> None:
    if launcher == "local":
        _say(f"{case.path}: runs on this machine, in {case.workdir}")
        return
    from gpuspec.report import plan_table

    spread = against_deadline(case, plan) if whole else None
    text = plan_table.render(case, plan, spread=spread, columns=terminal_columns())
    say_document(text + "\n", err=True)


def _question(each: Prepared, shards: int) -> str:
    plan, together = each.plan, machines_together(each.case.job)
    if each.where.name == "local" or plan.choice is None:
        return "Run it here?"
    if not each.where.rents:
        return f"Run it on {each.where.name}, at ${plan.choice.price:.2f}/h?"
    most = max(candidate.price for candidate in launchable(each.case.job, plan))
    total = plan.cost.total if plan.cost else None
    worst = "" if total is None else f", {dollars(shards * total)} in all at worst"
    if shards * together > 1:
        return (
            f"Launch {shards * together} machines at ${plan.choice.price:.2f}/h to ${most:.2f}/h each{worst}?"
        )
    most_asked = f" (up to ${most:.2f}/h where cheaper ones are sold out)" if most > plan.choice.price else ""
    return f"Launch at ${plan.choice.price:.2f}/h{most_asked}{worst}?"


def _ask(question: str) -> bool:
    if not sys.stdin.isatty():
        hint = "add --yes to launch without asking"
        raise UserError("cannot-ask", f"nobody is there to answer: {question}", hint)
    return click.confirm(one_line(question), err=True)


def _say(line: str) -> None:
    say(line, err=True)


def _say_lines(lines: Sequence[str]) -> None:
    say(*lines, err=True)


def _launch(each: Prepared, records: list[Record]) -> int:
    """Launch one, and add its record to `records` before anything is rented; its exit status."""
    from gpuspec.launch.records import Records

    job, plan, where, settings = each.case.job, each.plan, each.where, each.settings
    choice = None if where.name == "local" else plan.choice
    budget_file = each.month.as_run.budget_file if each.month else None
    record = Records().new(
        admit=admission(each.month, over_budget=each.over_budget),
        name=job.name or "job",
        launcher=where.name,
        spec_path=settings.spec_path,
        workdir=settings.workdir,
        planned_price=choice.price if choice else None,
        machines=machines_together(job) if choice else None,
        max_hours=settings.max_hours,
        ports=" ".join(str(port.port) for port in job.ports) or None,
        ready=without_password(job.readiness.http) if job.readiness and job.readiness.http else None,
        planned_memory=choice.fit.need.expected if choice and choice.fit else None,
        secrets=" ".join(job.secrets) or None,
        max_total=job.budget.max_total if job.budget else None,
        labels=labels_text(each.case, budget_file),
        budget_file=budget_file,
        **work_of(each.case, plan, settings, rents=where.name != "local"),
    )
    records.append(record)
    if settings.detach and where.name != "local" and each.notified.anybody:
        _say("detached: nobody watches its budget here; `gpuspec alerts --send`, from cron, tells of it")
    # The supervisor of a run on this machine watches it itself.
    watched = where.name != "local" and (each.notified.anybody or budget_file is not None)
    with AlertWatch(record.run.id, _say, wanted=watched):
        return _follow(each, record)


def _follow(each: Prepared, record: Record) -> int:
    from gpuspec.cli.items_claim import claim_items
    from gpuspec.cli.items_left import tell_items_left

    job, plan, where, settings = each.case.job, each.plan, each.where, each.settings
    try:
        note_notified(record.run.id, each.notified)
        claim_items(job, settings, record.run)
        outcome: Outcome = where.launch(job, plan, settings, record)
    except Exception as error:
        if _rented_nothing(record):
            record.update(state="failed", message=str(error) or type(error).__name__)
        tell_items_left(job, settings, each.again, record.run.state)
        raise
    except KeyboardInterrupt:
        if _rented_nothing(record):
            record.update(state="interrupted", message="interrupted before anything was rented")
        raise
    if outcome.message:
        _say(f"gpuspec: {outcome.state}: {outcome.message}")
    tell_items_left(job, settings, each.again, outcome.state)
    if record.run.state != outcome.state:
        try:
            record.update(state=outcome.state, exit_code=outcome.exit_code, message=outcome.message)
        except UserError as error:  # how the job ended counts for more
            _say(f"gpuspec: {error.message}")
    return outcome.status


def _rented_nothing(record: Record) -> bool:
    """Whether a launch that broke off had come to no machine. Else its launcher is asked (`gpuspec ps`): a run that
    counts as over is looked after by nobody."""
    return record.run.state == "starting" and not record.run.machine
