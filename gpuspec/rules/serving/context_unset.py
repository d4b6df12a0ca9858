"""GS602 context-unset."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from gpuspec.engines import Engine, engine_of
from gpuspec.lint import Facts, Finding, Fix, Rule
from gpuspec.planning.alternatives import Alternative
from gpuspec.rules.command_edits import replace_argument, text_at
from gpuspec.rules.full_context import one_sequence
from gpuspec.text import Edit
from gpuspec.words import gib, span_of_gib

STEP = 1024


class ContextUnset(Rule):
    """No context length is set, and the model's own does not fit.

    ## What it does
    For vLLM without `--max-model-len`, works out what one sequence of the model's full context needs beside the
    weights on the GPU that the job would take. Where it does not fit (error), or likely does not (info), says which
    length does. Silent where the weights alone do not fit, where the estimate is unsure, and for engines that adapt
    by themselves.

    ## Why is this bad
    vLLM sets aside room for one sequence of the longest context that the model knows, and does not start when there
    is none: the machine is paid for until someone reads the log.

    ## Example
    ```jsonc
    {
      "name": "chat",
      "gpu_types": ["A10G"],
      "keep_alive_minutes": 30,
      "run": "vllm serve meta-llama/Llama-3.1-8B-Instruct"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "name": "chat",
      "gpu_types": ["A10G"],
      "keep_alive_minutes": 30,
      "run": "vllm serve meta-llama/Llama-3.1-8B-Instruct --max-model-len 16384"
    }
    ```

    ## When to ignore
    When the length is set where gpuspec cannot read it, such as a configuration file in the image.
    """

    code = "GS602"
    name = "context-unset"
    severity = "error"
    fixable = "sometimes"
    asks_for = ("model.context",)

    def check(self, facts: Facts) -> Iterator[Finding]:
        work, job = facts.workload, facts.job
        engine = engine_of(work.engine)
        if not engine.reserves_full_context or work.context is not None or "context" in work.origins:
            return
        machines = [machine for machine in facts.choices if machine.verdict == "fits"]
        current = facts.selected if facts.selected in machines else machines[0] if machines else None
        full = work.model.usual_context if work.model else None
        if current is None or not full or work.model_name is None or self._elsewhere(facts, engine):
            return
        at_full = one_sequence(facts, current, full)
        if at_full is None or at_full.confidence == "low":
            return
        room = facts.market.fit_of_need(at_full, current.gpu).usable
        length = self._fitting(facts, current, full)
        if at_full.expected <= room or length is None:
            return
        surely = at_full.low > room
        needed = gib(at_full.low) if surely else span_of_gib(at_full.low, at_full.high)
        cache = at_full.kv_cache
        origin = work.origin("model_name")
        flag = engine.flag("context")
        edit = self._edit(facts, engine, f"{flag} {length}")
        yield self.finding(
            origin.pointer if origin.kind == "command" else job.pointer("run"),
            f"no context length is set, so {engine.called} reserves the model's own: one sequence of {full:,} "
            f"tokens is {gib(cache)} of KV cache, {needed} with the weights, and {current.label} has "
            f"{gib(room)}: it {'does' if surely else 'may'} not start",
            severity="error" if surely else "info",
            confidence=at_full.confidence if surely else "medium",
            suggestion=f"{flag} {length} fits",
            fix=Fix(f"set {flag} {length}", (edit,), safe=False) if edit else None,
            numbers=[
                *((part.name, f"{part.expected:.2f} GiB: {part.why}") for part in at_full.parts),
                (f"usable on {current.gpu.name}", f"{room:.2f} GiB"),
            ],
        )

    def _fitting(self, facts: Facts, machine: Alternative, full: int) -> int | None:
        """The longest power of two, or three quarters of one, that surely fits."""
        length = 1 << full.bit_length()
        while length >= 2 * STEP:
            for tokens in (length, length * 3 // 4):
                found = one_sequence(facts, machine, tokens) if tokens < full else None
                if found and facts.market.fit_of_need(found, machine.gpu).verdict == "fits":
                    return tokens
            length //= 2
        return None

    def _edit(self, facts: Facts, engine: Engine, argument: str) -> Edit | None:
        """The length, after the model's name in the server's own command; not where a function or a variable
        brings the name from elsewhere."""
        origin = facts.workload.origin("model_name")
        for step in facts.commands:
            written = text_at(facts.tree, step.pointer) if step.path is None else None
            own = (written or "")[step.command.start : step.command.end]
            if step.pointer == origin.pointer and engine.name in own and origin.text in own:
                return replace_argument(facts, origin, f"{origin.text} {argument}")
        return None

    def _elsewhere(self, facts: Facts, engine: Engine) -> bool:
        """Whether the length may be set where we do not look: a config file, or arguments that are not known."""
        length = engine.flag("context").removeprefix("--").replace("-", "_")
        for step in facts.commands:
            words = step.command.words
            texts = [word.text for word in words]
            if any(text in ("--config", "--hf-overrides") or length in text for text in texts):
                return True
            if not any(engine.name in text for text in texts):
                continue
            if any(word.value is None and before.text[:1] != "-" for before, word in pairwise(words)):
                return True  # more arguments, of which nothing is known
        return False
