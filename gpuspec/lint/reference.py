"""docs/reference/config.md, from schemas/config.schema.json and the options of the built-in rules."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from gpuspec.lint.deferred import loaded
from gpuspec.lint.page import option_line
from gpuspec.lint.registry import BUILT_IN, Registry
from gpuspec.lint.rule import Option

_HEAD = """# Configuration

<!-- Written by `python -m gpuspec.cli.reference` from schemas/config.schema.json; do not edit. -->

Settings stand in `gpuspec.toml`, in `.gpuspec.toml`, or under `[tool.gpuspec]` of `pyproject.toml`. The nearest one
above a file counts, and only that one; `--config FILE` names another, `--isolated` uses none. Globs start at the
config file's folder. What the command line says goes on top. `gpuspec config show` prints every value and where
it came from; an unknown key is an error.

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


def page(schema: Mapping[str, Any], registry: Registry) -> str:
    """Markdown of the page."""
    text: str = _HEAD % schema["$id"]
    for key, field in schema["properties"].items():
        text += f"\n### `{key}`\n\n{field['description']}\n\n"
        default = f"`{json.dumps(field['default'])}`" if "default" in field else "not set"
        text += f"Type: {_type(field)}. Default: {default}.\n"
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
        loaded(entry.rule).name: _options(loaded(entry.rule).options)
        for entry in registry.rules
        if entry.plugin == BUILT_IN and loaded(entry.rule).options
    }
    properties["rules"] = {**properties["rules"], "properties": options}
    return {**schema, "properties": properties}


def _options(options: Iterable[Option]) -> dict[str, Any]:
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


def _type(field: Mapping[str, Any]) -> str:
    if "enum" in field:
        return " · ".join(f"`{value}`" for value in field["enum"])
    if field["type"] == "array":
        return f"list of {_type(field['items'])}s"
    if field["type"] == "object":
        values = field["additionalProperties"]
        inner = "its options" if values["type"] == "object" else _type(values)
        return f"table, each value {inner}"
    return {"boolean": "`true` · `false`"}.get(field["type"], str(field["type"]))
