"""GS107 gpu-feature-missing."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.lint import Facts, Finding, Related, Rule
from gpuspec.planning.alternatives import Alternative
from gpuspec.planning.features import VENDORS, lacks, new_cuda, old_cuda, unfit, unpacks
from gpuspec.quantization import find_scheme

_OF_WIDTH = {
    "FP8": "Ada, Hopper and Blackwell compute in FP8; on this GPU INT8 or AWQ is as good",
    "FP4": "Blackwell computes in FP4; on this GPU AWQ is as good",
}


class GpuFeatureMissing(Rule):
    """The GPU lacks something the command needs.

    ## What it does
    Reports BF16 asked of a GPU before Ampere (T4, V100), which vLLM refuses and PyTorch computes in 32 bit; weights
    for which the engine has no kernels there, by its version (FP8 experts in SGLang below 8.9, FP8 in vLLM on Turing
    up to 0.13), or that the GPU only unpacks; engines that do not start on old GPUs at all; FlashAttention 2 before
    Ampere and 3 off Hopper; images that are built for other GPUs (TEI's `hopper-1.8`, vLLM's `gptoss`, ROCm on
    NVIDIA); and an image, a PyTorch or an engine of a pinned version whose CUDA is older than the GPU (Blackwell
    needs 12.8, which PyTorch's own wheels on PyPI have from 2.8 on) or has dropped it (Volta after 12.9). Reads
    `torch==`, wheel indexes, nightly ones and `--torch-backend`, requirements files, image tags. Silent where the
    version, or where it is installed from, is not known.

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
            yield from self._builds(facts, machine)

    def _dtype(self, facts: Facts, machine: Alternative) -> Iterator[Finding]:
        workload, gpu = facts.workload, machine.gpu
        if lack := lacks(workload, gpu):
            origin = workload.origin(lack.field)
            related = [Related(origin.pointer, f"asked for here: {origin.text}")] if origin.pointer else []
            if lack.whole:
                message = (
                    f"{lack.what} does not start on {gpu.name} ({gpu.architecture}): its kernels begin with "
                )
                message += lack.since
            else:
                message = f"{gpu.name} ({gpu.architecture}) has no {lack.what}, which came with {lack.since}"
            slow = ": PyTorch computes it in 32 bit, several times slower" if lack.slow else ""
            yield self.finding(
                facts.gpu_place(machine),
                message + slow,
                severity="warning" if lack.slow else None,
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

    def _builds(self, facts: Facts, machine: Alternative) -> Iterator[Finding]:
        gpu = machine.gpu
        for build in facts.case.gpu_builds_for(gpu):
            why = unfit(build, gpu)
            if not why:
                continue
            least, last = old_cuda(build, gpu), new_cuda(build, gpu)
            related = [Related(machine.pointer, f"{gpu.name} is asked for here")]
            if least:
                version = f"{least[0]}.{least[1]}"
                message = f"{why}, and {gpu.name} ({gpu.architecture}) needs at least {version}"
                message += ": no kernel image is available for it"
                advice = f"take one with CUDA {version} or later"
                needs = f"compute capability {gpu.compute_capability} needs CUDA {version}"
                related = [Related(machine.pointer, needs)]
            elif last:
                message = f"{why}, which has no kernels for {gpu.name} any more ({gpu.architecture})"
                advice = f"take one with CUDA {last[0]}.{last[1]} or before"
            else:
                vendor = VENDORS.get(gpu.vendor, gpu.vendor)
                has = f"has {gpu.compute_capability}" if build.capabilities else f"is one of {vendor}"
                message = f"{why}, and {gpu.name} ({gpu.architecture}) {has}"
                advice = f"{build.instead or 'take one that is built for this GPU'}, or take another GPU"
            yield self.finding(build.pointer, message, related=related, suggestion=advice)
