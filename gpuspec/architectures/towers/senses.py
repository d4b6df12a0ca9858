"""Models that see or hear and write text: a text model, towers, and projectors between them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from gpuspec.architectures.config import LAYERS, WIDTHS, ModelConfig, Unsaid
from gpuspec.architectures.context import longest_context
from gpuspec.architectures.decoder import Reader
from gpuspec.architectures.families.texts import TEXTS
from gpuspec.architectures.parts import Architecture, Weight
from gpuspec.architectures.towers import (
    audio,
    conformers,
    other_vision,
    segment_anything,
    swin,
    tokenizers,
    vision,
)
from gpuspec.architectures.towers.blocks import placed
from gpuspec.architectures.towers.projectors import Projector, nothing
from gpuspec.architectures.towers.vision import Tower
from gpuspec.architectures.unknown import read_unknown, unknown_name
from gpuspec.named_tuple import NamedTuple

TOWERS: Mapping[str, Tower] = {
    **vision.TOWERS,
    **other_vision.TOWERS,
    **segment_anything.TOWERS,
    **swin.TOWERS,
    **audio.TOWERS,
    **conformers.TOWERS,
    **tokenizers.TOWERS,
}
"""`model_type` of a tower's config → what reads it."""
TEXT_FIELDS = ("text_config", "llm_config", "language_config", "thinker_text_config")


class Sense(NamedTuple):
    """One tower of a model."""

    config: str = "vision_config"
    """The field of its config."""
    part: str = "vision"
    at: str = "vision_tower"
    """Where its weights are, and those of the projector."""
    projector: Projector = nothing
    projector_at: str = "multi_modal_projector"
    optional: bool = False
    """Whether a model without such a config is a model without this tower."""
    times: int = 1
    """Towers of this shape: Video-LLaVA has one for images and one for videos."""
    usual: str = ""
    """The tower's architecture, where its config does not name one that is known."""


def joined(
    *senses: Sense,
    text: str = "",
    own_head: bool = False,
    extra: Callable[[ModelConfig], tuple[Weight, ...]] | None = None,
) -> Reader:
    """A reader of models with these towers. `text`: what reads the text model of a config that has its fields at the
    top; `own_head`: whether the text model's config alone says that its head is the embedding; `extra`: weights of no
    tower."""

    def read(c: ModelConfig) -> Architecture:
        found = TEXTS[text](c) if text else text_model(c, own_head=own_head)
        outside, unsure = list(found.outside), [found.derived]
        for sense in senses:
            more, doubt = _perceived(c, sense, found.hidden)
            outside += more
            unsure.append(doubt)
        if extra is not None:
            outside += extra(c)
        return found._replace(
            model_type=c.model_type,
            outside=tuple(outside),
            max_context=found.max_context or longest_context(c),
            derived="; ".join(each for each in unsure if each),
        )

    return read


def beside(c: ModelConfig, text: str, weights: Iterable[Weight], doubt: str = "") -> Architecture:
    """The text model whose fields are at the top of a config, with weights beside it."""
    found = TEXTS[text](c)
    unsure = "; ".join(each for each in (found.derived, doubt) if each)
    return found._replace(model_type=c.model_type, outside=(*found.outside, *weights), derived=unsure)


def read_text(c: ModelConfig) -> Architecture:
    """A text model: one that gpuspec knows, or what its fields suggest."""
    return TEXTS.get(c.model_type, read_unknown)(c)


def text_model(c: ModelConfig, *, own_head: bool = False) -> Architecture:
    """The text model of a config that has one inside, or has its fields at the top, as Qwen2-VL's do on the hub.

    Raises Unsaid."""
    t = c.part(*TEXT_FIELDS)
    if c.says("hidden_size", "num_hidden_layers") and not c.says(*TEXT_FIELDS):
        t = c.read_as(t.model_type, vision_config=None, audio_config=None)
    if t.says(*TEXT_FIELDS, "vision_config", "audio_config", "thinker_config"):
        raise Unsaid(
            f"the text model in its config, {t.model_type!r}, has a text model or a tower of its own"
        )
    return read_text(t if own_head else t.read_as(t.model_type, tie_word_embeddings=_tied(c, t)))


def tower_of(c: ModelConfig) -> tuple[Weight, ...]:
    """The weights of a tower, modules named from it on. Raises Unsaid where nobody taught gpuspec such a tower."""
    read = TOWERS.get(c.model_type)
    if read is None:
        raise Unsaid(f"gpuspec does not know the tower {c.model_type!r} in its config")
    return read(c)


def _tied(c: ModelConfig, t: ModelConfig) -> bool:
    """Whether the output head is the embedding. What a config says comes before what a class does. Where neither the
    whole nor its text model says anything, a head is stored if either class has one: files of before transformers 5
    followed the class of the text model, later ones that of the whole."""
    name = "tie_word_embeddings"
    for said in (c, t):
        if said.says(name):
            return said.flag(name)
    return c.flag(name, default=True) and t.flag(name, default=True)


def _perceived(c: ModelConfig, sense: Sense, text: int) -> tuple[tuple[Weight, ...], str]:
    """The weights of a tower and its projector, and why they are not all."""
    v = c.inner(sense.config)
    if v is None:
        named = c.text("mm_vision_tower", "vision_tower")
        if sense.optional and not named:
            return (), ""
        what = f" ({named})" if named else ""
        return (), f"its {sense.part} tower{what} is not described in its config, and not counted"
    kinds = (v.model_type, f"{v.model_type}_vision", f"{v.model_type}_vision_model", sense.usual)
    known = next((kind for kind in kinds if kind in TOWERS), "")
    if known and known != v.model_type:  # "qwen2_5_vl" or "siglip" of older files
        v = v.read_as(known)
    read = TOWERS.get(v.model_type)
    if read is None:
        return (), f"gpuspec does not know its {sense.part} tower {v.model_type!r}, which is not counted"
    tower = placed(f"model.{sense.at}", sense.part, read(v))
    tower = tuple(each._replace(copies=each.copies * sense.times) for each in tower)
    at = f"model.{sense.projector_at}" if sense.projector_at else "model"
    return (*tower, *placed(at, "projector", sense.projector(c, v, text))), ""


def read_unknown_senses(c: ModelConfig) -> Architecture | None:
    """An architecture that nobody taught gpuspec, with a text model inside: that, and the towers beside it as far as
    they are known; None where there is no such part."""
    name = unknown_name(c)
    thinker = c.inner("thinker_config")
    if thinker is not None and thinker.says(*TEXT_FIELDS):
        c = thinker
    t = c.inner(*TEXT_FIELDS)
    if t is None or not (t.model_type or t.says(*WIDTHS, *LAYERS)):
        return None
    found = joined(Sense(optional=True), Sense("audio_config", "audio", "audio_tower", optional=True))(c)
    doubts = [name, f"its text model is read as {t.model_type or 'its fields say'}", found.derived]
    if c.says("vision_config", "audio_config"):
        doubts.append("what joins its towers to its text model is not counted")
    return found._replace(derived="; ".join(each for each in doubts if each))
