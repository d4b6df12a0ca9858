"""A job's `downloads`, made ready for its machine: the downloader (`on_machine/downloader/`) as one file, the
manifest that it reads, and the shell text that runs them. `items` are sent the same way."""

from __future__ import annotations

import base64
import io
import json
import os
import posixpath
from collections.abc import Sequence
from typing import Any

from gpuspec.errors import UserError
from gpuspec.job.job import Download
from gpuspec.job.strategies import names, strategies
from gpuspec.launch.on_machine.downloader.file import Failure, confined, leaves

_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
"""The folder that the package gpuspec lies in."""


def download_manifest(downloads: Sequence[Download]) -> dict[str, Any]:
    """What the downloader reads. UserError for an unknown strategy or a target outside the workspace."""
    known = names() if downloads else ()
    for download in downloads:
        if download.strategy not in known:
            raise UserError(
                "download-strategy",
                f"there is no download strategy {download.strategy!r}",
                f"use one of: {', '.join(known)}",
            )
        try:
            confined(os.sep + "workspace", _without_dots(download).target or "")
        except Failure as failure:
            raise UserError(
                "download-outside", str(failure), "targets are relative to the workdir"
            ) from failure
    fields = [field for field in Download._fields if field != "pointer"]
    used = {download.strategy for download in downloads}
    return {
        "downloads": [
            {field: getattr(download, field) for field in fields if getattr(download, field)}
            for download in map(_without_dots, downloads)
        ],
        "strategies": {name: how._asdict() for name, how in sorted(strategies().items()) if name in used},
    }


def _without_dots(download: Download) -> Download:
    """The download with a target like `a/../b/` written as `b/`: it lies inside, as `lint` takes it."""
    target = (download.target or "").replace("\\", "/")
    if ".." not in target.split("/") or leaves(target):
        return download
    return download._replace(target=posixpath.normpath(target) + "/" * target.endswith("/"))


def downloader_zip() -> bytes:
    """The downloader as one file that `python3 FILE MANIFEST` runs; the same bytes every time."""
    return program_zip("downloader", "fetch")


def program_zip(package: str, module: str) -> bytes:
    """A package of `on_machine/` as one file that Python runs, by `run` of its `module`. What it prints is made safe
    by gpuspec's own `printable.py`, which goes with it; each lies where it does here."""
    import zipfile  # 10 ms, and a dry run packs nothing

    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:

        def add(name: str, text: str) -> None:
            archive.writestr(zipfile.ZipInfo(name), text, zipfile.ZIP_DEFLATED)

        add("__main__.py", f"from gpuspec.launch.on_machine.{package}.{module} import run\nrun()\n")
        for above in ("gpuspec", "gpuspec/launch", "gpuspec/launch/on_machine"):
            add(f"{above}/__init__.py", "")
        folder = f"gpuspec/launch/on_machine/{package}"
        names = sorted(os.listdir(os.path.join(_ROOT, folder)))
        for name in ("gpuspec/printable.py", *(f"{folder}/{name}" for name in names if name.endswith(".py"))):
            with open(os.path.join(_ROOT, name), encoding="utf-8") as source:
                add(name, source.read())
    return packed.getvalue()


def download_script(downloads: Sequence[Download]) -> str:
    """Shell text that fetches everything into the current folder, needing nothing but python3 there; "" when
    there is nothing to fetch. Fails (exit status) when a download fails."""
    if not downloads:
        return ""
    wanted = download_manifest(downloads)
    # Not `-I`: huggingface_hub may be one of the user's own packages. The first place for modules is the program.
    return program_text("fetch.pyz", downloader_zip(), "manifest.json", wanted, "-E") + " || exit 1\n"


def program_text(name: str, program: bytes, listed: str, wanted: dict[str, Any], option: str) -> str:
    """Shell text that puts a Python program and the JSON file that it reads into `.gpuspec`, and runs it; without its
    last line break. `option` keeps Python from modules of the workdir: a job may well set PYTHONPATH to it (-E), and
    it may have a `.gpuspec` of its own (-I)."""
    text = "mkdir -p .gpuspec\n"
    for file, data in ((name, program), (listed, json.dumps(wanted).encode())):
        packed = base64.encodebytes(data).decode()
        text += f"base64 -d > .gpuspec/{file} <<'GPUSPEC_END'\n{packed}GPUSPEC_END\n"
    return f"{text}python3 {option} .gpuspec/{name} .gpuspec/{listed}"
