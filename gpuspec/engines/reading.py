"""How fast an engine reads prompts: what it reaches of a GPU's arithmetic, and what each pass takes beside that."""

from collections.abc import Mapping

from gpuspec.named_tuple import NamedTuple

Range = tuple[float, float, float]
"""Low, expected, high."""


class Reading(NamedTuple):
    """Shares are of the dense TFLOPS in the data sheet, of the precision that it computes in; times are seconds."""

    dense: Range = (0.3, 0.55, 0.8)
    """In matrix products that all tokens of a pass go through."""
    experts: Range = (0.1, 0.3, 0.6)
    """In those of a mixture's experts, each of which gets a few of the tokens."""
    attention: Range = (0.15, 0.35, 0.6)
    """In attention, whose work grows with the square of the prompt."""
    layer: Range = (10e-6, 30e-6, 100e-6)
    """To start the kernels of one layer, each pass."""
    request: Range = (0.003, 0.015, 0.05)
    """Between a request and the first pass over it: the network on one machine, tokenizer, scheduler, and sampling of
    the first token."""
    weights_only: frozenset[str] = frozenset()
    """Schemes whose 8- or 4-bit arithmetic it leaves unused, though the GPU has it."""
    whole_blocks: Mapping[str, float] = {}
    """Compute capability of chips whose matrix units its kernels fill to this part alone, beside `dense`."""
