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
_MIXTURES = (
    (6.919, 1.282, 16, 2048, 1024, 16, 16, 128, 8),  # OLMoE-1B-7B
    (20.915, 3.61, 24, 2880, 2880, 64, 8, 64, 4),  # gpt-oss-20b
    (30.532, 3.353, 48, 2048, 768, 32, 4, 128, 8),  # Qwen3-30B-A3B
    (110.468, 13.357, 46, 4096, 1408, 96, 8, 128, 8),  # GLM-4.5-Air
    (116.829, 5.132, 36, 2880, 2880, 64, 8, 64, 4),  # gpt-oss-120b
    (235.094, 22.191, 94, 4096, 1536, 64, 4, 128, 8),  # Qwen3-235B-A22B
    (480.155, 35.433, 62, 6144, 2560, 96, 8, 128, 8),  # Qwen3-Coder-480B-A35B
)
"""The same of mixtures of experts: (billions, active, layers, hidden, width of an expert, heads, kv heads, head dim,
experts of a token)."""


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


def mixture(billions: float, active: float) -> Model:
    """A mixture of experts of which its name alone is known ("35B-A3B"), in the shape of the nearest: as many experts
    as make up its parameters."""
    row = min(_MIXTURES, key=lambda row: abs(log(row[0] / billions)) + abs(log(row[1] / active)))
    _, _, layers, hidden, width, heads, kv_heads, head_dim, used = row
    each = 3.0 * layers * hidden * width / 1e9
    return Model(
        "",
        params_b=billions,
        active_params_b=active,
        layers=layers,
        hidden=hidden,
        heads=heads,
        kv_heads=kv_heads,
        head_dim=head_dim,
        vocab=_VOCABULARY,
        tied_embeddings=False,
        experts=max(round((billions - max(active - used * each, 0.0)) / each), used),
        experts_used=used,
        expert_width=width,
    )


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
