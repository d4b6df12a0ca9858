"""A Model as JSON, for the files that keep models: the shipped table, the user's cache, the project's lock file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gpuspec.architectures.parts import CACHES, PARTS, Cache, StoredWeights
from gpuspec.catalog.model import Model
from gpuspec.catalog.untrusted_json import as_written
from gpuspec.quantization import DTYPE_BITS

_NESTED = ("weights", "caches", "aliases", "id")


def to_record(model: Model) -> dict[str, Any]:
    """The fields that say something, in the order of `Model`; not its id."""
    usual = Model._field_defaults
    record: dict[str, Any] = {
        name: value
        for name, value in model._asdict().items()
        if name not in _NESTED and value is not None and value != usual.get(name)
    }
    if model.aliases:
        record["aliases"] = list(model.aliases)
    if model.weights:
        record["weights"] = [_of_weights(row) for row in model.weights]
    if model.caches:
        record["caches"] = [_without_usual(cache._asdict(), Cache) for cache in model.caches]
    return record


def _of_weights(row: StoredWeights) -> dict[str, Any]:
    fields = _without_usual(row._asdict(), StoredWeights)
    if row.active == row.parameters:
        del fields["active"]
    if row.bits == DTYPE_BITS.get(row.scheme, 16.0):
        del fields["bits"]
    return fields


def _without_usual(fields: dict[str, Any], kind: type[StoredWeights] | type[Cache]) -> dict[str, Any]:
    usual = kind._field_defaults
    return {name: value for name, value in fields.items() if name not in usual or value != usual[name]}


def from_record(name: str, record: Mapping[str, Any]) -> Model:
    """The model of a record that somebody may have edited. Raises ValueError, in words, where a field is wrong."""
    if unknown := record.keys() - set(Model._fields):
        raise ValueError(f"{name}: {min(unknown)[:60]!r} is no fact that this version of gpuspec knows")
    fields = {key: _plain(name, key, value) for key, value in record.items() if key not in _NESTED}
    return Model(
        id=name,
        aliases=tuple(_texts(name, record.get("aliases", []))),
        weights=tuple(
            _row(name, StoredWeights, _whole_row(row)) for row in _list(name, record.get("weights", []))
        ),
        caches=tuple(_row(name, Cache, row) for row in _list(name, record.get("caches", []))),
        **fields,
    )


_WHOLE = frozenset(
    (
        "layers", "hidden", "intermediate", "heads", "kv_heads", "head_dim", "vocab", "max_context",
        "default_context", "experts", "experts_used", "expert_width",
    )
)  # fmt: skip
_NUMBERS = frozenset(("params_b", "active_params_b", "weights_gib"))
_FLAGS = frozenset(("tied_embeddings", "gated"))


def _plain(name: str, key: str, value: Any) -> Any:
    """A field's value, if it is of the kind that the field holds."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < 1e15
    if key in _WHOLE:
        fits, kind = type(value) is int and 0 < value < 10**9, "a whole number above 0"
    elif key in _NUMBERS:
        fits, kind = number, "a number above 0"
    elif key in _FLAGS:
        fits, kind = isinstance(value, bool), "true or false"
    elif key == "components":
        kind = "a table of sizes"
        fits = isinstance(value, dict) and all(
            isinstance(size, (int, float)) and 0 <= size < 1e6 for size in value.values()
        )
    else:
        fits, kind = isinstance(value, str) and len(value) < 2_000, "a text"
    if not fits:
        raise ValueError(f"{name}: {key} is {as_written(value)}, and should be {kind}")
    return value


def _list(name: str, value: Any) -> list[Any]:
    if not isinstance(value, list) or len(value) > 1_000:
        raise ValueError(f"{name}: {as_written(value)} is no list of at most 1,000 weights or caches")
    return value


def _texts(name: str, value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ValueError(f"{name}: aliases is no list of names")
    return value


def _whole_row(row: Any) -> Any:
    """A row of weights with what `to_record` left out."""
    if not isinstance(row, dict):
        return row
    left_out = {"active": row.get("parameters"), "bits": DTYPE_BITS.get(str(row.get("scheme")), 16.0)}
    return row | {key: value for key, value in left_out.items() if key not in row}


def _row(name: str, kind: Any, row: Any) -> Any:
    """A row of weights or caches."""
    if not isinstance(row, dict) or row.keys() - set(kind._fields):
        raise ValueError(f"{name}: {as_written(row)} describes no {'cache' if kind is Cache else 'weights'}")
    for key, value in row.items():
        usual = kind._field_defaults.get(key)
        if key in ("part", "kind"):
            fits = value in (PARTS if key == "part" else CACHES)
        elif key == "scheme":
            fits = isinstance(value, str)
        elif isinstance(usual, bool):
            fits = isinstance(value, bool)
        elif key == "bits":
            fits = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value <= 64
        else:
            least = 1 if key in ("stride", "layers") else 0
            fits = type(value) is int and least <= value < 10**15
        if not fits:
            raise ValueError(f"{name}: {key} is {as_written(value)}, which it cannot be")
    try:
        return kind(**row)
    except TypeError:
        raise ValueError(f"{name}: {as_written(row)} lacks a field") from None
