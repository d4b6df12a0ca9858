"""Swin towers: attention inside windows, in stages. Between two stages four neighbours become one, twice as wide.

Source: the classes of transformers 5.24.0, `models/{swin,donut}/modeling_*.py`, whose parameters they were compared
with."""

from __future__ import annotations

from collections.abc import Mapping

from gpuspec.architectures.config import ModelConfig, Unsaid
from gpuspec.architectures.parts import Weight
from gpuspec.architectures.pieces import linear, norm
from gpuspec.architectures.towers.blocks import (
    Measures,
    blocks,
    kernel,
    patches,
    pixels,
    side,
    table,
    within,
)
from gpuspec.architectures.towers.vision import Tower

MOST_STAGES = 10


def _stages(c: ModelConfig) -> tuple[int, ...]:
    depths = c.numbers("depths")
    if not 0 < len(depths) <= MOST_STAGES:
        raise Unsaid("its config does not say the depths of its vision tower")
    return tuple(depths)


def swin_width(c: ModelConfig) -> int:
    """The width of what the last stage hands on."""
    return int(c.size("embed_dim") * 2 ** (len(_stages(c)) - 1))


def swin_patches(c: ModelConfig) -> int:
    """How many entries it hands on: patches of the image, four of which become one after each stage but the last."""
    both = c.numbers("image_size") or (c.size("image_size"),)
    step = side(c, "patch_size") * 2 ** (len(_stages(c)) - 1)
    return int(max(both[0] // step, 1) * max(both[-1] // step, 1))


def swin(*, first: bool, last_norm: bool) -> Tower:
    """A reader of Swin towers. `first`: learnt positions, where there are any, have one more in front; `last_norm`:
    whether a norm stands behind the last stage."""

    def read(c: ModelConfig) -> tuple[Weight, ...]:
        stages, wide = _stages(c), c.size("embed_dim")
        heads, window = c.numbers("num_heads"), side(c, "window_size")
        if len(heads) != len(stages):
            raise Unsaid("its config does not say the heads of its vision tower")
        found = [
            kernel("embeddings.patch_embeddings.projection", pixels(c), wide, 1),
            norm("embeddings.norm", wide, bias=True),
        ]
        if c.flag("use_absolute_embeddings"):
            found.append(table("embeddings.position_embeddings", patches(c) + first, wide))
        for stage, (depth, number) in enumerate(zip(stages, heads, strict=True)):
            at = f"encoder.layers.{stage}"
            m = Measures(depth, wide, int(wide * c.number("mlp_ratio", 4.0)), number, wide // max(number, 1))
            found += blocks(m, at=f"{at}.blocks.*", bias=c.flag("qkv_bias", default=True), out_bias=True)
            bias = table("self_attn.relative_position_bias_table", (2 * window - 1) ** 2, number)
            found += within(f"{at}.blocks.*", [bias], depth)
            if stage < len(stages) - 1:
                joined = (
                    linear("reduction", "", 4 * wide, 2 * wide),
                    norm("norm", 4 * wide, bias=True),
                )
                found += within(f"{at}.downsample", joined)
                wide *= 2
        if last_norm:
            found.append(norm("layernorm", wide, bias=True))
        return tuple(found)

    return read


TOWERS: Mapping[str, Tower] = {
    "swin": swin(first=False, last_norm=True),
    "donut-swin": swin(first=True, last_norm=False),
}
"""`model_type` of a tower's config → what reads it."""
