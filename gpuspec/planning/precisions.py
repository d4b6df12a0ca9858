"""One workload in 16, 8 and 4 bit: what its engine offers, and the cheapest machine for each."""

from collections.abc import Iterator, Sequence

from gpuspec.engines import USUAL_FOR_IMAGES, USUAL_SERVER, Quantizing, engine_of
from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.case import Case
from gpuspec.planning.machines import PricedMachine, holding, machine
from gpuspec.quantization import find_scheme
from gpuspec.sizing import Need
from gpuspec.sizing.inference.setup import scheme_of
from gpuspec.sizing.shape import Shape, shape_of
from gpuspec.workload import Workload

OF_GGUF = {"gguf:Q8_0": "a GGUF file of that type", "gguf:Q4_K_M": "a GGUF file of that type"}
"""What is usual of the files that llama.cpp and its kin read: its README, "quantize"."""
WIDTHS = (16, 8, 4)


class InScheme(NamedTuple):
    """The weights in one scheme. `how`: the flag by which the engine makes them while it loads (`on_the_fly`), or
    what gives them to it, in words; `weights`: GiB on all GPUs together; `machine`: the cheapest an hour that holds
    the same users and context, None where nothing that is priced does."""

    scheme: str
    bits: int
    asked: bool
    """Whether it is the one that the workload has."""
    how: str
    on_the_fly: bool
    weights: float
    machine: PricedMachine | None


def own_scheme(workload: Workload) -> str:
    """What the weights are kept in as the work is."""
    shape = shape_of(workload)
    if isinstance(shape, Shape):
        return scheme_of(workload, shape)
    own = workload.model.native_dtype if workload.model else None
    return workload.quantization or workload.dtype or own or "bf16"


def offered(workload: Workload, scheme: str) -> Iterator[tuple[str, str]]:
    """(scheme, how to get it), most bits first, one for each width: the workload's own `scheme`, and what its engine
    is known to load beside it. Nothing for training, for models whose only files are quantized, and where the
    engine's schemes are not known."""
    model = workload.model
    if workload.task == "train" or workload.method or workload.modality not in (None, "text", "image"):
        return
    if workload.other_models or (model is not None and model.quantized):
        return
    quantizing = _quantizing(workload)
    known = quantizing.suggested or (OF_GGUF if quantizing.reads == "GGUF" else {})
    own = find_scheme(scheme).width
    if not known or own not in WIDTHS:
        return
    sixteen = scheme if own == 16 else "bf16"
    by_width = {16: (sixteen, "the 16-bit checkpoint")}
    for name, told in known.items():
        how = quantizing.on_the_fly.get(name, told)
        by_width.setdefault(find_scheme(name).width, (name, how))
    by_width[own] = (scheme, by_width[own][1] if own in by_width and by_width[own][0] == scheme else "")
    yield from (by_width[width] for width in WIDTHS if width in by_width)


def _quantizing(workload: Workload) -> Quantizing:
    usual = USUAL_FOR_IMAGES if workload.modality == "image" else USUAL_SERVER
    return engine_of(workload.engine or usual).quantizing


def in_scheme(case: Case, scheme: str) -> Case:
    """The same work with its weights in a scheme."""
    wide = find_scheme(scheme).width == 16
    other = case.workload._replace(quantization=None if wide else scheme, dtype=scheme if wide else None)
    return case.instead(workload=other)


def precisions(case: Case, counts: Sequence[int]) -> tuple[InScheme, ...]:
    """The workload in each scheme that is offered, most bits first; nothing where that is its own alone."""
    scheme = own_scheme(case.workload)
    able = tuple(offered(case.workload, scheme))
    found = [_precision(case, name, how, scheme, counts) for name, how in able] if len(able) > 1 else []
    return tuple(one for one in found if one is not None)


def _precision(case: Case, scheme: str, how: str, own: str, counts: Sequence[int]) -> InScheme | None:
    other = case if scheme == own else in_scheme(case, scheme)
    first = next(holding(other, counts), None)
    needed = first.fit.need if first and first.fit else other.need(max(counts))
    if not isinstance(needed, Need):
        return None
    return InScheme(
        scheme,
        find_scheme(scheme).width,
        asked=scheme == own,
        how=how,
        on_the_fly=scheme in _quantizing(case.workload).on_the_fly,
        weights=needed.loaded,
        machine=machine(other, first) if first else None,
    )
