"""GS201 missing-quantization."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.engines import USUAL_FOR_IMAGES, USUAL_SERVER, engine_of
from gpuspec.engines.evaluation import measures
from gpuspec.lint import Facts, Finding, Rule
from gpuspec.planning.alternatives import Alternative, generates_text
from gpuspec.planning.compare import Compared, least_cost
from gpuspec.quantization import Scheme, find_scheme
from gpuspec.quantization.quality import QUALITY
from gpuspec.rules.cheaper_machines import capability, cheaper_machines
from gpuspec.rules.cost_in_words import here, saving, there
from gpuspec.rules.numbers import as_sure, need_lines, price_lines
from gpuspec.rules.options import least_saving, min_saving, min_speed
from gpuspec.words import gib, percent

LEAST_PRICE = 1.0
"""$/h from which fewer bits are worth the work of checking what they lose."""
FEW, MARLIN = 8, 8.0
"""Sequences at once beyond which 4-bit weights need kernels like Marlin's to gain anything, and the capability from
which these run (vLLM, supported hardware, 2026-11): Turing's AWQ and GPTQ kernels compute each on its own."""
LEAST_IMAGE_PARAMS = 8.0
"""Billions: below it, image models fit the cheapest GPUs as they are."""


class MissingQuantization(Rule):
    """16-bit weights, where 8 or 4 bit would need a cheaper GPU or fewer of them.

    ## What it does
    For inference with 16-bit weights, works out what 8- and 4-bit weights need and what the work would then
    cost on the machine that does it for the least. Silent where the bill would not change, where the engine is not
    known to read quantized weights, and where a model is measured (`lm_eval`). Names the method the engine supports.

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
    options = (min_saving(0.3), min_speed(0.4), least_saving())
    asks_for = ("model.quantization",)

    def check(self, facts: Facts) -> Iterator[Finding]:
        schemes = self._schemes(facts)
        current = facts.baseline if schemes else None
        if current is None:
            return
        best: tuple[Scheme, Compared] | None = None
        least = least_cost(facts.market, current)
        for scheme in schemes:
            found = self._cheapest(facts, scheme, current, least * (1 - facts.options["min_saving"]))
            if found:
                best, least = (scheme, found), found.cost
        if current.per_hour < LEAST_PRICE:
            return  # who rents a cheap card that holds the weights has chosen well
        if any(measures([word.text for word in step.command.words]) for step in facts.commands):
            return  # quantized, it is another model that is measured
        if best and saving(current, best[1]).per_hour >= facts.options["least_saving"]:
            yield self._report(facts, current, *best)

    def _schemes(self, facts: Facts) -> tuple[Scheme, ...]:
        workload = facts.workload
        if workload.quantization or workload.dtype not in (None, "bf16", "fp16"):
            return ()
        if workload.task == "train" or workload.method or workload.other_models or not workload.model:
            return ()
        if (workload.nodes or 1) > 1 and facts.job.deployment is not None:
            return ()  # fewer machines, and not cheaper ones, is what it comes to: GS813 says it
        if (workload.data_parallel or 1) > 1:
            return ()  # copies are there for speed, whatever one of them weighs
        if workload.model.quantized:
            return ()
        if workload.modality == "image":
            large = (workload.model.params_b or 0) >= LEAST_IMAGE_PARAMS
            return offered(workload.engine or USUAL_FOR_IMAGES) if large else ()
        if workload.modality not in ("text", "llm", "vlm", "multimodal"):
            return ()
        return offered(workload.engine or USUAL_SERVER)

    def _cheapest(
        self, facts: Facts, scheme: Scheme, current: Alternative, at_most: float
    ) -> Compared | None:
        workload = facts.workload._replace(quantization=scheme.name, dtype=None)
        text = generates_text(workload)
        # Each token reads all weights, so in 4 bit the same bandwidth gives four times the tokens.
        gain = 16 / scheme.width if text else 1.0
        for found in cheaper_machines(facts, current, workload, at_most=at_most, gain=gain):
            least = scheme.native_capability or scheme.least_capability
            if scheme.width == 4 and (found.at_once is None or max(found.at_once) > FEW):
                least = max(least, MARLIN)
            able = capability(found.machine) >= least
            if able and _linked(found.machine) and (text or self._cheaper_work(facts, found)):
                return found
        return None

    def _cheaper_work(self, facts: Facts, found: Compared) -> bool:
        """Whether pictures get cheaper, not only hours: 4 bit does not compute faster."""
        if facts.workload.task == "interactive" or found.unit is None:
            return True
        return bool(found.unit <= 1 - facts.options["min_saving"])

    def _report(self, facts: Facts, current: Alternative, scheme: Scheme, found: Compared) -> Finding:
        machine = found.machine
        assert current.fit
        assert machine.fit
        # More GPUs than the weights ask for may be there for concurrent requests that the spec does not declare.
        for_speed = current.gpu_count > 1 and current.fit.need.expected < 0.6 * current.fit.usable
        job = facts.job
        weights = current.fit.need.loaded
        smaller = machine.fit.need.loaded
        where = next((job.pointer(at) for at in ("model.id", "model") if at in job.pointers), None)
        name = facts.workload.model.id if facts.workload.model else "the model"
        usual = USUAL_FOR_IMAGES if facts.workload.modality == "image" else USUAL_SERVER
        how = engine_of(facts.workload.engine or usual).quantizing.suggested[scheme.name]
        least = least_cost(facts.market, current)
        others = f" (as it is, it costs {percent(1 - least)} less on others)" if least < 0.9 else ""
        return self.finding(
            where or facts.workload.origin("model_name").pointer or job.pointer("run"),
            f"{name} in 16 bit is {gib(weights)} of weights: {here(facts, current, found)}{others}; in "
            f"{scheme.width} bit it is {gib(smaller)}, and {there(facts, current, found)}",
            confidence=as_sure("medium" if for_speed else "high", current, machine),
            saving=saving(current, found),
            suggestion=f"use {how} (quality loss {QUALITY[scheme.width]})",
            numbers=(*need_lines(machine), *price_lines(facts, current, found)),
        )


def offered(engine: str | None) -> tuple[Scheme, ...]:
    """The schemes that an engine loads and that save memory, most bits first."""
    return tuple(find_scheme(name) for name in engine_of(engine).quantizing.suggested)


def _linked(machine: Alternative) -> bool:
    """Whether a model runs well split over these GPUs: more than two need links of their own."""
    return machine.gpu_count <= 2 or (machine.gpu.form_factor or "").upper().startswith("SXM")
