"""`gpuspec explain`."""

from __future__ import annotations

import os
import re

import click

from gpuspec.cli.open_case import CaseOptions, case_options, users_option
from gpuspec.cli.output import say, say_document
from gpuspec.errors import UserError
from gpuspec.lint.deferred import loaded
from gpuspec.lint.files import lint_data, read_file
from gpuspec.lint.page import markdown
from gpuspec.lint.result import Located
from gpuspec.lint.runner import Linter
from gpuspec.printable import one_line
from gpuspec.report.text import Style, block
from gpuspec.rules import collect


@click.command("explain")
@click.argument("what", metavar="RULE|FILE:LINE|FILE")
@case_options
@users_option
def command(what: str, given: CaseOptions) -> int:
    """What a rule is about, or the arithmetic behind the findings in one line of a file.

    \b
    gpuspec explain over-provisioned-gpu
    gpuspec explain job.jsonc:4
    """
    registry = collect()
    entry = registry.find(what)
    if entry is not None:
        say(*markdown(loaded(entry.rule)).removesuffix("\n").split("\n"))
        return 0
    match = re.fullmatch(r"(.+?)(?::(\d{1,9}))?(?::\d{1,9})?", what)
    path, line = (match[1], match[2]) if match else (what, None)
    if not os.path.lexists(path):
        from difflib import get_close_matches

        words = [word for pair in registry.known() for word in pair]
        near = get_close_matches(what, words, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}?" if near else "`gpuspec rules` lists the rules."
        raise UserError("unknown-rule", f"{what!r} is neither a rule nor a file", hint)
    settings = given.settings_for(path)._replace(pedantic=True)
    found = lint_data(Linter(registry), path, read_file(path), settings)
    if line:
        found = [item for item in found if item.place.line == int(line)]
    if not found:
        where = f"line {line} of {path}" if line else path
        say(f"nothing is found in {where}")
        return 0
    say_document("\n".join(arithmetic(item) for item in found))
    return 0


def arithmetic(found: Located) -> str:
    """A finding with every number it rests on."""
    lines = [block(found, Style())]
    numbers = found.finding.numbers
    wide = min(28, max((len(what) for what, _ in numbers), default=0))
    lines += (one_line(f"    {what:<{wide}}  {value}") + "\n" for what, value in numbers)
    if not numbers:
        lines.append(f"    no arithmetic: see `gpuspec explain {found.finding.name}`\n")
    return "".join(lines)
