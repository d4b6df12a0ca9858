"""Which weights of an upload are in its scheme, and which as they were, by the exact number of elements it stores.

The list does not hold quantization configs, but two 4-bit floats lie in one byte, which the hub counts as one
element: a packed weight counts half, or half and a sixteenth with its scales. Blocks of FP8 add a scale for 128².
Quantizers are run on the experts alone, on all but attention, with the head or without: of such layouts the one whose
count is the repository's is the one it was made with. Formats: NVIDIA's NVFP4, OCP's microscaling, DeepSeek-V3."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import combinations, product
from typing import NamedTuple

from gpuspec.architectures.module_patterns import ModulePatterns
from gpuspec.architectures.parts import TOWERS, Architecture, Weight
from gpuspec.architectures.storage import Precision, Storage
from gpuspec.quantization import find_scheme
from tools.hub_models.stored_counts import sums

EXACT = 1e-6
"""Of the elements: single scales of tensors are not counted here."""
SHOWS = 30 * EXACT
"""What a layout must change of the count: the scales of a few blocks of FP8 would fit any."""
ALIKE = 0.005
"""Layouts whose packed weights differ by less are one size."""
MAY_BE_IN_8_BIT = 0.05
"""Of all weights, outside the scheme: more may make a difference."""
_FACTORS = {
    "nvfp4": (1 / 2, 1 / 2 + 1 / 16),
    "mxfp4": (1 / 2, 1 / 2 + 1 / 32),
    "fp8": (1 + 1 / 128**2,),
}
"""Scheme → elements that may be counted for a weight."""
_LAST = frozenset(("o_proj", "out_proj", "dense", "wo"))
"""Output projections, which some recipes take where they leave the rest of attention."""
_NARROW = frozenset(("in_proj_a", "in_proj_b", "in_proj_ba", "b_proj"))
"""Gates of delta rules, a number for each head: most recipes leave them."""
_GROUPS = (
    "experts", "mlp", "attention", "attention, last", "shared experts", "mixer", "mixer, last", "mixer, narrow",
    "head",
)  # fmt: skip
"""Weights that a layout takes or leaves together."""


class Layout(NamedTuple):
    """What of a structure is stored, and how."""

    taken: frozenset[str]
    """Groups in the scheme."""
    drafts: str = ""
    """"" (left out), "kept" or "taken" as the rest is."""
    bare: bool = False
    """Whether the towers are left out."""


def layout_of(a: Architecture, stored: int, scheme: str) -> Layout | None:
    """The layout of an upload in a scheme; None where none, or several of other sizes, make its count."""
    main, draft = _sums(a, drafts=False), _sums(a, drafts=True)
    found = [
        (abs(count - stored), sum(main[group] for group in layout.taken), layout)
        for layout, count in _counts(a, main, draft, scheme)
        if abs(count - stored) <= EXACT * stored
    ]
    if not found:
        return None
    nearest = min(error for error, _, _ in found)
    best = [each for each in found if each[0] <= nearest + EXACT * stored / 100]
    sizes = [size for _, size, _ in best]
    return best[0][2] if max(sizes) - min(sizes) <= ALIKE * max(sizes) else None


def precision_of(a: Architecture, layout: Layout, scheme: str) -> tuple[Architecture, Precision]:
    """(what is stored of the structure, how its weights are kept)."""
    outside = tuple(weight for weight in a.outside if not (layout.bare and weight.part in TOWERS))
    whole = a._replace(outside=outside, drafts=a.drafts if layout.drafts else ())
    paths = [path for path, weight in _paths(whole, drafts=False) if _group(weight) in layout.taken]
    if layout.drafts == "taken":
        paths += [
            path for path, weight in _paths(whole, drafts=True) if _group(weight) in layout.taken - {"head"}
        ]
    bits = find_scheme(scheme).bits or 16.0
    named = ModulePatterns(path.replace(".*.", ".0.") for path in paths)
    return whole, Precision("bf16", (Storage(scheme, bits, named),))


def leaves_much(a: Architecture, layout: Layout) -> bool:
    """Whether much of what every quantizer can take is outside the scheme: a mixed one may have it in 8 bit."""
    sums = _sums(a, drafts=False)
    left = sum(sums[group] for group in _GROUPS if group not in (*layout.taken, "head", "mixer, narrow"))
    return left > MAY_BE_IN_8_BIT * a.parameters


def _counts(
    a: Architecture, main: Counter[str], draft: Counter[str], scheme: str
) -> Iterator[tuple[Layout, float]]:
    """Every layout and the elements it would store."""
    whole = sums(a)
    groups = [group for group in _GROUPS if main[group]]
    chosen = [set(some) for number in range(1, len(groups) + 1) for some in combinations(groups, number)]
    ways = ("", "kept", "taken") if whole.drafts else ("",)
    for factor, taken, drafts, bare in product(_FACTORS[scheme], chosen, ways, {False, whole.towers > 0}):
        if not taken & {"experts", "mlp"} or ("mixer, narrow" in taken and "mixer" not in taken):
            continue
        packed = (1 - factor) * sum(main[group] for group in taken)
        if abs(packed) < SHOWS * a.parameters:
            continue
        count = (whole.text if bare else whole.parameters) - packed
        if drafts:
            count += whole.drafts
        if drafts == "taken":
            count -= (1 - factor) * sum(draft[group] for group in taken - {"head"})
        for again in (0, whole.head) if a.tied else (0,):
            yield Layout(frozenset(taken), drafts, bare), count + again


def _sums(a: Architecture, *, drafts: bool) -> Counter[str]:
    found: Counter[str] = Counter()
    for _, weight in _paths(a, drafts=drafts):
        found[_group(weight)] += weight.inputs * weight.outputs * weight.copies
    return found


def _paths(a: Architecture, *, drafts: bool) -> Iterator[tuple[str, Weight]]:
    """(path, weight) of the model, or of its drafts."""
    if not drafts:
        yield from ((weight.module, weight) for weight in a.outside)
    first = len(a.layers) if drafts else 0
    for index, layer in enumerate(a.drafts if drafts else a.layers, first):
        yield from ((f"model.layers.{index}.{weight.module}", weight) for weight in layer.weights)


def _group(weight: Weight) -> str:
    """The group of a weight; "" for what no layout takes."""
    last = weight.module.rpartition(".")[2]
    if not weight.linear:
        return ""
    if weight.part in ("attention", "mixer") and last in _LAST:
        return f"{weight.part}, last"
    if weight.part == "mixer" and last in _NARROW:
        return "mixer, narrow"
    return weight.part if weight.part in _GROUPS else ""
