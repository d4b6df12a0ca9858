"""`gpuspec run` of several specs: one question, one budget, and nothing that runs unnoticed."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from gpuspec.cli.main import main
from gpuspec.cli.several_runs import budget_shares
from gpuspec.errors import UserError
from gpuspec.launch.launcher import Outcome
from gpuspec.launch.records import Records

PRICES = "Cloud,Region,InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,Price,SpotPrice\n"
PRICES += "runpod,US,1x_RTX4090,RTX4090,1,8,64,1.00,\nrunpod,US,1x_L40S,L40S,1,16,90,2.00,\n"


class Cloud:
    """A launcher of a cloud that exists here alone. `becomes`: name of a job → how it ends."""

    name = "skypilot"
    rents = True
    dies_with: BaseException | None = None
    """What breaks a launch off once a machine is rented, before its state says so"""

    def __init__(self, becomes: dict[str, Any]) -> None:
        self.becomes = becomes
        self.launched: list[tuple[str, float | None]] = []

    def check(self, job: Any, plan: Any, settings: Any) -> None:
        if job.name == "no-secret":
            raise UserError("missing-secret", "HF_TOKEN is not set", "set it")

    def launch(self, job: Any, plan: Any, settings: Any, record: Any) -> Outcome:
        self.launched.append((job.name, settings.max_hours))
        end = self.becomes.get(job.name, "succeeded")
        if isinstance(end, BaseException):
            raise end
        if isinstance(end, signal.Signals):
            os.kill(os.getpid(), end)
            end = "succeeded"
        if self.dies_with:
            record.update(machine=f"m-{job.name}")
            raise self.dies_with
        record.update(state=end, machine=f"m-{job.name}")
        return Outcome(end)


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Cloud:
    made = Cloud({})
    monkeypatch.setattr("gpuspec.cli.run.find_launcher", lambda name: made)
    monkeypatch.setenv("GPUSPEC_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ours.csv").write_text(PRICES)
    return made


def spec(name: str, gpu: str = "RTX 4090", hours: float | None = 4, **more: Any) -> str:
    job = {"name": name, "task": "batch", "gpu_types": [gpu], "keep_alive_minutes": 0, "disk_gb": 1, **more}
    job |= {"run": "echo done"} | ({"budget": {"max_hours": hours}} if hours else {})
    Path(f"{name}.jsonc").write_text(json.dumps(job))
    return f"{name}.jsonc"


def run(*words: str) -> int:
    return main(["run", *words, "--prices", "ours.csv", "--yes"])


def states() -> dict[str, str]:
    return {each.name: each.state for each in Records().all()}


def test_shares_of_a_budget() -> None:
    # 10 − 3 − 1 = 6 dollars are left for two
    assert budget_shares(10, [("a", 3), ("b", None), ("c", 1), ("d", None)]) == [None, 3, None, 3]
    assert budget_shares(4, [("a", 3), ("b", 1)]) == [None, None]
    with pytest.raises(UserError, match=r"a \$3\.00, b \$1\.50\): over the --budget of \$4\.00") as over:
        budget_shares(4, [("a", 3), ("b", 1.5)])
    assert over.value.code == "over-budget"
    with pytest.raises(UserError, match="and c without a limit"):
        budget_shares(4, [("a", 4), ("c", None)])


def test_each_has_a_record_and_one_that_fails_keeps_none_from_running(
    cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    cloud.becomes["b"] = "failed"
    assert run(spec("a"), spec("b", "L40S"), spec("c")) == 1
    assert [name for name, _ in cloud.launched] == ["a", "b", "c"]
    assert states() == {"a": "succeeded", "b": "failed", "c": "succeeded"}
    told = capsys.readouterr().err
    rows = [line.split() for line in told.splitlines() if "jsonc" in line and "$" in line]
    assert [(row[0], row[1], row[-2]) for row in rows[:3]] == [
        ("a.jsonc", "a", "1.00"), ("b.jsonc", "b", "2.00"), ("c.jsonc", "c", "1.00"),
    ]  # fmt: skip
    assert [row[1:3] for row in rows[3:]] == [
        ["a.jsonc", "succeeded"],
        ["b.jsonc", "failed"],
        ["c.jsonc", "succeeded"],
    ]


def test_all_are_checked_before_the_first_is_launched(
    cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(spec("a"), spec("no-secret")) == 2
    assert run(spec("a"), spec("wrong", gpu_count="two")) == 1  # lint refuses it
    assert (cloud.launched, states()) == ([], {})


@pytest.mark.parametrize("trouble", [UserError("sold-out", "no machine is to be had"), KeyboardInterrupt()])
def test_what_goes_on_is_told_where_one_cannot_be_launched(
    trouble: BaseException, cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    cloud.becomes |= {"a": "running", "b": trouble}
    status = run(spec("a"), spec("b"), spec("c"), "--detach")
    assert status == (130 if isinstance(trouble, KeyboardInterrupt) else 2)
    assert [name for name, _ in cloud.launched] == ["a", "b"]
    assert states()["a"] == "running"
    assert states()["b"] in ("failed", "interrupted")
    told = capsys.readouterr().err
    going = next(each.id for each in Records().all() if each.name == "a")
    assert "not launched: c.jsonc" in told
    assert f"still going on, $1.00/h: `gpuspec ps` shows them, `gpuspec down {going}` ends them" in told


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_polite_kill_is_as_ctrl_c_for_any_launcher(
    number: signal.Signals, cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    cloud.becomes["a"] = number
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # a test session may be under nohup
    try:
        assert run(spec("a"), spec("b")) == 130
    finally:
        signal.signal(signal.SIGHUP, before)
    assert states() == {"a": "interrupted"}
    assert "not launched: b.jsonc" in capsys.readouterr().err


def test_nohup_is_obeyed(cloud: Cloud) -> None:
    cloud.becomes["a"] = signal.SIGHUP
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert run(spec("a")) == 0
    finally:
        signal.signal(signal.SIGHUP, before)
    assert states() == {"a": "succeeded"}


@pytest.mark.parametrize("trouble", [RuntimeError("no"), UserError("sold-out", "no"), KeyboardInterrupt()])
def test_a_run_that_has_a_machine_is_not_over_because_its_launch_broke_off(
    trouble: BaseException, cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else nobody would ask for the machine any more."""
    cloud.dies_with = trouble
    assert run(spec("a"), spec("b")) != 0
    assert states() == {"a": "starting"}
    assert "still going on, $1.00/h" in capsys.readouterr().err


def test_a_budget_holds_for_all_together(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    # 4 h × $1 and 4 h × $2, and a 1 GB disk: 12 dollars and a fraction of a cent
    assert run(spec("a"), spec("b", "L40S"), "--budget", "11.9") == 2
    assert cloud.launched == []
    assert (
        "error[over-budget]: at worst these cost $12.00 (a.jsonc $4.00, b.jsonc $8.00)"
        in capsys.readouterr().err
    )
    assert run("a.jsonc", "b.jsonc", "--budget", "12.1") == 0
    # One without a limit has what the others leave: 12 − 4 dollars are 4 hours of $2; two: 2 hours each.
    cloud.launched.clear()
    assert run("a.jsonc", spec("c", "L40S", None), "--budget", "12") == 0
    assert cloud.launched == [("a", 4), ("c", pytest.approx(4, rel=1e-3))]
    cloud.launched.clear()
    assert run("a.jsonc", "c.jsonc", spec("d", "L40S", None), "--budget", "12") == 0
    assert cloud.launched[1:] == [("c", pytest.approx(2, rel=1e-3)), ("d", pytest.approx(2, rel=1e-3))]


def test_a_budget_of_one_is_as_its_own(cloud: Cloud) -> None:
    assert run(spec("c", "L40S", None), "--budget", "6") == 0
    assert cloud.launched == [("c", pytest.approx(3, rel=1e-3))]


def test_one_question_is_asked(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", spec("a"), spec("b", "L40S"), "--prices", "ours.csv"]) == 2
    asked = "Launch 2 jobs, one after the other, at $1.00/h to $2.00/h, $12.00 in all at worst?"
    assert asked in capsys.readouterr().err
    assert main(["run", spec("c", "L40S", None), "a.jsonc", "-d", "--prices", "ours.csv"]) == 2
    told = capsys.readouterr().err
    assert (
        "without waiting for any, at $3.00/h to $3.00/h in all, $4.00 in all at worst beside c.jsonc" in told
    )
    assert cloud.launched == []
