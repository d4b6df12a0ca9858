"""How many elements a structure's safetensors files can have, and why not as many as the model has parameters."""

from __future__ import annotations

from collections.abc import Iterator
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
    masks: int
    frequencies: int
    """Of rotary embeddings, which files of 2023 store for each layer."""

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
        (a.max_context or 0) ** 2 * len(a.layers)
        if a.model_type in ("gpt2", "gpt_neo", "gpt_neox", "gptj", "openai-gpt")
        else 0,
        len(a.layers) * a.head_dim // 2 if a.model_type in ("llama", "mistral", "gpt_neox") else 0,
    )


def counts(s: Sums) -> Iterator[Count]:
    """The counts of files in 16 bit, the likeliest first."""
    yield Count(s.parameters)
    if s.drafts:
        yield Count(s.parameters + s.drafts, "with the layers that predict further tokens")
    if s.towers:
        yield Count(s.text, "without towers")
        if s.drafts:
            yield Count(s.text + s.drafts, "without towers, with drafts")
    yield Count(s.parameters + s.head, "a tied head counted twice")
    if s.frequencies:
        yield Count(s.parameters + s.frequencies, "with stored frequencies")
    if s.masks:
        yield Count(s.parameters + s.masks, "with stored masks")
        yield Count(s.parameters + s.masks + s.head, "with stored masks and the head")


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
