"""A job's commands as one text for bash: downloads by the tools that everybody has, setup, then `run`."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from gpuspec.job import Job
from gpuspec.job.job import Download
from gpuspec.launch.items import bind

_HF = "command -v hf >/dev/null || pip install -q -U huggingface_hub"
_GLOB = re.compile(r"[\w./*?@%+=:,-]+")
"""What a shell may be given as a pattern as it is."""


def script_text(job: Job) -> str:
    """The text, ending at the first command that fails; `run` alone where nothing is before it; "" without any."""
    before = preparations(job)
    run = _run(job).rstrip("\n")
    if not run and not before:
        return ""
    return "\n".join(["set -e", *before, run] if before else [run]) + "\n"


def preparations(job: Job) -> list[str]:
    """The commands before `run`, one text each."""
    return [*_downloads(job.downloads), *(command.rstrip("\n") for command in job.setup)]


def run_command(job: Job) -> str:
    """`run`, for every item where there are some."""
    return _run(job).rstrip("\n")


# -- downloads ------------------------------------------------------------------------------------


def _downloads(downloads: tuple[Download, ...]) -> Iterator[str]:
    if any(download.strategy == "hf" for download in downloads):
        yield _HF
    for download in downloads:
        yield from _fetch(download)


def _fetch(download: Download) -> Iterator[str]:
    source, target = shlex.quote(download.source), download.target
    strategy = download.strategy
    if strategy == "hf":
        words = ["hf download", source]
        words += [f"--revision {shlex.quote(download.revision)}"] if download.revision else []
        words += [f"--include {shlex.quote(pattern)}" for pattern in download.allow]
        words += [f"--exclude {shlex.quote(pattern)}" for pattern in download.ignore]
        words += [f"--local-dir {shlex.quote(target)}"] if target else []
        yield " ".join(words)
    elif strategy in ("http", "https", "civitai"):
        address = download.source
        if strategy == "civitai" and "://" not in address:
            address = f"https://civitai.com/api/download/models/{address}"
        yield from _from_web(address, download)
    elif strategy == "s3":
        yield f"aws s3 cp --recursive {source} {shlex.quote(target or '.')}"
    elif strategy == "gs":
        yield f"gcloud storage cp -r {source} {shlex.quote(target or '.')}"
    elif strategy in ("git", "git-lfs"):
        branch = f"--branch {shlex.quote(download.revision)} " if download.revision else ""
        folder = f" {shlex.quote(target)}" if target else ""
        yield f"git clone {branch}{source}{folder}"
    elif strategy == "script":
        yield download.source
    else:
        yield f"echo {shlex.quote(f'no command is known for the strategy {strategy}')} >&2; exit 1"


def _from_web(address: str, download: Download) -> Iterator[str]:
    target = download.target or ""
    if target and not target.endswith("/"):
        file = target
        yield f"curl -fL --create-dirs -o {shlex.quote(target)} {shlex.quote(address)}"
    else:
        file = (target or "") + (address.split("?")[0].rstrip("/").rpartition("/")[2] or "download")
        yield f"curl -fL --create-dirs -o {shlex.quote(file)} {shlex.quote(address)}"
    if download.sha256:
        yield f"echo {shlex.quote(f'{download.sha256.lower()}  {file}')} | sha256sum -c -"


# -- items ----------------------------------------------------------------------------------------


def _run(job: Job) -> str:
    run = job.run or ""
    if job.items is None:
        return run
    bound = bind(run)
    listed = _listed(job.items)
    if bound != run or "GPUSPEC_ITEM" in run.replace("GPUSPEC_ITEMS", ""):
        return f"{listed} | while IFS= read -r GPUSPEC_ITEM; do\nexport GPUSPEC_ITEM\n{bound.rstrip()}\ndone"
    return f'GPUSPEC_ITEMS=$(mktemp)\nexport GPUSPEC_ITEMS\n{listed} >"$GPUSPEC_ITEMS"\n{run}'


def _listed(items: str | tuple[str, ...]) -> str:
    """A command that prints the items, one on each line."""
    if isinstance(items, tuple):
        return "printf '%s\\n' " + " ".join(map(shlex.quote, items))
    if items.endswith((".txt", ".jsonl")) and not set("*?[") & set(items):
        return f"cat {shlex.quote(items)}"
    return "printf '%s\\n' " + (items if _GLOB.fullmatch(items) else shlex.quote(items))
