"""GS605 uneven-split."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.engines import Engine, engine_of
from gpuspec.lint import Facts, Finding, Rule
from gpuspec.named_tuple import NamedTuple

VOCABULARY_STEP = 64
"""Engines fill the vocabulary up to a multiple of it before they divide it (vLLM's and SGLang's
vocab_parallel_embedding.py, DEFAULT_VOCAB_PADDING_SIZE)."""


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
        parts = _Parts(model.heads, model.kv_heads, model.vocab)
        uneven = parts.uneven(engine, gpus)
        if not uneven:
            return
        able = [number for number in range(1, 2 * gpus + 1) if not parts.uneven(engine, number)]
        near = [*[less for less in able if less < gpus][-1:], *[more for more in able if more > gpus][:1]]
        yield self.finding(
            origin.pointer or facts.job.pointer("run"),
            f"{gpus} GPUs cannot share {model.id}: its {uneven} are not divisible by {gpus}, and {engine.called} "
            "stops at start",
            suggestion=f"split it over {' or '.join(map(str, near))}; further GPUs can hold copies (data parallel)",
        )


class _Parts(NamedTuple):
    """What of a model is dealt out to the GPUs; None where it is not known."""

    heads: int | None
    kv_heads: int | None
    vocabulary: int | None

    def uneven(self, engine: Engine, gpus: int) -> str:
        """What of it, in words, so many GPUs cannot share evenly in this engine; "" where they can."""
        asked = engine.divides
        if "heads" in asked and self.heads and self.heads % gpus:
            return f"{self.heads} attention heads"
        kv = self.kv_heads
        # Fewer KV heads than GPUs are copied, each to as many GPUs.
        if "KV heads" in asked and kv and (kv % gpus if kv >= gpus else gpus % kv):
            return f"{kv} KV heads"
        if "vocabulary" in asked and self.vocabulary:
            filled = -(-self.vocabulary // VOCABULARY_STEP) * VOCABULARY_STEP
            if filled % gpus:
                return f"{filled:,} words of vocabulary"
        return ""
