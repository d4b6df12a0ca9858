"""GS105 gpus-unused."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.lint import Facts, Finding, Related, Rule, Saving
from gpuspec.words import dollars
from gpuspec.workload.merge import asks_machines


class GpusUnused(Rule):
    """More GPUs are rented than the command uses, or fewer.

    ## What it does
    Compares the number of GPUs with what the command starts: tensor × pipeline × data parallel of a serving
    engine, or the processes of torchrun, accelerate, deepspeed and Ultralytics. `$SKYPILOT_NUM_GPUS_PER_NODE` and
    the like count as equal.

    ## Why is this bad
    A GPU that no process uses is paid for in full. With too few, the command stops at once.

    ## Example
    ```jsonc
    {
      "name": "chat",
      "task": "serve",
      "gpu_types": ["RTX 4090"],
      "gpu_count": 2,
      "keep_alive_minutes": 30,
      "run": "vllm serve Qwen/Qwen2.5-7B-Instruct --max-model-len 8192"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "name": "chat",
      "task": "serve",
      "gpu_types": ["RTX 4090"],
      "gpu_count": 1,
      "keep_alive_minutes": 30,
      "run": "vllm serve Qwen/Qwen2.5-7B-Instruct --max-model-len 8192"
    }
    ```
    """

    code = "GS105"
    name = "gpus-unused"
    severity = "warning"
    may_be_error = True

    def check(self, facts: Facts) -> Iterator[Finding]:
        counts = {machine.gpu_count for machine in facts.choices} or {facts.job.gpu_count or 0}
        number = counts.pop()
        if facts.case.gpus_used is None or counts or not number:
            return
        used, field = facts.case.gpus_used
        if number == used:
            return
        machine = facts.choices[0] if facts.choices else None  # none: how many GPUs is said, and not which
        pointer = facts.job.pointer("gpu_count") or (machine.pointer if machine else "")
        origin = facts.workload.origin(field)
        related = (
            [Related(origin.pointer, f"{origin.text or 'the command'} uses {used}")] if origin.pointer else []
        )
        if number < used:
            field = "gpu_count"
            if used % number == 0 and facts.job.nodes is None and asks_machines(facts.job.run or ""):
                field = "nodes"  # it is meant for several machines, and says nowhere for how many
            to = used // number if field == "nodes" else used
            yield self.finding(
                pointer,
                f"the command needs {used} GPUs, {number} are {'rented' if machine else 'there'}: it stops at start",
                severity="error",
                related=related,
                suggestion=f"set {facts.format.spelled(field)} to {to}, or lower the parallelism",
            )
            return
        fewer = facts.market.cheapest(machine.gpu.name, used) if machine else None
        saving = Saving(machine.per_hour - fewer.per_hour) if machine and machine.price and fewer else None
        saving = saving if saving and saving.per_hour > 0 else None
        cost = f", {dollars(saving.per_hour)}/h for nothing" if saving else ""
        have = "rented" if machine else "held"
        yield self.finding(
            pointer,
            f"{number} GPUs are {have} and the command uses {used}: {number - used} idle{cost}",
            related=related,
            saving=saving,
            suggestion=f"set {facts.format.spelled('gpu_count')} to {used}, or split the model over {number}",
        )
