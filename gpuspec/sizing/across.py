"""A job on several machines: over how many GPUs its work is spread in all, and over how many machines one copy is."""

from gpuspec.workload import Workload


def gpus_together(workload: Workload, gpus: int) -> int:
    """GPUs that share the work of one server or one training, where each machine has `gpus`: those of one machine,
    where nothing spreads it further. A training has a process on every GPU of every machine; an engine that answers
    spreads over machines as far as it is told to (tensor × pipeline parallelism × copies)."""
    nodes = workload.nodes or 1
    if nodes == 1:
        return gpus
    if workload.task == "train" or workload.method:
        return gpus * nodes
    split = (
        (tensor_over(workload, gpus) or 1) * (workload.pipeline_parallel or 1) * (workload.data_parallel or 1)
    )
    return min(max(split, gpus), gpus * nodes)


def machines_together(workload: Workload, gpus: int) -> int:
    """Machines of `gpus` GPUs that do the work together."""
    return -(-gpus_together(workload, gpus) // gpus)


def tensor_over(workload: Workload, gpus: int) -> int | None:
    """The degree of tensor parallelism; where it follows the GPUs of a machine, these."""
    return gpus if "tensor_parallel" in workload.follows_gpus else workload.tensor_parallel


def as_one_machine(workload: Workload, gpus: int) -> Workload:
    """The workload as one machine with the GPUs of all would have it, where each has `gpus`."""
    machines = machines_together(workload, gpus)
    if machines == 1:
        return workload
    follows = tuple(field for field in workload.follows_gpus if field not in ("tensor_parallel", "processes"))
    started = gpus if "processes" in workload.follows_gpus else workload.processes
    return workload._replace(
        tensor_parallel=tensor_over(workload, gpus),
        processes=started and started * machines,
        follows_gpus=follows,
    )
