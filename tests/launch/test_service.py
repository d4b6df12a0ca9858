"""A service: what holds whatever becomes of the client."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from small_disk import small_disk

from gpuspec.launch.records import Records

from . import drive_controlled as cloud
from .controlled import SERVICE, gpuspec, listed, place, run, write
from .drive_rented import fill

__all__ = ["place"]


def test_a_service_is_handed_in_and_taken_down(place: Path) -> None:
    write(place, SERVICE)
    done = run(place, "--detach")
    assert done.returncode == 0, done.stderr
    assert "as a service of 0 to 2 replicas, $0.00 to $0.88/h" in done.stderr
    assert "answers at http://localhost:30001" in done.stderr
    (name,) = cloud.read()
    assert cloud.read()[name]["config"]["service"]["replica_policy"]["target_qps_per_replica"] == 0.5
    row = listed()
    assert (row["state"], row["message"], row["cost"]) == ("running", "replica 1 READY", 1.5)
    cloud.change(name, state="NO_REPLICA", machine=False)
    assert listed()["message"] == "no replica: the first request starts one"
    assert gpuspec("logs", "job").returncode == 2  # no replica, no log
    cloud.change(name, state="READY", machine=True)
    assert "served" in gpuspec("logs", "job").stdout
    attached = gpuspec("attach", "job")
    assert "it answers at http://localhost:30001" in attached.stderr
    assert gpuspec("down", "job").returncode == 0
    assert not cloud.read()
    assert (Records().get("job").state, Records().get("job").spent) == ("interrupted", 1.5)


def test_a_full_disk_keeps_no_service_from_ending(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(place, SERVICE)
    with small_disk(place / "disk", "1m") as disk:
        monkeypatch.setenv("GPUSPEC_STATE_DIR", str(disk / "state"))
        assert run(place, "--detach").returncode == 0
        fill(str(disk))
        gpuspec("down", "job")
    assert not cloud.read()


@pytest.mark.parametrize("point", ["start_service:before", "start_service:after", "wait_service:after"])
def test_a_client_killed_while_it_hands_a_service_in(place: Path, point: str) -> None:
    write(place, SERVICE)
    assert run(place, KILL_AT=point).returncode == -9
    state = listed()["state"]
    assert state == {"start_service:before": "lost", "start_service:after": "provisioning"}.get(
        point, "running"
    )
    cloud.settle()
    assert listed()["state"] == ("lost" if state == "lost" else "running")
    assert gpuspec("down", "job").returncode == 0
    assert not cloud.read()


@pytest.mark.parametrize(
    ("scales", "told"),
    [
        ({"downscale_delay_seconds": 1200}, "fewer after 20 idle minutes"),
        ({"downscale_delay_seconds": None}, "SkyServe has 0 to 2 replicas of 0.5 requests a second\n"),
        ({"max_replicas": 9}, "SkyServe has 0 to 9 replicas"),
        ({"min_replicas": 1}, "SkyServe has 1 to 2 replicas"),
        ({"target_qps_per_replica": 5}, "of 5 requests a second"),
    ],
)
def test_a_service_that_would_not_scale_as_asked(place: Path, scales: dict[str, Any], told: str) -> None:
    write(place, SERVICE, scaling={"min": 0, "max": 2, "idle_minutes": 15})
    done = run(place, "--detach", SCALES=json.dumps(scales))
    assert done.returncode == 1
    assert "error[scaling-not-set]" in done.stderr
    wanted = (
        "was to have 0 to 2 replicas of 0.5 requests a second, fewer after 15 idle minutes, and SkyServe has"
    )
    assert wanted in done.stderr
    assert told in done.stderr
    assert not cloud.read()


def test_a_service_says_how_it_scales(place: Path) -> None:
    write(
        place,
        {name: value for name, value in SERVICE.items() if name != "traffic"},
        scaling={"min": 2, "max": 2},
    )
    done = run(place, "--detach")
    assert done.returncode == 0, done.stderr
    assert "answers at http://localhost:30001; 2 replicas\n" in done.stderr


def test_a_service_that_fails_shows_its_log_and_goes(place: Path) -> None:
    write(place, SERVICE)
    done = run(place, ENDS_AS="FAILED")
    assert done.returncode == 1
    assert "error[service-failed]" in done.stderr
    assert "served" in done.stderr
    assert not cloud.read()


def test_a_service_goes_on_while_its_server_does_not_answer(place: Path) -> None:
    write(place, SERVICE)
    breaks = place / "breaks"
    breaks.write_text("api-server-down\nskypilot-failed\n")
    done = run(place, ENDS_AS="FAILED", BREAKS=str(breaks))
    assert done.stderr.count("nobody answered; gs-job-") == 1
    assert "goes on, trying again for 10" in done.stderr
    assert "error[service-failed]" in done.stderr  # what it heard afterwards
    breaks.write_text("api-server-down\n" * 1000)
    left = run(place, BREAKS=str(breaks), LOST_MINUTES="0.001")
    assert left.returncode == 1
    assert "error[connection-lost]" in left.stderr
    assert len(cloud.read()) == 1
    breaks.unlink()
    assert gpuspec("down", "job").returncode == 0
    assert not cloud.read()


def test_a_service_that_could_not_clear_up_is_reaped(place: Path) -> None:
    write(place, SERVICE)
    assert run(place, "--detach").returncode == 0
    (name,) = cloud.read()
    cloud.change(name, state="FAILED_CLEANUP")
    row = listed()
    assert (row["state"], row["message"]) == ("lost", "SkyServe: FAILED_CLEANUP")
    assert row["id"] in gpuspec("reap", "--yes").stdout
    assert not cloud.read()
