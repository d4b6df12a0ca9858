"""Whatever becomes of the client, a record tells, and no machine is without one and without a timer."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from gpuspec.launch.records import Records, record_of

from . import drive_rented as cloud
from .rented import gpuspec, listed, run

pytestmark = pytest.mark.usefixtures("rented")

# verb of the client at which it is killed → state at once, and when the server has done what it was asked to
POINTS = {
    "enabled_clouds:after": ("lost", "lost"),
    "quote:before": ("lost", "lost"),
    "quote:after": ("lost", "lost"),
    "launch:before": ("lost", "lost"),
    "launch:after": ("provisioning", "running"),
    "wait:after": ("running", "running"),
    "machine:after": ("running", "running"),
    "logs:before": ("running", "running"),
    "logs:after": ("succeeded", "succeeded"),
    "job_state:after": ("failed", "failed"),
}


@pytest.mark.parametrize("point", POINTS)
def test_a_client_killed_on_its_way(rented: Path, point: str) -> None:
    fails = {"FAILS": "1"} if point == "job_state:after" else {}
    killed = run(rented, KILL_AT=point, **fails)
    assert killed.returncode == -9, killed.stderr
    (row,) = listed()
    assert row["state"] == POINTS[point][0], row
    cloud.settle()
    (row,) = listed()
    assert row["state"] == POINTS[point][1], row
    for name, machine in cloud.read().items():
        assert row["machine"] == name
        assert machine["idle"] == 7
    assert bool(row["message"]) == (row["state"] == "lost")
    reaped = gpuspec("reap", "--yes")
    assert reaped.returncode == 0, reaped.stderr
    assert reaped.stdout == "nothing to reap\n"  # there is no machine, or its own timer ends it
    assert len(cloud.read()) == (row["state"] != "lost")
    assert "unwatched" not in gpuspec("ps").stdout


@pytest.mark.parametrize("point", ["down:before", "down:after"])
def test_a_client_killed_while_it_takes_a_machine_without_timer_down(rented: Path, point: str) -> None:
    killed = run(rented, KILL_AT=point, IGNORES_TIMER="1")
    assert killed.returncode == -9
    (row,) = listed()
    assert row["state"] == "lost"
    assert gpuspec("reap", "--yes").returncode == 0
    assert not cloud.read()


def test_a_launcher_that_takes_the_timer_and_ignores_it(rented: Path) -> None:
    done = run(rented, IGNORES_TIMER="1")
    assert done.returncode == 1
    assert "error[timer-not-set]" in done.stderr
    assert "no timer at all" in done.stderr
    assert not cloud.read()
    assert Records().get("job").state == "failed"


def test_a_price_changed_between_plan_and_launch(rented: Path) -> None:
    done = run(rented, FAKE_PRICE="1.20")
    assert done.returncode == 2
    assert "error[over-max-price]: the cheapest now costs $1.20/h, max_price is $1.00/h" in done.stderr
    assert not cloud.read()
    assert run(rented, FAKE_PRICE="0.60").returncode == 0  # under the limit, and --yes answers


def test_an_unforeseen_error_leaves_no_machine(rented: Path) -> None:
    done = run(rented, BUG="of ours")
    assert done.returncode == 3, done.stderr
    assert "of ours" in done.stderr
    assert not cloud.read()
    assert Records().get("job").state == "failed"


def test_an_unforeseen_error_and_a_teardown_that_fails_say_what_may_be_up(rented: Path) -> None:
    done = run(rented, BUG="of ours", DOWN_FAILS="1")
    assert done.returncode == 3, done.stderr
    (name,) = cloud.read()
    row = Records().get("job")
    assert (row.state, row.machine) == ("lost", name)
    for told in ("of ours", "the cloud said no", name, f"gpuspec down {row.id}"):
        assert told in done.stderr
    assert gpuspec("reap", "--yes", DOWN_FAILS="1").returncode == 1
    assert gpuspec("reap", "--yes").returncode == 0
    assert not cloud.read()
    assert Records().get("job").message == "taken down"


def test_a_second_run_uses_the_machine_again_unless_told_not_to(rented: Path) -> None:
    assert run(rented).returncode == 0
    again = run(rented)
    assert again.returncode == 0, again.stderr
    assert "is still up and will do" in again.stderr
    (name,) = cloud.read()
    assert cloud.read()[name]["idle"] == 7
    assert len(cloud.read()[name]["jobs"]) == 2
    assert {row["machine"] for row in listed()} == {name}
    assert run(rented, "--fresh").returncode == 0
    assert len(cloud.read()) == 2


def test_several_specs_share_a_machine(rented: Path) -> None:
    spec = rented / "gpu.jsonc"
    (rented / "other.jsonc").write_text(spec.read_text().replace('"true"', '"false"'))
    done = run(rented, str(rented / "other.jsonc"))
    assert done.returncode == 0, done.stderr
    (machine,) = cloud.read().values()
    assert len(machine["jobs"]) == 2


def test_another_setup_is_another_machine(rented: Path) -> None:
    assert run(rented).returncode == 0
    spec = rented / "gpu.jsonc"
    spec.write_text(json.dumps({**json.loads(spec.read_text()), "setup": ["pip install x==1"]}))
    assert run(rented).returncode == 0
    assert len(cloud.read()) == 2


def test_two_clients_never_share_a_machine_that_is_busy(rented: Path) -> None:
    assert run(rented, "--detach").returncode == 0
    assert run(rented, "--detach").returncode == 0
    assert len(cloud.read()) == 2
    records = Records()
    one, two = (records.new(name="x", launcher="skypilot", spec_path="-", workdir="/").run.id for _ in "ab")
    assert records.claim(one, "gs-free")
    assert not records.claim(two, "gs-free")


def ended() -> None:
    """The jobs of all machines are over, and nobody has heard of it."""
    machines = cloud.read()
    for machine in machines.values():
        machine["jobs"] = [["SUCCEEDED", handed_in] for _, handed_in in machine["jobs"]]
    cloud.write(machines)


@pytest.mark.parametrize("nobody_follows", [["--detach"], []])
def test_a_machine_is_used_again_although_nobody_asked_how_its_job_ended(
    rented: Path, nobody_follows: list[str]
) -> None:
    started = run(rented, *nobody_follows, KILL_AT="" if nobody_follows else "logs:before")
    assert started.returncode == (0 if nobody_follows else -9)
    ended()
    again = run(rented)
    assert again.returncode == 0, again.stderr
    assert "is still up and will do" in again.stderr
    (machine,) = cloud.read().values()
    assert len(machine["jobs"]) == 2
    assert [each.state for each in Records().all()] == ["succeeded", "succeeded"]


def test_a_machine_from_which_results_are_still_fetched_is_left_alone(rented: Path) -> None:
    assert run(rented).returncode == 0
    with subprocess.Popen(
        ["sleep", "60"]
    ) as fetching:  # its gpuspec, while another's `ps` has recorded the end
        record_of(Records().get("job")).update(pid=fetching.pid)
        assert run(rented).returncode == 0
        assert len(cloud.read()) == 2
        fetching.kill()
    again = run(rented)
    assert "is still up and will do" in again.stderr
    assert len(cloud.read()) == 2


def test_a_job_that_was_followed_to_its_end_is_recorded_as_ended(rented: Path) -> None:
    assert run(rented, KILL_AT="logs:before").returncode == -9
    assert Records().get("job").state == "running"
    assert gpuspec("logs", "-f", "job").returncode == 0
    assert Records().get("job").state == "succeeded"


def test_a_run_that_ended_unheard_keeps_no_machine_from_being_taken_down(rented: Path) -> None:
    assert run(rented).returncode == 0
    first = Records().get("job").id
    assert run(rented, "--detach").returncode == 0
    ended()
    assert gpuspec("down", first).returncode == 0
    assert not cloud.read()


def test_a_run_whose_machine_went_to_another_does_not_take_it_down(rented: Path) -> None:
    assert run(rented).returncode == 0
    first = Records().get("job").id
    assert run(rented, "--detach").returncode == 0
    refused = gpuspec("down", first)
    assert refused.returncode == 2
    assert "error[machine-in-use]" in refused.stderr
    assert len(cloud.read()) == 1


def test_machines_without_a_record_are_found_and_asked_about(rented: Path) -> None:
    assert run(rented).returncode == 0
    cloud.write({**cloud.read(), "gs-lost-x": {"up": True, "idle": -1, "label": None, "jobs": []},
                 "mine": {"up": True, "idle": -1, "label": None, "jobs": []}})  # fmt: skip
    unasked = gpuspec("reap")
    assert unasked.returncode == 2
    assert "gs-lost-x ($0.44/h): no run here knows it" in unasked.stdout
    assert "error[needs-yes]" in unasked.stderr
    assert len(cloud.read()) == 3
    assert gpuspec("reap", "--yes").returncode == 0
    kept = Records().get("job").machine
    assert set(cloud.read()) == {kept, "mine"}


def test_a_machine_whose_timer_did_not_fire_is_reaped(rented: Path) -> None:
    """A cloud that takes the timer, reads it back, and ignores it when its time comes."""
    assert run(rented).returncode == 0
    record = record_of(Records().get("job"))
    ended = record.run.ended_up or 0
    record.update(ended_up=ended - 16 * 60)  # 7 idle minutes: 9 late
    assert gpuspec("reap", "--yes").stdout == "nothing to reap\n"
    assert "still up" not in gpuspec("ps").stdout
    record.update(ended_up=ended - 18 * 60)  # 11 late
    (name,) = cloud.read()
    told = gpuspec("ps").stdout
    assert (
        f"{name} is still up: its last run is over, and its timer should have taken it 11 minutes ago" in told
    )
    assert "gpuspec reap" in told
    assert "should have taken it 11 minutes ago" in gpuspec("reap", "--yes").stdout
    assert not cloud.read()


def test_a_machine_that_its_timer_took_is_asked_for_once(rented: Path) -> None:
    assert run(rented).returncode == 0
    record = record_of(Records().get("job"))
    record.update(ended_up=(record.run.ended_up or 0) - 18 * 60)
    cloud.write({})
    for _ in "ab":
        done = gpuspec("ps", ASKED="1")
        assert "still up" not in done.stdout
    assert Records().get("job").gone
    assert done.stderr.count("all machines asked for") == 0  # the second time


@pytest.mark.parametrize("jump", ["-864000", "864000"])
@pytest.mark.parametrize("words", [("--detach",), ()])
def test_a_clock_that_is_set_takes_no_machine_and_costs_nothing(
    rented: Path, jump: str, words: tuple[str, ...]
) -> None:
    """Ten days back or forward, in the middle of a job and in its idle minutes."""
    assert run(rented, *words).returncode == 0
    reaped = gpuspec("reap", "--yes", CLOCK=jump)
    assert (reaped.returncode, reaped.stdout) == (0, "nothing to reap\n")
    assert len(cloud.read()) == 1
    (row,) = json.loads(gpuspec("ps", "--json", CLOCK=jump).stdout)["runs"]
    assert row["state"] == ("running" if words else "succeeded")
    assert 0 <= row["hours"] < 0.1
    assert 0 <= row["cost"] < 0.1
    assert not json.loads(gpuspec("cost", "job", "--json", CLOCK=jump).stdout)["hours"] > 0.1


@pytest.mark.parametrize("jump", ["-864000", "864000"])
def test_a_machine_is_used_again_after_the_clock_was_set(rented: Path, jump: str) -> None:
    assert run(rented).returncode == 0
    again = run(rented, CLOCK=jump)
    assert again.returncode == 0, again.stderr
    assert len(cloud.read()) == 1
    assert all(0 <= row["hours"] < 0.1 for row in listed())


def test_results_that_cannot_be_fetched_keep_the_machine_for_an_hour(rented: Path) -> None:
    spec = rented / "gpu.jsonc"
    spec.write_text(json.dumps({**json.loads(spec.read_text()), "outputs": ["results/"]}))
    done = run(rented)  # there is no such host: rsync, or ssh under it, fails
    assert done.returncode == 1
    (name,) = cloud.read()
    assert cloud.read()[name]["idle"] == 60
    row = Records().get("job")
    assert (row.state, row.keep_alive_minutes) == ("failed", 60)
    for told in (
        f"{name} is kept for 60 minutes",
        f"`gpuspec logs -f {row.id}`",
        f"gpuspec down {row.id}",
    ):
        assert told in done.stderr
    assert gpuspec("reap", "--yes").stdout == "nothing to reap\n"
    assert list(cloud.read()) == [name]


@pytest.mark.skipif(shutil.which("rsync") is None, reason="no rsync here")
@pytest.mark.parametrize(("minutes", "wound"), [(7, []), (0, [60, 0])])
def test_results_come_before_the_machine_goes(rented: Path, minutes: int, wound: list[int]) -> None:
    (rented / "sky_workdir" / "results").mkdir(parents=True)
    (rented / "sky_workdir" / "results" / "a.txt").write_text("done")
    ssh = rented / "ssh"
    ssh.write_text(f'#!/bin/sh\nshift; cd {rented}\n{"sleep 0.5" if not minutes else ""}\nexec sh -c "$*"\n')
    ssh.chmod(0o755)
    spec = rented / "gpu.jsonc"
    fields = {"outputs": ["results/"], "keep_alive_minutes": minutes}
    spec.write_text(json.dumps({**json.loads(spec.read_text()), **fields}))
    done = run(rented, FAKE_SSH=str(ssh))
    assert done.returncode == 0, done.stderr
    assert (rented / "results" / "a.txt").read_text() == "done"
    timers = [
        int(line.rpartition(" ")[2]) for line in done.stderr.splitlines() if line.startswith("timer of")
    ]
    assert timers == wound
    assert [each["idle"] for each in cloud.read().values()] == [minutes]
