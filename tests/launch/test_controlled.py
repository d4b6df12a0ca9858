"""Managed jobs and services: which way a job takes, and what holds whatever becomes of the client."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from small_disk import small_disk
from waiting import PATIENCE

from gpuspec.errors import UserError
from gpuspec.job.job import Checkpoint, Job, Scaling
from gpuspec.launch.records import Records
from gpuspec.launch.skypilot import mode
from gpuspec.launch.skypilot.job_script import FETCHED
from gpuspec.launch.skypilot.mode import durable_folder, survives_preemption

from . import drive_controlled as cloud
from .drive_rented import fill
from .rented import reachable

needs_rsync = pytest.mark.skipif(shutil.which("rsync") is None, reason="no rsync here")
ROOT = Path(__file__).resolve().parents[2]
IN_THE_SERVER = (
    "jobs: {controller: {consolidation_mode: true}}\nserve: {controller: {consolidation_mode: true}}\n"
)

JOB: dict[str, Any] = {
    "name": "job", "task": "batch", "gpu_types": ["RTX 4090"], "gpu_count": 1, "min_vram": 24, "max_price": 1,
    "budget": {"max_hours": 1, "max_total": 5}, "keep_alive_minutes": 7, "spot": "only", "run": "true",
    "checkpoint": {"path": "s3://bucket/ckpt"},
}  # fmt: skip
SERVICE: dict[str, Any] = {
    "name": "job", "task": "serve", "gpu_types": ["RTX 4090"], "gpu_count": 1, "min_vram": 24, "max_price": 1,
    "keep_alive_minutes": 7, "run": "python3 -m http.server 8000", "ports": [8000], "scaling": {"min": 0, "max": 2},
    "readiness": {"http": "http://localhost:8000/"}, "traffic": {"requests_per_day": 86400},
}  # fmt: skip


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GPUSPEC_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("FAKE_CLOUD", str(tmp_path / "cloud.json"))
    monkeypatch.delenv("SKYPILOT_API_SERVER_ENDPOINT", raising=False)
    (tmp_path / "prices.csv").write_text(
        "Cloud,Region,InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,Price,SpotPrice\n"
        "slurm,,,RTX4090,1,,,0.44,0.44\n"
    )
    settings(tmp_path, IN_THE_SERVER)
    write(tmp_path, JOB)
    return tmp_path


def settings(place: Path, text: str, *, running: bool = True) -> None:
    """SkyPilot's settings, and whether its server was started with them."""
    (place / ".sky").mkdir(exist_ok=True)
    (place / ".sky" / "config.yaml").write_text(text)
    signal = place / ".sky" / ".jobs_controller_consolidation_reloaded_signal"
    signal.touch() if running else signal.unlink(missing_ok=True)


def write(place: Path, fields: dict[str, Any], **more: Any) -> None:
    (place / "gpu.jsonc").write_text(json.dumps({**fields, **more}))


def gpuspec(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.launch.drive_controlled", *arguments],
        env={**os.environ, **more},
        cwd=ROOT,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=PATIENCE,
    )


def run(place: Path, *options: str, **more: str) -> subprocess.CompletedProcess[str]:
    spec, prices = str(place / "gpu.jsonc"), str(place / "prices.csv")
    return gpuspec("run", spec, "--yes", "--on", "skypilot", "--prices", prices, *options, **more)


def listed() -> dict[str, Any]:
    done = gpuspec("ps", "--json")
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(done.stdout)["runs"]
    assert isinstance(row, dict)
    return row


# -- which way ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("job", "folder"),
    [
        (Job(), None),
        (Job(checkpoint=Checkpoint("ckpt/")), None),  # on the machine's own disk
        (Job(checkpoint=Checkpoint("s3://b/c")), None),
        (Job(checkpoint=Checkpoint("/mnt/nfs/c/")), "/mnt/nfs/c/gpuspec-x"),
        (Job(checkpoint=Checkpoint("/mnt/c"), items="*.wav"), "/mnt/c/gpuspec-x"),
        (Job(cache="models", items="*.wav"), "/gpuspec-cache/gpuspec-x"),
    ],
)
def test_where_a_run_keeps_what_it_has_done(job: Job, folder: str | None) -> None:
    assert durable_folder(job, "x") == folder


@pytest.mark.parametrize(
    ("job", "does"),
    [
        (Job(checkpoint=Checkpoint("ckpt/")), False),
        (Job(checkpoint=Checkpoint("/home/me/ckpt")), False),
        (Job(checkpoint=Checkpoint("s3://b/c")), True),
        (Job(items="*.wav"), False),
        (Job(items="*.wav", cache="models"), True),
        (Job(cache="models"), False),
    ],
)
def test_a_job_goes_on_where_its_state_outlives_the_machine(job: Job, does: bool) -> None:
    assert survives_preemption(job) is does


def test_replicas_are_what_scaling_says() -> None:
    said = [Scaling(0, 3), Scaling(2, None), Scaling(None, None), Scaling(None, 4)]
    assert [mode.replicas(Job(scaling=each)) for each in said] == [(0, 3), (2, 2), (0, 1), (0, 4)]


def test_a_job_that_survives_is_a_managed_one_and_is_told_so_before_the_question(place: Path) -> None:
    done = gpuspec("run", str(place / "gpu.jsonc"), "--on", "skypilot", "--prices", str(place / "prices.csv"))
    assert "as a managed job: SkyPilot's server on this machine replaces a spot machine" in done.stderr
    assert done.stderr.index("as a managed job") < done.stderr.index("error[cannot-ask]")
    assert not cloud.read()


@pytest.mark.parametrize(
    ("fields", "options"),
    [
        ({**JOB, "checkpoint": {"path": "/tmp/ckpt"}}, ()),
        ({**JOB, "spot": "never"}, ()),
        ({**JOB, "ports": [8000]}, ("--detach",)),
        (JOB, ("--plain",)),
        (SERVICE, ("--plain",)),
        ({name: value for name, value in SERVICE.items() if name != "scaling"}, ()),
    ],
)
def test_other_jobs_get_a_machine_of_their_own(
    place: Path, fields: dict[str, Any], options: tuple[str]
) -> None:
    write(place, fields)
    done = run(place, *options)
    assert done.returncode == 0, done.stderr
    assert not cloud.read()
    assert Records().get("job").through is None


@pytest.mark.parametrize(
    ("text", "fields", "told"),
    [
        ("", JOB, "a spot machine that is taken back is not replaced: SkyPilot's jobs controller would be a machine "
                  "of its own (4 CPUs, about $0.20/h); `jobs: {controller: {consolidation_mode: true}}`"),
        ("jobs: {controller: {consolidation_mode: false}}", JOB, "SkyPilot's jobs controller would be a machine"),
        ("", SERVICE, "`scaling` is not kept, this is one machine: SkyPilot's serve controller would be a machine"),
        (IN_THE_SERVER + "api_server: {endpoint: 'http://x'}\n", JOB, "SkyPilot's server is not on this machine"),
        ("][", JOB, "SkyPilot's jobs controller would be a machine"),
    ],
)  # fmt: skip
def test_no_machine_is_rented_for_a_controller(
    place: Path, text: str, fields: dict[str, Any], told: str
) -> None:
    settings(place, text, running=False)
    write(place, fields)
    done = run(place)
    assert told in done.stderr
    assert done.returncode == 0
    assert not cloud.read()


def test_a_server_of_before_its_settings_would_rent_one(place: Path) -> None:
    settings(place, IN_THE_SERVER, running=False)
    done = run(place)
    assert done.returncode == 2
    assert "error[controller-elsewhere]" in done.stderr
    assert not cloud.read()


def test_a_service_that_nothing_would_end_is_refused(place: Path) -> None:
    write(place, SERVICE, budget={"max_hours": 2})
    done = run(place)
    assert done.returncode == 2
    assert "error[service-without-end]" in done.stderr
    assert "2 h" in done.stderr
    assert not cloud.read()


def test_secrets_are_closed_to_others(place: Path) -> None:
    from gpuspec.launch.skypilot.controllers import lock_sky_folder

    (place / ".sky").chmod(0o755)
    lock_sky_folder()
    assert (place / ".sky").stat().st_mode & 0o777 == 0o700
    os.environ["HOME"] = str(place / "nowhere")
    with pytest.raises(UserError) as caught:
        lock_sky_folder()
    assert caught.value.code == "sky-folder-open"


# -- a managed job --------------------------------------------------------------------------------


def test_a_managed_job_from_hand_in_to_its_end(place: Path) -> None:
    done = run(place)
    assert done.returncode == 0, done.stderr
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


# -- a service ------------------------------------------------------------------------------------


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
