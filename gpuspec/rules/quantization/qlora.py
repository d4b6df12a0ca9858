"""GS204 qlora-would-do."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.lint import Edit, Facts, Finding, Fix, Rule
from gpuspec.planning.alternatives import Alternative
from gpuspec.planning.compare import Compared, least_cost
from gpuspec.rules.cheaper_machines import capability, cheaper_machines
from gpuspec.rules.cost_in_words import here, saving, there
from gpuspec.rules.numbers import need_lines, price_lines
from gpuspec.rules.options import min_saving, min_speed
from gpuspec.words import gib

SLOWER = 1.4
"""Time of a QLoRA step over a LoRA step. Source: Lightning AI, "Practical Tips for Finetuning LLMs" (2023): +39 %."""


class QloraWouldDo(Rule):
    """LoRA over 16-bit weights, where 4-bit weights would do with half the machine.

    ## What it does
    For LoRA training of a 16-bit base, works out what a 4-bit base (QLoRA) needs and where the same tokens are
    trained for the least. A QLoRA step takes longer, since weights are unpacked: it is reported only where the work
    gets cheaper all the same, and only against the machine on which LoRA itself costs least.

    ## Why is this bad
    The frozen base is most of the memory: 4 bit takes a quarter of it, and the adapters learn as well (Dettmers
    et al., 2023).

    ## Example
    ```jsonc
    {
      "task": "train",
      "model": {
        "id": "Qwen/Qwen2.5-72B", "method": "lora", "sequence": 2048, "batch": 1, "gradient_checkpointing": true,
        "sharding": "fsdp"
      },
      "gpu_types": ["A100 PCIe 80GB"],
      "gpu_count": 4,
      "keep_alive_minutes": 3,
      "run": "torchrun --nproc_per_node 4 train.py"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "task": "train",
      "model": {
        "id": "Qwen/Qwen2.5-72B", "method": "qlora", "sequence": 2048, "batch": 1, "gradient_checkpointing": true
      },
      "gpu_types": ["H100 SXM"],
      "keep_alive_minutes": 3,
      "run": "python train.py"
    }
    ```

    ## When to ignore
    When the days until the result count more than the bill, or when adapters are merged back into 16-bit weights.
    """

    code = "GS204"
    name = "qlora-would-do"
    severity = "info"
    confidence = "medium"
    preview = True
    fixable = "sometimes"
    options = (min_saving(0.2, of="cost of the work"), min_speed(0.3))
    asks_for = ("model.method",)

    def check(self, facts: Facts) -> Iterator[Finding]:
        workload = facts.workload
        if workload.method != "lora" or workload.modality not in (None, "text"):
            return
        if workload.quantization or "quantization" in workload.origins or workload.model is None:
            return
        current = facts.baseline
        if current is None:
            return
        limit = least_cost(facts.market, current) * (1 - facts.options["min_saving"])
        qlora = workload._replace(method="qlora", quantization="nf4-dq")
        for found in cheaper_machines(facts, current, qlora, at_most=limit, gain=1 / SLOWER):
            if capability(found.machine) >= 8.0:
                yield self._report(facts, current, found)
                return

    def _report(self, facts: Facts, current: Alternative, found: Compared) -> Finding:
        machine = found.machine
        assert current.fit
        assert machine.fit
        at = facts.job.pointers.get("model.method")
        return self.finding(
            facts.workload.origin("method").pointer,
            f"LoRA over 16-bit weights takes {gib(current.fit.need.expected)}: {here(facts, current, found)}; with a "
            f"4-bit base it takes {gib(machine.fit.need.expected)}, and {there(facts, current, found)}",
            saving=saving(current, found),
            suggestion="QLoRA: load_in_4bit with NF4 and double quantization; a step takes about "
            f"{SLOWER:g} times as long on the same GPU",
            fix=Fix("train with QLoRA", (Edit("set", at, "qlora"),), safe=False) if at else None,
            numbers=(*need_lines(machine), *price_lines(facts, current, found)),
        )
