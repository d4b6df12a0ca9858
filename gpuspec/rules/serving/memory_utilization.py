"""GS601 memory-utilization-low."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.commands.steps import Step
from gpuspec.engines import engine_of
from gpuspec.engines.launchers import LAUNCHERS
from gpuspec.lint import Confidence, Facts, Finding, Fix, Rule
from gpuspec.rules.command_edits import replace_argument
from gpuspec.rules.options import share
from gpuspec.words import gib
from gpuspec.workload.readers import readers

_SERVERS = ("python", "uvicorn", "gunicorn")
"""Programs of everybody's own that may use the GPU."""


class MemoryUtilizationLow(Rule):
    """The server may use too little of the GPU's memory, or all of it.

    ## What it does
    Reports vLLM's `--gpu-memory-utilization` below 0.85 or above 0.97. It is the share of the GPU that weights,
    activations and KV cache may take together. A low share is left alone where something else is on the GPU: a second
    model or server, or a training run.

    ## Why is this bad
    What is left out is paid for and idle: with less KV cache fewer requests run at once. Above 0.97 nothing is left
    for CUDA graphs and other processes, and the server runs out of memory under load.

    ## Example
    ```jsonc
    {
      "name": "chat",
      "gpu_types": ["RTX 4090"],
      "keep_alive_minutes": 30,
      "run": "vllm serve Qwen/Qwen2.5-7B-Instruct --max-model-len 8192 --gpu-memory-utilization 0.7"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "name": "chat",
      "gpu_types": ["RTX 4090"],
      "keep_alive_minutes": 30,
      "run": "vllm serve Qwen/Qwen2.5-7B-Instruct --max-model-len 8192 --gpu-memory-utilization 0.92"
    }
    ```

    ## When to ignore
    When something that gpuspec cannot see shares the GPU.
    """

    code = "GS601"
    name = "memory-utilization-low"
    severity = "warning"
    fixable = "sometimes"
    options = (
        share("least", 0.85, "Shares below are too low."),
        share("most", 0.97, "Shares above are too high."),
    )

    def check(self, facts: Facts) -> Iterator[Finding]:
        work = facts.workload
        share, engine = work.memory_utilization, engine_of(work.engine)
        if share is None or not 0 < share <= 1 or engine.advised_utilization is None:
            return
        if share > facts.options["most"]:
            left = self._gib(facts, 1 - share) or "next to nothing"
            why = f"leaves {left} of the GPU for CUDA graphs and everything else: under load it runs out"
            yield self._report(facts, share, why, None)
        elif share < facts.options["least"] and not self._shared(facts) and _gpu_is_known(facts):
            usual = engine.advised_utilization
            idle = self._gib(facts, usual - share) or "memory"
            why = f"leaves {idle} idle that could be KV cache: fewer requests run at once (usual: {usual:g})"
            yield self._report(facts, share, why, "medium")

    def _report(self, facts: Facts, share: float, why: str, confidence: Confidence | None) -> Finding:
        origin = facts.workload.origin("memory_utilization")
        better = f"{engine_of(facts.workload.engine).advised_utilization:g}"
        edit = replace_argument(facts, origin, origin.text.replace(f"{share:g}", better))
        return self.finding(
            origin.pointer or facts.job.pointer("run"),
            f"a memory utilization of {share:g} {why}",
            confidence=confidence,
            suggestion=f"{better} suits a GPU that serves nothing else",
            fix=Fix(f"set it to {better}", (edit,), safe=False)
            if edit and better in str(edit.value)
            else None,
        )

    def _shared(self, facts: Facts) -> bool:
        """Whether anything else is on the GPU: then the share was chosen for it."""
        work = facts.workload
        if work.task == "train" or work.method or work.other_models:
            return True
        working = [step for step in facts.commands if not step.setup and _may_use_gpu(step)]
        return len(working) > 1

    def _gib(self, facts: Facts, share: float) -> str:
        """A share of the GPU in GiB; "" where the GPU is not known."""
        return gib(facts.selected.gpu.vram_gib * share) if facts.selected else ""


def _gpu_is_known(facts: Facts) -> bool:
    """Whether the file says which GPU it is: of another, a small share may be all that is needed."""
    return bool(facts.job.gpu_types) or facts.format.in_spec_fields


def _may_use_gpu(step: Step) -> bool:
    """Whether a command may be one more program on the GPU."""
    words = step.text.split()
    known = {key[0] for key in (*readers().programs, *LAUNCHERS)}
    name = step.command.name
    return name.startswith(_SERVERS) or name in known or "serve" in words or "utilization" in step.text
