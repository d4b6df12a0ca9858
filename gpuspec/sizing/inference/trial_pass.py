"""A server's trial pass: dummy inputs of the most tokens and sequences, before it sets aside its cache."""

from gpuspec.named_tuple import NamedTuple
from gpuspec.sizing.inference.pictures import seeing
from gpuspec.sizing.inference.setup import Answering, encodes, tensor_of
from gpuspec.sizing.memory import Part
from gpuspec.sizing.weights import GIB


class Batch(NamedTuple):
    """The most that goes through at once: tokens of prompts, and sequences that get a next token."""

    tokens: int
    sequences: int


def batch_of(at: Answering) -> Batch:
    """As flags say, else as the engine does by default on this GPU (vLLM's EngineArgs, `get_batch_defaults`)."""
    workload, defaults = at.workload, at.defaults
    longest = workload.context or at.shape.max_context or at.request.context
    given = workload.concurrency if workload.origin("concurrency").kind in ("command", "file") else None
    sequences = given or defaults.batch or at.request.sequences
    if workload.max_batched_tokens:
        return Batch(workload.max_batched_tokens, min(sequences, workload.max_batched_tokens))
    tokens = defaults.chunk or longest
    if workload.task == "batch":
        tokens = defaults.offline_chunk or tokens
    if longest <= defaults.whole_up_to:
        return Batch(max(longest, 2048), sequences)
    tokens = min(tokens, max(sequences * longest, 1))
    return Batch(tokens, min(sequences, tokens))


def forward(at: Answering, tokens: int) -> float:
    """Bytes at the widest point of a layer on one GPU when `tokens` go through together (16 bit).

    Tensor parallelism divides what is as wide as the MLP or the heads; residual, normed input and output are whole on
    each GPU. A mixture holds two buffers with a row for each token and each expert chosen for it (vLLM fused_moe.py,
    `fused_experts_impl`: intermediate_cache13 and intermediate_cache2); with expert parallelism these are not cut."""
    shape, model, tensor = at.shape, at.workload.model, tensor_of(at.workload, at.gpus)
    beside = 3 * shape.hidden
    attention = (2 * shape.query_width + _kv_width(at)) / tensor
    wide = (3 if shape.gated else 2) * shape.intermediate / tensor
    if shape.expert_params and model and model.expert_width:
        width = model.expert_width / (1 if at.workload.expert_parallel else tensor)
        wide = shape.experts_used * (max(2 * width, shape.hidden) + width)
    return 2.0 * tokens * (beside + max(attention, wide))


def _kv_width(at: Answering) -> float:
    return max((cache.width for cache in at.shape.caches), default=0)


def sampling(at: Answering, batch: Batch) -> float:
    """Bytes while the sampler picks a token for each sequence, on one GPU: the logits are gathered, so that each has
    them whole. Hidden states of the forward pass lie beside, those of the last tokens twice."""
    of_words = at.defaults.sampler * at.shape.vocab * batch.sequences
    return of_words + 2.0 * at.shape.hidden * (batch.tokens + 2 * batch.sequences)


def activation_part(at: Answering) -> Part:
    """The most that the trial pass takes beside the weights, on one GPU: first the encoder of pictures, then the
    forward pass, then the sampler."""
    shape, batch = at.shape, batch_of(at)
    through = forward(at, batch.tokens)
    width = through / max(2 * batch.tokens, 1)
    why = f"{batch.tokens:,} tokens × {width:,.0f} elements at the widest point of a layer × 2 bytes"
    size = through
    if at.defaults.sampler and not encodes(at.workload):
        sampled = sampling(at, batch)
        if sampled > through:
            size = sampled
            each = f"{at.defaults.sampler:g} bytes while sampling"
            states = f"{batch.tokens + 2 * batch.sequences:,} hidden states × {shape.hidden:,} × 2 bytes"
            why = f"{batch.sequences:,} sequences × {shape.vocab:,} words × {each}, {states}"
    elif not encodes(at.workload):
        size += 6.0 * shape.vocab * at.request.sequences
    low, high = (0.85, 1.15) if size > through else (0.6, 1.5)
    least, most = low * size, high * size
    if seen := seeing(at, batch.tokens):
        least, most = max(least, seen.low), max(most + seen.most_kept, seen.high)
        why += f", {batch.tokens:,} tokens of pictures × {shape.hidden:,} × 2 bytes"
        size += seen.kept
        if seen.expected > size:
            size, why = seen.expected, f"pictures of {batch.tokens:,} tokens through their encoder"
    return Part("activations", least / GIB, size / GIB, most / GIB, why)
