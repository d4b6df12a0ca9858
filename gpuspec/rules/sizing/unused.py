"""GS105 gpus-unused."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gpuspec.commands.steps import Step
from gpuspec.commands.word import option
from gpuspec.lint import Facts, Finding, Related, Rule, Saving
from gpuspec.planning.gpus_used import GpusUsed
from gpuspec.words import dollars
from gpuspec.workload.merge import asks_machines

_LAUNCHERS = ("torchrun", "torch.distributed.run", "launch", "accelerate-launch")
_MACHINES = ("--nnodes", "--num_machines", "--num-machines")
_RANK = re.compile(r"NODE_?RANK|NODE_?ID|PROCID|MACHINE_?RANK|node[-_]rank|machine[-_]rank")
"""What tells one machine from another: then each may do a part of its own."""
_DEVICES = re.compile(r"\d{1,2}(?:,\d{1,2})*")
_PREPARES = frozenset({
    "cd", "echo", "export", "set", "source", ".", "mkdir", "date", "module", "ulimit", "nvidia-smi", "conda", "pip",
    "wait", "sleep", "cp", "rm", "ls", "hostname", "true", "git", "unset", "huggingface-cli", "hf", "wandb",
})  # fmt: skip
"""Programs that work with no GPU."""


class GpusUnused(Rule):
    """More GPUs are rented than the command uses, or fewer.

    ## What it does
    Compares the number of GPUs with what the command starts: tensor × pipeline × data parallel of a serving
    engine, or the processes of torchrun, accelerate, deepspeed and Ultralytics. `$SKYPILOT_NUM_GPUS_PER_NODE` and
    the like count as equal. Where every program is given its GPUs by `CUDA_VISIBLE_DEVICES`, those count.

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
        if (nodes := facts.job.nodes or 1) > 1 and (alone := _alone(facts)):
            yield self._apart(facts, nodes, *alone)
        counts = {machine.gpu_count for machine in facts.choices} or {facts.job.gpu_count or 0}
        number = counts.pop()
        seen = facts.case.gpus_used or _visible(facts, number)
        if seen is None or counts or not number:
            return
        used, field = seen
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
                f"the command needs {used} GPUs, {number} {'is' if number == 1 else 'are'} "
                f"{'rented' if machine else 'there'}: it stops at start",
                severity="error",
                related=related,
                suggestion=f"set {facts.format.spelled(field)} to {to}, or lower the parallelism",
            )
            return
        fewer = facts.market.cheapest(machine.gpu.name, used) if machine else None
        saving = None
        if machine and machine.price and fewer and fewer.per_hour < machine.per_hour:
            saving = Saving(
                machine.per_hour - fewer.per_hour,
                share=1 - fewer.per_hour / machine.per_hour,
                machine=(machine.gpu.name, used),
            )
        cost = f", {dollars(saving.per_hour)}/h for nothing" if saving else ""
        have = "rented" if machine else "held"
        yield self.finding(
            pointer,
            f"{number} GPUs are {have} and the command uses {used}: {number - used} idle{cost}",
            related=related,
            saving=saving,
            suggestion=f"set {facts.format.spelled('gpu_count')} to {used}, or split the model over {number}",
        )

    def _apart(self, facts: Facts, nodes: int, step: Step, said: str) -> Finding:
        saving = Saving(facts.per_hour * (nodes - 1), share=1 - 1 / nodes) if facts.per_hour else None
        cost = f": {dollars(saving.per_hour)}/h for nothing" if saving else ""
        return self.finding(
            facts.job.pointer("nodes"),
            f"{nodes} machines are asked for, and `{said}` trains on one: the others do the same, or idle{cost}",
            related=[Related(step.pointer, said)],
            saving=saving,
            suggestion=f"start it with --nnodes {nodes}, the rank of each and the address of the first; or drop "
            f"{facts.format.spelled('nodes')}",
        )


def _visible(facts: Facts, number: int) -> GpusUsed | None:
    """The GPUs that CUDA_VISIBLE_DEVICES leaves to every program that works, where they are fewer than there are."""
    devices: set[str] = set()
    for step in facts.commands:
        if step.setup or step.command.name in _PREPARES or not step.command.words:
            continue
        told = step.command.environment.get("CUDA_VISIBLE_DEVICES")
        if not told or not _DEVICES.fullmatch(told) or step.command.loops or step.path is not None:
            return None
        devices |= set(told.split(","))
    return GpusUsed(len(devices), "engine") if 0 < len(devices) < number else None


def _alone(facts: Facts) -> tuple[Step, str] | None:
    """A launcher of trainings that is told to use the machine it runs on alone, in a job that nowhere asks which
    machine that is."""
    if any(_RANK.search(step.text) for step in facts.commands) or _RANK.search(facts.job.run or ""):
        return None
    for step in facts.commands:
        words = step.command.words
        if step.setup or not any(word.text in _LAUNCHERS for word in words[:3]):
            continue
        if any(word.text == "--standalone" for word in words):
            return step, "--standalone"
        if option(words, *_MACHINES) == "1":
            return step, "--nnodes 1"
    return None
