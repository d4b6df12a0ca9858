"""Dense decoders and mixtures from Mellum to Voxtral whose layers differ from Llama's in traits."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gpuspec.architectures.config import ModelConfig
from gpuspec.architectures.decoder import Reader, decoder
from gpuspec.architectures.families.llama_like import (
    AROUND_BOTH,
    LlamaLike,
    dense_first,
    everything,
    experts,
    one_in,
    output_gate,
    windows,
)
from gpuspec.architectures.parts import Architecture, Layer, Weight
from gpuspec.architectures.pieces import (
    attention,
    block_norms,
    fused_attention,
    fused_mlp,
    kv_cache,
    linear,
    plain_mlp,
)


def last_sees_all(period: int) -> Callable[[ModelConfig], list[int]]:
    """Where the config has no `layer_types`, one layer in `period` sees the whole text, counted from the last."""

    def read(c: ModelConfig) -> list[int]:
        if len(c.texts("layer_types")) >= c.layers:
            return windows(c)
        return [0 if (c.layers - 1 - index) % period == 0 else c.window for index in range(c.layers)]

    return read


def _phi3(c: ModelConfig) -> Architecture:
    """Phi-3, Phi-4: Llama, its projections fused in the checkpoint."""
    weights = (
        *fused_attention(c),
        *fused_mlp(c),
        *block_norms(c),
    )
    return decoder(c, [Layer(weights, (kv_cache(c, window=seen),)) for seen in windows(c)])


def _moshi(c: ModelConfig) -> Architecture:
    """The main decoder of Moshi: its `ffn_dim` counts gate and up together, its embedding has one entry more."""
    width = c.size("ffn_dim")
    weights = (
        *attention(c),
        linear("mlp.fc1", "mlp", c.hidden, width),
        linear("mlp.fc2", "mlp", width // 2, c.hidden),
        *block_norms(c),
    )
    extra = Weight("model.embed_tokens", "embedding", c.hidden, linear=False)
    return decoder(c, [Layer(weights, (kv_cache(c, window=seen),)) for seen in windows(c)], outside=[extra])


def _molmo2(c: ModelConfig) -> Architecture:
    """The text part of Molmo 2: its embedding has entries that its head has not."""
    found = LlamaLike(
        bias="attention_bias",
        out_bias=False,
        qk_norm="width" if c.text("qk_norm_type") == "olmo" else "head",
        window=everything,
    ).read(c)
    more = Weight(
        "model.wte.new_embedding", "embedding", c.hidden, c.size("additional_vocab_size"), linear=False
    )
    return found._replace(outside=(*found.outside, more))


def _delay(c: ModelConfig) -> tuple[Weight, ...]:
    """Two small matrices that adapt a norm of Voxtral Realtime to the delay, with 32 columns between them."""
    return (
        linear("ada_rms_norm.linear1", "norms", c.hidden, 32)._replace(linear=False),
        linear("ada_rms_norm.linear2", "norms", 32, c.hidden)._replace(linear=False),
    )


def _fc(c: ModelConfig, *, bias: bool = False) -> tuple[Weight, ...]:
    return plain_mlp(c, bias=bias, names=("fc1", "fc2"))


def _smollm3_windows(c: ModelConfig) -> list[int]:
    """Windows, where they are used, in the layers without rotary embedding: one in so many."""
    if not c.flag("use_sliding_window"):
        return everything(c)
    if len(c.texts("layer_types")) >= c.layers:
        return windows(c)
    every = c.size("no_rope_layer_interval", default=4)
    return [0 if (index + 1) % every else c.window for index in range(c.layers)]


_BLOCK_SPARSE = experts(router="block_sparse_moe.gate", at="block_sparse_moe.experts.*")
_OLMO = LlamaLike(bias="attention_bias", window=everything)

TYPES: Mapping[str, Reader] = {
    "mellum": LlamaLike(bias="attention_bias", qk_norm="head", experts=experts()).read,
    "minimax_m2": LlamaLike(qk_norm="width", experts=_BLOCK_SPARSE).read,
    "ministral": LlamaLike().read,
    "ministral3": LlamaLike().read,
    "mistral": LlamaLike().read,
    "mixtral": LlamaLike(experts=_BLOCK_SPARSE).read,
    "molmo2_text": _molmo2,
    "moshi": _moshi,
    "muse_glimmer_text": LlamaLike(
        bias="attention_bias", beside=(output_gate,), norms=AROUND_BOTH, window=last_sees_all(4)
    ).read,
    "nanochat": LlamaLike(bias="attention_bias", mlp=_fc, norms=(), final_norm=False).read,
    "olmo": _OLMO._replace(norms=(), final_norm=False).read,
    "olmo2": _OLMO._replace(qk_norm="width").read,
    "olmo3": _OLMO._replace(qk_norm="width", window=one_in(4)).read,
    "olmoe": _OLMO._replace(qk_norm="width", experts=experts()).read,
    "paddleocr_vl_text": LlamaLike(bias="use_bias", mlp_bias="use_bias", window=everything).read,
    "phi3": _phi3,
    "phimoe": LlamaLike(
        bias="attention_bias", norm_bias=True, head_bias="lm_head_bias", experts=_BLOCK_SPARSE
    ).read,
    "sarvam_moe": LlamaLike(
        bias="attention_bias",
        out_bias=False,
        qk_norm=lambda c: "head" if c.flag("use_qk_norm") else "",
        experts=experts(),
        sparse=dense_first("first_k_dense_replace"),
    ).read,
    "seed_oss": LlamaLike(
        bias="attention_bias", out_bias="attention_out_bias", mlp_bias="mlp_bias", window=everything
    ).read,
    "smollm3": LlamaLike(bias="attention_bias", mlp_bias="mlp_bias", window=_smollm3_windows).read,
    "solar_open": LlamaLike(
        bias="attention_bias",
        out_bias=False,
        experts=experts(),
        sparse=dense_first("first_k_dense_replace"),
    ).read,
    "unlimited_ocr_text": LlamaLike(
        bias="attention_bias",
        experts=experts(),
        sparse=dense_first("first_k_dense_replace", default=1),
    ).read,
    "vaultgemma": LlamaLike(bias="attention_bias", window=one_in(2)).read,
    "voxtral_realtime_text": LlamaLike(beside=(_delay,)).read,
}
