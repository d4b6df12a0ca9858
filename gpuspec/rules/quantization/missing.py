"""GS201 missing-quantization."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.engines import USUAL_FOR_IMAGES, USUAL_SERVER, engine_of
from gpuspec.lint.facts import Facts
from gpuspec.lint.finding import Finding, Saving
from gpuspec.lint.rule import Option, Rule
from gpuspec.planning.alternatives import Alternative, counts_to, generates_text
from gpuspec.quantization import Scheme, find_scheme
from gpuspec.rules.numbers import need_lines, price_lines
from gpuspec.words import dollars, gib, percent

QUALITY = {8: "below 1 % on published benchmarks", 4: "1–3 % on published benchmarks, below 1 % with AWQ"}
"""Bits → what they cost in quality."""
WEIGHTS = frozenset({"weights", "denoiser", "text encoders", "VAE"})
"""The parts of a Need that are weights."""
LEAST_IMAGE_PARAMS = 8.0
"""Billions: below it, image models fit the cheapest GPUs as they are."""


class MissingQuantization(Rule):
    """16-bit weights, where 8 or 4 bit would need a cheaper GPU or fewer of them.

    ## What it does
    For inference with 16-bit weights, works out what 8- and 4-bit weights need and what the cheapest fitting
    machine would then cost. Silent where the bill would not change, and where the engine is not known to read
    quantized weights. Names the method the engine supports.

    ## Why is this bad
    Weights are most of the memory: 4 bit takes a bit more than a quarter of 16 bit, so a 70B model fits one
    48 GB card instead of two 80 GB ones. Quality loss is small (AWQ below 1 %, GPTQ 1–3 %, INT8 below 1 % on
    published benchmarks), and decoding gets faster because fewer bytes are read per token.

    ## Example
    ```jsonc
    {
      "name": "llama-70b",
      "task": "serve",
      "model": { "id": "meta-llama/Llama-3.1-70B-Instruct", "context": 8192 },
      "gpu_types": ["A100 PCIe 80GB"],
      "gpu_count": 2,
      "keep_alive_minutes": 30,
      "run": "vllm serve meta-llama/Llama-3.1-70B-Instruct --max-model-len 8192 --tensor-parallel-size 2"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "name": "llama-70b",
      "task": "serve",
      "model": { "id": "meta-llama/Llama-3.1-70B-Instruct", "quantization": "awq", "context": 8192 },
      "gpu_types": ["RTX A6000"],
      "keep_alive_minutes": 30,
      "run": "vllm serve hugging-quants/Meta-Llama-3.1-70B-Instruct-AWQ-INT4 --max-model-len 8192"
    }
    ```

    ## When to ignore
    When an evaluation of your own task shows a loss that you cannot accept.
    """

    code = "GS201"
    name = "missing-quantization"
    severity = "warning"
    options = (
        Option(
            "min_saving",
            float,
            0.3,
            "Least share of the price that must be saved.",
            minimum=0.01,
            maximum=0.99,
        ),
        Option(
            "min_speed",
            float,
            0.4,
            "Least share of the speed that the cheaper GPU must keep.",
            minimum=0.0,
            maximum=1.0,
        ),
    )

    def check(self, facts: Facts) -> Iterator[Finding]:
        schemes = self._schemes(facts)
        taken = facts.baseline if schemes else None
        if taken is None:
            return
        best: tuple[Scheme, Alternative] | None = None
        for scheme in schemes:
            way = self._cheapest(facts, scheme, taken)
            limit = best[1].per_hour if best else facts.market.least(taken)
            if way and way.per_hour <= limit * (1 - facts.options["min_saving"]):
                best = (scheme, way)
        if best:
            yield self._report(facts, taken, *best)

    def _schemes(self, facts: Facts) -> tuple[Scheme, ...]:
        workload = facts.workload
        if workload.quantization or workload.dtype not in (None, "bf16", "fp16"):
            return ()
        if workload.task == "train" or workload.method or workload.other_models or not workload.model:
            return ()
        if (workload.data_parallel or 1) > 1:
            return ()  # copies are there for speed, whatever one of them weighs
        if workload.model.native_dtype not in (None, "bf16", "fp16", "fp32"):
            return ()
        if workload.modality == "image":
            large = (workload.model.params_b or 0) >= LEAST_IMAGE_PARAMS
            return _offered(workload.engine or USUAL_FOR_IMAGES) if large else ()
        if workload.modality not in ("text", "llm", "vlm", "multimodal"):
            return ()
        return _offered(workload.engine or USUAL_SERVER)

    def _cheapest(self, facts: Facts, scheme: Scheme, taken: Alternative) -> Alternative | None:
        workload = facts.workload._replace(quantization=scheme.name, dtype=None)
        market = facts.market.instead(workload)
        for way in market.fitting(counts_to(taken.gpu_count)):
            if way.per_hour > taken.per_hour * (1 - facts.options["min_saving"]):
                return None  # and all that follow cost more
            capability = float(way.gpu.compute_capability or 0)
            # Each token reads all weights, so in 4 bit the same bandwidth gives four times the tokens.
            gain = 16 / scheme.width if generates_text(workload) else 1.0
            quick = way.speed and taken.speed and way.speed * gain >= taken.speed * facts.options["min_speed"]
            able = capability >= (scheme.native_capability or scheme.least_capability)
            if not able or not quick or not market.holds_concurrency(way):
                continue
            if _linked(way) and (generates_text(workload) or self._cheaper_work(facts, taken, way)):
                return way
        return None

    def _cheaper_work(self, facts: Facts, taken: Alternative, way: Alternative) -> bool:
        """Whether pictures get cheaper, not only hours: 4 bit does not compute faster."""
        if facts.workload.task == "interactive" or not way.speed or not taken.speed:
            return True
        work = (way.per_hour / way.speed) / (taken.per_hour / taken.speed)
        return bool(work <= 1 - facts.options["min_saving"])

    def _report(self, facts: Facts, taken: Alternative, scheme: Scheme, way: Alternative) -> Finding:
        assert taken.fit
        assert way.fit
        job = facts.job
        saving = Saving(taken.per_hour - way.per_hour)
        weights = _weights(facts, taken)
        smaller = _weights(facts, way)
        where = next((at for at in ("model.id", "model", "run") if at in job.pointers), "")
        name = facts.workload.model.id if facts.workload.model else "the model"
        usual = USUAL_FOR_IMAGES if facts.workload.modality == "image" else USUAL_SERVER
        how = engine_of(facts.workload.engine or usual).quantizing.smaller[scheme.name]
        least = facts.market.least(taken)
        others = f" (others hold it from {dollars(least)}/h)" if least < 0.9 * taken.per_hour else ""
        return self.finding(
            job.pointer(where),
            f"{name} in 16 bit is {gib(weights)} of weights and takes {taken.label} at "
            f"{dollars(taken.per_hour)}/h{others}; in {scheme.width} bit it is {gib(smaller)} and {way.label} "
            f"holds it at {dollars(way.per_hour)}/h, {percent(saving.per_hour / taken.per_hour)} less",
            confidence="medium" if _for_speed(taken) else "high",
            saving=saving,
            suggestion=f"use {how} (quality loss {QUALITY[scheme.width]})",
            numbers=(*need_lines(way), *price_lines(taken, way)),
        )


def _offered(engine: str) -> tuple[Scheme, ...]:
    """The schemes that an engine loads and that save memory, most bits first."""
    return tuple(find_scheme(name) for name in engine_of(engine).quantizing.smaller)


def _for_speed(taken: Alternative) -> bool:
    """Whether there are more GPUs than the weights ask for: they may be there for sequences, which nobody said."""
    assert taken.fit
    return taken.gpu_count > 1 and taken.fit.need.expected < 0.6 * taken.fit.usable


def _linked(way: Alternative) -> bool:
    """Whether a model split over these GPUs is worth the name: more than two need links of their own."""
    return way.gpu_count <= 2 or (way.gpu.form_factor or "").upper().startswith("SXM")


def _weights(facts: Facts, way: Alternative) -> float:
    """GiB of weights over all GPUs that the model is split over."""
    assert way.fit
    workload = facts.workload
    split = min(
        (workload.tensor_parallel or way.gpu_count) * (workload.pipeline_parallel or 1), way.gpu_count
    )
    return sum(part.expected for part in way.fit.need.parts if part.name in WEIGHTS) * split
