"""`gpuspec plan --what-if`: the lines of `gpuspec breakeven`, for the machine that the plan takes."""

from __future__ import annotations

from gpuspec.errors import UserError
from gpuspec.planning.case import Case
from gpuspec.planning.plan import Plan
from gpuspec.planning.self_hosting import Host, Usage, at_most, request_of
from gpuspec.planning.traffic import DAYS_PER_MONTH, hours_per_month
from gpuspec.planning.what_if import WhatIfs, asked_for, what_ifs


def what_ifs_of(case: Case, plan: Plan, assumed: tuple[str, ...]) -> WhatIfs:
    """The lines that `--what-if` asks for. UserError where the job declares no traffic, or nothing is
    taken."""
    wanted = asked_for(assumed)
    traffic, choice = case.job.traffic, plan.choice
    if traffic is None or not traffic.requests_per_day or not traffic.output_tokens:
        wrong = "what a month would cost depends on the requests, and the job declares none"
        hint = "add traffic: { requests_per_day, input_tokens, output_tokens } to the job"
        raise UserError("undeclared-traffic", wrong, hint)
    if choice is None:
        raise UserError("no-machine", "no offer is taken", "the plan without --what-if says why")
    request = request_of(traffic, None, None)
    usage = Usage(
        request,
        requests=traffic.requests_per_day * DAYS_PER_MONTH,
        utilization=1 / max(traffic.peak_factor or 1.0, 1.0),
        hours=hours_per_month(case.job.schedule),
    )
    machine = case.market.alternative(choice.gpu, choice.offer.gpu_count)
    answered = at_most(case, machine, request)
    if answered is None or machine.price is None or usage.requests is None:
        wrong = f"how fast {choice.gpu.name} answers this job is not known"
        raise UserError("no-machine", wrong, "what-ifs are about servers of text models")
    host = Host(machine, answered.per_second * 3600, answered.why)
    return what_ifs(case, host, usage, requests=usage.requests, wanted=wanted)
