"""`cache` in a task: what is mounted where, and the wait for what was written to reach the bucket. With a real
bucket: tests/e2e/test_cache.py."""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path

import pytest
from waiting import PATIENCE

from gpuspec.errors import UserError
from gpuspec.job import Job
from gpuspec.launch.skypilot.cache import CACHE, NOT_UPLOADED, cache_folder, cache_mount, wait_for_upload_text
from gpuspec.launch.skypilot.mode import durable_folder


@pytest.mark.parametrize(
    ("cache", "source", "folder"),
    [
        ("s3://mine", "s3://mine", "/gpuspec-cache"),
        ("s3://mine/", "s3://mine", "/gpuspec-cache"),
        ("s3://mine/models/v1/", "s3://mine", "/gpuspec-cache/models/v1"),
        ("vastdata://mine/m", "vastdata://mine", "/gpuspec-cache/m"),
        (
            "https://acct.blob.core.windows.net/box/m",
            "https://acct.blob.core.windows.net/box",
            "/gpuspec-cache/m",
        ),
    ],
)
def test_a_bucket_is_mounted_whole_and_the_folder_in_it_is_used(cache: str, source: str, folder: str) -> None:
    job = Job(cache=cache, items="*.wav")
    assert cache_mount(job)["file_mounts"] == {"/gpuspec-cache": {"source": source, "mode": "MOUNT_CACHED"}}
    assert cache_folder(job) == folder
    assert durable_folder(job, "x") == f"{folder}/gpuspec-x"


def test_a_volume_is_mounted_by_its_name() -> None:
    job = Job(cache="models")
    assert cache_mount(job) == {"volumes": {"/gpuspec-cache": "models"}}
    assert cache_folder(job) == "/gpuspec-cache"
    assert wait_for_upload_text("true\n", job) == "true\n"


@pytest.mark.parametrize(
    ("cache", "hint"),
    [
        ("gcs://mine", "gs://"),
        ("az://mine", "blob.core.windows.net"),
        ("cos://us-south/mine", "s3://"),
        ("hf://org/model", "s3://"),
        ("s3://", "BUCKET"),
        ("s3://mine/../etc", "BUCKET"),
    ],
)
def test_a_bucket_that_cannot_be_mounted_is_refused(cache: str, hint: str) -> None:
    with pytest.raises(UserError) as caught:
        cache_mount(Job(cache=cache))
    assert caught.value.code == "cache-bucket"
    assert hint in (caught.value.hint or "")


def notes(home: Path, dirty: bool) -> Path:
    """What rclone 1.68 notes of a file in its cache."""
    path = home / ".cache/rclone/0f/vfsMeta/remote/mine/state"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'{{\n\t"Size": 10,\n\t"Dirty": {str(dirty).lower()}\n}}')
    return path


def started(text: str, home: Path, mount: Path) -> subprocess.Popen[str]:
    job = Job(cache="s3://mine")
    words = ["bash", "-c", wait_for_upload_text(text, job).replace(CACHE, str(mount))]
    return subprocess.Popen(words, env={"HOME": str(home), "PATH": "/usr/bin:/bin"}, stderr=-1, text=True)


@pytest.mark.parametrize("status", [0, 3])
def test_a_job_ends_when_what_it_wrote_is_in_the_bucket(tmp_path: Path, status: int) -> None:
    note = notes(tmp_path, dirty=True)
    said = tmp_path / "said"
    running = started(f"touch {said}; exit {status}\n", tmp_path, tmp_path)
    while not said.exists():
        assert running.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        running.wait(timeout=0.3)
    threading.Timer(0.1, lambda: notes(tmp_path, dirty=False)).start()
    assert running.communicate(timeout=PATIENCE) == (None, "")
    assert running.returncode == status
    assert note.exists()


@pytest.mark.parametrize(("status", "shown"), [(0, 1), (3, 3)])
def test_a_job_whose_mount_is_gone_says_what_did_not_arrive(tmp_path: Path, status: int, shown: int) -> None:
    notes(tmp_path, dirty=True)
    running = started(f"exit {status}\n", tmp_path, tmp_path / "gone")
    _, error = running.communicate(timeout=PATIENCE)
    assert error == f"{NOT_UPLOADED}: 1 files\n"
    assert running.returncode == shown


def test_the_wait_before_a_machine_goes_is_of_any_shell_and_shorter_than_that_of_the_client(
    tmp_path: Path,
) -> None:
    from gpuspec.launch.skypilot.client import TEARDOWN_SECONDS

    (hook,) = cache_mount(Job(cache="s3://mine"))["config"]["hooks"]
    assert set(hook["events"]) == {"down", "preemption"}
    assert hook["timeout"] < TEARDOWN_SECONDS / 2
    assert len(hook["run"]) < 16 * 1024  # SkyPilot's own limit
    notes(tmp_path, dirty=True)
    done = subprocess.run(
        ["sh", "-c", hook["run"].replace(CACHE, str(tmp_path / "gone"))],
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stderr == f"{NOT_UPLOADED}: 1 files\n"
