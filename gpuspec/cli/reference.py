"""docs/reference/cli.md, from the commands themselves. `python -m gpuspec.cli.reference` writes it and config.md."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from textwrap import dedent

import click

from gpuspec.cli.main import cli
from gpuspec.cli.run_lint import write
from gpuspec.json_text import json_text
from gpuspec.lint import reference as config_reference
from gpuspec.rules import collect

_HEAD = """# Commands

<!-- Written by `python -m gpuspec.cli.reference` from the commands; do not edit. -->

`gpuspec COMMAND --help` prints the same. Every command stops with a line
`gpuspec: error[CODE]: …` on standard error where it cannot go on; [what each code means](../errors.md).
"""


def page() -> str:
    """Markdown of docs/reference/cli.md."""
    root = click.Context(cli, info_name="gpuspec")
    return _HEAD + "".join(_section(context) for context in _contexts(root))


def _contexts(context: click.Context) -> Iterator[click.Context]:
    """The command of a context and all below it, in the order of help."""
    yield context
    if isinstance(context.command, click.Group):
        for name in context.command.list_commands(context):
            command = context.command.get_command(context, name)
            if command is not None and not command.hidden:
                yield from _contexts(click.Context(command, info_name=name, parent=context))


def _section(context: click.Context) -> str:
    command = context.command
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    text = f"\n## {context.command_path}\n\n```text\n{usage}\n```\n\n{_prose(command.help or '')}"
    options = [_option(option) for option in command.params if isinstance(option, click.Option)]
    text += "\n" + "".join(options) if options else ""
    return text + (f"\n{_prose(command.epilog)}" if command.epilog else "")


def _prose(help_text: str) -> str:
    """Help as Markdown: a paragraph of lines kept as they are (click's \\b) is a block."""
    parts = []
    for paragraph in re.split(r"\n\s*\n", help_text.strip()):
        if paragraph.lstrip().startswith("\b"):
            lines = [line for line in paragraph.split("\n") if line.strip() != "\b"]
            parts.append("\n".join(["```text", dedent("\n".join(lines)), "```"]))
        else:
            parts.append(_escaped(" ".join(line.strip() for line in paragraph.split("\n"))))
    return "\n\n".join(parts) + "\n"


def _option(option: click.Option) -> str:
    names = ", ".join(sorted(option.opts, key=len)) + "".join(f" / {name}" for name in option.secondary_opts)
    if not option.is_flag:
        names += f" {_kind(option)}"
    default = option.default if option.show_default is True else None
    said = f" Default: `{default}`." if default is not None else ""
    many = " May be repeated." if option.multiple and "epeated" not in (option.help or "") else ""
    return f"- `{names}`: {_escaped(option.help or '')}{said}{many}\n"


def _kind(option: click.Option) -> str:
    if option.metavar:
        return option.metavar
    if isinstance(option.type, click.Choice):
        return "|".join(option.type.choices)
    return "NUMBER" if "float" in option.type.name else option.type.name.split()[0].upper()


def _escaped(text: str) -> str:
    return text.replace("<", "&lt;").replace("*", "\\*")


def pages(root: str) -> dict[str, str]:
    """path in the checkout `root` → text, of cli.md, config.md and the schema of settings."""
    with open(os.path.join(root, "schemas", "config.schema.json"), encoding="utf-8") as file:
        schema = json.load(file)
    return {
        "docs/reference/cli.md": page(),
        "docs/reference/config.md": config_reference.page(schema, collect()),
        "schemas/config.schema.json": json_text(config_reference.with_options(schema, collect())),
    }


if __name__ == "__main__":
    checkout = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    for name, text in pages(checkout).items():
        write(text, os.path.join(checkout, name))
