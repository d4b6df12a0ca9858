"""The layers of encoders: what vision and audio towers repeat, and how they are put into a model."""

from __future__ import annotations

from collections.abc import Iterable

from gpuspec.architectures.config import MOST_LAYERS, ModelConfig, Unsaid
from gpuspec.architectures.parts import Weight
from gpuspec.architectures.pieces import linear, norm, vector
from gpuspec.named_tuple import NamedTuple

PLAIN = ("mlp.fc1", "mlp.fc2")
GATED = ("mlp.gate_proj", "mlp.up_proj", "mlp.down_proj")
O_PROJ = ("q_proj", "k_proj", "v_proj", "o_proj")
"""Projections of attention, where the last is not `out_proj`."""


class Measures(NamedTuple):
    """The sizes that every encoder has, under the names its config gives them."""

    layers: int
    width: int
    inner: int
    heads: int
    head_dim: int


def measures(c: ModelConfig, layers: int | None = None) -> Measures:
    """The sizes of an encoder. Beside `embed_dim`, `hidden_size` is the width of what it hands on (Qwen2-VL).
    `layers`: where its config need not say how many."""
    layers = layers or c.size(
        "vt_num_hidden_layers", "num_hidden_layers", "depth", "encoder_layers", "num_layers", "layers"
    )
    if layers > MOST_LAYERS:
        raise Unsaid(f"its config says {layers:,} layers of an encoder")
    width = c.size("vt_hidden_size", "embed_dim", "hidden_size", "d_model", "hidden_dim", "width")
    inner = c.count("vt_intermediate_size", "intermediate_size", "encoder_ffn_dim", "mlp_dim", "d_ff")
    heads = c.size(
        "vt_num_attention_heads", "num_attention_heads", "num_heads", "encoder_attention_heads", "attention_heads",
        "heads", default=1,
    )  # fmt: skip
    return Measures(
        layers,
        width,
        inner or int(width * c.number("mlp_ratio", 4.0)),
        heads,
        c.count("head_dim") or max(width // heads, 1),
    )


def blocks(
    m: Measures,
    *,
    at: str = "encoder.layers.*",
    number: int | None = None,
    attention: str = "self_attn.",
    names: tuple[str, ...] = ("q_proj", "k_proj", "v_proj", "out_proj"),
    query: int | None = None,
    keys: int | None = None,
    bias: bool = True,
    key_bias: bool | None = None,
    out_bias: bool | None = None,
    mlp: tuple[str, ...] = PLAIN,
    mlp_bias: bool = True,
    down_bias: bool | None = None,
    norms: int = 2,
    norm_bias: bool = True,
    qk_norm: int = 0,
    others: int = 0,
) -> tuple[Weight, ...]:
    """The layers of an encoder: attention, a feed-forward block, norms.

    `names`: of the projections; two of them: query, key and value are one matrix. `query`, `keys`: width of the
    queries and of the keys, where that is not the model's. `mlp`: two matrices, or three with a gate. `qk_norm`:
    elements of the norms of queries and keys; `others`: of scales and gates."""
    wide, inner = m.width, m.inner
    query = query or wide
    keys = keys or query
    out_biased = bias if out_bias is None else out_bias
    found: list[Weight] = []
    if len(names) == 2:
        found.append(linear(attention + names[0], "", wide, query + 2 * keys, bias=bias))
    else:
        found.append(linear(attention + names[0], "", wide, query, bias=bias))
        found.append(
            linear(attention + names[1], "", wide, keys, bias=bias if key_bias is None else key_bias)
        )
        found.append(linear(attention + names[2], "", wide, keys, bias=bias))
    found.append(linear(attention + names[-1], "", query, wide, bias=out_biased))
    found += [linear(name, "", wide, inner, bias=mlp_bias) for name in mlp[:-1]]
    found.append(linear(mlp[-1], "", inner, wide, bias=mlp_bias if down_bias is None else down_bias))
    found += [norm(f"norm{each + 1}", wide, bias=norm_bias) for each in range(norms)]
    if qk_norm:
        found.append(vector(f"{attention}qk_norm", "", qk_norm))
    if others:
        found.append(vector("scale", "", others))
    return within(at, found, times=m.layers if number is None else number)


def within(at: str, weights: Iterable[Weight], times: int = 1) -> tuple[Weight, ...]:
    """The same weights inside a module, which is there `times` times."""
    return tuple(
        weight._replace(module=f"{at}.{weight.module}", copies=weight.copies * times)
        for weight in weights
        if times
    )


def chain(names: str, *widths: int, bias: bool = True) -> tuple[Weight, ...]:
    """Linear layers one after the other: "linear_1 linear_2" from the first width to the last."""
    return tuple(
        linear(name, "", wide, next_wide, bias=bias)
        for name, wide, next_wide in zip(names.split(), widths[:-1], widths[1:], strict=True)
    )


def kernel(module: str, inputs: int, outputs: int, size: int, *, bias: bool = True) -> Weight:
    """A convolution of `size` positions; no linear layer, so quantizers leave it alone."""
    return Weight(module, "", inputs * size, outputs, bias=outputs if bias else 0, linear=False)


def table(module: str, rows: int, width: int) -> Weight:
    """An embedding, of positions mostly."""
    return Weight(module, "", width, rows, linear=False)


def placed(at: str, part: str, weights: Iterable[Weight]) -> tuple[Weight, ...]:
    """The weights at their place in the model. A token of text passes through none of them."""
    return tuple(
        weight._replace(module=f"{at}.{weight.module}" if at else weight.module, part=part, used=0)
        for weight in weights
    )


def side(c: ModelConfig, name: str) -> int:
    """One side of an image or a patch: configs say a number, or height and width."""
    both = c.numbers(name)
    return max(both[0], 1) if both else c.size(name)


def area(c: ModelConfig, name: str) -> int:
    """Height times width."""
    both = c.numbers(name)
    return max(both[0] * both[-1], 1) if both else c.size(name) ** 2


def patches(c: ModelConfig) -> int:
    """Patches of the image that the positions were learnt for."""
    return max(side(c, "image_size") // side(c, "patch_size"), 1) ** 2


def pixels(c: ModelConfig) -> int:
    """Numbers in one patch."""
    return area(c, "patch_size") * c.size("num_channels", "in_channels", "in_chans", default=3)


def halved(bands: int, times: int) -> int:
    """Bands of frequency behind so many convolutions that each halve them, rounded up."""
    for _ in range(times):
        bands = (bands + 1) // 2
    return bands
