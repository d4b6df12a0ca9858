"""What a repository's weights take: parameters by part and precision."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gpuspec.architectures.parts import BITS, Architecture, Layer, StoredWeights, Weight
from gpuspec.architectures.precision import Precision, Storage


def stored_weights(architecture: Architecture, precision: Precision) -> tuple[StoredWeights, ...]:
    """All weights of a checkpoint, those of drafts included, in the order of the model."""
    found: dict[tuple[str, str, float, bool], list[int]] = {}
    for path, weight, draft in _all(architecture):
        rule = _rule(precision, path, weight)
        scheme = rule.scheme if rule else precision.dtype or ""
        bits = rule.bits if rule else BITS.get(scheme, 16.0)
        entry = found.setdefault(("draft" if draft else weight.part, scheme, bits, weight.linear), [0, 0])
        entry[0] += weight.elements
        entry[1] += weight.elements // weight.copies * weight.used
    return tuple(
        StoredWeights(part, total, active, scheme, bits, linear)
        for (part, scheme, bits, linear), (total, active) in found.items()
    )


def _all(architecture: Architecture) -> Iterator[tuple[str, Weight, bool]]:
    """(path, weight, whether it belongs to a draft) of each weight."""
    for weight in architecture.outside:
        yield weight.module, weight, False
    number = len(architecture.layers)
    yield from _of_layers(architecture.layers, 0, draft=False)
    yield from _of_layers(architecture.drafts, number, draft=True)


def _of_layers(layers: Iterable[Layer], first: int, *, draft: bool) -> Iterator[tuple[str, Weight, bool]]:
    for index, layer in enumerate(layers, first):
        for weight in layer.weights:
            yield f"model.layers.{index}.{weight.module}", weight, draft


def _rule(precision: Precision, path: str, weight: Weight) -> Storage | None:
    """The rule by which a weight is kept; None: in the dtype of the model."""
    usual = weight.linear and weight.part not in ("head", "router")
    for rule in precision.rules:
        if rule.modules is not None and rule.modules.name(path, weight.part):
            return rule
        if rule.parts and weight.part in rule.parts:
            return rule
        if rule.modules is None and not rule.parts and usual:
            return None if precision.kept and precision.kept.name(path, weight.part) else rule
    return None
