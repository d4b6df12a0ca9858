"""Plain addresses, and what the machine's own tools fetch: buckets, git, scripts."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.parse
from typing import IO, TYPE_CHECKING, Any

from .file import Failure, File, Task, confined, digest, tree_size
from .web import redacted

if TYPE_CHECKING:
    from .transfer import Fetcher


_LAST_WORDS = 64 * 1024
"""Bytes of what a tool printed that are looked at for the lines that are shown."""
_SHOWN = 1000
"""Characters of these lines."""


def command(
    what: str,
    arguments: list[str],
    fetcher: Fetcher,
    deadline: float,
    *,
    environment: dict[str, str] | None = None,
    told: IO[str] | None = None,
) -> None:
    """Run a tool in the workspace, with `told` as its standard input. Failure with its last words, or when time is up
    (then it and all it started are ended)."""
    with tempfile.TemporaryFile() as words:
        process = subprocess.Popen(
            arguments,
            cwd=fetcher.root,
            env=environment,
            stdin=told or subprocess.DEVNULL,
            stdout=words,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            while (
                process.poll() is None
                and time.monotonic() < deadline
                and not fetcher.progress.stop.wait(0.02)
            ):
                pass
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        words.seek(max(0, words.seek(0, os.SEEK_END) - _LAST_WORDS))
        said = words.read().decode(errors="replace").replace(what, redacted(what))
    if process.returncode == -signal.SIGKILL:
        raise Failure(f"{redacted(what)}: not finished within its timeout; raise `timeout`")
    if process.returncode:
        lines = [line.strip() for line in said.strip().splitlines()[-3:]]
        last = "; ".join(lines)[-_SHOWN:] or "no message"
        raise Failure(
            f"{redacted(what)}: {os.path.basename(arguments[0])} failed ({process.returncode}): {last}"
        )


def program(name: str) -> str | None:
    """Where a program is; None if it is nowhere. A relative folder of PATH would be one of the workspace."""
    return shutil.which(name, path=os.pathsep.join(filter(os.path.isabs, os.get_exec_path())))


def plan_http(fetcher: Fetcher, item: dict[str, Any]) -> list[Task]:
    """One file from an address; a target that ends in "/" is a folder."""
    target = item.get("target") or ""
    if not target or target.endswith("/"):
        name = os.path.basename(urllib.parse.unquote(urllib.parse.urlsplit(item["source"]).path))
        if not name:
            raise Failure(f"{redacted(item['source'])} names no file; say where it goes with `target`")
        target += name
    check = ("sha256", item["sha256"].lower()) if item.get("sha256") else None
    return [Task(item, File(item["source"], confined(fetcher.root, target), check=check), None)]


def plan_s3(fetcher: Fetcher, item: dict[str, Any]) -> list[Task]:
    """An object or a prefix (ends in "/") by the aws tool; without it, a public object over https."""
    endpoint = os.environ.get("AWS_ENDPOINT_URL", "").rstrip("/")
    bucket, key = _bucket(item["source"], "s3://")
    public = f"{endpoint}/{bucket}/{key}" if endpoint else f"https://{bucket}.s3.amazonaws.com/{key}"
    copy = [["aws", "s3", "sync" if key.endswith("/") or not key else "cp", "--no-progress"]]
    return _from_bucket(fetcher, item, copy, public=public, key=key)


def plan_gs(fetcher: Fetcher, item: dict[str, Any]) -> list[Task]:
    """An object or a prefix (ends in "/") by gcloud or gsutil; without them, a public object over https."""
    bucket, key = _bucket(item["source"], "gs://")
    endpoint = os.environ.get("STORAGE_EMULATOR_HOST", "https://storage.googleapis.com").rstrip("/")
    if key.endswith("/") or not key:
        copy = [["gcloud", "storage", "rsync", "-r"], ["gsutil", "-m", "rsync", "-r"]]
    else:
        copy = [["gcloud", "storage", "cp"], ["gsutil", "cp"]]
    return _from_bucket(fetcher, item, copy, public=f"{endpoint}/{bucket}/{key}", key=key)


def _bucket(source: str, scheme: str) -> tuple[str, str]:
    bucket, _, key = (source[len(scheme) :] if source.startswith(scheme) else source).partition("/")
    if not bucket or bucket.startswith("-"):
        raise Failure(f"{source!r} names no bucket (like {scheme}bucket/key)")
    return bucket, key


def _from_bucket(
    fetcher: Fetcher, item: dict[str, Any], copies: list[list[str]], *, public: str, key: str
) -> list[Task]:
    folder = key.endswith("/") or not key
    target = item.get("target") or ""
    if not folder and (not target or target.endswith("/")):
        target += os.path.basename(key)
    path = confined(fetcher.root, target or os.path.basename(key.rstrip("/")) or "bucket")
    found = ((program(copy[0]), copy) for copy in copies)
    tool, copy = next(((path, copy) for path, copy in found if path), (None, copies[0]))
    quoted = urllib.parse.quote(public, safe=":/%")
    if tool is None and folder:
        names = " or ".join(copy[0] for copy in copies)
        raise Failure(f"{item['source']} is a folder of a bucket and this machine has no {names}; install it")
    if tool is None:
        check = ("sha256", item["sha256"].lower()) if item.get("sha256") else None
        return [Task(item, File(quoted, path, check=check), None)]
    source = (
        item["source"]
        if "://" in item["source"]
        else ("s3://" if copy[0] == "aws" else "gs://") + item["source"]
    )

    def work(deadline: float) -> int:
        os.makedirs(path if folder else os.path.dirname(path), exist_ok=True)
        before = tree_size(path)
        command(item["source"], [tool, *copy[1:], source, path], fetcher, deadline)
        return tree_size(path) - before

    return [fetcher.once(item, path, work, pinned=not folder)]


def plan_git(fetcher: Fetcher, item: dict[str, Any], *, lfs: bool = False) -> list[Task]:
    """One revision of a repository, without its history."""
    source, revision = item["source"], item.get("revision") or "HEAD"
    if source.startswith("-") or revision.startswith("-"):
        raise Failure(f"{source!r} at {revision!r} is not a repository and revision")
    tool = program("git")
    if tool is None:
        raise Failure("this machine has no git; install it in the image or in `setup`")
    if lfs and not program("git-lfs"):
        raise Failure(f"{redacted(source)}: this machine has no git-lfs; install it in the image")
    name = os.path.basename(urllib.parse.urlsplit(source).path.rstrip("/"))
    path = confined(fetcher.root, item.get("target") or (name[:-4] if name.endswith(".git") else name))
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "GIT_LFS_SKIP_SMUDGE": "1"}

    def git(deadline: float, *arguments: str) -> None:
        # Without hooks: a clone that came with the workspace would run its own.
        start = [tool, "-C", path, "-c", "core.hooksPath=/dev/null"]
        command(source, [*start, *arguments], fetcher, deadline, environment=environment)

    def work(deadline: float) -> int:
        os.makedirs(path, exist_ok=True)
        if os.listdir(path) and not os.path.isdir(os.path.join(path, ".git")):
            raise Failure(f"{path} is not empty and not a clone of {redacted(source)}; move it away")
        before = tree_size(os.path.join(path, ".git"))
        git(deadline, "init", "--quiet")
        git(deadline, "fetch", "--quiet", "--depth", "1", "--", source, revision)
        git(deadline, "checkout", "--quiet", "--detach", "FETCH_HEAD")
        if lfs:
            git(deadline, "lfs", "pull", source)
        return tree_size(os.path.join(path, ".git")) - before

    # A branch may have moved: asking again moves no byte when it has not.
    return [fetcher.once(item, path, work, pinned=re.fullmatch(r"[0-9a-f]{40}", revision) is not None)]


def plan_lfs(fetcher: Fetcher, item: dict[str, Any]) -> list[Task]:
    """As git, with the large files."""
    return plan_git(fetcher, item, lfs=True)


def plan_shell(script: str, *, again: bool = False) -> Any:
    """The plan of a strategy that is shell text (see `gpuspec.DownloadStrategy`)."""

    def plan(fetcher: Fetcher, item: dict[str, Any]) -> list[Task]:
        path = confined(fetcher.root, item["target"]) if item.get("target") else fetcher.root
        what = "script" if item["strategy"] == "script" else item["source"]
        variables = {
            "GPUSPEC_SOURCE": item["source"],
            "GPUSPEC_TARGET": path + os.sep * item.get("target", "").endswith("/"),
            "GPUSPEC_REVISION": item.get("revision") or "",
            "GPUSPEC_ALLOW": "\n".join(item.get("allow") or ()),
            "GPUSPEC_IGNORE": "\n".join(item.get("ignore") or ()),
        }

        def work(deadline: float) -> int:
            before = tree_size(path)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            command(
                what,
                [program("bash") or "bash", "-c", script],
                fetcher,
                deadline,
                environment={**os.environ, **variables},
            )
            if not os.path.exists(path):
                raise Failure(f"the download script ended well, but {item['target']} is not there")
            if item.get("sha256"):
                _compare(what, path, item["sha256"].lower())
            return max(tree_size(path) - before, 0)

        return [fetcher.once(item, path, work, pinned=not again)]

    return plan


def _compare(what: str, path: str, wanted: str) -> None:
    """Failure, and the file gone, where it is not the one that was wanted."""
    if not os.path.isfile(path):
        raise Failure(f"{redacted(what)}: `sha256` is for one file, and {path} is a folder")
    found = digest(path, "sha256")
    if found != wanted:
        os.remove(path)
        raise Failure(f"{redacted(what)}: its sha256 checksum is {found}, wanted {wanted}")
