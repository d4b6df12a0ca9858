"""An architecture that nobody taught gpuspec: what its fields say, with less confidence."""

from __future__ import annotations

from gpuspec.architectures.config import Config
from gpuspec.architectures.parts import Architecture


def read_unknown(c: Config) -> Architecture:
    """The structure that the fields of an unknown architecture suggest."""
    from gpuspec.architectures.families.llama_like import LlamaLike, everything
    from gpuspec.architectures.towers.senses import TEXTS, Sense, joined

    doubt = f"gpuspec does not know the architecture {c.model_type or 'of this config'!r}"
    if c.says(*TEXTS) and not c.says("hidden_size", "n_embd", "d_model"):  # a model that sees or hears
        towers = Sense(optional=True), Sense("audio_config", "audio", "audio_tower", optional=True)
        found = joined(*towers)(c)
        doubt += "; what joins its towers to its text model is not counted"
    else:
        found = LlamaLike(window=everything).read(c)
    return found._replace(derived="; ".join(each for each in (doubt, found.derived) if each))
