"""What NVIDIA's aiconfigurator says of the same machine: a program of its own, asked only when `size` is told to.

It holds measured kernels of data-centre GPUs under vLLM, SGLang and TensorRT-LLM, which come with its package
(`aiconfigurator-core`); it needs no GPU. Of a model whose config.json is not in the package it fetches that from the
Hugging Face hub. What it prints is text of another program, and is read as such.
"""

import os
import re
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress

from gpuspec.catalog import Gpu
from gpuspec.catalog.hub_id import is_hub_id
from gpuspec.engines import engine_of
from gpuspec.errors import UserError
from gpuspec.named_tuple import NamedTuple
from gpuspec.numerals import number_of
from gpuspec.printable import one_line
from gpuspec.sizing import Unsized
from gpuspec.sizing.inference.setup import cache_dtype, scheme_of, tensor_of
from gpuspec.sizing.shape import Shape, shape_of
from gpuspec.sizing.speed.serving import RequestTokens
from gpuspec.workload import Workload

PROGRAM = "aiconfigurator"
INSTALL = "pip install 'gpuspec[aiconfigurator]'"
SECONDS = 90
"""It takes 5 to 10 to load its tables."""
MOST_TEXT = 1 << 20
"""Bytes of its answer; it prints a few hundred, and warnings of the libraries it loads."""

SYSTEMS = {
    "A100 80GB PCIe": "a100_pcie",
    "A100 80GB SXM4": "a100_sxm",
    "A30": "a30",
    "B200": "b200_sxm",
    "B300": "b300_sxm",
    "GB200": "gb200",
    "GB300": "gb300",
    "H100 PCIe": "h100_pcie",
    "H100 SXM": "h100_sxm",
    "H200 SXM": "h200_sxm",
    "L4": "l4",
    "L40S": "l40s",
    "RTX PRO 6000 Blackwell Server": "rtx_pro_6000_server",
}
"""GPU → what aiconfigurator 0.12 calls it (`aiconfigurator_core/systems`)."""
_WEIGHTS = {"fp8": "fp8", "nvfp4": "nvfp4", "int8": "int8_wo", "gptq-int8": "int8_wo"} | dict.fromkeys(
    ("awq", "gptq-int4", "int4"), "int4_wo"
)
"""Scheme → its `--gemm-quant-mode` and `--moe-quant-mode`, where the checkpoint is not in that scheme by itself."""


class Estimated(NamedTuple):
    """Its answer, of a machine that always has so many requests. Seconds; tokens a second."""

    of: str
    """The program, with the engine and version whose kernels it measured: "aiconfigurator, vllm (0.24.0)"."""
    sequences: int
    request: RequestTokens
    ttft: float
    tpot: float
    each: float
    throughput: float


def estimated(
    workload: Workload,
    gpu: Gpu,
    gpus: int,
    request: RequestTokens,
    *,
    sequences: int,
    program: str | None = None,
) -> Estimated | Unsized:
    """What aiconfigurator says of so many sequences at once on `gpus` of a GPU; Unsized, with the reason in words,
    where it does not know the GPU, engine, model or scheme. `program`: its path; None: beside Python or on PATH.
    UserError `no-aiconfigurator` where it is not installed."""
    words = _arguments(workload, gpu, gpus, request, sequences)
    if isinstance(words, Unsized):
        return words
    found = program or _installed()
    if found is None:
        raise UserError("no-aiconfigurator", f"{PROGRAM} is not installed", INSTALL)
    printed = _run([found, "cli", "estimate", *words])
    return printed if isinstance(printed, Unsized) else read(printed, sequences, request)


def _installed() -> str | None:
    beside = os.path.join(os.path.dirname(sys.executable), PROGRAM)
    return beside if os.access(beside, os.X_OK) else shutil.which(PROGRAM)


def _arguments(
    workload: Workload, gpu: Gpu, gpus: int, request: RequestTokens, sequences: int
) -> list[str] | Unsized:
    """What it is asked, in its own words."""
    system, backend = SYSTEMS.get(gpu.name), engine_of(workload.engine).in_aiconfigurator
    names = (workload.model_name or "", *(workload.model.aliases if workload.model else ()))
    model = next(filter(is_hub_id, names), None)
    shape = shape_of(workload)
    if system is None:
        return Unsized(f"{PROGRAM} has no measurements of {gpu.name}", f"it has {', '.join(SYSTEMS)}")
    if not backend:
        return Unsized(
            f"{PROGRAM} has no measurements of {workload.engine}", "it has vllm, sglang, tensorrt-llm"
        )
    if model is None or not isinstance(shape, Shape):
        return Unsized(f"{PROGRAM} takes models of the Hugging Face hub, OWNER/NAME")
    scheme = scheme_of(workload, shape)
    words = []
    if scheme not in ("bf16", "fp16", shape.native):
        mode = _WEIGHTS.get(scheme)
        if mode is None:
            return Unsized(f"{PROGRAM} has no measurements of {scheme}")
        words += ["--gemm-quant-mode", mode, *(["--moe-quant-mode", mode] if shape.experts_used else [])]
    if (cache_dtype(workload, shape) or "").startswith("fp8"):
        words += ["--kvcache-quant-mode", "fp8"]
    split = tensor_of(workload, gpus)
    amounts = {
        "isl": round(request.prompt),
        "osl": round(request.answer),
        "batch-size": sequences,
        "tp-size": split,
        "pp-size": max(gpus // split, 1),
    }
    for name, amount in amounts.items():
        words += [f"--{name}", str(max(amount, 1))]
    return ["--model-path", model, "--system", system, "--backend", backend, "--no-color", *words]


def _run(command: list[str]) -> str | Unsized:
    """What the program prints, run in an empty folder: a model's name is none of a folder here. When it is over, or
    its time, so is all that it started."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            process = subprocess.Popen(
                command,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            return Unsized(f"{PROGRAM} cannot be run: {error.strerror}")
        with process:
            try:
                heard = _heard(process)
            finally:
                with suppress(ProcessLookupError, PermissionError):  # all of it has ended
                    os.killpg(process.pid, signal.SIGKILL)
    if isinstance(heard, Unsized):
        return heard
    if process.returncode == 0:
        return heard[0]
    said = [line for line in "\n".join(heard).splitlines() if "rror:" in line]
    why = (
        one_line(said[-1].partition("rror:")[2].strip())[:200]
        if said
        else f"exit status {process.returncode}"
    )
    return Unsized(f"{PROGRAM} has no answer: {why}")


def _heard(process: subprocess.Popen[bytes]) -> tuple[str, str] | Unsized:
    """All that a program prints until it ends, on its output and as errors; Unsized where that is too much or takes
    too long, however slowly it comes."""
    stop = time.monotonic() + SECONDS
    text = {process.stdout: b"", process.stderr: b""}
    with selectors.DefaultSelector() as ready:
        for stream in text:
            ready.register(stream, selectors.EVENT_READ)  # type: ignore[arg-type]
        while ready.get_map():
            left = stop - time.monotonic()
            if left <= 0:
                return Unsized(f"{PROGRAM} gave no answer in {SECONDS} s")
            for key, _ in ready.select(left):
                more = os.read(key.fd, 1 << 16)
                text[key.fileobj] += more  # type: ignore[index]
                if not more:
                    ready.unregister(key.fileobj)
                elif len(text[key.fileobj]) > MOST_TEXT:  # type: ignore[index]
                    return Unsized(f"{PROGRAM} printed more than {MOST_TEXT >> 10:,} KiB, which is no answer")
    try:
        process.wait(max(stop - time.monotonic(), 0.0))
    except subprocess.TimeoutExpired:
        return Unsized(f"{PROGRAM} gave no answer in {SECONDS} s")
    output, errors = (part.decode("utf-8", "replace") for part in text.values())
    return output, errors


def read(printed: str, sequences: int, request: RequestTokens) -> Estimated | Unsized:
    """What it printed, as far as it is numbers that can be: a line of each of TTFT and TPOT in ms, tokens/s and
    tokens/s/user."""
    held = dict(re.findall(r"^ {0,8}([\w/() ]{1,40}):\s{1,40}(\S.{0,80})$", printed, re.MULTILINE))
    found = []
    for name in ("TTFT", "TPOT", "tokens/s/user", "tokens/s"):
        number = number_of(held.get(name, "").removesuffix("ms").strip().replace(",", ""))
        if number is None or not 0 < number < 1e9:
            return Unsized(f"{PROGRAM} gave no {name} that can be read")
        found.append(number)
    of = f"{PROGRAM}, {one_line(held['Backend'])[:40]}" if "Backend" in held else PROGRAM
    return Estimated(of, sequences, request, found[0] / 1e3, found[1] / 1e3, found[2], found[3])
