"""`gpuspec import`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence

import click

from gpuspec.atomic_write import atomic_write, takes_what_comes
from gpuspec.cli.open_case import CaseOptions, called, job_option, open_case, open_cases
from gpuspec.cli.output import say, say_document
from gpuspec.errors import UserError
from gpuspec.export.job_spec import job_spec
from gpuspec.export.model_command import with_model, without_placeholders
from gpuspec.export.not_carried import LeftBehind, left_behind
from gpuspec.export.outgoing import brings_files
from gpuspec.export.withheld import Withheld, without_secrets
from gpuspec.export.write import lost
from gpuspec.planning.case import Case


@click.command("import")
@click.argument("path", metavar="FILE")
@job_option
@click.option("--all", "everything", is_flag=True, help="Every job of the file, each into a file of its own.")
@click.option(
    "--output",
    "-o",
    metavar="FILE|FOLDER",
    help='Where to write it: "-", or nothing, prints it. With --all the folder; nothing is this one.',
)
def command(path: str, which: str | None, everything: bool, output: str | None) -> int:
    """Write a job of any format as gpuspec's own job spec.

    \b
    gpuspec import deployment.yaml > job.jsonc
    gpuspec import compose.yaml --job vllm -o vllm.job.jsonc
    gpuspec import train.sbatch --all

    Comments at its head say what of the file is not in it, with the place of each. Keys and tokens are never written:
    they are named under `secrets`, and read from the environment. No file is replaced.
    """
    settings = CaseOptions(isolated=True).settings_for(path)
    if not everything:
        case = open_case(path, settings, which)
        if output is None or output == "-":
            say_document(spec_text(case))
            folder = os.path.dirname(case.path)
            if brings_files(case) and os.path.abspath(folder) != os.getcwd():
                say(f"keep it in {folder}: `workdir` counts from the folder of a spec", err=True)
        else:
            _write(output, spec_text(_from_folder_of(output, case)))
        return 0
    if which is not None:
        raise UserError("wrong-usage", "--all is every job, --job one of them", "give one of the two")
    cases = open_cases(path, settings)
    files = list(_files(cases, output or "."))
    taken = [file for file in files if os.path.lexists(file)]
    if taken:
        raise _exists(taken[0])
    texts = [spec_text(_from_folder_of(file, case)) for case, file in zip(cases, files, strict=True)]
    for file, text in zip(files, texts, strict=True):
        _write(file, text)
    return 0


def _from_folder_of(file: str, case: Case) -> Case:
    """The case with its workdir as a spec in that file names it. UserError where no spec there could: its files would
    stay behind, and others go to the machine."""
    if not brings_files(case) or takes_what_comes(file):
        return case
    start = os.path.realpath(os.path.dirname(os.path.abspath(file)))
    real = os.path.realpath(case.workdir)
    if start != real and os.path.commonpath([start, real]) != start:
        wrong = f"the files of {case.path} lie in {real}, and a spec in {start} cannot take them along"
        raise UserError("workdir-outside", wrong, "write it into that folder, or into one above it")
    workdir = os.path.relpath(real, start).replace(os.sep, "/")
    if workdir == os.path.normpath(case.job.workdir or "."):
        return case
    return case.instead(job=case.job._replace(workdir=workdir))


def spec_text(case: Case) -> str:
    """The job spec of a case, with comments that say what is not in it."""
    job = case.written or case.job
    if job.task is None and job.usual_task:  # a job spec has no kind that would tell
        job = job._replace(task=case.workload.task)
    job = without_placeholders(job)
    told = with_model(job, case)
    more = (
        []
        if told.run == job.run
        else [f"`run` names the model, which {case.document.format.name} tells it by itself."]
    )
    held = without_secrets(told)
    return job_spec(held.job, [*_head(case, held), *more])


def _head(case: Case, held: Withheld) -> Iterator[str]:
    document = case.document
    place = f", {called(case)}" if called(case) else ""
    yield f"From {os.path.basename(case.path)} ({document.format.name}{place}) by `gpuspec import`."
    left = [_line(case, "/" + mistake.pointer.lstrip("/"), mistake.message) for mistake in case.left_out]
    if held.job.serverless:
        left.append(
            _line(case, held.job.pointer("serverless"), "the second way to deploy, on workers that scale")
        )
    behind = left_behind(document)
    left += lost(document)
    if left:
        yield "Not carried:"
        yield from (f"  {line}" for line in left)
    others = [_said(case, one) for one in behind if not one.why]
    if others:
        yield f"Left out, since no field of a job spec is for it: {', '.join(others)}"
    if not brings_files(case):
        yield "What lies beside this spec goes along to the machine: keep it in a folder with what the job needs."
    for name in held.moved:
        yield f"{name} stood in the file with its value, which is not written: set it where you launch this."
    for field, advice in held.masked:
        yield f"`{field}` held a key, of which asterisks are left: {advice}"


def _said(case: Case, one: LeftBehind) -> str:
    return f"{one.what} ({os.path.basename(case.path)}:{one.line})"


def _line(case: Case, pointer: str, message: str) -> str:
    line, _ = case.tree.position(case.tree.span(pointer).start)
    return f"{os.path.basename(case.path)}:{line}: {message}"


def _files(cases: Sequence[Case], folder: str) -> Iterator[str]:
    """A file name for each job: by its name, else its number; no two alike."""
    seen: set[str] = set()
    for number, case in enumerate(cases, 1):
        name = (case.written.name if case.written else None) or called(case).rpartition("/")[2]
        plain = re.sub("[^a-z0-9]+", "-", name.lower()).strip("-")[:60] or f"job-{number}"
        if plain in seen:
            plain = f"{plain}-{number}"
        seen.add(plain)
        yield os.path.join(folder, f"{plain}.job.jsonc")


def _write(path: str, text: str) -> None:
    streamed = takes_what_comes(path)
    if os.path.lexists(path) and not streamed:
        raise _exists(path)
    try:
        atomic_write(path, text.encode())
    except OSError as error:
        wrong = f"cannot write {path}: {error.strerror}"
        raise UserError("cannot-write", wrong, "name a file in a folder that can be written") from error
    if not streamed:
        say(f"wrote {path}: next, `gpuspec lint {path}`", err=True)


def _exists(path: str) -> UserError:
    return UserError("file-exists", f"{path} exists and stays as it is", "name another, or take it away")
