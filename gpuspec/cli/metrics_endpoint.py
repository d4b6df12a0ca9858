"""`gpuspec metrics --listen`: one page, read only, for a few clients at a time."""

from __future__ import annotations

import ipaddress
import socket
import socketserver
import threading
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from gpuspec.errors import UserError, what_failed
from gpuspec.launch.prometheus import CONTENT_TYPE
from gpuspec.numerals import is_digits

ASK_EVERY = 300.0
"""Seconds between two times that machines are asked."""
PATIENCE = 5.0
"""Seconds that a client may take to say what it wants, or to take the answer."""
MOST_CLIENTS = 16
"""At a time; whoever comes beyond them is hung up on."""


def address_of(listen: str) -> tuple[str, int]:
    """`9465`, `127.0.0.1:9465`, `[::1]:9465` → where to listen. UserError for anything else: a name is none, since
    nobody sees which of its addresses are meant."""
    host, _, port = listen.rpartition(":")
    host = host.strip("[]") or "127.0.0.1"
    if host == "localhost":
        host = "127.0.0.1"
    try:
        if not is_digits(port) or len(port) > 5 or int(port) > 65535:
            raise ValueError
        ipaddress.ip_address(host)
    except ValueError:
        wrong = f"--listen {listen!r} is no address and port"
        raise UserError("bad-address", wrong, "9465, 127.0.0.1:9465 or [::1]:9465") from None
    return host, int(port)


class _Page(BaseHTTPRequestHandler):
    timeout = PATIENCE
    server: Endpoint

    def do_GET(self) -> None:
        if not self.server.is_asked_as_itself(self.headers.get("Host", "")):
            self._answer(403, "text/plain", b"this endpoint is asked by its address\n")
        elif self.path.partition("?")[0] not in ("/", "/metrics"):
            self._answer(404, "text/plain", b"/metrics is what there is\n")
        else:
            try:
                text = self.server.page()
            except Exception as error:  # the next scrape may do
                self.server.say(f"a scrape failed: {what_failed(error)}")
                self._answer(500, "text/plain", b"the run records could not be read\n")
                return
            self._answer(200, CONTENT_TYPE, text.encode("utf-8", "replace"))

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Nothing is logged: a scrape comes every few seconds."""


class Endpoint(socketserver.ThreadingMixIn, HTTPServer):
    """Serves what `text` gives. Each client has a thread, so that one that says nothing keeps no other waiting."""

    daemon_threads = True

    def __init__(self, host: str, port: int, text: Callable[[], str], say: Callable[[str], None]) -> None:
        self.text, self.say = text, say
        self._one_reads = threading.Lock()
        self._free = threading.Semaphore(MOST_CLIENTS)
        self._inside = ipaddress.ip_address(host).is_loopback
        if ":" in host:
            self.address_family = socket.AF_INET6
        super().__init__((host, port), _Page)

    def page(self) -> str:
        """The text, made once at a time."""
        with self._one_reads:
            return self.text()

    def is_asked_as_itself(self, host: str) -> bool:
        """Whether a request to this machine alone names this machine: a page in a browser here could otherwise read
        it under a name of its own (DNS rebinding)."""
        name = host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
        try:
            return (
                not self._inside or name == "localhost" or ipaddress.ip_address(name.strip("[]")).is_loopback
            )
        except ValueError:
            return False

    def server_bind(self) -> None:
        """Without the look-up of the machine's name that http.server makes: it may take half a minute."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        """In a thread, while there are few of them."""
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """With an end: a client that says a letter every few seconds would keep its thread."""
        late = threading.Timer(2 * PATIENCE, _hang_up, (request,))
        late.daemon = True
        late.start()
        try:
            super().process_request_thread(request, client_address)
        finally:
            late.cancel()
            self._free.release()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went, or took too long, is no matter."""


def _hang_up(request: socket.socket) -> None:
    with suppress(OSError):
        request.shutdown(socket.SHUT_RDWR)


def serve(
    host: str,
    port: int,
    *,
    text: Callable[[], str],
    every: Callable[[], None] | None,
    say: Callable[[str], None],
) -> None:
    """Serve until Ctrl-C, which is how it ends; `every` is done now and again. UserError where that fails."""
    try:
        server = Endpoint(host, port, text, say)
    except (OSError, OverflowError) as error:
        wrong = f"{host}:{port} cannot be listened at: {getattr(error, 'strerror', None) or error}"
        raise UserError("bad-address", wrong, "give another port") from None
    over = threading.Event()
    if every:
        threading.Thread(target=_now_and_again, args=(every, over, say), daemon=True).start()
    at = f"[{host}]" if ":" in host else host
    say(f"metrics are at http://{at}:{server.server_port}/metrics until Ctrl-C")
    if not ipaddress.ip_address(host).is_loopback:
        say("whoever reaches that address reads the names and costs of your runs")
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        return
    finally:
        over.set()
        server.server_close()


def _now_and_again(do: Callable[[], None], over: threading.Event, say: Callable[[str], None]) -> None:
    while True:
        try:
            do()
        except Exception as error:  # the records may be busy: next time
            say(f"the machines were not asked: {what_failed(error)}")
        if over.wait(ASK_EVERY):
            return
