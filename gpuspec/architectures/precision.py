"""How a checkpoint keeps its weights: the dtype and the quantization that its config states, module by module."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from gpuspec.architectures.module_patterns import ModulePatterns

DTYPES = {"float32": "fp32", "float16": "fp16", "bfloat16": "bf16", "half": "fp16", "float": "fp32"}
MOST_MODULES = 100_000
_ALGORITHMS = {
    "FP8": ("fp8", 8.0),
    "FP8_PB_WO": ("fp8", 8.0),
    "FP8_PER_CHANNEL_PER_TOKEN": ("fp8", 8.0),
    "NVFP4": ("nvfp4", 4.5),
    "W4A16_NVFP4": ("nvfp4", 4.5),
    "NVFP4_AWQ": ("nvfp4", 4.5),
    "W4A8_NVFP4_FP8": ("nvfp4", 4.5),
    "MXFP4": ("mxfp4", 4.25),
    "W4A8_MXFP4_FP8": ("mxfp4", 4.25),
    "MXFP8": ("fp8", 8.25),
    "INT8_SQ": ("int8", 8.0),
    "W4A16_AWQ": ("awq", 4.156),
    "W4A8_AWQ": ("awq", 4.156),
}
"""`quant_algo` of NVIDIA's modelopt → scheme, bits of a weight with its scales."""


class Storage(NamedTuple):
    """The modules it names are kept in `scheme`, `bits` a weight with its scales."""

    scheme: str
    bits: float
    modules: ModulePatterns | None = None
    """None: every linear layer."""
    parts: tuple[str, ...] = ()
    """Only these parts; empty: all."""


class Precision(NamedTuple):
    """`dtype` for what no rule names; the first rule that names a module decides; `kept` modules stay in `dtype`."""

    dtype: str | None
    rules: tuple[Storage, ...] = ()
    kept: ModulePatterns | None = None
    kv_dtype: str | None = None
    """What the cache is kept in where the engine is left to choose ("fp8"); None: as the activations."""
    unread: str = ""
    """What of the quantization could not be read; "" where all was."""


def read_precision(config: Mapping[str, Any], beside: Mapping[str, Any] | None = None) -> Precision:
    """The precision that a config.json states, and `beside` it hf_quant_config.json.

    Where both state a quantization the config's own counts, but for what it leaves out."""
    dtype = _dtype(config)
    quantization = _object(config, "quantization_config", "compression_config", "quantization")
    other = _object(beside or {}, "quantization")
    if other is not None:
        quantization = {**other, **(quantization or {})}
    if quantization is None:
        return Precision(dtype)
    found = _of(quantization, config)
    kv = quantization.get("kv_cache_quant_algo") or quantization.get("kv_cache_scheme")
    return found._replace(dtype=dtype, kv_dtype=_kv_dtype(kv))


def _object(config: Mapping[str, Any], *names: str) -> Mapping[str, Any] | None:
    """An object of this name, at the top or in the config of the text model."""
    for inside in (config, *(config.get(name) for name in ("text_config", "llm_config", "language_config"))):
        for name in names:
            if isinstance(inside, Mapping) and isinstance(inside.get(name), Mapping):
                found: Mapping[str, Any] = inside[name]
                return found
    return None


def _dtype(config: Mapping[str, Any]) -> str | None:
    for inside in (config, *(config.get(name) for name in ("text_config", "llm_config", "language_config"))):
        if not isinstance(inside, Mapping):
            continue
        for name in ("dtype", "torch_dtype", "params_dtype"):
            if isinstance(inside.get(name), str):
                return DTYPES.get(inside[name].removeprefix("torch."))
    return None


def _kv_dtype(stated: Any) -> str | None:
    if isinstance(stated, Mapping):
        return "fp8" if stated.get("num_bits") == 8 and stated.get("type") == "float" else None
    return "fp8" if isinstance(stated, str) and stated.upper() == "FP8" else None


def _of(q: Mapping[str, Any], config: Mapping[str, Any]) -> Precision:
    method = str(q.get("quant_method") or q.get("quant_algo") or "").lower()[:60]
    kept = ModulePatterns(
        _texts(q, "modules_to_not_convert", "ignore", "exclude_modules", "llm_int8_skip_modules", "exclude")
    )
    unread = f"{kept.refused} patterns of its quantization config" if kept.refused else ""
    rules = _by_layer(q) or _by_group(q, config)
    if not rules and str(q.get("quant_algo", "")).upper() in _ALGORITHMS:
        rules = (Storage(*_ALGORITHMS[str(q["quant_algo"]).upper()]),)
    if not rules:
        rules = _by_method(method, q, config)
    if not rules:
        return Precision(
            None,
            (Storage(method or "unknown", 16.0),),
            kept,
            unread=f"its quantization ({method or 'of no name'})",
        )
    return Precision(None, rules, kept, unread=unread)


def _texts(q: Mapping[str, Any], *names: str) -> list[str]:
    found: list[str] = []
    for name in names:
        value = q.get(name)
        if isinstance(value, list):
            found += [each for each in value[:MOST_MODULES] if isinstance(each, str)]
    return found


def _by_layer(q: Mapping[str, Any]) -> tuple[Storage, ...]:
    """modelopt's MIXED_PRECISION: an algorithm for each module."""
    layers = q.get("quantized_layers")
    if not isinstance(layers, Mapping):
        return ()
    names: dict[tuple[str, float], list[str]] = {}
    for module, how in list(layers.items())[:MOST_MODULES]:
        algorithm = str(how.get("quant_algo", "")).upper() if isinstance(how, Mapping) else ""
        if algorithm in _ALGORITHMS and isinstance(module, str):
            names.setdefault(_ALGORITHMS[algorithm], []).append(module)
    return tuple(Storage(*scheme, ModulePatterns(modules)) for scheme, modules in names.items())


def _by_group(q: Mapping[str, Any], config: Mapping[str, Any]) -> tuple[Storage, ...]:
    """compressed-tensors and modelopt: groups of modules, each with the format of its weights."""
    groups = q.get("config_groups")
    if not isinstance(groups, Mapping):
        return ()
    rules = []
    for group in list(groups.values())[:100]:
        weights = group.get("weights") if isinstance(group, Mapping) else None
        if not isinstance(weights, Mapping):
            continue
        bits = weights.get("num_bits")
        if type(bits) is not int or not 1 <= bits <= 16:
            continue
        targets = _texts(group, "targets")
        named = [each for each in targets if each not in ("Linear", "Embedding")]
        rules.append(
            Storage(
                *_format(bits, weights, group, q),
                ModulePatterns(named) if named and "Linear" not in targets else None,
            )
        )
    return tuple(sorted(rules, key=lambda rule: rule.modules is None))


def _format(
    bits: int, weights: Mapping[str, Any], group: Mapping[str, Any], q: Mapping[str, Any]
) -> tuple[str, float]:
    """(scheme, bits with scales) of one group's weights."""
    size = weights.get("group_size")
    size = size if type(size) is int and size > 0 else 0
    if weights.get("type") == "float":
        if bits == 4:
            mx = "mxfp4" in str(group.get("format") or q.get("format") or "") or size == 32
            return ("mxfp4", 4.25) if mx else ("nvfp4", 4.5)
        return "fp8", bits + (8 / size if size else 0.0)
    scales = (16 + (0 if weights.get("symmetric", True) else bits)) / size if size else 0.0
    return f"int{bits}", bits + scales


def _by_method(method: str, q: Mapping[str, Any], config: Mapping[str, Any]) -> tuple[Storage, ...]:
    """Methods that treat all linear layers alike."""
    bits, size = q.get("bits", q.get("w_bit")), q.get("group_size", q.get("q_group_size"))
    bits = bits if type(bits) is int and 1 <= bits <= 16 else None
    size = size if type(size) is int and size > 0 else 0
    if method in ("fp8", "fbgemm_fp8"):
        native = config.get("expert_dtype")
        experts = (Storage("mxfp4", 4.25, parts=("experts",)),) if native == "fp4" else ()
        return (*experts, Storage("fp8", 8.0))
    if method == "mxfp4":
        return (Storage("mxfp4", 4.25, parts=("experts",)),)
    if method == "bitsandbytes":
        if q.get("load_in_8bit") is True:
            return (Storage("int8", 8.0),)
        double = q.get("bnb_4bit_use_double_quant") is True
        return (Storage("nf4-dq" if double else "nf4", 4.127 if double else 4.5),)
    if method in ("gptq", "awq", "auto-round", "auto_round", "intel/auto-round", "hqq") and bits:
        zeros = 0 if method == "hqq" else bits
        scheme = {"awq": "awq" if bits == 4 else f"int{bits}", "hqq": f"int{bits}"}.get(
            method, f"gptq-int{bits}"
        )
        return (Storage(scheme, bits + ((16 + zeros) / size if size else 0.0)),)
    if (
        not method and bits and size
    ):  # MLX: affine, a scale and a bias in 16 bit for each group, embeddings too
        return (Storage(f"int{bits}", bits + 32 / size, parts=()),)
    if method in ("eetq", "quanto", "bitnet", "torchao", "exl2", "exl3") and bits:
        return (Storage(f"int{bits}", float(bits)),)
    if method in ("bitnet",):
        return (Storage("int2", 2.0),)
    return ()
