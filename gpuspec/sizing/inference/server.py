"""Memory of servers that set aside a pool for the cache after a trial pass: vLLM, SGLang and their like."""

from gpuspec.sizing.inference.setup import Answering
from gpuspec.sizing.inference.trial_pass import activation_part
from gpuspec.sizing.memory import Part, Phase


def phases(at: Answering, held: list[Part]) -> tuple[Phase, ...]:
    """What stands on the GPU while it starts and serves; `held` is there all the time once it serves.

    The cache gets what the share of the memory leaves beside weights and the peak of the trial pass, so that room for
    this peak is kept for good (vLLM gpu_worker.py, `determine_available_memory`)."""
    loaded = [part for part in held if part.name != "KV cache"]
    activations = activation_part(at)
    serving = [*held, activations, *_graphs(at), *_left_free(at, held, activations)]
    return (
        Phase("loading", tuple(loaded)),
        Phase("trial pass", (*loaded, activations)),
        Phase("serving", tuple(serving)),
    )


def _graphs(at: Answering) -> list[Part]:
    """CUDA graphs. Where they do not count to the share of the memory, they may take of what it leaves."""
    low, expected, high = at.engine.memory.graphs
    if not high or at.workload.eager:
        return []
    inside = at.defaults.graphs_inside
    why = "recorded CUDA graphs and their buffers" + ("" if inside else ", of what the engine leaves free")
    return [Part("CUDA graphs", low if inside else 0.0, expected, high, why, "process", fitted=True)]


def _left_free(at: Answering, held: list[Part], activations: Part) -> list[Part]:
    """What the engine leaves free beside a cache that takes only a share of what the weights leave."""
    share = at.engine.memory.cache_share
    cache = next((part for part in held if part.name == "KV cache"), None)
    if share == 1.0 or cache is None:
        return []
    rest = 1 / share - 1
    low, expected, high = (
        max(rest * cache.low - activations.high, 0.0),
        max(rest * cache.expected - activations.expected, 0.0),
        max(rest * cache.high - activations.low, 0.0),
    )
    return [Part("left free", low, expected, high, f"the cache takes {share:.0%} of what the weights leave")]
