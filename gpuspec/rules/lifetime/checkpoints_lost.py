"""GS415 checkpoints-lost."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.lint import Facts, Finding, Rule
from gpuspec.rules.lifetime.results_lost import sends
from gpuspec.words import dollars
from gpuspec.workload.checkpoints import checkpoints

_VOLUME = "`volumes: [{name: checkpoints, path: /checkpoints}]`, and save there"
_BUCKET = "`file_mounts: {/checkpoints: {name: my-checkpoints, mode: MOUNT_CACHED}}`, and save there"


class CheckpointsLost(Rule):
    """What a training saves goes away with its machine.

    ## What it does
    For training on machines that go by themselves once it is over (a SkyPilot job with `autostop: {down: true}` or
    `job_recovery`, a dstack task), reports checkpoints and models that are saved on the own disk of the machine:
    `--output_dir out`, with no bucket or volume mounted there, and nothing that uploads. Where the machine may be a
    spot machine, GS502 says it; of job specs and pods, GS408 does.

    ## Why is this bad
    The model that all the hours were paid for is deleted minutes after it is done; and a crash in the last hour takes
    all hours with it.

    ## Example
    ```yaml
    # file: task.yaml
    resources:
      accelerators: A100-80GB:1
      autostop: {idle_minutes: 10, down: true}
    run: trl sft --model_name_or_path Qwen/Qwen3-8B --output_dir out
    ```

    ## Use instead
    ```yaml
    # file: task.yaml
    resources:
      accelerators: A100-80GB:1
      autostop: {idle_minutes: 10, down: true}
    file_mounts:
      /checkpoints: {name: my-checkpoints, mode: MOUNT_CACHED}
    run: trl sft --model_name_or_path Qwen/Qwen3-8B --output_dir /checkpoints/sft
    ```

    ## When to ignore
    When the results are fetched by hand before the machine goes, or the script itself uploads them.
    """

    code = "GS415"
    name = "checkpoints-lost"
    severity = "warning"
    confidence = "medium"

    def check(self, facts: Facts) -> Iterator[Finding]:
        job, said = facts.job, facts.job.deployment
        if said is None or not said.disk_goes or facts.workload.task != "train":
            return
        if job.spot in ("allowed", "only") or sends(facts):
            return
        found = checkpoints(job, facts.commands)
        if found.path is None or found.durable is not False or found.at_end or _on_a_mount(facts, found.path):
            return
        step = next((one for one in facts.commands if not one.setup and found.path in one.text), None)
        yield self.finding(
            step.pointer if step else job.pointer("run"),
            f"the training saves to {found.path}, on the machine's own disk, which goes once the job is over"
            f"{_paid(facts)}",
            suggestion=_VOLUME if "deployment.mounts" in facts.format.examples else _BUCKET,
        )


def _on_a_mount(facts: Facts, path: str) -> bool:
    """Whether something that may outlive the machine is mounted where the path may lead."""
    said = facts.job.deployment
    first = path.removeprefix("~/").removeprefix("./").strip("/").partition("/")[0]
    return any(
        mount.lasts is not False and first in mount.path.strip("/").split("/")
        for mount in (said.mounts if said else ())
    )


def _paid(facts: Facts) -> str:
    budget = facts.job.budget
    if not (budget and budget.max_hours and facts.per_hour):
        return ""
    whole = budget.max_hours * facts.per_hour * (facts.workload.nodes or 1)
    return f": up to {budget.max_hours:g} h × {dollars(facts.per_hour)}/h = {dollars(whole)} for nothing"
