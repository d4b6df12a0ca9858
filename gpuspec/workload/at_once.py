"""How many sequences are answered at once: one notion for memory, speed, traffic and the comparison of machines."""

from gpuspec.catalog import Gpu
from gpuspec.engines import engine_of
from gpuspec.engines.engine import Defaults
from gpuspec.named_tuple import NamedTuple
from gpuspec.workload.workload import Workload

BATCH = 64
"""Sequences at once where no limit was declared: guides to serving advise batches of 32 to 64 requests as the best
trade of speed and delay."""


class AtOnce(NamedTuple):
    """Sequences that all copies of a model answer at once (None: nobody said), and how many of them `wait`: users
    beyond what the server lets in."""

    sequences: int | None
    waiting: int = 0
    limit: str = ""
    """What the server lets in, in words, where some wait."""


def at_once(workload: Workload, defaults: Defaults) -> AtOnce:
    """The users that must be served, as far as the server lets them in; where no users are stated, the declared
    concurrency. `defaults` are those of the engine."""
    if workload.users is None:
        return AtOnce(workload.concurrency)
    limit, words = _limit(workload, defaults)
    if limit is None or workload.users <= limit:
        return AtOnce(workload.users)
    return AtOnce(limit, workload.users - limit, words)


def most_at_once(workload: Workload, defaults: Defaults) -> int | None:
    """The most sequences that the server lets in at once; None where no limit is known."""
    return _limit(workload, defaults)[0]


def under_load(workload: Workload, gpu: Gpu) -> int:
    """Sequences that are answered at once under load: the users that must be, else those declared, else a usual
    batch."""
    engine = engine_of(workload.engine)
    many = at_once(workload, engine.default(workload.engine_version, gpu.name, gpu.vram_gib)).sequences
    return many or (BATCH if engine.memory.queues else 1)


def _limit(workload: Workload, defaults: Defaults) -> tuple[int | None, str]:
    """(sequences, words). Each copy of data parallelism lets in as many as the limit says.

    What `model.concurrency` of a spec says is what its author expects, and no limit; nor are the few places that
    share one cache by default: whoever serves more asks for more."""
    copies = workload.data_parallel or 1
    origin = workload.origin("concurrency")
    commanded = origin.kind in ("command", "file") or "=" in origin.text  # the latter: a variable of a worker
    if workload.concurrency and commanded:
        return workload.concurrency * copies, f"`{origin.text}`"
    if defaults.batch is None or defaults.shares_cache:
        return None, ""
    return defaults.batch * copies, f"{defaults.batch:,} at once by default"
