"""What several GPUs divide between them while they train, and what each of them holds whole."""

from typing import Literal

from gpuspec.named_tuple import NamedTuple
from gpuspec.workload import Workload

Kind = Literal["alone", "copies", "layers", "parts", "zero", "fsdp"]
"""One GPU works; each holds a copy; each holds layers of its own; tensor or pipeline parallelism; DeepSpeed; FSDP."""


class Division(NamedTuple):
    """Over how many GPUs each thing is divided: 1 where every GPU holds the whole of it."""

    kind: Kind
    weights: float = 1.0
    gradients: float = 1.0
    optimizer: float = 1.0
    tokens: float = 1.0
    """Context parallelism: each GPU sees a part of every sequence."""
    widths: float = 1.0
    """Tensor parallelism: heads, the MLP's width and the vocabulary."""
    hidden: float = 1.0
    """What is as wide as the model, where sequence parallelism divides that too."""
    inputs: float = 1.0
    """The inputs of layers, where each GPU has its own layers."""
    gathers: bool = False
    """Weights are divided, and put together again layer by layer."""
    weights_on_host: bool = False
    optimizer_on_host: bool = False
    why: str = ""

    @property
    def buckets(self) -> bool:
        """DistributedDataParallel copies every gradient into a bucket, from which all GPUs read the sum."""
        return self.kind == "copies"


ALONE = Division("alone")
"""One GPU that holds everything."""


def division_of(workload: Workload, gpus: int, routed: float = 0.0) -> Division:
    """How the job is spread; `routed`: the share of the parameters that lies in experts.

    Nothing is divided unless something divides it: torchrun, accelerate and every trainer
    that starts one process a GPU give each process the whole model (DistributedDataParallel), and `python script.py`
    works on one GPU, or holds everything on the first (DataParallel). Only where neither a trainer nor a launcher is
    named is it a question of what many GPUs could hold.

    Sources: Rajbhandari et al., ZeRO (stage 1 divides the optimizer's state, 2 also gradients, 3 also weights);
    PyTorch's FullyShardedDataParallel; Megatron-LM's arguments (tensor, pipeline, context, expert parallelism)."""
    sharding = (workload.sharding or "").lower()
    at_rest = Division(
        "alone",
        weights_on_host=workload.cpu_offload in ("cpu", "params") or sharding == "fsdp-offload",
        optimizer_on_host=sharding.endswith("-offload")
        or workload.cpu_offload in ("cpu", "params", "optimizer"),
    )
    if gpus == 1 or (workload.processes == 1 and not workload.tensor_parallel):
        zero = sharding.startswith("zero")
        return at_rest._replace(kind="zero" if zero else "alone", gathers=sharding.startswith("zero3"))
    n = float(gpus)
    if sharding.startswith("layers"):
        why = f"layers spread over {gpus} GPUs"
        return at_rest._replace(kind="layers", weights=n, gradients=n, optimizer=n, inputs=n, why=why)
    return _parallel(workload, gpus, routed, sharding.removesuffix("-offload"), at_rest)


def _parallel(workload: Workload, gpus: int, routed: float, sharding: str, at_rest: Division) -> Division:
    """Data parallelism, sharded or not, over what tensor and pipeline parallelism leave of the GPUs."""
    n = float(gpus)
    tensor = min(workload.tensor_parallel or 1, gpus)
    stages = min(workload.pipeline_parallel or 1, gpus // tensor)
    model = _of_the_model(routed, tensor, stages, workload.expert_parallel or 1)
    each = at_rest._replace(
        tokens=float(min(workload.context_parallel or 1, gpus)),
        widths=float(tensor),
        hidden=float(tensor if workload.sequence_parallel else 1),
    )
    if sharding.startswith("zero1"):
        why = f"optimizer divided over {gpus} GPUs"
        return each._replace(kind="zero", weights=model, gradients=model, optimizer=n, why=why)
    if sharding in ("zero2", "fsdp-grad"):
        why = f"gradients and optimizer divided over {gpus} GPUs"
        kind: Kind = "zero" if sharding == "zero2" else "fsdp"
        return each._replace(kind=kind, weights=model, gradients=n, optimizer=n, why=why)
    named = workload.engine is not None or workload.processes is not None
    if sharding.startswith(("zero", "fsdp")) or (not sharding and model == 1 and not named):
        why = f"weights, gradients and optimizer divided over {gpus} GPUs (FSDP or ZeRO-3)"
        why += "" if sharding else "; without that each GPU holds all of it"
        kind = "zero" if sharding.startswith("zero") else "fsdp"
        return each._replace(kind=kind, weights=n, gradients=n, optimizer=n, gathers=True, why=why)
    if model > 1:
        why = f"one copy of the model on {tensor * stages} GPUs (tensor × pipeline parallelism)"
        return each._replace(kind="parts", weights=model, gradients=model, optimizer=model, why=why)
    return each._replace(
        kind="copies", why="the whole model on every GPU: nothing divides it (data parallelism)"
    )


def _of_the_model(routed: float, tensor: int, stages: int, experts: int) -> float:
    """Over how many GPUs the weights are divided on average. Expert parallelism divides experts alone."""
    share = (1 - routed) / tensor + routed / max(tensor, experts)
    return stages / share
