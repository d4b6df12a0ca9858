"""`gpuspec import-usage`: what other tools saw of a job, for its file of measurements."""

from __future__ import annotations

import os
import sys
import time
from hashlib import sha256

import click

from gpuspec.cli.open_case import CaseOptions, job_option, open_case
from gpuspec.cli.options import Whole, config_option
from gpuspec.cli.output import say
from gpuspec.errors import UserError
from gpuspec.lint.config import Configs
from gpuspec.lint.settings import Settings
from gpuspec.planning.case import Case
from gpuspec.planning.measured import ENDED, SAMPLED, MeasuredRun, command_digest
from gpuspec.planning.measured_file import update_measured
from gpuspec.planning.skypilot_history import ClusterUse, clusters_in, is_history
from gpuspec.planning.usage_files import Usage, usage_in
from gpuspec.report.summary import plural
from gpuspec.rules import collect
from gpuspec.untrusted_file import in_words, read_file

LARGEST = 256 * 1024 * 1024


@click.command("import-usage")
@click.argument("spec", metavar="JOB")
@click.argument("file", metavar="FILE")
@click.option("--gpu", metavar="GPU", help="The GPU, where FILE does not name it.")
@click.option(
    "--gpus", type=Whole(min=1, max=10_000), help="GPUs of the machine. Default: as many as FILE shows."
)
@click.option(
    "--where",
    multiple=True,
    metavar="LABEL=VALUE",
    help="Only samples with this label (DCGM-exporter): pod=chat-0.",
)
@click.option(
    "--cluster",
    metavar="NAME",
    help="Which clusters of SkyPilot's history ran it. Default: those called like the job.",
)
@job_option
@config_option
def command(
    spec: str,
    file: str,
    gpu: str | None,
    gpus: int | None,
    where: tuple[str, ...],
    cluster: str | None,
    which: str | None,
    config: str | None,
) -> int:
    """Keep what another tool measured of a job's GPUs in gpuspec.measured.json.

    \b
    nvidia-smi --query-gpu=timestamp,index,name,memory.used,utilization.gpu \\
        --format=csv -l 5 > usage.csv
    gpuspec import-usage job.jsonc usage.csv

    FILE ("-" is standard input) is that, or what `nvidia-smi dmon -s um`, `dcgmi dmon -e 203,252` or DCGM-exporter
    print, a CSV file of DCGM's fields, or `sky cost-report --all -o json`: of that the hours and prices of clusters
    that are gone. Samples tell the memory and how busy the GPUs were, and nothing of how long a run takes.
    """
    configs = Configs(collect(), path=config)
    case = _case(spec, CaseOptions(config=config).settings_for(spec), which)
    if not command_digest(case.written or case.job):
        said = f"{spec} says nothing of what runs: what was measured could be of any job"
        raise UserError("unknown-usage", said, "name the job whose command it was")
    text, began = _read(file)
    path = configs.measured_file_for(spec)
    if is_history(text):
        found = [_of_cluster(case, one, gpu, gpus) for one in _chosen(case, clusters_in(text, file), cluster)]
    else:
        found = [_of_samples(case, usage_in(text, file, _labels(where)), text, began, gpu, gpus)]
    beside = os.path.dirname(path)
    inside = os.path.relpath(spec, beside).replace(os.sep, "/") if spec != "-" else ""
    found = [run._replace(spec=inside) for run in found]
    changed = update_measured(path, found)
    for run in found:
        say(f"{run.id}: {_in_words(run)}")
    shown = min(os.path.relpath(path), path, key=len)
    say(f"{shown}: {plural(changed, 'run')} written" if changed else f"{shown}: as before")
    return 0


def _case(spec: str, settings: Settings, which: str | None) -> Case:
    try:
        return open_case(spec, settings, which)
    except UserError:
        if os.path.exists(spec) and spec.endswith(
            (".csv", ".txt", ".prom", ".log")
        ):  # the two are easily swapped
            hint = "the job stands first: `gpuspec import-usage JOB FILE`"
            raise UserError("unsupported-file", f"{spec} is no job", hint) from None
        raise


def _read(file: str) -> tuple[str, str]:
    """(text, when it was made: UTC)."""
    try:
        if file == "-":
            data, when = sys.stdin.buffer.read(LARGEST + 1), time.time()
            if len(data) > LARGEST:
                raise UserError(
                    "file-too-large", f"standard input has more than {LARGEST >> 20} MB", "cut it in parts"
                )
        else:
            data, when = read_file(file, LARGEST), os.path.getmtime(file)
    except FileNotFoundError:
        hint = "it is what a tool printed, after the job: `gpuspec import-usage JOB FILE`"
        raise UserError("no-such-file", f"{file} does not exist", hint) from None
    except OSError as error:
        raise UserError("unreadable-file", f"{file} cannot be read: {in_words(error)}") from None
    # `>` of PowerShell 5 writes UTF-16, with its mark.
    coding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    return data.decode(coding, "replace"), time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(when))


def _labels(where: tuple[str, ...]) -> dict[str, str]:
    for each in where:
        if "=" not in each:
            raise click.UsageError(f"--where {each}: write LABEL=VALUE, such as pod=chat-0")
    return {name: value for name, _, value in (each.partition("=") for each in where)}


def _chosen(case: Case, clusters: list[ClusterUse], wanted: str | None) -> list[ClusterUse]:
    name = wanted or case.job.name or ""
    found = [one for one in clusters if one.name == name]
    if not found:
        names = ", ".join(sorted({one.name for one in clusters})[:10]) or "none that is gone"
        raise UserError(
            "unknown-usage", f"no cluster of the history is called {name!r}: {names}", "--cluster names it"
        )
    return found


def _gpu(case: Case, names: tuple[str, ...], said: str | None) -> str:
    """The catalogue's name of what was measured."""
    own = {choice.gpu.name for choice in case.choices}
    for written in (said,) if said else names:
        match = case.catalog.resolve_gpu(written)
        meant = own & set(match.accepts)  # of a word that several share: the one that the job names
        if len(meant) == 1:
            return meant.pop()
        if match.gpu and not match.ambiguous:
            return match.gpu.name
        if said:
            among = ", ".join(gpu.name for gpu in match.ambiguous) or ", ".join(match.suggestions)
            raise UserError(
                "unknown-gpu", f"--gpu {said!r} is not one GPU", f"write one of {among}" if among else None
            )
    if len(own) == 1 and not names:
        return own.pop()
    seen = ", ".join(names) or "it names none"
    raise UserError(
        "unknown-usage", f"which GPU was measured is not known: {seen}", "--gpu says it: --gpu 'H100 SXM'"
    )


def _of_samples(
    case: Case, usage: Usage, text: str, began: str, gpu: str | None, gpus: int | None
) -> MeasuredRun:
    digest = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return _work(case)._replace(
        id=f"seen{digest[:10]}",
        began=f"{usage.first_day}T00:00:00Z" if usage.first_day else began,
        state=SAMPLED,
        gpu=_gpu(case, usage.names, gpu),
        gpus=gpus or usage.gpus,
        peak_gib=usage.peak_gib,
        gpu_utilization=usage.busy,
        source=usage.source,
    )


def _of_cluster(case: Case, one: ClusterUse, gpu: str | None, gpus: int | None) -> MeasuredRun:
    return _work(case)._replace(
        id=f"sky{one.launched_at}{sha256(one.name.encode('utf-8', 'surrogatepass')).hexdigest()[:4]}",
        began=one.launched,
        state=ENDED,
        gpu=_gpu(case, (one.gpu,) if one.gpu else (), gpu),
        gpus=gpus or one.gpus,
        hours=one.hours,
        price=one.price,
        source="SkyPilot",
    )


def _work(case: Case) -> MeasuredRun:
    work = case.workload
    return MeasuredRun(
        id="",
        job=case.job.name or "job",
        command=command_digest(case.written or case.job),
        began="",
        state="",
        model=(work.model.id if work.model else work.model_name) or "",
        engine=work.engine or "",
        task=work.task or "",
    )


def _in_words(run: MeasuredRun) -> str:
    said = []
    if run.peak_gib is not None:
        said.append(f"{run.peak_gib:.1f} GiB at most on one GPU")
    if run.gpu_utilization is not None:
        said.append(f"busy {run.gpu_utilization:.0f} % of the time")
    if run.hours is not None:
        said.append(f"{run.hours:.2f} h")
    machine = f"{run.gpus} × {run.gpu}" if run.gpus > 1 else run.gpu
    return f"{', '.join(said)} on {machine} ({run.source}, {run.began[:10]})"
