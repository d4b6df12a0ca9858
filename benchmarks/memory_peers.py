"""Other estimators, beside ours: the folklore, and hf-mem and accelerate where they are installed.

Both read a model's files from the hub; here they get the same facts from the catalogue instead, and their own
functions do the arithmetic. GB (10^9 bytes) over all GPUs, None where they have no answer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from memory_rows import Case

from gpuspec.quantization import bits_of

Estimate = Callable[[Case], "float | None"]


def by_rule(described: Case) -> float | None:
    """Parameters × bytes × 1.2 for inference; 18, 2 and 0.5 bytes per parameter for full, LoRA and QLoRA."""
    workload = described.workload
    if not workload.params_b:
        return None
    if workload.method is not None:
        return workload.params_b * {"full": 18.0, "lora": 2.0, "qlora": 0.5}[workload.method]
    scheme = workload.quantization or workload.dtype or "bf16"
    return workload.params_b * round((bits_of(scheme) or 16) / 4) * 4 / 8 * 1.2


def _hf_mem() -> Estimate:
    from hf_mem.safetensors.kv_cache import compute_safetensors_kv_cache_size

    def estimate(described: Case) -> float | None:
        workload, model = described.workload, described.workload.model
        if (
            workload.method is not None
            or not workload.params_b
            or not (model and model.layers and model.heads)
        ):
            return None
        config: dict[str, Any] = {
            "num_hidden_layers": model.layers,
            "hidden_size": model.hidden,
            "num_attention_heads": model.heads,
            "num_key_value_heads": model.kv_heads,
            "head_dim": model.head_dim,
        }
        scheme = workload.quantization or workload.dtype or "bf16"
        weights = workload.params_b * 1e9 * (bits_of(scheme) or 16) / 8
        cache = compute_safetensors_kv_cache_size(
            config, "BF16", workload.context or 0, workload.concurrency or 1
        )
        return (weights + cache) / 1e9

    return estimate


def _accelerate() -> Estimate:
    from accelerate.commands.estimate import estimate_training_usage

    def estimate(described: Case) -> float | None:
        workload = described.workload
        if not workload.params_b:
            return None
        if workload.method is None:
            scheme = workload.quantization or workload.dtype or "bf16"
            return workload.params_b * (bits_of(scheme) or 16) / 8
        if workload.method != "full":
            return None
        return max(estimate_training_usage(int(workload.params_b * 4e9), "bfloat16").values()) / 1e9

    return estimate


def installed() -> dict[str, Estimate]:
    """Name → estimate of everything that can be imported here; the folklore always."""
    found: dict[str, Estimate] = {"× 1.2": by_rule}
    for name, build in (("hf-mem", _hf_mem), ("accelerate", _accelerate)):
        try:
            found[name] = build()
        except ImportError:
            continue
    return found
