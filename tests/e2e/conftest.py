"""A SkyPilot on a private Slurm (`stack`), one on a private cloud of virtual machines (`vms`), and a web server."""

from __future__ import annotations

import os
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar

import pytest

from .skypilot_stack import SkyPilotStack
from .slurm_stack import Stack
from .vm_stack import VMStack

S = TypeVar("S", bound=SkyPilotStack)


@pytest.fixture(scope="module")  # one file uses it, and it is not idle when nobody does
def stack() -> Iterator[Stack]:
    yield from brought_up(Stack, "")


@pytest.fixture(scope="module")
def vms() -> Iterator[VMStack]:
    yield from brought_up(VMStack, "vm")


def brought_up(kind: type[S], name: str) -> Iterator[S]:
    reason = kind.why_not()
    if reason:
        pytest.skip(reason)
    kept = os.environ.get("GPUSPEC_E2E_DIR")
    # Not below pytest's own folder: every pytest of this user closes that to the stack's throw-away user.
    made = kind(os.path.join(kept, name) if kept else tempfile.mkdtemp(prefix="gpuspec-e2e-"))
    try:
        made.up()
        yield made
    finally:
        made.down() if kept else made.remove()


@pytest.fixture(scope="module")
def served() -> list[int]:
    """Bytes that the web server sent, request by request."""
    return []


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, served: list[int]) -> Iterator[str]:
    """A web server on loopback with one file to download."""
    with serving(tmp_path_factory.mktemp("site"), served, socket.create_server(("127.0.0.1", 0))) as address:
        yield address


@pytest.fixture(scope="module")
def vm_site(vms: VMStack, tmp_path_factory: pytest.TempPathFactory, served: list[int]) -> Iterator[str]:
    """The same where virtual machines reach it."""
    with serving(tmp_path_factory.mktemp("site"), served, vms.listen()) as address:
        yield address


@contextmanager
def serving(folder: Path, served: list[int], listening: socket.socket) -> Iterator[str]:
    (folder / "weights.bin").write_bytes(b"weights" * 1000)

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def copyfile(self, source: Any, outputfile: Any) -> None:
            body = source.read()
            outputfile.write(body)
            served.append(len(body))

    host, port = listening.getsockname()
    server = ThreadingHTTPServer(
        (host, port), partial(Handler, directory=str(folder)), bind_and_activate=False
    )
    server.socket.close()
    server.socket = listening
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.shutdown()
        server.server_close()
