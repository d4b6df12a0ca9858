"""GS605 uneven-split."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.engines import engine_of
from gpuspec.lint import Facts, Finding, Rule
from gpuspec.workload.even_split import even_numbers, uneven


class UnevenSplit(Rule):
    """Tensor parallelism does not divide the model.

    ## What it does
    Reports a number of GPUs for tensor parallelism that does not divide the model's attention heads, its KV heads
    (or is no multiple of them) or its vocabulary, where the engine asks for it: vLLM and SGLang for all three, TGI
    for the heads. Says which numbers next to it do.

    ## Why is this bad
    Every GPU takes the same share of each layer, so the engine stops at start ("Total number of attention heads (28)
    must be divisible by tensor parallel size (8)"), after all GPUs are rented.

    ## Example
    ```jsonc
    {
      "gpu_types": ["A100-80GB"],
      "gpu_count": 8,
      "keep_alive_minutes": 30,
      "run": "vllm serve Qwen/Qwen2.5-7B-Instruct --max-model-len 8192 --tensor-parallel-size 8"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "gpu_types": ["A100-80GB"],
      "gpu_count": 4,
      "keep_alive_minutes": 30,
      "run": "vllm serve Qwen/Qwen2.5-7B-Instruct --max-model-len 8192 --tensor-parallel-size 4"
    }
    ```
    """

    code = "GS605"
    name = "uneven-split"
    severity = "error"

    def check(self, facts: Facts) -> Iterator[Finding]:
        work = facts.workload
        engine, model, gpus = engine_of(work.engine), work.model, work.tensor_parallel
        origin = work.origin("tensor_parallel")
        if not gpus or model is None or origin.kind not in ("command", "file") or work.attention_copies:
            return
        what = uneven(model, engine, gpus)
        if not what:
            return
        near = even_numbers(model, engine, gpus)
        yield self.finding(
            origin.pointer or facts.job.pointer("run"),
            f"{gpus} GPUs cannot share {model.id}: its {what} are not divisible by {gpus}, and {engine.called} "
            "stops at start",
            suggestion=f"split it over {' or '.join(map(str, near))}; further GPUs can hold copies (data parallel)",
        )
