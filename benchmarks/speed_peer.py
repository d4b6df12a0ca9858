"""Beside NVIDIA's aiconfigurator, which knows measured kernels of data-centre GPUs: its predictions and ours."""

from __future__ import annotations

import statistics

from memory_rows import card_of
from speed_rows import read

from gpuspec import resolve_model
from gpuspec.sizing.memory import Unsized
from gpuspec.sizing.speed.serving import RequestTokens, served
from gpuspec.workload import Workload

SYSTEMS = {"h100_sxm": "H100 SXM", "h200_sxm": "H200", "b200_sxm": "B200", "a100_sxm": "A100 80GB SXM4"}


def compared(path: str) -> str:
    """Ours ÷ theirs of what each sequence gets, by batch, by parallelism and by model."""
    ratios: dict[str, list[float]] = {}
    for row in read(path):
        ratio = _ratio(row)
        if ratio is None:
            continue
        for name in (f"batch {row['batch']}", f"tp {row['tp']}", str(row["system"]), str(row["model"])):
            ratios.setdefault(name, []).append(ratio)
    lines = [f"\n{'our speed ÷ that of aiconfigurator (vLLM)':56} rows  median    p10    p90"]
    for name in sorted(
        ratios, key=lambda name: (not name.startswith("batch"), not name.startswith("tp"), name)
    ):
        own = sorted(ratios[name])
        low, high = own[len(own) // 10], own[len(own) * 9 // 10]
        lines.append(f"{name:56} {len(own):4} {statistics.median(own):7.2f} {low:6.2f} {high:6.2f}")
    return "\n".join(lines)


def _ratio(row: dict[str, object]) -> float | None:
    match, card = resolve_model(str(row["model"])), card_of(SYSTEMS[str(row["system"])])
    if card is None:
        return None
    workload = Workload(
        task="serve",
        modality="text",
        engine="vllm",
        model=match.model,
        model_name=str(row["model"]),
        params_b=match.params_b,
        quantization=match.quantization,
        concurrency=int(str(row["batch"])),
        tensor_parallel=int(str(row["tp"])),
    )
    request = RequestTokens(float(str(row["isl"])), float(str(row["osl"])))
    found = served(workload, card.gpu, int(str(row["tp"])), request, sequences=int(str(row["batch"])))
    if isinstance(found, Unsized):
        return None
    return 1e-3 * float(str(row["tpot"])) / found.tpot.expected
