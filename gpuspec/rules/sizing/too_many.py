"""GS103 too-many-gpus."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.engines import engine_of
from gpuspec.lint import Facts, Finding, Rule
from gpuspec.planning.alternatives import Alternative
from gpuspec.planning.compare import fewer
from gpuspec.rules.cost_in_words import both_prices, saving
from gpuspec.rules.numbers import as_sure, need_lines, price_lines
from gpuspec.rules.options import min_saving, min_speed
from gpuspec.words import span_of_gib


class TooManyGpus(Rule):
    """Fewer GPUs would hold the job, for less money.

    ## What it does
    For jobs on several GPUs, looks for fewer of the same, or one larger one, that surely fit and cost less.
    What is done, and the time that the GPUs take to talk to each other, is counted: what the work costs must be less.
    Where no price is known: fewer of the same that hold it with as much room again.
    A replica per GPU (`data_parallel`) serves more and is not reported, nor are GPUs that the command leaves idle
    (`gpus-unused` does).

    ## Why is this bad
    Splitting a model over GPUs that it does not need adds communication and doubles the bill, and the work is not
    done twice as fast.

    ## Example
    ```jsonc
    {
      "name": "chat",
      "task": "serve",
      "model": { "id": "meta-llama/Llama-3.1-70B-Instruct", "quantization": "awq", "context": 8192 },
      "gpu_types": ["A100 PCIe 80GB"],
      "gpu_count": 2,
      "keep_alive_minutes": 30,
      "run": "vllm serve hugging-quants/Meta-Llama-3.1-70B-Instruct-AWQ-INT4 --max-model-len 8192 -tp 2"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "name": "chat",
      "task": "serve",
      "model": { "id": "meta-llama/Llama-3.1-70B-Instruct", "quantization": "awq", "context": 8192 },
      "gpu_types": ["A100 PCIe 80GB"],
      "keep_alive_minutes": 30,
      "run": "vllm serve hugging-quants/Meta-Llama-3.1-70B-Instruct-AWQ-INT4 --max-model-len 8192"
    }
    ```

    ## When to ignore
    When latency of one request is worth twice the price, or the KV cache of many sequences needs the room (then
    say so with `model.concurrency`).
    """

    code = "GS103"
    name = "too-many-gpus"
    severity = "warning"
    options = (min_saving(0.2), min_speed(0.2))

    def check(self, facts: Facts) -> Iterator[Finding]:
        current = facts.baseline
        if current is None:
            yield from self._without_prices(facts)
            return
        if _one_of_several(facts, current):
            return
        if current.fit is not None and current.fit.verdict != "fits":
            return  # what may not hold the job is not too much
        found = fewer(
            facts.market,
            current,
            min_saving=facts.options["min_saving"],
            min_speed=facts.options["min_speed"],
        )
        if found is None or found.machine.fit is None:
            return
        better = found.machine
        need = found.machine.fit.need
        yield self.finding(
            facts.gpu_place(current),
            f"{current.label} is more than it takes, and {better.label} holds the job "
            f"({span_of_gib(need.low, need.high)} of {found.machine.fit.usable:.1f} GiB): "
            f"{both_prices(facts, current, found)}",
            confidence=as_sure(
                "medium" if facts.workload.task in (None, "batch") else "high", current, better
            ),
            saving=saving(current, found),
            suggestion=f"use {better.label}, without splitting the model"
            if better.gpu_count == 1
            else f"use {better.label} and split the model over {better.gpu_count}",
            numbers=(*need_lines(better), *price_lines(facts, current, found)),
        )

    def _without_prices(self, facts: Facts) -> Iterator[Finding]:
        """That fewer of the same GPU are enough needs no price."""
        if not facts.choices or max(one.gpu_count for one in facts.choices) < 2:
            return
        from gpuspec.rules.sizing.larger_than_needed import fewer_of, only_one

        current = only_one(facts.case)
        if current is None or _one_of_several(facts, current):
            return
        better = fewer_of(facts.case, current)
        if better is None or better.fit is None:
            return
        need = better.fit.need
        yield self.finding(
            facts.gpu_place(current),
            f"{current.label} is more than it takes: {better.gpu_count if better.gpu_count > 1 else 'one'} of them "
            f"hold{'s' * (better.gpu_count == 1)} the job ({span_of_gib(need.low, need.high)} of "
            f"{better.fit.usable:.1f} GiB{' on each' * (better.gpu_count > 1)}) with room for as much again",
            confidence="medium",
            suggestion=f"use {better.label}, without splitting the model"
            if better.gpu_count == 1
            else f"use {better.label} and split the model over {better.gpu_count}",
            numbers=tuple(need_lines(better)),
        )


def _one_of_several(facts: Facts, current: Alternative) -> bool:
    """Whether a server runs on one GPU and the others idle: GS105 says that, and whose money it is."""
    work = facts.workload
    split = [work.tensor_parallel, work.pipeline_parallel, work.data_parallel]
    alone = engine_of(work.engine).one_gpu_by_default and all(part in (None, 1) for part in split)
    declared = any(
        field in work.origins for field in ("tensor_parallel", "pipeline_parallel", "data_parallel")
    )
    return current.gpu_count > 1 and alone and not declared and work.origin("engine").kind == "command"
