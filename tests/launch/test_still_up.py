"""Which machines are still up: what is told of them, and when a machine counts as away."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from gpuspec.cli import ps, reap
from gpuspec.cli.main import main
from gpuspec.errors import UserError
from gpuspec.launch.launcher import Run, Stray
from gpuspec.launch.records import Records, record_of
from gpuspec.launch.skypilot import skypilot_launcher, strays
from gpuspec.launch.skypilot.client import Machine
from gpuspec.launch.skypilot.skypilot_launcher import SkyPilotLauncher

from . import drive_rented as cloud
from .rented import gpuspec, run

UNREADABLE = UserError("skypilot-failed", "SkyPilot gave an answer that cannot be read")


def ended_long_ago(name: str) -> Run:
    """Its idle minutes (7 by the spec) and the 10 that a timer may be late have passed since: 20 minutes."""
    record = record_of(Records().get(name))
    return record.update(ended_up=(record.run.ended_up or 0) - 20 * 60)


def overdue_run(machine: str) -> Run:
    record = Records().new(name="job", launcher="skypilot", spec_path="-", workdir="/w", machine=machine)
    record.update(state="succeeded", keep_alive_minutes=0.0)
    return ended_long_ago(record.run.id)


def machine(name: str) -> Machine:
    return cloud.machine(name, idle_minutes=5, down=True, label="x")


class FakeCloud:
    """A client that knows these machines, or none; it cannot be made where SkyPilot is missing."""

    def __init__(self, *names: str, missing: bool = False) -> None:
        self.names, self.missing, self.taken = names, missing, list[str]()

    def __call__(self) -> FakeCloud:
        if self.missing:
            raise UserError("skypilot-missing", "SkyPilot is not installed")
        return self

    def machines(self) -> list[Machine]:
        return [machine(name) for name in self.names]

    def down(self, name: str) -> None:
        self.taken.append(name)


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPUSPEC_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setattr(skypilot_launcher, "skypilot_used", lambda: True)
    monkeypatch.setattr(skypilot_launcher, "controlled_strays", lambda runs: ())
    monkeypatch.setattr(reap, "launchers", lambda: ["skypilot"])


def use(patch: pytest.MonkeyPatch, fake: FakeCloud) -> FakeCloud:
    patch.setattr(skypilot_launcher, "Client", fake)
    return fake


def test_a_machine_that_another_run_has_is_not_away(rented: Path) -> None:
    assert run(rented).returncode == 0
    first = Records().get("job").id
    assert "is still up and will do" in run(rented, "--detach").stderr
    ended_long_ago(first)
    assert gpuspec("ps").returncode == 0
    assert [each.gone for each in Records().all()] == [None, None]
    assert len(cloud.read()) == 1


@pytest.mark.usefixtures("state")
def test_a_machine_is_not_away_where_skypilot_is_not_installed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(skypilot_launcher, "skypilot_used", lambda: False)
    use(monkeypatch, FakeCloud(missing=True))
    found = overdue_run("gs-a")
    assert main(["ps"]) == 0
    assert "cannot be asked which machines are still up: SkyPilot is not installed" in capsys.readouterr().err
    assert Records().get(found.id).gone is None
    assert main(["reap", "--yes"]) == 1


@pytest.mark.usefixtures("state")
def test_skypilot_need_not_be_there_where_it_rented_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(skypilot_launcher, "skypilot_used", lambda: False)
    use(monkeypatch, FakeCloud(missing=True))
    assert main(["reap", "--yes"]) == 0


def unreadable(runs: Sequence[Run]) -> tuple[Stray, ...]:
    raise UNREADABLE


@pytest.mark.usefixtures("state")
def test_what_the_controllers_hide_does_not_hide_the_machines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(skypilot_launcher, "controlled_strays", unreadable)
    fake = use(monkeypatch, FakeCloud("gs-lost"))
    late, away = overdue_run("gs-lost"), overdue_run("gs-away")
    assert {each.machine for each in ps.still_up(Records().all())} == {"gs-lost"}
    assert (Records().get(late.id).gone, Records().get(away.id).gone) == (None, None)
    assert main(["reap", "--yes"]) == 1
    assert fake.taken == ["gs-lost"]
    assert UNREADABLE.message in capsys.readouterr().err


@pytest.mark.usefixtures("state")
def test_one_that_stays_keeps_no_other_from_being_taken_away(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stays() -> None:
        raise TimeoutError("gs-job-1 is still there 170 s after the job")

    monkeypatch.setattr(strays, "_controlled", lambda: {"gs-job": stays})
    monkeypatch.setattr(
        SkyPilotLauncher, "strays", lambda it: (Stray("gs-job", "?", None), Stray("gs-b", "?", 1.0))
    )
    fake = use(monkeypatch, FakeCloud())
    assert main(["reap", "--yes"]) == 1
    assert fake.taken == ["gs-b"]
    assert "gs-job: NOT taken away: gs-job-1 is still there" in capsys.readouterr().err


@pytest.mark.usefixtures("state")
def test_a_controller_that_goes_on_after_its_run_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strays, "_controlled", lambda: {"gs-job": lambda: None, "gs-fresh": lambda: None})
    late = overdue_run("gs-job")
    record_of(late).update(through="job")
    fresh = Records().new(name="x", launcher="skypilot", spec_path="-", workdir="/w", machine="gs-fresh")
    fresh.update(state="succeeded", keep_alive_minutes=10.0, through="job")
    (found,) = strays.controlled_strays(Records().all())
    assert found.machine == "gs-job"
    assert found.why == "its last run is over, and SkyPilot's controller should have taken it 20 minutes ago"
