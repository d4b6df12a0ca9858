"""GS011 impossible-value."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from gpuspec.lint import Facts, Finding, Rule
from gpuspec.workload.limits import MOST_GPUS

_DEGREES = ("tensor_parallel", "pipeline_parallel", "data_parallel")
_STARTS = (*_DEGREES, "processes", "expert_parallel")
"""Without so many GPUs the engine does not start."""


class ImpossibleValue(Rule):
    """A number in a command is beyond any machine and model.

    ## What it does
    Looks at the numbers that commands and their configuration files give an engine: more GPUs than any machine has,
    more tokens than any context holds, more than all of the GPU's memory. What such a command needs is not known.

    ## Why is this bad
    It is a slip: a digit too many, a value of another flag, a unit that the flag does not have. The engine stops at
    it after the machine is rented and the model downloaded, or takes it for something else.

    ## Example
    ```jsonc
    {
      "gpu_types": ["A100-80GB"],
      "keep_alive_minutes": 30,
      "run": "vllm serve Qwen/Qwen2.5-7B-Instruct --max-model-len 8192 --tensor-parallel-size 2048"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "gpu_types": ["A100-80GB"],
      "gpu_count": 2,
      "keep_alive_minutes": 30,
      "run": "vllm serve Qwen/Qwen2.5-7B-Instruct --max-model-len 8192 --tensor-parallel-size 2"
    }
    ```
    """

    code = "GS011"
    name = "impossible-value"
    severity = "error"

    def check(self, facts: Facts) -> Iterator[Finding]:
        work, model = facts.workload, facts.job.pointer("model")
        for field, most in (work.beyond or {}).items():
            origin = work.origin(field)
            if origin.kind == "spec" and origin.pointer.startswith(f"{model}/"):
                continue  # the schema says so (GS003)
            yield self.finding(
                origin.pointer,
                f"`{origin.text}` is beyond any machine or model: at most {most:,}",
                severity="error" if field in _STARTS else "warning",
                suggestion="check the number, and which flag it is for",
            )
        degrees = {field: getattr(work, field) for field in _DEGREES if getattr(work, field)}
        gpus = prod(degrees.values())
        if gpus > MOST_GPUS and "nodes" not in work.origins and not work.beyond:
            texts = " and ".join(f"`{work.origin(field).text}`" for field in degrees)
            yield self.finding(
                work.origin(next(iter(degrees))).pointer,
                f"{texts} make {gpus:,} GPUs in one machine: {MOST_GPUS:,} are the most",
                suggestion="check the numbers",
            )
