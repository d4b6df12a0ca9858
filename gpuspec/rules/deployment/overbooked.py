"""GS807 overbooked-gpu."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.engines import engine_of
from gpuspec.lint import Facts, Finding, Related, Rule
from gpuspec.rules.deployment.gpu_shares import Claim, process_claims, service_devices, usual_share
from gpuspec.sizing import Need
from gpuspec.words import gib

_WHOLE = 1.0 + 1e-6
SMALL_GIB = 22.0
"""What a card of 24 GB shows: on larger cards alone there is room for both, so it is worth a word."""


class OverbookedGpu(Rule):
    """Servers on one GPU take more than all of its memory.

    ## What it does
    Adds up the shares of memory (`--gpu-memory-utilization`) of the servers that run on the same GPU, and reports
    those that come to more than 1; an engine that is told no share takes its default (vLLM 0.9). Servers of one GPU
    are those that a job's commands start beside each other (in the background) without `CUDA_VISIBLE_DEVICES` to part
    them, and services of compose that name the same GPU, or none: `count: 1` gives each of them the first. As an info
    it says so where a server that takes what it needs (TEI, Ollama) finds no room beside one that takes its share, on
    a card of 24 GB. SGLang's share is one of what it finds free, and is not added.

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
        yield from self._processes(facts)
        for device in service_devices(facts):
            there = [one for one in facts.beside if device in service_devices(one)]
            sharing = [one for one in there if _share(one)]
            if not sharing or sharing[-1].case is not facts.case:
                continue  # it is said once: of the last
            claims = [Claim(device, _share(one), one.job.name or "unnamed", _where(one)) for one in sharing]
            total = sum(each.share for each in claims)
            if total <= _WHOLE:
                yield from self._no_room(facts, device, total, [one for one in there if not _share(one)])
                continue
            if len(sharing) > 1:
                yield self._overbooked(device, claims)
                return

    def _processes(self, facts: Facts) -> Iterator[Finding]:
        """Servers that the commands of one job start beside each other."""
        servers = process_claims(facts) if facts.has_job else []
        devices = dict.fromkeys(claim.device for claims in servers for claim in claims)
        for device in devices:
            claims = [next((c for c in each if c.device == device), None) for each in servers]
            sharing = [claim for claim in claims if claim is not None]
            if len(sharing) > 1 and sum(each.share for each in sharing) > _WHOLE:
                yield self._overbooked(device, sharing)
                return

    def _overbooked(self, device: str, claims: list[Claim]) -> Finding:
        total = sum(each.share for each in claims)
        parts = " + ".join(f"{each.share:g} ({each.called})" for each in claims)
        return self.finding(
            claims[-1].pointer,
            f"the servers on GPU {device} take {total:.2f} of its memory: {parts}; the last one to start finds too "
            "little and stops",
            related=[Related(each.pointer, f"{each.share:g} of it") for each in claims[:-1]],
            suggestion="shares that come to 0.9, or a GPU of its own for each",
        )

    def _no_room(self, facts: Facts, device: str, total: float, others: list[Facts]) -> Iterator[Finding]:
        """Servers that take what they need, beside one that takes its share before: on which card both fit."""
        needs = [one.need(1) for one in others if one.workload.model_name]
        known = [need.low for need in needs if isinstance(need, Need) and need.confidence != "low"]
        least = sum(known) / (1 - total) if total < 1 else 0.0
        if not known or least <= SMALL_GIB:
            return
        names = ", ".join(one.job.name or "unnamed" for one in others)
        yield self.finding(
            _where(facts),
            f"{total:g} of GPU {device} is taken by this server, and {names} beside it needs {gib(sum(known))} at "
            f"least: on a card below {gib(least)} one of them finds no room ({gib(sum(known))} ÷ {1 - total:.2g})",
            severity="info",
            suggestion="give this server a smaller share of the memory, or the other a GPU of its own",
        )


def _share(facts: Facts) -> float:
    """The share of a GPU that a server takes when it starts: as its flag says, else its engine's least default; 0 for
    one that takes what it needs."""
    work = facts.workload
    engine = engine_of(work.engine)
    if work.memory_utilization is not None or "memory_utilization" in work.origins:
        return 0.0 if engine.memory.share_of_free else work.memory_utilization or 0.0
    return usual_share(engine) if work.task == "serve" else 0.0


def _where(facts: Facts) -> str:
    """Where its share is said, else its model."""
    return next(
        (
            pointer
            for field in ("memory_utilization", "model_name")
            if (pointer := facts.workload.origin(field).pointer)
        ),
        "",
    )
