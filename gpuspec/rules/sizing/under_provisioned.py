"""GS102 under-provisioned-gpu."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from gpuspec.engines import engine_of
from gpuspec.lint import Facts, Finding, Fix, Rule
from gpuspec.planning.alternatives import COUNTS, Alternative
from gpuspec.rules.full_context import needs_a_length
from gpuspec.rules.numbers import need_lines
from gpuspec.sizing.memory import Need
from gpuspec.words import dollars, gib, span_of_gib

MOST_UTILIZATION = 0.97
"""Beyond it nothing is left for CUDA graphs (GS601)."""


def _reads(facts: Facts) -> bool:
    """Whether the model reads texts and writes none."""
    from gpuspec.catalog.model_task import READS

    return facts.workload.model is not None and facts.workload.model.task in READS


class UnderProvisionedGpu(Rule):
    """The GPU cannot hold the job.

    ## What it does
    Holds the memory the job needs against each GPU of `gpu_types`: the job certainly crashes (error) or, where no GPU
    of the list surely holds it, may crash (info) with "CUDA out of memory". Says which part decides: weights, KV
    cache, optimizer state. Where the command uses fewer GPUs than are rented, these count: the others do not help it.
    Ollama does not crash, it leaves layers to the CPU: a warning. Silent where the range is too wide to say anything.

    ## Why is this bad
    The machine is rented, the model downloaded, and minutes later the process dies.

    ## Example
    ```jsonc
    {
      "name": "chat",
      "task": "serve",
      "model": { "id": "meta-llama/Llama-3.1-70B-Instruct", "dtype": "bf16", "context": 8192 },
      "gpu_types": ["A100 PCIe 80GB"],
      "keep_alive_minutes": 30,
      "run": "vllm serve meta-llama/Llama-3.1-70B-Instruct --max-model-len 8192"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "name": "chat",
      "task": "serve",
      "model": { "id": "meta-llama/Llama-3.1-70B-Instruct", "dtype": "bf16", "context": 8192 },
      "gpu_types": ["A100 PCIe 80GB"],
      "gpu_count": 2,
      "keep_alive_minutes": 30,
      "run": "vllm serve meta-llama/Llama-3.1-70B-Instruct --max-model-len 8192 --tensor-parallel-size 2"
    }
    ```

    ## When to ignore
    When the command offloads to the host in a way that gpuspec does not read.
    """

    code = "GS102"
    name = "under-provisioned-gpu"
    severity = "error"
    fixable = "sometimes"

    def check(self, facts: Facts) -> Iterator[Finding]:
        if _split_elsewhere(facts):
            return
        for machine in facts.choices:
            if machine.verdict == "does not fit":
                yield self._crashes(facts, machine)
        unsure = [machine for machine in facts.choices if machine.verdict == "borderline"]
        surely = any(machine.verdict == "fits" for machine in facts.choices)
        if unsure and not (surely and not facts.takes_first) and not facts.workload.cpu_offload:
            # Of several the largest stands for all; how much is offloaded, the author decides.
            largest = max(unsure, key=lambda machine: machine.fit.usable if machine.fit else 0.0)
            # An engine that spills tells nobody that it does.
            if _reads(facts) and largest.fit and largest.fit.decided_by.startswith("logits"):
                return  # of an encoder: who trains one puts a head of some classes on it, not one of all words
            if _worth_saying(largest) or engine_of(facts.workload.engine).spills:
                yield self._may_crash(facts, largest)

    def _crashes(self, facts: Facts, machine: Alternative) -> Finding:
        assert machine.fit
        need = machine.fit.need
        guessed = need.confidence == "low"
        engine = engine_of(facts.workload.engine)
        slow = f": {engine.called} leaves the rest to the CPU, many times slower" if engine.spills else ""
        used = facts.market.used_of(machine.gpu_count)
        each = " on each" if used > 1 else ""
        who = machine.label
        if used < machine.gpu_count:
            who = f"{used} of {who} (the command uses no more)"
        instead, holds, fix = next(facts.market.fitting(COUNTS), None), None, None
        if instead:
            shorter = needs_a_length(facts, instead)
            holds = f"{instead.label} holds it, from {dollars(instead.per_hour)}/h{shorter and ','}{shorter}"
            if instead.gpu_count == machine.gpu_count == used and not shorter:
                name = instead.gpu.name
                fix = Fix(f"use {name}", (facts.rename_gpu(machine, name),), safe=False)
        return self.finding(
            facts.gpu_place(machine),
            f"{who} cannot hold {_what(facts)}: at least {_apart(need.low, machine.fit.usable)} needed{each} "
            f"({_least(need)}), {_apart(machine.fit.usable, need.low)} usable{slow}",
            severity="warning" if guessed or engine.spills else "error",
            confidence="medium" if guessed else need.confidence,
            suggestion=_split(facts, machine, used)
            or _tighter(facts, machine)
            or holds
            or _more_of_them(facts, machine, used),
            fix=fix,
            numbers=need_lines(machine),
        )

    def _may_crash(self, facts: Facts, machine: Alternative) -> Finding:
        assert machine.fit
        need = machine.fit.need
        return self.finding(
            facts.gpu_place(machine),
            f"{machine.label} may run out of memory: {span_of_gib(need.low, need.high)} needed, "
            f"{gib(machine.fit.usable)} usable; least certain is {machine.fit.decided_by}",
            severity="info",
            confidence="low" if need.confidence == "low" else "medium",
            suggestion="try it with a short run first, or take the next larger GPU",
            numbers=need_lines(machine),
        )


WIDE, NEAR = 1.4, 0.9
"""A range of which the high end is so many times the low one says nothing, unless what is expected takes that share
of what is usable: of 182 jobs of strangers that were labelled before a run (2026-11-30) these were no help."""


def _worth_saying(machine: Alternative) -> bool:
    if machine.fit is None:
        return False
    need = machine.fit.need
    return need.high <= WIDE * need.low or need.expected >= NEAR * machine.fit.usable


def _apart(amount: float, other: float) -> str:
    """As `gib`, with more digits where two amounts would read the same: `19.897 GiB` beside `19.890 GiB`."""
    return gib(amount) if gib(amount) != gib(other) else f"{amount:.3f} GiB"


def _least(need: Need) -> str:
    """What the low estimate is made of: its three largest parts, and the rest, so that the sum is right."""
    phase = max(need.phases, key=lambda phase: phase.of()[0])
    large = sorted(phase.parts, key=lambda part: -part.low)[:3]
    named = [f"{part.name} {gib(part.low)}" for part in large if part.low >= 0.1]
    rest = need.low - sum(part.low for part in large if part.low >= 0.1)
    return ", ".join([*named, f"other {gib(rest)}"] if rest >= 0.3 else named)


def _split_elsewhere(facts: Facts) -> bool:
    """Whether an operator counts the machines itself, or spreads the model over those of the file by flags that it
    writes."""
    work, document = facts.workload, facts.case.document
    if facts.job.deployment is None:
        return False
    several = (facts.job.nodes or 1) > 1 and not (work.tensor_parallel or work.pipeline_parallel)
    return "nodes" in document.cannot_say or (several and "run" in document.cannot_say)


def _what(facts: Facts) -> str:
    workload = facts.workload
    name = workload.model.id if workload.model else workload.model_name or "this job"
    doing = {"full": "full fine-tuning of ", "lora": "LoRA training of ", "qlora": "QLoRA training of "}
    scheme = workload.quantization or workload.dtype
    users = f" for {workload.users:,} users at once" if workload.users and workload.task != "train" else ""
    return doing.get(workload.method or "", "") + name + (f" in {scheme}" if scheme else "") + users


def _split(facts: Facts, machine: Alternative, used: int) -> str | None:
    """How to use all GPUs that are rented, where they hold what some of them do not."""
    flag = engine_of(facts.workload.engine).flag("tensor_parallel")
    if used == machine.gpu_count or not flag:
        return None
    whole = facts.market.fit_of_job(machine.gpu, machine.gpu_count)
    fits = whole is not None and whole.verdict == "fits"
    return f"{flag} {machine.gpu_count} spreads it over all {machine.gpu_count}" if fits else None


def _more_of_them(facts: Facts, machine: Alternative, used: int) -> str | None:
    """How many of the same GPU hold it, where nothing is priced: a cluster has the GPUs that it has."""
    flag = engine_of(facts.workload.engine).flag("tensor_parallel")
    if not flag or facts.workload.pipeline_parallel:
        return None
    for count in (2, 4, 8):
        if count <= used:
            continue
        split = facts.workload._replace(tensor_parallel=count)
        fit = facts.case.instead(workload=split).market.fit_of_job(machine.gpu, count)
        if fit is not None and fit.verdict == "fits" and fit.need.confidence != "low":
            return f"{count} × {machine.gpu.name} hold it, with {flag} {count}"
    return None


def _tighter(facts: Facts, machine: Alternative) -> str | None:
    """The share of the GPU that the engine would have to use, where that alone is missing."""
    assert machine.fit
    engine = engine_of(facts.workload.engine)
    if (
        engine.advised_utilization is None
        or machine.fit.need.expected > MOST_UTILIZATION * machine.gpu.vram_gib
    ):
        return None
    share = ceil(machine.fit.need.expected / machine.gpu.vram_gib * 100) / 100
    return f"{engine.flag('memory_utilization')} {share:g} would just do, with little room for more requests"
