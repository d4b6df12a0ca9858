"""How fast an engine reads prompts: what it reaches of a GPU, and what passes and requests take beside that."""

from collections.abc import Mapping

from gpuspec.engines.decode import Range
from gpuspec.named_tuple import NamedTuple


class PrefillSpeed(NamedTuple):
    """Shares are of the data sheet's dense operations, of the precision that it computes in; times are seconds."""

    dense: Range = (0.3, 0.55, 0.8)
    """In matrix products that all tokens of a pass go through."""
    experts: Range = (0.15, 0.35, 0.6)
    """In those of a mixture's experts, each of which gets a few of the tokens."""
    narrow: Range = (0.2, 0.45, 0.7)
    """Of the 8- or 4-bit operations, where activations are quantized too: quantizing them takes its time."""
    integer: Range | None = None
    """Of the INT8 operations, where it computes quantized weights in 8-bit integers, whatever their bits; None: it
    unpacks them to 16 bit."""
    integer_experts: Range | None = None
    """The same in experts."""
    tile: float = 64.0
    """Tokens that an expert must get in a pass for these shares; with fewer its tiles stay partly empty."""
    attention: Range = (0.15, 0.4, 0.7)
    """Of the 16-bit operations, in attention, whose work grows with the square of the prompt."""
    state: Range = (0.01, 0.05, 0.15)
    """Of the 16-bit operations, in layers with a state (Mamba, delta nets), which go through a prompt in order."""
    layer: Range = (10e-6, 30e-6, 100e-6)
    """To start the kernels of one layer, each pass."""
    request: Range = (0.002, 0.01, 0.04)
    """From a request to its first token beside the passes: HTTP on one machine, tokenizer, scheduler, sampler."""
    request_layer: Range = (0.0, 0.0, 0.0)
    """The same, for each layer: what the host does to start a pass that no CUDA graph holds."""
    alone: Range = (1.0, 1.0, 1.0)
    """A prompt that comes alone takes so many times as long as one in a benchmark, which repeats it."""
    overlaps: float = 0.0
    """Of what GPUs that hold layers after one another could gain by working on several passes at once, it gains so
    much; 0: they take turns."""
    weights_only: frozenset[str] = frozenset()
    """Schemes whose 8- or 4-bit arithmetic it leaves unused, though the GPU has it."""
    fills: Mapping[str, float] = {}
    """Compute capability of chips with wider matrix units than its kernels were written for → the part of them that
    these can fill at most."""
