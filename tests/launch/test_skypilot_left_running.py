"""A machine that could not be taken down is never kept quiet about."""

from __future__ import annotations

from pathlib import Path

import pytest

from gpuspec.errors import UserError
from gpuspec.job import Job
from gpuspec.launch.launcher import RunSettings
from gpuspec.launch.records import Records
from gpuspec.launch.skypilot.machine_launch import MachineLaunch
from gpuspec.planning.plan import Plan
from gpuspec.sizing import Unsized


class Unwilling:
    """A SkyPilot whose cloud refuses."""

    def down(self, name: str) -> None:
        raise UserError("skypilot-failed", "the cloud said no")


def test_the_message_names_the_machine_and_the_record_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GPUSPEC_STATE_DIR", str(tmp_path))
    record = Records().new(
        name="job",
        launcher="skypilot",
        spec_path="job.jsonc",
        workdir=str(tmp_path),
        planned_price=0.5,
        max_hours=1.0,
    )
    plan = Plan(Unsized(""), (), None, None, None, (), keep_alive_minutes=3, max_hours=1.0)
    launch = MachineLaunch(Job(), plan, RunSettings("job.jsonc", str(tmp_path)), record)
    launch.client = Unwilling()  # type: ignore[assignment]
    with pytest.raises(UserError) as caught:
        launch._give_up("interrupted", "interrupted")
    error = caught.value
    assert (error.code, error.status) == ("left-running", 1)
    assert "the cloud said no" in error.message
    assert launch.name in error.message
    assert "it may have no timer yet" in error.message  # its launch was not over
    assert error.hint == f"gpuspec down {record.run.id}"
    assert Records().get(record.run.id).state == "lost"
