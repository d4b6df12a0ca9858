"""GS205 kv-cache-dtype."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.engines import engine_of
from gpuspec.lint import Edit, Facts, Finding, Fix, Rule
from gpuspec.planning.alternatives import Alternative
from gpuspec.planning.compare import Compared, least_cost
from gpuspec.quantization import find_scheme
from gpuspec.rules.cheaper_machines import capability, cheaper_machines
from gpuspec.rules.command_edits import add_argument
from gpuspec.rules.cost_in_words import both_prices, saving
from gpuspec.rules.numbers import as_sure, need_lines, price_lines
from gpuspec.rules.options import min_saving, min_speed, share
from gpuspec.sizing import Need
from gpuspec.words import gib, percent

LEAST_CAPABILITY = find_scheme("fp8").native_capability
"""FP8 attention without a conversion at each read."""


class KvCacheDtype(Rule):
    """A long context in a 16-bit cache, where 8 bit would fit a cheaper GPU.

    ## What it does
    For a server that states its context, works out the KV cache in FP8 and what the cheapest machine would then cost.
    Only where the cache is a good part of the memory, and only against the cheapest machine for the 16-bit cache.

    ## Why is this bad
    At long contexts the cache outgrows the weights: 128k tokens of an 8B model take 16 GiB, and half of that in FP8,
    at a loss of quality that is hard to measure.

    ## Example
    ```jsonc
    {
      "task": "serve",
      "model": { "id": "Qwen/Qwen2.5-14B-Instruct", "context": 100000, "engine": "vllm" },
      "gpu_types": ["A100 PCIe 80GB"],
      "keep_alive_minutes": 30,
      "run": "vllm serve Qwen/Qwen2.5-14B-Instruct --max-model-len 100000"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "task": "serve",
      "model": { "id": "Qwen/Qwen2.5-14B-Instruct", "context": 100000, "engine": "vllm", "kv_dtype": "fp8" },
      "gpu_types": ["L40S"],
      "keep_alive_minutes": 30,
      "run": "vllm serve Qwen/Qwen2.5-14B-Instruct --max-model-len 100000 --kv-cache-dtype fp8"
    }
    ```

    ## When to ignore
    When an evaluation at your own context lengths shows a loss.
    """

    code = "GS205"
    name = "kv-cache-dtype"
    severity = "info"
    confidence = "medium"
    preview = True
    fixable = "sometimes"
    asks_for = ("model.kv_dtype",)
    options = (
        min_saving(0.2),
        min_speed(0.2),
        share("share", 0.2, "Least share of the memory that the cache takes."),
    )

    def check(self, facts: Facts) -> Iterator[Finding]:
        workload = facts.workload
        flag = engine_of(workload.engine).quantizing.kv_fp8
        if not flag or workload.context is None or workload.task == "train":
            return
        if workload.kv_dtype or "kv_dtype" in workload.origins or workload.other_models:
            return
        current = facts.baseline
        if current is None or _cache(facts, current) < facts.options["share"]:
            return
        limit = least_cost(facts.market, current) * (1 - facts.options["min_saving"])
        all_of_them = cheaper_machines(facts, current, workload._replace(kv_dtype="fp8"), at_most=limit)
        able = (found for found in all_of_them if capability(found.machine) >= LEAST_CAPABILITY)
        if better := next(able, None):
            yield self._report(facts, current, better)

    def _report(self, facts: Facts, current: Alternative, found: Compared) -> Finding:
        machine = found.machine
        assert machine.fit
        origin = facts.workload.origin("context")
        flag = engine_of(facts.workload.engine).quantizing.kv_fp8
        return self.finding(
            origin.pointer,
            f"the KV cache of {facts.workload.context:,} tokens is {percent(_cache(facts, current))} of the memory; "
            f"in FP8 the job takes {gib(machine.fit.need.expected)}: {both_prices(facts, current, found)}",
            confidence=as_sure("medium", current, machine),
            saving=saving(current, found),
            suggestion=f"add {flag} and use {machine.label}",
            fix=_fix(facts, current, machine, flag),
            numbers=(*need_lines(machine), *price_lines(facts, current, found)),
        )


def _fix(facts: Facts, current: Alternative, machine: Alternative, flag: str) -> Fix | None:
    """The flag, and the machine in place of the current one. None where a GPU would be left that cannot do it."""
    others = [choice for choice in facts.choices if choice.pointer != current.pointer]
    if machine.gpu_count != current.gpu_count or any(capability(each) < LEAST_CAPABILITY for each in others):
        return None
    edits = [edit] if (edit := add_argument(facts, flag)) else []
    if "model.context" in facts.job.pointers:
        edits.append(Edit("set", f"{facts.job.pointer('model')}/kv_dtype", "fp8"))
    if not edits:
        return None
    edits.append(facts.rename_gpu(current, machine.gpu.name))
    return Fix(f"keep the cache in FP8 on {machine.gpu.name}", tuple(edits), safe=False)


def _cache(facts: Facts, machine: Alternative) -> float:
    """The share of the memory that the cache takes, at the declared concurrency where the engine queues."""
    needed = facts.need(machine.gpu_count, machine.gpu)
    if not isinstance(needed, Need) or not needed.expected:
        return 0.0
    declared = facts.workload.concurrency if "concurrency" in facts.workload.origins else None
    queues = engine_of(facts.workload.engine).memory.queues
    sequences = max(declared or 1, needed.sequences) if queues else needed.sequences
    return needed.kv_cache / needed.sequences * sequences / needed.holding(sequences)
