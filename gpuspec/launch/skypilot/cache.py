"""A job's `cache` on its machine: a bucket that SkyPilot mounts there, or a volume of the cloud.

A bucket is mounted by rclone (SkyPilot's MOUNT_CACHED): what is written lands on the machine's disk and is uploaded
a second after its file is closed, whole or not at all. So a machine that goes takes with it what was not uploaded
yet: a job waits for that at its end, and a machine before it is taken down, each for a bounded time. SkyPilot 0.14.1
itself waits without end, and not at all where a job fails.
"""

from __future__ import annotations

from typing import Any

from gpuspec.errors import UserError
from gpuspec.job import Job
from gpuspec.planning.cost import UPLOAD_MINUTES
from gpuspec.planning.limits import cache_kind

CACHE = "/gpuspec-cache"
"""Where a job's `cache` is mounted."""

LAST_SECONDS = 60
"""The same for a machine that is taken down: well within `client.TEARDOWN_SECONDS`."""

NOT_UPLOADED = "gpuspec: not all that was written to the cache has reached its bucket"
"""Said in the job's log where that was not enough; the job has then failed."""

SCHEMES = ("s3", "gs", "r2", "https", "nebius", "cw", "oci", "vastdata")
"""Buckets that SkyPilot 0.14.1 mounts by rclone (sky/data/storage.py); https is Azure's, oci works where its S3
interface is set up. IBM's cos it refuses only once a machine is paid for; a repository of hf is read-only."""

_HINTS = {
    "gcs": "for Google Cloud Storage write gs://",
    "az": "for Azure write https://ACCOUNT.blob.core.windows.net/CONTAINER",
    "azure": "for Azure write https://ACCOUNT.blob.core.windows.net/CONTAINER",
}


def cache_folder(job: Job) -> str | None:
    """Where the cache is on the machine: the mount, or the folder of the bucket that the job names; None without."""
    if job.cache is None:
        return None
    inside = _bucket(job.cache)[1]
    return f"{CACHE}/{inside}" if inside else CACHE


def cache_mount(job: Job) -> dict[str, Any]:
    """`cache` in a task's YAML. UserError for a bucket that SkyPilot cannot mount."""
    if job.cache is None:
        return {}
    if cache_kind(job) == "volume":
        return {"volumes": {CACHE: job.cache}}
    scheme = job.cache.partition("://")[0]
    bucket, _ = _bucket(job.cache)
    if scheme not in SCHEMES:
        raise UserError(
            "cache-bucket",
            f"`cache` {job.cache}: SkyPilot cannot keep a machine's cache in {scheme}://",
            _HINTS.get(scheme, f"use one of: {', '.join(name + '://' for name in SCHEMES)}"),
        )
    if ".." in job.cache.split("/") or bucket.endswith("://"):
        raise UserError(
            "cache-bucket", f"`cache` {job.cache} names no folder of a bucket", "like s3://BUCKET/FOLDER"
        )
    # The event `down` is any taking down: by the machine's own timer, by gpuspec or by a controller.
    last = {"run": _upload_wait(LAST_SECONDS), "events": ["down", "preemption"], "timeout": LAST_SECONDS + 10}
    return {
        "file_mounts": {CACHE: {"source": bucket, "mode": "MOUNT_CACHED"}},
        "config": {"hooks": [last]},
    }


def wait_for_upload_text(text: str, job: Job) -> str:
    """`text`, and then the wait for what it wrote. Ends the shell: SkyPilot's own wait stands behind it."""
    if cache_kind(job) != "bucket":
        return text
    return f"""\
(
{text})
gs_status=$?
{_upload_wait(UPLOAD_MINUTES * 60)}[ -z "$gs_dirty" ] || [ $gs_status -ne 0 ] || gs_status=1
exit $gs_status
"""


def _upload_wait(seconds: int) -> str:
    """Shell text that waits until rclone (1.59 or newer) notes no file as `Dirty`, or its mount is gone; `gs_dirty`
    is what it still notes then."""
    return f"""\
gs_waited=0
while gs_dirty=$(grep -rlsE '"Dirty": *true' ~/.cache/rclone/*/vfsMeta) && [ -n "$gs_dirty" ]; do
  if [ $gs_waited -ge {seconds} ] || ! stat {CACHE} >/dev/null 2>&1; then
    echo "{NOT_UPLOADED}: $(echo "$gs_dirty" | wc -l) files" >&2; break
  fi
  gs_waited=$(( gs_waited + 1 ))
  [ $(( gs_waited % 60 )) -ne 0 ] ||
    echo "gpuspec: $(echo "$gs_dirty" | wc -l) files of the cache are being uploaded" >&2
  sleep 1
done
"""


def _bucket(cache: str) -> tuple[str, str]:
    """(what SkyPilot mounts, the folder in it): it mounts whole buckets only. Azure's address begins with the
    account."""
    scheme, apart, rest = cache.partition("://")
    if not apart:
        return cache, ""
    parts = [part for part in rest.split("/") if part]
    whole = 2 if scheme == "https" else 1
    return f"{scheme}://{'/'.join(parts[:whole])}", "/".join(parts[whole:])
