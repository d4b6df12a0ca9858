"""GS801 shared-memory-small."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from gpuspec.lint import Facts, Finding, Rule
from gpuspec.planning.limits import gpus_of_job
from gpuspec.rules.options import amount

CONTAINER_MIB = 64
"""/dev/shm of a container unless it says otherwise: Docker's and containerd's default."""


class SharedMemorySmall(Rule):
    """Several GPUs work together, and their processes have 64 MiB of shared memory.

    ## What it does
    Reports a container that splits a model over GPUs (tensor or pipeline parallel, several processes) and has
    neither a volume at `/dev/shm`, nor `shm_size`, nor the host's memory (`ipc: host`, `hostIPC`).

    ## Why is this bad
    The processes of one model hand each other tensors through `/dev/shm`, and so does NCCL where GPUs cannot reach
    each other. A container gets 64 MiB of it. The server dies while it starts, or under load, with "Bus error", "No
    space left on device" or "NCCL error: unhandled system error", on GPUs that are paid for.

    ## Example
    ```yaml
    # file: deployment.yaml
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: chat}
    spec:
      selector: {matchLabels: {app: chat}}
      template:
        metadata: {labels: {app: chat}}
        spec:
          containers:
            - name: vllm
              image: vllm/vllm-openai:v0.11.0
              args: ["--model", "Qwen/Qwen2.5-32B-Instruct", "--tensor-parallel-size", "2"]
              resources: {limits: {nvidia.com/gpu: 2}}
    ```

    ## Use instead
    ```yaml
    # file: deployment.yaml
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: chat}
    spec:
      selector: {matchLabels: {app: chat}}
      template:
        metadata: {labels: {app: chat}}
        spec:
          containers:
            - name: vllm
              image: vllm/vllm-openai:v0.11.0
              args: ["--model", "Qwen/Qwen2.5-32B-Instruct", "--tensor-parallel-size", "2"]
              resources: {limits: {nvidia.com/gpu: 2}}
              volumeMounts: [{name: shm, mountPath: /dev/shm}]
          volumes:
            - name: shm
              emptyDir: {medium: Memory, sizeLimit: 10Gi}
    ```

    ## When to ignore
    When the container runtime of your machines gives more to all containers.
    """

    code = "GS801"
    name = "shared-memory-small"
    severity = "warning"
    confidence = "medium"
    asks_for = ("deployment.shm_gb",)
    options = (amount("least_gb", 1.0, "GiB of shared memory that are enough."),)

    def check(self, facts: Facts) -> Iterator[Finding]:
        said = facts.job.deployment
        together = _together(facts)
        if said is None or together < 2:
            return
        least = facts.options["least_gb"]
        if said.shm_gb is not None and said.shm_gb >= least:
            return
        has = f"{CONTAINER_MIB} MiB" if said.shm_gb is None else f"{said.shm_gb * 1024:.0f} MiB"
        default = ", which is what a container has unless it asks for more" if said.shm_gb is None else ""
        how = facts.format.examples.get("deployment.shm_gb", "give it some GiB of /dev/shm")
        yield self.finding(
            facts.job.pointer("deployment.shm_gb"),
            f"{together} GPUs work together through {has} of /dev/shm{default}: the processes, and NCCL, run out of "
            "it and die",
            suggestion=how,
        )


def _together(facts: Facts) -> int:
    """GPUs of one container over which one model is split; 0 where that is not known."""
    work = facts.workload
    split = prod(each or 1 for each in (work.tensor_parallel, work.pipeline_parallel))
    there = gpus_of_job(facts.job, work, facts.catalog)
    wanted = max(split, work.processes or 1)
    return min(wanted, there) if there else wanted
