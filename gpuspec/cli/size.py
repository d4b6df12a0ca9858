"""`gpuspec size`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any

import click

from gpuspec.cli.columns import terminal_columns
from gpuspec.cli.model_or_job import in_scheme, is_job, opened, with_engine
from gpuspec.cli.on_gpus import asked_of
from gpuspec.cli.open_case import CaseOptions, case_options, job_option, users_option
from gpuspec.cli.options import Number, Tokens, Whole
from gpuspec.cli.output import say, say_document
from gpuspec.errors import UserError
from gpuspec.planning.limits import gpus_of_job
from gpuspec.planning.sized import Sized
from gpuspec.workload import Workload

_WORKS_ON = {"image": "makes pictures", "video": "makes videos", "audio": "hears or speaks"}


def _amount(
    name: str, metavar: str, text: str, *, most: int, kind: Number | Whole | None = None
) -> Callable[[Any], Any]:
    """An option for a number above zero; beyond `most` it is a slip of the pen. `kind`: a whole one unless given."""

    def checked(_: click.Context, __: click.Parameter, value: float | None) -> float | None:
        if value is not None and not value > 0:
            wrong = f"{name} is {value:g}; it must be more than zero"
            raise UserError("bad-number", wrong, f"give {name} a count")
        if value is not None and value > most:
            hint = (
                "it is in billions" if isinstance(kind, Number) else f"the most that makes sense is {most:,}"
            )
            raise UserError("bad-number", f"{name} is {value:g}; no job is that large", hint)
        return value

    return click.option(name, type=kind or Whole(), metavar=metavar, help=text, callback=checked)


@click.command("size")
@click.argument("what", metavar="MODEL|JOB")
@click.option("--task", type=click.Choice(["serve", "batch", "train"]), help="What the model is to do.")
@click.option("--quantization", metavar="SCHEME", help="awq, gptq-int4, fp8, nf4, gguf:Q4_K_M, bf16 …")
@_amount(
    "--context",
    "TOKENS",
    "Tokens per sequence, prompt and answer: 8192, 32k, 1m.",
    most=100_000_000,
    kind=Tokens(),
)
@_amount("--concurrency", "N", "Sequences at the same time.", most=1_000_000)
@click.option("--engine", help="vllm, sglang, tgi, transformers, llama.cpp, hf-trainer, torchtune …")
@click.option("--method", type=click.Choice(["full", "lora", "qlora"]), help="How to train.")
@_amount("--batch", "N", "Training sequences per GPU and step.", most=1_000_000)
@_amount("--gpus", "N", "Spread over this many GPUs.", most=10_000)
@click.option(
    "--on",
    multiple=True,
    metavar="GPU",
    help="Judge this GPU: RTX 4090, 2x3090, A100-80GB:2, or any with 24GB. May be repeated. Exit status 1 where the "
    "work does not fit on one of them.",
)
@click.option(
    "--by",
    type=click.Choice(["token", "hour"]),
    help="Rank machines by $ per token or per hour. Default: per hour; per token where the job states its traffic.",
)
@_amount("--params-b", "B", "Billions of parameters of an unknown model.", most=100_000, kind=Number())
@click.option(
    "--second-opinion",
    type=click.Choice(["aiconfigurator"]),
    help="Also ask NVIDIA's aiconfigurator (extra: aiconfigurator) how fast the first of the machines is.",
)
@users_option
@case_options
@job_option
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def command(
    what: str,
    quantization: str | None,
    gpus: int | None,
    on: tuple[str, ...],
    params_b: float | None,
    second_opinion: str | None,
    given: CaseOptions,
    as_json: bool,
    **of_workload: Any,
) -> int:
    """Memory and speed of a model or of a job.

    \b
    gpuspec size Llama-3.1-8B --quantization awq --context 8192
    gpuspec size Qwen3-32B --context 32k --users 20         the cheapest machines that serve them
    gpuspec size 70B --quantization int4 --on 2x3090 --on 48GB
    gpuspec size Qwen3-32B --on H100:2 --users 16           how long may their contexts be?
    gpuspec size FLUX.1-dev --method lora
    gpuspec size job.jsonc
    """
    case, workload = opened(what, given, params_b)
    changes = {name: value for name, value in of_workload.items() if value is not None}
    as_written = is_job(what) and not (changes or quantization or gpus or params_b or given.job.users)
    if as_written:  # of other work than that of the file its runs say nothing
        from gpuspec.cli.own_runs import with_own_runs

        case = with_own_runs(case)
    if "method" in changes:
        changes["task"] = "train"
    workload = workload._replace(**changes, **(in_scheme(quantization) if quantization else {}))
    if "context" in changes and workload.task == "train":
        workload = workload._replace(sequence=workload.context)
    _check_users(given.job.users, workload)
    _check_engine(changes.get("engine"), workload)
    by = {"by": given.job.by} if given.job.by == "token" else {}
    for option in _left_out({**changes, **by}, workload):
        say(f"left out: {option}", err=True)
    case = case.instead(workload=workload if is_job(what) else with_engine(workload))
    count = gpus or gpus_of_job(case.job, case.workload, case.catalog)
    asked = asked_of(on, gpus, count or 1, case.catalog)
    sized = Sized.of(case, count, asked, by=given.job.by, in_full=as_json)
    if as_written:
        sized = sized._replace(measured=case.measured)
    if second_opinion:
        from gpuspec.planning.second_opinion import opinions

        sized = sized._replace(opinion=opinions(case, sized.told_of))
    if as_json:
        from gpuspec.report import size_json

        say_document(size_json.render(sized))
    else:
        from gpuspec.report import size_table

        say_document(size_table.render(sized, columns=terminal_columns()))
    return 1 if sized.refused else 0


def _check_users(users: int | None, workload: Workload) -> None:
    """UserError where `--users` means nothing."""
    if users is not None and (workload.task == "train" or workload.modality not in (None, "text")):
        does = "trains" if workload.task == "train" else _WORKS_ON.get(workload.modality or "", "does not")
        wrong = f"--users counts sequences that a text model answers at once, and this one {does}"
        step = "a training step takes at a time" if workload.task == "train" else "is made at a time"
        raise UserError("no-users", wrong, f"--batch says how much {step}")


def _check_engine(written: str | None, workload: Workload) -> None:
    """UserError where nothing is called as `--engine` says, or where it cannot do the work."""
    if written is None:
        return
    from difflib import get_close_matches

    from gpuspec.engines import engine_names, engine_of, is_known

    names = engine_names()
    if not is_known(written):
        near = get_close_matches(written.lower()[:40], names, n=1, cutoff=0.6)
        hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(names)}"
        raise UserError("unknown-engine", f"no engine is called {written!r}", hint)
    if workload.task == "train" and engine_of(written).kind == "server":
        trainers = ", ".join(name for name in names if engine_of(name).kind == "trainer")
        raise UserError(
            "unknown-engine", f"{written} answers requests; it does not train", f"one of {trainers}"
        )


def _left_out(given: Collection[str], workload: Workload) -> Iterator[str]:
    """Options that change nothing in work of this kind, and what does."""
    trains, text = workload.task == "train", workload.modality in (None, "text")
    if "context" in given and not text:
        yield "--context counts tokens of text"
    if "by" in given and (trains or not text):
        yield "--by token: no tokens are written"
    if "concurrency" in given and trains:
        yield "--concurrency counts sequences that are answered at once; --batch says those of a training step"
    if "batch" in given and text and not trains:
        yield "--batch is of a training step; --concurrency or --users says how many are answered at once"
