"""How fast models that only read work: embeddings, rerankers, classifiers. Texts a second.

Each text passes the model once: two operations a weight and token, and attention between its tokens."""

from gpuspec.architectures.parts import TOWERS
from gpuspec.catalog import Gpu
from gpuspec.engines import engine_of
from gpuspec.sizing.memory import Unsized
from gpuspec.sizing.shape import Shape, shape_of
from gpuspec.sizing.speed.matmul import FP32_SHARE, matmul_tflops
from gpuspec.sizing.speed.rates import Range, WorkRate, idle
from gpuspec.workload import Workload

SERVED = (0.45, 0.65, 0.95)
"""Of what large matrix products reach, under a server that packs texts without padding. Fitted on
michaelfeil/infinity, docs/benchmarks (bge-large on an L4: text-embeddings-inference 0.93, infinity 0.88, TensorRT
0.74, onnx 0.70)."""
CALLED = (0.12, 0.32, 0.6)
"""The same of libraries, which pad the texts of a batch to the longest (sentence-transformers there: 0.29)."""
TOKENS = 512
"""Of a text whose length nobody says: what most such models take at most (BERT's positions)."""


def operations(shape: Shape, tokens: float) -> float:
    """Floating-point operations of one text; the table of its words is looked up."""
    idle = (*TOWERS, "embedding", "norms")
    weights = sum(row.active for row in shape.weights if row.part not in idle)
    return 2 * weights * tokens + 4 * shape.layers * shape.query_width * tokens**2


def embedding_rate(workload: Workload, gpu: Gpu, gpus: int = 1) -> WorkRate | Unsized:
    """Texts a second, of as many tokens as the job states; else 512, or as many as the model takes."""
    shape = shape_of(workload)
    if isinstance(shape, Unsized):
        return shape
    reached = matmul_tflops(gpu)
    if reached is None:
        return Unsized(f"the TFLOPS of {gpu.name} are not known")
    stated = workload.context or workload.sequence
    tokens = stated or min(TOKENS, shape.max_context or TOKENS)
    work = operations(shape, tokens)
    shares = SERVED if engine_of(workload.engine).kind == "server" else CALLED
    wide = workload.dtype == "fp32" and not workload.quantization
    copies = min(max(workload.processes or workload.data_parallel or 1, workload.tensor_parallel or 1), gpus)
    each = [reached.expected * 1e12 * shares[i] * (FP32_SHARE[i] if wide else 1.0) / work for i in range(3)]
    why = f"{work / 1e9:,.1f} GFLOP a text of {tokens:,} tokens at {reached.expected * shares[1]:,.0f} TFLOPS"
    said = [] if stated else [f"{tokens:,} tokens a text, since no length was given"]
    return WorkRate("texts", Range(*each).times(copies), why, (*said, *idle(copies, gpus)))
