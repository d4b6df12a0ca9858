"""Hugging Face and Civitai: what a repository or model version holds, and where it belongs."""

from __future__ import annotations

import fnmatch
import importlib.machinery
import json
import os
import re
import stat
import sys
import tempfile
import urllib.parse
import uuid
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from .file import WORKERS, Failure, File, Task, check_room, confined, digest, existing
from .listing import FILES, checksum, file_name, listed_files, listing, size, token_of, wrong
from .part import in_place, is_own
from .tools import command
from .web import redacted

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
    token = token_of("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")
    revision = item.get("revision") or "main"
    quoted = urllib.parse.quote(revision, safe="")
    address = f"{endpoint}/api/{kind}/{repository}/revision/{quoted}?blobs=true"
    listed = listing(fetcher, item, address, token)
    commit, entries = listed.get("sha"), _entries(address, listed.get("siblings"))
    if not isinstance(commit, str) or not re.fullmatch(r"[0-9a-f]{6,64}", commit):
        wrong(address, f"the commit is {str(commit)[:80]!r}")
    if item.get("target"):
        folder = confined(fetcher.root, item["target"])
    else:
        folder = _cached(kind, repository, revision, commit)
    prefix = "" if kind == "models" else kind + "/"
    base = f"{endpoint}/{prefix}{repository}/resolve/{commit}/"
    wanted = [
        entry
        for entry in entries
        if _wanted(entry["rfilename"], item.get("allow") or (), item.get("ignore") or ())
    ]
    if not entries:
        raise Failure(f"{item['source']} holds no file at {revision}; check the name and revision")
    if not wanted:
        asked = [f"`{each}` {list(item[each])}" for each in ("allow", "ignore") if item.get(each)]
        raise Failure(f"no file of {item['source']} is left by {' and '.join(asked)}")
    if len(wanted) > FILES:
        raise Failure(
            f"{item['source']} is {len(wanted)} files, and {FILES} are the most; fetch less with `allow`"
        )
    place = File(base, folder, token=token, cached=not item.get("target"))
    named = {entry["rfilename"]: _file(entry, place, address) for entry in wanted}
    if has_library(fetcher.root) and not all(map(fetcher.is_complete, named.values())):
        options = {
            "repo_id": repository,
            "repo_type": _KINDS[kind],
            "revision": commit,
            **({"local_dir": folder} if item.get("target") else {}),
        }
        return [Task(item, None, lambda deadline: _by_hub(fetcher, options, named, deadline))]
    return [Task(item, file, None) for file in named.values()]


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


def _entries(address: str, siblings: Any) -> list[dict[str, Any]]:
    """The files of a listing, each with a name that can be one."""
    entries = listed_files(address, siblings)
    for entry in entries:
        file_name(address, entry.get("rfilename"))
    return entries


def _file(entry: dict[str, Any], place: File, address: str) -> File:
    """A listed file, below the address and the folder of `place`."""
    name = entry["rfilename"]
    path = os.path.join(place.path, name)
    lfs = entry.get("lfs") or {}
    if not isinstance(lfs, dict):
        wrong(address, f"{name[:80]!r} is said to be large in a way that is not known")
    sha256, git = checksum(address, lfs.get("sha256"), 64), checksum(address, entry.get("blobId"), 40)
    return place._replace(
        url=place.url + urllib.parse.quote(name),
        path=path if place.cached and os.path.islink(path) else confined(place.path, name),
        size=size(address, lfs.get("size") or entry.get("size")),
        check=("sha256", sha256) if sha256 else ("git", git) if git else None,
    )


def _folders_of_modules(root: str) -> list[str]:
    """Where Python looks for modules, without the workspace itself: what lies there is the job's, not ours to run."""
    return [folder for folder in sys.path if folder and os.path.realpath(folder) != root]


def has_library(root: str) -> bool:
    """Whether the machine has huggingface_hub, not counting what the workspace at `root` calls so."""
    return importlib.machinery.PathFinder.find_spec("huggingface_hub", _folders_of_modules(root)) is not None


_FETCH = """
import sys
sys.path[:] = sys.argv[1:]
import json
from concurrent.futures import ThreadPoolExecutor
from huggingface_hub import hf_hub_download
wanted = json.load(sys.stdin)
fetch = lambda name: hf_hub_download(filename=name, **wanted["options"])
list(ThreadPoolExecutor(8).map(fetch, wanted["names"]))
"""


def _by_hub(fetcher: Fetcher, options: dict[str, Any], named: dict[str, File], deadline: float) -> int:
    """Let huggingface_hub fetch, in a process of its own so that the timeout holds; the bytes of new files. It gets
    the names that were looked at here, checks the files' sizes, and leaves their checksums to us. The process imports
    nothing that lies in the workspace."""
    missing = {name: file for name, file in named.items() if not fetcher.is_complete(file)}
    need = sum(file.size or 0 for file in missing.values())
    place = existing(next(iter(named.values())).path)
    check_room(need, place, f"{options['repo_id']} needs")
    _keep_in_place(options.get("local_dir"), missing.values())
    environment = {**os.environ, "HF_HUB_DISABLE_PROGRESS_BARS": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
    fetch = [sys.executable, "-I", "-c", _FETCH, *_folders_of_modules(fetcher.root)]
    with tempfile.TemporaryFile("w+", encoding="utf-8") as told:
        json.dump({"options": options, "names": list(missing)}, told)
        told.seek(0)
        command(options["repo_id"], fetch, fetcher, deadline, environment=environment, told=told)
    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(_verified, missing.values()))
    for file in missing.values():
        fetcher.remember(file)
    return sum(os.path.getsize(file.path) for file in missing.values())


def _keep_in_place(folder: str | None, files: Iterable[File]) -> None:
    """The library follows links, in the places of the files and among what it notes beside them: there are to be none
    that lead elsewhere."""
    for file in files:
        in_place(file.path)
    if not folder:
        return
    notes = os.path.join(folder, ".cache", "huggingface")
    in_place(os.path.join(notes, ""))
    for above, folders, names in os.walk(notes):
        for name in (*folders, *names):
            found = os.lstat(os.path.join(above, name))
            if not stat.S_ISDIR(found.st_mode) and not is_own(found):
                os.remove(os.path.join(above, name))


def _verified(file: File) -> None:
    """Failure, and the file gone, where it is not the one that its hub lists."""
    if file.check and digest(file.path, file.check[0]) != file.check[1]:
        for each in {os.path.realpath(file.path), file.path}:  # in a cache, the second is a link to the first
            os.remove(each)
        raise Failure(
            f"{redacted(file.url)}: its {file.check[0]} checksum is not {file.check[1]}, as its hub says"
        )


def plan_civitai(fetcher: Fetcher, item: dict[str, Any]) -> list[Task]:
    """The primary file of a model version: its number, its AIR name, or an address that holds it."""
    source = item["source"]
    found = re.fullmatch(r"\d+", source) or re.search(r"(?:modelVersionId=|download/models/|@)(\d+)", source)
    if not found:
        raise Failure(f"{source!r} names no Civitai model version; give the number behind modelVersionId=")
    number = found.group(1) if found.groups() else found.group(0)
    endpoint = os.environ.get("CIVITAI_ENDPOINT", "https://civitai.com").rstrip("/")
    token = token_of("CIVITAI_TOKEN", "CIVITAI_API_TOKEN")
    address = f"{endpoint}/api/v1/model-versions/{number}"
    files = listed_files(address, listing(fetcher, item, address, token).get("files") or [])
    chosen = next((file for file in files if file.get("primary")), files[0] if files else None)
    if chosen is None:
        raise Failure(f"Civitai's model version {number} holds no file")
    target = item.get("target") or ""
    if not target or target.endswith("/"):
        target += os.path.basename(file_name(address, chosen.get("name")))
    hashes = chosen.get("hashes")
    digits = item.get("sha256") or (hashes.get("SHA256") if isinstance(hashes, dict) else None)
    sha256 = checksum(address, digits, 64)
    check = ("sha256", sha256) if sha256 else None
    url, path = f"{endpoint}/api/download/models/{number}", confined(fetcher.root, target)
    return [Task(item, File(url, path, check=check, token=token), None)]
