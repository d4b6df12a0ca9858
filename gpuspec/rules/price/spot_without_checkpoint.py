"""GS502 spot-without-checkpoint."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.lint import Confidence, Edit, Facts, Finding, Fix, Rule
from gpuspec.words import dollars
from gpuspec.workload.checkpoints import Checkpoints, checkpoints


class SpotWithoutCheckpoint(Rule):
    """Training on a machine that can be taken away, without a checkpoint to resume from.

    ## What it does
    For training with `"spot": "allowed"` or `"only"`, asks three things of the spec, its commands and the
    configuration files that they name: are checkpoints written while it runs, do they go to storage that outlives
    the machine (a bucket, a mounted volume), and does the command resume from them? A bucket that is filled once
    at the end does not count: an interrupted run never gets there. What a script of your own does inside cannot
    be seen, so there the finding is less sure.

    ## Why is this bad
    A spot machine goes with as little as 30 seconds notice and its disk goes with it: every hour since the last
    checkpoint elsewhere is paid for a second time.

    ## Example
    ```jsonc
    {
      "name": "finetune",
      "task": "train",
      "gpu_types": ["RTX 4090"],
      "spot": "only",
      "checkpoint": { "path": "ckpt/", "every_minutes": 20 },
      "keep_alive_minutes": 3,
      "run": "torchrun --nproc-per-node 1 train.py --output_dir ckpt/"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "name": "finetune",
      "task": "train",
      "gpu_types": ["RTX 4090"],
      "spot": "only",
      "checkpoint": { "path": "s3://my-bucket/ckpt", "every_minutes": 20 },
      "keep_alive_minutes": 3,
      "run": "torchrun --nproc-per-node 1 train.py --output_dir s3://my-bucket/ckpt --resume"
    }
    ```

    ## When to ignore
    When the whole run takes minutes, or when the script itself saves and resumes where gpuspec cannot see it.
    """

    code = "GS502"
    name = "spot-without-checkpoint"
    severity = "warning"
    may_be_error = True
    fixable = "sometimes"
    asks_for = ("checkpoint", "spot")

    def check(self, facts: Facts) -> Iterator[Finding]:
        job = facts.job
        if (
            facts.workload.task != "train"
            or job.spot not in ("allowed", "only")
            or not (job.run or job.checkpoint)
        ):
            return
        found = checkpoints(job, facts.commands)
        missing = list(_missing(found))
        if not missing:
            return
        yield self.finding(
            (job.pointer("checkpoint") if missing[0][0] == "path" else "") or job.pointer("spot"),
            f"training may run on a spot machine, but {' and '.join(why for _, why in missing)}: when the machine is "
            f"taken back, {self._loss(facts)}",
            severity="error" if found.durable is False else None,
            confidence=self._confidence(facts, found),
            suggestion="resume from the latest checkpoint at the start"
            if [what for what, _ in missing] == ["resume"]
            else "write checkpoints to a bucket every 20 minutes or so, and resume from the latest",
            fix=Fix("rent on demand", (Edit("set", job.pointer("spot"), "never"),), safe=False),
        )

    def _confidence(self, facts: Facts, found: Checkpoints) -> Confidence:
        """A folder on the machine's own disk is plain to see; a script may save and resume unseen."""
        if found.durable is False and facts.job.checkpoint:
            return "high"
        seen = facts.workload.engine is not None or found.while_running or found.path is not None
        nothing = facts.job.checkpoint is None and not found.resumes
        return "medium" if seen or nothing else "low"

    def _loss(self, facts: Facts) -> str:
        budget = facts.job.budget
        hours = budget.max_hours if budget else None
        current = facts.selected
        if not hours or current is None:
            return "the training begins anew"
        spot = facts.market.cheapest(current.gpu.name, current.gpu_count, spot="only") or current.price
        assert spot
        return (
            f"the training begins anew, up to {hours:g} h × {dollars(spot.per_hour)}/h = "
            f"{dollars(hours * spot.per_hour)} for nothing"
        )


def _missing(found: Checkpoints) -> Iterator[tuple[str, str]]:
    """(what to add, what is missing), each."""
    if found.at_end and found.durable is not True:
        yield "path", f"{found.at_end} is written only after the training has ended"
    elif found.durable is False:
        yield "path", f"its checkpoints ({found.path}) lie on that machine's own disk"
    elif not found.while_running and found.path is None:
        yield "saving", "nothing says that checkpoints are written while it runs"
    elif not found.while_running:
        yield "saving", f"nothing says that {found.path} is written before the end"
    if not found.resumes:
        one = "one" if found.path is None and not found.while_running else "a checkpoint"
        yield "resume", f"nothing in the commands resumes from {one}"
