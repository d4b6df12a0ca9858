"""Mistral's own params.json, which lies beside `consolidated` weights, as the config.json that says the same.

Source: mistral-common and vLLM 0.33 `transformers_utils/configs/mistral.py`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gpuspec.architectures.config import Unsaid

_NAMES = {
    "dim": "hidden_size",
    "n_layers": "num_hidden_layers",
    "n_heads": "num_attention_heads",
    "n_kv_heads": "num_key_value_heads",
    "hidden_dim": "intermediate_size",
    "norm_eps": "rms_norm_eps",
    "tied_embeddings": "tie_word_embeddings",
}
"""Name in params.json → name in config.json; the others are the same in both."""
_EXPERTS = {
    "num_experts": "n_routed_experts",
    "num_experts_per_tok": "num_experts_per_tok",
    "num_shared_experts": "n_shared_experts",
    "expert_hidden_dim": "moe_intermediate_size",
    "first_k_dense_replace": "first_k_dense_replace",
    "route_every_n": "moe_layer_freq",
}
_LONGEST = 128_000
"""Tokens of context where nothing is said, as vLLM takes it."""


def config_of_params(params: Mapping[str, Any]) -> dict[str, Any]:
    """The config of a params.json. Raises Unsaid where that lacks a size: it has no class with defaults."""
    for name in ("dim", "n_layers", "n_heads", "hidden_dim", "vocab_size"):
        if params.get(name) is None:
            raise Unsaid(f"its params.json does not say {name}")
    text = {_NAMES.get(name, name): value for name, value in params.items()}
    text.setdefault("tie_word_embeddings", False)
    text.setdefault("max_position_embeddings", params.get("max_seq_len", _LONGEST))
    text["dtype"] = text.get("dtype") or "bfloat16"
    text["model_type"] = "mistral"
    _windows(text)
    moe = params.get("moe")
    if isinstance(moe, Mapping):
        _add_experts(text, moe)
    elif params.get("kv_lora_rank"):  # latent attention, and no experts
        text |= {"model_type": "deepseek_v3", "first_k_dense_replace": params.get("n_layers")}
    found = _with_senses(text, params)
    quantization = _quantization(params.get("quantization"))
    return {**found, "quantization_config": quantization} if quantization else found


def _windows(text: dict[str, Any]) -> None:
    """A window may stand once a layer, repeated: [null, 4096]; one for all is that of every layer."""
    window, layers = text.get("sliding_window"), text.get("num_hidden_layers")
    if isinstance(window, list) and window and isinstance(layers, int) and 0 < layers < 2_000:
        kinds = ["sliding_attention" if each else "full_attention" for each in window[:layers]]
        text["layer_types"] = (kinds * layers)[:layers]
        text["sliding_window"] = next((each for each in window if each), None)
        text["model_type"] = "ministral"
    elif window is None:
        text["sliding_window"] = None


def _add_experts(text: dict[str, Any], moe: Mapping[str, Any]) -> None:
    if moe.get("num_shared_experts"):  # Mistral Large 3 is built as DeepSeek-V3
        text |= {_EXPERTS[name]: value for name, value in moe.items() if name in _EXPERTS}
        text["model_type"] = "deepseek_v3"
        return
    text["model_type"] = "mixtral"
    text["num_local_experts"] = moe.get("num_experts")
    text["num_experts_per_tok"] = moe.get("num_experts_per_tok")


def _with_senses(text: dict[str, Any], params: Mapping[str, Any]) -> dict[str, Any]:
    """The text model alone, or the model that sees or hears around it."""
    more = params.get("multimodal")
    more = more if isinstance(more, Mapping) else {}
    sees = params.get("vision_encoder") or more.get("vision_encoder_args")
    hears = more.get("whisper_model_args")
    hears = hears.get("encoder_args") if isinstance(hears, Mapping) else None
    shared = {"text_config": text, "tie_word_embeddings": text["tie_word_embeddings"], "dtype": text["dtype"]}
    if isinstance(sees, Mapping):
        merges = sees.get("mm_projector_id") == "patch_merge"
        found = {"model_type": "mistral3" if merges else "llava", **shared}
        found["vision_config"] = {**sees, "model_type": "pixtral"}
        for name, usual in (("spatial_merge_size", 2), ("adapter_bias", None)):
            if merges and sees.get(name, usual) is not None:
                found["multimodal_projector_bias" if name == "adapter_bias" else name] = sees.get(name, usual)
        if not merges:
            found["vision_feature_layer"] = -1
        return found
    if isinstance(hears, Mapping):
        audio = {_AUDIO[name]: value for name, value in hears.items() if name in _AUDIO}
        return {"model_type": "voxtral", **shared, "audio_config": {"model_type": "voxtral_encoder", **audio}}
    return text


_AUDIO = {
    "dim": "hidden_size",
    "n_layers": "num_hidden_layers",
    "hidden_dim": "intermediate_size",
    "n_heads": "num_attention_heads",
    "head_dim": "head_dim",
    "vocab_size": "vocab_size",
}


def _quantization(stated: Any) -> dict[str, Any] | None:
    """What quantization_config would say: 8-bit floats for the text's layers, or what compressed-tensors writes."""
    if not isinstance(stated, Mapping) or not stated:
        return None
    if stated.get("qformat_weight") == "fp8_e4m3":
        towers = ["vision_encoder", "vision_language_adapter", "audio", "lm_head"]
        return {"quant_method": "fp8", "modules_to_not_convert": towers}
    return dict(stated) if stated.get("quant_method") else {"quant_method": "params.json"}
