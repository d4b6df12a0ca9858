"""What a service costs: jobs with extreme loads, and price files of APIs that somebody else wrote."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from gpuspec.catalog.api_prices import COLUMNS
from tests.fuzz.commanded import commanded
from tests.fuzz.seeds import garble
from tests.fuzz.trial import Outcome, Trial
from tests.fuzz.values import gpu, number, word

RUNS = (
    "vllm serve meta-llama/Llama-3.1-8B-Instruct --port 8000",
    "vllm serve meta-llama/Llama-3.1-70B-Instruct --tensor-parallel-size 4",
    "python -m sglang.launch_server --model-path Qwen/Qwen3-30B-A3B",
    "accelerate launch train.py --model_name_or_path meta-llama/Llama-3.1-8B",
)
AMOUNTS = (1e-9, 0.5, 1, 10, 1000, 1e6, 1e9, 1e12)
COMMANDS = (
    ("lint", "gpu.jsonc"),
    ("plan", "gpu.jsonc"),
    ("plan", "gpu.jsonc", "--json"),
    ("plan", "gpu.jsonc", "--what-if", "prefix-cache"),
    ("size", "gpu.jsonc", "--users", "100000"),
    ("breakeven", "gpu.jsonc"),
    ("breakeven", "gpu.jsonc", "--json"),
    ("breakeven", "gpu.jsonc", "--requests", "1e12", "--ops", "1e9", "--utilization", "1e-9"),
    ("breakeven", "gpu.jsonc", "--requests", "1e-9", "--input-tokens", "1e8", "--output-tokens", "1e8"),
    ("breakeven", "Llama-3.1-8B", "--api", "x"),
    ("prices", "apis"),
    ("prices", "apis", "--json"),
)


def cost_of_loads(chance: random.Random) -> Trial:
    """A job with an extreme load, and at times a price file of APIs, through the commands that count money."""
    spec = json.dumps(_job(chance)).encode()
    prices = _api_prices(chance) if chance.random() < 0.5 else None
    chosen = chance.sample(COMMANDS, 2)

    def run() -> Outcome:
        Path("gpu.jsonc").write_bytes(spec)
        if prices is not None:
            Path("apis.tsv").write_bytes(prices)
            Path("gpuspec.toml").write_text('api-prices = "apis.tsv"\n')
        return commanded(chosen)

    return Trial(json.dumps(chosen), spec + b"\n" + (prices or b""), run)


def _job(chance: random.Random) -> dict[str, Any]:
    def some(**of: tuple[float, ...]) -> dict[str, float]:
        return {key: chance.choice(values) for key, values in of.items() if chance.random() < 0.7}

    tokens = (1, 1000, 10**6, 10**8)
    return {
        "run": chance.choice(RUNS),
        **({"gpu_types": [gpu(chance)]} if chance.random() < 0.5 else {}),
        **({"users": chance.choice(tokens)} if chance.random() < 0.5 else {}),
        "traffic": some(
            requests_per_day=AMOUNTS,
            input_tokens=tokens,
            output_tokens=tokens,
            peak_factor=(1, 1.5, 1000),
            growth_per_month=(-0.99, -0.5, 0, 0.1, 10),
        ),
        "slo": some(ttft_ms=AMOUNTS[:6], tpot_ms=AMOUNTS[:6], tokens_per_second=AMOUNTS[:6]),
        "schedule": some(**{chance.choice(("hours_per_month", "runs_per_month")): AMOUNTS[:5]}),
        "scaling": {"min": chance.choice((0, 1, 1000)), "max": 10 ** chance.randint(0, 6)},
    }


def _api_prices(chance: random.Random) -> bytes:
    lines = ["\t".join(COLUMNS)]
    for _ in range(chance.choice((0, 1, 5, 300))):
        row = [
            "me",
            "x",
            "meta-llama/Llama-3.1-8B-Instruct",
            "0.1",
            "0.01",
            "0.4",
            "0.5",
            "8",
            "2026-01-01",
            "u",
        ]
        if chance.random() < 0.5:
            row[chance.randrange(len(row))] = chance.choice((number(chance), word(chance)))
        lines.append("\t".join(row))
    data = "\n".join(lines).encode("utf-8", "replace")
    return garble(data, [("apis.tsv", data)], chance) if chance.random() < 0.3 else data
