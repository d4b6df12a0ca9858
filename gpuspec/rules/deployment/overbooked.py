"""GS807 overbooked-gpu."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.lint import Facts, Finding, Related, Rule


class OverbookedGpu(Rule):
    """Servers on one GPU take more than all of its memory.

    ## What it does
    Adds up the shares of memory (`--gpu-memory-utilization`) of the services of a file that name the same GPU, and
    reports those that come to more than 1. Services that name different GPUs, or none, share nothing that is known.

    ## Why is this bad
    Each server takes its share when it starts. The last one finds too little left and stops: "Free memory on device
    is less than desired GPU memory utilization".

    ## Example
    ```yaml
    # file: compose.yaml
    services:
      chat:
        image: vllm/vllm-openai:v0.11.0
        command: --model Qwen/Qwen2.5-7B-Instruct --gpu-memory-utilization 0.9
        deploy: {resources: {reservations: {devices: [{device_ids: ["0"], capabilities: [gpu]}]}}}
      embed:
        image: vllm/vllm-openai:v0.11.0
        command: --model BAAI/bge-m3 --gpu-memory-utilization 0.3
        deploy: {resources: {reservations: {devices: [{device_ids: ["0"], capabilities: [gpu]}]}}}
    ```

    ## Use instead
    ```yaml
    # file: compose.yaml
    services:
      chat:
        image: vllm/vllm-openai:v0.11.0
        command: --model Qwen/Qwen2.5-7B-Instruct --gpu-memory-utilization 0.7
        deploy: {resources: {reservations: {devices: [{device_ids: ["0"], capabilities: [gpu]}]}}}
      embed:
        image: vllm/vllm-openai:v0.11.0
        command: --model BAAI/bge-m3 --gpu-memory-utilization 0.2
        deploy: {resources: {reservations: {devices: [{device_ids: ["0"], capabilities: [gpu]}]}}}
    ```

    ## When to ignore
    When the services never run at the same time.
    """

    code = "GS807"
    name = "overbooked-gpu"
    severity = "error"
    confidence = "medium"

    def check(self, facts: Facts) -> Iterator[Finding]:
        for device in _devices(facts):
            sharing = [one for one in facts.beside if device in _devices(one) and _share(one)]
            if not sharing or sharing[-1].case is not facts.case:
                continue  # it is said once: of the last
            total = sum(_share(one) for one in sharing)
            if len(sharing) < 2 or total <= 1.0:
                continue
            parts = " + ".join(f"{_share(one):g} ({one.job.name or 'unnamed'})" for one in sharing)
            yield self.finding(
                facts.workload.origin("memory_utilization").pointer,
                f"the servers on GPU {device} take {total:.2f} of its memory: {parts}",
                related=[
                    Related(one.workload.origin("memory_utilization").pointer, f"{_share(one):g} of it")
                    for one in sharing[:-1]
                ],
                suggestion="shares that come to 0.9, or a GPU of its own for each",
            )
            return


def _devices(facts: Facts) -> tuple[str, ...]:
    said = facts.job.deployment if facts.has_job else None
    return () if said is None or said.suspended else said.gpu_devices


def _share(facts: Facts) -> float:
    return facts.workload.memory_utilization or 0.0
