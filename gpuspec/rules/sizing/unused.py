"""GS105 gpus-unused."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from gpuspec.engines import ENGINES, engine_of
from gpuspec.lint import Facts, Finding, Related, Rule, Saving
from gpuspec.words import dollars


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

    def check(self, facts: Facts) -> Iterator[Finding]:
        used, field = self._used(facts)
        counts = {machine.gpu_count for machine in facts.choices}
        if used is None or len(counts) != 1:
            return
        machine = facts.choices[0]
        if machine.gpu_count == used:
            return
        pointer = facts.job.pointer("gpu_count") or machine.pointer
        origin = facts.workload.origin(field)
        related = (
            [Related(origin.pointer, f"{origin.text or 'the command'} uses {used}")] if origin.pointer else []
        )
        if machine.gpu_count < used:
            yield self.finding(
                pointer,
                f"the command needs {used} GPUs, {machine.gpu_count} are rented: it stops at start",
                severity="error",
                related=related,
                suggestion=f"set gpu_count to {used}, or lower the parallelism",
            )
            return
        fewer = facts.market.cheapest(machine.gpu.name, used)
        saving = Saving(machine.per_hour - fewer.per_hour) if machine.price and fewer else None
        saving = saving if saving and saving.per_hour > 0 else None
        cost = f", {dollars(saving.per_hour)}/h for nothing" if saving else ""
        yield self.finding(
            pointer,
            f"{machine.gpu_count} GPUs are rented and the command uses {used}: {machine.gpu_count - used} idle{cost}",
            related=related,
            saving=saving,
            suggestion=f"set gpu_count to {used}, or split the model over {machine.gpu_count}",
        )

    def _used(self, facts: Facts) -> tuple[int | None, str]:
        """How many GPUs the command uses, and the field that says so."""
        workload = facts.workload
        fields = ("tensor_parallel", "pipeline_parallel", "data_parallel")
        unknown = any(f in workload.origins and getattr(workload, f) is None for f in (*fields, "nodes"))
        if unknown or (workload.nodes or 1) > 1 or workload.other_models or _dealt_by_hand(facts):
            return None, ""
        if workload.processes is not None:
            return workload.processes, "processes"
        engine = engine_of(workload.engine)
        if workload.origin("engine").kind != "command":
            return None, ""
        said = [field for field in fields if workload.origin(field).kind in ("command", "file")]
        if not engine.one_gpu_by_default and not (said and engine.kind == "server"):
            return None, ""  # it takes all that it sees; a trainer puts copies on what the split leaves
        return prod(getattr(workload, field) or 1 for field in fields), (said or fields)[0]


def _dealt_by_hand(facts: Facts) -> bool:
    """Whether the GPUs are given to several programs: each its own, or some to a generator beside the training."""
    training = facts.workload.task == "train"
    if training and facts.workload.algorithm in ("grpo", "ppo", "rloo"):
        return True
    for step in facts.commands:
        if "CUDA_VISIBLE_DEVICES" in step.command.environment or "CUDA_VISIBLE_DEVICES" in step.text:
            return True
        if training and ("use_vllm" in step.text or "grpo" in step.text):
            return True
        if training and any(engine.server and engine.name in step.command.name for engine in ENGINES):
            return True
    return False
