"""What a name means, and what is known of exactly the repository that it names."""

from __future__ import annotations

from gpuspec.catalog.hub_table import NOTES
from gpuspec.catalog.model import Model, ModelMatch

SAME = 0.02
"""Sizes that differ by less are those of one model: of 8.03 B and 8.030 B one is rounded."""
_SHAPE = (
    "active_params_b", "layers", "hidden", "intermediate", "heads", "kv_heads", "head_dim", "vocab",
    "tied_embeddings", "native_dtype", "architecture", "weights", "caches", "experts", "experts_used",
    "expert_width", "kv_dtype", "source", "as_of",
)  # fmt: skip
_COLUMNS = ("layers", "hidden", "heads", "kv_heads", "head_dim", "vocab", "architecture")
"""What the repository's config says, whether or not its weights could be counted."""


def with_own_facts(match: ModelMatch, repository: Model, *, alias: bool) -> ModelMatch:
    """The match of a name, with the facts of its repository in the place of those of the model that the name is like.

    A model of which the repository is known to be one (`alias`), or which has its size and layers, keeps its name and
    gains what the repository says. Otherwise the repository is meant: a fine-tune may have another vocabulary, other
    layers, or nothing to do with its namesake."""
    model = match.model
    if model is None:
        return match._replace(model=repository, params_b=repository.params_b, relation="name")
    if model.modality != "text" or not _counted(repository):
        return _with_columns(match, repository) if model.modality == "vision" else match
    same = _same(model, repository)
    if not same and not alias:
        return match._replace(model=repository, params_b=repository.params_b, relation="name")
    if repository.unsure or not repository.weights:
        return _with_columns(match, repository)
    doubt = repository.storage_unsure
    if alias and model.weights and model.quantized == repository.quantized:
        # counted by part from a config, or from more of its fields than the hub's listing has
        return match._replace(model=model._replace(storage_unsure=doubt)) if doubt else match
    facts = {name: getattr(repository, name) for name in _SHAPE}
    found = {name: value for name, value in facts.items() if value is not None}
    size = model.params_b if same else repository.params_b
    found["storage_unsure"] = doubt
    merged = model._replace(**found, params_b=size, max_context=repository.max_context or model.max_context)
    return match._replace(model=merged, params_b=size)


def in_16_bit(model: Model, dtype: str) -> Model:
    """A model that is quantized by birth, as an upload has it that says in its name that it is in 16 bit."""
    rows = tuple(row._replace(scheme=dtype, bits=16.0) if row.bits < 16 else row for row in model.weights)
    return model._replace(weights=rows, native_dtype=dtype, weights_gib=None)


def _with_columns(match: ModelMatch, repository: Model) -> ModelMatch:
    """The match with what its own model does not say."""
    model = match.model or repository
    said = {name: getattr(repository, name) for name in _COLUMNS if getattr(model, name) is None}
    return match._replace(model=model._replace(**said))


def _same(model: Model, repository: Model) -> bool:
    if not model.params_b or not repository.params_b:
        return True
    layers = model.layers in (None, repository.layers) or repository.layers is None
    return layers and abs(repository.params_b / model.params_b - 1) <= SAME


def _counted(repository: Model) -> bool:
    """Whether its size is that of its files, and not of its name or of what a quantization packed."""
    return not any(repository.unsure == NOTES[letter] for letter in "bcegnp")
