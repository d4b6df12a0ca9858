"""What no program can be started with is said before anything is: all variables and a command have one limit."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest

from gpuspec.cli.main import main
from gpuspec.errors import UserError
from gpuspec.job import Job
from gpuspec.job.job import Readiness
from gpuspec.launch.launcher import RunSettings
from gpuspec.launch.program_room import RENTED, Room, require_room, require_short_patterns, room_here
from gpuspec.launch.records import Records
from gpuspec.launch.skypilot.skypilot_launcher import SkyPilotLauncher
from gpuspec.launch.skypilot.slurm_argument import require_slurm_argument

from .test_skypilot_task import job as rented
from .test_skypilot_task import made, planned


def variables(size: int) -> dict[str, str]:
    """Variables of so many bytes in all, with their names."""
    whole, rest = divmod(size, 100_000)
    names = [f"V{number:03}" for number in range(whole)]
    return {**dict.fromkeys(names, "x" * (100_000 - 5)), "REST": "x" * (rest - 5)}


def starts(command: list[str], environment: dict[str, str]) -> bool:
    """Whether this machine's kernel starts it."""
    pid = os.fork()
    if not pid:
        try:
            os.execve("/bin/bash", command, environment)
        except OSError as error:
            os._exit(7 if error.errno == errno.E2BIG else 8)
    return {0: True, 7: False}[os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])]


@pytest.mark.parametrize(("less", "right"), [(8192, True), (-8192, False)])
@pytest.mark.parametrize("item", ["", "x" * 120_000])
def test_the_limit_is_the_kernel_s(less: int, right: bool, item: str) -> None:
    run = "true # " + "x" * 100_000
    room = Room(room_here().most, {})
    env = variables(room.most - len(run) - len(f"GPUSPEC_ITEM={item}") - less)
    assert starts(["bash", "-c", run], {**env, "GPUSPEC_ITEM": item}) is right
    job = Job(run=run, env=env)
    if right:
        require_room(job, [item], room)
        return
    with pytest.raises(UserError) as caught:
        require_room(job, [item], room)
    assert caught.value.code == "command-too-long"


def test_what_is_here_already_and_secrets_count(monkeypatch: pytest.MonkeyPatch) -> None:
    env = variables(RENTED.most - 50_000)
    require_room(Job(run="true", env=env), [], RENTED)
    with pytest.raises(UserError):
        require_room(Job(run="true", env=env), [], Room(RENTED.most, {"HERE": "x" * 60_000}))
    monkeypatch.setenv("TOKEN", "x" * 60_000)
    with pytest.raises(UserError):
        require_room(Job(run="true", env=env, secrets=("TOKEN",)), [], RENTED)


@pytest.mark.parametrize("words", [("local", "--yes"), ("local", "--dry-run"), ("skypilot", "--dry-run")])
def test_a_run_with_too_many_variables_starts_nothing(
    words: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("GPUSPEC_STATE_DIR", str(tmp_path / "state"))
    spec: dict[str, Any] = {"gpu_types": ["RTX 4090"], "budget": {"max_hours": 1}, "keep_alive_minutes": 3}
    spec |= {"run": "touch started", "env": variables(6_500_000)}
    (tmp_path / "job.jsonc").write_text(json.dumps(spec))
    on, *options = words
    assert main(["run", str(tmp_path / "job.jsonc"), "--on", on, "--allow-no-gpu", *options]) == 2
    assert "error[command-too-long]: 6,5" in capsys.readouterr().err
    assert not (tmp_path / "started").exists()
    assert Records().all() == []


def test_a_readiness_command_goes_with_all_variables_through_one_argument_of_ssh(tmp_path: Path) -> None:
    """A service whose readiness nobody could ask was ended after 15 minutes."""
    job = rented("RTX A6000", env=variables(150_000), readiness=Readiness(command=("true",)))
    settings = RunSettings(spec_path="-", workdir=str(tmp_path), say=print, ask=bool)
    with pytest.raises(UserError) as caught:
        SkyPilotLauncher().check(job, planned(job), settings)
    assert caught.value.code == "command-too-long"
    assert "`env and readiness.command` is 150," in caught.value.message


@pytest.mark.parametrize(
    "fields",
    [
        {"env": variables(140_000)},
        {"env": {"A": "'" * 8_000}},  # each becomes 17 characters, quoted twice
        {"run": "echo " + "'" * 8_000},
        {"setup": ("x" * 70_000,), "env": variables(70_000)},
    ],
    ids=["env", "quotes in env", "quotes in run", "setup and env"],
)
def test_on_a_slurm_the_variables_and_a_short_text_are_one_argument(
    fields: dict[str, Any], tmp_path: Path
) -> None:
    """SkyPilot's `subprocess.Popen(…, shell=True)` ended with "Argument list too long" once the machine was there."""
    job = rented("RTX A6000", **fields)
    plan = planned(job)
    assert plan.choice
    there = plan._replace(choice=plan.choice._replace(offer=plan.choice.offer._replace(cloud="slurm")))
    settings = RunSettings(spec_path="-", workdir=str(tmp_path), say=print, ask=bool)
    with pytest.raises(UserError) as caught:
        SkyPilotLauncher().check(job, there, settings)
    assert caught.value.code == "command-too-long"
    assert "quoted for a Slurm" in caught.value.message
    require_slurm_argument(made(rented("RTX A6000", run="x" * 101 * 1024)))  # goes in a file of its own


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"outputs": ("x" * 4097,)}, "is 4,097 bytes long"),
        ({"outputs": ("a",), "exclude_outputs": ("é" * 2049,)}, "is 4,098 bytes long"),
        ({"outputs": ("x" * 4000,) * 300}, "are 1,200,000 bytes in all"),
    ],
)
def test_outputs_that_rsync_cannot_be_given(fields: dict[str, Any], told: str) -> None:
    with pytest.raises(UserError) as caught:
        require_short_patterns(Job(**fields))
    assert (caught.value.code, told in caught.value.message) == ("command-too-long", True)
    require_short_patterns(Job(outputs=("x" * 4096,) * 200))
