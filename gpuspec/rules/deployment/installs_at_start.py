"""GS812 installs-at-start."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.lint import Facts, Finding, Rule
from gpuspec.rules.lifetime.setup_every_time import INSTALLERS
from gpuspec.words import dollars, shortened

MINUTES = 3.0
"""What an install of PyTorch or an engine takes. Estimated: 3 to 5 GB of wheels."""


class InstallsAtStart(Rule):
    """Each start of the server installs its packages again.

    ## What it does
    Reports a server (or a development environment) whose container installs packages before it begins: pip, uv, apt
    or conda in its command. Silent where a volume keeps their cache (`/root/.cache`). SkyPilot runs `setup` apart,
    and jobs that run once install once: those are left alone.

    ## Why is this bad
    A replica that is added, and one that is started again, takes minutes of a paid GPU for packages that could lie
    in the image, may get other versions than the one beside it, and does not start when an index is down.

    ## Example
    ```yaml
    # file: chat.dstack.yml
    type: service
    name: chat
    python: "3.12"
    commands:
      - pip install vllm
      - vllm serve Qwen/Qwen2.5-7B-Instruct --max-model-len 8192
    port: 8000
    resources: {gpu: 24GB}
    ```

    ## Use instead
    ```yaml
    # file: chat.dstack.yml
    type: service
    name: chat
    image: vllm/vllm-openai:v0.11.0
    commands:
      - vllm serve Qwen/Qwen2.5-7B-Instruct --max-model-len 8192
    port: 8000
    resources: {gpu: 24GB}
    ```

    ## When to ignore
    When the package is small.
    """

    code = "GS812"
    name = "installs-at-start"
    severity = "warning"
    confidence = "medium"

    def check(self, facts: Facts) -> Iterator[Finding]:
        job = facts.job
        if job.deployment is None or facts.workload.task not in ("serve", "interactive") or job.steps:
            return
        install = next(
            (step for step in facts.commands if _installs(step.command.words) and not step.path), None
        )
        if install is None or _cached(facts):
            return
        hourly = facts.per_hour
        cost = f", about {dollars(hourly * MINUTES / 60)} of the machine each" if hourly else ""
        text = shortened(install.text, 40)
        yield self.finding(
            install.pointer_of(install.command.words[0].text),
            f"each start installs again ({text}): minutes in which the GPU waits{cost}",
            severity="info" if facts.workload.task == "interactive" else None,
            suggestion="build it into the image, or take an image that has it",
        )


def _cached(facts: Facts) -> bool:
    """Whether a volume keeps what the installer fetches: a start then takes seconds."""
    mounts = facts.job.deployment.mounts if facts.job.deployment else ()
    return any(
        mount.lasts is not False and mount.path.rstrip("/").endswith(("/.cache", "/.cache/pip", "/.cache/uv"))
        for mount in mounts
    )


def _installs(words: tuple[object, ...] | list[object]) -> bool:
    texts = [str(getattr(word, "text", word)) for word in words]
    name = texts[0].rpartition("/")[2] if texts else ""
    if name.startswith("python") and texts[1:3] == ["-m", "pip"]:
        return "install" in texts[3:5]
    return name in INSTALLERS and "install" in texts[1:4]
