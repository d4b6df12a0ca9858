"""GS406 gated-without-token."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.catalog.hub_id import is_hub_id
from gpuspec.lint import Edit, Facts, Finding, Fix, Rule
from gpuspec.rules.hub_repositories import loaded

TOKENS = ("HF_TOKEN", "HUGGING_FACE", "HUGGINGFACE", "HF_HUB_TOKEN", "HF_API", "HF_KEY")
"""Parts of the names of variables that hold a token of the hub."""
LOGS_IN = (
    "huggingface-cli login", "hf auth login", "--hf-token", "--hf_token", "hub_token", "notebook_login",
)  # fmt: skip
ELSEWHERE = (
    "HF_ENDPOINT", "VLLM_USE_MODELSCOPE", "SGLANG_USE_MODELSCOPE", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE",
)  # fmt: skip
"""Variables that say that models come from elsewhere than the hub."""


class GatedWithoutToken(Rule):
    """A gated model, and no token to fetch it with.

    ## What it does
    Reports a model that the hub gives only to those who accepted its terms (Llama, Gemma, FLUX.1-dev, …), where
    neither `secrets` nor `env` nor a command brings a token. GPU CLI keeps tokens of its own, so its files are
    left alone.

    ## Why is this bad
    The download ends with "401: Cannot access gated repo", after the machine is rented.

    ## Example
    ```jsonc
    {
      "name": "chat",
      "gpu_types": ["RTX 4090"],
      "keep_alive_minutes": 30,
      "run": "vllm serve meta-llama/Llama-3.1-8B-Instruct --max-model-len 8192"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "name": "chat",
      "gpu_types": ["RTX 4090"],
      "secrets": ["HF_TOKEN"],
      "keep_alive_minutes": 30,
      "run": "vllm serve meta-llama/Llama-3.1-8B-Instruct --max-model-len 8192"
    }
    ```

    ## When to ignore
    When the model is in the image or on a volume.
    """

    code = "GS406"
    name = "gated-without-token"
    severity = "error"
    fixable = "always"
    asks_for = ("secrets",)

    def check(self, facts: Facts) -> Iterator[Finding]:
        names = {d.source: f"{d.pointer}/source" for d in facts.job.downloads if d.strategy == "hf"}
        found = loaded(facts)
        empty = _empty_token(facts)
        if found and facts.job.run and (empty or not _fetched_elsewhere(facts)):
            names.setdefault(found.name, found.pointer)
        sure = bool(names) and not facts.job.image
        runs = facts.job.run or facts.job.deployment is not None  # an operator writes the command itself
        if not names and facts.job.model and facts.job.model.id and runs:
            names[facts.job.model.id] = facts.job.pointer("model.id")
        if not names or _brings_token(facts):
            return
        for name, pointer in names.items():
            model = facts.catalog.resolve_model(name, suggest=False).model if is_hub_id(name) else None
            if model is None or not model.gated:
                continue
            if facts.job.deployment is not None:
                yield self._deployed(facts, name, pointer, empty)
                return
            edit = Edit("set", "/secrets", ["HF_TOKEN"])
            if secrets := facts.job.pointers.get("secrets"):
                edit = Edit("insert", f"{secrets}/-", "HF_TOKEN")
            yield self.finding(
                pointer,
                f"{name} is gated: without a token of someone who accepted its terms the hub answers 401",
                confidence="high" if sure else "medium",
                suggestion=f'add "HF_TOKEN" to secrets, and accept the terms at https://huggingface.co/{name}',
                fix=Fix("add HF_TOKEN to secrets", (edit,), safe=True),
            )
            return

    def _deployed(self, facts: Facts, name: str, pointer: str, empty: str | None) -> Finding:
        """In the words of another format. `empty`: the variable of a token that is empty unless somebody sets it."""
        if empty:
            why = f"{empty} is empty unless it is set where this is started"
            where = f"env.{empty}" if f"env.{empty}" in facts.job.pointers else ""
        else:
            why, where = "and nothing here brings a token", ""
        return self.finding(
            facts.job.pointer(where) if where else pointer,
            f"{name} is gated, {why}: without a token of someone who accepted its terms the hub answers 401",
            severity="warning",
            confidence="medium",
            suggestion=facts.format.examples.get(
                "secrets", f"hand in HF_TOKEN by {facts.format.spelled('secrets')}"
            ),
        )


def _empty_token(facts: Facts) -> str | None:
    """The variable of a token that the file sets to nothing."""
    if facts.job.deployment is None:
        return None
    empty = (name for name, value in facts.job.env.items() if not value.strip())
    return next((name for name in empty if any(part in name.upper() for part in TOKENS)), None)


def _brings_token(facts: Facts) -> bool:
    job = facts.job
    named = [*job.secrets, *(name for name, value in job.env.items() if value.strip())]
    if any(part in name.upper() for name in named for part in (*TOKENS, *ELSEWHERE)):
        return True
    texts = [*(step.text for step in facts.commands), *job.setup, job.run or ""]
    return any(part in text for text in texts for part in (*TOKENS, *LOGS_IN, *ELSEWHERE))


def _fetched_elsewhere(facts: Facts) -> bool:
    """Whether the models may come from a place of the author's own."""
    job = facts.job
    if job.deployment is not None and any(mount.lasts is not False for mount in job.deployment.mounts):
        return True
    return bool(job.cache or job.volume_mode or "HF_HOME" in job.env or "HF_HUB_CACHE" in job.env)
