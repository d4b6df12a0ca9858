"""A model, and what a written model name can mean."""

from collections.abc import Mapping
from typing import Any

from gpuspec.architectures.parts import Cache, StoredWeights
from gpuspec.named_tuple import NamedTuple
from gpuspec.quantization import DTYPE_BITS

# See gpu.py on annotations.

MODELS_FILE = "gpuspec.models.json"
"""Where a project keeps its own facts about models, beside its settings."""
MEASURED_FILE = "gpuspec.measured.json"
"""And what its runs took."""


class Model(NamedTuple):
    """A model's shape. `params_b` in billions (10^9). None is "not known"."""

    id: str
    org: str | None = None
    modality: str = "text"
    """text, text-embedding, image, video, audio, vision or 3d."""
    task: str | None = None
    params_b: float | None = None
    """All parameters; for image and video models those of the denoiser (the rest stand in `components`)."""
    active_params_b: float | None = None
    layers: int | None = None
    hidden: int | None = None
    intermediate: int | None = None
    heads: int | None = None
    kv_heads: int | None = None
    head_dim: int | None = None
    vocab: int | None = None
    max_context: int | None = None
    """Tokens of the longest text it takes, with rope scaling as an engine applies it."""
    tied_embeddings: bool | None = None
    native_dtype: str | None = None
    components: Mapping[str, Any] | None = None
    aliases: tuple[str, ...] = ()
    gated: bool | None = None
    """Whether the hub asks for consent and a token, for the repository as it was named."""
    source: str = ""
    weights_gib: float | None = None
    """Exact size of the weights on disk, GiB, where files were read; the catalogue leaves it None."""
    architecture: str | None = None
    """The `model_type` of its config.json."""
    weights: tuple[StoredWeights, ...] = ()
    """Its weights by part and precision, as its repository keeps them; empty where its structure is not known."""
    caches: tuple[Cache, ...] = ()
    """What its layers remember of one sequence; empty where that is not known, or nothing."""
    experts: int | None = None
    experts_used: int | None = None
    """Experts of a mixture that one token passes through."""
    expert_width: int | None = None
    kv_dtype: str | None = None
    """What the cache is kept in where the engine is left to choose, if the checkpoint says so ("fp8")."""
    unsure: str = ""
    """Why the structure is not certain; "" where it is."""
    storage_unsure: str = ""
    """Why it is not certain which of its weights are kept in which scheme; "" where it is."""
    license: str | None = None
    revision: str | None = None
    """The commit of the repository that was read."""
    as_of: str | None = None
    """The day the facts were read, YYYY-MM-DD."""
    default_context: int | None = None
    """What vLLM serves of `max_context` where no length is asked for: with LongRoPE the length before it."""

    @property
    def usual_context(self) -> int | None:
        """Tokens for which vLLM sets memory aside where no length is asked for."""
        return self.default_context or self.max_context

    @property
    def quantized(self) -> bool:
        """Whether its repository keeps any weights in less than 16 bit."""
        if self.native_dtype not in (None, *DTYPE_BITS):
            return True
        return any(row.bits < 16 for row in self.weights)


class ModelMatch(NamedTuple):
    """What a written model name means.

    `model` is None when nobody knows it; then `params_b` may still hold a size read from the name
    ("…-13b-…"), and `suggestions` the nearest known names; beside a model, the repository of the same name whose
    organisation is a slip of the pen away from an unknown one. `quantization` is the scheme the name itself
    states ("…-AWQ" → "awq", "…Q4_K_M.gguf" → "gguf:Q4_K_M"), in the catalogue's spelling; None if none.
    `active_params_b` is the "A3B" of a name; `relation` says how `model` was found: "name" (the model itself
    or a re-upload), "fine-tune" (the name embeds a known base of the same shape) or "file"."""

    name: str
    model: Model | None
    params_b: float | None = None
    quantization: str | None = None
    suggestions: tuple[str, ...] = ()
    active_params_b: float | None = None
    relation: str = "name"
