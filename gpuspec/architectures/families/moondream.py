"""Moondream 2 and 3: SigLIP in front of a decoder like Phi's, and what points at places in the image.

Their config.json says only what differs from the code ("config": {"text": …, "vision": …}): its defaults stand here.
Sources: moondream/torch/{config,text,region}.py of github.com/vikhyat/moondream and vLLM 0.33.0 moondream3.py; the
elements that the hub states for vikhyatk/moondream2 and moondream/moondream3-preview are counted exactly."""

from __future__ import annotations

from collections.abc import Mapping

from gpuspec.architectures.config import MOST_LAYERS, ModelConfig, Unsaid
from gpuspec.architectures.decoder import Reader, decoder
from gpuspec.architectures.parts import Architecture, Layer, Weight
from gpuspec.architectures.pieces import feed_forward, kv_cache, linear, mixture, norm, vector
from gpuspec.architectures.towers.blocks import Measures, blocks, chain, kernel, placed, table, within

_TEXT = {"dim": 2048, "ff_dim": 8192, "n_layers": 24, "vocab_size": 51200, "max_context": 2048, "n_heads": 32}
_VISION = {
    "enc_dim": 1152, "enc_patch_size": 14, "enc_n_layers": 27, "enc_ff_dim": 4304, "enc_n_heads": 16,
    "proj_inner_dim": 8192, "crop_size": 378,
}  # fmt: skip
_EXPERTS = {"num_experts": 64, "start_layer": 4, "experts_per_token": 8, "expert_inner_dim": 1024}


def _said(c: ModelConfig | None, name: str, usual: Mapping[str, int]) -> ModelConfig:
    """A part of the config, over the defaults of its class."""
    found = c.inner(name) if c is not None else None
    said = {each: found.raw(each) for each in usual if found.says(each)} if found is not None else {}
    return ModelConfig(said, usual)


def _text(t: ModelConfig, model_type: str) -> ModelConfig:
    """The sizes of the decoder under the names that other configs have."""
    fields = {
        "model_type": model_type,
        "hidden_size": t.size("dim"),
        "intermediate_size": t.size("ff_dim"),
        "num_hidden_layers": t.size("n_layers"),
        "num_attention_heads": t.size("n_heads"),
        "vocab_size": t.size("vocab_size"),
        "max_position_embeddings": t.size("max_context"),
        "tie_word_embeddings": False,
    }
    return ModelConfig(fields)


def _attention(c: ModelConfig) -> tuple[Weight, ...]:
    return (
        linear("attn.qkv", "attention", c.hidden, 3 * c.hidden, bias=True),
        linear("attn.proj", "attention", c.hidden, c.hidden, bias=True),
        norm("ln", c.hidden, bias=True),
    )


def _temperature(c: ModelConfig) -> tuple[Weight, ...]:
    """Moondream 3 scales each head's queries and values by what a token says and where it stands."""
    return (
        vector("attn.tau.alpha", "attention", c.heads),
        *(vector(f"attn.tau.{name}", "attention", c.heads * 3 * c.hidden) for name in ("wq", "wv")),
    )


def _dense(c: ModelConfig) -> tuple[Weight, ...]:
    return feed_forward(c, bias=True, names=("fc1", "fc2"))


def _experts(c: ModelConfig, e: ModelConfig) -> tuple[Weight, ...]:
    """A gated block each, gate and the way in under one name."""
    return mixture(
        c,
        experts=e.size("num_experts"),
        used=e.size("experts_per_token"),
        width=e.size("expert_inner_dim"),
        names=("fc1", "fc1", "fc2"),
        router="mlp.router",
        router_bias=True,
        at="mlp",
    )


def _eyes(v: ModelConfig, text: int) -> tuple[Weight, ...]:
    wide, patch = v.size("enc_dim"), v.size("enc_patch_size")
    m = Measures(v.size("enc_n_layers"), wide, v.size("enc_ff_dim"), v.size("enc_n_heads"), 0)
    if m.layers > MOST_LAYERS:
        raise Unsaid(f"its config says {m.layers:,} layers of an encoder")
    tower = (
        kernel("patch_emb", 3 * patch**2, wide, 1),
        table("pos_emb", max(v.size("crop_size") // patch, 1) ** 2, wide),
        *blocks(m, at="blocks.*", attention="attn.", names=("qkv", "proj")),
        norm("post_ln", wide, bias=True),
    )
    # The image as a whole and its crops are joined, patch by patch.
    joins = chain("fc1 fc2", 2 * wide, v.size("proj_inner_dim"), text)
    return (*placed("vision", "vision", tower), *placed("vision.proj_mlp", "projector", joins))


def _pointing(wide: int, *, deep: bool) -> tuple[Weight, ...]:
    """From places and sizes to tokens and back. `deep`: the way back has a layer between."""
    inner = (8192,) if deep else ()
    names = "fc1 fc2" if deep else "linear"
    return (
        vector("coord_features", "", 128),
        vector("size_features", "", 512),
        *chain("coord_encoder", 256, wide),
        *chain("size_encoder", 512, wide),
        *within("coord_decoder", chain(names, wide, *inner, 1024)),
        *within("size_decoder", chain(names, wide, *inner, 2048)),
        *(() if deep else (norm("ln", wide, bias=True),)),
    )


def _moondream2(c: ModelConfig) -> Architecture:
    said = c.inner("config")
    t = _text(_said(said, "text", _TEXT), c.model_type)
    layers = [Layer((*_attention(t), *_dense(t)), (kv_cache(t),))] * t.layers
    beside = (
        *_eyes(_said(said, "vision", _VISION), t.hidden),
        *placed("region", "projector", _pointing(t.hidden, deep=True)),
    )
    return decoder(t, layers, outside=beside, norm_bias=True, head_bias=True)


def _moondream3(c: ModelConfig) -> Architecture:
    said = c.inner("config")
    t = _text(_said(said, "text", {**_TEXT, "max_context": 4096}), c.model_type)
    e = _said(said.inner("text") if said is not None else None, "moe", _EXPERTS)
    heads = (*_attention(t), *_temperature(t))
    dense, sparse = (Layer((*heads, *block), (kv_cache(t),)) for block in (_dense(t), _experts(t, e)))
    first = e.count("start_layer")
    beside = (
        *_eyes(_said(said, "vision", _VISION), t.hidden),
        *placed("region", "projector", _pointing(t.hidden, deep=False)),
    )
    layers = [dense if index < first else sparse for index in range(t.layers)]
    return decoder(t, layers, outside=beside, norm_bias=True, head_bias=True)


TYPES: Mapping[str, Reader] = {"moondream1": _moondream2, "moondream3": _moondream3}
"""`model_type` → its reader. Moondream 2 is "moondream1" to this day."""
