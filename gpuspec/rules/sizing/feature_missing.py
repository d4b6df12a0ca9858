"""GS107 gpu-feature-missing."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.lint import Facts, Finding, Related, Rule
from gpuspec.planning.alternatives import Alternative
from gpuspec.planning.features import LEAST_CUDA, lacks, too_old, unpacks
from gpuspec.quantization import find_scheme

_OF_WIDTH = {
    "FP8": "Ada, Hopper and Blackwell compute in FP8; on this GPU INT8 or AWQ is as good",
    "FP4": "Blackwell computes in FP4; on this GPU AWQ is as good",
}


class GpuFeatureMissing(Rule):
    """The GPU lacks something the command needs.

    ## What it does
    Reports BF16 asked of a GPU before Ampere (T4, V100), FP8 weights before Ampere or FP8 arithmetic that an
    Ampere only emulates (SGLang has no kernels there for FP8 experts), FP4 off Blackwell (which vLLM emulates),
    FlashAttention 2 below compute capability 8.0, and an image, a PyTorch or an engine of a pinned version whose CUDA
    is older than the GPU (Blackwell needs 12.8, which PyTorch's own wheels on PyPI have from 2.8 on). Silent where
    the version, or where it is installed from, is not known.

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
        if lack := lacks(workload, gpu):
            origin = workload.origin(lack.field)
            related = [Related(origin.pointer, f"asked for here: {origin.text}")] if origin.pointer else []
            yield self.finding(
                facts.gpu_place(machine),
                f"{gpu.name} ({gpu.architecture}) has no {lack.what}, which came with {lack.since}",
                related=related,
                suggestion=f"{lack.instead}, or take a newer GPU",
            )
        elif unpacks(workload, gpu) and facts.job.deployment is None:
            what = find_scheme(workload.quantization).family.removeprefix("NV")
            yield self.finding(
                facts.gpu_place(machine),
                f"{gpu.name} has no {what} arithmetic ({gpu.architecture}): {what} weights save "
                "memory but are unpacked to 16 bit for every multiplication",
                severity="info",
                suggestion=_OF_WIDTH[what],
            )

    def _flash_attention(self, facts: Facts, machine: Alternative) -> Iterator[Finding]:
        capability = machine.gpu.compute_capability
        if capability is None or float(capability) >= 8.0:
            return
        step = next((step for step in facts.commands if "flash_attention_2" in step.text), None)
        if step:
            yield self.finding(
                facts.gpu_place(machine),
                f"{machine.gpu.name} ({machine.gpu.architecture}) has compute capability {capability}, and "
                "FlashAttention 2 needs 8.0",
                related=[Related(step.pointer, "asked for here")],
                suggestion='use "sdpa", or take a newer GPU (Ampere and later)',
            )

    def _cuda(self, facts: Facts, machine: Alternative) -> Iterator[Finding]:
        for build in facts.case.cuda_builds_for(machine.gpu):
            if too_old(build, machine.gpu):
                least, capability = LEAST_CUDA[machine.gpu.architecture], machine.gpu.compute_capability
                version = f"{least[0]}.{least[1]}"
                yield self.finding(
                    build.pointer,
                    f"{build.what} has CUDA {build.cuda[0]}.{build.cuda[1]}, and {machine.gpu.name} "
                    f"({machine.gpu.architecture}) needs at least {version}: no kernel image is available for it",
                    related=[
                        Related(machine.pointer, f"compute capability {capability} needs CUDA {version}")
                    ],
                    suggestion=f"take one with CUDA {version} or later",
                )
