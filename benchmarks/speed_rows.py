"""Rows of measured speeds as workloads: only from what a row declares.

What a row means:
- `runs.jsonl`: `decode_tok_s` is what one sequence gets. Of llama.cpp, `sequences` is what `-b` says (its default is
  2,048), the tokens of a prompt in one pass: one sequence was answered. Of vLLM it is what was asked at once, and
  the figure is that of all together. `prompt_tokens` lie in the cache already while it is measured; `-d` of
  llama-bench adds to them; `-c` is only room.
- GGUF files under `vllm` come from llama.cpp: the reporting tool calls any endpoint it does not know so, and those
  rows hold three times what the card does, which vLLM cannot.
- `speed.jsonl`: "decode per request" or "total output".
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from memory_rows import Card, card_of, case
from memory_runs import DRAFTS, LAYERS, as_row

from gpuspec import resolve_model
from gpuspec.sizing.memory import Unsized
from gpuspec.sizing.shape import shape_of
from gpuspec.workload import Workload

UNKNOWN_FILL = 512
"""Tokens in the cache of a run that says neither prompt nor answer: a short question and half of its answer."""


class Run(NamedTuple):
    """A measured speed: tokens/s in the row's meaning, of a workload whose cache holds `cached` tokens a sequence."""

    id: str
    workload: Workload
    card: Card
    gpus: int
    cached: float
    total: bool
    """Whether it is of all sequences together."""
    measured: float
    source: str
    mixture: bool
    drafts: bool
    """Whether it wrote with speculative decoding, by what it states or by its command."""
    engine: str


def run_of(row: dict[str, Any]) -> Run | None:
    """A row as a run; None where its GPU is not known."""
    return _community(row) if "decode_tok_s" in row else _published(row)


def read(*paths: str) -> list[dict[str, Any]]:
    """The rows of files, one JSON object per line."""
    rows = []
    for path in paths:
        with open(path, encoding="utf-8") as file:
            rows.extend(json.loads(line) for line in file if line.strip())
    return rows


def _community(row: dict[str, Any]) -> Run | None:
    card = card_of(str(row["gpu"]))
    if card is None:
        return None
    gguf = re.match(r"(?:UD-|i1-)?I?Q\d", str(row["quantization"]))
    engine = "llama.cpp" if gguf and row["engine"] in ("vllm", "lmstudio") else str(row["engine"])
    described = case(_known(as_row({**row, "engine": engine})))
    many = int(row.get("sequences") or 1) if engine in ("vllm", "sglang") else 1
    layers = row.get("gpu_layers")
    workload = described.workload
    if layers is not None and not LAYERS.search(_command(row)) and 0 < layers < 99:
        workload = workload._replace(layers_on_gpu=int(layers))
    if workload.model and workload.layers_on_gpu == workload.model.layers:
        workload = workload._replace(layers_on_gpu=None)  # so tools report that all are on the GPU
    drafts = bool(row.get("speculative")) or bool(DRAFTS.search(_command(row)))
    return Run(
        str(row["id"]),
        workload._replace(concurrency=many),
        card,
        int(row.get("gpus") or 1),
        _cached(row),
        many > 1,
        float(row["decode_tok_s"]),
        f"localmaxxing: {row['engine']} on {row.get('gpus') or 1} × {row['gpu']}",
        bool(row.get("active_b")) or _is_mixture(workload),
        drafts,
        str(row["engine"]),
    )


def _known(row: dict[str, Any]) -> dict[str, Any]:
    """Without the parameters that the row states, where the catalogue knows the model: they are rounded, of the base
    that a model was pruned from (9 of Nemotron Nano 4B), or those of a packed file (6 of a 27B). Nor "fp16" of a
    checkpoint whose name says that it is quantized: that is what it computes in."""
    match = resolve_model(row["model"])
    if match.quantization and row.get("quant") in ("fp16", "bf16"):
        row = {**row, "quant": None}
    return {**row, "params_b": None} if match.model else row


def _command(row: dict[str, Any]) -> str:
    return str(row.get("command") or "")


def _cached(row: dict[str, Any]) -> float:
    """Tokens in the cache, on average while the answer is written.

    llama-bench writes after nothing, however long the prompt that it times beside that, unless `-d` says how much is
    there before; a tool that swept over contexts with it states the prompt as the context. Who states no prompt, but
    another context than `-c` makes room for, has swept over that."""
    prompt, half = int(row.get("prompt_tokens") or 0), int(row.get("output_tokens") or 0) / 2
    if not prompt and not half:
        room = re.search(r"(?<!\w)(?:-c|--ctx-size|--max-model-len)[ =](\d+)", _command(row))
        swept = room and row.get("context") and int(room.group(1)) != row["context"]
        return float(row["context"]) if swept else UNKNOWN_FILL
    if "llama-bench" in _command(row) and row.get("context") != prompt:
        depth = re.search(r"(?<!\w)(?:-d|--n-depth)[ =](\d+)", _command(row))
        return (int(depth.group(1)) if depth else 0) + half
    return prompt + half


def _published(row: dict[str, Any]) -> Run | None:
    card = card_of(str(row["gpu"]))
    if card is None:
        return None
    note = str(row.get("note") or "")
    engine = row["engine"]
    kept = {"method" if row["dtype"] in ("bf16", "fp16") else "quant": row["dtype"].replace("gguf:", "")}
    described = case(
        _known(
            {
                "task": "inference",
                "model": row["model"],
                "engine": engine,
                "engine_version": row.get("version"),
                "gpu": row["gpu"],
                "gpus": row["count"],
                "note": note,
                **kept,
            }
        )
    )
    many = int(row.get("concurrency") or 1)
    copies = re.search(r"\bDP ?(\d+)", note)
    workload = described.workload._replace(
        concurrency=many,
        eager=True if "eager" in note else None,
        data_parallel=int(copies.group(1)) if copies else None,
        expert_parallel=int(row["count"]) if re.search(r"\bEP\b", note) else None,
    )
    cached = int(row.get("input_tokens") or 0) + int(row.get("output_tokens") or 0) / 2
    return Run(
        str(row["id"]),
        workload,
        card,
        int(row.get("count") or 1),
        cached or UNKNOWN_FILL,
        row["what"] == "total output",
        float(row["tok_s"]),
        re.sub(r"/[^/ ]+\.(?:json|md|yaml)$", "", str(row["source"])),
        _is_mixture(workload),
        False,
        str(engine),
    )


def _is_mixture(workload: Workload) -> bool:
    shape = shape_of(workload)
    return not isinstance(shape, Unsized) and shape.experts_used > 0
