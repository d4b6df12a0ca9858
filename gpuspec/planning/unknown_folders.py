"""Folders that a job takes its model from, and of which nothing says what is in them."""

from __future__ import annotations

import re

from gpuspec.planning.case import Case

_FILES = (".gguf", ".safetensors", ".bin", ".pt", ".pth", ".ckpt")


def unknown_folder(case: Case) -> str:
    """The folder, written relative to the job, that it loads its model from and that no project keeps; "" where there
    is none, where the job itself fills it, or where it says how large its model is."""
    job, work = case.job, case.workload
    name = work.model_name or ""
    if work.model is not None or work.params_b or not name.startswith(("./", "../")):
        return ""
    if name.lower().endswith(_FILES) or any(sign in name for sign in "${*"):
        return ""
    path = rf"(?<![\w./-])(?:\./)?{re.escape(_plain(name))}(?![\w.-])"
    written = re.findall(path, f"{job.setup or ''}\n{job.run or ''}")
    made = len(written) > 1  # a command before the one that loads it
    return "" if made or is_filled(case, name) else name


def is_filled(case: Case, name: str) -> bool:
    """Whether a folder is one that a download or the job fills."""
    filled = [*(each.target or "" for each in case.job.downloads), *case.job.outputs]
    return any(f"{_plain(name)}/".startswith(f"{_plain(folder)}/") for folder in filled if folder.strip("/."))


def _plain(folder: str) -> str:
    return folder.removeprefix("./").rstrip("/")
