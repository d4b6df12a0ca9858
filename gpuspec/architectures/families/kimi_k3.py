"""Kimi K3: Kimi Linear with experts in a narrower space, and a tower that sees. Its code is on the hub alone.

Sources: vLLM 0.33.0 models/kimi_k3; the elements that the hub counts in moonshotai/Kimi-K3 (2,779,931,837,184)."""

from __future__ import annotations

from collections.abc import Mapping

from gpuspec.architectures.config import ModelConfig
from gpuspec.architectures.decoder import Reader
from gpuspec.architectures.parts import Weight
from gpuspec.architectures.pieces import copies, linear, norm, vector
from gpuspec.architectures.towers.senses import joined


def _tower(c: ModelConfig) -> tuple[Weight, ...]:
    """MoonViT with heads wider than the model, without biases; and what joins its patches, four by four."""
    v = c.inner("vision_config")
    if v is None:
        return ()
    width, inner = v.size("vt_hidden_size"), v.size("vt_intermediate_size")
    query, depth = v.size("qkv_hidden_size", default=width), v.size("vt_num_hidden_layers")
    text, sides = v.size("text_hidden_size"), v.numbers("merge_kernel_size") or (2, 2)
    at, block = "vision_tower", "vision_tower.encoder.blocks.*"
    merged = width * sides[0] * sides[-1]
    places = v.size("init_pos_emb_height") * v.size("init_pos_emb_width")
    each = (
        linear(f"{block}.wqkv", "vision", width, 3 * query),
        linear(f"{block}.wo", "vision", query, width),
        linear(f"{block}.mlp.fc0", "vision", width, inner),
        linear(f"{block}.mlp.fc1", "vision", inner, width),
        norm(f"{block}.norm0", width)._replace(part="vision"),
        norm(f"{block}.norm1", width)._replace(part="vision"),
    )
    return (
        vector(f"{at}.patch_embed.proj", "vision", 3 * v.size("patch_size") ** 2 * width),
        vector(f"{at}.patch_embed.pos_emb", "vision", places * width),
        *(copies(weight, depth) for weight in each),
        norm(f"{at}.encoder.final_layernorm", width)._replace(part="vision"),
        norm("mm_projector.pre_norm", width)._replace(part="projector"),
        linear("mm_projector.proj.0", "projector", merged, merged),
        linear("mm_projector.proj.2", "projector", merged, text),
    )


TYPES: Mapping[str, Reader] = {"kimi_k3": joined(extra=_tower)}
