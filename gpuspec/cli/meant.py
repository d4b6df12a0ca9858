"""What somebody meant who typed a command or an option that there is not: asked for only then."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

import click

ELSEWHERE = {
    "breakdown": "bill", "budget": "alerts", "budgets": "alerts", "check": "lint", "compare": "diff",
    "dashboard": "metrics", "delta": "diff", "estimate": "bill", "exporter": "metrics", "history": "ps",
    "invoice": "bill", "kill": "stop", "launch": "run", "list": "ps", "monthly": "bill", "notify": "alerts",
    "price": "prices", "prometheus": "metrics", "report": "cost --report", "runs": "ps", "savings": "bill",
    "spend": "bill", "spending": "bill", "status": "ps", "total": "bill", "usage": "import-usage",
    "validate": "lint",
}  # fmt: skip
"""What other tools (Infracost's `breakdown`) and plain English call a command → how it is called here."""


def command_meant(word: str, commands: Iterable[str]) -> str:
    """A hint for a word that is no command."""
    near = ELSEWHERE.get(word.lower()) or next(iter(get_close_matches(word, commands, n=1, cutoff=0.5)), None)
    return f"did you mean `gpuspec {near}`?" if near else "`gpuspec --help` lists the commands."


def usage_meant(error: click.UsageError) -> str | None:
    """A hint for an option that a command does not have, or an argument that is missing; None: there is none."""
    if error.ctx is None:
        return None
    command, path = error.ctx.command, error.ctx.command_path
    if isinstance(error, click.MissingParameter):
        return _missing(path)
    if not isinstance(error, click.NoSuchOption):
        return None
    return _other_way(error.option_name, command, path)


def _other_way(word: str, command: click.Command, path: str) -> str | None:
    """How a command does what it has no such option for."""
    there: dict[str, click.Parameter] = {name: each for each in command.params for name in each.opts}
    if word == "--json" and "--format" in there and "json" in _choices(there["--format"]):
        return "`--format json` prints it as JSON"
    if word == "--format" and "--json" in there:
        return "`--json` prints it as JSON; it has no other format than that and text"
    if word in ("-o", "--output", "--out") and "--json" in there:
        return "it prints: `> FILE` keeps that"
    if word == "--prometheus":
        return "`gpuspec metrics` prints it for Prometheus"
    if word in ("--path", "--file", "-f", "-p"):
        return _without_an_option(path, command)
    return None


def _choices(option: click.Parameter) -> Iterable[str]:
    """The words that an option takes, where it lists them."""
    from gpuspec.report import FORMATS

    return option.type.choices if isinstance(option.type, click.Choice) else FORMATS


def _missing(path: str) -> str | None:
    if path.endswith(" diff"):
        return "with what to compare: `gpuspec diff main`, or a folder as it was before"
    return None


def _without_an_option(path: str, command: click.Command) -> str | None:
    """Files are arguments of most commands."""
    named = [
        each.metavar
        for each in command.params
        if isinstance(each, click.Argument) and each.metavar is not None
    ]
    words = {word.strip("[]….") for metavar in named for word in metavar.split("|")}
    if not words & {"PATH", "FILE", "SPEC", "JOB", "DIR"}:
        return None
    return f"it needs no option: `{path} {named[0].strip('[]….').partition('|')[0]}`"
