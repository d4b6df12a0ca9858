"""`gpuspec init`."""

from __future__ import annotations

import os
import re
import sys

import click

from gpuspec.atomic_write import atomic_write, takes_what_comes
from gpuspec.cli.output import say, say_document
from gpuspec.cli.starter import DEFAULT_MODEL, TASK_NOTE, starter
from gpuspec.errors import UserError

STDOUT_NAME = "job.jsonc"
"""Whose settings count where the spec is printed."""


@click.command("init")
@click.option("--task", type=click.Choice(tuple(TASK_NOTE)), help="What the job does. Default: serve.")
@click.option("--model", metavar="ID", help=f"Hugging Face id or usual name. Default: {DEFAULT_MODEL}.")
@click.option("--output", "-o", default="job.jsonc", show_default=True, metavar="FILE", help='"-" prints it.')
@click.option("--force", is_flag=True, help="Replace a file that exists.")
def command(task: str | None, model: str | None, output: str, force: bool) -> int:
    """Write a commented starter spec for a task and a model, on the cheapest GPU that fits.

    Asks for what is not given where somebody can answer; takes the defaults elsewhere.
    """
    streamed = output == "-" or takes_what_comes(output)
    if os.path.lexists(output) and not (streamed or force):
        hint = "--force replaces it, or name another"
        raise UserError("file-exists", f"{output} exists and stays as it is", hint)
    if sys.stdin.isatty() and task is None:
        task = click.prompt("Task", type=click.Choice(tuple(TASK_NOTE)), default="serve", err=True)
    if sys.stdin.isatty() and model is None:
        model = click.prompt("Model", default=DEFAULT_MODEL, err=True)
    model = model or DEFAULT_MODEL
    if not re.fullmatch(r"[\w.:@/+-]+", model):
        hint = "give a Hugging Face id like org/name"
        raise UserError("bad-model", f"{model!r} is not the name of a model", hint)
    text = starter(task or "serve", model, STDOUT_NAME if streamed else output)
    if output == "-":
        say_document(text)
        return 0
    try:
        atomic_write(output, text.encode())
    except OSError as error:
        wrong, hint = (
            f"cannot write {output}: {error.strerror}",
            "name a file in a folder that can be written",
        )
        raise UserError("cannot-write", wrong, hint) from error
    if not streamed:
        say(f"wrote {output}: next, `gpuspec plan {output}` shows what it would cost")
    return 0
