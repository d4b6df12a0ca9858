"""Which of a model's weights, and of its cache, lie on a GPU, where some stay on the host."""

from gpuspec.named_tuple import NamedTuple
from gpuspec.quantization import find_scheme
from gpuspec.sizing.inference.setup import Answering
from gpuspec.sizing.weights import bytes_of, in_scheme

UNKNOWN_OFFLOAD = (0.02, 0.1, 1.0)
"""Share of the weights on GPUs where only known is that some are on the host."""


class Share(NamedTuple):
    """Of the whole model, what lies on one GPU and, where known, on the host; why in words ("" where all GPUs hold
    alike)."""

    low: float
    expected: float
    high: float
    host: float = 0.0
    why: str = ""


def weights_on_gpu(at: Answering) -> Share:
    """The part of the weights that one GPU holds."""
    workload, buffers = at.workload, at.engine.memory.buffers
    placed = workload.layers_on_gpu is not None or workload.experts_on_host is not None
    if workload.cpu_offload and not (buffers and placed):
        low, expected, high = (each / at.gpus for each in UNKNOWN_OFFLOAD)
        return Share(low, expected, high, why="some on the host")
    if buffers is None:
        return Share(1 / at.gpus, 1 / at.gpus, 1 / at.gpus)
    host, said = _on_host(at)
    left = max(1 - host, 0.0) * largest_share(at)
    return Share(left, left, left, host, said)


def cache_on_gpu(at: Answering) -> float:
    """The part of the cache that one GPU holds: it lies where its layer does."""
    return _resident(at) * largest_share(at)


def largest_share(at: Answering) -> float:
    """The part of the fullest of several GPUs that hold whole layers; the head counts as one.

    Source: llama.cpp src/llama-model.cpp, load_tensors (`splits`, `i_gpu_start`)."""
    rows = at.shape.layers + 1
    return -(-rows // at.gpus) / rows


def _resident(at: Answering) -> float:
    """The part of the layers that lie on GPUs: of those asked for, one is the head."""
    layers = at.workload.layers_on_gpu
    return 1.0 if layers is None else min(max(layers - 1, 0) / max(at.shape.layers, 1), 1.0)


def _on_host(at: Answering) -> tuple[float, str]:
    """(share of the weights on the host, why): the input embedding always, layers and experts as asked for.

    llama.cpp leaves the embedding of a tied model on the host, too, and has a copy as head on the GPU
    (src/llama-model.cpp: `dev_input` is the CPU; TENSOR_DUPLICATED)."""
    workload, shape = at.workload, at.shape
    rows = in_scheme(shape, find_scheme(at.scheme))
    whole = sum(map(bytes_of, rows)) or 1.0
    once = [row for row in rows if row.part == "embedding"]
    head = sum(shape.vocab * shape.hidden * row.bits / 8 for row in once[:1]) if shape.tied else 0.0
    host = max(sum(map(bytes_of, once)) - head, 0.0)
    said = ["the input embedding on the host"] if host > 0 else []
    if workload.experts_on_host is not None:
        experts = sum(bytes_of(row) for row in rows if row.part == "experts")
        host += experts * min(workload.experts_on_host / max(shape.layers, 1), 1.0)
        said.append(f"experts of {min(workload.experts_on_host, shape.layers)} layers on the host")
    if workload.layers_on_gpu is not None:
        inside = max(
            whole - host - sum(bytes_of(row) for row in rows if row.part in ("embedding", "head")), 0.0
        )
        host += inside * (1 - _resident(at))
        said.append(f"{workload.layers_on_gpu} of {shape.layers} layers on GPUs")
    return min(host / whole, 1.0), ", ".join(said)
