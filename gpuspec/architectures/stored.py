"""What a repository's weights take: parameters by part and precision."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.architectures.parts import Architecture, StoredWeights, Weight
from gpuspec.architectures.storage import Precision, Storage
from gpuspec.quantization import DTYPE_BITS

_SHARED = ("embedding", "head")


def stored_weights(architecture: Architecture, precision: Precision) -> tuple[StoredWeights, ...]:
    """All weights of a checkpoint, those of drafts included, in the order of the model."""
    found: dict[tuple[str, str, float, bool], list[int]] = {}
    usual = precision.dtype or ""
    for path, draft, weight in _all(architecture):
        storage = _storage(precision, path, draft, weight)
        part = weight.part if not draft else "copy" if weight.part in _SHARED else "draft"
        matrix = weight.inputs * weight.outputs * weight.copies
        if storage is None:
            _count(found, (part, usual, DTYPE_BITS.get(usual, 16.0), weight.linear), weight, weight.elements)
            continue
        _count(found, (part, storage.scheme, storage.bits, weight.linear), weight, matrix)
        if weight.bias:  # stays as it was
            _count(found, (part, usual, DTYPE_BITS.get(usual, 16.0), False), weight, weight.elements - matrix)
    return tuple(
        StoredWeights(part, total, active, scheme, bits, linear)
        for (part, scheme, bits, linear), (total, active) in found.items()
    )


def _count(
    found: dict[tuple[str, str, float, bool], list[int]],
    row: tuple[str, str, float, bool],
    weight: Weight,
    elements: int,
) -> None:
    entry = found.setdefault(row, [0, 0])
    entry[0] += elements
    entry[1] += elements // weight.copies * weight.used


def _all(architecture: Architecture) -> Iterator[tuple[str, str, Weight]]:
    """(path, its other name if it belongs to a draft, weight) of each weight."""
    for weight in architecture.outside:
        yield weight.module, "", weight
    for index, layer in enumerate(architecture.layers):
        for weight in layer.weights:
            yield f"model.layers.{index}.{weight.module}", "", weight
    number = len(architecture.layers)
    for index, layer in enumerate(architecture.drafts):
        for weight in layer.weights:
            yield (
                f"model.layers.{number + index}.{weight.module}",
                f"mtp.layers.{index}.{weight.module}",
                weight,
            )


def _storage(precision: Precision, path: str, draft: str, weight: Weight) -> Storage | None:
    """How a weight is kept; None: in the dtype of the model."""
    if not (weight.linear or weight.part == "embedding"):
        return None
    if precision.kept and precision.kept.name(path, weight.part, draft):
        return None
    for rule in precision.rules:
        if rule.modules is None:
            if weight.part in rule.parts:
                return rule
        elif rule.modules.name(path, weight.part, draft):
            return rule
    return None
