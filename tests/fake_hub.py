"""A hub of our own on loopback: repositories by name, and answers in the place of its own for any path."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

QWEN3_06B: dict[str, Any] = {
    "architectures": ["Qwen3ForCausalLM"],
    "model_type": "qwen3",
    "attention_bias": False,
    "head_dim": 128,
    "hidden_size": 1024,
    "intermediate_size": 3072,
    "max_position_embeddings": 40960,
    "num_attention_heads": 16,
    "num_hidden_layers": 28,
    "num_key_value_heads": 8,
    "tie_word_embeddings": True,
    "torch_dtype": "bfloat16",
    "vocab_size": 151936,
}
"""config.json of Qwen/Qwen3-0.6B, what says something of its shape. 596,049,920 parameters (safetensors, hub)."""
QWEN3_06B_BYTES = 2 * 596_049_920
FIRST = "c1899de289a04d12100db370d81485cdf75e47ca"
SECOND = "b" * 40


class Answer:
    """What is sent for one request. `cut`: the bytes after which it ends all the same; `endless`: what follows its
    body for ever; without `sized` nobody says how long it is."""

    def __init__(
        self, status: int, body: bytes = b"", headers: dict[str, str] | None = None, *, sized: bool = True
    ) -> None:
        self.status = status
        self.body = body
        self.headers = headers or {}
        self.sized = sized
        self.cut: int | None = None
        self.endless = b""


class FakeHub:
    """`instead` holds what answers for a path in the place of the repositories."""

    def __init__(self) -> None:
        self.repositories: dict[str, dict[str, Any]] = {}
        self.files: dict[str, bytes] = {}
        self.instead: dict[str, Callable[[], Answer]] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.closing = threading.Event()
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                hub.requests.append((self.path, headers))
                hub.send(self, hub.answer(self.path, headers))

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, request: object, client_address: object) -> None:
                """Who asked has hung up."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        ).start()

    def close(self) -> None:
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()

    def add(self, name: str, files: dict[str, bytes | int], *, commit: str = FIRST, **listing: Any) -> None:
        """A repository: file → what it holds, or for weights, that nobody may ask for, how many bytes they have."""
        siblings = []
        for file, body in files.items():
            siblings.append({"rfilename": file, "size": body if isinstance(body, int) else len(body)})
            if isinstance(body, bytes):
                self.files[f"/{name}/resolve/{commit}/{file}"] = body
        self.repositories[name] = {"id": name, "sha": commit, "gated": False, "siblings": siblings, **listing}

    def listing(self, name: str, revision: str = "main") -> str:
        """The path under which a repository's files are listed."""
        return f"/api/models/{name}/revision/{revision}?blobs=true"

    def answer(self, path: str, headers: dict[str, str]) -> Answer:
        if path in self.instead:
            return self.instead[path]()
        for name, said in self.repositories.items():
            if path in (self.listing(name), self.listing(name, said["sha"])):
                return Answer(200, json.dumps(said).encode())
        body = self.files.get(path)
        if body is None:
            return Answer(
                404, headers={"X-Error-Code": "RepoNotFound" if "/api/" in path else "EntryNotFound"}
            )
        wanted = headers.get("range", "")
        if wanted:
            start, end = map(int, wanted.removeprefix("bytes=").split("-"))
            return Answer(206, body[start : end + 1])
        return Answer(200, body)

    def send(self, request: BaseHTTPRequestHandler, answer: Answer) -> None:
        request.send_response(answer.status)
        for name, value in answer.headers.items():
            request.send_header(name, value)
        if answer.sized:
            request.send_header("Content-Length", str(len(answer.body)))
        else:
            request.send_header("Connection", "close")
        request.end_headers()
        try:
            request.wfile.write(answer.body if answer.cut is None else answer.body[: answer.cut])
            while answer.endless and not self.closing.is_set():
                request.wfile.write(answer.endless)
        except OSError:
            pass
        if answer.cut is not None or not answer.sized:
            request.close_connection = True


def with_qwen(hub: FakeHub, name: str = "Qwen/Qwen3-0.6B", **listing: Any) -> FakeHub:
    """The hub with the files that Qwen3-0.6B has."""
    counted = {"parameters": {"BF16": QWEN3_06B_BYTES // 2}, "total": QWEN3_06B_BYTES // 2}
    listing = {"cardData": {"license": "apache-2.0"}, "safetensors": counted, **listing}
    files = {"config.json": json.dumps(QWEN3_06B).encode(), "model.safetensors": QWEN3_06B_BYTES}
    hub.add(name, files, **listing)
    return hub
