"""LoRA adapters: which matrices carry them, how many parameters they have."""

from collections.abc import Iterable
from math import log

from gpuspec.sizing.shape import Shape

ATTENTION = ("q", "k", "v", "o")
MLP = ("gate", "up", "down")
ALL = (*ATTENTION, *MLP)
QUERY_VALUE = ("q", "v")

_SPELLINGS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("query_key_value", ("q", "k", "v")),
    ("c_attn", ("q", "k", "v")),
    ("qkv", ("q", "k", "v")),
    ("gate_up", ("gate", "up")),
    ("q_proj", ("q",)),
    ("k_proj", ("k",)),
    ("v_proj", ("v",)),
    ("o_proj", ("o",)),
    ("out_proj", ("o",)),
    ("gate_proj", ("gate",)),
    ("up_proj", ("up",)),
    ("down_proj", ("down",)),
    ("dense_h_to_4h", ("up",)),
    ("dense_4h_to_h", ("down",)),
    ("output_proj", ("o",)),
    ("w1", ("gate",)),
    ("w3", ("up",)),
    ("w2", ("down",)),
    ("fc1", ("up",)),
    ("fc2", ("down",)),
)
"""How models and trainers call these matrices, as PEFT's target_modules names them."""


def targets_of(said: str | None, default: str) -> tuple[str, ...]:
    """The matrices that carry adapters: of target_modules as they are written ("all", or names joined by commas),
    else those of the trainer ("all", or "qv" for query and value)."""
    text = (said or default).lower()
    if text == "qv":
        return QUERY_VALUE
    found = [
        target
        for name in text.replace(" ", ",").split(",")
        for target in next((held for word, held in _SPELLINGS if word in name), ())
    ]
    return tuple(name for name in ALL if name in found) or ALL


def sides(shape: Shape) -> dict[str, tuple[int, int]]:
    """(inputs, outputs) of each matrix of a layer that may carry an adapter. The experts of a mixture are no
    linear layers of their own and carry none."""
    query, key = shape.query_width, shape.kv_heads * shape.head_dim
    found = {
        "q": (shape.hidden, query),
        "k": (shape.hidden, key),
        "v": (shape.hidden, key),
        "o": (query, shape.hidden),
    }
    if not shape.expert_params:
        found["gate"] = (shape.hidden, shape.intermediate)
        found["up"] = (shape.hidden, shape.intermediate)
        found["down"] = (shape.intermediate, shape.hidden)
        if not shape.gated:
            del found["gate"]
    return found


def attention_layers(shape: Shape) -> int:
    """Layers that have attention: all but those of a hybrid that keep a state instead."""
    counted = sum(cache.layers for cache in shape.caches if cache.kind in ("full", "window", "latent"))
    return min(counted, shape.layers) or shape.layers


def adapter_params(shape: Shape, rank: int, targets: Iterable[str] = ALL) -> float:
    """Parameters of LoRA adapters: rank × (inputs + outputs) of every adapted matrix (Hu et al. 2021)."""
    found, attending = sides(shape), attention_layers(shape)
    layers = {name: attending if name in ATTENTION else shape.layers for name in found}
    return float(rank * sum(sum(found[name]) * layers[name] for name in set(targets) if name in found))


def targets_by_count(shape: Shape, rank: int, trainable: float) -> tuple[str, ...]:
    """The usual choice of matrices whose adapters have about so many parameters."""
    choices = (QUERY_VALUE, ATTENTION, MLP, ALL)
    sizes = [(each, adapter_params(shape, rank, each)) for each in choices]
    return min(sizes, key=lambda pair: abs(log(max(pair[1], 1.0) / max(trainable, 1.0))))[0]
