"""Managed jobs and services: which way a job takes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from gpuspec.errors import UserError
from gpuspec.job.job import Checkpoint, Job, Scaling
from gpuspec.launch.records import Records
from gpuspec.launch.skypilot.mode import durable_folder, survives_preemption

from . import drive_controlled as cloud
from .controlled import IN_THE_SERVER, JOB, SERVICE, gpuspec, place, run, settings, write

__all__ = ["place"]


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
    assert [each.replicas for each in said] == [(0, 3), (2, 2), (0, 1), (0, 4)]


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
