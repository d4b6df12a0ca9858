"""Recurrent decoders: RecurrentGemma, RWKV, xLSTM."""

from __future__ import annotations

from collections.abc import Mapping

from gpuspec.architectures.config import ModelConfig, Unsaid
from gpuspec.architectures.decoder import Reader, decoder
from gpuspec.architectures.mixers import state
from gpuspec.architectures.parts import Architecture, Layer, Weight
from gpuspec.architectures.pieces import attention, feed_forward, gated_mlp, kv_cache, linear, norm, vector


def _recurrent_gemma(c: ModelConfig) -> Architecture:
    """Griffin (arXiv 2402.19427): two gated linear recurrences, then attention over a window."""
    width, kernel = c.size("lru_width", default=c.hidden), c.size("conv1d_width")
    heads, hidden = c.heads, c.hidden
    at = "temporal_block"
    gates = heads * (width // heads) ** 2
    recurrent = (
        linear(f"{at}.linear_y", "mixer", hidden, width, bias=True),
        linear(f"{at}.linear_x", "mixer", hidden, width, bias=True),
        linear(f"{at}.linear_out", "mixer", width, hidden, bias=True),
        vector(f"{at}.conv_1d", "mixer", width * (kernel + 1)),
        vector(f"{at}.rg_lru", "mixer", 2 * (gates + width) + width),
    )
    states = (state(width * (kernel - 1), heads=width), state(width, bits=32, heads=width))
    around = (
        *gated_mlp(c, max(c.intermediate // 2, 1), bias=True, at="mlp_block"),
        norm("temporal_pre_norm", hidden),
        norm("channel_pre_norm", hidden),
    )
    attends = attention(c, bias=c.flag("attention_bias"), out_bias=True, at=at)
    windowed = Layer((*attends, *around), (kv_cache(c, window=c.size("attention_window_size")),))
    mixes = Layer((*recurrent, *around), states)
    blocks = c.texts("block_types")
    if not blocks:
        raise Unsaid("its config does not say block_types")
    kinds = [blocks[index % len(blocks)] for index in range(c.layers)]
    return decoder(c, [windowed if kind == "attention" else mixes for kind in kinds])


def _rwkv(c: ModelConfig) -> Architecture:
    """RWKV-4 (arXiv 2305.13048). Its state: the last input of each block, and three sums in 32 bits."""
    inner, hidden = c.size("attention_hidden_size", default=c.hidden), c.hidden
    width = c.size("intermediate_size", default=4 * hidden)
    weights = (
        *(linear(f"attention.{name}", "mixer", hidden, inner) for name in ("key", "value", "receptance")),
        linear("attention.output", "mixer", inner, hidden),
        vector("attention.time", "mixer", 2 * inner + 3 * hidden),
        linear("feed_forward.key", "mlp", hidden, width),
        linear("feed_forward.receptance", "mlp", hidden, hidden),
        linear("feed_forward.value", "mlp", width, hidden),
        vector("feed_forward.time", "mlp", 2 * hidden),
        norm("ln1", hidden, bias=True),
        norm("ln2", hidden, bias=True),
    )
    caches = (state(2 * hidden), state(3 * inner, bits=32))
    first = norm("rwkv.blocks.0.pre_ln", hidden, bias=True)
    return decoder(c, [Layer(weights, caches)] * c.layers, outside=[first], norm_bias=True)


def _low_rank(c: ModelConfig, names: tuple[str, ...], factor: float, power: float) -> int:
    """A rank of RWKV-7, as the config says it or as its training code sets it: to the next 32."""
    if any(c.raw(name) is not None for name in names):
        return c.size(*names)
    scaled: float = factor * c.hidden**power
    return max(32, round(scaled / 32) * 32)


def _rwkv7(c: ModelConfig) -> Architecture:
    """RWKV-7 (arXiv 2503.14456): a generalised delta rule. Its state: two inputs and a matrix for each head.

    Sources: llama.cpp src/models/rwkv7.cpp; ranks: flash-linear-attention `RWKV7Config`."""
    hidden, layers = c.hidden, c.layers
    width = c.size("intermediate_size", default=round(hidden * 4))
    head = c.size("head_dim", "head_size", default=64)
    ranks = {
        "w": _low_rank(c, ("decay_low_rank_dim",), 1.8, 0.5),
        "a": _low_rank(c, ("a_low_rank_dim",), 1.8, 0.5),
        "v": _low_rank(c, ("v_low_rank_dim",), 1.3, 0.5),
        "g": _low_rank(c, ("gate_low_rank_dim",), 0.6, 0.8),
    }
    biases = {"w": True, "a": True, "v": True, "g": False}

    def layer(names: str) -> Layer:
        weights: list[Weight] = [
            linear(f"attn.{name}_proj", "mixer", hidden, hidden) for name in ("r", "k", "v", "o")
        ]
        for name in names:
            weights.append(linear(f"attn.{name}_lora.lora.0", "mixer", hidden, ranks[name]))
            weights.append(
                linear(f"attn.{name}_lora.lora.2", "mixer", ranks[name], hidden, bias=biases[name])
            )
        weights += [
            vector("attn.x", "mixer", 6 * hidden),
            vector("attn.k_k", "mixer", 3 * hidden),  # and k_a, r_k
            norm("attn.g_norm", hidden, bias=True),
            vector("ffn.x_k", "mlp", hidden),
            linear("ffn.key", "mlp", hidden, width),
            linear("ffn.value", "mlp", width, hidden),
            norm("attn_norm", hidden, bias=True),
            norm("ffn_norm", hidden, bias=True),
        ]
        return Layer(tuple(weights), (state(2 * hidden), state(hidden * head, bits=32, heads=hidden // head)))

    first, other = layer("wag"), layer("wavg")  # the first layer's values are what the others mix with
    before = norm("model.layers.0.pre_norm", hidden, bias=True)
    return decoder(c, [first, *[other] * (layers - 1)], outside=[before], norm_bias=True)


def _xlstm(c: ModelConfig) -> Architecture:
    """xLSTM 7B (arXiv 2503.13427): a matrix memory a head, with its sums, in the dtype that the config names."""
    heads, hidden = c.heads, c.size("hidden_size", "embedding_dim")
    keys, values = (
        -(-int(hidden * c.number(name, usual)) // 64) * 64
        for name, usual in (("qk_dim_factor", 0.5), ("v_dim_factor", 1.0))
    )
    step = c.size("ffn_round_up_to_multiple_of", default=64)
    inner = -(-int(hidden * c.number("ffn_proj_factor", 2.667)) // step) * step
    bias = c.flag("use_bias")
    at = "mlstm_layer"
    weights = (
        linear(f"{at}.q", "mixer", hidden, keys, bias=bias),
        linear(f"{at}.k", "mixer", hidden, keys, bias=bias),
        linear(f"{at}.v", "mixer", hidden, values, bias=bias),
        linear(f"{at}.ogate_preact", "mixer", hidden, values, bias=bias),
        linear(f"{at}.igate_preact", "mixer", hidden, heads, bias=True),
        linear(f"{at}.fgate_preact", "mixer", hidden, heads, bias=True),
        norm(f"{at}.multihead_norm", values, bias=bias),
        linear(f"{at}.out_proj", "mixer", values, hidden, bias=bias),
        *feed_forward(
            c, inner, outer=hidden, bias=bias, at="ffn", names=("proj_up_gate", "proj_up", "proj_down")
        ),
        norm("norm_mlstm", hidden, bias=bias),
        norm("norm_ffn", hidden, bias=bias),
    )
    memory = keys * (values // heads) + keys + heads  # of each head: a matrix, a vector, a number
    layer = Layer(weights, (state(memory, bits=32, heads=heads),))
    return decoder(c, [layer] * c.layers, final_norm=c.flag("add_out_norm", default=True))


TYPES: Mapping[str, Reader] = {
    "recurrent_gemma": _recurrent_gemma,
    "rwkv": _rwkv,
    "rwkv7": _rwkv7,
    "xlstm": _xlstm,
}
