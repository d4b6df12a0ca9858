"""Decoders that run some layers more than once: the weights are there once, the cache once for each pass.

Sources: transformers 5.24.0 (DoryConfig, HrmTextConfig and their models, September 2026); caches as vLLM 0.33.0's
dory.py and hrm_text.py have them."""

from __future__ import annotations

from collections.abc import Mapping

from gpuspec.architectures.config import MOST_LAYERS, ModelConfig, Unsaid
from gpuspec.architectures.decoder import Reader, decoder
from gpuspec.architectures.families.llama_like import LlamaLike, everything, output_gate
from gpuspec.architectures.parts import Architecture, Layer, Weight
from gpuspec.architectures.pieces import attention, gated_mlp, kv_cache, vector


def _passes(number: int) -> int:
    if number > MOST_LAYERS:
        raise Unsaid(f"its config runs layers {number:,} times")
    return number


def _dory_sizes(c: ModelConfig) -> tuple[int, int, int]:
    """(layers, those before the loop, those after it). Released configs count attention and feed-forward block
    apart, so that everything is there twice; so do the defaults."""
    kinds = c.texts("layer_types")
    pairs = "mlp" in kinds or not (kinds or c.says("num_hidden_layers"))

    def halved(name: str, number: int) -> int:
        return number // 2 if pairs or not c.says(name) else number

    layers = max(halved("num_hidden_layers", c.layers), 1)
    before = halved("n_input_layers", c.count("n_input_layers"))
    return layers, before, halved("n_output_layers", c.count("n_output_layers"))


def _dory(c: ModelConfig) -> Architecture:
    """Dory: a normalised transformer (nGPT, arXiv 2410.01131) without norms' weights but with learned scales."""
    number, before, after = _dory_sizes(c)
    kinds = [kind for kind in c.texts("layer_types") if kind != "mlp"]
    if len(kinds) < number:
        kinds = ["full" if (index + 1) % 4 == 0 else "sliding" for index in range(number)]
    width = c.heads * c.head_dim
    weights = (
        *attention(c, bias=c.flag("attention_bias")),
        *output_gate(c),
        *gated_mlp(c, bias=c.flag("mlp_bias")),
        *(vector(f"self_attn.{name}", "attention", width) for name in ("sqk", "s_gate")),
        *(vector(f"mlp.{name}", "mlp", c.intermediate) for name in ("suv_gate", "suv_up")),
        *(vector(name, "norms", c.hidden) for name in ("lambda_1", "lambda_2")),
    )
    loops = _passes(c.size("n_recurrent_loops", default=1))
    if c.text("recurrent_kv_cache_mode") == "last_loop":
        loops = 1
    layers = []
    for index in range(number):
        cache = kv_cache(c, window=c.window if "sliding" in kinds[index] else 0)
        looped = before <= index < number - after
        layers.append(Layer(weights, (cache._replace(layers=loops if looped else 1),)))
    scale = vector("lm_head.logit_scale", "head", c.vocabulary)
    return decoder(c, layers, outside=(scale,), final_norm=False)


def _hrm_text(c: ModelConfig) -> Architecture:
    """HRM-Text: a slow and a fast stack. The fast one runs `L_cycles` times for each of the `H_cycles` of the slow
    one. transformers writes the passes of all layers as `num_hidden_layers`, checkpoints before it one stack's."""
    slow, fast = _passes(c.size("H_cycles")), _passes(c.size("L_cycles"))
    stack = c.count("num_layers_per_stack") or c.layers
    if not c.says("num_layers_per_stack", "num_hidden_layers"):
        stack = max(c.layers // (slow * (fast + 1)), 1)
    if stack > MOST_LAYERS:
        raise Unsaid(f"its config says {stack:,} layers")
    weights: tuple[Weight, ...] = (
        *attention(c, bias=c.flag("attention_bias")),
        *output_gate(c),
        *gated_mlp(c, bias=c.flag("mlp_bias")),
    )
    cache = kv_cache(c)
    layers = [Layer(weights, (cache._replace(layers=slow * fast),))] * stack
    layers += [Layer(weights, (cache._replace(layers=slow),))] * stack
    start = vector("z_L_init", "embedding", c.hidden)
    return decoder(c, layers, outside=(start,), final_norm=False)


def _iquest_loop(c: ModelConfig) -> Architecture:
    """IQuest-Coder Loop: all layers twice. The later pass sees what the first remembers, and a window of its own;
    a gate for each head weighs the two. Source: vLLM 0.33.0's iquest_loopcoder.py."""
    found = LlamaLike(window=everything, untied=True).read(c)
    again = _passes(c.size("loop_num", default=2)) - 1
    gate = Weight("gate_projection", "attention", c.head_dim, c.heads, bias=c.heads, linear=False)
    own = kv_cache(c)
    window = own._replace(kind="window", window=c.size("loop_window_size", default=64), layers=again)
    layers = [Layer((*layer.weights, gate), (own, window)[: 2 if again else 1]) for layer in found.layers]
    return found._replace(layers=tuple(layers))


TYPES: Mapping[str, Reader] = {
    "dory": _dory,
    "hrm_text": _hrm_text,
    "iquestloopcoder": _iquest_loop,
}
