"""What was planned, compared with what is so: the current price before anything is rented, and then the machine's own
price and timer."""

from __future__ import annotations

from gpuspec.errors import UserError
from gpuspec.job import Job
from gpuspec.launch.launcher import RunSettings
from gpuspec.launch.skypilot.client import Machine
from gpuspec.planning.cost import cost_at, exceeds
from gpuspec.planning.plan import Plan

DRIFT = 0.10
"""How far the current price may lie from the plan's before the user is asked."""


def check_price(job: Job, plan: Plan, current: float | None, settings: RunSettings) -> None:
    """Compare the current price, as it would be paid, with the plan's. UserError over `max_price` or the budget, or
    where the person says no."""
    if plan.choice is None:
        return
    if current is None:
        settings.say("SkyPilot's current price could not be read; the machine's own is checked once it is up")
        return
    if exceeds(current, job.max_price):
        raise UserError(
            "over-max-price",
            f"the cheapest now costs ${current:.2f}/h, max_price is ${job.max_price:.2f}/h",
            "raise max_price, or run `gpuspec prices update` and plan again",
        )
    cap = job.budget.max_total if job.budget else None
    total = cost_at(job, plan, plan.choice._replace(price=current)).total
    if exceeds(total, cap):
        raise UserError(
            "over-budget",
            f"at ${current:.2f}/h, the current price, the worst case is ${total:.2f}; the budget is ${cap:.2f}",
            "lower budget.max_hours, or raise budget.max_total",
        )
    planned = plan.choice.price
    if abs(current - planned) > DRIFT * planned + 1e-9:
        date = plan.prices_as_of or "undated"
        agreed = ", less what was agreed on" if plan.choice.paid_share != 1 else ""
        now = f"SkyPilot says ${current:.2f}/h now{agreed}"
        settings.say(f"price: the plan says ${planned:.2f}/h ({date}), {now}")
        if not settings.ask(f"Launch at ${current:.2f}/h?"):
            raise UserError(
                "declined", "not launched", "`gpuspec prices update` refreshes the prices", status=1
            )


def check_machine(machine: Machine, *, wanted: int | None, max_price: float | None) -> None:
    """Timer and price of a machine that is up, against what was asked for. `wanted` is in idle minutes, None where
    no timer is insisted on. A timer that cannot be read back is an error, not a hope."""
    if wanted is not None and (machine.idle_minutes != wanted or not machine.down):
        then = "down" if machine.down else "only stopped, not down"
        minutes = machine.idle_minutes
        timer = "no timer at all" if minutes < 0 else f"{minutes} idle minutes, then {then}"
        raise UserError(
            "timer-not-set",
            f"{machine.name} was to go after {wanted} idle minutes, but its timer reads {timer}",
            "it is taken down; --accept-no-timer would keep it",
            status=1,
        )
    if exceeds(machine.price, max_price):
        raise UserError(
            "over-max-price",
            f"{machine.name} costs ${machine.price:.2f}/h, max_price is ${max_price:.2f}/h",
            "it is taken down; raise max_price or allow other GPUs",
            status=1,
        )
