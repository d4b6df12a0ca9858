"""Rows of published memory measurements, as workloads: only from what a row declares."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from memory_measures import size_of
from memory_notes import trained, whole
from memory_runs import with_flags

from gpuspec import Gpu, resolve_gpu, resolve_model
from gpuspec.sizing import Need, Unsized, need
from gpuspec.workload import Origin, Workload

PER_GIB = {"GiB": 1.0, "GB": 2**30 / 1e9, "MiB": 1024.0, "MB": 2**30 / 1e6, "TB": 2**30 / 1e12}
"""How many of a unit one GiB is."""


GIB_CALLED_GB = "huggingface/diffusers"
"""Its docs divide what torch counts by 1,024 three times and call it GB (using-diffusers/loading.md,
bytes_to_giga_bytes): 33.83 "GB" of FLUX.1 are 31.4 GiB of weights and 2.4 of decoding."""


def per_gib(row: dict[str, Any]) -> float:
    """How many of the row's unit one GiB is (GB where it states none). Raises ValueError for an unknown unit."""
    unit = str(row.get("unit") or "GB")
    if (
        unit == "GB"
        and GIB_CALLED_GB in str(row.get("source"))
        and size_of(str(row.get("measure")).lower()) != "process"
    ):
        unit = "GiB"
    if unit not in PER_GIB:
        raise ValueError(f"unit {unit!r} is not one of {', '.join(PER_GIB)}")
    return PER_GIB[unit]


class Case(NamedTuple):
    """A row made ready: the workload, over how many GPUs and which (None: not said), how many tokens are prompt."""

    workload: Workload
    gpus: int
    prompt: int | None
    trainable: float | None
    gpu: Gpu | None = None

    def need(self, gpus: int | None = None) -> Need | Unsized:
        """What gpuspec says of it, on as many GPUs as the row has or on others."""
        return need(
            self.workload,
            gpus or self.gpus,
            gpu=self.gpu,
            prompt=self.prompt,
            trainable=self.trainable,
        )


_QUANTIZATION = (
    ("awq", "awq"),
    ("gptq-int8", "gptq-int8"),
    ("gptq-8", "gptq-int8"),
    ("gptq", "gptq-int4"),
    ("nf4-dq", "nf4-dq"),
    ("nf4", "nf4"),
    ("nvfp4", "nvfp4"),
    ("mxfp4", "mxfp4"),
    ("fp8", "fp8"),
    ("int8", "int8"),
    ("w8a", "int8"),
    ("w4a", "int4"),
    ("bnb-4bit", "nf4"),
    ("fp4", "nf4"),
    ("8bit", "int8"),
    ("8-bit", "int8"),
    ("int4", "int4"),
    ("4bit", "int4"),
    ("4-bit", "int4"),
)
_DTYPES = ("bf16", "fp16", "fp32")


def case(row: dict[str, Any]) -> Case:
    """The workload a row describes."""
    method = str(row.get("method") or "").lower()
    note = " ".join(str(row.get(k) or "") for k in ("note", "engine", "source", "measure")).lower()
    quantization, dtype = _scheme(method, row)
    training = row.get("task") == "training"
    match = resolve_model(row["model"])
    width, height, frames, context = _extent(row.get("context"))
    batch = whole(row.get("batch"))
    if row.get("task") == "inference_runtime":  # its context and batch say that the cache is not counted
        context, batch = whole(row.get("max_model_len")), whole(row.get("max_num_seqs"))
    if re.search(r"\d+ slots", note):
        batch = None  # one sequence in a server that has places for more: as many as it takes by default
    card = card_of(str(row["gpu"])) if row.get("gpu") else None
    if quantization is None and dtype is None:
        quantization = match.quantization
    workload = Workload(
        task="train" if training else "serve",
        modality={"llm": "text"}.get(row.get("modality", "llm"), row.get("modality")),
        engine=_engine(row, training),
        engine_version=_version(row, note),
        model=match.model,
        model_name=row["model"],
        params_b=row.get("params_b") or match.params_b,
        active_b=None if match.model else match.active_params_b,
        dtype=dtype,
        quantization=quantization,
        kv_dtype=row.get("kv_dtype"),
        context=None if training else context,
        # llama.cpp has slots that nobody uses: of a row that says so, the batch is not their number.
        concurrency=None if training or "parallel auto" in note or "slots" in note else batch,
        tensor_parallel=_parallel(row, "tensor", "tp"),
        pipeline_parallel=_parallel(row, "pipeline", "pp"),
        text_only=True if (quantization or "").startswith("gguf:") and "mmproj" not in note else None,
        memory_utilization=row.get("gpu_memory_utilization"),
        max_batched_tokens=whole(row.get("max_num_batched_tokens")),
        sequence=frames if frames else context if training else None,
        batch=batch if training else None,
        cpu_offload=_offload(method, note, training),
        **(trained(row, method, note) if training else {}),
        tiles_vae=True if "tiling" in note else None,
        loaded_on_host=True if "device_map=cpu" in note else None,
        width=width,
        height=height,
        origins={"concurrency": Origin("command", "max_num_seqs")} if row.get("max_num_seqs") else {},
    )
    prompt = re.search(r"prompt (\d+)", note)
    generated = re.search(r"generat(?:e|ed) (\d+)|generated seq", note)
    known = int(prompt.group(1)) if prompt else 1 if generated and not training else None
    gpu = card.gpu if card else None
    workload = with_flags(workload, row)
    return Case(workload, whole(row.get("gpus")) or 1, known, whole(row.get("trainable")), gpu)


def _parallel(row: dict[str, Any], kind: str, short: str) -> int | None:
    """GPUs of one kind of parallelism: of its field under either name, or "pipeline parallel 2" in the note."""
    given = row.get(f"{kind}_parallel") or row.get(short)
    if given is None:
        found = re.search(
            rf"\b(?:{kind}[ -]parallel(?:ism)?|{short}) ?=? ?(\d+)\b", str(row.get("note") or ""), re.I
        )
        given = found.group(1) if found else None
    return whole(given)


def _scheme(method: str, row: dict[str, Any]) -> tuple[str | None, str | None]:
    text = str(row.get("quant") or "").lower() or method
    if row.get("task") != "training" and not row.get("quant"):
        text = method
    gguf = re.fullmatch(r"(?:gguf[-:_]?)?(i?q\d\w*|tq\d_\d|f16|f32)", text)
    if gguf:
        return f"gguf:{gguf.group(1).upper()}", None
    width = re.search(r"(\d+(?:\.\d+)?) ?bpw", text)
    if width:
        return f"bpw:{width.group(1)}", None
    if ("dq" in text or "double" in text) and ("nf4" in text or "fp4" in text):
        return "nf4-dq", None
    for word, scheme in _QUANTIZATION:
        if word in text:
            return scheme, None
    if "fp8" in method:
        return "fp8", None
    dtype = next((name for name in _DTYPES if name in text or name in method), None)
    if dtype is None and row.get("quant") and row.get("task") != "training":
        return text, None  # said, and not known here: gpuspec says so
    return None, dtype


_WIDTHS = {"240": 426, "360": 640, "480": 854, "540": 960, "720": 1280, "768": 1360, "1080": 1920}
"""Lines of a picture, "480p" → its width at 16 : 9."""


def _extent(context: Any) -> tuple[int | None, int | None, int | None, int | None]:
    """(width, height, frames, tokens) of the free-form context field."""
    if isinstance(context, (int, float)):
        return None, None, None, int(context)
    text = str(context or "").lower()
    counted = re.search(r"(\d+) ?f(?:rames)?\b", text)
    frames = int(counted.group(1)) if counted else None
    pixels = re.search(r"(\d+) ?x ?(\d+)(?: ?x ?(\d+)\b)?", text)
    if pixels:
        last = int(pixels.group(3)) if pixels.group(3) else frames
        return int(pixels.group(1)), int(pixels.group(2)), last, None
    lines = re.search(r"\b(\d+)p\b", text)
    if lines and lines.group(1) in _WIDTHS:
        return _WIDTHS[lines.group(1)], int(lines.group(1)), frames, None
    tokens = sum(
        int(float(number) * (1024 if kilo else 1))
        for number, kilo in re.findall(r"(\d+(?:\.\d+)?)(k?)", str(context or "").lower().replace(",", ""))
    )
    return None, None, None, tokens or None


_ENGINES = (
    "vllm",
    "sglang",
    "text-generation-inference",
    "tgi",
    "llama.cpp",
    "ollama",
    "whisper.cpp",
    "faster-whisper",
    "openai-whisper",
    "whisperx",
    "exllama",
    "litgpt",
    "lmdeploy",
    "tensorrt",
    "torchtune",
    "torchtitan",
    "unsloth",
    "axolotl",
    "llama-factory",
    "llamafactory",
    "ms-swift",
    "swift",
    "megatron",
    "nemo",
    "ai-toolkit",
    "simpletuner",
    "deepspeed",
    "zero",
    "diffusers",
    "kohya",
    "sd-scripts",
    "sat",
    "trl",
    "peft",
    "accelerate",
    "hf-trainer",
    "transformers",
)

_SPELLED = {"zero": "deepspeed", "llamafactory": "llama-factory", "swift": "ms-swift", "sd-scripts": "kohya"}
_NAMED_BY_SOURCE = ("vllm", "sglang", "unsloth", "torchtune", "axolotl", "llama-factory", "kohya", "litgpt")


def _engine(row: dict[str, Any], training: bool) -> str | None:
    said = str(row.get("engine") or "").lower()
    if not said or said == "official":
        source = str(row.get("source") or "").lower()
        return next((name for name in _NAMED_BY_SOURCE if name in source), None)
    found = next((name for name in _ENGINES if name in said), said)
    if training and found in ("peft", "accelerate", "transformers"):
        return "hf-trainer"
    return _SPELLED.get(found, found)


def _version(row: dict[str, Any], note: str) -> str | None:
    """The engine's version where the row states it: "transformers 4.46" in its engine, note or source."""
    if row.get("engine_version"):
        return str(row["engine_version"])
    engine = str(row.get("engine") or "").lower()
    name = next((known for known in _ENGINES if known in engine), engine)
    found = re.search(re.escape(name) + r"[ =v]+(\d+\.\d+)", note) if name else None
    return found.group(1) if found else None


def _offload(method: str, note: str, training: bool) -> str | None:
    """What is on the host: "activations" of a training run, else weights ("cpu")."""
    if training and re.search(r"act\w*\.? (?:ckpt ?\+ ?)?offload", note):
        return "activations"
    if "offload" not in method and not re.search(r"(?:cpu|model|sequential|with)[ _-]?offload", note):
        return None
    return "sequential" if "sequential" in method or "sequential" in note else "cpu"


class Card(NamedTuple):
    """The GPUs a row says something fits on, or not."""

    gpu: Gpu
    gpus: int


def card_of(said: str) -> Card | None:
    """ "2x A100 80GB", "1xT4", "H100 80GB (optimal)", "48GB": a bare size is a card of that size; a name
    that several cards share counts as the smallest of them."""
    text = re.sub(r"\(.*?\)", "", said).strip()
    many = re.match(r"(\d+)\s*x\s*(.+)", text)
    after = re.fullmatch(r"(.+?)\s+x\s*(\d+)", text)
    count, name = (int(many.group(1)), many.group(2)) if many else (1, text)
    if after:
        count, name = int(after.group(2)), after.group(1)
    name = name.removesuffix("-class")
    size = re.fullmatch(r"(\d+)\s*GB(?: card)?", name)
    if size:
        return Card(
            Gpu(name, "any", "any", float(size.group(1)), visible_gib=0.98 * float(size.group(1))), count
        )
    match = resolve_gpu(name)
    found = [match.gpu] if match.gpu else list(match.ambiguous)
    if not found:
        stem = re.sub(r"[- ]?\d+ ?GB$", "", name)
        match = resolve_gpu(stem)
        found = [match.gpu] if match.gpu else list(match.ambiguous)
    return Card(min(found, key=lambda gpu: gpu.vram_gib), count) if found else None
