"""GS403 missing-pre-download."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gpuspec.lint import Edit, Facts, Finding, Fix, Rule
from gpuspec.planning.cost import DOWNLOAD_BYTES_PER_SECOND
from gpuspec.rules.hub_repositories import CACHE_VARIABLES, declared, loaded
from gpuspec.rules.options import amount, share
from gpuspec.words import dollars, figure, percent

SHORT = 2.0
"""Minutes of a download that nobody minds, however short the run is."""


class MissingPreDownload(Rule):
    """The command fetches its model itself, while the GPU waits.

    ## What it does
    Reports a model of the Hugging Face hub that the command loads and that `downloads` does not list, where fetching
    it costs something: it takes a tenth of the run (`budget.max_hours`, or what a training is expected to take),
    where no end is known more than ten minutes at 100 MB/s; or more than four minutes that are paid again each time,
    by spot machines that are taken away and servers that go to zero. Silent where a setup step fetches it, or where
    a cache that outlives the machine is set up.

    ## Why is this bad
    An entry in `downloads` is resumed, checked and bounded by a timeout, and is not fetched again on a machine
    that has it. A download inside the command starts over after a crash: 141 GB of Llama 70B are 23 minutes of a
    paid GPU each time.

    ## Example
    ```jsonc
    {
      "name": "llama-70b",
      "task": "serve",
      "gpu_types": ["A100 PCIe 80GB"],
      "gpu_count": 2,
      "keep_alive_minutes": 30,
      "run": "vllm serve Qwen/Qwen2.5-72B-Instruct --max-model-len 8192 --tensor-parallel-size 2"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "name": "llama-70b",
      "task": "serve",
      "gpu_types": ["A100 PCIe 80GB"],
      "gpu_count": 2,
      "keep_alive_minutes": 30,
      "downloads": [{ "strategy": "hf", "source": "Qwen/Qwen2.5-72B-Instruct", "timeout": 7200 }],
      "run": "vllm serve Qwen/Qwen2.5-72B-Instruct --max-model-len 8192 --tensor-parallel-size 2"
    }
    ```

    ## When to ignore
    When the model is baked into the image.
    """

    code = "GS403"
    name = "missing-pre-download"
    severity = "info"
    confidence = "medium"
    fixable = "always"
    asks_for = ("downloads",)
    options = (
        amount(
            "minutes", 10.0, "Minutes of download that are long, where nothing says how long the job runs."
        ),
        share("of_run", 0.1, "Share of the run from which its download is long."),
        amount("again", 4.0, "Minutes of download that are long where each start pays them."),
    )

    def check(self, facts: Facts) -> Iterator[Finding]:
        found = loaded(facts)
        origin = facts.commands_only.origin("model_name")
        if found is None or not facts.job.run:
            return
        if facts.choices and all(one.verdict == "does not fit" for one in facts.choices):
            return  # it never gets there
        if declared(facts, found.name) or _fetched_before(facts, found.name) or _kept(facts):
            return
        from gpuspec.sizing.files import bytes_on_disk  # most specs load nothing from a hub

        size = bytes_on_disk(found.name, facts.catalog)
        if size is None:
            return
        minutes = size / DOWNLOAD_BYTES_PER_SECOND / 60
        why = self._long(facts, minutes)
        if not why:
            return
        paid = minutes / 60 * (facts.per_hour or 0.0)
        cost = f", {dollars(paid)} of a waiting GPU" if paid >= 0.005 else ""
        where = f" (by {origin.path})" if origin.path else ""
        takes = f"{size / 1e9:.0f} GB, {figure(minutes, 2)} min at 100 MB/s"
        field = facts.format.spelled("downloads")
        yield self.finding(
            found.pointer,
            f"the command{where} downloads {found.name} itself ({takes}{cost}): {why}; from `{field}` it is resumed "
            "after a break, bounded by a timeout, and kept for the next run",
            suggestion=f'list it: {{"strategy": "hf", "source": "{found.name}"}}',
            fix=Fix(f"add it to {field}", (_entry(facts, found.name, size),), safe=False),
            numbers=[("download", f"{size / 1e9:.1f} GB ÷ 100 MB/s = {minutes:.1f} min")],
        )

    def _long(self, facts: Facts, minutes: float) -> str:
        """Why a download of so many minutes is long, in words; "" where it is not."""
        job, options = facts.job, facts.options
        if minutes >= options["again"]:
            if job.spot in ("allowed", "only"):
                return "each spot machine that replaces another pays it again"
            if job.scaling is not None and job.scaling.min == 0:
                return "each start from zero waits for it"
        most = job.budget.max_hours if job.budget else None
        hours = None
        if facts.workload.task == "train":
            from gpuspec.planning.job_length import hours_of_case

            hours = hours_of_case(facts.case).a_run
        hours = min((each for each in (hours, most) if each), default=None)
        if minutes < SHORT:
            return ""
        if hours is None:
            return "a start that fails pays it again" if minutes > options["minutes"] else ""
        long = minutes >= options["of_run"] * hours * 60
        return (
            f"{percent(min(1.0, minutes / 60 / hours))} of the {figure(hours)} h that it runs" if long else ""
        )


def _fetched_before(facts: Facts, name: str) -> bool:
    """Whether a command of its own fetches the model, or the launcher warms it up."""
    serverless = facts.job.serverless
    if serverless and name in serverless.models:
        return True
    for step in facts.commands:
        if not step.setup:
            continue  # its GPU waits, too
        texts = [word.text for word in step.command.words]
        fetches = "download" in texts or "snapshot_download" in step.text or texts[:1] in (["git"], ["aws"])
        if fetches and name in step.text:
            return True
    return False


def _kept(facts: Facts) -> bool:
    """Whether something says that the hub's cache lies elsewhere: on a volume, or inside a container."""
    job = facts.job
    in_env = any(key in job.env for key in CACHE_VARIABLES)
    texts = [job.run or "", *job.setup, *(step.text for step in facts.commands)]
    in_commands = any(
        word in text for text in texts for word in (*CACHE_VARIABLES, "--download-dir", "--cache-dir")
    )
    return bool(job.cache or job.volume_mode or in_env or in_commands or _walled_off(facts))


def _walled_off(facts: Facts) -> bool:
    """Whether a container runs that sees no folder of the machine, so that what was downloaded is not there."""
    mounts = ("-v", "--volume", "--mount")
    return any(
        wrapper.image is not None and not any(word.text.startswith(mounts) for word in wrapper.words)
        for step in facts.commands
        for wrapper in step.command.wrappers
    )


def _entry(facts: Facts, name: str, size: float) -> Edit:
    entry: dict[str, Any] = {"strategy": "hf", "source": name}
    if size / DOWNLOAD_BYTES_PER_SECOND > 3600:
        entry["timeout"] = int(-(-2 * size / DOWNLOAD_BYTES_PER_SECOND // 3600) * 3600)
    at = facts.job.pointers.get("downloads")
    if at:
        return Edit("insert", f"{at}/-", entry)
    return Edit("set", "/" + facts.format.spelled("downloads"), [entry])
