"""Training state: bytes per trained parameter under each optimizer and precision."""

from __future__ import annotations

from typing import NamedTuple

from gpuspec.engines.engine import Training
from gpuspec.workload import Workload


class States(NamedTuple):
    """Bytes per trained parameter: weights, gradients, optimizer state (low and expected), and what the
    optimizer's step needs for a moment. `why` says it in words."""

    weights: float
    gradients: float
    optimizer_low: float
    optimizer: float
    step: float
    why: str


def states_of(workload: Workload, trainer: Training) -> States:
    """Bytes per parameter that full training keeps.

    Mixed precision: 16-bit weights and gradients, 32-bit master copy and two moments, 16 B (Rajbhandari et
    al., ZeRO); DeepSpeed turns gradients to 32 bit while it steps, PyTorch's autocast keeps them so. Pure
    bf16 AdamW: 8 B. 8-bit Adam: two bytes of moments. An optimizer run in the backward pass keeps no
    gradients (torchtune). Paged: moments live on the host when memory is short."""
    optimizer = (workload.optimizer or "adamw").lower()
    precision = workload.precision or trainer.precision
    inside = "bwd" in optimizer or "backward" in optimizer
    moments = _moments(optimizer, 4.0 if precision == "bf16" else 8.0)
    if precision == "fp32":
        return States(4, 4, moments, moments, 0, "32-bit weights, gradients and moments")
    if precision == "bf16":
        gradients = 0 if inside else 2
        why = f"pure bf16: 2 B weights, {gradients} B gradients, {moments:g} B moments per parameter"
        return States(2, gradients, moments, moments, 0, why)
    deepspeed = trainer.deepspeed or "zero" in (workload.sharding or "")
    gradients = 2 if deepspeed else 4
    low = 4 + moments if workload.dtype == "fp32" or deepspeed or moments < 8 else 4.0
    why = f"mixed precision: 2 B weights, {gradients:g} B gradients, 4 B master copy, {moments:g} B moments"
    if low < 4 + moments:
        why += " (the low figure is pure bf16)"
    return States(2, gradients, low, 4 + moments, 4.0 if deepspeed else 0.0, why)


def _moments(optimizer: str, default: float) -> float:
    """Bytes of optimizer state per parameter."""
    if "paged" in optimizer:
        return 0.0
    if "8bit" in optimizer or "8-bit" in optimizer:
        return 2.06
    if "adafactor" in optimizer or "galore" in optimizer:
        return 0.1
    if "sgd" in optimizer:
        return 0.0
    if "lion" in optimizer or "muon" in optimizer:
        return default / 2
    return default
