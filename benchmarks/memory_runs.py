"""Runs that people reported, with a command and a peak, as rows of memory measurements.

What they report is the memory of the process, in GiB (most are whole MiB ÷ 1024), over all GPUs. What cannot be a
peak of the model alone is `suspect`, with the reason: it is listed, not scored."""

from __future__ import annotations

import json
import re
from typing import Any

from gpuspec.lint.runner import documents_in
from gpuspec.planning.case import Case
from gpuspec.quantization import bits_of
from gpuspec.workload import Workload

NOT_OF_FLAGS = ("modality", "engine", "model", "model_name", "params_b", "quantization", "dtype")
"""What a row states itself; the rest a command says better."""
SERVERS = {"llama.cpp": "llama-server", "vllm": "vllm serve", "sglang": "python -m sglang.launch_server"}
"""Engine → the program that a report means which gives its flags alone."""
ON_HOST = re.compile(
    r"--(?:n-)?cpu-moe|-ncmoe|-ot\b|--override-tensor|--?fitt?\b(?! off)|--cpu-offload|--no-kv-offload|-nkvo"
)
DRAFTS = re.compile(r"--spec|-md\b|--model-draft|draft|dflash|speculative|eagle", re.IGNORECASE)
LAYERS = re.compile(r"-ngl|--n-gpu-layers|--gpu-layers|--?fit off")


def as_measurement(row: dict[str, Any]) -> dict[str, Any] | None:
    """A run that states a peak as a measurement of memory, any other row as it is; None for a run without a peak."""
    if "stated_gb" in row or "vram_gb" not in row:
        return row
    peak = row.get("peak_vram_gb")
    if not peak:
        return None
    why = _why_suspect(row, float(peak), int(row.get("gpus") or 1))
    return {
        **as_row(row),
        "stated_gb": peak,
        "unit": "GiB",
        "measure": "peak of the process",
        "quality": "suspect" if why else "measured" if row.get("command") else "measured_underspecified",
        "source": f"localmaxxing: {row.get('engine')} on {row.get('gpu')}",
        "note": why,
    }


def as_row(row: dict[str, Any]) -> dict[str, Any]:
    """What a run states of model, machine and engine, under the names that rows of measurements have for it."""
    gpus = int(row.get("gpus") or 1)
    context = row.get("context") or (row.get("prompt_tokens") or 0) + (row.get("output_tokens") or 0)
    return {
        "id": row.get("id"),
        "task": "inference",
        "modality": "llm",
        "model": row["model"],
        "params_b": row.get("params_b"),
        "quant": re.sub(r"^(?:ud|i1)-", "", str(row.get("quantization") or "").lower()),
        "context": context or None,
        "gpus": gpus,
        "gpu": row.get("gpu"),
        "per_gpu": gpus == 1,
        "engine": row.get("engine"),
        "engine_version": row.get("version"),
        "kv_dtype": row.get("kv_dtype"),
        "command": row.get("command"),
    }


def _why_suspect(row: dict[str, Any], peak: float, gpus: int) -> str:
    """Why a stated peak is none of this model and these flags; empty where nothing speaks against it."""
    card, command = float(row["vram_gb"]), str(row.get("command") or "")
    if peak < 0.1:
        return f"a peak of {peak:g} GB is less than any CUDA context"
    if peak > 1.03 * card * gpus:
        return f"a peak of {peak:g} GB is more than {gpus} × {card:g} GB"
    if any(abs(peak - card * n) < 0.005 * card for n in (1, gpus)):
        return f"a peak of {peak:g} GB is the size of the card"
    if " " in str(row.get("quantization")):
        return "its weights are in several schemes"
    if gpus > 1 and peak < card:
        return "whether it is of one GPU or of all together is not said"
    least = float(row.get("params_b") or 0) * (bits_of(_gguf(row)) or 0) / 8
    if least > card * gpus:
        return f"the weights alone take {least:.0f} GB: a part that is not said is on the host"
    if ON_HOST.search(command):
        return "a part that is not said, or is fitted to the card, stays on the host"
    if row.get("speculative") or DRAFTS.search(command):
        return "a model or layers that draft are loaded beside it, which ones is not said"
    fits_itself = row.get("engine") in ("llama.cpp", "ollama")
    if fits_itself and not row.get("gpu_layers") and not LAYERS.search(command) and peak > 0.75 * card * gpus:
        return "no number of layers is asked for, and nearly the whole card taken: they may have been fitted to it"
    return ""


def _gguf(row: dict[str, Any]) -> str:
    scheme = re.sub(r"^(?:UD|i1)-", "", str(row.get("quantization") or ""))
    return f"gguf:{scheme}" if re.match(r"I?Q\d", scheme) else scheme.lower()


def with_flags(workload: Workload, row: dict[str, Any]) -> Workload:
    """The workload of a row with what the flags of its command say."""
    command = str(row.get("command") or "").strip()
    if not command:
        return workload
    if command.startswith("-"):
        command = f"{SERVERS.get(str(row.get('engine')), '')} {command}"
    job = {"name": "run", "run": command}
    (document,) = documents_in("run.job.jsonc", json.dumps(job).encode())
    read = Case(document, on_disk=False).workload
    said = {
        field: getattr(read, field)
        for field, origin in read.origins.items()
        if origin.kind == "command" and field not in NOT_OF_FLAGS and field in Workload._fields
    }
    return workload._replace(**said, origins={**workload.origins, **read.origins})
