"""GS203 quantization-unsupported."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.lint.facts import Facts
from gpuspec.lint.finding import Finding, Related
from gpuspec.lint.rule import Rule
from gpuspec.planning.alternatives import Alternative

ENGINE_CANNOT = {
    "tgi": {"gguf": "GGUF", "nvfp4": "NVFP4"},
    "lmdeploy": {"gguf": "GGUF", "nf4": "bitsandbytes", "nf4-dq": "bitsandbytes"},
    "vllm": {"bpw": "EXL2"},
    "sglang": {"bpw": "EXL2"},
    "llama.cpp": {
        "awq": "AWQ", "gptq-int4": "GPTQ", "gptq-int8": "GPTQ", "nf4": "bitsandbytes", "nf4-dq": "bitsandbytes",
        "fp8": "FP8", "bpw": "EXL2",
    },
}  # fmt: skip
"""Engine → scheme → how people call it. Sources: the quantization pages of TGI, LMDeploy, vLLM, SGLang and llama.cpp,
2025. Only what the engine refuses; what it reads slowly is not here."""
READS = {
    "tgi": "AWQ, GPTQ, FP8 or bitsandbytes",
    "lmdeploy": "AWQ or GPTQ",
    "vllm": "AWQ, GPTQ, FP8 or bitsandbytes",
    "sglang": "AWQ, GPTQ, FP8 or bitsandbytes",
    "llama.cpp": "GGUF",
}
LEAST_CAPABILITY = {
    ("vllm", "awq"): (7.5, "AWQ kernels of vLLM", "GPTQ, which runs on it"),
    ("sglang", "awq"): (7.5, "AWQ kernels of SGLang", "another engine"),
}
"""Source: vLLM docs, "Supported hardware" (Volta: GPTQ and bitsandbytes, not AWQ); SGLang needs Turing for all."""
TRAINERS = frozenset({"hf-trainer", "axolotl", "unsloth", "torchtune", "llamafactory", "deepspeed", "trl"})


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
        engine, scheme = workload.engine or "", workload.quantization or ""
        kind = scheme.partition(":")[0]
        name = workload.model_name or ""
        if engine and name.lower().startswith("mlx-community/") and facts.job.gpu_types:
            yield self._engine(facts, "the files of mlx-community are for Apple's MLX, and no CUDA engine reads them",
                               "take the original model, or an AWQ or GGUF version")  # fmt: skip
        elif kind in ENGINE_CANNOT.get(engine, {}):
            what = ENGINE_CANNOT[engine][kind]
            yield self._engine(facts, f"{engine} cannot load {what}", f"use a checkpoint in {READS[engine]}")
        elif engine in TRAINERS and kind == "gguf":
            yield self._engine(
                facts, f"{engine} cannot train GGUF files", "train the original model, quantize after"
            )
        elif (engine, kind) in LEAST_CAPABILITY:
            for way in facts.choices:
                yield from self._gpu(way, *LEAST_CAPABILITY[engine, kind])

    def _engine(self, facts: Facts, what: str, instead: str) -> Finding:
        workload = facts.workload
        name, scheme = workload.origin("model_name"), workload.origin("quantization")
        at = name if scheme.kind in ("name", "default") else scheme
        related = [Related(name.pointer, workload.model_name or "")] if name.pointer != at.pointer else []
        return self.finding(
            at.pointer, f"{what}: {workload.model_name or at.text}", related=related, suggestion=instead
        )

    def _gpu(self, way: Alternative, least: float, what: str, instead: str) -> Iterator[Finding]:
        capability = way.gpu.compute_capability
        if capability is not None and float(capability) < least:
            yield self.finding(
                way.pointer,
                f"{what} need compute capability {least:g}; {way.gpu.name} has {capability}",
                suggestion=f"take {instead}, or a GPU from {least:g} on (T4, RTX 20 and later)",
            )
