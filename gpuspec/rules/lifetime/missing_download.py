"""GS403 missing-pre-download."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gpuspec.lint import Edit, Facts, Finding, Fix, Rule
from gpuspec.planning.cost import DOWNLOAD_BYTES_PER_SECOND
from gpuspec.rules.hub_repositories import declared, loaded
from gpuspec.rules.options import amount
from gpuspec.words import dollars

CACHE_VARIABLES = ("HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "TRANSFORMERS_CACHE", "HF_HUB_OFFLINE")


class MissingPreDownload(Rule):
    """The command fetches its model itself, while the GPU waits.

    ## What it does
    Reports a model of the Hugging Face hub that the command loads and that `downloads` does not list. Silent where
    a setup step fetches it, or where a cache that outlives the machine is set up. A warning where the download
    takes longer than five minutes at 100 MB/s.

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
        amount("minutes", 5.0, "Minutes of download from which it is a warning."),
        amount("least_gb", 2.0, "GB below which a download is not worth an entry."),
    )

    def check(self, facts: Facts) -> Iterator[Finding]:
        found = loaded(facts)
        origin = facts.commands_only.origin("model_name")
        if found is None or not facts.job.run:
            return
        if declared(facts, found.name) or _fetched_before(facts, found.name) or _kept(facts):
            return
        from gpuspec.sizing.files import bytes_on_disk  # most specs load nothing from a hub

        size = bytes_on_disk(found.name, facts.catalog) or 0.0  # 0: not known
        if 0 < size < facts.options["least_gb"] * 1e9:
            return
        minutes = size / DOWNLOAD_BYTES_PER_SECOND / 60
        long = minutes > facts.options["minutes"]
        how_much = f" ({size / 1e9:.0f} GB, {minutes:.0f} min at 100 MB/s)" if long else ""
        paid = minutes / 60 * (facts.per_hour or 0.0) if long else 0.0
        cost = f", and a start that fails pays {dollars(paid)} of a waiting GPU again" if paid else ""
        where = f" (by {origin.path})" if origin.path else ""
        field = facts.format.spelled("downloads")
        yield self.finding(
            found.pointer,
            f"the command{where} downloads {found.name}{how_much} itself{cost}; from `{field}` it is resumed after "
            "a break, bounded by a timeout, and kept for the next run",
            severity="warning" if paid else "info",
            suggestion=f'list it: {{"strategy": "hf", "source": "{found.name}"}}',
            fix=Fix(f"add it to {field}", (_entry(facts, found.name, size),), safe=False),
            numbers=[("download", f"{size / 1e9:.1f} GB ÷ 100 MB/s = {minutes:.1f} min")] if size else [],
        )


def _fetched_before(facts: Facts, name: str) -> bool:
    """Whether a command of its own fetches the model, or the launcher warms it up."""
    serverless = facts.job.serverless
    if serverless and name in serverless.models:
        return True
    for step in facts.commands:
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
