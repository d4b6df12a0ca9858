"""The published JSON Schemas, as shipped."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

NAMES = ("job", "config", "report")
"""Of what there is a schema: specs, settings, and what `lint --format json` prints."""


def text(name: str = "job") -> str:
    """A schema file, to the byte. It stands in the wheel beside the code, in a checkout beside the package."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    path = os.path.join(package, "schemas", f"{name}.schema.json")
    if not os.path.exists(path):
        path = os.path.join(os.path.dirname(package), "schemas", f"{name}.schema.json")
    with open(path, encoding="utf-8", newline="") as file:
        return file.read()


def document() -> dict[str, Any]:
    """The schema as plain data."""
    import json

    loaded: dict[str, Any] = json.loads(text())
    return loaded


def here() -> dict[str, Any]:
    """The schema as it holds here: with the download strategies of installed plugins. It is for reading only."""
    from gpuspec.job.strategies import names

    return _with_strategies(tuple(names()))


@cache
def _with_strategies(names: tuple[str, ...]) -> dict[str, Any]:
    schema = document()
    schema["definitions"]["download"]["properties"]["strategy"]["enum"] = list(names)
    return schema


def resolve(schema: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """A part of the schema, or the definition it refers to."""
    while "$ref" in part:
        part = schema["definitions"][part["$ref"].rsplit("/", 1)[1]]
    return part


def type_of(field: dict[str, Any], schema: dict[str, Any]) -> str:
    """The type of a field, as a reader is told it: "list of string", "integer, ≥ 1, ≤ 64"."""
    if "enum" in field:
        return " · ".join(f"`{value}`" for value in field["enum"])
    kinds = field["type"] if isinstance(field["type"], list) else [field["type"]]
    names: list[str] = []
    for kind in kinds:
        if kind == "array" and "items" in field:
            inner = type_of(resolve(schema, field["items"]), schema)
            kind = f"list of ({inner})" if " or " in inner else f"list of {inner}"
        names.append("list" if kind == "array" else kind)
    return " or ".join(names) + _range(field)


def _range(field: dict[str, Any]) -> str:
    low = field.get("minimum", field.get("exclusiveMinimum"))
    if low is None:
        return ""
    sign = "≥" if "minimum" in field else ">"
    high = field.get("maximum")
    return f", {sign} {low:,}" + (f", ≤ {high:,}" if high is not None else "")
