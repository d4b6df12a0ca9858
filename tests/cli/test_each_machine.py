"""`ps`, `reap`, `stop` and `down` go on to the next machine, whatever becomes of one: each costs money."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gpuspec.cli.main import main
from gpuspec.errors import UserError
from gpuspec.launch.launcher import Run, Stray, StraysUnknown
from gpuspec.launch.records import Records
from gpuspec.launch.skypilot import skypilot_launcher
from gpuspec.testing import FakeLauncher, fake_launcher

FAULTS = [
    ValueError("no number"),
    TimeoutError("gs-a is still there after 60 s"),
    KeyError("state"),
    RecursionError("too deep"),
    OSError(5, "Input/output error"),
    UserError("left-running", "it stays", "look for it", status=1),
]


@pytest.fixture(params=FAULTS, ids=lambda each: type(each).__name__)
def fault(request: pytest.FixtureRequest) -> Exception:
    found: Exception = request.param
    return found


@pytest.fixture
def where(fault: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeLauncher]:
    """Three runs of a launcher, all past their limits; whatever is asked about the second raises."""
    monkeypatch.setenv("GPUSPEC_STATE_DIR", str(tmp_path / "state"))
    for number, name in enumerate("abc"):
        Records().new(
            name=name, launcher="acme", spec_path="-", workdir="/", machine=f"m-{name}", max_hours=1.0,
            state="running", started=time.time() - 7200 - number, started_up=None,  # this machine may be up for less
        )  # fmt: skip
    with fake_launcher("acme") as fake:
        yield fake


def broken(fake: FakeLauncher, method: str, fault: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    works = getattr(fake, method)

    def call(run: Run, **more: Any) -> Run:
        if run.name == "b":
            raise fault
        found: Run = works(run, **more)
        return found

    monkeypatch.setattr(fake, method, call)


def asked(fake: FakeLauncher, method: str) -> set[str | None]:
    return {run.name for called, run in fake.calls if called == method}


def words(fault: Exception) -> str:
    return fault.message if isinstance(fault, UserError) else f"{type(fault).__name__}: {fault}"


def test_reap_asks_and_ends_the_others(
    where: FakeLauncher, fault: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken(where, "state", fault, monkeypatch)
    assert main(["reap", "--yes"]) == 1
    assert f"(b) cannot be asked: {words(fault)}" in capsys.readouterr().err
    assert asked(where, "state") == {"a", "c"}
    assert asked(where, "down") == {"a", "b", "c"}  # that of `b` by its record: it is past its limit


def test_reap_says_which_could_not_be_ended(
    where: FakeLauncher, fault: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken(where, "down", fault, monkeypatch)
    assert main(["reap", "--yes"]) == 1
    assert f"{Records().get('b').id}: NOT ended: {words(fault)}" in capsys.readouterr().err
    assert asked(where, "down") == {"a", "c"}


def test_reap_takes_the_other_strays_away(
    where: FakeLauncher, fault: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    taken: list[str] = []

    def remove(machine: str) -> None:
        if machine == "two":
            raise fault
        taken.append(machine)

    strays = tuple(Stray(name, "nobody knows it", None) for name in ("one", "two", "three"))
    monkeypatch.setattr(where, "strays", lambda: strays)
    monkeypatch.setattr(where, "remove", remove)
    assert main(["reap", "--yes"]) == 1
    assert taken == ["one", "three"]
    assert f"two: NOT taken away: {words(fault)}" in capsys.readouterr().err


def test_reap_asks_the_other_launchers_for_strays(
    where: FakeLauncher, fault: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def strays() -> tuple[Stray, ...]:
        raise fault

    monkeypatch.setattr(where, "strays", strays)
    with fake_launcher("other") as other:
        monkeypatch.setattr(other, "strays", lambda: (Stray("theirs", "nobody knows it", None),))
        assert main(["reap", "--yes"]) == 1
    shown = capsys.readouterr()
    assert f"acme cannot be asked for its machines: {words(fault)}" in shown.err
    assert "theirs: taken away" in shown.out


def test_ps_shows_the_others(
    where: FakeLauncher, fault: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken(where, "state", fault, monkeypatch)
    assert main(["ps"]) == 0
    shown = capsys.readouterr().out
    assert f"cannot be asked: {words(fault)}" in shown
    assert all(Records().get(name).id in shown for name in "abc")


@pytest.mark.parametrize("method", ["down", "stop"])
def test_the_others_are_ended(
    method: str, where: FakeLauncher, fault: Exception, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    broken(where, method, fault, monkeypatch)
    expected = 1 if isinstance(fault, UserError) else 3
    assert main([method, "a", "b", "c"]) == expected
    assert str(fault) in capsys.readouterr().err
    assert asked(where, method) == {"a", "c"}
    assert main([method, "nosuch", "c"]) == 2
    assert "error[unknown-run]" in capsys.readouterr().err


def test_ctrl_c_ends_no_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPUSPEC_STATE_DIR", str(tmp_path / "state"))
    for name in "abc":
        Records().new(name=name, launcher="acme", spec_path="-", workdir="/", state="running")

    def pressed(run: Run) -> Run:
        ended.append(run.name)
        raise KeyboardInterrupt

    ended: list[str] = []
    with fake_launcher("acme") as fake:
        monkeypatch.setattr(fake, "down", pressed)
        assert main(["down", "a", "b", "c"]) == 130
    assert ended == ["a"]


@pytest.mark.usefixtures("where")
def test_skypilot_asks_its_controllers_though_its_machines_cannot_be_asked(
    fault: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def machines(runs: object) -> tuple[Stray, ...]:
        raise fault

    stray = Stray("gs-job", "no run here knows it", None)
    monkeypatch.setattr(skypilot_launcher, "_machine_strays", machines)
    monkeypatch.setattr(skypilot_launcher, "controlled_strays", lambda runs: (stray,))
    monkeypatch.setattr(skypilot_launcher, "skypilot_used", lambda: True)
    with pytest.raises(StraysUnknown) as caught:
        skypilot_launcher.SkyPilotLauncher().strays()
    assert caught.value.found == (stray,)
    assert caught.value.message == words(fault)
    assert caught.value.code == (fault.code if isinstance(fault, UserError) else "strays-unknown")
