"""The time of one training step, by what takes it."""

from gpuspec.architectures.parts import TOWERS
from gpuspec.catalog import Gpu
from gpuspec.named_tuple import NamedTuple
from gpuspec.quantization import bits_of
from gpuspec.sizing.shape import Shape
from gpuspec.sizing.speed.links import PCIE_GBS, link_between
from gpuspec.sizing.speed.rates import Range
from gpuspec.sizing.training.setup import TrainingSetup
from gpuspec.sizing.training.state import TWO_MODELS
from gpuspec.workload import Workload

FUSED = (0.52, 0.75, 0.95)
"""Of what large matrix products reach, a step's products where the operations between them are fused: torch.compile,
Megatron, unsloth. Fitted on mosaicml/llm-foundry (A100 0.71–0.87, H100 0.59–0.76), pytorch/torchtune (A100 0.68–0.72,
RTX 4090 0.67–0.95)."""
EAGER = (0.38, 0.58, 0.78)
"""The same of transformers and PEFT as they are. Fitted on QwenLM/Qwen, LoRA of 7B at 2,048 to 8,192 tokens: 0.52 to
0.58."""
ATTENTION = (0.35, 0.6, 1.0)
"""Of the speed of matrix products, that of attention's: kernels for long texts, causal, forward and backward.
FlashAttention-2 reaches 170–200 of A100's 312 TFLOPS and 350 of H100's 989 (Dao 2023; Shah et al. 2024)."""
LAUNCHES = {"adapters": (2.5, 4.5, 7.0), "eager": (1.2, 2.5, 4.0), "fused": (0.4, 1.2, 2.5)}
"""Milliseconds that a layer's kernels take to be launched, forward, again and backward, however few tokens there are:
about 220 launches of 20 µs with PEFT's adapters. Fitted on QwenLM/Qwen at 256 tokens (LoRA: 4.7 ms a layer of 7B, 5.2
of 1.8B); the others have half and a quarter of the kernels."""
MIXTURE = (0.4, 0.6, 0.95)
"""Speed of a mixture's products for that of a dense model's: experts are small, and tokens are sorted between them.
Megatron-Core, H100: Mixtral-8x7B 468 TFLOPS (0.85); Qwen3-30B-A3B 6,300 tokens/s a GPU
(alibaba/Pai-Megatron-Patch#643: 0.35)."""
EXPERTS = {"eager": (0.01, 0.5, 1.2), "zero": (0.1, 0.7, 20.0)}
"""Milliseconds that each expert of a layer takes where Python goes through them one by one: some 40 kernels
forward, again and backward; transformers 5 takes them at once. Under ZeRO-3 each is put together by itself:
Qwen3-30B-A3B takes 1.6 times as long as a dense model of 32 B (hiyouga/LlamaFactory#7921: 0.7),
Qwen2-57B-A14B with the libraries of 2024 38 s a sequence (QwenLM/Qwen3#736: 20)."""
HOOKS = (5.0, 11.0, 16.0)
"""The same where DeepSpeed's ZeRO-3 puts each module's weights together in Python before it is run, and lets them go.
Fitted on QwenLM/Qwen, all of 1.8B at 256 tokens: 11 ms a layer; 7B on two GPUs: 15."""
BETWEEN = {"eager": 2.0, "fused": 1.0}
"""Norms, sums, activation functions between products: each pass reads and writes 12 widths of the model and 4 of its
MLP a token and layer where they are fused, twice as many where each is a kernel of its own. Counted on Llama's."""
UNPACKING = (8.0, 16.0, 24.0)
"""Bytes of memory traffic for which unpacking a weight of 4 or 8 bits stands, each time. 4.5 would do (half a byte
read, two written and read again); kernels reach a third of the bandwidth. pytorch/torchtune, QLoRA beside LoRA of 8B
on an RTX 4090: 15.5; QwenLM/Qwen, 7B on an A100: 15–21."""
BACKWARD = 2 / 3
"""Of a step's arithmetic, the backward pass: what sums of gradients can hide behind."""
ALONE_SHARE = (0.0, 0.15, 0.5)
"""Of communication that could hide behind arithmetic, what does not. Assumed."""
HOST_MEMORY_GBS = (100.0, 200.0, 350.0)
"""Of a server's CPUs, for an optimizer that runs there: 28 bytes a parameter (two moments, master copy, gradient).
The 70B of pytorch/torchtune on 8 A100 with its optimizer on the host: 230."""
HOST_STEP_BYTES = 28.0
STEP_SHARE = 0.7
"""Of the memory bandwidth, what kernels reach that only read and write. Assumed."""
FP32 = (0.06, 0.3, 0.5)
"""Speed of 32-bit products for that of 16-bit ones: without tensor cores, and as TF32."""


class StepTime(NamedTuple):
    """A step of one micro-batch. `parts`: shares of the expected time; `flops`: of matrices and attention a token."""

    tokens_per_second: Range
    parts: tuple[tuple[str, float], ...]
    flops: tuple[float, float]
    tflops: float
    gpus: int


class Moved(NamedTuple):
    """Bytes each GPU sends in a micro-step: what can hide behind arithmetic, what cannot, what goes to the host."""

    hidden: float = 0.0
    open: float = 0.0
    host: float = 0.0


def flops_per_token(workload: Workload, setup: TrainingSetup) -> tuple[float, float]:
    """Floating-point operations a token: of matrices, and of attention, which grow with the length of the text.

    The input embedding is looked up, towers of pictures and sound rest; the head is not computed again."""
    shape, full = setup.shape, setup.method == "full"
    head = float(shape.vocab * shape.hidden)
    rest = _in(shape, TOWERS) + (0.0 if shape.tied else head)
    used = max(shape.active - rest, 0.0)
    share = _trained_share(workload, shape) if full else 1.0
    again = 2 * max(used - head, 0.0) * share if setup.kept.checkpointed else 0.0
    matrices = 2 * used + (4 if full else 2) * used * share + again
    matrices += 0.0 if full else 6 * setup.adapter_params
    matrices += 2 * used if setup.algorithm in TWO_MODELS else 0.0
    length = setup.tokens / (workload.batch or 1) / (2 if setup.algorithm in TWO_MODELS else 1)
    seen = sum(
        cache.layers * (min(length, cache.window) if cache.window else length)
        for cache in shape.caches
        if cache.kind in ("full", "window", "latent")
    )
    passes = 3 * share + (1 if setup.kept.checkpointed or setup.kept.selective else 0)
    return matrices, 2 * shape.query_width * seen * passes


def step_time(
    workload: Workload, setup: TrainingSetup, gpu: Gpu, gpus: int, *, reached: Range, of_a_machine: int
) -> StepTime:
    """Tokens a second of all GPUs at work, and what takes the time of a micro-step. `reached`: TFLOPS of products;
    `of_a_machine`: GPUs in each, between which messages are quicker."""
    matrices, attention = flops_per_token(workload, setup)
    group = min((workload.tensor_parallel or 1) * (workload.pipeline_parallel or 1), gpus)
    group *= min(workload.context_parallel or 1, max(gpus // group, 1))
    moved = _moved(workload, setup, gpus)
    together = int(setup.division.widths) if setup.division.kind == "parts" else gpus  # sums of activations
    link = link_between(gpu, together, of_a_machine).gbs
    speeds: list[float] = []
    shares: tuple[tuple[str, float], ...] = ()
    for i in (2, 1, 0):  # slowest first: the high of a time is the low of a rate
        products = _speed(workload, setup, reached, 2 - i)
        arithmetic = setup.tokens * (matrices + attention / ATTENTION[2 - i]) / (group * products)
        arithmetic += setup.tokens * _between(setup, gpu) / group
        launches = _launches(workload, setup, i)
        busy = max(arithmetic, launches)
        sent = moved.hidden / (link[2 - i] * 1e9)
        behind = busy * (1.0 if setup.division.gathers else BACKWARD)
        alone = max(sent - behind, 0.0) + ALONE_SHARE[i] * min(sent, behind)
        parts = {
            "arithmetic": arithmetic,
            "launches": busy - arithmetic,
            "unpacking": _unpacking(setup, gpu, i),
            "communication": alone + moved.open / (link[2 - i] * 1e9),
            "host": moved.host / (PCIE_GBS[2 - i] * 1e9),
            "optimizer": _optimizer(workload, setup, gpu, gpus, i),
        }
        whole = sum(parts.values()) / _filled(workload)
        speeds.append(gpus / group * setup.tokens / whole)
        if i == 1:
            busy_whole = sum(parts.values())
            shares = tuple((name, seconds / busy_whole) for name, seconds in parts.items() if seconds > 0)
    speed = _speed(workload, setup, reached, 1) / 1e12
    return StepTime(Range(*speeds), shares, (matrices, attention), speed, gpus)


def _speed(workload: Workload, setup: TrainingSetup, reached: Range, i: int) -> float:
    """FLOPS of a step's matrix products on one GPU."""
    share = (FUSED if _kernels(setup) == "fused" else EAGER)[i]
    share *= MIXTURE[i] if setup.shape.expert_params else 1.0
    share *= FP32[i] if (workload.precision or setup.engine.training.precision) == "fp32" else 1.0
    return reached[i] * 1e12 * share


def _between(setup: TrainingSetup, gpu: Gpu) -> float:
    """Seconds a token of what memory bandwidth bounds."""
    if not gpu.bandwidth_gbs:
        return 0.0
    shape = setup.shape
    wide = shape.moe_width if shape.expert_params else shape.intermediate
    passes = 4 if setup.kept.checkpointed else 3
    elements = passes * shape.layers * (12 * shape.hidden + 4 * wide) * BETWEEN[_kernels(setup)]
    return 2 * elements / (gpu.bandwidth_gbs * 1e9 * STEP_SHARE)


def _kernels(setup: TrainingSetup) -> str:
    return "fused" if setup.kept.compiled or not setup.engine.training.peft else "eager"


def _launches(workload: Workload, setup: TrainingSetup, i: int) -> float:
    kind = _kernels(setup)
    if kind == "eager" and setup.method != "full":
        kind = "adapters"
    gathers = setup.division.kind == "zero" and setup.division.gathers
    each = HOOKS[i] if gathers else LAUNCHES[kind][i]
    if kind != "fused" and setup.shape.expert_params and workload.model and workload.model.experts:
        each += workload.model.experts * EXPERTS["zero" if gathers else "eager"][i]
    return setup.shape.layers / (workload.pipeline_parallel or 1) * each / 1e3


def _unpacking(setup: TrainingSetup, gpu: Gpu, i: int) -> float:
    """Frozen weights of few bits are unpacked forward, again and backward."""
    if not setup.quantized or not gpu.bandwidth_gbs:
        return 0.0
    shape = setup.shape
    weights = max(shape.params - shape.embedding - _in(shape, TOWERS), 0.0)
    passes = 3 if setup.kept.checkpointed else 2
    return passes * weights * UNPACKING[i] / (gpu.bandwidth_gbs * 1e9)


def _moved(workload: Workload, setup: TrainingSetup, gpus: int) -> Moved:
    """What one micro-step sends. Copies sum their gradients once for all micro-steps of a step; FSDP and ZeRO-3 put
    weights together forward and backward and divide gradients, each time; tensor parallelism sums activations four
    times a layer (Shoeybi et al. 2019), six where they are computed again."""
    division, shape, accumulated = setup.division, setup.shape, workload.gradient_accumulation or 1
    full = setup.method == "full"
    trained = shape.params * setup.states.trained if full else setup.adapter_params
    around = (gpus - 1) / gpus
    gradients = trained * (setup.states.gradients or 2.0 if full else 4.0)
    width = (bits_of(setup.scheme) or 16) / 8 if not full else 2.0
    host = 2 * shape.params * width / gpus if division.weights_on_host else 0.0
    if gpus == 1:
        return Moved(host=host)
    if division.kind == "parts":
        tensor = division.widths
        times = 6 if setup.kept.checkpointed else 4
        summed = times * shape.layers * setup.tokens * shape.hidden * 2 * 2 * (tensor - 1) / tensor
        return Moved(open=summed, host=host)
    if division.gathers:
        return Moved(hidden=around * (2 * shape.params * width + gradients), host=host)
    if division.kind in ("zero", "fsdp") and division.gradients > 1:
        weights = shape.params * 2.0 * setup.states.trained if full else trained * 4.0
        return Moved(hidden=around * (gradients + weights / accumulated), host=host)
    return Moved(hidden=2 * around * gradients / accumulated, host=host)


def _optimizer(workload: Workload, setup: TrainingSetup, gpu: Gpu, gpus: int, i: int) -> float:
    """Seconds of the optimizer's step, spread over the micro-steps that add up to it."""
    if setup.method != "full" or not gpu.bandwidth_gbs:
        return 0.0
    states, trained = setup.states, setup.shape.params * setup.states.trained
    if setup.division.optimizer_on_host:
        seconds = trained * HOST_STEP_BYTES / (HOST_MEMORY_GBS[2 - i] * 1e9)
        seconds += trained * 4 / gpus / (PCIE_GBS[2 - i] * 1e9)
    else:
        touched = 2 * (states.weights + states.optimizer) + states.gradients
        touched *= trained / setup.division.optimizer
        seconds = touched / (gpu.bandwidth_gbs * 1e9 * STEP_SHARE)
    return seconds / (workload.gradient_accumulation or 1)


def _filled(workload: Workload) -> float:
    """Share of the time in which a pipeline's stages work: m ÷ (m + p − 1) of m micro-batches (Huang et al. 2019)."""
    stages, many = workload.pipeline_parallel or 1, workload.gradient_accumulation or 1
    return many / (many + stages - 1)


def _in(shape: Shape, parts: tuple[str, ...]) -> float:
    return float(sum(row.active for row in shape.weights if row.part in parts))


def _trained_share(workload: Workload, shape: Shape) -> float:
    return min(workload.trained_layers / shape.layers, 1.0) if workload.trained_layers else 1.0
