"""`gpuspec size`: the machines that hold a model, those that are asked about, and what they do for their price."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from gpuspec.cli.size import command
from tests.cli.test_size_command import found, refused, run


@pytest.mark.parametrize(
    ("written", "machine"),
    [
        ("2x3090", ("RTX 3090", 2)),
        ("2 x RTX 3090", ("RTX 3090", 2)),
        ("8xA10", ("A10", 8)),
        ("A100-80GB:2", ("A100 80GB", 2)),
        ("24GB", ("any GPU with 24 GB", 1)),
        ("4x24gb", ("any GPU with 24 GB", 4)),
    ],
)
def test_machines_are_named_as_people_name_them(written: str, machine: tuple[str, int]) -> None:
    (on,) = found("Llama-3.1-8B", "--on", written)["on"]
    assert (on["gpu"], on["gpu_count"]) == machine
    assert on["verdict"] == "fits"  # 16.5 GiB
    assert (on["tokens_per_second_each"] is None) == ("any" in machine[0])


@pytest.mark.parametrize(
    ("written", "code", "said"),
    [
        (["--on", "0x4090"], "unknown-gpu", "at least one GPU"),
        (["--on", "3x"], "unknown-gpu", "not of which GPU"),
        (["--on", "24"], "unknown-gpu", "24GB is any GPU"),
        (["--on", "T4:0.5"], "unknown-gpu", "part of a GPU"),
        (["--on", "9999GB"], "unknown-gpu", "no GPU is called"),
        (["--on", "2x3090", "--gpus", "4"], "two-counts", "--on 2x3090 is 2 GPUs, and --gpus says 4"),
    ],
)
def test_what_names_no_machine_is_said(written: list[str], code: str, said: str) -> None:
    error = refused("Llama-3.1-8B", *written)
    assert error.code == code
    assert said in error.message


def test_the_exit_status_says_whether_it_fits_there() -> None:
    def status(*arguments: str) -> int:
        return CliRunner().invoke(command, ["Qwen3-32B", *arguments], standalone_mode=False).return_value

    assert status() == 0
    assert status("--on", "L4") == 1
    assert status("--on", "L4", "--json") == 1
    assert status("--on", "H200") == 0
    assert status("--on", "H200", "--on", "L4") == 1
    assert status("--on", "a100", "--context", "1k") == 0, "one of the cards of that name has 80 GB"


def test_what_does_not_fit_says_by_how_much_and_what_would() -> None:
    (on,) = found("Qwen3-32B", "--on", "2xH100-SXM", "--users", "20", "--context", "32k")["on"]
    # 20 × 8 GiB of cache and 61 GiB of weights, over two GPUs, and 3.3 on each for a trial pass of 16,384 tokens,
    # graphs and CUDA; of the 79.6 GiB of each vLLM takes 92 %
    assert on["short_gib"] == pytest.approx((160 + 61) / 2 + 3.3 - 0.92 * 79.65, abs=0.5)
    instead = on["instead"]
    # (2 × 73.3 − 61 − 2 × 3.3 to 9) ÷ 8 GiB a user, and ÷ 20 of 4,096 tokens a GiB
    assert 67 // 8 <= instead["users"] <= 79 // 8
    assert 67 / 20 * 4096 <= instead["context"] <= 79 / 20 * 4096
    assert instead["machines"][0]["gpu"] == "H100 SXM"
    assert instead["machines"][0]["gpu_count"] == 4
    text = run("Qwen3-32B", "--on", "L40S", "--context", "4k").output
    assert "would surely fit:" in text
    assert "fp8: --quantization fp8" in text


@pytest.mark.parametrize(
    ("model", "unit"),
    [("sdxl", "images/min"), ("Llama-3.1-8B", "tokens/s"), ("whisper-large-v3", "× real time")],
)
def test_a_named_gpu_has_its_speed_and_price(model: str, unit: str) -> None:
    lines = run(model, "--on", "RTX 4090").output.splitlines()
    (line,) = (one for one in lines if one.startswith(f"  {unit} ") and " at $" in one)
    assert re.fullmatch(r"  \S.* [\d.,]+–[\d.,]+, .*\$/\S.* at \$\d+\.\d\d/h \(\w+\)", line)


def test_a_job_is_held_against_its_own_gpus(tmp_path: Path) -> None:
    job = tmp_path / "job.jsonc"
    job.write_text('{"task": "serve", "model": {"id": "Llama-3.1-8B"}, "gpu_types": ["T4", "L4"]}')
    ran = CliRunner().invoke(command, [str(job), "--json"], standalone_mode=False)
    assert ran.return_value == 0, "only --on asks for a verdict"
    verdicts = {one["gpu"]: one["verdict"] for one in json.loads(ran.output)["on"]}
    assert verdicts == {"T4": "does not fit", "L4": "fits"}
    assert re.search(r"1 × T4 +\d\.\d GiB short", run(str(job)).output)


def test_machines_are_ordered_by_the_hour_unless_the_token_is_asked_for() -> None:
    asked = ["Llama-3.1-8B", "--users", "32", "--context", "8k"]
    token, hour = found(*asked, "--by", "token"), found(*asked)
    assert (token["by"], hour["by"]) == ("token", "hour")
    costs = [one["dollars_per_million"]["expected"] for one in token["rentable"]]
    assert costs == sorted(costs)
    prices = [one["price"] for one in hour["rentable"]]
    assert prices == sorted(prices)
    for one in token["rentable"]:
        # $/h ÷ (32 users × tokens/s × 3,600 s) × 10⁶, and up to a tenth while one's own prompt is read
        cost = one["price"] / (32 * one["tokens_per_second_each"]["expected"] * 3600) * 1e6
        assert cost <= one["dollars_per_million"]["expected"] * 1.0001 <= 1.1 * cost
        assert one["per_month"] == pytest.approx(one["price"] * 730, rel=1e-4)


def test_the_precisions_are_side_by_side() -> None:
    rows = found("Qwen3-32B")["quantizations"]
    assert [row["scheme"] for row in rows] == ["bf16", "fp8", "awq"]
    assert [row["asked"] for row in rows] == [True, False, False]
    assert [row["on_the_fly"] for row in rows] == [False, True, False]
    # 32.762 B parameters: 16 bit, 8 bit, and 4.156; 2 × 151,936 × 5,120 of embeddings stay in 16
    sizes = [row["weights_gib"] for row in rows]
    kept = 2 * 151_936 * 5_120
    expected = [(32.762e9 - kept) * bits / 8 + kept * 2 for bits in (16, 8, 4.156)]
    assert sizes == [pytest.approx(size / 2**30, rel=0.01) for size in expected]
    prices = [row["cheapest"]["price"] for row in rows]
    assert prices == sorted(prices, reverse=True)
    assert [row["scheme"] for row in found("Qwen3-32B", "--engine", "llama.cpp")["quantizations"]] == [
        "bf16", "gguf:Q8_0", "gguf:Q4_K_M",
    ]  # fmt: skip
    assert found("Qwen3-32B", "--method", "lora")["quantizations"] == []


def test_gpus_that_cannot_share_the_heads_are_said_and_not_shown() -> None:
    # Qwen2.5-7B has 28 heads: over 8 GPUs vLLM stops at start
    text = " ".join(run("Qwen2.5-7B", "--gpus", "8").output.split())
    assert (
        "28 attention heads cannot be split evenly over 8 GPUs: vllm stops at start; over 4 it can be" in text
    )
    assert found("Qwen2.5-7B", "--gpus", "8")["rentable"] == []
    (on,) = found("Qwen2.5-7B", "--on", "8xL4")["on"]
    assert on["unshared"] == "28 attention heads"


@pytest.mark.parametrize(
    ("asked", "unit"),
    [
        (["FLUX.1-dev"], "images"),
        (["Llama-3.1-8B", "--method", "lora"], "tokens trained"),
        (["whisper-large-v3"], "seconds of sound"),
    ],
)
def test_other_work_has_its_own_unit(asked: list[str], unit: str) -> None:
    rows = [one for one in found(*asked)["rentable"] if one["work"]]
    assert rows
    for one in rows:
        assert one["work"]["unit"] == unit
        dollars = one["price"] / 3600 / one["work"]["per_second"]["expected"] * 1e6
        assert one["dollars_per_million"]["expected"] == pytest.approx(dollars, rel=1e-3)
    assert "always busy" in run(*asked).output


def test_users_whom_the_server_does_not_let_in_are_not_said_to_be_served() -> None:
    text = run("Llama-3.1-8B", "--users", "5000", "--context", "2k").output
    # max_num_seqs of vLLM is 256, and 1,024 on large GPUs
    title = r"Cheapest that serve (256|1,024) of 5,000 users, the most that the server lets in"
    assert re.search(title, " ".join(text.split()))


def test_by_token_means_nothing_where_none_are_written() -> None:
    ran = run("FLUX.1-dev", "--by", "token")
    assert "left out: --by token: no tokens are written" in ran.stderr
    assert "by price" in ran.output


def test_columns_without_room_are_not_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    def shown(columns: int) -> str:
        monkeypatch.setenv("COLUMNS", str(columns))
        out = run("Llama-3.1-8B", "--context", "32k", "--users", "20").output
        return " ".join(out[out.index("Cheapest that serve") : out.index("\nscheme")].split())

    assert "tokens/s: of each user; $/M: for a million tokens written, all 20 busy; of each" in shown(80)
    assert "$/M" not in shown(40)
