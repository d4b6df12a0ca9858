"""A real web server on loopback whose faults can be ordered, and the downloader as the machine runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from gpuspec.launch.downloads.manifest import bundle
from gpuspec.spec.strategies import strategies

from .rented import prepare


@pytest.fixture
def rented(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a spec, its prices, and an empty cloud that lives in a file."""
    return prepare(tmp_path, monkeypatch)


class Site:
    """Files by path, the requests that came, and for each path the faults still to be played (one a request):
    ("cut", n) closes after n bytes, ("status", code), ("stall", n) sends n bytes and then nothing."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.headers: dict[str, dict[str, str]] = {}
        self.faults: dict[str, list[tuple[str, int]]] = {}
        self.redirects: dict[str, str] = {}
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.sized = True
        self.stalled = threading.Event()
        self.release = threading.Event()
        self.lock = threading.Lock()
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.answer(self)

            def do_HEAD(self) -> None:
                site.answer(self)

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        ).start()

    def close(self) -> None:
        self.release.set()
        self.server.shutdown()
        self.server.server_close()

    def got(self, path: str) -> list[dict[str, str]]:
        """Headers of the GET requests for `path`."""
        return [headers for method, seen, headers in self.requests if seen == path and method == "GET"]

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        path = request.path
        with self.lock:
            self.requests.append(
                (request.command, path, {name.title(): value for name, value in request.headers.items()})
            )
            faults = self.faults.get(path, [])
            kind, number = faults.pop(0) if faults and request.command == "GET" else ("", 0)
        if path in self.redirects:
            request.send_response(302)
            for name, value in self.headers.get(path, {}).items():
                request.send_header(name, value)
            request.send_header("Location", self.redirects[path])
            request.send_header("Content-Length", "0")
            request.end_headers()
            return
        if kind == "status" or path not in self.files:
            request.send_error(number if kind == "status" else 404)
            return
        self._send(request, self.files[path], kind, number)

    def _send(self, request: BaseHTTPRequestHandler, body: bytes, kind: str, number: int) -> None:
        extra = self.headers.get(request.path, {})
        wanted, start = request.headers.get("Range"), 0
        if wanted and request.headers.get("If-Range") in (None, extra.get("ETag")):
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
        if start and start >= len(body):
            request.send_error(416)
            return
        request.send_response(206 if start else 200)
        for name, value in extra.items():
            request.send_header(name, value)
        if self.sized:
            request.send_header("Content-Length", str(len(body) - start))
        if start:
            request.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        request.end_headers()
        if request.command == "HEAD":
            return
        try:
            request.wfile.write(body[start : start + number] if kind else body[start:])
        except OSError:
            return
        if kind == "stall":
            request.wfile.flush()
            self.stalled.set()
            self.release.wait(30)
        request.close_connection = True


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    yield made
    made.close()


@pytest.fixture
def other_site() -> Iterator[Site]:
    made = Site()
    yield made
    made.close()


Fetch = Callable[..., "subprocess.CompletedProcess[str]"]


def command(folder: Path, downloads: list[dict[str, Any]], python: list[str]) -> list[str]:
    """The downloader exactly as a machine gets it: one zipped file and a manifest."""
    folder.mkdir(exist_ok=True)
    packed, manifest = folder / "fetch.pyz", folder / "manifest.json"
    packed.write_bytes(bundle())
    scripts = {name: how._asdict() for name, how in strategies().items()}
    manifest.write_text(json.dumps({"downloads": downloads, "strategies": scripts, "backoff": 0.01}))
    return [*python, str(packed), str(manifest)]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """No home, no proxy, no credentials of the person who runs the tests."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return {**kept, "HOME": str(tmp_path / "home"), "HF_HOME": str(tmp_path / "hf")}


@pytest.fixture
def fetch(tmp_path: Path, environment: Mapping[str, str]) -> Fetch:
    """Run the downloader over downloads in the folder `tmp_path/work`; without the hub's library unless asked."""

    def run(
        *downloads: dict[str, Any], env: Mapping[str, str] | None = None, hub: bool = False, **options: Any
    ) -> subprocess.CompletedProcess[str]:
        (tmp_path / "work").mkdir(exist_ok=True)
        python = [sys.executable] if hub else [sys.executable, "-I", "-S"]
        return subprocess.run(
            [*command(tmp_path / "machine", list(downloads), python), "--root", str(tmp_path / "work")],
            env={**environment, **(env or {})},
            capture_output=True,
            text=True,
            timeout=60,
            **options,
        )

    return run
