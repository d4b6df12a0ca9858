"""GS110 gpu-not-needed."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.commands.steps import Step, python_text
from gpuspec.lint import Facts, Finding, Rule, Saving
from gpuspec.words import dollars


class GpuNotNeeded(Rule):
    """The command does nothing that a GPU could speed up.

    ## What it does
    Reports a GPU that is asked for where every command of `run` is known to use none: copying, downloading,
    unpacking, text tools; `ffmpeg` that is told an encoder of the CPU (`-c:v libx264`) and no filter or decoder of a
    GPU; Python files that are here and work with scikit-learn, XGBoost, pandas and the like, and name no device. One
    command that is not known, or a model, keeps the rule silent; so do `sleep infinity` (somebody will log in) and
    `interactive` jobs.

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

    def check(self, facts: Facts) -> Iterator[Finding]:
        job = facts.job
        steps = [step for step in facts.commands if not step.setup]
        if not (job.gpu_types or job.gpu_count) or not steps or job.model or job.ports:
            return
        if facts.workload.model_name or job.task == "interactive":
            return
        if any(_waits(step) or _unread(step) for step in steps):
            return
        from gpuspec.commands.programs_without_gpu import uses_no_gpu

        working = [step for step in steps if step.command.words and not _prepares(step)]
        if not working or not all(uses_no_gpu(step) for step in working):
            return
        hourly = facts.per_hour
        names = list(dict.fromkeys(_called(step) for step in working))
        encodes = "ffmpeg" in names
        yield self.finding(
            job.pointer("gpu_types") or job.pointer("gpu_count"),
            f"the command only runs {', '.join(names)}, which use{'s' * (len(names) == 1)} no GPU"
            + (f": it costs {dollars(hourly)}/h" if hourly else ""),
            on="key",
            saving=Saving(hourly, kind="instead", share=1.0) if hourly else None,
            suggestion=_instead(names, encodes=encodes),
        )


def _unread(step: Step) -> bool:
    """Whether it is Python of which nothing is at hand: nobody knows what it uses."""
    return step.command.name.startswith("python") and python_text(step) is None


def _prepares(step: Step) -> bool:
    from gpuspec.commands.programs_without_gpu import SILENT

    return step.command.name in SILENT and not step.command.wrappers


def _called(step: Step) -> str:
    """The program; of Python, the file."""
    words = [word.text for word in step.command.words]
    script = next((word for word in words[1:] if word.endswith(".py")), None)
    return script if script and step.command.name.startswith("python") else step.command.name


def _instead(names: list[str], *, encodes: bool) -> str:
    if encodes:
        return "`-c:v h264_nvenc` (or hevc_nvenc) encodes on the GPU; else take a machine of many CPU cores"
    if any(name.endswith(".py") or name.startswith("python") for name in names):
        return (
            'a machine of many CPU cores; or have the GPU used: device="cuda" for XGBoost, task_type="GPU" for '
            "CatBoost, RAPIDS for pandas and scikit-learn"
        )
    return "run it where no GPU waits: on your own machine, or as a setup step of the job that needs the data"


def _waits(step: Step) -> bool:
    """Whether the machine is only held, for somebody to log in."""
    words = [word.text for word in step.command.words]
    return words[:1] == ["sleep"] or words[:2] == ["tail", "-f"] or "/dev/null" in words
