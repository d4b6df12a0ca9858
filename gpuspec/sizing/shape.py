"""Shape: a text model's weights, caches and widths, complete, whatever part of them the catalogue knows."""

from collections.abc import Iterable

from gpuspec.architectures.parts import BESIDE, TOWERS, Cache, StoredWeights
from gpuspec.catalog import Model
from gpuspec.catalog.hub_id import what_makes_known
from gpuspec.named_tuple import NamedTuple
from gpuspec.quantization import DTYPE_BITS
from gpuspec.sizing.memory import GIVE_PARAMS, Unsized
from gpuspec.sizing.stand_in import filled, mixture
from gpuspec.workload import Workload

LARGEST_PARAMS = 1e14
"""A hundred trillion: thirty times the largest model published; beyond it is a slip of the pen."""


class Shape(NamedTuple):
    """What memory arithmetic needs of a transformer. `params` and `active` are counts, not billions."""

    params: float
    """All parameters but those of `drafts` and `copies`."""
    active: float
    layers: int
    hidden: int
    intermediate: int
    heads: int
    kv_heads: int
    head_dim: int
    vocab: int
    tied: bool
    weights: tuple[StoredWeights, ...] = ()
    """By part and precision, as the checkpoint keeps them; without those that only predict further tokens."""
    drafts: tuple[StoredWeights, ...] = ()
    """Layers that predict further tokens (MTP), which an engine loads for speculative decoding alone."""
    copies: tuple[StoredWeights, ...] = ()
    """Of its embedding and head, which only files hold."""
    caches: tuple[Cache, ...] = ()
    gated: bool = True
    """Three matrices in the MLP (SwiGLU) rather than two."""
    moe_width: float = 0.0
    """MLP width one token passes through, all its experts together."""
    experts_used: int = 0
    """Experts that a router chooses for each token; 0: there are none."""
    max_context: int | None = None
    native: str | None = None
    """The scheme of most of its weights, where it is quantized; else their dtype."""
    kv_dtype: str | None = None
    """What the checkpoint says its cache should be kept in."""
    exact: bool = True
    """False where layers or widths were taken from the nearest dense model of that size."""
    sure: bool = True
    """Whether weights and caches were counted part by part from an architecture that gpuspec knows."""
    why_unsure: str = ""
    storage_unsure: str = ""
    """Why it is not certain which weights the checkpoint keeps in which scheme."""

    @property
    def query_width(self) -> int:
        """Width of all query heads together."""
        return self.heads * self.head_dim

    @property
    def embedding(self) -> float:
        """Parameters of input and output embeddings together."""
        return float(self.vocab * self.hidden * (1 if self.tied else 2))

    @property
    def expert_params(self) -> float:
        """Parameters of the experts that a router chooses from."""
        return float(_in_part(self.weights, "experts"))

    @property
    def largest_matrix(self) -> float:
        """Elements of the largest weight matrix of a layer (of one expert in a mixture)."""
        width = self.intermediate
        if self.expert_params:
            width = min(width, int(self.moe_width)) or int(self.moe_width)
        return float(self.hidden * max(width, self.query_width))


def shape_of(workload: Workload) -> Shape | Unsized:
    """The shape of the workload's text model.

    A model whose layers nobody knows takes them from the nearest dense model by parameters; one whose
    size is not known either is Unsized."""
    model = workload.model
    billions = workload.params_b or (model.params_b if model else None)
    if billions is None or billions <= 0:
        if model is None and workload.model_name is None:
            return Unsized("no model is named; say model.id, or model.params_b (billions)", GIVE_PARAMS)
        name = workload.model_name or (model.id if model else "the model")
        known = what_makes_known(name)
        how = f"{known}, or give model.params_b (billions)" if known else "give model.params_b (billions)"
        return Unsized(f"the number of parameters of {name} is not known; {how}", GIVE_PARAMS)
    if model is None and workload.active_b and workload.active_b < billions:
        return _of_model(mixture(billions, workload.active_b), billions * 1e9)._replace(exact=False)
    shape = _of_model(model, billions * 1e9)
    if workload.text_only:
        return shape._replace(weights=tuple(row for row in shape.weights if row.part not in TOWERS))
    return shape


_made: tuple[Model | None, float, Shape] | None = None
"""The model, its parameters and the shape of the call before: each machine that a job is held against asks for it."""


def _of_model(model: Model | None, params: float) -> Shape:
    """`_worked_out` once for one model, which is the same object: it holds what has no hash."""
    global _made
    before = _made
    if before and before[0] is model and before[1] == params:
        return before[2]
    shape = _worked_out(model, params)
    _made = model, params, shape
    return shape


def _worked_out(model: Model | None, params: float) -> Shape:
    widths, experts, chosen = filled(model, params)
    shape = Shape(
        params,
        max_context=model.max_context if model else None,
        native=model.native_dtype if model else None,
        **widths._asdict(),
    )
    ratio = _ratio(model, params)
    if model is None or not ratio:
        weights = _lumped(shape, experts, chosen)
        caches = (Cache("full", 2 * shape.kv_heads * shape.head_dim, shape.kv_heads, layers=shape.layers),)
        shape = shape._replace(weights=weights, caches=caches, sure=False)
    else:
        rows = [_scaled(row, ratio) for row in model.weights]
        shape = shape._replace(
            weights=tuple(row for row in rows if row.part not in BESIDE),
            drafts=tuple(row for row in rows if row.part == "draft"),
            copies=tuple(row for row in rows if row.part == "copy"),
            caches=model.caches,
            native=_scheme(model),
            kv_dtype=model.kv_dtype,
            sure=not (model.unsure or model.storage_unsure) and ratio == 1,
            why_unsure=model.unsure,
            storage_unsure=model.storage_unsure,
        )
    used = (model.experts_used or 8) if model and shape.expert_params else 0
    return shape._replace(gated=_is_gated(shape), moe_width=_moe_width(shape, model), experts_used=used)


def _ratio(model: Model | None, params: float) -> float:
    """By how much the size that somebody states differs from that of the weights by part: 1 where it is rounded, or
    leaves out the output head. 0 where there are no such weights, or the size is that of another model."""
    if model is None or not model.weights or not model.params_b:
        return 0.0
    ratio = params / (model.params_b * 1e9)
    head = _in_part(model.weights, "head") / (model.params_b * 1e9)
    if min(abs(ratio - 1), abs(ratio + head - 1)) < 0.005:
        return 1.0
    return ratio if 0.8 < ratio < 1.25 else 0.0


def _in_part(weights: Iterable[StoredWeights], part: str) -> int:
    return sum(row.parameters for row in weights if row.part == part)


def _scaled(row: StoredWeights, ratio: float) -> StoredWeights:
    return row._replace(parameters=int(row.parameters * ratio), active=int(row.active * ratio))


def _scheme(model: Model) -> str | None:
    """The scheme of the file, where there is one for all of it; else that of most of the quantized weights."""
    if model.native_dtype and model.native_dtype not in DTYPE_BITS:
        return model.native_dtype
    held: dict[str, int] = {}
    for row in model.weights:
        if row.scheme and row.scheme not in DTYPE_BITS and row.part not in BESIDE:
            held[row.scheme] = held.get(row.scheme, 0) + row.parameters
    return max(held, key=lambda scheme: held[scheme]) if held else model.native_dtype


def _lumped(shape: Shape, experts: float, active_experts: float) -> tuple[StoredWeights, ...]:
    """Weights by the parts that schemes treat differently, where no more is known than widths and a size.

    In 16 bit: the scheme of the checkpoint, if it has one, is applied when they are sized."""
    once, head = shape.vocab * shape.hidden, 0 if shape.tied else shape.vocab * shape.hidden
    rest = max(shape.params - once - head - experts, 0.0)
    sizes = (
        ("embedding", min(once, shape.params), min(once, shape.params), False),
        ("head", head, head, True),
        ("mlp", rest, rest, True),
        ("experts", experts, active_experts, True),
    )
    return tuple(
        StoredWeights(part, int(size), int(active), "bf16", 16.0, linear)
        for part, size, active, linear in sizes
        if size > 0
    )


def _is_gated(shape: Shape) -> bool:
    """Whether three MLP matrices explain the parameter count better than two."""
    if shape.expert_params:
        return True
    blocks = shape.layers * shape.hidden * shape.intermediate
    counted = _in_part(shape.weights, "mlp")
    if not shape.sure:
        counted -= shape.layers * shape.hidden * shape.head_dim * (2 * shape.heads + 2 * shape.kv_heads)
    return counted / blocks > 2.5


def _moe_width(shape: Shape, model: Model | None) -> float:
    if model is None or not model.experts or not model.expert_width:
        return float(shape.intermediate)
    beside = _in_part(shape.weights, "shared experts") / (3 * shape.hidden * shape.layers)
    return (model.experts_used or 8) * model.expert_width + beside
