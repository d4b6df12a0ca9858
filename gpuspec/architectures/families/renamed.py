"""Architectures of the hub's own code that are known ones with fields under other names.

Sources: vLLM 0.33.0's bailing_moe.py, chatglm.py, falcon.py, internlm2.py, llama.py (LlamaBidirectionalModel) and
minicpm.py, and its pull request 663 (Aquila); llama.cpp's converters of Baichuan, DeepSeek, Dream, Hunyuan, LLaDA and
OLMo; Pico's own code (pico-lm/pico-train). Counts are compared with the elements on the hub (September 2026)."""

from __future__ import annotations

from collections.abc import Mapping

from gpuspec.architectures.config import ModelConfig
from gpuspec.architectures.decoder import Reader, by_its_count, with_defaults_of, without_caches, without_head
from gpuspec.architectures.families import gpt_like, mixtures, qwen
from gpuspec.architectures.families.gpt_like import GptLike
from gpuspec.architectures.families.llama_like import TYPES as LLAMA_LIKE
from gpuspec.architectures.families.llama_like import LlamaLike, everything, experts
from gpuspec.architectures.parts import Architecture, Weight
from gpuspec.architectures.pieces import mixture

_UNTIED = LlamaLike(window=everything, untied=True)


_GLM = GptLike(
    query=["attention.query_key_value"],
    out="attention.dense",
    up="mlp.dense_h_to_4h",
    down="mlp.dense_4h_to_h",
    norms=["input_layernorm", "post_attention_layernorm"],
    inner=lambda c: c.size("inner_hidden_size", default=4 * c.hidden),
)
"""The first ChatGLM-6B: LayerNorm, a plain block, a key and a value for every head. Its 6,173,286,400 parameters are
those that its own code counts for 130,528 tokens (modeling_chatglm.py of THUDM/chatglm-6b)."""


def _chatglm(c: ModelConfig) -> Architecture:
    """ChatGLM 2 and 3, GLM-4 9B; the first ChatGLM has the same `model_type`, and an `inner_hidden_size`."""
    if c.says("inner_hidden_size", "position_encoding_2d"):
        return _GLM.read(c.read_as(c.model_type, num_key_value_heads=c.heads, tie_word_embeddings=True))
    own = c.read_as(
        c.model_type,
        num_key_value_heads=c.size("multi_query_group_num") if c.flag("multi_query_attention") else c.heads,
        head_dim=c.size("kv_channels", default=c.head_dim),
        intermediate_size=c.size("ffn_hidden_size"),
        vocab_size=c.size("padded_vocab_size", "vocab_size"),
    )
    return LlamaLike(
        bias=c.flag("add_qkv_bias") or c.flag("add_bias_linear"),
        out_bias="add_bias_linear",
        mlp_bias="add_bias_linear",
        window=everything,
        untied=True,
    ).read(own)


def _of_olmo(c: ModelConfig, inner: int) -> ModelConfig:
    """OLMo's first code, and what was built with it."""
    kv_heads = c.count("n_kv_heads") or (1 if c.flag("multi_query_attention") else c.heads)
    return c.read_as(
        c.model_type,
        num_key_value_heads=kv_heads,
        intermediate_size=inner,
        vocab_size=c.size("embedding_size", "vocab_size"),
        tie_word_embeddings=c.flag("weight_tying", default=True),
    )


def _hf_olmo(c: ModelConfig) -> Architecture:
    """OLMo 1B and 7B: norms without weights; `mlp_hidden_size` counts gate and up together."""
    both = c.count("mlp_hidden_size") or c.hidden * c.size("mlp_ratio", default=4)
    return LlamaLike(
        bias="include_bias", mlp_bias="include_bias", norms=(), final_norm=False, window=everything
    ).read(_of_olmo(c, max(both // 2, 1)))


def _llada(c: ModelConfig) -> Architecture:
    """LLaDA (arXiv 2502.09992): writes by diffusion. Here `mlp_hidden_size` is the width of one matrix."""
    return without_caches(
        LlamaLike(bias="include_qkv_bias", out_bias=False, window=everything).read(
            _of_olmo(c, c.size("mlp_hidden_size", default=4 * c.hidden))
        )
    )


def _reads_only(kind: str) -> Reader:
    """A reader of embedding models that are a decoder without its head, each token seeing the whole text."""
    inside = {**LLAMA_LIKE, **qwen.TYPES}[kind]
    return with_defaults_of(kind, lambda c: without_head(without_caches(inside(c))))


def _bailing_experts(c: ModelConfig) -> tuple[Weight, ...]:
    width = c.size("moe_intermediate_size")
    shared = c.count("moe_shared_expert_intermediate_size") or width
    return mixture(
        c,
        experts=c.size("num_experts"),
        used=c.size("num_experts_per_tok"),
        width=width,
        shared=shared * c.count("num_shared_experts"),
        router_bias=c.flag("moe_router_enable_expert_bias"),
    )


def _bailing(c: ModelConfig) -> Architecture:
    """Ling and Ring, and LLaDA 2 upon them."""
    return LlamaLike(
        bias=c.flag("use_bias") or c.flag("use_qkv_bias"),
        out_bias="use_bias",
        qk_norm="head" if c.flag("use_qk_norm") else "",
        mlp_bias="use_bias",
        window=everything,
        experts=_bailing_experts,
        untied=True,
    ).read(c)


def _hunyuan(c: ModelConfig) -> Architecture:
    """Hunyuan Large and A13B under their first name. With `use_cla` all but one layer of `cla_share_factor` read the
    keys and values of the layer before (arXiv 2411.02265, section 2.3)."""
    found = mixtures.TYPES["hunyuan_v1_moe"](c)
    share = c.size("cla_share_factor", default=2) if c.flag("use_cla") else 1
    layers = []
    for index, layer in enumerate(found.layers):
        if index % share:
            weights = tuple(each for each in layer.weights if each.module[-6:] not in ("k_proj", "v_proj"))
            layer = layer._replace(weights=weights, caches=())
        layers.append(layer)
    return found._replace(layers=tuple(layers))


def _pico(c: ModelConfig) -> Architecture:
    """Pico: Llama under names of its own."""
    return _UNTIED.read(
        c.read_as(
            c.model_type,
            num_attention_heads=c.size("attention_n_heads"),
            num_key_value_heads=c.size("attention_n_kv_heads"),
            intermediate_size=c.size("activation_hidden_dim"),
        )
    )


def _refined_web(c: ModelConfig) -> Architecture:
    """Falcon before it had its name: 40B states its KV heads, 7B has one."""
    several = c.says("n_head_kv")
    return gpt_like.TYPES["falcon"](
        c.read_as("falcon", new_decoder_architecture=several, multi_query=not several)
    )


TYPES: Mapping[str, Reader] = {
    # Dream (arXiv 2508.15487): Qwen 2, writing by diffusion.
    "Dream": with_defaults_of("qwen2", lambda c: without_caches(qwen.QWEN2.read(c))),
    "RefinedWeb": _refined_web,
    "RefinedWebModel": _refined_web,
    "aquila": _UNTIED.read,
    "aquila3": by_its_count(_UNTIED._replace(bias=True, out_bias=False).read),
    "baichuan": _UNTIED.read,
    "bailing_moe": _bailing,
    "bidirectional_pplx_qwen3": by_its_count(_reads_only("qwen3")),
    "chatglm": _chatglm,
    "deepseek": _UNTIED._replace(bias="attention_bias", experts=experts()).read,
    "hf_olmo": _hf_olmo,
    "hunyuan": with_defaults_of("hunyuan_v1_moe", _hunyuan),
    "internlm": _UNTIED._replace(bias="bias").read,
    "internlm2": _UNTIED._replace(bias="bias").read,
    "llada": _llada,
    "llada2_moe": _bailing,
    "llama_bidirec": _reads_only("llama"),
    "minicpm": LlamaLike(bias="attention_bias", window=everything).read,
    "pico_decoder": _pico,
}
