"""Which machine is the cheapest for a model, a context and so many users: twenty answers by hand.

Weights are 2 bytes a parameter (4.156 bits in AWQ, but for embeddings), a user's cache is 2 (keys and values) ×
layers × key heads × 128 × 2 bytes a token; both are divided by the GPUs. What config.json and model cards say of the
models, vLLM's share of 0.92 and what drivers show of the cards are written here, and so are the prices.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest

from gpuspec.cli.model_or_job import of_model, with_engine
from gpuspec.cli.open_case import CaseOptions, case_without_file
from gpuspec.planning.case import Case, JobOverrides
from gpuspec.planning.machines import PricedMachine, by_hour, by_token, machine, priced

GIB = 2**30
SEEN = {
    "RTX 4090": 23.65,
    "L4": 22.1,
    "L40S": 44.99,
    "A100 80GB SXM4": 79.1,
    "H100 SXM": 79.65,
    "H200 SXM": 140.4,
}
"""GiB that programs see of each card."""
PRICES = {
    "RTX 4090": 0.45,
    "L4": 0.70,
    "L40S": 1.20,
    "A100 80GB SXM4": 1.90,
    "H100 SXM": 2.90,
    "H200 SXM": 3.60,
}
"""$/h of one of each; of 2, 4 and 8 as many times."""
COUNTS = (1, 2, 4, 8)
LEAST_BESIDE, MOST_BESIDE = 0.5, {1: 3.0, 2: 4.5, 4: 4.5, 8: 4.5}
"""GiB beside weights and cache on each of so many GPUs: the trial pass, graphs, CUDA, and NCCL over several."""
MORE_ON_LARGE = 3.0
"""GiB more on an H100 and an H200, where vLLM tries more tokens and sequences."""


class Model(NamedTuple):
    """What is published of a model."""

    name: str
    billions: float
    layers: int
    kv_heads: int
    words: int
    """Vocabulary × hidden size, of the embedding and the head, in billions."""


LLAMA_3B = Model("Llama-3.2-3B", 3.213, 28, 8, 0)
LLAMA_8B = Model("Llama-3.1-8B", 8.030, 32, 8, 0)
LLAMA_70B = Model("Llama-3.1-70B", 70.554, 80, 8, 2 * 128_256 * 8_192)
LLAMA_2 = Model("Llama-2-7B", 6.738, 32, 32, 0)
MISTRAL = Model("Mistral-7B-v0.3", 7.248, 32, 8, 0)
SMALL_24B = Model("Mistral-Small-24B-Instruct-2501", 23.572, 40, 8, 0)
QWEN_8B = Model("Qwen3-8B", 8.191, 36, 8, 0)
QWEN_14B = Model("Qwen3-14B", 14.768, 40, 8, 0)
QWEN_32B = Model("Qwen3-32B", 32.762, 64, 8, 2 * 151_936 * 5_120)
QWEN_72B = Model("Qwen2.5-72B", 72.706, 80, 8, 0)


def needed(model: Model, users: int, context: int, scheme: str | None) -> float:
    """GiB of weights and of all users' caches, on all GPUs together."""
    weights = model.billions * 1e9 * 2.0
    if scheme == "awq":
        weights = (model.billions * 1e9 - model.words) * 4.156 / 8 + model.words * 2
    return (weights + users * context * 2 * model.layers * model.kv_heads * 128 * 2) / GIB


def by_hand(model: Model, users: int, context: int, scheme: str | None) -> str:
    """The cheapest machine; fails where the arithmetic leaves in doubt whether a cheaper one holds it."""
    machines = sorted((PRICES[gpu] * count, count, gpu) for gpu in PRICES for count in COUNTS)
    for _, count, gpu in machines:
        share, usable = needed(model, users, context, scheme) / count, 0.92 * SEEN[gpu]
        most = MOST_BESIDE[count] + (MORE_ON_LARGE if gpu.startswith("H") else 0.0)
        if share + most <= usable:
            return f"{count} × {gpu}"
        assert share + LEAST_BESIDE > usable, f"{count} × {gpu} may hold it: ask about more or fewer users"
    return "none"


@pytest.fixture(scope="module")
def prices(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("prices") / "ours.csv"
    rows = [f"ours,,,{gpu},{count},64,1024,{PRICES[gpu] * count:.2f}," for gpu in PRICES for count in COUNTS]
    titles = "Cloud,Region,InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,Price,SpotPrice"
    path.write_text("\n".join([titles, *rows]))
    return str(path)


def case_of(prices: str, name: str, users: int, context: int, scheme: str | None = None) -> Case:
    case = case_without_file(name, CaseOptions(JobOverrides(prices=prices), isolated=True).settings_for("."))
    work = of_model(name, "serve", None, case.catalog)._replace(users=users, context=context)
    return case.instead(workload=with_engine(work._replace(quantization=scheme)))


@pytest.mark.parametrize(
    ("model", "context", "users", "scheme", "answer"),
    [
        # GiB of weights + users × GiB of cache each
        (LLAMA_3B, 8_192, 8, None, "1 × RTX 4090"),  # 6.0 + 8 × 0.875 = 13
        (LLAMA_3B, 16_384, 10, None, "2 × RTX 4090"),  # 6.0 + 10 × 1.75 = 23.5: too much for one
        (LLAMA_3B, 32_768, 36, None, "8 × RTX 4090"),  # 6.0 + 36 × 3.5 = 132
        (LLAMA_8B, 8_192, 2, None, "1 × RTX 4090"),  # 15.0 + 2 × 1 = 17
        (LLAMA_8B, 8_192, 10, None, "2 × RTX 4090"),  # 15.0 + 10 = 25, 12.5 on each
        (
            LLAMA_8B,
            8_192,
            32,
            None,
            "4 × RTX 4090",
        ),  # 15.0 + 32 = 47: 23.5 on each of two, and an L40S has 41.4
        (
            LLAMA_8B,
            32_768,
            64,
            None,
            "4 × A100 80GB SXM4",
        ),  # 15.0 + 64 × 4 = 271, 67.8 on each; 8 L40S cost more
        (LLAMA_2, 4_096, 6, None, "2 × RTX 4090"),  # every head has a cache: 12.6 + 6 × 2 = 24.6
        (LLAMA_2, 16_384, 35, None, "8 × L40S"),  # 12.6 + 35 × 8 = 293, 36.6 on each; 73 on each of four A100
        (MISTRAL, 32_768, 20, None, "1 × H200 SXM"),  # 13.5 + 20 × 4 = 93.5; 23.4 on each of four 4090
        (QWEN_8B, 16_384, 5, None, "2 × RTX 4090"),  # 15.3 + 5 × 2.25 = 26.5
        (QWEN_14B, 8_192, 1, None, "2 × RTX 4090"),  # 27.5 + 1.25 = 28.8
        (QWEN_14B, 32_768, 12, None, "1 × H200 SXM"),  # 27.5 + 12 × 5 = 87.5; 21.9 on each of four 4090
        (SMALL_24B, 8_192, 4, None, "4 × RTX 4090"),  # 43.9 + 4 × 1.25 = 48.9
        (QWEN_32B, 32_768, 1, None, "4 × RTX 4090"),  # 61.0 + 8 = 69, 17.3 on each
        (QWEN_32B, 32_768, 14, None, "2 × H200 SXM"),  # 61.0 + 14 × 8 = 173
        (QWEN_32B, 8_192, 2, "awq", "2 × RTX 4090"),  # 18.0 + 2 × 2 = 22
        (QWEN_32B, 32_768, 14, "awq", "8 × RTX 4090"),  # 18.0 + 14 × 8 = 130
        (LLAMA_70B, 8_192, 1, None, "8 × RTX 4090"),  # 131.4 + 2.5 = 134
        (LLAMA_70B, 32_768, 20, None, "4 × H200 SXM"),  # 131.4 + 20 × 10 = 331; 41.4 on each of eight L40S
        (QWEN_72B, 32_768, 45, None, "8 × H200 SXM"),  # 135.4 + 45 × 10 = 585; 73 on each of eight A100
    ],
    ids=lambda value: value.name if isinstance(value, Model) else str(value),
)
def test_the_cheapest_machine(
    model: Model, context: int, users: int, scheme: str | None, answer: str, prices: str
) -> None:
    assert by_hand(model, users, context, scheme) == answer
    (first,) = by_hour(case_of(prices, model.name, users, context, scheme), COUNTS, 1)
    assert f"{first.offered.gpu_count} × {first.offered.gpu.name}" == answer
    gpu = answer.partition(" × ")[2]
    assert first.offered.per_hour == pytest.approx(PRICES[gpu] * int(answer[0]))


@pytest.mark.parametrize("model", [LLAMA_8B, QWEN_32B, QWEN_72B], ids=lambda model: model.name)
def test_more_users_and_longer_contexts_never_cost_less(model: Model, prices: str) -> None:
    def cheapest(users: int, context: int) -> float:
        found = by_hour(case_of(prices, model.name, users, context), COUNTS, 1)
        return found[0].offered.per_hour if found else float("inf")

    table = [[cheapest(users, context) for context in (4_096, 8_192, 32_768)] for users in (1, 5, 20, 60)]
    assert all(row == sorted(row) for row in table), "longer"
    assert all(list(column) == sorted(column) for column in zip(*table, strict=True)), "more users"


@pytest.mark.parametrize("count", [1, 8])
def test_longer_contexts_and_more_users_are_never_faster(count: int, prices: str) -> None:
    def on_h200(users: int, context: int) -> PricedMachine:
        case = case_of(prices, "Llama-3.1-8B", users, context)
        return machine(case, priced(case, case.catalog.gpus_by_name["H200 SXM"], count))

    for found in (
        [on_h200(8, context) for context in (2_048, 8_192, 32_768)],
        [on_h200(users, 8_192) for users in (1, 8, 24)],
    ):
        speeds = [one.each.expected for one in found if one.each]
        waits = [one.ttft.expected for one in found if one.ttft]
        assert len(speeds) == len(waits) == 3
        assert speeds == sorted(speeds, reverse=True)
        assert waits == sorted(waits)
    costs = [on_h200(users, 8_192).per_million for users in (1, 8, 24)]
    amounts = [cost.expected for cost in costs if cost]
    assert len(amounts) == 3
    assert amounts == sorted(amounts, reverse=True), "a machine that answers more at once is shared"


def test_the_order_by_token_is_that_of_all_machines(prices: str) -> None:
    case = case_of(prices, "Qwen3-14B", 4, 16_384)
    few, every = (by_token(case, COUNTS, most) for most in (12, None))
    assert few[0].offered.label == every[0].offered.label
    costs = [one.per_million.expected for one in every if one.per_million]
    assert costs == sorted(costs)
    for one in every:  # of each GPU the cheapest number, and others only where a token costs less
        smaller = [
            each for each in every
            if each.offered.gpu is one.offered.gpu and each.offered.gpu_count < one.offered.gpu_count
        ]  # fmt: skip
        assert all(each.per_million and one.per_million for each in smaller)
        assert all(
            each.per_million > one.per_million for each in smaller if each.per_million and one.per_million
        )
