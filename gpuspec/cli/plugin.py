"""`gpuspec plugin`."""

from __future__ import annotations

import os
import re

import click

from gpuspec.cli.output import say
from gpuspec.errors import UserError


@click.group("plugin")
def command() -> None:
    """Write a plugin, or check one."""


@command.command("new")
@click.argument("name")
@click.option("--dir", "parent", default=".", show_default=True, help="Where the new folder goes.")
def new(name: str, parent: str) -> int:
    """Write a complete plugin called NAME: one rule, its tests, and how to use it from pre-commit and CI."""
    from gpuspec.plugin.template import files

    plain = name.lower().replace("_", "-").removeprefix("gpuspec-")
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", plain) or len(plain) > 40:
        hint = "take letters, digits and hyphens, like acme or acme-policy."
        raise UserError("bad-plugin-name", f"{name!r} cannot be the name of a plugin", hint)
    folder = os.path.join(parent, f"gpuspec-{plain}")
    if os.path.exists(folder):
        raise UserError("plugin-exists", f"{folder} is there already", "take another name, or another --dir.")
    try:
        for path, text in files(plain).items():
            full = os.path.join(folder, *path.split("/"))
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "x", encoding="utf-8", newline="\n") as file:
                file.write(text)
    except OSError as error:
        raise UserError("cannot-write", f"{folder} cannot be written: {error.strerror}") from None
    say(f"wrote {folder}: one rule with its tests")
    say(f"  cd {folder}")
    say("  pip install -e '.[test]'", "  pytest", "  gpuspec plugin check")
    return 0


@command.command("check")
@click.argument("path", default=".", type=click.Path(file_okay=False))
def check(path: str) -> int:
    """Check the plugin whose pyproject.toml lies in PATH: hooks, codes, pages, examples, import time.

    This runs the plugin's code. Exit status: 0 nothing wrong, 1 something is.
    """
    from gpuspec.plugin.check import Project, ProjectError

    wrong = False
    try:
        os.chdir(path)  # a rule may look for files beside a spec, and finds the project's own
        for kind, text in Project(".").check():
            wrong |= kind == "error"
            say(f"{kind:<7} {text}")
    except ProjectError as error:
        wrong = True
        say(f"error   {error}")
    return int(wrong)
