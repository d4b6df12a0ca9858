"""What a model is made of: weights, layers, and what a layer remembers of a text."""

from gpuspec.named_tuple import NamedTuple

PARTS = (
    "embedding",
    "head",
    "attention",
    "mlp",
    "experts",
    "shared experts",
    "router",
    "mixer",
    "norms",
    "encoder",
    "cross attention",
    "vision",
    "audio",
    "projector",
    "draft",
    "copy",
)
"""Where a weight belongs. "mixer": what a layer has in the place of attention (Mamba, gated delta net, convolution).
"draft": the layers that predict further tokens (MTP), which an engine loads for speculative decoding alone.
"copy": the embedding and head that checkpoints hold in such a layer once more; engines share the model's own."""

BESIDE = ("draft", "copy")
"""Parts that a checkpoint holds and the model does without."""
TOWERS = ("vision", "audio", "projector")
"""Parts that text passes by."""


class Weight(NamedTuple):
    """A matrix, or a vector, and how many like it there are in its layer."""

    module: str
    """Where it is in its layer, as checkpoints name it: "self_attn.q_proj", "mlp.experts.*.up_proj"."""
    part: str
    """One of `PARTS`."""
    inputs: int
    outputs: int = 1
    bias: int = 0
    """Elements beside the matrix."""
    copies: int = 1
    used: int = 1
    """How many of the copies one token passes through."""
    linear: bool = True
    """Whether it is a linear layer of its own: what quantizers take."""

    @property
    def elements(self) -> int:
        """Parameters of all copies."""
        return (self.inputs * self.outputs + self.bias) * self.copies


class StoredWeights(NamedTuple):
    """Weights of one part of a model that are kept in one precision."""

    part: str
    """One of `PARTS`."""
    parameters: int
    active: int
    """Of these, those that one token passes through."""
    scheme: str
    """"bf16", "fp8", "nvfp4" …; "" where nobody says."""
    bits: float
    """Of one weight, its scales included."""
    linear: bool = True
    """Whether they are linear layers: what quantizers take."""


CACHES = ("full", "window", "latent", "index", "cross", "state")
"""Of every token; of the last ones; a compressed vector of every token; a key of every token by which sparse
attention chooses what it reads; of every token the encoder read; a constant."""


class Cache(NamedTuple):
    """What layers remember of one sequence."""

    kind: str
    """One of `CACHES`."""
    width: int = 0
    """Elements for each token, keys and values together."""
    heads: int = 0
    """KV heads, or heads of a state, which tensor parallel divides; 0: every GPU keeps the whole."""
    window: int = 0
    """Tokens remembered at most; 0: all."""
    stride: int = 1
    """Tokens that share one entry."""
    bits: int = 0
    """Of an element, where the engine gives no choice (an indexer's 8-bit keys); 0: as the cache's dtype is set."""
    state: int = 0
    """Elements for each sequence, however long."""
    state_bits: int = 16
    """Of an element of the state; 16 stands for the dtype that the model runs in."""
    layers: int = 1
    """How many layers remember alike."""


class Layer(NamedTuple):
    """One decoder layer."""

    weights: tuple[Weight, ...]
    caches: tuple[Cache, ...] = ()


class Architecture(NamedTuple):
    """A model's structure, as its config states it."""

    model_type: str
    layers: tuple[Layer, ...]
    outside: tuple[Weight, ...]
    """What is in no decoder layer: embeddings, head, last norm, towers, projectors, with their whole module paths."""
    hidden: int
    vocabulary: int
    heads: int = 0
    kv_heads: int = 0
    head_dim: int = 0
    intermediate: int = 0
    """Width inside the feed-forward block of a dense layer."""
    experts: int = 0
    experts_used: int = 0
    expert_width: int = 0
    tied: bool = False
    max_context: int | None = None
    default_context: int | None = None
    """What vLLM takes of it where no length is asked for; None: all."""
    drafts: tuple[Layer, ...] = ()
    """Layers that predict further tokens; they follow `layers` in the checkpoint and are not counted among them."""
    derived: str = ""
    """Why this is not certain; "" where the architecture is one that gpuspec knows."""

    @property
    def weights(self) -> tuple[Weight, ...]:
        """Every weight but those of `drafts`."""
        return (*self.outside, *(weight for layer in self.layers for weight in layer.weights))

    @property
    def parameters(self) -> int:
        """All parameters, without `drafts`."""
        return sum(weight.elements for weight in self.weights)

    @property
    def active(self) -> int:
        """Parameters that one token passes through."""
        return sum(weight.elements // weight.copies * weight.used for weight in self.weights)

    @property
    def caches(self) -> tuple[Cache, ...]:
        """What is remembered of one sequence, like layers together, in the order of the layers."""
        found: dict[Cache, int] = {}
        for layer in self.layers:
            for cache in layer.caches:
                alike = cache._replace(layers=1)
                found[alike] = found.get(alike, 0) + cache.layers
        return tuple(cache._replace(layers=number) for cache, number in found.items())
