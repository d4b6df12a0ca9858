"""What is not known of a model's widths, from the nearest dense model of its size."""

from math import log
from typing import Any

from gpuspec.catalog import Model
from gpuspec.named_tuple import NamedTuple

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


class Widths(NamedTuple):
    """Widths and counts of a model, none of them missing. `exact` is False where any was filled in that counts."""

    active: float
    layers: int
    hidden: int
    intermediate: int
    heads: int
    kv_heads: int
    head_dim: int
    vocab: int
    tied: bool
    exact: bool


def filled(model: Model | None, params: float) -> tuple[Widths, float, float]:
    """The widths of a model of so many parameters, with those that nobody knows; the parameters of all experts, and
    of those that one token passes through."""
    known: dict[str, Any] = model._asdict() if model else {}
    exact = bool(known.get("weights")) or all(known.get(k) for k in ("layers", "hidden", "kv_heads", "vocab"))
    exact = exact and bool(known.get("weights") or known.get("intermediate") or known.get("expert_width"))
    stand_in: tuple[Any, ...] = min(_DENSE, key=lambda row: abs(log(row[0] * 1e9 / params)))
    head_dim = known.get("head_dim") or stand_in[6]
    heads = known.get("heads") or known.get("kv_heads") or stand_in[4]
    hidden = known.get("hidden") or (
        heads * head_dim if known.get("heads") or known.get("kv_heads") else stand_in[2]
    )
    vocab = known.get("vocab") or _VOCABULARY
    tied = known["tied_embeddings"] if known.get("tied_embeddings") is not None else stand_in[7]
    kv_heads = known.get("kv_heads") or known.get("heads") or stand_in[5]
    ratio = 8 / 3 if not known.get("hidden") and kv_heads == heads else stand_in[3] / stand_in[2]
    intermediate = known.get("intermediate") or known.get("expert_width") or int(hidden * ratio)
    layers = known.get("layers")
    if not layers:
        blocks = params - vocab * hidden * (1 if tied else 2)
        per_layer = hidden * head_dim * (2 * heads + 2 * kv_heads) + 3 * hidden * intermediate
        layers = max(1, round(blocks / per_layer)) if known.get("kv_heads") else stand_in[1]
    active = (known.get("active_params_b") or 0) * 1e9 or params
    experts, chosen = _experts(known, params, active, layers * 3.0 * hidden)
    widths = Widths(active, layers, hidden, intermediate, heads, kv_heads, head_dim, vocab, tied, exact)
    return widths, experts, chosen


def _experts(known: dict[str, Any], params: float, active: float, matrices: float) -> tuple[float, float]:
    """(parameters of all experts, of those a token passes through); `matrices`: of experts of width one.

    What a token reads beside its experts is in none of them: DeepSeek's first layers are dense."""
    number, width = float(known.get("experts") or 0), float(known.get("expert_width") or 0)
    chosen = float(known.get("experts_used") or 8) * matrices * width
    others = max(active - chosen, 0.0) if active < params else 0.0
    experts = min(number * matrices * width, params - others)
    return experts, min(chosen, experts)
