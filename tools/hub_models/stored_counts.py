"""How many elements a structure's safetensors files can have, and why not as many as the model has parameters."""

from __future__ import annotations

from collections.abc import Iterator
from math import isqrt
from typing import NamedTuple

from gpuspec.architectures.parts import TOWERS, Architecture

WITHIN = 0.02
"""A structure is taken for that of a repository whose count it explains so well."""

_PACKED = {
    4: (
        1 / 2 + 1 / 16,  # NVFP4: two in a byte, a scale for sixteen
        1 / 2 + 1 / 32,  # MXFP4
        1 / 2 + 1 / 64,  # bitsandbytes: a scale for 64
        1 / 8 + 1 / 128 + 1 / 1024,  # GPTQ and AWQ: eight in 32 bits; scales and zeros for 128
        1 / 8 + 1 / 32 + 1 / 256,
        1 / 8 + 2 / 64,  # MLX: a scale and an offset for 64
        1 + 1 / 128,  # counted unpacked, with the scales
        1 + 1 / 64,
        1 + 1 / 32,
        1 + 1 / 16,
    ),
    8: (1 / 4 + 1 / 128 + 1 / 512, 1 / 4 + 2 / 64, 1 + 1 / 128, 1 + 1 / 64, 1 + 1 / 32),
}
"""Bits of a scheme → elements stored for each weight of a linear layer."""


class Count(NamedTuple):
    """One way to count a structure."""

    elements: int
    why: str = ""


class Sums(NamedTuple):
    """What the counts are made of."""

    parameters: int
    drafts: int
    towers: int
    head: int
    linear: int
    experts: int
    buffers: int
    """What older files store beside the parameters: see `_buffers`."""
    routed: int
    """Experts and routers: what there is more of with each expert."""
    corrections: int
    """Of routers: a number for each expert, which is no parameter."""
    vectors: int
    """Norms and biases."""
    embeddings: int
    """How often a tied embedding is stored, if it is stored wherever it is used."""

    @property
    def text(self) -> int:
        """Without towers."""
        return self.parameters - self.towers


def sums(a: Architecture) -> Sums:
    """The sums of a structure."""
    weights = a.weights
    return Sums(
        a.parameters,
        sum(weight.elements for layer in a.drafts for weight in layer.weights),
        sum(weight.elements for weight in a.outside if weight.part in TOWERS),
        a.vocabulary * a.hidden,
        sum(w.elements for w in weights if w.linear and w.part not in ("head", "router", *TOWERS)),
        sum(w.elements for w in weights if w.part == "experts"),
        _buffers(a),
        sum(w.elements for w in weights if w.part in ("experts", "router")),
        sum(w.outputs * w.copies for w in weights if w.part == "router"),
        sum(w.elements if w.outputs == 1 else w.bias * w.copies for w in weights),
        4 if any(weight.part == "encoder" for weight in a.outside) else 2,  # one more in each stack
    )


def _buffers(a: Architecture) -> int:
    """Constants that files of before transformers 4.31 store in each layer, masks and frequencies; and Swin's index
    of its relative positions, which files store to this day."""
    mask, number = (a.max_context or 0) ** 2, len(a.layers)
    each = {
        "llama": a.head_dim // 2,
        "mistral": a.head_dim // 2,
        "gpt_neox": mask + a.head_dim // 8,  # a quarter of each head is turned
        "gpt2": mask,
        "gptj": mask,
        "openai-gpt": mask,
    }
    found = each.get(a.model_type, 0) * number
    if a.model_type in ("bart", "mbart"):  # a bias of the head that is never learnt
        found = a.vocabulary
    if a.model_type == "gpt_neo":  # only layers with a window have one
        found = mask * (number // 2)
    for weight in a.outside:
        if weight.module.endswith("relative_position_bias_table") and weight.part == "vision":
            found += (isqrt(weight.outputs) // 2 + 1) ** 4 * weight.copies
    return found


def counts(s: Sums) -> Iterator[Count]:
    """The counts of files in 16 bit, the likeliest first."""
    yield Count(s.parameters)
    if s.corrections:
        yield Count(s.parameters + s.corrections, "with the corrections of routers")
    if s.drafts:
        yield Count(s.parameters + s.drafts, "with the layers that predict further tokens")
        yield Count(s.parameters + 3 * s.drafts, "with three layers that predict further tokens")
        yield Count(s.parameters + s.drafts + s.head, "with drafts, a tied head counted twice")
    if s.towers:
        yield Count(s.text, "without towers")
        if s.drafts:
            yield Count(s.text + s.drafts, "without towers, with drafts")
    for times in range(2, s.embeddings + 1):
        yield Count(s.parameters + (times - 1) * s.head, "a tied head counted twice")
    if s.buffers:
        yield Count(s.parameters + s.buffers, "with stored constants")
        yield Count(s.parameters + 2 * s.buffers, "with stored constants, of GPT-Neo in every layer")
        yield Count(s.parameters + s.buffers + s.head, "with stored constants, a tied head counted twice")


def packed_counts(s: Sums, bits: int) -> Iterator[Count]:
    """The counts of files whose linear layers are kept in fewer bits."""
    for factor in _PACKED.get(bits, ()):
        for count in counts(s):
            drafts = s.drafts if "drafts" in count.why or "predict" in count.why else 0
            packed = s.linear + drafts
            yield Count(int(count.elements - packed + packed * factor), f"{bits} bit, {count.why}")
            if drafts:
                yield Count(int(count.elements - s.linear + s.linear * factor), f"{bits} bit, drafts in 16")


def guessed(a: Architecture) -> int:
    """The count that the list has where it read no files: a formula with two matrices in the feed-forward block."""
    return a.vocabulary * a.hidden + len(a.layers) * (4 * a.hidden**2 + 2 * a.hidden * a.intermediate)
