"""What of a model stays on the host while it writes, and how fast it is read there."""

from gpuspec.named_tuple import NamedTuple
from gpuspec.sizing.speed.deployment import Deployment
from gpuspec.sizing.speed.rates import Range

HOST_GBS = Range(14.0, 38.0, 100.0)
"""GB/s that a CPU reads weights at from its memory; which host it will be nobody says. Two channels of DDR4-3200 are
51 GB/s and of DDR5-6000 96, of which four fifths are reached; eight channels of a server 200, through one socket."""
HOST_CACHE_GBS = Range(3.0, 9.0, 40.0)
"""The same of the cache, where a CPU computes attention: a Qwen3.6-27B half of which is on the host takes 0.9 s more
at 131,072 tokens than at 4,096 (RTX 4070, runs of August 2026)."""
HANDED_OVER = Range(20e-6, 60e-6, 200e-6)
"""Seconds to hand a layer's numbers from the GPU to the host and back: two copies over PCIe and two waits."""
KEPT_FREE = 2.0**30
"""Bytes of each GPU that llama.cpp leaves free when it fits a model to it (common/arg.cpp, `--fit-target`), and its
buffers are about half of it."""


class HostShare(NamedTuple):
    """Of the layers, and of the experts in the layers that are on the GPU, what is on the host; why ("": nothing)."""

    layers: float = 0.0
    experts: float = 0.0
    why: str = ""
    surely: bool = True
    """False where all of it might be on the GPU yet: the weights alone have room, and the cache in fewer bits."""


NOTHING = HostShare()


def host_share(at: Deployment) -> HostShare:
    """What of the model is read on the host: as its flags say; of an engine that needs not have all of it on GPUs,
    what has no room there."""
    workload, layers = at.workload, max(at.shape.layers, 1)
    if at.engine.memory.buffers is None:
        return NOTHING
    asked, experts = workload.layers_on_gpu, workload.experts_on_host
    if asked is None and experts is None:
        return _overflow(at)
    # Of the layers asked for, one is the head.
    left = 0.0 if asked is None else max(layers - max(asked - 1, 0), 0) / layers
    inside = min((experts or 0) / layers, 1.0) if at.shape.experts_used else 0.0
    said = [f"{round(left * layers)} of {layers} layers"] if left else []
    said += [f"the experts of {round(inside * layers)} layers"] if inside else []
    return HostShare(left, inside, " and ".join(said))


def _overflow(at: Deployment) -> HostShare:
    """What does not fit: experts first, as nothing of them is read but those chosen, then whole layers."""
    # Of a stand-in for a model that nobody knows the cache says nothing.
    kept, cache = sum(size for _, size in at.stored), at.cache_room if at.shape.exact else 0.0
    gpus, each = at.gpus, at.gpu.vram_gib * 2.0**30
    if kept + cache + gpus * KEPT_FREE / 2 <= gpus * each:
        return NOTHING
    over = kept + cache + 1.5 * gpus * KEPT_FREE - gpus * each
    experts = sum(size for row, size in at.stored if row.part == "experts")
    inside = min(over / experts, 1.0) if experts else 0.0
    rest = over - inside * experts
    movable = kept + cache - experts
    left = min(rest / movable, 1.0) if rest > 0 and movable > 0 else 0.0
    what = f"{inside:.0%} of the experts" if inside else ""
    what += (" and " if what and left else "") + (f"{left:.0%} of the layers" if left else "")
    surely = kept + cache / 2 + gpus * KEPT_FREE / 2 > gpus * each
    return HostShare(left, inside, f"{what}, which have no room on the GPU", surely)
