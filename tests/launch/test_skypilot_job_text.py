"""The shell text of a SkyPilot task, run by a real bash."""

from __future__ import annotations

import io
import json
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from waiting import PATIENCE

from gpuspec.job.job import Budget, Job, MinUtilization, Scaling, SetupStep
from gpuspec.launch.skypilot.job_log import JobLog
from gpuspec.launch.skypilot.job_script import (
    FETCHED,
    LIMIT_REACHED,
    run_text,
    setup_text,
    wait_for_fetch_text,
)
from gpuspec.launch.skypilot.machine_launch import outcome_of_state
from gpuspec.launch.skypilot.task import task

from .test_skypilot_task import A6000_ON_LAMBDA, job, made, planned


def bash(text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["bash", "-c", text], cwd=folder, capture_output=True, text=True, timeout=PATIENCE)


@settings(max_examples=40, deadline=None)
@given(st.text(alphabet="ab '\"\\$`(){}<>|&;*?~!#é🚀GPUSPEC_RUN\n", max_size=60))
def test_run_is_executed_verbatim_under_a_limit(tmp_path_factory: pytest.TempPathFactory, words: str) -> None:
    folder = tmp_path_factory.mktemp("w")
    command = f"cat <<'END_OF_WORDS'\n{words}\nEND_OF_WORDS\nGPUSPEC_RUN=1\n"
    plain, limited = bash(run_text(command, None), folder), bash(run_text(command, 1.0), folder)
    assert plain.stdout == words + "\n"
    assert (limited.stdout, limited.returncode) == (plain.stdout, plain.returncode)


def test_a_line_that_ends_our_here_document_does_not() -> None:
    text = run_text("echo a\nGPUSPEC_RUN\necho b", 1.0)
    assert "3<<'GPUSPEC_RUN_2'" in text
    assert "\necho a\nGPUSPEC_RUN\necho b\nGPUSPEC_RUN_2\n" in text


@pytest.mark.parametrize("limit", [None, 1.0])
def test_the_exit_status_is_the_jobs_own_and_is_said(limit: float | None, tmp_path: Path) -> None:
    failed = bash(run_text("exit 7", limit), tmp_path)
    assert failed.returncode == 7
    watch = JobLog(io.StringIO(), io.StringIO())
    watch.write("(x, pid=1) " + failed.stderr)
    assert watch.exit_code == 7
    assert bash(run_text("true", limit), tmp_path).stderr == ""
    done = bash(run_text("read line; echo got $line", limit) + "\n", tmp_path)
    assert done.returncode == 0


@pytest.mark.parametrize("limit", [None, 1.0])
def test_the_authors_environment_is_left_alone(limit: float | None, tmp_path: Path) -> None:
    words = ["up", "ends", "left", "began", "now", "status", "sampler", "seconds", "waited", "mark"]
    values = "".join(f"export {word}=theirs; " for word in words)
    text = setup_text(job("RTX A6000", setup=("true",)), limit) + run_text("env", limit)
    done = bash(values + text, tmp_path)
    assert {f"{word}=theirs" for word in words} <= set(done.stdout.split("\n"))


def nvidia_smi(folder: Path, *rows: str) -> str:
    """Text that makes bash find an nvidia-smi, with a row for each GPU: index, UUID, % used, MiB held, MiB in all.
    What it is asked is checked, as it stands in for one that is not here."""
    asked = "--query-gpu=index,uuid,utilization.gpu,memory.used,memory.total --format=csv,noheader,nounits"
    told = "\\n".join(rows)
    (folder / "nvidia-smi").write_text(f'#!/bin/sh\n[ "$*" = "{asked}" ] && printf "{told}\\n"\n')
    (folder / "nvidia-smi").chmod(0o755)
    return f"export PATH={folder}:$PATH\n"


TWO = ("0, GPU-a, 60, 512, 81920", "1, GPU-b, 90, 40960, 81920")
SEEN = "until [ -s .gpuspec/utilization0 ]; do sleep 0.05; done"


@pytest.mark.parametrize("limit", [None, 1.0])
def test_how_much_the_gpus_are_used_is_said_at_the_end(limit: float | None, tmp_path: Path) -> None:
    path = nvidia_smi(tmp_path, *TWO)
    done = bash(path + run_text(f"{SEEN}; trap 'echo mine' EXIT; exit 3", limit), tmp_path)
    assert (done.stdout, done.returncode) == ("mine\n", 3)
    out, heard = io.StringIO(), []
    watch = JobLog(out, out)
    watch.heard = lambda: heard.append(True)
    for line in done.stderr.splitlines():
        watch.write(f"(x, pid=1) {line}\n")
    assert (watch.exit_code, out.getvalue(), heard) == (3, "", [True])
    assert watch.utilization is not None
    assert watch.utilization.memory == 40.0  # 40960 MiB
    assert (watch.utilization.gpu, watch.utilization.memory_total) == (75.0, 80.0)
    assert watch.utilization.gpus == (60.0, 90.0)


def test_only_the_gpus_that_a_job_sees_count(tmp_path: Path) -> None:
    path = nvidia_smi(tmp_path, *TWO) + "export CUDA_VISIBLE_DEVICES=1\n"
    bash(path + run_text(SEEN, None), tmp_path)
    assert json.loads((tmp_path / ".gpuspec" / "utilization0").read_text())["gpus"] == [90.0]


@pytest.mark.parametrize("limit", [None, 1.0])
def test_a_job_that_uses_its_gpus_too_little_is_ended(limit: float | None, tmp_path: Path) -> None:
    """Whatever it makes of TERM, it has not succeeded."""
    path = nvidia_smi(tmp_path, "0, GPU-a, 4, 512, 81920")
    command = "trap 'echo told; exit 0' TERM; sleep 600 & wait"
    least = MinUtilization(30, 0.01, "end")
    done = bash(path + run_text(command, limit, least=least), tmp_path)
    assert (done.stdout, done.returncode) == ("told\n", 1)
    watch = JobLog(io.StringIO(), io.StringIO())
    for line in done.stderr.splitlines():
        watch.write(f"(x, pid=1) {line}\n")
    why = "its GPUs were used 4 % in the last 0.01 minutes, and min_utilization asks for 30 %"
    assert watch.too_low.startswith(why)
    ended = outcome_of_state("FAILED", watch)
    assert ended.message == f"ended for low utilization: {watch.too_low}"


def test_what_a_machine_used_again_does_first_is_not_judged(tmp_path: Path) -> None:
    """Downloads and setup of every run come before the command, in one text."""
    path = nvidia_smi(tmp_path, "0, GPU-a, 4, 512, 81920")
    steps = (
        SetupStep(
            "until [ -s .gpuspec/utilization0 ]; do sleep 0.05; done; sleep 1.2; touch done", once=False
        ),
    )
    least = MinUtilization(30, 0.01, "end")
    spec = job("RTX A6000", setup=(steps[0].run,), steps=steps, run="sleep 600", min_utilization=least)
    (tmp_path / ".gpuspec").mkdir()
    (tmp_path / ".gpuspec" / "set-up").touch()
    done = bash(path + made(spec, reuse=A6000_ON_LAMBDA)["run"], tmp_path)
    assert done.returncode != 0
    assert (tmp_path / "done").exists()
    assert "ended for low utilization" in done.stderr


def test_a_service_that_scales_is_only_warned_of(tmp_path: Path) -> None:
    spec = job("RTX A6000", run="true", scaling=Scaling(0, 2), min_utilization=MinUtilization(30, 5, "end"))
    assert " 30 5 warn" in made(spec)["run"]


def test_a_machine_used_again_is_not_set_up_again(tmp_path: Path) -> None:
    steps = (
        SetupStep("touch made", once=True),
        SetupStep("echo each", once=False),
        SetupStep("touch unsaid"),
    )
    spec = job(
        "RTX A6000", setup=tuple(step.run for step in steps), steps=steps, run="echo run", budget=Budget(1, 1)
    )
    way = A6000_ON_LAMBDA
    again = made(spec, reuse=way)
    assert again["resources"] == {"infra": "lambda", "accelerators": "A6000:1"}
    assert "setup" not in again
    (tmp_path / ".gpuspec").mkdir()
    (tmp_path / ".gpuspec" / "ends").write_text("1\n")  # the first run's limit is over
    (tmp_path / ".gpuspec" / "set-up").touch()
    done = bash(again["run"], tmp_path)
    assert (done.stdout, done.returncode) == ("each\nrun\n", 0)
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("hours", [None, 1])
def test_a_setup_that_failed_is_done_anew_on_a_machine_used_again(
    tmp_path: Path, hours: float | None
) -> None:
    (tmp_path / "deep").mkdir()
    setup = ("echo tried >> tries", "cd deep", "[ -e ../mended ]  # or it fails", "touch made")
    steps = tuple(SetupStep(command) for command in setup)
    budget = Budget(max_hours=hours) if hours else None
    spec = job("RTX A6000", setup=setup, steps=steps, run="echo run", budget=budget)
    assert bash(made(spec)["setup"], tmp_path).returncode == 1
    again = made(spec, reuse=A6000_ON_LAMBDA)["run"]
    failed = bash(again, tmp_path)
    assert (failed.returncode, failed.stdout) == (1, "")
    assert "setup of an earlier run did not end well" in failed.stderr
    (tmp_path / "mended").touch()
    for _ in range(2):
        done = bash(again, tmp_path)
        assert (done.returncode, done.stdout) == (0, "run\n"), done.stderr
    assert (tmp_path / "tries").read_text() == "tried\n" * 3
    assert (tmp_path / "deep" / "made").exists()


def test_a_command_that_has_begun_tells_that_setup_went_well(tmp_path: Path) -> None:
    spec = job("RTX A6000", setup=("echo tried >> tries",), run="echo run")
    first = made(spec)
    assert bash(first["setup"], tmp_path).returncode == 0
    assert bash(first["run"], tmp_path).stdout == "run\n"
    assert bash(made(spec, reuse=A6000_ON_LAMBDA)["run"], tmp_path).returncode == 0
    assert (tmp_path / "tries").read_text() == "tried\n"


def test_the_limit_ends_the_job_and_says_so(tmp_path: Path) -> None:
    done = bash(run_text("echo started; sleep 600", 2 / 3600), tmp_path)
    assert done.stdout == "started\n"
    assert f"{LIMIT_REACHED}: 0.000555556 h" in done.stderr
    assert done.returncode == 124


def test_setup_takes_from_the_same_limit(tmp_path: Path) -> None:
    (tmp_path / ".gpuspec").mkdir()
    assert bash(setup_text(job(setup=("echo ok",)), 2.0), tmp_path).stdout == "ok\n"
    ends = int((tmp_path / ".gpuspec" / "ends").read_text())
    uptime = float(Path("/proc/uptime").read_text().split()[0])
    assert uptime + 7100 < ends <= uptime + 7200
    (tmp_path / ".gpuspec" / "ends").write_text(f"{int(uptime) - 5}\n")  # setup has used it all up
    done = bash(run_text("sleep 600", 2.0), tmp_path)
    assert done.returncode == 124


def test_a_disk_that_was_full_during_setup_does_not_end_the_job_at_once(tmp_path: Path) -> None:
    (tmp_path / ".gpuspec").mkdir()
    (tmp_path / ".gpuspec" / "ends").touch()  # all that `echo >` leaves without room
    done = bash(run_text("sleep 1.5; echo done", 2.0), tmp_path)
    assert (done.stdout, done.returncode) == ("done\n", 0)


@pytest.mark.parametrize("limit", [None, 1.0])
def test_setup_stops_at_the_first_failure(limit: float | None, tmp_path: Path) -> None:
    done = bash(setup_text(job(setup=("echo one", "false", "echo two")), limit), tmp_path)
    assert (done.stdout, done.returncode) == ("one\n", 1)


def test_a_limit_until_a_date_is_shared_by_all_machines(tmp_path: Path) -> None:
    spec = Job(setup=("sleep 60",), steps=(SetupStep("sleep 60"),))
    late = bash(setup_text(spec, 1.0, deadline=time.time() - 5), tmp_path)
    assert late.returncode == 124
    assert f"{LIMIT_REACHED}: 1 h" in late.stderr
    for until, seconds in ((time.time() + 100, 100), (time.time() + 9000, 3600)):
        assert bash(setup_text(Job(), 1.0, deadline=until), tmp_path).returncode == 0
        uptime = float(Path("/proc/uptime").read_text().split()[0])
        assert abs(int((tmp_path / ".gpuspec" / "ends").read_text()) - uptime - seconds) < 5


def test_a_machine_waits_for_its_outputs_to_be_fetched(tmp_path: Path) -> None:
    (tmp_path / ".gpuspec").mkdir()
    (tmp_path / FETCHED).touch()  # of a job before
    with subprocess.Popen(
        ["bash"],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        cwd=tmp_path,
    ) as shell:
        assert shell.stdin
        assert shell.stderr
        shell.stdin.write(wait_for_fetch_text(run_text("echo x; exit 3", 1.0), 1))
        shell.stdin.close()
        watch = JobLog(io.StringIO(), io.StringIO())
        for line in shell.stderr:
            watch.write(f"(x, pid=1) {line}")
            if watch.waits_for_fetch.is_set():
                assert shell.poll() is None
                (tmp_path / FETCHED).touch()
        assert shell.wait() == 3
    assert watch.waits_for_fetch.is_set()
    assert bash(wait_for_fetch_text("exit 4\n", 0), tmp_path).returncode == 4  # nobody came in time


def test_resumed_items_are_known_on_a_new_machine(tmp_path: Path) -> None:
    spec = job("RTX A6000", items=("a", "b", "c"), run="echo {item}; [ {item} != b ] || [ -e mended ]")
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir(), there.mkdir()
    first = bash(task(spec, planned(spec), workdir=str(here), label="x", items=spec.items or ())["run"], here)
    assert first.returncode == 1
    (there / "mended").touch()
    again = task(spec, planned(spec), workdir=str(here), label="x", items=spec.items or (), resume=True)
    done = bash(again["run"], there)
    assert done.returncode == 0
    assert [line for line in done.stdout.splitlines() if not line.startswith("items:")] == ["b"]
