"""The reference page of the spec, from the schema."""

from __future__ import annotations

import json
from typing import Any

from gpuspec.job.schema import resolve, type_of

_HEAD = """# The job spec

<!-- Written by `python -m tools.reference` from schemas/job.schema.json; do not edit. -->

A job spec is one JSON object in a `.jsonc` file: comments and trailing commas are welcome. Every field is
optional. Put the schema's address in `$schema` and your editor checks and completes the file:

```jsonc
{
  "$schema": "%s"
}
```

Paths (`workdir`, `include`, `outputs`, `exclude_outputs`, `items` as a pattern, a download's `target`) are
relative and stay inside the workspace.
"""
_OWN = """
## Fields of GPU CLI's format

Files of [GPU CLI](https://gpu-cli.sh) (`gpu.jsonc`) are understood as they are.
"""
_OLD = """
## Old names

Accepted, reported, and renamed by `gpuspec lint --fix`. They mean what the new names do.

| old | new |
|---|---|
"""
GPU_CLI = (
    "provider",
    "template",
    "encryption",
    "volume_mode",
    "inputs",
    "environment",
    "hooks",
    "serverless",
)
"""Top-level fields of the sibling format that stay as they are."""


def spec_page(schema: dict[str, Any]) -> str:
    """Markdown of docs/reference/spec.md."""
    fields = schema["properties"]
    own = {
        name: field for name, field in fields.items() if not field.get("deprecated") and name not in GPU_CLI
    }
    text: str = _HEAD % schema["$id"] + "\n## Fields\n\n" + _table(own, schema)
    text += "".join(_section(name, field, schema) for name, field in own.items())
    theirs = {name: fields[name] for name in GPU_CLI}
    text += _OWN + "\n" + _table(theirs, schema)
    text += "".join(_section(name, field, schema) for name, field in theirs.items())
    text += _OLD
    for name, field in fields.items():
        if field.get("deprecated"):
            new = field["description"].split("`")[1]
            text += f"| `{name}` | `{new}` |\n"
    return text


def _section(name: str, field: dict[str, Any], schema: dict[str, Any]) -> str:
    """A heading and table for each object, however deep."""
    field = resolve(schema, field)
    text = ""
    inner = field.get("properties")
    if inner:
        text += f"\n### `{name}`\n\n{field['description']}\n\n" + _table(
            inner, schema, field.get("required", ())
        )
        text += "".join(_section(f"{name}.{key}", part, schema) for key, part in inner.items())
    items = field.get("items")
    if items:
        text += _section(f"{name}[]", items, schema)
    return text


def _table(fields: dict[str, Any], schema: dict[str, Any], required: Any = ()) -> str:
    text = "| field | meaning | type | default | example |\n|---|---|---|---|---|\n"
    for name, field in fields.items():
        field = resolve(schema, field)
        default = "required" if name in required else _code(field["default"]) if "default" in field else ""
        examples = field.get("examples", [])
        example = _code(examples[0]) if examples else ""
        text += f"| `{name}` | {field['description']} | {type_of(field, schema)} | {default} | {example} |\n"
    return text


def _code(value: Any) -> str:
    return "`" + json.dumps(value, ensure_ascii=False).replace("|", "\\|") + "`"
