"""The server that SkyPilot has its catalogue from, on loopback, under its own name and over TLS: SkyPilot is as it
was installed, and is told only of a proxy and whom to trust."""

from __future__ import annotations

import gzip
import http.server
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

HOST = "raw.githubusercontent.com"
"""HOSTED_CATALOG_DIR_URL of sky/skylet/constants.py."""
FOLDER = "/skypilot-org/skypilot-catalog/master/catalogs/v8/"

Answer = Callable[["_Handler"], None]


def csv(text: str) -> Answer:
    """A file, sent as GitHub sends it: packed."""
    return lambda handler: handler.reply(200, gzip.compress(text.encode()), packed=True)


def status(number: int) -> Answer:
    """No file, with a page that says so."""
    return lambda handler: handler.reply(number, b"<html>no</html>\n")


def page(text: str) -> Answer:
    """Something else, as if it were the file."""
    return lambda handler: handler.reply(200, text.encode())


def half(text: str) -> Answer:
    """The first half of a file, after which the line is dead."""
    return lambda handler: handler.reply(200, text.encode()[: len(text) // 2], said=len(text.encode()))


def bomb(gigabytes: int) -> Answer:
    """A few megabytes that unpack to gigabytes."""
    block = gzip.compress(bytes(1 << 27))  # members of one file may follow each other
    return lambda handler: handler.reply(200, block * (8 * gigabytes), packed=True)


def silence(handler: _Handler) -> None:
    """No answer for as long as the server lives."""
    handler.server.closing.wait()


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, answers: Mapping[str, Answer], context: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers, self.context = answers, context
        self.closing = threading.Event()
        self.asked: list[str] = []

    def handle_error(self, *_: object) -> None:
        """A client that hangs up is no news."""


class _Handler(http.server.BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_CONNECT(self) -> None:
        """Be the host that the client wants, from here on in TLS."""
        self.send_response(200)
        self.end_headers()
        self.connection = self.server.context.wrap_socket(self.connection, server_side=True)
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)
        self.close_connection = False

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        self.server.asked.append(self.headers["Host"] + path)
        cloud = path.removeprefix(FOLDER).removesuffix("/vms.csv")
        self.server.answers.get(cloud, status(404))(self)

    def reply(self, number: int, body: bytes, *, packed: bool = False, said: int | None = None) -> None:
        self.send_response(number)
        if packed:
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(said or len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True


@contextmanager
def catalogue_server(
    folder: Path, answers: Mapping[str, Answer]
) -> Iterator[tuple[dict[str, str], list[str]]]:
    """(the environment in which SkyPilot asks this server, what it was asked). `answers` by cloud; others get 404."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-days", "2", "-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}",
         "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = _Server(answers, context)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    proxy = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield (
            {"https_proxy": proxy, "HTTPS_PROXY": proxy, "REQUESTS_CA_BUNDLE": str(certificate)},
            server.asked,
        )
    finally:
        server.closing.set()
        server.shutdown()
        server.server_close()
