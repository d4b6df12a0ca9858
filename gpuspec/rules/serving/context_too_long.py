"""GS606 context-too-long."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.engines import Engine, engine_of
from gpuspec.lint import Facts, Finding, Rule
from gpuspec.workload.derive import is_path

_CHANGES_IT = ("rope", "override", "yarn")
"""What in a command tells that the model's config is not used as it is published."""


class ContextTooLong(Rule):
    """The server is asked for a longer context than the model has.

    ## What it does
    Compares the context length of a vLLM or SGLang command with the one that the model's published config allows.
    Silent where the command sets RoPE scaling or overrides the config, where the variable is set that allows it
    (`VLLM_ALLOW_LONG_MAX_MODEL_LEN`, `SGLANG_ALLOW_OVERWRITE_LONGER_CONTEXT_LEN`), and for local folders and
    fine-tunes, whose config may say something else.

    ## Why is this bad
    The engine stops at start, after the machine is rented. vLLM says
    `User-specified max_model_len (16384) is greater than the derived max_model_len`.

    ## Example
    ```jsonc
    {
      "gpu_types": ["RTX 3090"],
      "keep_alive_minutes": 30,
      "run": "vllm serve microsoft/Phi-3-mini-4k-instruct --max-model-len 16384"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "gpu_types": ["RTX 3090"],
      "keep_alive_minutes": 30,
      "run": "vllm serve microsoft/Phi-3-mini-4k-instruct --max-model-len 4096"
    }
    ```
    """

    code = "GS606"
    name = "context-too-long"
    severity = "error"

    def check(self, facts: Facts) -> Iterator[Finding]:
        work = facts.workload
        engine, model, name = engine_of(work.engine), work.model, work.model_name
        # The spec may say the same, and then stands for it: what stops the engine is its command.
        told = facts.commands_only
        origin = (told if told.context == work.context else work).origin("context")
        longest = model.max_context if model else None
        if not engine.longer_context or not name or not longest or (work.context or 0) <= longest:
            return
        if origin.kind not in ("command", "file") or is_path(name) or _changes_config(facts, engine):
            return
        match = facts.catalog.resolve_model(name, engine=work.engine, suggest=False)
        if match is None or match.relation != "name":
            return
        yield self.finding(
            origin.pointer or facts.job.pointer("run"),
            f"{engine.called} refuses {work.context:,} tokens of context: the config of {name} allows {longest:,}",
            suggestion=f"{engine.flag('context')} {longest}, RoPE scaling as the model's card says, or a model with "
            "a longer context",
        )


def _changes_config(facts: Facts, engine: Engine) -> bool:
    """Whether a command or a variable takes the published limit away."""
    for step in facts.commands:
        command = step.command
        if engine.longer_context in step.text or engine.longer_context in command.environment:
            return True
        if any(word in step.text.lower() for word in _CHANGES_IT):
            return True
    return engine.longer_context in facts.job.env
