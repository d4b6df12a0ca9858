"""Hugging Face and Civitai: what a repository or model version holds, and where it belongs."""

from __future__ import annotations

import fnmatch
import importlib.util
import json
import os
import re
import sys
import urllib.parse
import uuid
from typing import TYPE_CHECKING, Any

from .file import Failure, File, Task, confined
from .tools import command
from .transfer import STALL_SECONDS
from .web import ask

if TYPE_CHECKING:
    from .transfer import Fetcher

_KINDS = {"models": "model", "datasets": "dataset", "spaces": "space"}


def plan_hf(fetcher: Fetcher, item: dict[str, Any]) -> list[Task]:
    """Files of a repository ("org/name", "datasets/org/name" or its address) at a revision.

    With a target they go there; without, into the hub's own cache, where `from_pretrained("org/name")` looks.
    Where the machine has huggingface_hub it fetches them (it knows the hub's faster protocols).
    """
    kind, repository = _repository(item["source"])
    endpoint = os.environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")
    token = os.environ.get("HF_TOKEN") or os.environ.get("HUGGING_FACE_HUB_TOKEN")
    revision = item.get("revision") or "main"
    quoted = urllib.parse.quote(revision, safe="")
    with ask(
        f"{endpoint}/api/{kind}/{repository}/revision/{quoted}?blobs=true", token, STALL_SECONDS
    ) as answer:
        listing = json.load(answer)
    commit = listing["sha"]
    if not re.fullmatch(r"[0-9a-f]{6,64}", commit):
        raise Failure(f"{endpoint} answered with the commit {commit!r}, which is not one")
    if item.get("target"):
        folder = confined(fetcher.root, item["target"])
    else:
        folder = _cached(kind, repository, revision, commit)
    prefix = "" if kind == "models" else kind + "/"
    base = f"{endpoint}/{prefix}{repository}/resolve/{commit}/"
    files = [
        _file(entry, base=base, folder=folder, token=token, cached=not item.get("target"))
        for entry in listing["siblings"]
        if _wanted(entry["rfilename"], item.get("allow") or (), item.get("ignore") or ())
    ]
    if not files:
        raise Failure(f"no file of {item['source']} matches `allow` {list(item.get('allow') or ())}")
    if importlib.util.find_spec("huggingface_hub") and not all(fetcher.is_complete(file) for file in files):
        wanted = {
            "repo_id": repository,
            "repo_type": _KINDS[kind],
            "revision": commit,
            "allow_patterns": list(item.get("allow") or ()) or None,
            "ignore_patterns": list(item.get("ignore") or ()) or None,
            **({"local_dir": folder} if item.get("target") else {}),
        }
        return [Task(item, None, lambda deadline: _by_hub(fetcher, wanted, files, deadline))]
    return [Task(item, file, None) for file in files]


def _repository(source: str) -> tuple[str, str]:
    path = re.sub(r"^(hf://|https?://[^/]+/)", "", source).strip("/")
    kind, _, rest = path.partition("/")
    kind, path = (kind, rest) if kind in _KINDS and rest else ("models", path)
    path = re.sub(r"/(tree|resolve|blob)/.*$", "", path)
    if not re.fullmatch(r"[\w.-]+(/[\w.-]+)?", path) or ".." in path:
        raise Failure(f"{source!r} is not the name of a Hugging Face repository (like org/name)")
    return kind, path


def _wanted(name: str, allow: Any, ignore: Any) -> bool:
    """The hub's own reading of patterns: fnmatch over the whole path, "folder/" means all in it."""

    def matches(patterns: Any) -> bool:
        return any(fnmatch.fnmatchcase(name, p + "*" if p.endswith("/") else p) for p in patterns)

    return (not allow or matches(allow)) and not matches(ignore)


def _cached(kind: str, repository: str, revision: str, commit: str) -> str:
    """The snapshot folder in the hub's cache, with the note of what `revision` is now."""
    home = os.environ.get("HF_HOME") or os.path.expanduser("~/.cache/huggingface")
    cache = os.environ.get("HF_HUB_CACHE") or os.path.join(home, "hub")
    top = os.path.join(cache, f"{kind}--{repository.replace('/', '--')}")
    if revision != commit:
        note = confined(os.path.join(os.path.realpath(top), "refs"), revision)
        os.makedirs(os.path.dirname(note), exist_ok=True)
        new = f"{note}.{uuid.uuid4().hex[:8]}"  # its own: other machines may write to this cache
        with open(new, "w", encoding="utf-8") as out:
            out.write(commit)
        os.replace(new, note)
    return os.path.join(os.path.realpath(top), "snapshots", commit)


def _file(entry: dict[str, Any], *, base: str, folder: str, token: str | None, cached: bool) -> File:
    name = entry["rfilename"]
    path = os.path.join(folder, name) if cached and os.path.islink(os.path.join(folder, name)) else None
    lfs = entry.get("lfs") or {}
    check = (
        ("sha256", lfs["sha256"])
        if lfs.get("sha256")
        else ("git", entry["blobId"])
        if entry.get("blobId")
        else None
    )
    return File(
        url=base + urllib.parse.quote(name),
        path=path or confined(folder, name),
        size=lfs.get("size") or entry.get("size"),
        check=check,
        token=token,
        cached=cached,
    )


def _by_hub(fetcher: Fetcher, wanted: dict[str, Any], files: list[File], deadline: float) -> int:
    """Let huggingface_hub fetch, in a process of its own so that the timeout holds; the bytes of new files."""
    code = "import json, sys, huggingface_hub as h; h.snapshot_download(**json.loads(sys.argv[1]))"
    missing = [file for file in files if not os.path.exists(file.path)]
    environment = {**os.environ, "HF_HUB_DISABLE_PROGRESS_BARS": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
    fetch = [sys.executable, "-c", code, json.dumps(wanted)]
    command(wanted["repo_id"], fetch, fetcher, deadline, environment=environment)
    for file in files:
        fetcher.remember(file)
    return sum(os.path.getsize(file.path) for file in missing)


def plan_civitai(fetcher: Fetcher, item: dict[str, Any]) -> list[Task]:
    """The primary file of a model version: its number, its AIR name, or an address that holds it."""
    source = item["source"]
    found = re.fullmatch(r"\d+", source) or re.search(r"(?:modelVersionId=|download/models/|@)(\d+)", source)
    if not found:
        raise Failure(f"{source!r} names no Civitai model version; give the number behind modelVersionId=")
    number = found.group(1) if found.groups() else found.group(0)
    endpoint = os.environ.get("CIVITAI_ENDPOINT", "https://civitai.com").rstrip("/")
    token = os.environ.get("CIVITAI_TOKEN") or os.environ.get("CIVITAI_API_TOKEN")
    with ask(f"{endpoint}/api/v1/model-versions/{number}", token, STALL_SECONDS) as answer:
        version = json.load(answer)
    files = version.get("files") or []
    chosen = next((file for file in files if file.get("primary")), files[0] if files else None)
    if chosen is None:
        raise Failure(f"Civitai's model version {number} holds no file")
    target = item.get("target") or ""
    if not target or target.endswith("/"):
        target += os.path.basename(chosen["name"])
    digest = item.get("sha256") or (chosen.get("hashes") or {}).get("SHA256")
    check = ("sha256", digest.lower()) if digest else None
    url, path = f"{endpoint}/api/download/models/{number}", confined(fetcher.root, target)
    return [Task(item, File(url, path, check=check, token=token), None)]
