"""GS809 asked-model-differs."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.engines import engine_of
from gpuspec.lint import Facts, Finding, Rule
from gpuspec.rules.hub_repositories import same_repository

NAMING = ("--served-model-name", "--served_model_name")


class AskedModelDiffers(Rule):
    """Requests are sent for a model that the server does not serve.

    ## What it does
    Compares the name by which a gateway asks for the model (dstack's `model`), or a client in the same file (another
    container of the pod, another service of compose: `OPENAI_MODEL` and the like beside the server's address), with
    the one that the server's command serves (`--served-model-name`, else the model itself). Only where the engine
    refuses other names, and both are known.

    ## Why is this bad
    The machine runs, and every request through the gateway ends with "404: The model does not exist".

    ## Example
    ```yaml
    # file: chat.dstack.yml
    type: service
    name: chat
    image: vllm/vllm-openai:v0.11.0
    commands:
      - vllm serve Qwen/Qwen2.5-7B-Instruct --max-model-len 8192
    port: 8000
    model: Qwen/Qwen2.5-7B-Instruct-AWQ
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
    model: Qwen/Qwen2.5-7B-Instruct
    resources: {gpu: 24GB}
    ```

    ## When to ignore
    When something between the two renames the model.
    """

    code = "GS809"
    name = "asked-model-differs"
    severity = "error"
    confidence = "medium"

    def check(self, facts: Facts) -> Iterator[Finding]:
        said, work = facts.job.deployment, facts.commands_only
        asked = said.model_name if said else None
        if not asked or not work.model_name or _unknown(asked) or _unknown(work.model_name):
            return
        if not engine_of(work.engine).refuses_other_names:
            return
        served = _names(facts) or (work.model_name,)
        if any(name == asked or same_repository(name, asked) for name in served) or any(
            map(_unknown, served)
        ):
            return
        yield self.finding(
            facts.job.pointer("deployment.model_name"),
            f"requests ask for {asked}, and the server answers to {', '.join(served)} alone: each ends with 404",
            suggestion=f"ask for {served[0]}, or start the server with --served-model-name {asked}",
        )


def _names(facts: Facts) -> tuple[str, ...]:
    """The names that a flag of the server gives the model."""
    for step in facts.commands:
        words = [word.text for word in step.command.words]
        for at, word in enumerate(words):
            flag, equals, value = word.partition("=")
            if flag in NAMING:
                rest = [value] if equals else words[at + 1 :]
                end = next((n for n, each in enumerate(rest) if each.startswith("-")), len(rest))
                return tuple(rest[:end])
    return ()


def _unknown(name: str) -> bool:
    """Whether a name is only known when it runs."""
    return any(sign in name for sign in ("$", "{", "<", "…", "\x01", "\x02"))
