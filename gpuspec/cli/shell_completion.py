"""What the shell may complete where click knows only "some text": told by the placeholder that the help shows."""

from __future__ import annotations

import re
from collections.abc import Iterable

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
    add_completion_class,
)

from gpuspec.errors import UserError
from gpuspec.printable import one_line

FILES = ("FILE", "PATH", "SPEC", "JOB", "DIR", "FOLDER", "BASE", "HEAD")


def _known(word: str, start: str) -> Iterable[str]:
    """Everything that may stand for a placeholder's word, or of it what has this `start`."""
    if word == "RULE":
        from gpuspec.rules import collect

        return [word for pair in collect().known() for word in pair]
    if word == "RUN":
        from gpuspec.launch.records import Records

        return [run.id for run in Records().all()]
    if word == "FORMAT":
        from gpuspec.report import FORMATS, reporters

        return [*FORMATS, *reporters()]
    if word == "CLOUD":
        from gpuspec.catalog.clouds import CLOUDS

        return CLOUDS
    if word in ("MODEL", "ID", "ORG/NAME", "QUERY"):
        from gpuspec.cli.open_case import CaseOptions

        return CaseOptions().settings_for(".").catalog().model_names(start)
    if word == "KEPT":
        from gpuspec.cli.project_models import ProjectModels
        from gpuspec.lint.config import Configs
        from gpuspec.rules import collect

        return ProjectModels(Configs(collect()).models_file_for(".")).records
    if word == "KIND":
        from gpuspec.cli.billed_jobs import GROUPS

        return GROUPS
    if word == "SOURCE":
        from gpuspec.plugin.installed_catalog import installed_catalog

        return [source.name for source in installed_catalog().price_sources]
    return ()


def values(group: click.Group, args: list[str], incomplete: str) -> list[CompletionItem[str]]:
    """What may stand for the word being typed; `args` are the words before it."""
    parameter = _parameter(group, args)
    if parameter is None or incomplete.startswith("-"):
        return []
    shown = (parameter.metavar or parameter.type.name).upper()
    words = [word.strip("[]….") for word in re.split("[|:,]", shown)]
    found = [name for word in words for name in _known(word, incomplete) if name.startswith(incomplete)]
    # bash takes a colon for the end of a word, click's scripts do not quote, and give a line to each.
    items = [
        CompletionItem(name)
        for name in dict.fromkeys(found)
        if not {" ", ":"} & set(name) and one_line(name) == name
    ]
    if any(word in FILES for word in words):
        # First: at "file" click's script for bash forgets what it was told before.
        items.insert(0, CompletionItem(incomplete, type="file"))
    return items


def _parameter(group: click.Group, args: list[str]) -> click.Parameter | None:
    """The option whose value is typed, or else the argument of the command."""
    context, command = click.Context(group, resilient_parsing=True), None
    rest = [word for word in args if not word.startswith("-")]
    while rest and isinstance(group, click.Group):
        command = group.get_command(context, rest.pop(0))
        if not isinstance(command, click.Group):
            break
        group = command
    if command is None:
        return None
    for parameter in command.params:
        if isinstance(parameter, click.Option) and not parameter.is_flag and args[-1] in parameter.opts:
            return parameter
    return next((each for each in command.params if isinstance(each, click.Argument)), None)


class _Values(ShellComplete):
    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem[str]]:
        try:
            found = super().get_completions(args, incomplete)
            if found or not isinstance(self.cli, click.Group):
                return found
            return values(self.cli, args, incomplete)
        except UserError:  # no such command; a broken price file: told when the command is run
            return []


class Bash(_Values, BashComplete):
    """Completion for bash."""

    @staticmethod
    def _check_version() -> None:
        """Not asked for: click would start the first `bash` of PATH, where "." makes it a file of this folder."""


class Zsh(_Values, ZshComplete):
    """Completion for zsh."""


class Fish(_Values, FishComplete):
    """Completion for fish."""


SHELLS: dict[str, type[ShellComplete]] = {"bash": Bash, "zsh": Zsh, "fish": Fish}


def register() -> None:
    """Let click answer a shell with these."""
    for name, kind in SHELLS.items():
        add_completion_class(kind, name)
