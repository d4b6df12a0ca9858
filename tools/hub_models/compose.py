"""A config.json put together from the columns of a row, over the defaults of its architecture's class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gpuspec.architectures.config import LARGEST
from gpuspec.architectures.defaults import defaults_of
from tools.hub_models.lengths import length_of
from tools.hub_models.rows import Row

_NAMES = {
    "layers": ("num_hidden_layers", "n_layer", "n_layers", "num_layers", "num_decoder_layers"),
    "hidden": ("hidden_size", "n_embd", "n_embed", "d_model", "dim", "emb_dim"),
    "heads": ("num_attention_heads", "n_head", "n_heads", "num_heads", "attention_heads"),
    "kv_heads": ("num_key_value_heads", "n_head_kv", "num_kv_heads", "num_attention_groups"),
    "head_dim": ("head_dim",),
    "vocabulary": ("vocab_size", "padded_vocab_size"),
    "context": ("max_position_embeddings", "n_positions"),
    "experts": ("num_experts", "n_routed_experts", "num_local_experts", "moe_num_experts"),
    "used": ("num_experts_per_tok", "num_experts_per_token", "moe_topk", "moe_k"),
    "shared_width": ("shared_expert_intermediate_size", "shared_intermediate_size"),
}  # fmt: skip
_DENSE_WIDTH = ("intermediate_size", "ffn_dim", "n_inner", "d_ff", "ffn_hidden_size", "mlp_hidden_size")
_EXPERT_WIDTH = ("moe_intermediate_size", "expert_hidden_size")
_TOWER_ENDS = ("out_hidden_size",)
_TEXT = ("text_config", "llm_config", "language_config", "language_model_config")
_EVERY_WINDOWED_BELOW = {"mistral": 32_768}
"""Text classes whose default is a window in every layer → the vocabulary from which their models have none.
Source: config.json of Mistral 7B v0.1 (32,000 entries, a window of 4,096), of v0.3 (32,768 entries, null) and of all
later models of Mistral."""


def config_of(row: Row) -> dict[str, Any]:
    """The config. Where the text model is a part of the model, the columns are about that part."""
    usual = defaults_of(row.architecture)
    place = _place_of_text(usual)
    if not place:
        return {"model_type": row.architecture, **_fields(row, usual)}
    kind = usual[place].get("model_type", "")
    inner = {"model_type": kind, **_fields(row, {**defaults_of(kind), **usual[place]})}
    return {"model_type": row.architecture, place: inner}


def with_tower(config: dict[str, Any], tower: Mapping[str, Any], hidden: int) -> dict[str, Any]:
    """The config with the vision tower of another model of its family, which ends in the width of its text model."""
    end = next((name for name in _TOWER_ENDS if name in tower), "")
    return {**config, "vision_config": {**tower, **({end: hidden} if end else {})}}


def without_window(config: Mapping[str, Any]) -> dict[str, Any]:
    """The config with the window of its class switched off: configs of one class differ in it."""
    place = _place_of_text({**defaults_of(str(config.get("model_type"))), **config})
    if place:
        return {**config, place: {**_text(config), "sliding_window": None}}
    return {**config, "sliding_window": None}


def says_window(config: Mapping[str, Any]) -> bool:
    """Whether the config itself has a window."""
    return _text(config).get("sliding_window") is not None


def may_have_window(config: Mapping[str, Any], vocabulary: int) -> bool:
    """Whether some model of the class, with such a vocabulary, does have the window of its class."""
    return vocabulary < _EVERY_WINDOWED_BELOW.get(str(_text(config).get("model_type")), LARGEST)


def _text(config: Mapping[str, Any]) -> dict[str, Any]:
    """What a config, with its class's defaults, says of the text model."""
    usual = defaults_of(str(config.get("model_type")))
    place = _place_of_text({**usual, **config})
    return {**usual.get(place, {}), **config.get(place, {})} if place else dict(config)


def _place_of_text(config: Mapping[str, Any]) -> str:
    """The part of a config that is about the text model; "" where that is all of it."""
    return next((name for name in _TEXT if isinstance(config.get(name), dict)), "")


def _fields(row: Row, usual: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for column, names in _NAMES.items():
        value = getattr(row, column)
        latent = (
            column == "head_dim" and "kv_lora_rank" in usual
        )  # the width of a head there is no width of a cache
        if column == "context":
            value = length_of(row)
        if not value or latent:
            continue
        found[_spelled(names, usual)] = value
    if row.width:
        names = _EXPERT_WIDTH if row.experts else _DENSE_WIDTH
        if row.experts and usual and not any(name in usual for name in names):
            names = _DENSE_WIDTH  # Mixtral says the width of its experts as that of a block
        found[_spelled(names, usual)] = row.width
    else:
        found.update(_usual_width(row, usual))
    return found


def _usual_width(row: Row, usual: Mapping[str, Any]) -> dict[str, int]:
    """The feed-forward block as many times as wide as the model as that of the class's own model: the default itself
    is that of a model of another size."""
    width = next((name for name in _DENSE_WIDTH if isinstance(usual.get(name), int)), "")
    hidden = usual.get(_spelled(_NAMES["hidden"], usual))
    if not width or not row.hidden or not isinstance(hidden, int):
        return {}
    return {width: usual[width] * row.hidden // hidden}


def _spelled(names: tuple[str, ...], usual: Mapping[str, Any]) -> str:
    return next((name for name in names if name in usual), names[0])


def with_columns(config: dict[str, Any], row: Row) -> dict[str, Any]:
    """A real config of the same shape, with the row's vocabulary, length and experts in the place of its own."""
    place = _place_of_text({**defaults_of(str(config.get("model_type"))), **config})
    inner = _text(config)
    if row.vocabulary:
        inner["vocab_size"] = row.vocabulary
    if length_of(row) and inner.get("max_position_embeddings"):
        inner["max_position_embeddings"] = length_of(row)
    usual = {**defaults_of(str(inner.get("model_type"))), **inner}
    experts = next((name for name in _NAMES["experts"] if name in usual), "")
    if row.experts and experts:
        inner[experts] = row.experts
    return {**config, place: inner} if place else inner


def variants(config: dict[str, Any]) -> list[dict[str, Any]]:
    """The config as it is, with its output head tied or apart, and with a layer that predicts a further token: what
    the list does not say."""
    found, place = [config], _place_of_text(config)
    for changes in (
        {"tie_word_embeddings": True},
        {"tie_word_embeddings": False},
        {"num_nextn_predict_layers": 1},
        {"mtp_num_hidden_layers": 1},
    ):
        if "tie_word_embeddings" not in changes and not _may_predict(config, next(iter(changes))):
            continue
        other = {**config, **changes}
        if place:
            other[place] = {**config[place], **changes}
        found.append(other)
    return found


def _may_predict(config: Mapping[str, Any], field: str) -> bool:
    """Whether such a model may have layers under this field that predict a further token: models with experts, and
    Qwen's with Gated DeltaNet."""
    text = _text(config)
    usual = {**defaults_of(str(text.get("model_type"))), **text}
    names = ("linear_num_value_heads",) if field.startswith("mtp") else _NAMES["experts"]
    return any(name in usual for name in names)


def row_of(model: Mapping[str, Any], architecture: str) -> Row:
    """A row of a shape of gpuspec's own list, as if a repository of this architecture had it."""
    number = {
        key: int(model.get(key) or 0)
        for key in ("layers", "heads", "kv_heads", "head_dim", "hidden", "vocab")
    }
    return Row(
        name=str(model["id"]),
        architecture=architecture,
        task="text-generation",
        stored=int(float(model["params_b"]) * 1e9),
        layers=number["layers"],
        heads=number["heads"],
        kv_heads=number["kv_heads"],
        head_dim=number["head_dim"],
        hidden=number["hidden"],
        vocabulary=number["vocab"],
        context=int(model.get("max_context") or 0),
        experts=int(model.get("experts") or 0),
        used=int(model.get("experts_used") or 0),
        width=int(model.get("expert_width") or model.get("intermediate") or 0),
        shared_width=0,
    )
