"""Shape: a text model's architecture, complete, whatever part of it the catalogue knows."""

from collections.abc import Mapping
from math import log
from typing import Any, NamedTuple

from gpuspec.catalog import Model
from gpuspec.sizing.memory import Unsized
from gpuspec.workload import Workload

LARGEST_PARAMS = 1e14
"""A hundred trillion: thirty times the largest model published; beyond it is a slip of the pen."""


class Shape(NamedTuple):
    """What memory arithmetic needs of a transformer. `params` and `active` are counts, not billions.

    `exact` is False where layers or widths were taken from the nearest dense model of that size. Fields with a
    default are those that `_with_attention` settles."""

    params: float
    active: float
    layers: int
    hidden: int
    intermediate: int
    heads: int
    kv_heads: int
    head_dim: int
    vocab: int
    tied: bool
    gated: bool = True
    """Three matrices in the MLP (SwiGLU) rather than two."""
    expert_params: float = 0.0
    moe_width: float = 0.0
    """MLP width one token passes through, all its experts together."""
    full_layers: int = 0
    window_layers: int = 0
    window: int = 0
    linear_layers: int = 0
    linear_state: float = 0.0
    """Elements of recurrent state per sequence and linear layer."""
    kv_width: float = 0.0
    """Cached elements per token and full-attention layer, K and V together."""
    window_kv_width: float = 0.0
    max_context: int | None = None
    native: str | None = None
    exact: bool = True
    cache_known: bool = True
    """False where attention is of a kind whose cache nobody has checked."""

    @property
    def query_width(self) -> int:
        """Width of all query heads together."""
        return self.heads * self.head_dim

    @property
    def embedding(self) -> float:
        """Parameters of input and output embeddings together."""
        return float(self.vocab * self.hidden * (1 if self.tied else 2))

    @property
    def largest_matrix(self) -> float:
        """Elements of the largest weight matrix of a layer (of one expert in a mixture)."""
        width = self.intermediate
        if self.expert_params:
            width = min(width, int(self.moe_width)) or int(self.moe_width)
        return float(self.hidden * max(width, self.query_width))


# Dense models whose shapes stand in for unknown ones of their size: (billions, layers, hidden,
# intermediate, heads, kv heads, head dim, tied). Source: their config.json on the hub. Vocabularies differ
# more between families than between sizes, so one stands for all.
_DENSE = (
    (0.494, 24, 896, 4864, 14, 2, 64, True),  # Qwen2.5-0.5B
    (1.236, 16, 2048, 8192, 32, 8, 64, True),  # Llama-3.2-1B
    (3.213, 28, 3072, 8192, 24, 8, 128, True),  # Llama-3.2-3B
    (8.03, 32, 4096, 14336, 32, 8, 128, False),  # Llama-3.1-8B
    (14.77, 48, 5120, 13824, 40, 8, 128, False),  # Qwen2.5-14B
    (32.763, 64, 5120, 27648, 40, 8, 128, False),  # Qwen2.5-32B
    (70.554, 80, 8192, 28672, 64, 8, 128, False),  # Llama-3.1-70B
    (122.61, 88, 12288, 28672, 96, 8, 128, False),  # Mistral-Large-2411
    (405.853, 126, 16384, 53248, 128, 8, 128, False),  # Llama-3.1-405B
)
_VOCABULARY = 128256


def shape_of(workload: Workload) -> Shape | Unsized:
    """The shape of the workload's text model.

    A model whose layers nobody knows takes them from the nearest dense model by parameters; one whose
    size is not known either is Unsized."""
    model = workload.model
    billions = workload.params_b or (model.params_b if model else None)
    if billions is None or billions <= 0:
        if model is None and workload.model_name is None:
            return Unsized("no model is named; say model.id, or model.params_b (billions)")
        name = workload.model_name or (model.id if model else "the model")
        return Unsized(f"the number of parameters of {name} is not known; give model.params_b (billions)")
    return _complete(model, billions * 1e9)


def _complete(model: Model | None, params: float) -> Shape:
    known: dict[str, Any] = model._asdict() if model else {}
    exact = all(known.get(k) for k in ("layers", "hidden", "kv_heads", "vocab"))
    exact = exact and bool(known.get("intermediate") or known.get("moe"))
    stand_in: tuple[Any, ...] = min(_DENSE, key=lambda row: abs(log(row[0] * 1e9 / params)))
    head_dim = known.get("head_dim") or stand_in[6]
    heads = known.get("heads") or known.get("kv_heads") or stand_in[4]
    hidden = known.get("hidden") or (
        heads * head_dim if known.get("heads") or known.get("kv_heads") else stand_in[2]
    )
    vocab = known.get("vocab") or _VOCABULARY
    tied = known["tied_embeddings"] if known.get("tied_embeddings") is not None else stand_in[7]
    kv_heads = known.get("kv_heads") or known.get("heads") or stand_in[5]
    moe: Mapping[str, Any] = known.get("moe") or {}
    ratio = 8 / 3 if not known.get("hidden") and kv_heads == heads else stand_in[3] / stand_in[2]
    intermediate = known.get("intermediate") or moe.get("moe_intermediate") or int(hidden * ratio)
    layers = known.get("layers")
    if not layers:
        blocks = params - vocab * hidden * (1 if tied else 2)
        per_layer = hidden * head_dim * (2 * heads + 2 * kv_heads) + 3 * hidden * intermediate
        layers = max(1, round(blocks / per_layer)) if known.get("kv_heads") else stand_in[1]
    active = (known.get("active_params_b") or 0) * 1e9 or params
    base = Shape(params, active, layers, hidden, intermediate, heads, kv_heads, head_dim, vocab, tied)
    return _with_attention(base, moe, known, exact)


def _with_attention(base: Shape, moe: Mapping[str, Any], known: Mapping[str, Any], exact: bool) -> Shape:
    attention: Mapping[str, Any] = known.get("attention") or {}
    linear = int(attention.get("linear_layers") or 0)
    window = int(attention.get("sliding_window") or attention.get("chunk") or 0)
    windowed = int(attention.get("swa_layers") or 0) if window else 0
    full = max(base.layers - linear - windowed, 0)
    width = 2.0 * base.kv_heads * base.head_dim
    full_width = width
    if attention.get("kv_lora_rank"):
        full_width = float(attention["kv_lora_rank"] + (attention.get("qk_rope_head_dim") or 64))
    elif attention.get("global_head_dim"):
        copies = 1 if attention.get("k_eq_v") else 2
        heads = attention.get("global_kv_heads") or base.kv_heads
        full_width = float(copies * heads * attention["global_head_dim"])
    key, value = attention.get("linear_key_head_dim") or 128, attention.get("linear_value_head_dim") or 128
    state = float((attention.get("linear_num_value_heads") or base.heads) * key * value) if linear else 0.0
    experts, expert_width = float(moe.get("experts") or 0), float(moe.get("moe_intermediate") or 0)
    routed = moe.get("experts_per_token") or 8
    chosen = routed + (moe.get("shared_experts") or 0)
    # What a token reads beside its experts is in none of them: DeepSeek's first layers are dense.
    beside = base.active - routed * 3 * base.hidden * expert_width * base.layers
    others = max(beside, 0.0) if base.active < base.params else 0.0
    expert_params = min(experts * 3 * base.hidden * expert_width * base.layers, base.params - others)
    return base._replace(
        gated=_is_gated(base) if not moe else True,
        expert_params=expert_params,
        moe_width=chosen * expert_width if experts else float(base.intermediate),
        full_layers=full,
        window_layers=windowed,
        window=window,
        linear_layers=linear,
        linear_state=state,
        kv_width=full_width,
        window_kv_width=width,
        max_context=known.get("max_context"),
        native=known.get("native_dtype"),
        exact=exact,
        cache_known="NOT verified" not in str(attention.get("note") or ""),
    )


def _is_gated(base: Shape) -> bool:
    """Whether three MLP matrices explain the parameter count better than two."""
    attention = base.hidden * base.head_dim * (2 * base.heads + 2 * base.kv_heads)
    rest = base.params - base.vocab * base.hidden * (1 if base.tied else 2) - base.layers * attention
    matrices = rest / (base.layers * base.hidden * base.intermediate)
    return matrices > 2.5
