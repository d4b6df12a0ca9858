"""GS108 host-ram-small."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.catalog.clouds import cloud
from gpuspec.lint import Facts, Finding, Option, Rule
from gpuspec.planning.alternatives import Alternative
from gpuspec.sizing import Need
from gpuspec.words import gib


class HostRamSmall(Rule):
    """No machine that may be taken has the memory to load the model.

    ## What it does
    Compares the host memory of every machine that the spec accepts with the model's weights. Less than the weights
    on all of them is a warning; less than twice the weights is shown with `--pedantic`. Silent where a
    cloud does not say how much memory its machines have, or gives only a lower bound ("16+").

    ## Why is this bad
    Weights pass through host memory on their way to the GPU. Where they do not fit, loading swaps for an hour or is
    killed ("Killed", exit 137). Rule of thumb: twice the size of the model.

    ## Example
    ```jsonc
    // prices: skypilot-fluidstack
    {
      "task": "batch",
      "model": { "id": "mistralai/Mistral-Large-Instruct-2411", "quantization": "fp8", "context": 8192 },
      "gpu_types": [{ "type": "A100 80GB PCIe", "count": 1 }],
      "keep_alive_minutes": 3,
      "run": "python batch.py"
    }
    ```

    ## Use instead
    ```jsonc
    // prices: skypilot-fluidstack
    {
      "task": "batch",
      "model": { "id": "Qwen/Qwen2.5-32B-Instruct", "quantization": "fp8", "context": 8192 },
      "gpu_types": [{ "type": "A100 80GB PCIe", "count": 1 }],
      "keep_alive_minutes": 3,
      "run": "python batch.py"
    }
    ```

    ## When to ignore
    When the loader streams weights to the GPU file by file.
    """

    code = "GS108"
    name = "host-ram-small"
    severity = "warning"
    confidence = "medium"
    preview = True
    options = (Option("times", float, 2.0, "Times the weights that host memory should be.", minimum=1.0),)

    def check(self, facts: Facts) -> Iterator[Finding]:
        if facts.workload.cpu_offload:
            return  # the author decides how much stays there, and what is mapped from files is read from them again
        worst: tuple[Alternative, float, float] | None = None
        for machine in facts.choices:
            need = facts.need(machine.gpu_count)
            memory = _most(facts, machine)
            if memory is None or not isinstance(need, Need) or need.confidence == "low":
                return
            if memory >= need.weights * facts.options["times"]:
                return
            worst = worst if worst and worst[1] >= memory else (machine, memory, need.weights)
        if worst is None or not worst[2]:
            return
        machine, memory, size = worst
        wanted = size * facts.options["times"]
        fails = memory < size
        yield self.finding(
            facts.gpu_place(machine),
            f"machines with {machine.label} have at most {gib(memory)} of host memory for {gib(size)} of weights"
            + (": loading them swaps or is killed" if fails else f"; {gib(wanted)} load without trouble"),
            severity="warning" if fails else "info",
            confidence="medium" if fails else "low",
            suggestion=f"take a machine with {gib(wanted)}, or more GPUs, whose machines have more",
            numbers=[("host memory wanted", f"{facts.options['times']:g} × {gib(size)} = {gib(wanted)}")],
        )


def _most(facts: Facts, machine: Alternative) -> float | None:
    """GiB of the largest machine with these GPUs that the job may take; None where one of them does not say."""
    offers = list(facts.market.price_list.offers(machine.gpu.name, machine.gpu_count))
    if any((known := cloud(offer.cloud)) and known.ram_is_floor for offer in offers):
        return None
    sizes = [offer.ram_gib for offer in offers if offer.ram_gib is not None]
    return max(sizes) if sizes and len(sizes) == len(offers) else None
