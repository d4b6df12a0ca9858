"""`gpuspec breakeven` and `plan --what-if`: machines of a fixed speed, so that all is arithmetic by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gpuspec.catalog import Gpu
from gpuspec.cli.main import main
from gpuspec.job.job import Traffic
from gpuspec.planning import self_hosting
from gpuspec.planning.answering import AnswerPace, Answers
from gpuspec.workload import Workload

JOB = {
    "name": "chat",
    "task": "serve",
    "model": {"id": "Qwen/Qwen2.5-14B-Instruct", "context": 4096},
    "gpu_types": ["L40S"],
    "traffic": {
        "requests_per_day": 24_000,
        "input_tokens": 500,
        "output_tokens": 200,
        "peak_factor": 2,
        "growth_per_month": 0.2,
    },
    "run": "vllm serve Qwen/Qwen2.5-14B-Instruct",
}
PRICES = "--prices", "seed-2025"
"""An L40S costs $0.95 an hour there, an RTX 3090 $0.22."""


@pytest.fixture(autouse=True)
def speed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request takes a machine 2 s for 200 tokens written, and 1 s more for 500 read; half of it in 4 bit, two
    thirds at the high end."""

    def answers_of(workload: Workload, gpu: Gpu, gpus: int, traffic: Traffic, estimate: str) -> Answers:
        seconds = (traffic.output_tokens or 0) / 100 + (traffic.input_tokens or 0) / 500
        seconds /= (2 if workload.quantization == "awq" else 1) * (1.5 if estimate == "high" else 1)
        return lambda many: AnswerPace(many, seconds, None, 0.01, "by hand")

    monkeypatch.setattr(self_hosting, "answers_of", answers_of)


def job(folder: Path, **changes: Any) -> str:
    path = folder / "job.json"
    path.write_text(json.dumps({**JOB, **changes}), encoding="utf-8")
    return str(path)


def answer(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    assert main(["breakeven", *words, *PRICES, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_job_with_traffic(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, job(tmp_path), "--api", "1/2.5", "--ops", "200")
    month, each = 0.95 * 730, (500 * 1 + 200 * 2.5) / 1e6
    assert found["api"]["per_request"] == pytest.approx(each) == pytest.approx(0.001)
    assert found["machine"]["per_month"] == pytest.approx(month) == pytest.approx(693.5)
    assert found["machine"]["requests_per_hour"] == 1200
    assert (
        found["machine"]["requests_per_month"] == 1200 * 730 // 2
    )  # the busiest hour asks twice the mean one
    assert found["utilization"] == 0.5
    # 893.5 ÷ 0.001 is beyond 438,000; two: 1,587 ÷ 0.001 beyond 876,000; a full machine costs 693.5 and saves 438.
    assert found["break_even"] is None
    assert found["pays_above_utilization"] == pytest.approx(0.95 / 1200 / 0.001, rel=1e-4)  # 79 %
    # At the high end 1,800 an hour, 657,000 a month, save less than the 693.5 as well.
    assert found["quickest"] == {"requests_per_hour": 1800, "break_even": None}
    used = {one["what"]: one["break_even"] for one in found["otherwise"]}
    assert used["the machine is busy 75 % of the time"] is None
    # 876,000 a machine earn $182.50 over the API: two pay the $200. (2 × 693.5 + 200) ÷ 0.001 = 1,587,000.
    assert used["the machine is busy 100 % of the time"]["first"] == 1_587_000
    assert found["requests_per_month"] == 24_000 * 730 / 24


def test_growth_and_the_mix(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, job(tmp_path), "--api", "2/5")
    assert found["break_even"]["first"] == 346_750  # 693.5 ÷ 0.002; there are 730,000 today
    assert found["months_until"] == 0
    # Peak 2: an hour asks 1 + cos of the mean, a full machine answers 876,000 a month, 1.2 means. Above lie
    # cos − 0.2 of the hours within 78.5°: 0.8 + 2 (cos 15° + … + cos 75° − 5 × 0.2) = 5.396 of 24, 22.48 %.
    assert found["hybrid"]["machines"] == 1
    assert found["hybrid"]["api_requests"] == pytest.approx(164_121, abs=20)
    assert found["hybrid"]["cost"] == pytest.approx(693.5 + 164_121 * 0.002, abs=0.1)
    few = answer(capsys, job(tmp_path), "--api", "2/5", "--requests", "5000")
    assert (
        answer(capsys, job(tmp_path), "--api", "2/5", "--requests", "5000", "--growth", "0.1")["months_until"]
        == 9
    )
    assert few["months_until"] == 5  # 5,000 a day are 152,083; × 1.2⁴ = 315,360, × 1.2⁵ = 378,432


def test_an_slo_that_no_machine_keeps_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(["breakeven", job(tmp_path, slo={"tpot_ms": 5}), *PRICES]) == 0
    )  # 10 ms a token, whatever is done
    assert "too slow for the job's slo, even with one request at a time" in capsys.readouterr().out
    assert answer(capsys, job(tmp_path, slo={"tpot_ms": 10}))["machine"]["keeps_slo"]


def test_what_ifs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--what-if", "prefix-cache=0.4", "--what-if", "semantic-cache=50%")
    found = answer(capsys, job(tmp_path), "--api", "2/5", "--requests", "72000", *words)["what_if"]
    prefix, semantic = found["rows"]
    # 2,190,000 a month on 438,000 each: 5 machines. Reading takes 0.6 s in place of 1: 2.6 of 3 s, 5 × 2.6 ÷ 3 = 4.3.
    assert (prefix["now"], prefix["then"], prefix["left"]) == (
        3467.5,
        3467.5,
        pytest.approx(2.6 / 3, abs=1e-4),
    )
    assert (semantic["then"], semantic["left"], semantic["source"]) == (3 * 693.5, 0.5, "yours")
    assert found["together"] == pytest.approx(
        3467.5 * 0.5 * 2.6 / 3, abs=0.01
    )  # multiplied, not 1 − 0.5 − 0.13


def test_the_same_lines_beside_a_plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["plan", job(tmp_path), *PRICES, "--what-if", "quantization"]
    main([*words, "--json"])
    found = json.loads(capsys.readouterr().out)["what_if"]
    # 730,000 on 438,000 each: 2 × L40S. In 4 bit one machine answers them, the cheapest that holds it: an RTX 3090.
    assert found["rows"][0]["now"] == 2 * 693.5
    assert found["rows"][0]["then"] == pytest.approx(0.22 * 730)
    main(words)
    assert "(now 2 machines rented all month, $1,387)" in (said := capsys.readouterr().out)
    assert "quantization: $161 (per request " in said
    plain = job(tmp_path, traffic={})
    assert main(["plan", plain, *PRICES, "--what-if", "all"]) == 2
    assert "undeclared-traffic" in capsys.readouterr().err


def test_the_api_prices_of_the_settings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "gpuspec.toml").write_text('api-prices = "apis.tsv"')
    (tmp_path / "apis.tsv").write_text("provider\tmodel\tinput\toutput\tread\nacme\tchat\t2\t5\t2026-11-01\n")
    found = answer(capsys, job(tmp_path), "--api", "acme/chat")
    assert (found["api"]["model"], found["api"]["as_of"]) == ("chat", "2026-11-01")
    assert found["break_even"]["first"] == 346_750


@pytest.mark.parametrize(
    ("words", "code", "hint"),
    [
        (["--api", "gpt4o"], "unknown-api", "did you mean gpt-4o?"),
        (["--api", "0/0"], "unknown-api", "2.50/10"),
        (["--api", "-1/2"], "unknown-api", "2.50/10"),
        (["--what-if", "spott"], "unknown-what-if", "did you mean spot?"),
        (["--what-if", "cascade=2"], "unknown-what-if", "cascade=0.6"),
        (["--what-if", "spot=0.5"], "unknown-what-if", "--what-if spot"),
        (["--on", "T4"], "no-machine", "--on 2xT4"),
        (["--on", "3xH100"], "no-machine", "size --on 3xH100"),  # 8 KV heads
        (["--utilization", "2"], "wrong-usage", ""),
        (["--ops", "nan"], "wrong-usage", ""),
        (["--requests", "0"], "wrong-usage", ""),
    ],
)
def test_wrong_input(words: list[str], code: str, hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["breakeven", "Llama-3.1-70B", *words]) == 2
    said = capsys.readouterr()
    assert f"error[{code}]" in said.err
    assert hint in said.err
    assert not said.out


def test_what_has_no_tokens_or_no_api(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["breakeven", "SDXL"]) == 2
    assert "error[no-break-even]" in capsys.readouterr().err
    assert main(["breakeven", "110B", "--params-b", "110"]) == 2
    assert "error[unknown-api]" in capsys.readouterr().err


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_no_line_is_wider_than_the_terminal(
    columns: int, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    assert main(["breakeven", job(tmp_path), "--api", "2/5", *PRICES]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert max(map(len, out.splitlines())) <= columns
    assert "Renting 1 × L40S costs less from 346,750 requests" in " ".join(out.split())
    assert "never" not in out.split("From how many requests")[0]


def test_a_name_from_a_file_drives_no_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = {"id": "evil\x1b[2J", "params_b": 8}
    assert main(["breakeven", job(tmp_path, model=model, run="vllm serve x"), "--api", "2/5", *PRICES]) == 0
    assert "\x1b" not in capsys.readouterr().out


def test_the_table_of_api_prices(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prices", "apis", "deepseek", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {row["provider"] for row in rows} == {"DeepSeek"}
    assert main(["prices", "apis", "gpt-4o"]) == 0
    assert "OpenAI    gpt-4o  2.5" in capsys.readouterr().out
    assert main(["prices", "apis", "nobody"]) == 2
    assert "error[unknown-api]" in capsys.readouterr().err
