"""Families whose makers publish their weights in fewer than 16 bits, though no name says so.

Source: quantization_config of their config.json files on the hub, and the precisions of vLLM's recipes (both
August and September 2026)."""

from __future__ import annotations

from typing import Any

from gpuspec.architectures.precision import read_precision
from gpuspec.architectures.storage import Precision

_FP8 = {"quantization_config": {"quant_method": "fp8"}}
_FP8_MXFP4 = {**_FP8, "expert_dtype": "fp4"}
_MXFP4 = {"quantization_config": {"quant_method": "mxfp4"}}


def _experts(bits: int, kind: str, more: str = "") -> dict[str, Any]:
    weights = {"num_bits": bits, "type": kind, "group_size": 32, "symmetric": True}
    ignored = [
        "re:.*self_attn.*",
        "re:.*shared_experts.*",
        r"re:.*mlp\.(gate|up|gate_up|down)_proj.*",
        "re:.*vision_tower.*",
        "re:.*mm_projector.*",
        "lm_head",
    ]
    group = {"targets": ["Linear"], "format": more, "weights": weights}
    return {
        "quantization_config": {
            "quant_method": "compressed-tensors",
            "config_groups": {"0": group},
            "ignore": ignored,
            "format": more,
        }
    }


_INT4 = _experts(4, "int")
_MX = _experts(4, "float", "mxfp4-pack-quantized")

_BY_MAKER: dict[tuple[str, str], dict[str, Any]] = {
    ("openai", "gpt_oss"): _MXFP4,
    ("deepseek-ai", "deepseek_v3"): _FP8,
    ("deepseek-ai", "deepseek_v32"): _FP8,
    ("deepseek-ai", "deepseek_v4"): _FP8_MXFP4,
    ("deepseek-ai", "deepseek_v41"): _FP8_MXFP4,
    ("moonshotai", "kimi_k2"): _FP8,
    ("moonshotai", "kimi_k25"): _INT4,
    ("moonshotai", "kimi_k3"): _MX,
    ("minimaxai", "minimax_m2"): _FP8,
    ("xiaomimimo", "mimo_v2"): _FP8,
    ("xiaomimimo", "mimo_v2_flash"): _FP8,
}
_BY_NAME = {
    "moonshotai/kimi-k2-thinking": _INT4,
    "deepseek-ai/deepseek-v4-flash-base": _FP8,
    "deepseek-ai/deepseek-v4-pro-base": _FP8,
    "inclusionai/ling-2.6-1t": _FP8,
    "inclusionai/ring-2.6-1t": _FP8,
}
SCALES = {
    "gpt_oss": 32,
    "deepseek_v3": 128 * 128,
    "minimax_m2": 128 * 128,
    "kimi_k25": 32,
    "kimi_k2": 128 * 128,
}
"""Weights that share a scale: files that hold scales hold that many elements more."""


def native_precision(name: str, architecture: str, *, has_scales: bool) -> Precision | None:
    """How the weights of a repository are kept whose name says nothing; None: in 16 bit.

    `has_scales`: as many elements more are stored as the maker's scales have. A re-upload with those is the maker's
    checkpoint; one without is in 16 bit."""
    owner = name.partition("/")[0].lower()
    stated = _BY_NAME.get(name.lower()) or _BY_MAKER.get((owner, architecture))
    if stated is None and has_scales:
        stated = next((how for (_, kind), how in _BY_MAKER.items() if kind == architecture), None)
    return read_precision({"torch_dtype": "bfloat16", **stated}) if stated else None
