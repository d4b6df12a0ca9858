"""The most that a field of a Workload can be on any machine, with any model."""

from collections.abc import Mapping

MOST: Mapping[str, float] = {
    "context": 100_000_000,
    "concurrency": 1_000_000,
    "users": 1_000_000,
    "tensor_parallel": 1024,
    "pipeline_parallel": 1024,
    "data_parallel": 65_536,
    "expert_parallel": 65_536,
    "context_parallel": 65_536,
    "processes": 65_536,
    "nodes": 65_536,
    "max_batched_tokens": 100_000_000,
    "layers_on_gpu": 10_000,
    "experts_on_host": 10_000,
    "sequence": 100_000_000,
    "batch": 1_000_000,
    "gradient_accumulation": 1_000_000,
    "global_batch": 100_000_000,
    "steps": 1_000_000_000,
    "epochs": 1_000_000,
    "examples": 1_000_000_000,
    "denoising_steps": 10_000,
    "lora_rank": 65_536,
    "width": 65_536,
    "height": 65_536,
    "params_b": 100_000,
    "memory_utilization": 1,
}
"""What `model` of a job spec can say has the limits of its schema (a test compares)."""

MOST_GPUS = 1024
"""In one machine, as `gpu_count` of a job spec has it."""


def exceeded(field: str, value: object) -> float | None:
    """The limit that a value is beyond; None if it is not, or the field has none."""
    most = MOST.get(field)
    return most if most is not None and isinstance(value, (int, float)) and value > most else None
