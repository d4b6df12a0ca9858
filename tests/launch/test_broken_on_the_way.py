"""What breaks while a rented machine runs a job: servers, connections, disks, people. After each there is no machine
without a record and a timer, nothing written is lost, and the next command says what happened."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from small_disk import small_disk
from waiting import PATIENCE

from gpuspec.launch.records import Records

from . import drive_rented as cloud
from .rented import change, command, gpuspec, listed, reachable, run

needs_rsync = pytest.mark.skipif(shutil.which("rsync") is None, reason="no rsync here")


@pytest.fixture
def reached(rented: Path) -> dict[str, str]:
    """A machine with results, and the ssh that reaches it."""
    change(rented, outputs=["results/"])
    return reachable(rented)


# Servers and connections


@pytest.mark.parametrize("trouble", ["api-server-down", "skypilot-failed", "machine-not-up", "101", "255"])
def test_a_log_that_breaks_off_is_taken_up_again(rented: Path, trouble: str) -> None:
    (rented / "breaks").write_text(f"{trouble}\n{trouble}\n")
    done = run(rented, BREAKS=str(rented / "breaks"))
    assert done.returncode == 0, done.stderr
    assert done.stdout == "hello\nworld\n"  # and nothing twice
    assert done.stderr.count("the log broke off") == 1
    assert Records().get("job").state == "succeeded"
    assert len(cloud.read()) == 1


def test_a_connection_that_does_not_come_back_leaves_the_run_to_its_timer(rented: Path) -> None:
    (rented / "breaks").write_text("api-server-down\n" * 1000)
    done = run(rented, BREAKS=str(rented / "breaks"), LOST_MINUTES="0")
    assert done.returncode == 1
    assert "error[connection-lost]" in done.stderr
    assert "gpuspec logs -f" in done.stderr
    (row,) = listed()  # the server is back
    assert row["state"] == "running"
    (machine,) = cloud.read().values()
    assert machine["idle"] == 7
    assert gpuspec("reap", "--yes").stdout == "nothing to reap\n"
    assert gpuspec("down", row["id"]).returncode == 0
    assert not cloud.read()


def test_a_machine_that_is_not_reached_is_not_one_without_a_job(rented: Path) -> None:
    assert run(rented, "--detach").returncode == 0
    (row,) = json.loads(gpuspec("ps", "--json", UNREACHED="1").stdout)["runs"]
    assert row["state"] == "running"
    assert "cannot be reached just now" in row["message"]
    assert gpuspec("reap", "--yes", UNREACHED="1").stdout == "nothing to reap\n"
    assert len(cloud.read()) == 1
    assert [(row["state"], row["message"]) for row in listed()] == [("running", "")]


def test_a_machine_that_went_before_anybody_asked(rented: Path) -> None:
    """Nothing is left that could tell how its job ended; what is known is said, and its clock stands."""
    assert run(rented, "--detach").returncode == 0
    cloud.write({})
    (row,) = listed()
    assert row["state"] == "lost"
    assert "its 7 idle minutes, or its cloud, took its machine before anybody asked" in row["message"]
    assert row["gone"]
    (later,) = json.loads(gpuspec("ps", "--json", CLOCK="3600").stdout)["runs"]
    assert (later["cost"], later["hours"]) == (row["cost"], row["hours"])
    assert "may cost money" not in gpuspec("ps").stdout
    assert gpuspec("reap", "--yes").stdout == "nothing to reap\n"
    assert Records().get("job").state == "lost"


def test_a_machine_that_goes_in_the_middle_of_its_job(rented: Path) -> None:
    done = run(rented, GOES="1")
    assert done.returncode == 1
    assert "error[machine-gone]" in done.stderr
    assert "--resume" in done.stderr
    row = Records().get("job")
    assert row.state == "failed"
    assert "went in the middle of its job" in row.message
    assert not cloud.read()


@needs_rsync
def test_outputs_are_tried_again_where_the_connection_breaks(rented: Path, reached: dict[str, str]) -> None:
    # cut for the first fetch only
    ssh = Path(reached["FAKE_SSH"])
    ssh.write_text(ssh.read_text().replace("exit 255", f"{{ rm {rented}/cut; exit 255; }}"))
    (rented / "cut").touch()
    done = run(rented, **reached)
    assert done.returncode == 0, done.stderr
    assert "trying again in" in done.stderr
    assert (rented / "results" / "a.txt").read_text() == "done"
    assert [each["idle"] for each in cloud.read().values()] == [7]


# People


@contextmanager
def hanging(folder: Path, **more: str) -> Iterator[subprocess.Popen[str]]:
    """A run whose job does not end, once its first line was seen."""
    with subprocess.Popen(
        command(folder),
        env={**os.environ, "HANGS": "1", **more},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_heeds,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "hello\n", process.communicate()
        yield process
        process.kill()


def _heeds() -> None:
    """A test session in the background ignores Ctrl-C, one under nohup the terminal's end, and so would what it
    starts."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_ctrl_c_in_the_middle_of_a_job_takes_the_machine_down(rented: Path, number: int) -> None:
    with hanging(rented) as process:
        process.send_signal(number)
        _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, errors
    assert "no machine is left" in errors
    assert not cloud.read()
    assert Records().get("job").state == "interrupted"


@needs_rsync
def test_ctrl_c_brings_what_was_written(rented: Path, reached: dict[str, str]) -> None:
    with hanging(rented, **reached) as process:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert (rented / "results" / "a.txt").read_text() == "done"
    assert not cloud.read()


@needs_rsync
def test_ctrl_c_with_the_network_cut_ends_the_job_and_keeps_the_results(
    rented: Path, reached: dict[str, str]
) -> None:
    (rented / "cut").touch()
    with hanging(rented, **reached) as process:
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, errors
    ((name, machine),) = cloud.read().items()
    assert machine["jobs"][0][0] == "CANCELLED"
    assert machine["idle"] == 60
    row = Records().get("job")
    assert (row.state, row.keep_alive_minutes) == ("interrupted", 60)
    for told in (
        f"{name} is kept for 60 minutes",
        f"`gpuspec logs -f {row.id}`",
        f"gpuspec down {row.id}",
    ):
        assert told in errors
    assert gpuspec("down", row.id).returncode == 0
    assert not cloud.read()


def test_a_second_ctrl_c_leaves_at_once_and_names_the_machine(rented: Path) -> None:
    with hanging(rented, DOWN_HANGS="1") as process:
        assert process.stderr is not None
        process.send_signal(signal.SIGINT)
        for line in process.stderr:
            if "Ctrl-C again" in line:
                break
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1, errors
    (name,) = cloud.read()
    row = Records().get("job")
    assert row.state == "lost"
    for told in ("error[left-running]", "was not waited for", name, f"gpuspec down {row.id}"):
        assert told in errors
    assert "gpuspec reap" in gpuspec("ps").stdout
    assert gpuspec("reap", "--yes").returncode == 0
    assert not cloud.read()


# Nobody follows


@needs_rsync
@pytest.mark.parametrize("words", [("logs", "-f"), ("stop",), ("down",)])
def test_a_later_client_brings_what_nobody_followed(
    rented: Path, reached: dict[str, str], words: tuple[str, ...]
) -> None:
    assert run(rented, "--detach", **reached).returncode == 0
    assert not (rented / "results").exists()
    done = gpuspec(*words, "job", **reached)
    assert done.returncode == 0, done.stderr
    assert "outputs: 1 file fetched" in done.stderr
    assert (rented / "results" / "a.txt").read_text() == "done"
    assert len(cloud.read()) == (words != ("down",))
    # a job that was stopped may still write in its last seconds: `down` looks once more
    copies = Path(os.environ["GPUSPEC_STATE_DIR"]) / "runs" / Records().get("job").id / "outputs"
    assert copies.exists() == (words == ("stop",))


@needs_rsync
def test_a_later_client_whose_fetch_fails_says_so_and_keeps_the_machine(
    rented: Path, reached: dict[str, str]
) -> None:
    assert run(rented, "--detach", **reached).returncode == 0
    (rented / "cut").touch()
    failed = gpuspec("logs", "-f", "job", **reached)
    assert failed.returncode == 1, failed.stderr
    ((name, machine),) = cloud.read().items()
    assert f"{name} is kept for 60 minutes with the results" in failed.stderr
    assert machine["idle"] == 60
    (rented / "cut").unlink()
    done = gpuspec("logs", "-f", "job", **reached)
    assert done.returncode == 0, done.stderr
    assert (rented / "results" / "a.txt").read_text() == "done"


@needs_rsync
def test_the_copies_that_results_came_through_go(rented: Path, reached: dict[str, str]) -> None:
    assert run(rented, **reached).returncode == 0
    folder = Path(os.environ["GPUSPEC_STATE_DIR"]) / "runs" / Records().get("job").id
    assert not list(folder.iterdir())
    (rented / "results" / "a.txt").unlink()
    assert gpuspec("down", "job", **reached).returncode == 0
    assert not (rented / "results" / "a.txt").exists()  # what was delivered is not fetched again


@needs_rsync
def test_down_does_not_wait_for_results_that_do_not_come(rented: Path, reached: dict[str, str]) -> None:
    assert run(rented, "--detach", **reached).returncode == 0
    (rented / "cut").touch()
    done = gpuspec("down", "job", **reached)
    assert done.returncode == 0, done.stderr
    assert "outputs: rsync failed" in done.stderr
    assert not cloud.read()


def test_stop_finds_the_job_of_a_client_that_was_killed(rented: Path) -> None:
    assert run(rented, KILL_AT="wait:after").returncode == -9
    assert Records().get("job").machine_job is None
    assert gpuspec("stop", "job").returncode == 0
    (machine,) = cloud.read().values()
    assert machine["jobs"][0][0] == "CANCELLED"


def test_stop_while_the_machine_is_being_made_says_so(rented: Path) -> None:
    assert run(rented, KILL_AT="launch:after").returncode == -9
    refused = gpuspec("stop", "job")
    assert refused.returncode == 2
    assert "error[machine-not-up]" in refused.stderr
    assert f"gpuspec down {Records().get('job').id}" in refused.stderr
    assert gpuspec("down", "job").returncode == 0
    assert not cloud.read()


# Disks


@pytest.fixture
def state_disk(rented: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The disk that the state folder is alone on."""
    with small_disk(rented / "disk", "1m") as disk:
        monkeypatch.setenv("GPUSPEC_STATE_DIR", str(disk / "state"))
        yield disk


@needs_rsync
def test_our_disk_is_full_before_the_results_come(
    rented: Path, reached: dict[str, str], state_disk: Path
) -> None:
    (rented / "sky_workdir" / "results" / "big").write_bytes(os.urandom(2_000_000))
    done = run(rented, **reached)
    assert done.returncode == 1, done.stderr
    assert "No space left on device" in done.stderr
    ((name, machine),) = cloud.read().items()
    assert machine["idle"] == 60
    assert f"{name} is kept for 60 minutes" in done.stderr
    assert not (rented / "results" / "big").exists()


def test_our_disk_is_full_before_anything_is_rented(rented: Path, state_disk: Path) -> None:
    assert gpuspec("ps").returncode == 0
    cloud.fill(str(state_disk))
    done = run(rented)
    assert done.returncode == 2
    assert "error[records-not-written]" in done.stderr
    assert "make room" in done.stderr
    assert not cloud.read()


def test_our_disk_is_full_when_the_machine_is_up(rented: Path, state_disk: Path) -> None:
    done = run(rented, FILLS=str(state_disk))
    assert done.returncode == 2, done.stderr
    assert "error[records-not-written]" in done.stderr
    assert "Traceback" not in done.stderr
    assert not cloud.read()
    (state_disk / "filler").unlink()
    (row,) = listed()
    assert row["state"] == "lost"
    assert gpuspec("reap", "--yes").stdout == "nothing to reap\n"
    assert Records().get("job").state == "lost"
