"""Speculative decoding: what it gains where something drafts tokens, and the model checks several in one step.

A step writes (1 − a^(k+1)) ÷ (1 − a) tokens, where k are drafted and each is accepted with a chance of a (Leviathan
et al. 2023): 1.9 to 3.4 of k = 4 for a from 0.5 to 0.8, less what drafting costs. What a text's acceptance is nobody
knows beforehand, so this is a wide range and an assumption, never a fact.
"""

from math import log2

from gpuspec.sizing.memory import Unsized
from gpuspec.sizing.shape import shape_of
from gpuspec.sizing.speed.rates import Range, Speed
from gpuspec.workload import Workload

DENSE = Range(1.0, 1.9, 3.6)
"""Tokens a second with drafts ÷ those expected without, one sequence: nine in ten of 36 runs that people report of
dense models (localmaxxing, 2026-08) are from 1.3 to 3.6 or above, half above 2.1; papers say 2 to 3."""
MIXTURE = Range(0.7, 1.1, 1.8)
"""The same of a mixture (51 runs, 0.7 to 1.6, half above 1.07): each token that is checked goes through experts of
its own, which are read for it."""
MANY = 16
"""From so many sequences on, arithmetic that checks drafts is taken from that of others."""
OF_MANY = Range(0.7, 1.0, 1.5)
"""vLLM's documentation of speculative decoding: it slows servers of many requests down, and helps those of few."""


def drafts(workload: Workload) -> bool:
    """Whether something drafts tokens: the model's own layers (MTP), or a model beside it (EAGLE, a draft model)."""
    return bool(workload.drafts or workload.draft)


def drafting_gain(workload: Workload, sequences: int) -> Range | None:
    """By how much a token comes sooner; None where nothing is known to draft."""
    if not drafts(workload):
        return None
    shape = shape_of(workload)
    few = MIXTURE if not isinstance(shape, Unsized) and shape.experts_used else DENSE
    part = min(log2(max(sequences, 1)) / log2(MANY), 1.0)
    return Range(*(one + part * (many - one) for one, many in zip(few, OF_MANY, strict=True)))


def drafting_assumed(workload: Workload, sequences: int) -> tuple[str, ...]:
    """The assumption in words."""
    gain = drafting_gain(workload, sequences)
    if gain is None:
        return ()
    return (f"speculative decoding makes it {gain.low:.1f} to {gain.high:.1f} times as fast",)


def drafted(found: Speed | Unsized, workload: Workload) -> Speed | Unsized:
    """A speed without drafts as it is with those of the workload."""
    if (
        isinstance(found, Unsized)
        or found.decode is None
        or not (gain := drafting_gain(workload, found.sequences))
    ):
        return found
    decode = Range(*(rate * more for rate, more in zip(found.decode, gain, strict=True)))
    return found._replace(
        decode=decode,
        each=decode.times(1 / found.sequences),
        assumptions=(*found.assumptions, *drafting_assumed(workload, found.sequences)),
    )
