"""GS107 gpu-feature-missing."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gpuspec.engines import engine_of
from gpuspec.lint import Facts, Finding, Related, Rule
from gpuspec.planning.alternatives import Alternative
from gpuspec.quantization import find_scheme

CUDA = r"(?:cuda|cu)[-_:]?(\d{2})[._-]?(\d)"
LEAST_CUDA = {"Blackwell": (12, 8), "Blackwell Ultra": (12, 8), "Hopper": (11, 8), "Ada": (11, 8)}
"""First CUDA release that compiles for the architecture. Source: NVIDIA CUDA Toolkit release notes, 11.8 and 12.8."""
BF16 = ("BF16", "Ampere (compute capability 8.0)", 'use "fp16"')
FP8_KERNELS = ("kernels for FP8 weights", "Ampere", "use AWQ or GPTQ")
FP4 = ("FP4 arithmetic", "Blackwell", "use FP8 or AWQ")
"""(what a GPU may lack, since when there is such a thing, what to do without)."""


class GpuFeatureMissing(Rule):
    """The GPU lacks something the command needs.

    ## What it does
    Reports BF16 asked of a GPU before Ampere (T4, V100), FP8 weights before Ampere or FP8 arithmetic that an
    Ampere only emulates, FP4 off Blackwell (which vLLM emulates), FlashAttention 2 below compute capability 8.0,
    and an image or a PyTorch wheel whose CUDA is older than the GPU (Blackwell needs 12.8).

    ## Why is this bad
    The job dies at its first kernel ("no kernel image is available", "Bfloat16 is only supported on …"), after
    the machine is rented and the model downloaded.

    ## Example
    ```jsonc
    {
      "gpu_types": ["RTX 5090"],
      "image": "runpod/pytorch:2.4.0-py3.11-cuda12.4.1-devel-ubuntu22.04",
      "keep_alive_minutes": 3,
      "run": "python process_batch.py"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "gpu_types": ["RTX 5090"],
      "image": "runpod/pytorch:2.8.0-py3.11-cuda12.8.1-cudnn-devel-ubuntu22.04",
      "keep_alive_minutes": 3,
      "run": "python process_batch.py"
    }
    ```
    """

    code = "GS107"
    name = "gpu-feature-missing"
    severity = "error"

    def check(self, facts: Facts) -> Iterator[Finding]:
        for machine in facts.choices:
            yield from self._dtype(facts, machine)
            yield from self._flash_attention(facts, machine)
            yield from self._cuda(facts, machine)

    def _dtype(self, facts: Facts, machine: Alternative) -> Iterator[Finding]:
        workload, gpu = facts.workload, machine.gpu
        asked = workload.origin("dtype").kind in ("spec", "command", "file")
        if workload.dtype == "bf16" and asked and gpu.bf16 is False:
            yield self._lacks(facts, machine, "dtype", BF16)
        if not gpu.compute_capability:
            return
        capability = float(gpu.compute_capability)
        scheme = find_scheme(workload.quantization)
        if scheme.family == "FP8" and capability < scheme.least_capability:
            yield self._lacks(facts, machine, "quantization", FP8_KERNELS)
        elif scheme.family == "FP8" and gpu.fp8 is False:
            yield self._unpacks(
                machine, "FP8", "Ada, Hopper and Blackwell compute in FP8; on this GPU INT8 or AWQ is as good"
            )
        if scheme.family == "NVFP4" and gpu.fp4 is False:
            emulated = engine_of(workload.engine).quantizing.emulates.get(scheme.name)
            if emulated and capability >= emulated:
                yield self._unpacks(machine, "FP4", "Blackwell computes in FP4; on this GPU AWQ is as good")
            else:
                yield self._lacks(facts, machine, "quantization", FP4)

    def _unpacks(self, machine: Alternative, what: str, instead: str) -> Finding:
        return self.finding(
            machine.pointer,
            f"{machine.gpu.name} has no {what} arithmetic ({machine.gpu.architecture}): {what} weights save "
            "memory but are unpacked to 16 bit for every multiplication",
            severity="info",
            suggestion=instead,
        )

    def _lacks(
        self, facts: Facts, machine: Alternative, field: str, feature: tuple[str, str, str]
    ) -> Finding:
        what, since, instead = feature
        origin = facts.workload.origin(field)
        related = [Related(origin.pointer, f"asked for here: {origin.text}")] if origin.pointer else []
        return self.finding(
            machine.pointer,
            f"{machine.gpu.name} ({machine.gpu.architecture}) has no {what}, which came with {since}",
            related=related,
            suggestion=f"{instead}, or take a newer GPU",
        )

    def _flash_attention(self, facts: Facts, machine: Alternative) -> Iterator[Finding]:
        capability = machine.gpu.compute_capability
        if capability is None or float(capability) >= 8.0:
            return
        step = next((step for step in facts.commands if "flash_attention_2" in step.text), None)
        if step:
            yield self.finding(
                machine.pointer,
                f"{machine.gpu.name} ({machine.gpu.architecture}) has compute capability {capability}, and "
                "FlashAttention 2 needs 8.0",
                related=[Related(step.pointer, "asked for here")],
                suggestion='use "sdpa", or take a newer GPU (Ampere and later)',
            )

    def _cuda(self, facts: Facts, machine: Alternative) -> Iterator[Finding]:
        least = LEAST_CUDA.get(machine.gpu.architecture)
        if least is None:
            return
        version, capability = f"{least[0]}.{least[1]}", machine.gpu.compute_capability
        for what, pointer, text in _sources(facts):
            match = re.search(CUDA, text, re.IGNORECASE)
            has = (int(match[1]), int(match[2])) if match else least
            if has < least:
                yield self.finding(
                    pointer,
                    f"{what} has CUDA {has[0]}.{has[1]}, and {machine.gpu.name} ({machine.gpu.architecture}) needs "
                    f"at least {version}: no kernel image is available for it",
                    related=[
                        Related(machine.pointer, f"compute capability {capability} needs CUDA {version}")
                    ],
                    suggestion=f"take one with CUDA {version} or later",
                )


def _sources(facts: Facts) -> Iterator[tuple[str, str, str]]:
    """What brings CUDA along: (words for it, pointer, text with its version)."""
    if facts.job.image:
        yield "the image", facts.job.pointer("image"), facts.job.image
    for step in facts.commands:
        wheels = next((word.text for word in step.command.words if "pytorch.org/whl/cu" in word.text), None)
        if wheels:
            yield "the PyTorch wheel", step.pointer, wheels.rpartition("/")[2]
