"""The local launcher with real processes: what runs, what is ended, what is told and what is kept secret."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import pytest
from waiting import PATIENCE, until
from webserver import Site

from gpuspec.errors import UserError
from gpuspec.job.job import Download, GpuChoice, Job, Port, Readiness
from gpuspec.launch import Outcome, Run, RunSettings, clock, find_launcher
from gpuspec.launch.local import local_launcher
from gpuspec.launch.local.processes import marked
from gpuspec.launch.on_machine.redact import Redactor
from gpuspec.launch.records import Records, log_path, process_start, record_of
from gpuspec.planning.plan import Plan
from gpuspec.sizing import Unsized

NO_PLAN = Plan(Unsized("no model"), (), None, None, None, ())
DRIVE = Path(__file__).with_name("drive_local.py")


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GPUSPEC_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setattr(local_launcher, "GRACE_SECONDS", 5.0)
    return tmp_path / "state"


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


def settings(work: Path, **more: Any) -> RunSettings:
    return RunSettings(spec_path="-", workdir=str(work), **more)


def launch(job: Job, work: Path, **more: Any) -> tuple[Outcome, Run, str]:
    """Check and launch; the outcome, the record and the log."""
    where = find_launcher("local")
    where.check(job, NO_PLAN, settings(work, **more))
    record = Records().new(name="test", launcher="local", spec_path="-", workdir=str(work))
    outcome = where.launch(job, NO_PLAN, settings(work, **more), record)
    return outcome, Records().get(record.run.id), Path(log_path(record.run.id)).read_text()


def test_setup_and_run_see_what_the_spec_says(work: Path) -> None:
    job = Job(
        setup=("mkdir made", "cd made; export KEPT=1", "echo $KEPT > kept; pwd > where"),
        env={"COLOR": "blue", "PATHLIKE": "$HOME"},
        run="echo $COLOR; echo \"$PATHLIKE\"; printf '%s|' a\\ b 'c  d' \"e'f\"; echo; cat made/kept",
    )
    outcome, run, log = launch(job, work)
    assert outcome.state == "succeeded"
    assert outcome.status == 0
    assert (run.state, run.exit_code) == ("succeeded", 0)
    assert run.ended is not None
    assert log.splitlines() == ["blue", "$HOME", "a b|c  d|e'f|", "1"]
    assert (work / "made/where").read_text() == f"{work}/made\n"


@pytest.mark.parametrize(
    ("job", "code", "message"),
    [
        (Job(run="exit 7"), 7, "run ended with exit status 7"),
        (Job(run="kill -9 $$"), 137, "run ended with exit status 137"),
        (Job(setup=("false", "touch never"), run="touch never"), 1, "setup ended with exit status 1"),
        (Job(run="no-such-command-here"), 127, "run ended with exit status 127"),
    ],
)
def test_a_failing_job_is_reported_as_failing(work: Path, job: Job, code: int, message: str) -> None:
    outcome, run, log = launch(job, work)
    assert (outcome.state, outcome.status) == ("failed", 1)
    assert (run.exit_code, run.message) == (code, message)
    assert f"gpuspec: {message}" in log
    assert not (work / "never").exists()


def test_the_author_s_files_stay_and_nothing_else_comes(work: Path) -> None:
    (work / "mine").write_text("mine")
    launch(Job(run="true"), work)
    assert [path.name for path in work.iterdir()] == ["mine"]


def test_downloads_are_there_before_setup_and_only_once(work: Path, site: Site) -> None:
    site.files["/m.bin"] = b"model"
    job = Job(
        downloads=(Download("http", f"{site.url}/m.bin", target="models/"),),
        setup=("cat models/m.bin > seen",),
        run="cat seen",
    )
    assert launch(job, work)[2].endswith("\nmodel")
    _, _, log = launch(job, work)
    assert "0 bytes fetched, 1 of 1 already there" in log
    assert len(site.requests) == 1


def test_a_failing_download_stops_the_job(work: Path, site: Site) -> None:
    job = Job(downloads=(Download("http", f"{site.url}/gone"),), run="touch never")
    outcome, _, log = launch(job, work)
    assert outcome.message.startswith(f"download ended with exit status 1: {site.url}/gone: ")
    assert "not there (HTTP 404)" in log
    assert not (work / "never").exists()


def test_the_time_limit_ends_everything_the_job_started(work: Path) -> None:
    job = Job(run="setsid sleep 600 & (sleep 600 &) ; sleep 600")
    outcome, run, _ = launch(job, work, max_hours=0.3 / 3600)
    assert (outcome.state, outcome.exit_code, outcome.status) == ("timeout", 124, 1)
    assert run.message.startswith("ended at its time limit of ")
    assert marked(run.id) == []


def test_a_job_may_save_its_state_before_it_is_ended(work: Path) -> None:
    job = Job(run="trap 'echo saved > state; exit 0' TERM; while :; do sleep 0.01; done")
    outcome, _, _ = launch(job, work, max_hours=0.5 / 3600)
    assert outcome.state == "timeout"
    assert (work / "state").read_text() == "saved\n"


def test_a_job_that_will_not_go_is_killed(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_launcher, "GRACE_SECONDS", 0.2)
    outcome, run, _ = launch(Job(run="trap '' TERM; sleep 600; sleep 600"), work, max_hours=0.3 / 3600)
    assert outcome.state == "timeout"
    assert marked(run.id) == []


def test_background_children_go_with_the_job(work: Path) -> None:
    outcome, run, _ = launch(Job(run="nohup sleep 600 >/dev/null 2>&1 & echo started"), work)
    assert outcome.state == "succeeded"
    assert marked(run.id) == []


def test_a_full_disk_costs_the_log_and_not_the_job(work: Path) -> None:
    record = Records().new(name="full", launcher="local", spec_path="-", workdir=str(work))
    os.symlink("/dev/full", log_path(record.run.id))  # every write to it fails with ENOSPC
    job = Job(run="head -c 1000000 /dev/zero; touch done")  # far more than a pipe holds
    find_launcher("local").launch(job, NO_PLAN, settings(work, detach=True), record)
    assert until(lambda: Records().get(record.run.id).state == "succeeded")
    assert (work / "done").exists()


def test_records_that_cannot_be_written_leave_no_job_behind(work: Path, state: Path) -> None:
    record = Records().new(name="gone", launcher="local", spec_path="-", workdir=str(work))
    job = Job(run="touch started; while [ ! -e broken ]; do sleep 0.01; done; sleep 600 & exit 0")
    find_launcher("local").launch(job, NO_PLAN, settings(work, detach=True), record)
    assert until((work / "started").exists)
    pid = cast(int, Records().get("gone").pid)
    for part in state.glob("runs.sqlite3*"):
        part.unlink()
    (state / "runs.sqlite3").mkdir()
    (work / "broken").touch()
    assert until(lambda: process_start(pid) is None)
    assert marked(record.run.id) == []


# What is checked before anything starts


def refused(job: Job, work: Path, **more: Any) -> UserError:
    with pytest.raises(UserError) as caught:
        find_launcher("local").check(job, NO_PLAN, settings(work, **more))
    return caught.value


def test_a_missing_secret_is_named(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    error = refused(Job(run="true", secrets=("HF_TOKEN",)), work)
    assert error.code == "missing-secret"
    assert "HF_TOKEN" in error.message


def test_a_port_in_use_is_found_before_the_start(work: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        error = refused(Job(run="true", ports=(Port(port),)), work)
    assert error.code == "port-in-use"
    assert str(port) in error.message


def test_no_command_no_workdir_no_bash(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert refused(Job(), work).code == "nothing-to-run"
    assert refused(Job(run="true"), work / "gone").code == "no-workdir"
    monkeypatch.setenv("PATH", str(work))
    assert refused(Job(run="true"), work).code == "no-bash"


def test_without_a_gpu_it_says_so_and_can_be_told_to_go_on(
    work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    job = Job(run="true", gpu_types=(GpuChoice("A10", None, ""),))
    assert "none that NVML shows" in refused(job, work).message
    find_launcher("local").check(job, NO_PLAN, settings(work, allow_no_gpu=True))
    find_launcher("local").check(Job(run="true"), NO_PLAN, settings(work))


# Secrets


def test_a_secret_reaches_the_job_and_nothing_that_is_written(
    work: Path, state: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    canary = "canary-5f0c9e"
    monkeypatch.setenv("TOKEN", canary)
    run = (
        '[ "$TOKEN" = "canary-""5f0c9e" ] && echo reached; echo "t=$TOKEN"; printf canary-5f; sleep 0.1; echo 0c9e\n'
        'tr "\\0" " " < /proc/$PPID/cmdline; printf %s "${TOKEN#????}" | wc -c; exit 3'
    )
    outcome, _, log = launch(Job(run=run, secrets=("TOKEN",)), work)
    assert outcome.exit_code == 3
    assert log.startswith("reached\nt=***\n***\n")
    for path in state.rglob("*"):
        if path.is_file():
            assert canary.encode() not in path.read_bytes(), path
    shown = capfd.readouterr()
    assert canary not in shown.out + shown.err + outcome.message


def test_a_token_that_the_spec_does_not_name_is_masked_and_told(
    work: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job has all of the environment here, and on a rented machine only what `secrets` names."""
    monkeypatch.setenv("HF_TOKEN", "unnamed-5f0c9e")
    monkeypatch.setenv("MY_API_KEY", "other-7a1b")
    monkeypatch.setenv("MAX_TOKENS", "plainly")
    monkeypatch.setenv("PAD_TOKEN", "true")
    monkeypatch.setenv("SSH_KEY", str(work))
    run = 'echo "$HF_TOKEN $MAX_TOKENS $PAD_TOKEN $SSH_KEY"; printenv MY_API_KEY'
    said: list[str] = []
    _, _, log = launch(Job(run=run), work, say=said.append)
    assert log.startswith(f"*** plainly true {work}\n***\n")
    for path in state.rglob("*"):
        assert not path.is_file() or b"5f0c9e" not in path.read_bytes(), path
    told = [line for line in said if "rented machine" in line]
    assert [line.partition(":")[0] for line in told] == ["HF_TOKEN, MY_API_KEY"]
    said.clear()
    find_launcher("local").check(
        Job(run=run, secrets=("HF_TOKEN",), env={"MY_API_KEY": "x"}),
        NO_PLAN,
        settings(work, say=said.append),
    )
    assert not [line for line in said if "rented machine" in line]


def test_a_secret_of_several_lines_is_masked_line_by_line_and_encoded(
    work: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = ["MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcw", "VJTUt9Us8cKjMzEfYyjiWA4R4/M2bS1GB4t7"]
    monkeypatch.setenv("KEY_FILE", "\n".join(lines) + "\n")
    run = 'echo "$KEY_FILE" | sed "s/^/key: /"; printf %q "$KEY_FILE"; printf %s "$KEY_FILE" | base64 -w0; exit 3'
    _, found, log = launch(Job(run=run, secrets=("KEY_FILE",)), work)
    assert log.startswith("key: ***\nkey: ***\n")
    assert found.exit_code == 3
    for path in state.rglob("*"):
        for line in (*lines, "TUlJRXZRSUJBREFOQmdrcWhraUc5dzBCQVFFRkFBU0NCS2N3"):  # base64 of the first
            assert not path.is_file() or line.encode() not in path.read_bytes(), path


@pytest.mark.parametrize("cut", range(16))
def test_a_secret_cut_in_two_is_masked(cut: int) -> None:
    redactor = Redactor(["canary-5f", "canary-5f0c", "ab", "y ab-"])
    text = b"x canary-5f0c y ab"
    assert redactor.feed(text[:cut]) + redactor.feed(text[cut:]) + redactor.rest() == b"x *** y ab"


def test_files_of_a_run_are_for_its_owner_only(work: Path, state: Path) -> None:
    launch(Job(run="true"), work)
    assert stat.S_IMODE((state / "runs.sqlite3").stat().st_mode) == 0o600
    for folder in (state, state / "runs", *(state / "runs").iterdir()):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700, folder


# Readiness


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


SERVER = f"exec {sys.executable} -m http.server --bind 127.0.0.1"


def test_a_service_is_waited_for(work: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}/"
    job = Job(
        run=f"({SERVER} {port} >/dev/null 2>&1) & while ! grep -q ready ready 2>/dev/null; do sleep 0.01; done",
        readiness=Readiness(http=url, timeout=PATIENCE, interval=0.05),
        ports=(Port(port),),
    )
    record = Records().new(name="serve", launcher="local", spec_path="-", workdir=str(work))
    outcome = find_launcher("local").launch(job, NO_PLAN, settings(work, detach=True), record)
    assert outcome.state == "running"
    log = Path(log_path(record.run.id))
    assert until(lambda: f" s: {url}" in log.read_text())
    assert "gpuspec: ready after " in log.read_text()
    (work / "ready").write_text("ready")
    assert until(lambda: Records().get(record.run.id).state == "succeeded")


def test_readiness_that_never_comes_fails_the_run_and_says_why(work: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}/health"
    job = Job(run="echo loading; sleep 600", readiness=Readiness(http=url, timeout=2, interval=0.05))
    said: list[str] = []
    outcome, run, log = launch(job, work, say=said.append)
    assert (outcome.state, run.exit_code) == ("failed", 1)
    assert said == ["the last line of its log:", "  loading"]
    assert run.message == f"not ready within 2 s ({url}: [Errno 111] Connection refused)"
    assert log.startswith("loading\n")
    assert marked(run.id) == []


def test_readiness_by_command(work: Path) -> None:
    job = Job(
        run="touch up; while [ ! -e told ]; do sleep 0.01; done",
        readiness=Readiness(command=("test", "-e", "up"), timeout=PATIENCE, interval=0.02),
    )
    record = Records().new(name="wait", launcher="local", spec_path="-", workdir=str(work))
    find_launcher("local").launch(job, NO_PLAN, settings(work, detach=True), record)
    log = Path(log_path(record.run.id))
    assert until(lambda: re.search(r"^gpuspec: ready after \d+ s: test -e up$", log.read_text(), re.M))
    (work / "told").touch()
    assert until(lambda: Records().get(record.run.id).state == "succeeded")


# The client is interrupted, killed, gone


class Driven:
    """A client in a process of its own, running `run`."""

    def __init__(self, tmp_path: Path, work: Path, run: str, *words: str) -> None:
        job = tmp_path / "job.json"
        job.write_text(json.dumps({"run": run, "workdir": str(work)}))
        self.process = subprocess.Popen(
            [sys.executable, str(DRIVE), str(job), *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        until((work / "started").exists)

    @property
    def run(self) -> Run:
        return Records().get("driven")


def cli(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gpuspec", *arguments], capture_output=True, text=True, timeout=PATIENCE
    )


def test_ctrl_c_lets_the_job_save_and_says_so(tmp_path: Path, work: Path) -> None:
    driven = Driven(
        tmp_path, work, "trap 'echo saved > state; exit 0' TERM; touch started; while :; do sleep 0.01; done"
    )
    driven.process.send_signal(signal.SIGINT)
    _, errors = driven.process.communicate(timeout=PATIENCE)
    assert driven.process.returncode == 130
    assert "stopping (up to 5 s; Ctrl-C again to kill)" in errors
    assert (work / "state").read_text() == "saved\n"
    assert driven.run.state == "interrupted"


def test_ctrl_c_twice_kills(tmp_path: Path, work: Path) -> None:
    driven = Driven(tmp_path, work, "trap 'touch asked' TERM; touch started; while :; do sleep 0.01; done")
    driven.process.send_signal(signal.SIGINT)
    assert until((work / "asked").exists)
    assert driven.process.poll() is None
    driven.process.send_signal(signal.SIGINT)
    driven.process.communicate(timeout=PATIENCE)
    assert driven.process.returncode == 130
    assert marked(driven.run.id) == []


def test_a_killed_client_takes_its_job_along_and_the_record_tells(tmp_path: Path, work: Path) -> None:
    driven = Driven(tmp_path, work, "touch started; setsid sleep 600 & sleep 600")
    driven.process.send_signal(signal.SIGKILL)
    assert until(lambda: driven.run.state == "interrupted")
    assert driven.run.message == "stopped, because the gpuspec that started it is gone"
    assert marked(driven.run.id) == []


@pytest.mark.parametrize(
    ("point", "run"),
    [
        ("run_folder:before", "sleep 600"),  # recorded, nothing else
        ("run_folder:after", "sleep 600"),
        ("job_file:before", "sleep 600"),
        ("job_file:after", "sleep 600"),
        ("_start:before", "sleep 600"),
        ("_start:after", "sleep 600"),  # the supervisor is about to start the job
        ("_show:before", "sleep 600"),
        ("_show:after", "true"),  # over
        ("_outcome:before", "true"),
        ("_outcome:after", "true"),
    ],
)
def test_a_client_killed_on_its_way_leaves_a_record_and_nothing_else(
    tmp_path: Path, work: Path, point: str, run: str
) -> None:
    (tmp_path / "job.json").write_text(json.dumps({"run": run, "workdir": str(work)}))
    client = subprocess.run(
        [sys.executable, str(DRIVE), str(tmp_path / "job.json")],
        env={**os.environ, "KILL_AT": point},
        timeout=PATIENCE,
    )
    assert client.returncode == -signal.SIGKILL
    local, started = find_launcher("local"), point not in ("run_folder:before", "run_folder:after", "job_file:before",
                                                           "job_file:after", "_start:before")  # fmt: skip
    ends = ("succeeded", "interrupted") if started else ("lost",)
    assert until(lambda: local.state(Records().get("driven")).state in ends)
    assert cli("reap", "--yes").returncode == 0
    found = Records().get("driven")
    assert found.state == ("succeeded" if run == "true" else "interrupted")
    assert until(lambda: marked(found.id) == [])
    assert found.pid is None or process_start(found.pid) is None


def test_a_killed_supervisor_leaves_a_run_that_ps_and_reap_understand(tmp_path: Path, work: Path) -> None:
    driven = Driven(tmp_path, work, "touch started; sleep 600", "detach")
    driven.process.communicate(timeout=PATIENCE)
    run = driven.run
    assert run.pid is not None
    assert run.state == "running"
    os.kill(run.pid, signal.SIGKILL)
    assert until(lambda: process_start(cast(int, run.pid)) is None)
    left = marked(run.id)
    assert left, "the job itself lives on"
    shown = json.loads(cli("ps", "--json").stdout)["runs"]
    assert [(row["id"], row["state"]) for row in shown] == [(run.id, "lost")]
    assert "gpuspec reap" in cli("ps").stdout
    assert "its processes still run" in cli("reap", "--dry-run").stdout
    assert marked(run.id) == left
    assert cli("reap").returncode == 2  # nobody can be asked
    done = cli("reap", "--yes")
    assert done.returncode == 0, done.stderr
    assert until(lambda: marked(run.id) == [])
    assert Records().get(run.id).state == "interrupted"
    assert cli("reap", "--yes").stdout == "nothing to reap\n"


def test_a_client_killed_before_it_started_anything_is_understood_too(work: Path) -> None:
    code = (
        "import os, signal; from gpuspec.launch.records import Records;"
        "Records().new(name='early', launcher='local', spec_path='-', workdir='/');"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == -signal.SIGKILL
    assert "lost" in cli("ps").stdout
    assert cli("reap", "--yes").returncode == 0
    assert Records().get("early").state == "interrupted"


def test_a_detached_run_is_followed_and_stopped_from_elsewhere(tmp_path: Path, work: Path) -> None:
    run = "trap 'echo saved; exit 0' TERM; echo first; touch started; while :; do sleep 0.01; done"
    driven = Driven(tmp_path, work, run, "detach")
    driven.process.communicate(timeout=PATIENCE)
    assert driven.process.returncode == 0
    assert driven.run.state == "running"
    assert "running" in cli("ps").stdout
    assert cli("logs", "driven").stdout == "first\n"
    following = subprocess.Popen(
        [sys.executable, "-m", "gpuspec", "logs", "-f", "driven"], stdout=subprocess.PIPE, text=True
    )
    stopped = cli("stop", driven.run.id[:4])
    assert stopped.returncode == 0, stopped.stderr
    assert "interrupted" in stopped.stdout
    followed = following.communicate(timeout=PATIENCE)[0]
    assert followed.startswith("first\n")
    assert followed.endswith("saved\ngpuspec: stopped\n")
    assert "interrupted" in cli("stop", driven.run.id).stdout  # again: nothing to do, no error
    assert "nothing: this machine" in cli("cost", driven.run.id).stdout


def test_items_run_here_and_resume_does_only_the_rest(work: Path) -> None:
    for name in ("a b.wav", "c.wav"):
        (work / name).touch()
    job = Job(name="w", items="*.wav", run="echo {item} >> log; [ -e fixed ] || [ {item} != c.wav ]")
    outcome, _, log = launch(job, work)
    assert (outcome.state, outcome.exit_code) == ("failed", 1)
    assert "items: 1 of 2 done" in log
    (work / "fixed").touch()
    outcome, _, log = launch(job, work, resume=True)
    assert outcome.state == "succeeded"
    assert "items: 1 of 2 were done before" in log
    assert (work / "log").read_text().splitlines() == ["a b.wav", "c.wav", "c.wav"]


def test_outputs_that_were_not_written_are_named(work: Path) -> None:
    outcome, _, log = launch(Job(run="mkdir a; touch a/x", outputs=("a/", "b/*.txt")), work)
    assert outcome.state == "succeeded"
    assert log == "gpuspec: outputs: nothing was written to b/*.txt\n"


def test_a_run_past_its_limit_is_reaped(tmp_path: Path, work: Path) -> None:
    driven = Driven(tmp_path, work, "touch started; sleep 600", "detach")
    driven.process.communicate(timeout=PATIENCE)
    assert cli("reap", "--yes").stdout == "nothing to reap\n"
    # as if its own timer had not fired: 2 h ago, limit 1 h
    record_of(driven.run).update(started_up=clock.uptime() - 7200, max_hours=1.0)
    assert "past its limit of 1 h" in cli("reap", "--dry-run").stdout
    assert cli("reap", "--yes").returncode == 0
    assert marked(driven.run.id) == []
    assert driven.run.state == "interrupted"


def test_dry_run_shows_the_steps_and_starts_nothing(work: Path, site: Site) -> None:
    job = Job(downloads=(Download("http", f"{site.url}/x"),), setup=("touch a",), run="touch b\ntouch c")
    text = find_launcher("local").describe(job, NO_PLAN, settings(work, max_hours=2))
    assert text.splitlines() == [
        f"on this machine, in {work}:",
        f"  download  http {site.url}/x",
        "  setup     touch a",
        "  run       touch b",
        "  run       touch c",
        "  ended after 2 h at the latest",
    ]
    assert list(work.iterdir()) == []
    assert site.requests == []
