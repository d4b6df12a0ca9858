"""Why the schema rejects a document, in words a person wrote. Imported only when it does: jsonschema takes 50 ms."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from difflib import get_close_matches
from itertools import islice
from typing import Any

from jsonschema import Draft7Validator, validators

from gpuspec.job.problem import MOST_GPU_TYPES, MOST_LISTED, MOST_MISTAKES, SchemaProblem, shown, too_many
from gpuspec.job.schema import here, resolve
from gpuspec.text import Edit, pointer

Place = tuple[str | int, ...]
"""The keys and indices that lead to a value."""
_LONGEST = 80
"""Characters of a word that are compared with those known."""
_VARIABLE = "letters, digits and `_`, no digit first"
_TYPES = {
    "string": "a string",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}
_ELSEWHERE = {
    "accelerator": "gpu_types",
    "accelerators": "gpu_types",
    "args": "run",
    "bucket": "cache",
    "cmd": "run",
    "command": "run",
    "commands": "run",
    "container": "image",
    "cooldown": "keep_alive_minutes",
    "disk_size": "disk_gb",
    "docker": "image",
    "entrypoint": "run",
    "environment_variables": "env",
    "envs": "env",
    "forward_ports": "ports",
    "gpu": "gpu_types",
    "gpus": "gpu_types",
    "idle_minutes_to_autostop": "keep_alive_minutes",
    "idle_timeout": "keep_alive_minutes",
    "kind": "task",
    "max_hourly_cost": "max_price",
    "models": "model",
    "num_gpus": "gpu_count",
    "preemptible": "spot",
    "replicas": "scaling",
    "script": "run",
    "storage": "disk_gb",
    "use_spot": "spot",
    "utilization_policy": "min_utilization",
    "vram": "min_vram",
    "volume": "cache",
    "working_dir": "workdir",
}
"""What other tools call a field."""


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[Any]:
    """`$` is the very end, as ECMAScript (and so JSON Schema) has it; Python's also matches before a last newline."""
    python = pattern[:-1] + r"\Z" if pattern.endswith("$") else pattern
    if isinstance(instance, str) and not re.search(python, instance):
        from jsonschema import ValidationError

        yield ValidationError("pattern")


def _additional(validator: Any, allowed: Any, instance: Any, schema: Any) -> Iterator[Any]:
    """As jsonschema has it, without a message that lists them all."""
    from jsonschema import ValidationError

    if allowed is not False or not validator.is_type(instance, "object"):
        yield from Draft7Validator.VALIDATORS["additionalProperties"](validator, allowed, instance, schema)
    elif any(key not in schema["properties"] for key in instance):
        yield ValidationError("additionalProperties")


def _items(validator: Any, items: Any, instance: Any, schema: Any) -> Iterator[Any]:
    """As jsonschema has it, for those elements of a list that are read."""
    read = instance[: schema.get("maxItems")] if validator.is_type(instance, "array") else instance
    yield from Draft7Validator.VALIDATORS["items"](validator, items, read, schema)


_VALIDATOR: Any = validators.extend(  # type: ignore[no-untyped-call]
    Draft7Validator, {"pattern": _pattern, "additionalProperties": _additional, "items": _items}
)


def explain(document: Any) -> list[SchemaProblem]:
    """Every mistake the schema finds; the first at each place."""
    schema = here()
    validator = _VALIDATOR(schema)
    found: dict[tuple[str, str], SchemaProblem] = {}
    errors = list(islice(validator.iter_errors(document), MOST_MISTAKES + 1))
    for error in sorted(errors, key=_weight):
        for problem in _problems(error, schema):
            found.setdefault(
                (problem.pointer, problem.on if problem.kind != "missing" else problem.message), problem
            )
            if len(found) > MOST_MISTAKES:
                break
    problems = _without_echoes(list(found.values()))
    if max(len(errors), len(found)) > MOST_MISTAKES:
        problems[MOST_MISTAKES:] = [too_many()]
    return problems


def _weight(error: Any) -> int:
    order = ("type", "enum", "additionalProperties", "required")
    return order.index(error.validator) if error.validator in order else len(order)


def _without_echoes(problems: list[SchemaProblem]) -> list[SchemaProblem]:
    """A misspelled key is not also a missing one."""
    meant = {
        (problem.pointer.rsplit("/", 1)[0], problem.suggestion)
        for problem in problems
        if problem.kind == "unknown-key"
    }
    return [p for p in problems if p.kind != "missing" or (p.pointer, p.suggestion) not in meant]


def _problems(error: Any, schema: dict[str, Any]) -> Iterator[SchemaProblem]:
    place = tuple(error.absolute_path)
    rule, value, wanted, part = error.validator, error.instance, error.validator_value, error.schema
    if "propertyNames" in error.absolute_schema_path:
        yield _bad_name(place, value)
    elif rule == "additionalProperties":
        yield from (
            _unknown(place, key, value, part, schema) for key in value if key not in part["properties"]
        )
    elif rule == "required":
        yield from (_missing(place, key, part, schema) for key in wanted if key not in value)
    elif rule == "type":
        yield _type(place, value, part)
    elif rule == "enum":
        yield _enum(place, value, wanted)
    elif rule in ("minimum", "maximum", "exclusiveMinimum"):
        yield _range(place, value, rule, wanted, part)
    elif rule in ("minLength", "minItems"):
        yield _short(place, value, rule, wanted, part)
    elif rule == "maxItems" and wanted in (MOST_GPU_TYPES, MOST_LISTED):
        message = (
            f"{shown(place)} has {len(value):,} elements; the first {wanted:,} are read, the others are not"
        )
        yield SchemaProblem(pointer(*place), message, "too-many")
    elif rule in ("maxLength", "maxItems"):
        message = f"{shown(place)} has {len(value)} {_unit(rule)}; at most {wanted} are allowed"
        yield SchemaProblem(pointer(*place), message, "range")
    else:
        yield _form(place, value)


def _short(place: Place, value: Any, rule: str, wanted: int, part: dict[str, Any]) -> SchemaProblem:
    if value:
        message = f"{shown(place)} has {len(value)} {_unit(rule)}; it needs {wanted}"
        return SchemaProblem(pointer(*place), message, "range")
    meaning = f", or say what it is for: {part['description']}" if "description" in part else ""
    return SchemaProblem(pointer(*place), f"{shown(place)} is empty; leave it out{meaning}", "empty")


def _unit(rule: str) -> str:
    return "characters" if rule.endswith("Length") else "elements"


def _unknown(
    place: Place, key: str, value: dict[str, Any], part: dict[str, Any], schema: dict[str, Any]
) -> SchemaProblem:
    known = [name for name, field in part["properties"].items() if not field.get("deprecated")]
    low = key.lower().replace("-", "_")
    near = [_ELSEWHERE[low]] if not place and low in _ELSEWHERE else [name for name in known if name == low]
    near = near or get_close_matches(low[:_LONGEST], known, n=1, cutoff=0.7)
    at = pointer(*place, key)
    if near:
        edits = () if near[0] in value else (Edit("rename", at, near[0]),)
        message = f"there is no field {shown((*place, key))}; did you mean `{near[0]}`?"
        return SchemaProblem(at, message, "unknown-key", "key", near[0], edits)
    owner = next(
        (name for name, field in schema["properties"].items() if low in _inside(field, schema)), None
    )
    if owner and owner not in place:
        message = f"there is no field {shown((*place, key))}; `{low}` belongs in `{owner}`"
        return SchemaProblem(at, message, "unknown-key", "key", f"{owner}.{low}")
    listed = ", ".join(f"`{name}`" for name in known)
    where = f"; {shown(place)} has {listed}" if place and len(known) <= 12 else ""
    return SchemaProblem(at, f"there is no field {shown((*place, key))}{where}", "unknown-key", "key")


def _inside(field: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """Fields of an object field of our own format."""
    field = resolve(schema, field)
    closed = field.get("additionalProperties") is False and not field.get("deprecated")
    return field.get("properties", {}) if closed else {}


def _missing(place: Place, key: str, part: dict[str, Any], schema: dict[str, Any]) -> SchemaProblem:
    if place == ("readiness",):
        message = "`readiness` needs `http` (an address to ask) or `command` (a command to run)"
        return SchemaProblem("/readiness", message, "missing", "value", "http")
    field = resolve(schema, part["properties"][key])
    meaning = field["description"]
    if "enum" in field:
        meaning = "one of " + ", ".join(f"`{value}`" for value in field["enum"])
    elif field.get("examples"):
        meaning += f" Example: {_json(field['examples'][0])}"
    return SchemaProblem(pointer(*place), f"{shown(place)} needs `{key}`: {meaning}", "missing", "value", key)


def _type(place: Place, value: Any, part: dict[str, Any]) -> SchemaProblem:
    wanted = part["type"] if isinstance(part["type"], list) else [part["type"]]
    words = [_TYPES[kind] for kind in wanted]
    must = words[0] if len(words) == 1 else ", ".join(words[:-1]) + " or " + words[-1]
    if not place:
        return SchemaProblem("", f"a job spec is an object, {{ … }}, not {_kind(value)}", "type")
    meant = _meant(value, wanted, part)
    at = pointer(*place)
    message = f"{shown(place)} is {_kind(value)}; it must be {must}"
    if meant is None:
        return SchemaProblem(at, message, "type")
    return SchemaProblem(at, message, "type", "value", _json(meant), (Edit("set", at, meant),))


def _meant(value: Any, wanted: list[str], part: dict[str, Any]) -> Any:
    """The value of the right type that was meant; None if that is not plain."""
    if "array" in wanted and isinstance(value, (str, int, dict)) and not isinstance(value, bool):
        items = part.get("items", {})
        kinds = items.get("type", "string")
        simple = {"str": "string", "int": "integer", "dict": "object"}[type(value).__name__]
        return [value] if "$ref" in items or simple in kinds else None
    if isinstance(value, str):
        number = re.fullmatch(r"\s*\$?([0-9]{1,15}(?:\.[0-9]{1,15})?)\s*(?:[A-Za-z/$][A-Za-z/$ ]*)?", value)
        if number and "number" in wanted:
            return float(number[1]) if "." in number[1] else int(number[1])
        if number and "integer" in wanted and "." not in number[1]:
            return int(number[1])
        if "boolean" in wanted and value.lower() in ("true", "false"):
            return value.lower() == "true"
    if "string" in wanted and type(value) in (int, float):
        return str(value)
    lines = value if isinstance(value, list) and all(isinstance(line, str) for line in value) else ()
    if lines and "string" in wanted:
        return "\n".join(lines)
    return None


def _kind(value: Any) -> str:
    """A value in words, short ones as they are."""
    if isinstance(value, str):
        return f"the string {_json(value)}" if len(value) <= 40 else "a string"
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    if isinstance(value, dict):
        return "an object"
    return _json(value)


def _enum(place: Place, value: Any, wanted: list[Any]) -> SchemaProblem:
    near = get_close_matches(str(value).lower()[:_LONGEST], [str(word) for word in wanted], n=1, cutoff=0.6)
    allowed = ", ".join(f"`{word}`" for word in wanted)
    message = f"{shown(place)} is {_kind(value)}; allowed are {allowed}"
    at = pointer(*place)
    if not near:
        return SchemaProblem(at, message, "value")
    message += f". Did you mean `{near[0]}`?"
    return SchemaProblem(at, message, "value", "value", _json(near[0]), (Edit("set", at, near[0]),))


def _range(place: Place, value: Any, rule: str, wanted: Any, part: dict[str, Any]) -> SchemaProblem:
    must = {"minimum": "at least", "maximum": "at most", "exclusiveMinimum": "more than"}[rule]
    meaning = part.get("description", "")
    message = f"{shown(place)} is {_kind(value)}; it must be {must} {wanted:,}. {meaning}".rstrip()
    return SchemaProblem(pointer(*place), message, "range")


def _bad_name(place: Place, key: str) -> SchemaProblem:
    message = f"{_json(key)} is no name of an environment variable: {_VARIABLE}"
    return SchemaProblem(pointer(*place, key), message, "pattern", "key")


def _form(place: Place, value: str) -> SchemaProblem:
    """A string that has not the form it needs."""
    forms = {"source": "an address that begins with http:// or https://", "http": "an address like http://localhost:8000/health",
             "sha256": "64 hexadecimal digits"}  # fmt: skip
    form = forms.get(str(place[-1]), f"the name of an environment variable: {_VARIABLE}")
    message = f"{shown(place)} is {_kind(value)}; it must be {form}"
    if place[0] == "secrets":
        # Whoever writes a token here must not find it in a log.
        message = f"{shown(place)} is not {form}; secrets are named here, never written"
    return SchemaProblem(pointer(*place), message, "pattern")


def _json(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:59] + "…"
