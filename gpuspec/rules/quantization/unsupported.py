"""GS203 quantization-unsupported."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.engines import engine_of
from gpuspec.lint import Facts, Finding, Related, Rule
from gpuspec.planning.alternatives import Alternative
from gpuspec.planning.features import newer_kernels
from gpuspec.quantization import find_scheme


class QuantizationUnsupported(Rule):
    """This engine or GPU cannot use this quantization.

    ## What it does
    Reports schemes that the engine refuses (GGUF in TGI or in a trainer, AWQ in llama.cpp, MLX files anywhere but
    on a Mac) and GPUs older than the kernels (AWQ in vLLM below compute capability 7.5).

    ## Why is this bad
    The engine stops while it loads the model, after the download.

    ## Example
    ```jsonc
    {
      "gpu_types": ["V100 SXM2 32GB"],
      "keep_alive_minutes": 30,
      "run": "vllm serve Qwen/Qwen2.5-7B-Instruct-AWQ --max-model-len 8192"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "gpu_types": ["V100 SXM2 32GB"],
      "keep_alive_minutes": 30,
      "run": "vllm serve Qwen/Qwen2.5-7B-Instruct-GPTQ-Int4 --max-model-len 8192"
    }
    ```

    ## When to ignore
    When you run a fork that can.
    """

    code = "GS203"
    name = "quantization-unsupported"
    severity = "error"

    def check(self, facts: Facts) -> Iterator[Finding]:
        workload = facts.workload
        engine, family = engine_of(workload.engine), find_scheme(workload.quantization).family
        can = engine.quantizing
        name = workload.model_name or ""
        if engine.name and name.lower().startswith("mlx-community/") and facts.job.gpu_types:
            yield self._engine(facts, "the files of mlx-community are for Apple's MLX, and no CUDA engine reads them",
                               "take the original model, or an AWQ or GGUF version")  # fmt: skip
        elif family in can.refuses:
            yield self._engine(
                facts, f"{engine.name} cannot load {family}", f"use a checkpoint in {can.reads}"
            )
        elif engine.kind == "trainer" and family == "GGUF":
            yield self._engine(
                facts, f"{engine.name} cannot train GGUF files", "train the original model, quantize after"
            )
        elif family in can.needs:
            for machine in facts.choices:
                if kernels := newer_kernels(workload, machine.gpu):
                    yield self._gpu(facts, machine, *kernels)

    def _engine(self, facts: Facts, what: str, instead: str) -> Finding:
        workload = facts.workload
        name, scheme = workload.origin("model_name"), workload.origin("quantization")
        at = name if scheme.kind in ("name", "default") else scheme
        related = [Related(name.pointer, workload.model_name or "")] if name.pointer != at.pointer else []
        return self.finding(
            at.pointer, f"{what}: {workload.model_name or at.text}", related=related, suggestion=instead
        )

    def _gpu(self, facts: Facts, machine: Alternative, least: float, what: str, instead: str) -> Finding:
        gpu = machine.gpu
        return self.finding(
            facts.gpu_place(machine),
            f"{what} need compute capability {least:g}; {gpu.name} has {gpu.compute_capability}",
            suggestion=f"take {instead}, or a GPU from {least:g} on (T4, RTX 20 and later)",
        )
