"""The architecture of a config that names none that is known, by the class that `architectures` names.

vLLM picks a model's code by that name, not by `model_type` (0.33.0, model_executor/models/registry.py); fine-tunes
with a `model_type` of their own often keep the class of the model that they come from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from gpuspec.architectures.config import EXPERTS, LAYERS, WIDTHS, ModelConfig, Unsaid
from gpuspec.architectures.families import FAMILIES
from gpuspec.architectures.parts import Architecture
from gpuspec.architectures.towers.senses import TEXT_FIELDS
from gpuspec.architectures.unknown import unknown_name

_TASK = re.compile(r"(For[A-Z]\w*|LMHeadModel|WithLMHeadModel|MTModel|Model)$")
_OTHERWISE = {
    "hunyuandensev1": "hunyuan_v1_dense",
    "hunyuanmoev1": "hunyuan_v1_moe",
    "minimaxm3sparse": "minimax_m3_vl",
    "rw": "falcon",
}
"""Classes that are not named as their `model_type` is. "RW" (RefinedWeb) was Falcon's first name."""
_PARTS = ("encoder", "decoder", "encoder_config", "decoder_config")


def by_class(c: ModelConfig) -> Architecture | None:
    """The structure, read as the architecture whose class the config names; None where it names none that is known,
    leaves the sizes to a class that is not its own, or has experts where that architecture has not."""
    names = c.texts("architectures")
    known = _known(names[0], inside=c.says(*TEXT_FIELDS)) if names else ""
    sized = (c.says(*LAYERS, "decoder_layers") and c.says(*WIDTHS)) or c.says(*TEXT_FIELDS, *_PARTS)
    if not known or not sized:
        return None
    try:
        found = FAMILIES[known](c.read_as(known))
    except Unsaid:
        return None
    many = [name for name in EXPERTS if type(c.raw(name)) is int and c.raw(name) > 1]
    if many and not found.experts:
        return None
    doubts = (f"{unknown_name(c)}: read as {known}, whose class it names ({names[0]})", found.derived)
    return found._replace(derived="; ".join(each for each in doubts if each))


def _known(name: str, *, inside: bool) -> str:
    """The `model_type` of a class: "Qwen2MoeForCausalLM" is qwen2_moe, and "Gemma3ForCausalLM" gemma3_text, if the
    config has no text model `inside`."""
    plain = _letters(_TASK.sub("", name))
    text = _plain_names().get(plain + "text", "")
    if text and not inside and name.endswith("ForCausalLM"):
        return text
    return _plain_names().get(plain, "") or _OTHERWISE.get(plain, "")


@cache
def _plain_names() -> Mapping[str, str]:
    return {_letters(name): name for name in FAMILIES}


def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
