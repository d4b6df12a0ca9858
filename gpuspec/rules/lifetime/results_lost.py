"""GS408 results-lost."""

# ruff: noqa: SIM905 (a line of words reads better than forty quoted ones)

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.commands.steps import Step
from gpuspec.lint import Edit, Facts, Finding, Fix, Rule

FLAGS = frozenset(
    "--output --output-dir --output_dir --out-dir --out_dir --outdir --save-dir --save_dir --save-path --save_path "
    "--output-path --output_path --output-file --output_file --checkpoint-dir --checkpoint_dir --results-dir "
    "--results_dir --ckpt-dir --ckpt_dir".split()
)
_BARE = frozenset(flag.lstrip("-") for flag in FLAGS) | {
    "save_folder",
    "project",
    "logdir",
    "default_root_dir",
}
SENDS = (
    "aws s3", "s3cmd", "s5cmd", "gsutil", "gcloud storage", "rclone", "rsync", "scp ", "azcopy", "az storage",
    "hf upload", "huggingface-cli upload", "huggingface_hub", "push_to_hub", "push-to-hub", "hub_model_id",
    "wandb", "report_to", "mlflow", "comet", "curl -T", "git push", "kaggle", "dvc push", "s3://", "gs://", "hf://",
    "b2 ", "mc cp", "mc mirror", "runpodctl send", "croc send", "transfer.sh",
)  # fmt: skip
"""What brings results away by itself, as it stands in a command."""


class ResultsLost(Rule):
    """What the job writes goes away with the machine.

    ## What it does
    For batch and training jobs without `outputs`, reports a command that writes to a folder or file of the
    machine (`--output_dir results/`, `> answers.jsonl`), a `checkpoint.path` on the machine's own disk, and training
    by a known program of which nothing is fetched. Silent where anything in the job uploads, where a later
    command takes the file up, and where the path is absolute and may be a volume (`/tmp` is none). Of a container
    whose file says all that is mounted (Kubernetes, Modal) it reports results that go to none of it, or to an
    `emptyDir`.

    ## Why is this bad
    When the machine is taken down its disk is gone, and with it everything that the run was paid for.

    ## Example
    ```jsonc
    {
      "task": "train",
      "gpu_types": ["RTX 4090"],
      "keep_alive_minutes": 3,
      "run": "python train.py --output_dir results/lora"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "task": "train",
      "gpu_types": ["RTX 4090"],
      "keep_alive_minutes": 3,
      "outputs": ["results/lora"],
      "run": "python train.py --output_dir results/lora"
    }
    ```

    ## When to ignore
    When the script itself uploads its results.
    """

    code = "GS408"
    name = "results-lost"
    severity = "warning"
    confidence = "medium"
    fixable = "always"
    asks_for = ("outputs", "deployment.mounts")

    def check(self, facts: Facts) -> Iterator[Finding]:
        job = facts.job
        task = facts.workload.task
        if job.outputs or job.volume_mode or task not in ("batch", "train"):
            return
        if sends(facts):
            return
        if not facts.case.document.can_say("outputs"):
            yield from self._unmounted(facts)
            return
        path = job.checkpoint.path if job.checkpoint else None
        if path and _on_machine(path):
            yield self._lost(job.pointer("checkpoint.path"), path, f"checkpoints go to {path}")
            return
        for number, step in enumerate(facts.commands):
            written = None if step.setup else _written(step)
            if written and not any(written in later.text for later in facts.commands[number + 1 :]):
                yield self._lost(step.pointer, written, f"the command writes to {written}")
                return
        yield from self._nothing_fetched(facts)

    def _nothing_fetched(self, facts: Facts) -> Iterator[Finding]:
        """A training by a program that is known, of which nothing is fetched: wherever it saves, it stays there."""
        engine, step = facts.workload.engine, next((one for one in facts.commands if not one.setup), None)
        if facts.workload.task != "train" or engine is None or step is None or "outputs" in facts.refused:
            return
        if facts.job.checkpoint or any(_elsewhere(one) for one in facts.commands):
            return
        yield self.finding(
            step.pointer,
            f"{engine} trains, and `outputs` is empty: what it saves stays on the machine and goes with it",
            suggestion='"outputs": ["output/"], the folder that it saves to',
        )

    def _unmounted(self, facts: Facts) -> Iterator[Finding]:
        """Results in a container whose file says what is mounted, on nothing that outlives it."""
        said = facts.job.deployment
        if said is None or said.suspended or not facts.format.container_ends:
            return
        for step in facts.commands:
            path = None if step.setup else _written(step, anywhere=True)
            if not path or not path.startswith("/"):  # which folder it runs in, the image says
                continue
            under = [one for one in said.mounts if (path + "/").startswith(one.path.rstrip("/") + "/")]
            if any(one.lasts is not False for one in under):
                continue
            where = "an emptyDir" if under else "the container's own disk"
            yield self.finding(
                step.pointer,
                f"the command writes to {path}, on {where}: it is lost when the container goes",
                suggestion="mount a volume that outlives it there, or upload what it writes",
            )
            return

    def _lost(self, pointer: str, path: str, what: str) -> Finding:
        return self.finding(
            pointer,
            f"{what}, on the machine's own disk, and `outputs` does not list it: it is lost when the machine goes",
            suggestion=f'"outputs": ["{path}"] brings it back',
            fix=Fix(f"bring {path} back", (Edit("set", "/outputs", [path]),), safe=False),
        )


def sends(facts: Facts) -> bool:
    """Whether anything in the job brings results away: a command, a program at hand, a tracker's or bucket's name."""
    if any(sent in step.text + " " for step in facts.commands for sent in SENDS):
        return True
    if any("WANDB" in name or "BUCKET" in name for name in (*facts.job.env, *facts.job.secrets)):
        return True
    return any(sent in text for text in _programs(facts) for sent in SENDS)


def _programs(facts: Facts) -> Iterator[str]:
    """The texts of the programs and configurations that the commands name and that are at hand."""
    from gpuspec.workload.programs import identify

    for step in facts.commands:
        found = None if step.setup else identify(step.command)
        if found is None:
            continue
        named = [*([found.script] if found.script else []), *(config.path for config in found.configs)]
        for word in named:
            text = step.read(word.value) if word.value else None
            if text is not None:
                yield text


def _written(step: Step, *, anywhere: bool = False) -> str | None:
    """A path of the machine that a command writes its results to."""
    words = step.command.words
    for index, word in enumerate(words):
        flag, equals, value = word.text.partition("=")
        if flag not in FLAGS:
            continue
        path = value if equals else words[index + 1].value if index + 1 < len(words) else None
        if path and (_on_machine(path) or anywhere) and word.value is not None:
            return path
    for redirect in step.command.redirects:
        path = redirect.target.value
        if redirect.operator in (">", ">>") and path and _on_machine(path) and _is_data(path):
            return path
    return None


def _elsewhere(step: Step) -> bool:
    """Whether a command names an output folder that is not surely on the machine's own disk."""
    words = step.command.words
    for index, word in enumerate(words):
        flag, equals, value = word.text.partition("=")
        if flag.lstrip("-") in _BARE:
            path = value if equals else words[index + 1].value if index + 1 < len(words) else None
            if path is None or not _on_machine(path):
                return True
    return False


def _is_data(path: str) -> bool:
    """Whether a redirect's target is results and not a log."""
    return path.endswith((".jsonl", ".json", ".csv", ".tsv", ".parquet", ".srt", ".vtt", ".txt")) and (
        "log" not in path.lower()
    )


def _on_machine(path: str) -> bool:
    """Whether a path is surely on the machine's own disk, in the workspace: `/mnt/x` may be a volume."""
    relative = not path.startswith(("/", "~", "-", "$", "..")) and "://" not in path
    return (
        (relative or path.startswith("/tmp/"))
        and path not in (".", "./")
        and "\x01" not in path
        and "\x02" not in path
    )
