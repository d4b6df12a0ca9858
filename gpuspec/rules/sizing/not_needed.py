"""GS110 gpu-not-needed."""

# ruff: noqa: SIM905 (a line of words reads better than forty quoted ones)

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.commands.steps import Step
from gpuspec.lint import Facts, Finding, Rule, Saving
from gpuspec.words import dollars

CPU_ONLY = frozenset(
    "aws gsutil gcloud az azcopy rclone rsync scp s3cmd s5cmd wget curl aria2c tar zip unzip gzip gunzip zstd 7z "
    "split jq awk sed sort grep cut find xargs wc head tail md5sum sha256sum sqlite3 psql mysql duckdb convert "
    "magick pandoc echo printf tree hf huggingface-cli".split()
)
"""Programs that no GPU makes faster."""
SILENT = frozenset(
    "cd ls mkdir rm cp mv ln touch cat chmod chown date env export set source true false : pwd whoami hostname "
    "uname df du free pip pip3 apt apt-get conda git test [ exit sync tee sleep wait ulimit trap".split()
)
"""Programs that prepare or wait: a job of these alone is not judged."""


class GpuNotNeeded(Rule):
    """The command does nothing that a GPU could speed up.

    ## What it does
    Reports a GPU that is asked for where every command of `run` is known to use none: copying, downloading,
    unpacking, text tools. One command that is not known, or a model, keeps the rule silent; so do `sleep infinity`
    (somebody will log in) and `interactive` jobs.

    ## Why is this bad
    A GPU machine costs ten times a plain one, and waits for the network as long.

    ## Example
    ```jsonc
    {
      "name": "fetch-data",
      "gpu_types": ["A100 PCIe 80GB"],
      "keep_alive_minutes": 3,
      "run": "aws s3 sync s3://corpus/raw data/ && tar xzf data/all.tar.gz && rclone copy data remote:corpus"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "name": "fetch-data",
      "run": "aws s3 sync s3://corpus/raw data/ && tar xzf data/all.tar.gz && rclone copy data remote:corpus"
    }
    ```

    ## When to ignore
    When the run only tries out whether a machine can be had.
    """

    code = "GS110"
    name = "gpu-not-needed"
    severity = "warning"
    confidence = "medium"
    preview = True

    def check(self, facts: Facts) -> Iterator[Finding]:
        job = facts.job
        steps = [step for step in facts.commands if not step.setup]
        if not job.gpu_types or not steps or job.model or job.ports or job.items:
            return
        if facts.workload.model_name or facts.workload.engine or job.task == "interactive":
            return
        if not all(_plain(step) for step in steps) or any(_waits(step) for step in steps):
            return
        working = list(dict.fromkeys(step.command.name for step in steps if step.command.name in CPU_ONLY))
        if not working:
            return
        hourly = facts.per_hour
        yield self.finding(
            job.pointer("gpu_types"),
            f"the command only runs {', '.join(working)}: none of them uses a GPU"
            + (f", and it costs {dollars(hourly)}/h" if hourly else ""),
            on="key",
            saving=Saving(hourly) if hourly else None,
            suggestion="run it where no GPU waits: on your own machine, or as a setup step of the job that needs "
            "the data",
        )


def _plain(step: Step) -> bool:
    name = step.command.name
    image = any(wrapper.image for wrapper in step.command.wrappers)
    return (name in CPU_ONLY or name in SILENT or not step.command.words) and not image


def _waits(step: Step) -> bool:
    """Whether the machine is only held, for somebody to log in."""
    words = [word.text for word in step.command.words]
    return words[:1] == ["sleep"] or words[:2] == ["tail", "-f"] or "/dev/null" in words
