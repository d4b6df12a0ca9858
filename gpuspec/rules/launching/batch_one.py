"""GS304 batch-size-one."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.engines import engine_of
from gpuspec.lint import Facts, Finding, Rule, Saving
from gpuspec.lint.script import Script

_TEXT = ("llm", "vlm", "text", "chat", "asr", "audio", "embedding", "speech")
_MEASURED = "50 against 500 tokens a second for Llama 13B on an A100"


class BatchSizeOne(Rule):
    """One request at a time where there are many.

    ## What it does
    Fires where a batch job or a server is told to handle one sequence at a time (`model.concurrency: 1`,
    `--max-num-seqs 1`), and where a Python script hands vLLM's or SGLang's offline engine one prompt in each turn of
    a loop. Interactive work and image models are left alone: there, one at a time is right, or costs
    nothing. Of a batch job it says what sixteen at once would save on its GPU, or as many as that has room for.

    ## Why is this bad
    To make one token the GPU reads all weights once, whether for one sequence or for sixteen. Alone, a sequence pays
    for the whole read: on Llama 13B and an A100, 50 tokens a second at batch 1 became 500 at batch 16.

    ## Example
    ```jsonc
    {
      "name": "summaries",
      "task": "batch",
      "model": { "id": "meta-llama/Llama-3.1-8B-Instruct", "concurrency": 1 },
      "gpu_types": ["RTX 4090"],
      "keep_alive_minutes": 3,
      "run": "python summarize.py"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "name": "summaries",
      "task": "batch",
      "model": { "id": "meta-llama/Llama-3.1-8B-Instruct", "concurrency": 16 },
      "gpu_types": ["RTX 4090"],
      "keep_alive_minutes": 3,
      "run": "python summarize.py"
    }
    ```

    ## When to ignore
    When each request must be answered as fast as the GPU can, whatever it costs, or when memory holds one sequence
    only.
    """

    code = "GS304"
    name = "batch-size-one"
    severity = "warning"
    confidence = "medium"

    def check_script(self, script: Script) -> Iterator[Finding]:
        """Loops that hand an engine's offline API one prompt at a time."""
        if script.kind != "python":
            return
        from gpuspec.commands.python.prompts import prompts_one_by_one

        for one in prompts_one_by_one(script.text):
            yield self.finding(
                "",
                _handed_one(one.name, f"the loop in line {one.loop}"),
                span=script.line(one.line),
                suggestion=_handed_all(one.name),
            )

    def _in_files(self, facts: Facts) -> Iterator[Finding]:
        """The same in the Python files that the job runs."""
        programs = [
            step for step in facts.commands if not step.setup and step.command.name.startswith("python")
        ]
        if not programs or not engine_of(facts.workload.engine).memory.queues:
            return
        from gpuspec.commands.python.prompts import prompts_one_by_one
        from gpuspec.commands.steps import python_text

        for step in programs:
            text, path = python_text(step) or ("", None)
            if path is None and facts.script_kind == "python":
                continue  # told of the script
            for one in prompts_one_by_one(text):
                where = f"{path}:{one.line}" if path else f"line {one.line} of the Python"
                yield self.finding(
                    step.pointer,
                    _handed_one(one.name, f"a loop ({where})"),
                    suggestion=_handed_all(one.name),
                )

    def check(self, facts: Facts) -> Iterator[Finding]:
        yield from self._in_files(facts)
        work = facts.workload
        task = work.task
        if work.concurrency != 1 or task not in ("batch", "serve"):
            return
        if work.modality is not None and not work.modality.startswith(_TEXT):
            return
        origin = work.origin("concurrency")
        if origin.kind not in ("spec", "command"):
            return
        if task == "serve" and origin.kind == "command" and engine_of(work.engine).memory.queues:
            return  # GS604 says it, with the limit that the memory allows
        argument = f" (`{origin.text}`)" if origin.text else ""
        kind = "a batch job" if task == "batch" else "a server"
        together = _together(facts) if task == "batch" else None
        yield self.finding(
            origin.pointer or facts.job.pointer("run"),
            f"{kind} that handles one sequence at a time{argument} reads all weights for every token of that one: "
            f"sixteen together take little longer, so each costs up to ten times what it could ({_MEASURED})",
            saving=together,
            suggestion="allow 16 or more at once; vLLM and SGLang fit what memory holds when no limit is set",
        )


def _together(facts: Facts) -> Saving | None:
    """What sixteen at once save, or as many as the machine has room for; None where their speed is not known."""
    current = facts.selected
    if current is None:
        return None
    from gpuspec.planning.compare import compared
    from gpuspec.rules.cost_in_words import saving

    for many in (16, 8, 4):
        there = facts.case.instead(workload=facts.workload._replace(concurrency=many)).market
        one = there.alternative(current.gpu, current.gpu_count)
        if one.price and one.verdict == "fits":
            found = compared(facts.market, current, there, one)
            return saving(current, found, "work") if found.now and found.waste > 0 else None
    return None


def _handed_one(call: str, loop: str) -> str:
    return (
        f"`{call}` is handed one prompt in each turn of {loop}: the engine batches what it is given at once, and "
        f"reads all weights for every token of a prompt that is alone ({_MEASURED})"
    )


def _handed_all(call: str) -> str:
    return f"hand it the whole list: `outputs = {call}(prompts)`"
