"""The schema by place: which fields an object may have, and what one is about."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from typing import Any

from gpuspec.job.schema import here, resolve, type_of

Part = dict[str, Any]


schema = cache(here)


def part(path: Iterable[str | int]) -> Part | None:
    """The subschema of a place; None where the schema says nothing of it."""
    at: Any = schema()
    for step in path:
        at = resolve(schema(), at)
        if isinstance(step, int):
            at = at.get("items")
        else:
            at = at.get("properties", {}).get(step, at.get("additionalProperties"))
        if not isinstance(at, dict):
            return None
    return resolve(schema(), at)


def members(path: Iterable[str | int]) -> dict[str, Part]:
    """The fields of an object, old names left out."""
    object_ = part(path) or {}
    found = {name: resolve(schema(), field) for name, field in object_.get("properties", {}).items()}
    return {name: field for name, field in found.items() if not field.get("deprecated")}


def describe(name: str, field: Part) -> str:
    """What a field is about, in Markdown."""
    facts = [f"**`{name}`** · {type_of(field, schema())}"]
    if field.get("deprecated"):
        facts[0] += " · old name"
    facts.append(field["description"])
    if "default" in field:
        facts.append(f"Default: {_code(field['default'])}")
    if field.get("examples"):
        facts.append("Example: " + _code(field["examples"][0]))
    return "\n\n".join(facts)


def _code(value: Any) -> str:
    return f"`{json.dumps(value, ensure_ascii=False)}`"
