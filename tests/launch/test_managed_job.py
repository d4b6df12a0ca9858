"""A managed job: what holds whatever becomes of the client."""

from __future__ import annotations

from pathlib import Path

import pytest

from gpuspec.launch.records import Records
from gpuspec.launch.skypilot.job_script import FETCHED

from . import drive_controlled as cloud
from .controlled import JOB, gpuspec, listed, needs_rsync, place, run, write
from .rented import reachable

__all__ = ["place"]


def test_a_managed_job_from_hand_in_to_its_end(place: Path) -> None:
    used = 'gpuspec: utilization: {"minutes": 3, "gpu": 12.0, "memory": 30.5}'
    done = run(place, TELLS=f"(x, pid=1) {used}\n(x, pid=1)  50%|bar {used}\n")
    assert done.returncode == 0, done.stderr
    assert ("utilization" in done.stdout, " 50%|bar" in done.stdout) == (False, True)
    (job,) = cloud.read().values()
    assert "autostop" not in job["config"]["resources"]
    assert "hello" in done.stdout
    row = Records().get("job")
    assert (row.state, row.through, row.recoveries, row.spent, row.actual_price) == (
        "succeeded",
        "job",
        0,
        1.5,
        0.22,
    )
    assert row.keep_alive_minutes == 10  # read back
    assert (row.gpu_utilization, row.peak_memory) == (12.0, 30.5)


def test_the_machine_of_a_managed_job_is_held_against_max_price_at_what_is_paid(place: Path) -> None:
    """SkyPilot states $0.22; a quarter of it is paid, which is within a max_price of $0.15."""
    prices = (place / "prices.csv").read_text()
    (place / "prices.csv").write_text(prices.replace("0.44,0.44", "0.44,0.05"))
    (place / "gpuspec.toml").write_text("[discounts]\nslurm = 0.75\n")
    write(place, JOB, spot="allowed", max_price=0.15)
    done = run(place, FAKE_PRICE="0.05", ON_DEMAND="1")
    assert done.returncode == 0, done.stderr
    row = Records().get("job")
    assert (row.through, row.actual_price, row.paid_share) == ("job", 0.055, 0.25)


JOB_POINTS = {
    "quote:after": ("lost", "lost"),
    "launch_job:before": ("lost", "lost"),
    "launch_job:after": ("provisioning", "running"),
    "wait_job:after": ("running", "running"),
    "controlled:after": ("running", "running"),
    "job_log:before": ("running", "running"),
    "job_log:after": ("succeeded", "succeeded"),
}
"""As in `test_killed.py`: verb of the client → state at once, and when the controller has done its work."""


@pytest.mark.parametrize("point", JOB_POINTS)
def test_a_client_killed_while_it_hands_a_managed_job_in(place: Path, point: str) -> None:
    assert run(place, KILL_AT=point).returncode == -9
    assert listed()["state"] == JOB_POINTS[point][0]
    cloud.settle()
    row = listed()
    assert row["state"] == JOB_POINTS[point][1]
    reaped = gpuspec("reap", "--yes")
    assert reaped.returncode == 0, reaped.stderr
    if row["state"] == "lost" and not row["gone"]:
        assert row["id"] in reaped.stdout
    else:  # nothing was handed in, or its controller ends it
        assert reaped.stdout == "nothing to reap\n"
    assert gpuspec("down", "job").returncode == 0
    assert not any(each["machine"] for each in cloud.read().values())
    assert Records().get("job").state == ("succeeded" if row["state"] == "succeeded" else "interrupted")


def test_a_controller_that_sets_no_timer(place: Path) -> None:
    done = run(place, IGNORES_TIMER="1")
    assert done.returncode == 1
    assert "error[timer-not-set]" in done.stderr
    (job,) = cloud.read().values()
    assert job["state"] == "CANCELLED"
    assert Records().get("job").state == "failed"


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("FAILED", "the job failed"),
        ("FAILED_SETUP", "downloads or setup failed"),
        ("FAILED_CONTROLLER", "SkyPilot's controller gave up (FAILED_CONTROLLER)"),
    ],
)
def test_a_managed_job_that_fails(place: Path, word: str, message: str) -> None:
    done = run(place, ENDS_AS=word)
    assert done.returncode == 1
    assert f"gpuspec: failed: {message}" in done.stderr
    assert Records().get("job").state == "failed"


def test_preemptions_are_counted_and_told(place: Path) -> None:
    assert run(place, "--detach").returncode == 0
    name = Records().get("job").machine or ""
    cloud.change(name, state="RECOVERING", machine=False)
    row = listed()
    assert (row["state"], row["message"]) == (
        "provisioning",
        "its machine was taken back; SkyPilot gets another",
    )
    cloud.change(name, state="RUNNING", machine=True, recoveries=1)
    row = listed()
    assert (row["state"], row["message"]) == ("running", "taken back and replaced 1 time")
    assert row["recoveries"] == 1
    stopped = gpuspec("stop", "job")
    assert stopped.returncode == 0, stopped.stderr
    assert cloud.read()[name]["state"] == "CANCELLED"
    assert Records().get("job").state == "interrupted"


def test_a_job_that_no_record_knows_is_found(place: Path) -> None:
    cloud.write({"gs-lost-x": {"kind": "job", "number": 9, "state": "RUNNING", "machine": True, "timer": 10,
                               "recoveries": 0}})  # fmt: skip
    assert "gs-lost-x (price unknown): no run here knows it" in gpuspec("reap", "--dry-run").stdout
    assert gpuspec("reap", "--yes").returncode == 0
    assert cloud.read()["gs-lost-x"]["state"] == "CANCELLED"


# -- a managed job that nobody follows ------------------------------------------------------------


@needs_rsync
@pytest.mark.parametrize(
    ("words", "state"),
    [(("logs", "-f"), "succeeded"), (("stop",), "interrupted"), (("down",), "interrupted")],
)
def test_a_later_client_brings_what_a_managed_job_wrote(place: Path, words: tuple[str], state: str) -> None:
    reached = reachable(place)
    write(place, JOB, outputs=["results/"])
    done = run(place, "--detach", **reached)
    assert done.returncode == 0, done.stderr
    assert (
        "outputs: with --detach they stay on the machine, which goes 7 minutes after the job" in done.stderr
    )
    assert done.stderr.index("outputs: with --detach") < done.stderr.index("starting SkyPilot")
    assert not (place / "results").exists()
    done = gpuspec(*words, "job", HOLDS=str(place / "sky_workdir" / FETCHED), **reached)
    assert done.returncode == 0, done.stderr
    assert "outputs: 1 file fetched" in done.stderr
    assert (place / "results" / "a.txt").read_text() == "done"
    row = listed()
    assert (row["state"], row["message"]) == (state, "taken down" if state == "interrupted" else "")


@needs_rsync
def test_outputs_that_go_with_the_machine_are_told(place: Path) -> None:
    reached = reachable(place)
    write(place, JOB, outputs=["results/"])
    assert run(place, "--detach", **reached).returncode == 0
    (place / "cut").touch()
    (name,) = cloud.read()
    cloud.change(name, state="SUCCEEDED", machine=False)
    row = listed()
    assert (row["state"], row["message"]) == ("succeeded", "its machine went before its outputs were fetched")


def test_what_items_wrote_is_said_to_stay_where_it_outlives_the_machine(place: Path) -> None:
    write(place, JOB, outputs=["r/"], items=["a"], run="true {item}", checkpoint={"path": "/mnt/nfs/ckpt"})
    done = run(place, "--detach")
    assert "fetches them; what items wrote stays in /mnt/nfs/ckpt/gpuspec-RUN\n" in done.stderr
    assert "outputs: with" not in run(place, "--detach", "--no-outputs").stderr
