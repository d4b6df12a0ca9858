"""GS609 eager-decoding."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.engines import engine_of
from gpuspec.lint import Facts, Finding, Rule


class EagerDecoding(Rule):
    """The server runs without CUDA graphs.

    ## What it does
    Reports a server that is told not to record CUDA graphs (`--enforce-eager`, `--disable-cuda-graph`).

    ## Why is this bad
    Each token then waits for the CPU to launch hundreds of kernels one by one: a small model on a fast GPU writes
    half as many tokens a second. What is saved is 0.4 to 1.2 GiB of memory and a minute of start-up.

    ## Example
    ```jsonc
    {
      "task": "serve",
      "gpu_types": ["RTX 4090"],
      "keep_alive_minutes": 30,
      "run": "vllm serve Qwen/Qwen2.5-7B-Instruct --max-model-len 8192 --enforce-eager"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "task": "serve",
      "gpu_types": ["RTX 4090"],
      "keep_alive_minutes": 30,
      "run": "vllm serve Qwen/Qwen2.5-7B-Instruct --max-model-len 8192"
    }
    ```

    ## When to ignore
    When the graphs do not fit, or the engine cannot record this model.
    """

    code = "GS609"
    name = "eager-decoding"
    severity = "info"

    def check(self, facts: Facts) -> Iterator[Finding]:
        work = facts.workload
        if (
            work.eager is not True
            or work.task not in ("serve", None)
            or engine_of(work.engine).server is None
        ):
            return
        origin = work.origin("eager")
        if origin.kind not in ("command", "spec"):
            return
        yield self.finding(
            origin.pointer,
            f"{origin.text or 'eager mode'} turns CUDA graphs off: each token waits for the CPU, and small models "
            "write half as fast",
            suggestion="leave it out unless the graphs' 0.4 to 1.2 GiB do not fit",
        )
