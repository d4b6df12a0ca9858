"""Writes gpuspec/catalog/data/api_prices.tsv: what tokens cost through an API.

`python -m tools.api_prices FOLDER VERSION DATE` reads `litellm/model_prices_and_context_window_backup.json` of an
unpacked wheel of LiteLLM (MIT licence), of that version and released on that day (`pip download --no-deps litellm`).
LiteLLM names the provider's own page for each price: a row whose page it does not name is not taken."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from gpuspec.catalog.api_prices import COLUMNS
from gpuspec.catalog.shipped import DATA

CLOSED = (
    ("OpenAI", "", "gpt-4o-mini gpt-4o gpt-4.1 gpt-4.1-mini gpt-5.4 gpt-5.4-mini gpt-5.4-nano gpt-5.5 gpt-6-luna "
     "gpt-6-sol gpt-6-astra gpt-6.1-sol gpt-6.1-terra"),
    ("Anthropic", "", "claude-haiku-4-5 claude-haiku-5-5 claude-sonnet-4-6 claude-sonnet-5-5 claude-opus-5-5 "
     "claude-fable-5-1"),
    ("Google", "gemini/", "gemini-2.5-flash-lite gemini-3.1-flash-lite gemini-3.8-flash gemini-3.1-pro-preview "
     "gemini-4-hydrogen gemini-4-argon"),
    ("Mistral", "mistral/", "ministral-8b-latest mistral-small-latest mistral-medium-latest mistral-large-4 "
     "codestral-latest"),
    ("DeepSeek", "deepseek/", "deepseek-v4-flash deepseek-v4-pro"),
    ("xAI", "xai/", "grok-4.3 grok-4.7"),
    ("Amazon Bedrock", "", "amazon.nova-micro-v1:0 amazon.nova-lite-v1:0 amazon.nova-pro-v1:0"),
)  # fmt: skip
"""(provider, how its names begin in LiteLLM, the names after that)."""

WEIGHED = {"gpt-4o-mini": 14.0, "gpt-4o": 80.0}
"""Models that a textbook chapter on compute planning weighs open ones against (Llama 3.1 8B and a 70B model), and up
to which size, billions of parameters."""

HOSTED = (
    ("Amazon Bedrock", "", {
        "meta.llama3-1-8b-instruct-v1:0": "meta-llama/Llama-3.1-8B-Instruct",
        "meta.llama3-1-70b-instruct-v1:0": "meta-llama/Llama-3.1-70B-Instruct",
        "meta.llama3-3-70b-instruct-v1:0": "meta-llama/Llama-3.3-70B-Instruct",
        "qwen.qwen3-32b-v1:0": "Qwen/Qwen3-32B",
        "qwen.qwen3-235b-a22b-2507-v1:0": "Qwen/Qwen3-235B-A22B-Instruct-2507",
        "qwen.qwen3-next-80b-a3b": "Qwen/Qwen3-Next-80B-A3B-Instruct",
        "google.gemma-3-12b-it": "google/gemma-3-12b-it",
        "google.gemma-3-27b-it": "google/gemma-3-27b-it",
        "openai.gpt-oss-20b-1:0": "openai/gpt-oss-20b",
        "openai.gpt-oss-120b-1:0": "openai/gpt-oss-120b",
        "mistral.mistral-7b-instruct-v0:2": "mistralai/Mistral-7B-Instruct-v0.2",
        "mistral.mixtral-8x7b-instruct-v0:1": "mistralai/Mixtral-8x7B-Instruct-v0.1",
    }),
    ("Cerebras", "cerebras/", {"gpt-oss-120b": "openai/gpt-oss-120b"}),
    ("DeepInfra", "deepinfra/", {
        "meta-llama/Meta-Llama-3.1-8B-Instruct-Turbo": "meta-llama/Llama-3.1-8B-Instruct",
        "meta-llama/Meta-Llama-3.1-70B-Instruct-Turbo": "meta-llama/Llama-3.1-70B-Instruct",
        "meta-llama/Llama-3.3-70B-Instruct-Turbo": "meta-llama/Llama-3.3-70B-Instruct",
        "Qwen/Qwen2.5-72B-Instruct": "Qwen/Qwen2.5-72B-Instruct",
        "Qwen/Qwen3-14B": "Qwen/Qwen3-14B",
        "Qwen/Qwen3-32B": "Qwen/Qwen3-32B",
        "Qwen/Qwen3-30B-A3B": "Qwen/Qwen3-30B-A3B",
        "Qwen/Qwen3-235B-A22B-Instruct-2507": "Qwen/Qwen3-235B-A22B-Instruct-2507",
        "Qwen/Qwen3-Next-80B-A3B-Instruct": "Qwen/Qwen3-Next-80B-A3B-Instruct",
        "google/gemma-3-4b-it": "google/gemma-3-4b-it",
        "google/gemma-3-12b-it": "google/gemma-3-12b-it",
        "google/gemma-3-27b-it": "google/gemma-3-27b-it",
        "mistralai/Mistral-Nemo-Instruct-2407": "mistralai/Mistral-Nemo-Instruct-2407",
        "openai/gpt-oss-20b": "openai/gpt-oss-20b",
        "openai/gpt-oss-120b": "openai/gpt-oss-120b",
        "deepseek-ai/DeepSeek-V3.2": "deepseek-ai/DeepSeek-V3.2",
    }),
    ("Fireworks", "fireworks_ai/accounts/fireworks/models/", {
        "llama-v3p1-8b-instruct": "meta-llama/Llama-3.1-8B-Instruct",
        "gpt-oss-20b": "openai/gpt-oss-20b",
        "deepseek-v3p2": "deepseek-ai/DeepSeek-V3.2",
    }),
    ("Groq", "groq/", {
        "llama-3.1-8b-instant": "meta-llama/Llama-3.1-8B-Instruct",
        "llama-3.3-70b-versatile": "meta-llama/Llama-3.3-70B-Instruct",
        "openai/gpt-oss-20b": "openai/gpt-oss-20b",
        "openai/gpt-oss-120b": "openai/gpt-oss-120b",
        "qwen/qwen3.8-27b": "Qwen/Qwen3.8-27B",
    }),
    ("Nebius", "nebius/", {
        "meta-llama/Meta-Llama-3.1-8B-Instruct": "meta-llama/Llama-3.1-8B-Instruct",
        "meta-llama/Llama-3.3-70B-Instruct": "meta-llama/Llama-3.3-70B-Instruct",
        "Qwen/Qwen3-32B": "Qwen/Qwen3-32B",
        "Qwen/Qwen3-30B-A3B-Instruct-2507": "Qwen/Qwen3-30B-A3B-Instruct-2507",
        "Qwen/Qwen3-235B-A22B-Instruct-2507": "Qwen/Qwen3-235B-A22B-Instruct-2507",
        "google/gemma-3-27b-it": "google/gemma-3-27b-it",
        "openai/gpt-oss-120b": "openai/gpt-oss-120b",
    }),
    ("Together", "together_ai/", {
        "meta-llama/Llama-3.3-70B-Instruct-Turbo": "meta-llama/Llama-3.3-70B-Instruct",
        "meta-llama/Llama-3.2-3B-Instruct": "meta-llama/Llama-3.2-3B-Instruct",
        "meta-llama/Llama-3.1-405B-Instruct": "meta-llama/Llama-3.1-405B-Instruct",
        "Qwen/Qwen2.5-7B-Instruct-Turbo": "Qwen/Qwen2.5-7B-Instruct",
        "Qwen/Qwen2.5-14B-Instruct": "Qwen/Qwen2.5-14B-Instruct",
        "Qwen/Qwen2.5-72B-Instruct": "Qwen/Qwen2.5-72B-Instruct",
        "mistralai/Mistral-7B-Instruct-v0.3": "mistralai/Mistral-7B-Instruct-v0.3",
        "openai/gpt-oss-120b": "openai/gpt-oss-120b",
    }),
)  # fmt: skip
"""(provider, how its names begin in LiteLLM, its name → the open model that it hosts)."""


def main(folder: str, version: str, day: str) -> int:
    """Write the table; names that are gone, without a page, or retired by that day are told, and left out."""
    with open(os.path.join(folder, "litellm", "model_prices_and_context_window_backup.json")) as file:
        known: dict[str, dict[str, Any]] = json.load(file)
    asked = [(who, head, name, "") for who, head, names in CLOSED for name in names.split()]
    asked += [(who, head, name, model) for who, head, names in HOSTED for name, model in names.items()]
    lines = ["\t".join(COLUMNS)]
    for provider, head, name, hosts in asked:
        row = known.get(head + name)
        gone = row and row.get("deprecation_date") and row["deprecation_date"] <= day
        if not row or not row.get("source") or gone:
            print(f"left out: {head}{name}: {'retired' if gone else 'no row with a page'}", file=sys.stderr)
            continue
        cells = (
            provider,
            name,
            hosts,
            *(_per_million(row.get(key)) for key in ("input_cost_per_token", "cache_read_input_token_cost")),
            _per_million(row["output_cost_per_token"]),
            _discount(row),
            f"{WEIGHED.get(name, '')}".removesuffix(".0"),
            day,
            f"{row['source']} as in litellm {version}",
        )
        lines.append("\t".join(cells))
    path = os.path.join(DATA, "api_prices.tsv")
    with open(f"{path}.new", "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    os.replace(f"{path}.new", path)
    return 0


def _per_million(price: float | None) -> str:
    return "" if price is None else f"{price * 1e6:.6g}"


def _discount(row: dict[str, Any]) -> str:
    """The share by which tokens of a batch cost less; "" where that is not said of input and output alike."""
    kinds = ("input_cost_per_token", "output_cost_per_token")
    shares = {
        round(1 - row[f"{kind}_batches"] / row[kind], 3) for kind in kinds if row.get(f"{kind}_batches")
    }
    return f"{shares.pop():g}" if len(shares) == 1 else ""


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
