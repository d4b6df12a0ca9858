"""Room for the adapters that a server answers with beside its model."""

from gpuspec.sizing.inference.setup import Answering, tensor_of
from gpuspec.sizing.memory import Part
from gpuspec.sizing.weights import GIB


def adapter_slots(at: Answering) -> list[Part]:
    """Slots for adapters on every linear layer, set aside when the server starts, as large as the largest rank.

    Of a matrix that is divided over GPUs, the half of the adapter on the side that is not divided stays whole.
    A mixture has them on attention at least; on every expert where the version can.
    Source: vLLM lora/layers, `create_lora_weights` of column- and row-parallel layers and of fused_moe.py."""
    usual = at.engine.memory.adapters
    if not at.workload.serves_adapters or usual is None:
        return []
    slots, rank = at.workload.adapters or usual[0], at.workload.lora_rank or usual[1]
    shape, tensor = at.shape, tensor_of(at.workload, at.gpus)
    hidden, split = shape.hidden, (shape.query_width + shape.kv_heads * shape.head_dim) * 2 / tensor
    attention = 4 * hidden + split
    mlp = 3 * hidden + 3 * shape.intermediate / tensor
    widths = (attention, attention if shape.expert_params else attention + mlp, attention + mlp)
    if shape.expert_params and shape.moe_width and shape.experts_used:
        width = shape.moe_width / shape.experts_used
        experts = shape.expert_params / (3 * hidden * width * shape.layers)
        widths = (*widths[:2], attention + experts * 3 * (hidden + width / tensor))
    stages = max(at.gpus // tensor, 1)
    each = slots * rank * shape.layers * 2 / stages / GIB
    head = slots * rank * (shape.vocab + hidden) * 2 / GIB
    low, expected, high = (width * each for width in widths)
    why = f"{slots} of rank {rank}: {shape.layers} layers × {widths[1]:,.0f} inputs and outputs × 2 bytes"
    return [Part("adapters", low, expected, high + head, why)]
