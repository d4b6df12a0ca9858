"""GS813 fewer-gpus-would-do."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.engines import engine_of
from gpuspec.lint import Facts, Finding, Rule
from gpuspec.planning.limits import gpus_of_job
from gpuspec.rules.options import share
from gpuspec.sizing import Need
from gpuspec.words import gib
from gpuspec.workload import Workload

SMALL, LARGE = 24.0, 80.0
"""GB of a card that every cloud has, and of the usual large one: what is counted with where none is named."""


class FewerGpusWouldDo(Rule):
    """A model is split over several GPUs or machines, and fewer would hold it.

    ## What it does
    For files that say no price: reports a model that is split over several machines and fits one GPU (of 24 GB, where
    the file names none), and one in 16 bit that would stand on one machine, or one GPU of 80 GB, in 8 or 4 bit.
    Copies (data parallel) are left alone, and so is a split within one machine where it is not known how large its
    GPUs are. Where prices are known, GS103 and GS201 say it in money.

    ## Why is this bad
    GPUs of several machines hand each layer's results over the network, 50 times as slowly as within one; and each
    GPU more is paid for.

    ## Example
    ```yaml
    # file: lws.yaml
    apiVersion: leaderworkerset.x-k8s.io/v1
    kind: LeaderWorkerSet
    metadata: {name: chat}
    spec:
      leaderWorkerTemplate:
        size: 2
        leaderTemplate:
          spec:
            containers:
              - name: leader
                image: lmsysorg/sglang:v0.5.3
                command: [python3, -m, sglang.launch_server, --model-path, Qwen/Qwen2.5-7B-Instruct, --tp, "2",
                          --context-length, "8192", --nnodes, "2", --node-rank, "0"]
                resources: {limits: {nvidia.com/gpu: 1}}
        workerTemplate:
          spec:
            containers:
              - name: worker
                image: lmsysorg/sglang:v0.5.3
                command: [python3, -m, sglang.launch_server, --model-path, Qwen/Qwen2.5-7B-Instruct, --tp, "2",
                          --context-length, "8192", --nnodes, "2", --node-rank, "1"]
                resources: {limits: {nvidia.com/gpu: 1}}
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
            - name: sglang
              image: lmsysorg/sglang:v0.5.3
              command: [python3, -m, sglang.launch_server, --model-path, Qwen/Qwen2.5-7B-Instruct,
                        --context-length, "8192"]
              resources: {limits: {nvidia.com/gpu: 1}}
    ```

    ## When to ignore
    When you measured that the split answers quicker, and want that.
    """

    code = "GS813"
    name = "fewer-gpus-would-do"
    severity = "warning"
    confidence = "medium"
    options = (share("usable", 0.9, "Share of a card's memory that the model may take."),)

    def check(self, facts: Facts) -> Iterator[Finding]:
        work = facts.workload
        if facts.job.deployment is None or work.model is None or work.task not in ("serve", None):
            return
        nodes = work.nodes or facts.job.nodes or 1
        each = gpus_of_job(facts.job, work, facts.catalog) or 1
        copies = (work.data_parallel or 1) > 1 or (work.expert_parallel or 1) > 1 or work.other_models
        if nodes * each < 2 or copies or (nodes == 1 and facts.baseline is not None):
            return
        named = {one.gpu.vram_gib for one in facts.choices} | (
            {facts.job.min_vram} if facts.job.min_vram else set()
        )
        card = min((size for size in named if size), default=None)
        alone = _need(facts, work, 1)
        if alone is None:
            return
        if nodes > 1 and alone.high <= (card or SMALL) * self._usable(facts):
            yield self._one_gpu(facts, nodes, each, alone, card)
            return
        yield from self._quantized(facts, nodes, each, card or LARGE)

    def _usable(self, facts: Facts) -> float:
        return float(facts.options["usable"])

    def _one_gpu(self, facts: Facts, nodes: int, each: int, alone: Need, card: float | None) -> Finding:
        holds = "one of them holds it" if card else f"one card of {SMALL:g} GB holds it"
        return self.finding(
            _where(facts),
            f"{_name(facts)} takes {gib(alone.expected)} and is split over {nodes} machines ({nodes * each} GPUs): "
            f"{holds}, and no network stands between its layers",
            suggestion="serve it from one GPU, and add replicas where more is asked of it",
        )

    def _quantized(self, facts: Facts, nodes: int, each: int, card: float) -> Iterator[Finding]:
        """In fewer bits: on one machine instead of several, else on one GPU."""
        work = facts.workload
        if (
            work.quantization
            or work.dtype not in (None, "bf16", "fp16")
            or (work.model and work.model.quantized)
        ):
            return
        gpus, room = (each if nodes > 1 else 1), card * self._usable(facts)
        plain = _need(facts, work, gpus)
        if plain is None or (plain.high if nodes > 1 else plain.expected) <= room:
            return  # it is not for its memory that there are so many
        from gpuspec.quantization.quality import QUALITY
        from gpuspec.rules.quantization.missing import offered

        for scheme in offered(work.engine):
            small = _need(facts, work._replace(quantization=scheme.name, dtype=None), gpus)
            if small is None or small.high > room:
                continue
            how = engine_of(work.engine).quantizing.suggested[scheme.name]
            there = f"one machine of {each} GPUs" if nodes > 1 else f"one GPU of {card:g} GB"
            yield self.finding(
                _where(facts),
                f"{_name(facts)} in 16 bit is {gib(plain.loaded)} of weights on {nodes * each} GPUs"
                + (f" of {nodes} machines" if nodes > 1 else "")
                + f"; in {scheme.width} bit it is {gib(small.loaded)}, and {there} holds it",
                severity="warning" if nodes > 1 else "info",
                suggestion=f"use {how} (quality loss {QUALITY[scheme.width]})",
            )
            return


def _need(facts: Facts, work: Workload, gpus: int) -> Need | None:
    """The memory of each of so many GPUs of one machine, where that is well known."""
    whole = work._replace(nodes=1, tensor_parallel=gpus, pipeline_parallel=1)
    found = facts.case.instead(workload=whole).need(gpus)
    return found if isinstance(found, Need) and found.confidence != "low" else None


def _name(facts: Facts) -> str:
    return facts.workload.model.id if facts.workload.model else "the model"


def _where(facts: Facts) -> str:
    for field in ("tensor_parallel", "model_name"):
        pointer = facts.workload.origin(field).pointer
        if pointer:
            return pointer
    return ""
