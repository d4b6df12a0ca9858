"""What one rule says about one job, at prices that the test made up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gpuspec.lint.finding import Finding
from gpuspec.lint.rule import Rule
from gpuspec.testing import lint_text


def found(
    rule: type[Rule], fields: dict[str, Any], *, prices: str = "seed-2025", **options: Any
) -> list[Finding]:
    """The findings for a job with these fields, on an RTX 4090 unless they say otherwise; at the prices of 2025."""
    job = {"gpu_types": ["RTX 4090"], "keep_alive_minutes": 3, "run": "python a.py", **fields}
    text = json.dumps(job, indent=2)
    return [one.finding for one in lint_text(text, [rule], prices=prices, options=options)]


def price_list(folder: Path, *rows: tuple[str, int, float, float | None]) -> str:
    """A price source with these GPUs, counts, $/h on demand and $/h as spot; its machines have 256 GiB of memory."""
    path = folder / "prices.csv"
    lines = ["Cloud,Region,InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,Price,SpotPrice"]
    for at, (gpu, count, price, spot) in enumerate(rows):
        lines.append(f"runpod,,{at},{gpu},{count},8,256,{price},{'' if spot is None else spot}")
    path.write_text("\n".join(lines) + "\n")
    return str(path)
