"""GS811 idle-command."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.commands.steps import Step
from gpuspec.lint import Facts, Finding, Rule
from gpuspec.rules.options import amount
from gpuspec.words import dollars
from gpuspec.workload.read import seconds_of_sleep

_PREPARE = frozenset(
    {"cd", "echo", "export", "set", "mkdir", "nvidia-smi", "printf", "date", "true", ":", "trap", "hostname"}
)


class IdleCommand(Rule):
    """The container does nothing but wait, with a GPU.

    ## What it does
    Reports a container whose only command is `sleep infinity`, a sleep of more than an hour, or `tail -f /dev/null`.
    Silent for work that says it is interactive (a development environment).

    ## Why is this bad
    The GPU belongs to the pod whether anybody works in it or not: nights and weekends are paid like days, and nobody
    else gets it.

    ## Example
    ```yaml
    # file: job.yaml
    apiVersion: batch/v1
    kind: Job
    metadata: {name: debug}
    spec:
      template:
        spec:
          restartPolicy: Never
          containers:
            - name: shell
              image: nvidia/cuda:12.8.1-base-ubuntu24.04
              command: [sleep, infinity]
              resources: {limits: {nvidia.com/gpu: 1}}
    ```

    ## Use instead
    ```yaml
    # file: job.yaml
    apiVersion: batch/v1
    kind: Job
    metadata: {name: train}
    spec:
      activeDeadlineSeconds: 14400
      template:
        spec:
          restartPolicy: Never
          containers:
            - name: train
              image: pytorch/pytorch:2.7.0-cuda12.8-cudnn9-runtime
              command: [python, train.py]
              resources: {limits: {nvidia.com/gpu: 1}}
    ```

    ## When to ignore
    When somebody logs in, and something else ends it in the evening.
    """

    code = "GS811"
    name = "idle-command"
    severity = "warning"
    confidence = "medium"
    options = (amount("hours", 1.0, "Hours of sleep from which a container counts as idle."),)

    def check(self, facts: Facts) -> Iterator[Finding]:
        job = facts.job
        step = waits(facts, facts.options["hours"])
        if step is None:
            return
        hourly = facts.per_hour
        cost = f", {dollars(hourly * 24)} a day" if hourly else ""
        ends = job.budget is not None and job.budget.max_hours is not None
        yield self.finding(
            step.pointer,
            f"`{step.text[:60]}` holds the GPU and does nothing with it{cost}",
            severity="info" if ends else None,
            suggestion="run the work itself, or give it a time limit",
        )


def waits(facts: Facts, hours: float) -> Step | None:
    """The only command of a container that does something, where that is to wait for so many hours or more."""
    steps = [step for step in facts.commands if not step.setup]
    if facts.job.deployment is None or not steps or facts.job.task == "interactive":
        return None
    working = [step for step in steps if step.command.name not in _PREPARE]
    if len(working) != 1 or working[0].path or _seconds(working[0]) < hours * 3600:
        return None
    return working[0]


def _seconds(step: Step) -> float:
    """How long it waits; 0 for a command that does something."""
    words = [word.text for word in step.command.words]
    if words[:1] == ["tail"] and "/dev/null" in words and any(word.startswith("-") for word in words):
        return float("inf")
    if words[:1] != ["sleep"] or len(words) != 2:
        return 0.0
    return seconds_of_sleep(words[1])
