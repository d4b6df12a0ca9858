"""What follows from the code and the schemas: `python -m tools.reference` writes it after every change of them. Needs
fastjsonschema, a development dependency."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from textwrap import dedent
from typing import Any

import click

from gpuspec.cli.main import cli
from gpuspec.job.schema import document, text
from gpuspec.json_text import json_text
from gpuspec.lint.deferred import loaded
from gpuspec.lint.page import option_line
from gpuspec.lint.registry import BUILT_IN, Registry
from gpuspec.lint.rule import Option
from gpuspec.rules import collect
from tools.reference.acceptor import accept_module
from tools.reference.spec_page import spec_page

_CLI_HEAD = """# Commands

<!-- Written by `python -m tools.reference` from the commands; do not edit. -->

`gpuspec COMMAND --help` prints the same. Every command stops with a line
`gpuspec: error[CODE]: …` on standard error where it cannot go on; [what each code means](../errors.md).
"""


def cli_page() -> str:
    """Markdown of docs/reference/cli.md, from the commands themselves."""
    root = click.Context(cli, info_name="gpuspec")
    return _CLI_HEAD + "".join(_section(context) for context in _contexts(root))


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
    options = [
        _option(option) for option in command.params if isinstance(option, click.Option) and not option.hidden
    ]
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


_CONFIG_HEAD = """# Configuration

<!-- Written by `python -m tools.reference` from schemas/config.schema.json; do not edit. -->

Settings stand in `gpuspec.toml`, in `.gpuspec.toml`, or under `[tool.gpuspec]` of `pyproject.toml`. The nearest one
above a file counts, and only that one; `--config FILE` names another, `--isolated` uses none. Globs start at the
config file's folder. What the command line says goes on top. `gpuspec config show` prints every value and where
it came from; an unknown key is an error. A config file has at most 1 MiB, and a list or table in it 1,000 entries.
A file that says `extend = "FILE"` starts from the settings of that one
([what replaces and what adds up](../how-to/monorepo.md)).

```toml
select = ["GS"]
ignore = ["keep-alive"]
fail-on = "error"

[rules.over-provisioned-gpu]
min_saving = 0.3
```

To have an editor check the file, give it
[schemas/config.schema.json](%s).

## Settings
"""
_RULES = """
## Options of rules

Each stands under `[rules.NAME]`, in `pyproject.toml` under `[tool.gpuspec.rules.NAME]`.
"""


def config_page(schema: Mapping[str, Any], registry: Registry) -> str:
    """Markdown of docs/reference/config.md, from the schema of settings and the options of the built-in rules."""
    text: str = _CONFIG_HEAD % schema["$id"]
    for key, field in schema["properties"].items():
        text += f"\n### `{key}`\n\n{field['description']}\n\n"
        default = f"`{json.dumps(field['default'])}`" if "default" in field else "not set"
        text += f"Type: {_setting_type(field)}. Default: {default}.\n"
    text += _RULES
    for entry in registry.rules:
        rule = loaded(entry.rule)
        if entry.plugin == BUILT_IN and rule.options:
            text += f"\n### [`{rule.name}`](../rules/{rule.code}-{rule.name}.md)\n\n"
            text += "".join(option_line(option) + "\n" for option in rule.options)
    return text


def with_options(schema: Mapping[str, Any], registry: Registry) -> dict[str, Any]:
    """The schema of settings with the options of the built-in rules under `rules`; other names are plugins' rules."""
    properties = dict(schema["properties"])
    options = {
        loaded(entry.rule).name: _option_fields(loaded(entry.rule).options)
        for entry in registry.rules
        if entry.plugin == BUILT_IN and loaded(entry.rule).options
    }
    properties["rules"] = {**properties["rules"], "properties": options}
    return {**schema, "properties": properties}


def _option_fields(options: Iterable[Option]) -> dict[str, Any]:
    kinds = {int: "integer", float: "number", bool: "boolean", str: "string", list: "array"}
    properties = {}
    for option in options:
        field = {"description": option.help, "type": kinds[option.type], "default": option.default}
        if option.type is list:
            field["items"] = {"type": "string"}
        if option.minimum is not None:
            field["minimum"] = option.minimum
        if option.maximum is not None:
            field["maximum"] = option.maximum
        properties[option.name] = field
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _plural(kind: str) -> str:
    first, _, rest = kind.partition(" ")
    return f"{first}s {rest}".strip()


def _setting_type(field: Mapping[str, Any]) -> str:
    if "enum" in field:
        return " · ".join(f"`{value}`" for value in field["enum"])
    if field["type"] == "array":
        return f"list of {_plural(_setting_type(field['items']))}"
    if field["type"] == "object":
        named = ", ".join(
            f"`{name}` ({_setting_type(part)})" for name, part in field.get("properties", {}).items()
        )
        values = field["additionalProperties"]
        if not values:
            return f"table of {named}"
        of_rules = values["type"] == "object" and "additionalProperties" not in values
        inner = "its options" if of_rules else _setting_type(values)
        return f"table, each value {inner}"
    return {"boolean": "`true` · `false`"}.get(field["type"], str(field["type"]))


def pages() -> dict[str, str]:
    """Path in the checkout → text, of everything that follows from the code and the schemas."""
    settings, job = json.loads(text("config")), document()
    return {
        "docs/reference/cli.md": cli_page(),
        "docs/reference/config.md": config_page(settings, collect()),
        "docs/reference/spec.md": spec_page(job),
        "gpuspec/job/accept.py": accept_module(job),
        "schemas/config.schema.json": json_text(with_options(settings, collect())),
    }
