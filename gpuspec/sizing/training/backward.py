"""What training keeps of a forward pass for the backward one, counted operation by operation.

The counts are those of autograd's saved tensors. They were checked against transformers 5 on fake tensors: elements
per token and layer of Llama-3.2-3B, here and (all layers there, with the final norm, ÷ 28): pure bf16 65,536
(66,030), autocast over 32-bit weights 80,896 (81,502), adapters on query and value 51,200 (51,319), on all 71,680
(71,959)."""

from gpuspec.named_tuple import NamedTuple
from gpuspec.sizing.shape import Shape
from gpuspec.sizing.training.adapters import sides
from gpuspec.sizing.training.division import ALONE, Division

LOGIT_BYTES = {"plain": 12.0, "chunked": 2.5}
"""Bytes per token and word of the loss at its largest. Plain: log-probabilities in 32 bit, their gradient, that of
the logits (10 in the forward pass: 16-bit logits, a 32-bit copy, log-probabilities). Chunked: 16-bit logits of all
tokens, and what a compiled loss has beside them of one chunk of eight."""
LOGIT_RANGE = {"plain": (10.0, 16.0), "chunked": (2.0, 4.0)}
"""At least: the forward pass alone. At most: 16-bit logits are held until the step's end, and once more, shifted."""
FUSED_BYTES = 8.0
"""Bytes per token and element of the hidden size where the loss is fused with the output head: the gradient of its
input, and one chunk of logits, which Liger's kernel makes as large as the input."""
DROPOUT_MASK = 0.5
"""The mask that dropout keeps, one byte an element, in 16-bit elements."""


class Kept(NamedTuple):
    """How a run treats activations."""

    checkpointed: bool = True
    selective: bool = False
    """Only what is cheap is computed again: all of a layer but attention and its matrices' outputs is left out."""
    trained: bool = True
    """Weights are trained: norms and matrices keep their inputs for the gradient."""
    targets: tuple[str, ...] = ()
    """The matrices that carry adapters, of which each keeps its input."""
    casts: float = 1.0
    """16-bit elements of an adapter's copy of its input: 2 where adapters are in 32 bit and nothing casts (no
    autocast), 0 where they share the input (adapters in 16 bit)."""
    dropout: bool = False
    quantized: bool = False
    """The engine's quantized matrices keep their inputs, too (bitsandbytes until 0.43)."""
    wide: bool = False
    """What passes from layer to layer is in 32 bit."""
    attention: str = ""
    """What attention keeps beside query, key, value and output: "fused", "repeated" (Training.attention)."""
    compiled: bool = False
    """torch.compile recomputes norms and activation functions in the backward pass."""
    offloaded: bool = False
    """The inputs of layers wait on the host."""


def norms_of(shape: Shape) -> tuple[float, bool]:
    """How many norms as wide as the model a layer has (2; Gemma 4), and whether every head of queries and keys is
    normed. The parameters of a known architecture's norms tell; else two, and none."""
    counted = sum(row.parameters for row in shape.weights if row.part == "norms")
    each = (counted - shape.hidden) / shape.layers
    if not shape.sure or not shape.gated or each < 2 * shape.hidden:
        return 2.0, False
    whole = min(each // shape.hidden, 4.0)
    return whole, abs(each - whole * shape.hidden - 2 * shape.head_dim) < 1


def layer_elements(shape: Shape, kept: Kept, division: Division = ALONE) -> float:
    """16-bit elements a layer keeps per token when nothing of it is recomputed.

    Each norm (`norms_of`): its input in 32 bit, 2 h, and its output, h, where it is trained (2 h where that is in 32
    bit, too); LayerNorm, which is fused, and compiled norms keep the 16-bit input alone. Attention: query, key,
    value, output 2 q + 2 kv, with what `Kept.attention` says. MLP: gate, its activation, up 3 i (without a gate 1 i;
    compiled 2 i). Inputs of trained matrices: h for attention, h and i for the MLP; under autocast over 32-bit values
    each matrix that reads the same has a copy of its own, 5 h and i. Experts: what each of those chosen gives, h, and
    reads where it is trained. Inputs of adapters: see `_adapted`."""
    h = shape.hidden / division.hidden
    q, kv, i = _widths(shape, division)
    fused = kept.compiled or not shape.gated
    norm = (2.0 if kept.wide else 1.0) if fused else 2.0
    if kept.trained and not fused:
        norm += 2.0 if kept.wide else 1.0
    norms, on_heads = norms_of(shape)
    elements = norms * norm * h + 2 * (q + kv)
    elements += (1 if fused else 3 if kept.trained else 2) * (q + kv) if on_heads else 0.0
    elements += {"fused": q + kv, "repeated": 2 * (q - kv)}.get(kept.attention, 0.0)
    elements += (2 if kept.compiled else 3) * i if shape.gated else i
    if kept.trained:
        copies = 5 if shape.gated else 3
        elements += (copies if kept.wide and not kept.compiled else 2) * h + i
    elif kept.quantized:
        elements += 2 * h + i
    elements += shape.experts_used * h * (2 if kept.trained else 1)
    elements += _adapted(shape, kept, division)
    if kept.selective:
        return min(elements, 2 * h + 2 * (q + kv) + (2 if shape.gated else 1) * i)
    return elements


def _widths(shape: Shape, division: Division) -> tuple[float, float, float]:
    """Widths of queries, of keys, and of the MLP one token passes through, on one GPU."""
    width = shape.moe_width if shape.expert_params else float(shape.intermediate)
    key = max(shape.kv_heads * shape.head_dim / division.widths, float(shape.head_dim))
    return shape.query_width / division.widths, key, width / division.widths


_READS = {"q": "attention", "k": "attention", "v": "attention", "gate": "mlp", "up": "mlp", "down": "down"}
"""What each matrix reads; of attention's output, which "o" reads, a copy is kept anyway."""


def _adapted(shape: Shape, kept: Kept, division: Division) -> float:
    """What adapters keep of their inputs. PEFT casts the input for each adapter anew; adapters in 16 bit share it
    among the matrices that read the same. Dropout gives each its own copy, and a mask."""
    if kept.compiled:  # the partitioner computes norms and activation functions again
        return 0.0
    inputs = {name: side[0] for name, side in sides(shape).items() if name in kept.targets}
    if kept.dropout:
        return sum(inputs.values()) * (max(kept.casts, 1.0) + DROPOUT_MASK) / division.hidden
    if kept.casts:
        return sum(inputs.values()) * kept.casts / division.hidden
    if kept.quantized:
        return 0.0
    shared = {_READS[name]: width for name, width in inputs.items() if name in _READS}
    return sum(shared.values()) / division.hidden


class Activations(NamedTuple):
    """Bytes: `all` that is kept when the loss begins, which then makes room for gradients; `backward`: the most while
    these are worked out. `why` and `why_backward` are the arithmetic of each."""

    all: float
    backward: float
    why: str
    why_backward: str


def activations(shape: Shape, tokens: float, kept: Kept, division: Division) -> Activations:
    """Bytes of activations and the arithmetic. With checkpointing only each layer's input stays (on the host if
    offloaded), and one layer at a time is computed again; gradients of its widest point, 3 i + 4 h, come beside."""
    tokens = tokens / division.tokens
    inner = layer_elements(shape, kept, division)
    h = shape.hidden / division.hidden
    widest = 3 * _widths(shape, division)[2] + 4 * h
    passing = 2.0 * tokens * widest
    layers = shape.layers / division.inputs
    if kept.checkpointed:
        each = 2 if kept.wide else 1
        stored = 2.0 if kept.offloaded else layers
        inputs = 2.0 * tokens * each * stored * h
        one = 2.0 * tokens * inner
        said, kept_inputs = f"{tokens:,.0f} tokens × 2 bytes × ", f"{stored:g} × {each * h:,.0f}"
        again = f"{said}({kept_inputs} + {inner:,.0f} of one layer + {widest:,.0f} of its gradients)"
        return Activations(inputs, inputs + one + passing, f"{said}{kept_inputs} of inputs", again)
    size = 2.0 * tokens * layers * inner
    said, all_layers = f"{tokens:,.0f} tokens × 2 bytes × ", f"{layers:g} layers × {inner:,.0f}"
    again = f"{said}({all_layers} + {widest:,.0f} of one layer's gradients)"
    return Activations(size, size + passing, said + all_layers, again)


def logits(shape: Shape, tokens: float, loss: str, division: Division) -> tuple[float, float, float, str]:
    """(low, expected, high) bytes of the loss, which is "plain", "chunked" or "fused", and the arithmetic."""
    tokens = tokens / division.tokens
    if loss == "fused":
        size = FUSED_BYTES * tokens * shape.hidden
        return (
            0.5 * size,
            size,
            2 * size,
            f"{tokens:,.0f} tokens × {shape.hidden:,} × {FUSED_BYTES:g} bytes, fused",
        )
    words = shape.vocab / division.widths
    low, high = LOGIT_RANGE[loss]
    each = LOGIT_BYTES[loss]
    why = f"{tokens:,.0f} tokens × {words:,.0f} words × {each:g} bytes"
    return low * tokens * words, each * tokens * words, high * tokens * words, why
