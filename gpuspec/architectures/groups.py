"""Quantization configs that say for groups of modules how each is kept: compressed-tensors and NVIDIA's modelopt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gpuspec.architectures.module_patterns import ModulePatterns
from gpuspec.architectures.storage import LINEAR, WITH_HEAD, Storage, whole

MOST_MODULES = 100_000
ALGORITHMS = {
    "FP8": ("fp8", 8.0),
    "FP8_PB_WO": ("fp8", 8.0),
    "FP8_BLOCK_SCALES": ("fp8", 8.0),
    "FP8_PER_CHANNEL_PER_TOKEN": ("fp8", 8.0),
    "NVFP4": ("nvfp4", 4.5),
    "W4A16_NVFP4": ("nvfp4", 4.5),
    "NVFP4_AWQ": ("nvfp4", 4.5),
    "W4A8_NVFP4_FP8": ("nvfp4", 4.5),
    "MXFP4": ("mxfp4", 4.25),
    "W4A8_MXFP4_FP8": ("mxfp4", 4.25),
    "MXFP8": ("fp8", 8.25),
    "INT8_SQ": ("int8", 8.0),
    "W8A8_SQ_PER_CHANNEL": ("int8", 8.0),
    "W8A16": ("int8", 8.0),
    "W4A16": ("int4", 4.125),
    "W4A16_AWQ": ("awq", 4.156),
    "W4A8_AWQ": ("awq", 4.156),
}
"""`quant_algo` of modelopt → scheme, bits of a weight with its scales."""
_CLASSES = frozenset(
    {"Linear", "RowParallelLinear", "ColumnParallelLinear", "FusedMoE", "MoE", "QuantizableLinear"}
)
"""Targets that stand for every linear layer."""


def by_layer(q: Mapping[str, Any]) -> tuple[Storage, ...]:
    """modelopt's MIXED_PRECISION: an algorithm for each module."""
    layers = q.get("quantized_layers")
    if not isinstance(layers, Mapping):
        return ()
    names: dict[tuple[str, float], list[str]] = {}
    for module, how in list(layers.items())[:MOST_MODULES]:
        algorithm = str(how.get("quant_algo", "")).upper() if isinstance(how, Mapping) else ""
        if algorithm in ALGORITHMS and isinstance(module, str):
            names.setdefault(ALGORITHMS[algorithm], []).append(module)
    return tuple(Storage(*scheme, ModulePatterns(modules)) for scheme, modules in names.items())


def by_group(q: Mapping[str, Any]) -> tuple[Storage, ...]:
    """Groups of modules, each with the format of its weights; those that are named go before those of a class.

    modelopt writes one algorithm for all where there are no groups."""
    groups = q.get("config_groups")
    rules = []
    for group in list(groups.values())[:100] if isinstance(groups, Mapping) else ():
        weights = group.get("weights") if isinstance(group, Mapping) else None
        if isinstance(weights, Mapping) and isinstance(group, Mapping):
            rules += _of_group(weights, group, q)
    algorithm = str(q.get("quant_algo", "")).upper()
    if not rules and algorithm in ALGORITHMS:
        rules.append(Storage(*ALGORITHMS[algorithm], parts=WITH_HEAD))
    if not rules and _sparse(q):  # 2:4 alone: half of 16 bits, and a bit for each weight
        rules.append(Storage("sparse", 9.0))
    return tuple(sorted(rules, key=lambda rule: rule.modules is None))


def _of_group(weights: Mapping[str, Any], group: Mapping[str, Any], q: Mapping[str, Any]) -> list[Storage]:
    bits = whole(weights.get("num_bits"), 16)
    if not bits:
        return []
    targets = group.get("targets")
    names = (
        [each for each in targets[:MOST_MODULES] if isinstance(each, str)]
        if isinstance(targets, list)
        else []
    )
    scheme, with_scales = _format(bits, weights, group, q)
    found = []
    if not names or not _CLASSES.isdisjoint(names):
        found.append(Storage(scheme, with_scales, parts=WITH_HEAD))
    if any(name.endswith("Embedding") for name in names):
        found.append(Storage(scheme, with_scales, parts=("embedding",)))
    classes = [name for name in names if name in _CLASSES or name.endswith("Embedding")]
    named = [name for name in names if name not in classes]
    if named and all(name[:1].isupper() and name.isalnum() for name in named):  # classes of one architecture
        found.append(Storage(scheme, with_scales, parts=LINEAR))
    elif named:
        found.append(Storage(scheme, with_scales, ModulePatterns(named)))
    return found


def _format(
    bits: int, weights: Mapping[str, Any], group: Mapping[str, Any], q: Mapping[str, Any]
) -> tuple[str, float]:
    """(scheme, bits with scales) of one group's weights."""
    size = whole(weights.get("group_size"))
    form = str(group.get("format") or q.get("format") or "")[:60]
    sparse = _sparse(q) or form == "marlin-24"
    if weights.get("type") == "float":
        if bits == 4:
            return ("mxfp4", 4.25) if "mx" in form or size == 32 else ("nvfp4", 4.5)
        return "fp8", (bits / 2 + 1 if sparse else bits) + (8 / size if size else 0.0)
    zeros = bits if weights.get("symmetric") is False else 0
    return f"int{bits}", (bits / 2 + 1 if sparse else bits) + ((16 + zeros) / size if size else 0.0)


def _sparse(q: Mapping[str, Any]) -> bool:
    """Whether two of four weights are left out (2:4), and a bit for each weight says which."""
    sparsity = q.get("sparsity_config")
    return isinstance(sparsity, Mapping) and str(sparsity.get("format", "")).startswith("sparse-24")
