"""`gpuspec breakeven`."""

from __future__ import annotations

from typing import Any

import click

from gpuspec.catalog.api_prices import ApiPrice, named, opposite
from gpuspec.catalog.gpu_names import split_count
from gpuspec.cli.columns import terminal_columns
from gpuspec.cli.model_or_job import gpu_names, in_scheme, opened, with_engine
from gpuspec.cli.open_case import CaseOptions, case_options, job_option
from gpuspec.cli.options import Amount, Number
from gpuspec.cli.output import say_document
from gpuspec.errors import UserError
from gpuspec.job.job import Traffic
from gpuspec.planning.alternatives import generates_text
from gpuspec.planning.case import Case
from gpuspec.planning.self_hosting import TypicalRequest, Usage, compare, hosts, request_of
from gpuspec.planning.traffic import DAYS_PER_MONTH, hours_per_month
from gpuspec.planning.what_if import asked_for, what_ifs
from gpuspec.sizing import Unsized

MOST_TOKENS = 100_000_000
MOST_REQUESTS = 1e12
MOST_DOLLARS = 1e9


@click.command("breakeven")
@click.argument("what", metavar="MODEL|JOB")
@click.option(
    "--api",
    "written",
    metavar="NAME|IN/OUT",
    help="The API: gpt-4o-mini, groq/…, or its $ per million tokens read/written: 2.50/10.",
)
@click.option(
    "--ops",
    type=Amount(MOST_DOLLARS, zero=True),
    default=0.0,
    metavar="$",
    help="Dollars a month for the people who run the machines.",
)
@click.option(
    "--utilization",
    type=Amount(1.0),
    metavar="SHARE",
    help="Share of the time that a machine is busy: 0.5. Default: 1 ÷ the job's traffic.peak_factor, else all of it.",
)
@click.option(
    "--input-tokens", type=Amount(MOST_TOKENS, zero=True), metavar="N", help="A request reads so many."
)
@click.option("--output-tokens", type=Amount(MOST_TOKENS), metavar="N", help="A request writes so many.")
@click.option(
    "--requests", type=Amount(MOST_REQUESTS), metavar="N", help="Requests a day; overrides the job's."
)
@click.option(
    "--growth",
    type=Number(min=-0.99, max=10),
    metavar="SHARE",
    help="Of the requests, each month: 0.2 for 20 % more. Overrides the job's.",
)
@click.option(
    "--on",
    "gpu",
    metavar="GPU",
    help="This machine: L40S, 2xH100. Default: the cheapest for the requests, or a token.",
)
@click.option("--quantization", metavar="SCHEME", help="awq, gptq-int4, fp8 …")
@click.option(
    "--params-b",
    type=Number(min=0, min_open=True, max=100_000),
    metavar="B",
    help="Billions of parameters of an unknown model.",
)
@click.option(
    "--what-if",
    "assumed",
    multiple=True,
    metavar="NAME[=SHARE]",
    help="Only these lines under “What if”: cascade=0.6, prefix-cache, … May be repeated.",
)
@case_options
@job_option
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def command(
    what: str,
    written: str | None,
    ops: float,
    gpu: str | None,
    given: CaseOptions,
    as_json: bool,
    **more: Any,
) -> int:
    """From how many requests a month on renting machines costs less than an API.

    \b
    gpuspec breakeven Llama-3.1-8B --api gpt-4o-mini --ops 500
    gpuspec breakeven Llama-3.1-70B --api 2.50/10 --on 2xH100 --utilization 0.5
    gpuspec breakeven Qwen3-32B --requests 100000 --growth 0.2
    gpuspec breakeven server.jsonc                  its own traffic, and growth

    A machine answers only so many requests: one more is rented where it is full. `gpuspec prices apis` lists what
    tokens cost through APIs. Without --api: who hosts the same model cheapest, else one that models of this size are
    weighed against.
    """
    wanted = asked_for(more.pop("assumed"))
    case, request = _case(what, given, more)
    traffic = case.job.traffic or Traffic()
    usage = Usage(
        request,
        requests=traffic.requests_per_day and traffic.requests_per_day * DAYS_PER_MONTH,
        utilization=more["utilization"] or 1 / max(traffic.peak_factor or 1.0, 1.0),
        hours=hours_per_month(case.job.schedule),
        ops=ops,
        growth=traffic.growth_per_month if more["growth"] is None else more["growth"],
    )
    api = _api(written, case, usage.request)
    found = hosts(case, usage.request, _machines(gpu, case))
    if not found:
        raise _no_machine(case, gpu)
    answer = compare(case, api, usage, found)
    lines = what_ifs(case, answer.host, usage, requests=answer.looked_at, wanted=wanted, api=api)
    if as_json:
        from gpuspec.report import breakeven_json

        say_document(breakeven_json.render(answer, lines))
    else:
        from gpuspec.report import breakeven_table

        say_document(breakeven_table.render(answer, lines, columns=terminal_columns()))
    return 0


def _case(what: str, given: CaseOptions, more: dict[str, Any]) -> tuple[Case, TypicalRequest]:
    """The job, or an empty one of a model, with the traffic that the options say over its own; and the tokens of a
    request. UserError for work that writes no tokens."""
    case, workload = opened(what, given, more["params_b"], "serve")
    if (
        not generates_text(workload)
        or workload.modality == "audio"
        or not (workload.model or workload.params_b)
    ):
        why = (
            "it writes no text"
            if workload.model or workload.modality
            else "nothing says which model it serves"
        )
        raise UserError("no-break-even", f"{what}: {why}", "an API is paid by the token: name a text model")
    scheme = more["quantization"]
    workload = with_engine(workload._replace(**in_scheme(scheme) if scheme else {}))
    stated = case.job.traffic or Traffic()
    request = request_of(stated, more["input_tokens"], more["output_tokens"])
    if not workload.context:
        workload = workload._replace(context=max(LEAST_CONTEXT, round(request.read + request.written)))
    traffic = stated._replace(
        requests_per_day=more["requests"] or stated.requests_per_day,
        input_tokens=request.read,
        output_tokens=request.written,
    )
    job = case.job._replace(traffic=traffic)
    return case.instead(job=job).instead(workload=workload), request


LEAST_CONTEXT = 4096
"""Tokens of a sequence where nobody says it, as `size` has it, or those of a request where they are more."""


def _api(written: str | None, case: Case, request: TypicalRequest) -> ApiPrice:
    """The API to compare with: as it is written, else who hosts the same model cheapest, else by the model's size."""
    work, tokens = case.workload, (request.read, request.written)
    if written is not None:
        found = _of_numbers(written) or named(written, case.api_prices)
        if not found:
            from gpuspec.cli.api_rows import unknown_api

            raise unknown_api(written, case.api_prices)
        return min(found, key=lambda row: row.per_request(*tokens))
    size = work.params_b or (work.model.params_b if work.model else None)
    weighed = opposite(case.api_prices, tokens, size, work.model_name, work.model.id if work.model else None)
    if weighed is None:
        wrong = "nobody in the table hosts this model, and none is weighed against one of its size"
        raise UserError(
            "unknown-api", wrong, "--api NAME (`gpuspec prices apis`), or its price: --api 2.50/10"
        )
    return weighed


def _of_numbers(written: str) -> tuple[ApiPrice, ...]:
    """`2.50/10`, dollars a million tokens in and out."""
    from gpuspec.catalog.api_prices import MOST
    from gpuspec.numerals import number_of

    halves = [number_of(half.strip().lstrip("$")) for half in written.split("/")]
    if len(halves) != 2 or None in halves:
        return ()
    entry, answer = (half or 0.0 for half in halves)
    if not (0 <= entry <= MOST and 0 <= answer <= MOST) or not entry + answer:
        raise UserError(
            "unknown-api", f"--api {written} is no price of a million tokens", "such as --api 2.50/10"
        )
    return (ApiPrice("", "the price given", "", entry, None, answer, None, None, "", "the command line"),)


def _machines(written: str | None, case: Case) -> list[tuple[str, int]]:
    if written is None:
        return []
    names = gpu_names(written, case.catalog)
    count = case.catalog.resolve_gpu(written).gpu_count or case.job.gpu_count or 1
    return [(name, count) for name in names]


def _no_machine(case: Case, gpu: str | None) -> UserError:
    need = case.need(1)
    if isinstance(need, Unsized):
        return UserError("cannot-size", need.reason, need.hint)
    where, hint = "", "`gpuspec size` says how much memory it needs, and what holds it"
    if gpu:
        where, hint = f"on {gpu} ", f"`gpuspec size --on {gpu}` says which, and what holds it"
        hint += f"; more GPUs are --on 2x{gpu}" if split_count(gpu)[1] is None else ""
    wrong = f"the model does not fit {where}on a machine that can be rented, cannot be split, or is of unknown speed"
    return UserError("no-machine", wrong, hint)
