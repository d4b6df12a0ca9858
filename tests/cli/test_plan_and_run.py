"""`gpuspec plan`, `export` and `run` up to the point where something would be rented."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from gpuspec.cli.main import main
from gpuspec.launch.records import Records
from gpuspec.report.width import width

PRICES = """\
Cloud,Region,InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,Price,SpotPrice
runpod,US,1x_RTX4090,RTX4090,1,8,64,0.69,0.34
lambda,us-east-1,gpu_1x_a6000,A6000,1,14,100,0.80,
lambda,us-east-1,gpu_1x_h100_pcie,H100,1,26,200,2.49,
verda,FIN-01,1A6000.10V,RTX-A6000,1,10,60,0.50,
"""


@pytest.fixture
def prices(tmp_path: Path) -> str:
    path = tmp_path / "prices.csv"
    path.write_text(PRICES)
    return str(path)


def spec(folder: Path, **fields: Any) -> str:
    job = {
        "name": "chat",
        "task": "batch",
        "model": {"id": "Qwen/Qwen2.5-7B-Instruct", "dtype": "bf16", "context": 4096, "concurrency": 4},
        "gpu_types": ["RTX A6000", "RTX 4090"],
        "gpu_count": 1,
        "min_vram": 20,
        "max_price": 2.0,
        "budget": {"max_hours": 2, "max_total": 5},
        "keep_alive_minutes": 3,
        "outputs": ["results/"],
        "run": "python work.py",
        **fields,
    }
    path = folder / "gpu.jsonc"
    path.write_text(json.dumps({name: value for name, value in job.items() if value is not None}))
    return str(path)


def test_a_plan_for_people(
    tmp_path: Path, prices: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # a path is not broken, and pytest's folder may be a long one
    assert main(["plan", Path(spec(tmp_path)).name, "--prices", Path(prices).name]) == 0
    out = capsys.readouterr().out
    assert all(width(line) <= 80 for line in out.splitlines())
    rows = [line.split() for line in out.splitlines() if line[:2] in ("1 ", "2 ")]
    assert [(row[0], " ".join(row[1:5]), row[-3], row[-1]) for row in rows] == [
        ("1", "1 × RTX 4090", "0.69", "0.34"),
        ("2", "1 × RTX A6000", "0.80", "–"),
    ]
    assert float(rows[0][-2]) < float(rows[1][-2])  # $ per million tokens
    assert "verda cannot take an idle machine down" in " ".join(out.split())
    # 2 h × $0.69 = $1.38, 3 min × $0.69/h = $0.03, 15 GB of weights at 100 MB/s = 2.5 min = $0.03
    assert "run 2 h × $0.69/h = $1.38; idle 3 min × $0.69/h = $0.03" in " ".join(out.split())
    assert "within the budget of $5.00" in out


def test_a_plan_for_programs(tmp_path: Path, prices: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", spec(tmp_path, spot="allowed"), "--prices", prices, "--json"]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert (plan["choice"]["gpu"], plan["choice"]["price"], plan["choice"]["spot"]) == (
        "RTX 4090",
        0.34,
        True,
    )
    assert [(c["cloud"], c["price"], c["kept"], c["limit"]) for c in plan["candidates"]] == [
        ("runpod", 0.34, True, None),
        ("runpod", 0.69, True, None),
        ("lambda", 0.8, True, None),
        ("lambda", 2.49, False, "gpu_types"),
        ("verda", 0.5, False, "timer"),
    ]
    assert plan["need"]["known"] is True
    assert plan["cost"]["total"] < plan["budget"]["max_total"] == 5
    assert plan["candidates"][3]["reason"] == "not in gpu_types"


def test_all_shows_each_offer_with_its_reason(
    tmp_path: Path, prices: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plan", spec(tmp_path), "--prices", prices, "--all"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "1 × H100 80GB at $2.49/h, lambda us-east-1 gpu_1x_h100_pcie: not in gpu_types" in out


def test_nothing_that_satisfies_is_exit_1(
    tmp_path: Path, prices: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plan", spec(tmp_path, max_price=0.1), "--prices", prices]) == 1
    assert "nothing: no offer satisfies every limit" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "code"),
    [('{"name": ', "syntax"), ("[1]", "no-job"), ("\0\1", "binary-file"), (None, "no-such-file")],
)
def test_what_is_no_spec(
    text: str | None, code: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "gpu.jsonc"
    if text is not None:
        path.write_text(text)
    assert main(["plan", str(path)]) == 2
    assert f"error[{code}]" in capsys.readouterr().err
    assert main(["run", str(path), "--yes"]) == 2
    assert f"error[{code}]" in capsys.readouterr().err


def test_a_folder_is_nothing_to_launch(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(tmp_path)]) == 2
    assert "error[not-a-file]" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("runpod,US,x,RTX4091,1,,,0.5,", "nobody knows a GPU called 'RTX4091'; did you mean"),
        ("runpod,US,x,RTX4090,1,,,cheap,", "Price is 'cheap', not a number"),
        ("runpod,US,x,RTX4090,1.5,,,1,", "AcceleratorCount is not a whole number"),
        ("runpod,US,x,RTX4090,1,,,,", "neither Price nor SpotPrice"),
        (",US,x,RTX4090,1,,,1,", "no Cloud"),
    ],
)
def test_a_price_file_that_is_wrong_names_the_line(
    row: str, why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prices = tmp_path / "mine.csv"
    prices.write_text(PRICES + row + "\n")
    assert main(["plan", spec(tmp_path), "--prices", str(prices)]) == 2
    error = capsys.readouterr().err
    assert f"error[price-file]: {prices}:6: {why}" in error


def test_dry_run_shows_the_plan_and_the_yaml_and_imports_no_skypilot(tmp_path: Path, prices: str) -> None:
    code = (
        "import sys; from gpuspec.cli.main import main; status = main(sys.argv[1:]);"
        "sys.exit(status or ('sky' in sys.modules) * 9)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "run", spec(tmp_path), "--prices", prices, "--dry-run"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "1 × RTX 4090 at $0.69/h" in " ".join(done.stderr.split())
    assert done.stdout.startswith("# written by gpuspec")
    assert '      accelerators: "RTX4090:1"\n' in done.stdout
    assert main(["export", spec(tmp_path), "--prices", prices]) == 0


def test_an_exported_file_holds_no_key_of_the_job(
    tmp_path: Path, prices: str, capsys: pytest.CaptureFixture[str]
) -> None:
    value = "8f3a1c9e5b7d2046" + "a8e1f0c3b5d79e24"
    for fields in ({"env": {"WANDB_API_KEY": value}}, {"run": f"WANDB_API_KEY={value} python work.py"}):
        assert main(["export", spec(tmp_path, **fields), "--prices", prices]) == 1
        shown = capsys.readouterr()
        assert shown.out == ""
        assert "error[inline-secret]" in shown.err
        assert "sky launch --secret NAME" in shown.err
        assert value not in shown.err
    config = tmp_path / "gpuspec.toml"
    config.write_text("[severity]\ninline-secret = 'info'\n")
    assert main(["export", spec(tmp_path, env={"WANDB_API_KEY": value}), "--prices", prices]) == 1
    path = Path(spec(tmp_path, env={"WANDB_API_KEY": value}))
    path.write_text("// gpuspec: ignore-file[GS701] a local server's\n" + path.read_text())
    capsys.readouterr()
    assert main(["export", str(path), "--prices", prices]) == 0
    assert value in capsys.readouterr().out


def test_nothing_is_exported_where_keys_could_not_be_looked_for(
    tmp_path: Path, prices: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """More shell than is read (256 KiB), and a rule that fails."""
    path = spec(tmp_path, run="true\n" * 60_000)
    assert main(["export", path, "--prices", prices]) == 1
    shown = capsys.readouterr()
    assert (shown.out, "error[not-checked]" in shown.err) == ("", True)

    def fails(*arguments: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr("gpuspec.rules.safety.inline_secret.InlineSecret.check", fails)
    assert main(["export", spec(tmp_path), "--prices", prices]) == 3
    shown = capsys.readouterr()
    assert (shown.out, "error[not-checked]" in shown.err, "boom" in shown.err) == ("", True, True)


def test_a_job_is_linted_once_before_it_is_exported(
    tmp_path: Path, prices: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    for name in ("safety.inline_secret.InlineSecret", "price.over_budget.OverBudget"):
        monkeypatch.setattr(f"gpuspec.rules.{name}.check", lambda rule, facts: asked.append(rule.code))
    assert main(["export", spec(tmp_path), "--prices", prices]) == 0
    assert sorted(asked) == ["GS505", "GS701"]


def test_another_rule_that_fails_does_not_keep_a_job_from_being_exported(
    tmp_path: Path, prices: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*arguments: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr("gpuspec.rules.price.over_budget.OverBudget.check", fails)
    assert main(["export", spec(tmp_path), "--prices", prices]) == 0
    assert main(["run", spec(tmp_path), "--prices", prices, "--dry-run"]) == 0
    assert capsys.readouterr().err.count("boom") == 2


def test_lint_errors_stop_it_with_the_findings(
    tmp_path: Path, prices: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", spec(tmp_path, gpu_types=["RTX 4091"]), "--yes", "--prices", prices]) == 1
    error = capsys.readouterr().err
    assert "GS004" in error
    assert "error[lint-errors]" in error


@pytest.mark.skipif(shutil.which("rsync") is None, reason="no rsync here")
def test_nobody_to_ask_is_an_error_not_a_yes(
    tmp_path: Path, prices: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gpuspec.launch.skypilot.client.find_spec", lambda name: True)
    from gpuspec.cli.run import command
    from gpuspec.errors import UserError

    done = CliRunner().invoke(command, [spec(tmp_path), "--prices", prices])
    assert isinstance(done.exception, UserError)
    assert done.exception.code == "cannot-ask"
    # at worst 2 h, 3 idle and 2.5 download minutes, in whole minutes 126, on the A6000 at $0.80
    question = "Launch at $0.69/h (up to $0.80/h where cheaper ones are sold out), $1.68 in all at worst?"
    assert question in done.exception.message


def test_a_job_that_asks_for_no_gpu_runs_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GPUSPEC_STATE_DIR", str(tmp_path / "state"))
    path = tmp_path / "gpu.jsonc"
    path.write_text('{"name": "hello", "task": "batch", "keep_alive_minutes": 0, "run": "echo hi from here"}')
    assert main(["run", str(path), "--yes"]) == 0
    assert "hi from here" in capfd.readouterr().out
    path.write_text('{"name": "hello", "task": "batch", "keep_alive_minutes": 0, "run": "exit 4"}')
    assert main(["run", str(path), "--yes"]) == 1


@pytest.mark.parametrize(
    ("budget", "shards", "share", "enough"),
    [
        # 2 h × $0.69, 3 idle and 2.5 download minutes are $1.44, SkyPilot's 256 GB of disk at $0.10 a month $0.07
        ({"max_hours": 2, "max_total": 5}, "3", "$1.67", True),
        ({"max_hours": 2, "max_total": 5}, "4", "$1.25", False),
        ({"max_total": 5}, "4", "$1.25", True),  # a shorter limit for each
    ],
)
def test_machines_that_share_the_items_share_the_budget(
    tmp_path: Path,
    prices: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    budget: dict[str, float],
    shards: str,
    share: str,
    enough: bool,
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    path = spec(
        tmp_path,
        gpu_types=["RTX 4090"],
        items=["a", "b", "c", "d"],
        run="python work.py {item}",
        budget=budget,
        outputs=None,
    )
    arguments = ["run", path, "--prices", prices, "--on", "skypilot"]
    status = 2 if enough else 1  # no SkyPilot here, or nobody to ask; what lint finds comes first
    assert main([*arguments, "--shards", shards]) == status
    said = " ".join(capsys.readouterr().err.split())
    assert f"{shards} machines share the budget: {share} is the most for each" in said
    over = f"error[GS505] over-budget: RTX 4090 at $0.69/h costs up to $1.52, $0.27 over max_total ({share})"
    assert (over in said) is not enough
    assert main([*arguments, "--shard", f"1/{shards}"]) == status  # as each of them is started
    said = " ".join(capsys.readouterr().err.split())
    assert (over in said, f"the budget of {share}" in said) == (not enough, enough)


def test_the_items_against_the_time_limit_and_a_deadline(
    tmp_path: Path, prices: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GPUSPEC_STATE_DIR", str(tmp_path / "state"))
    (tmp_path / "inputs.txt").write_text("".join(f"{number}\n" for number in range(1000)))
    path = spec(tmp_path, gpu_types=["RTX 4090"], model=None, items="inputs.txt", run="python work.py {item}")

    def said(*options: str) -> str:
        assert main(["plan", path, "--prices", prices, *options]) == 0
        return " ".join(capsys.readouterr().out.partition("\nitems ")[2].split())

    assert said() == ""  # nothing is known, and nobody asked
    assert said("--deadline", "1") == (
        "1,000 items; how long one takes is not known: run some, or give --item-seconds"
    )
    Records().new(
        name="chat", launcher="skypilot", spec_path=path, workdir=str(tmp_path), cloud="runpod",
        instance="1x_RTX4090", gpu="RTX4090", gpu_count=1, item_seconds=9.0, id="abc", state="succeeded",
    )  # fmt: skip
    # 1,000 × 9 s = 2.5 h: two machines, 1.25 h and 3 idle minutes each at $0.69 and $0.035 (256 GB of disk): $1.89
    assert said() == (
        "1,000 items × 9 s (run abc, 1 × RTX 4090) = 2.5 h of work within 2 h "
        f"2 machines of 1 × RTX 4090 at $0.69/h: 1.25 h, $1.89 gpuspec run --shards 2 {path}"
    )
    assert f"gpuspec run --shards 4 --max-hours 0.75 {path}" in said("--deadline", "0.75")
    # seven machines for 2 h and 3 min at $0.69 and $0.035
    assert said("--item-seconds", "50") == (
        "1,000 items × 50 s (as you say, 1 × RTX 4090) = 13.9 h of work within 2 h "
        "7 machines of 1 × RTX 4090 at $0.69/h: 1.99 h, $10.32; worst case $10.40 is over the budget of $5.00"
    )
    assert main(["plan", path, "--prices", prices, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["items"]
    assert (found["count"], found["seconds_each"], found["ways"][0]["machines"]) == (1000, 9.0, 2)
    assert main(["plan", spec(tmp_path), "--prices", prices, "--deadline", "1"]) == 2
    assert "error[no-items]" in capsys.readouterr().err
