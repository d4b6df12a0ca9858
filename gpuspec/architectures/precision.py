"""How a checkpoint keeps its weights: the dtype and the quantization that its config states, module by module."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gpuspec.architectures.quantizers import rules_of
from gpuspec.architectures.storage import Precision

DTYPES = {
    "float32": "fp32", "float": "fp32", "fp32": "fp32", "float16": "fp16", "half": "fp16", "fp16": "fp16",
    "bfloat16": "bf16", "bf16": "bf16",
}  # fmt: skip
INNER = ("text_config", "llm_config", "language_config", "thinker_config")
"""Where models that see or hear keep the config of what writes."""


def read_precision(config: Mapping[str, Any], beside: Mapping[str, Any] | None = None) -> Precision:
    """The precision that a config.json states, and `beside` it hf_quant_config.json.

    Where both state a quantization the config's own counts, but for what it leaves out."""
    dtype = _dtype(config)
    stated = _object(config, "quantization_config", "compression_config", "quantization")
    other = _object(beside or {}, "quantization")
    if other is not None:
        stated = {**other, **(stated or {})}
    if not stated:
        return Precision(dtype)
    found = rules_of(stated, config)
    kv = stated.get("kv_cache_quant_algo") or stated.get("kv_cache_scheme")
    return found._replace(dtype=dtype, kv_dtype=_kv_dtype(kv))


def _layers_of(config: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The config, and those in it of what writes."""
    yield config
    for name in INNER:
        if isinstance(config.get(name), Mapping):
            yield config[name]


def _object(config: Mapping[str, Any], *names: str) -> Mapping[str, Any] | None:
    for inside in _layers_of(config):
        for name in names:
            found = inside.get(name)
            if isinstance(found, Mapping):
                return found
    return None


def _dtype(config: Mapping[str, Any]) -> str | None:
    for inside in _layers_of(config):
        for name in ("dtype", "torch_dtype", "params_dtype"):
            if isinstance(inside.get(name), str):
                return DTYPES.get(inside[name].removeprefix("torch."))
    return None


def _kv_dtype(stated: Any) -> str | None:
    if isinstance(stated, Mapping):
        return "fp8" if stated.get("num_bits") == 8 and stated.get("type") == "float" else None
    return "fp8" if isinstance(stated, str) and stated.upper() == "FP8" else None
