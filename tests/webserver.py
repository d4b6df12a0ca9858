"""A real web server whose faults can be ordered, and a hub's model on it."""

from __future__ import annotations

import hashlib
import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from waiting import PATIENCE

COMMIT = "c0ffee" * 6 + "c0ff"
WEIGHTS = b"w" * 700_000
CONFIG = b'{"a": 1}\n'


class Site:
    """Files by path, the requests that came, and for each path the faults still to be played (one a request):
    ("cut", n) closes after n bytes, ("status", code), ("stall", n) sends n bytes and then nothing. On loopback,
    unless it is given a socket that listens elsewhere."""

    def __init__(self, listening: socket.socket | None = None) -> None:
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

        listening = listening or socket.create_server(("127.0.0.1", 0))
        host, self.port = listening.getsockname()
        self.server = ThreadingHTTPServer((host, self.port), Handler, bind_and_activate=False)
        self.server.socket.close()
        self.server.socket = listening
        self.server.daemon_threads = True
        self.url = f"http://{host}:{self.port}"
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
            self.release.wait(PATIENCE)
        request.close_connection = True


def with_model(site: Site) -> Site:
    """What huggingface.co answers for org/model at `main`: a listing, files, and the headers its library reads."""
    files = {
        "model.safetensors": WEIGHTS,
        "config.json": CONFIG,
        "onnx/model.onnx": b"o" * 1000,
        "notes.md": b"n",
    }
    siblings, tree = [], []
    for name, body in files.items():
        path = f"/org/model/resolve/{COMMIT}/{name}"
        site.files[path] = body
        etag = hashlib.sha256(body).hexdigest()
        git = hashlib.sha1(b"blob %d\0" % len(body) + body).hexdigest()
        entry: dict[str, object] = {"rfilename": name, "size": len(body), "blobId": git}
        if name.endswith((".safetensors", ".onnx")):
            entry["lfs"] = {"sha256": etag, "size": len(body), "pointerSize": 130}
        siblings.append(entry)
        lfs = {"lfs": {"oid": etag, "size": len(body), "pointerSize": 130}} if "lfs" in entry else {}
        tree.append({"type": "file", "path": name, "size": len(body), "oid": git, **lfs})
        site.headers[path] = {"ETag": f'"{etag}"', "X-Repo-Commit": COMMIT}
    listing = json.dumps({"id": "org/model", "sha": COMMIT, "siblings": siblings}).encode()
    for query in ("?blobs=true", ""):
        site.files[f"/api/models/org/model/revision/main{query}"] = listing
        site.files[f"/api/models/org/model/revision/{COMMIT}{query}"] = listing
    listed = json.dumps(tree).encode()
    site.files[f"/api/models/org/model/tree/{COMMIT}?recursive=true&expand=false"] = listed
    return site
