"""How downloads connect: encrypted, through a proxy, to hosts that do not answer; and what they take as it comes."""

from __future__ import annotations

import contextlib
import gzip
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from webserver import Site

from gpuspec.launch.on_machine.downloader.fetch import PLANNERS
from gpuspec.launch.on_machine.downloader.file import Failure, confined
from gpuspec.launch.on_machine.downloader.transfer import Fetcher

from .conftest import Fetch
from .misbehaving import BODY, Exchange, Server


def http(source: str, **more: object) -> dict[str, object]:
    return {"strategy": "http", "source": source, "target": "m/", **more}


@pytest.fixture
def encrypted(tmp_path: Path) -> Iterator[tuple[Site, str]]:
    """A site behind TLS, and the file of the authority that vouches for it."""
    if not shutil.which("openssl"):
        pytest.skip("no openssl here")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    made += ["-keyout", str(key), "-out", str(certificate), "-days", "2", "-subj", "/CN=localhost"]
    subprocess.run([*made, "-addext", "subjectAltName=DNS:localhost"], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    listening = context.wrap_socket(socket.create_server(("127.0.0.1", 0)), server_side=True)
    site = Site(listening)
    site.files["/model.bin"] = BODY
    yield site, str(certificate)
    site.close()


def test_https_is_fetched_where_the_authority_is_known(
    encrypted: tuple[Site, str], fetch: Fetch, tmp_path: Path
) -> None:
    site, authority = encrypted
    item = http(f"https://localhost:{site.port}/model.bin")
    done = fetch(item, env={"SSL_CERT_FILE": authority})
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "work/m/model.bin").read_bytes() == BODY


def test_https_is_refused_where_it_is_not(encrypted: tuple[Site, str], fetch: Fetch) -> None:
    site, _ = encrypted
    done = fetch(http(f"https://localhost:{site.port}/model.bin"))
    assert done.returncode == 1
    assert "certificate verify failed" in done.stderr
    assert site.requests == []


def test_https_in_the_clear_is_no_file(site: Site, fetch: Fetch) -> None:
    done = fetch(http(f"https://localhost:{site.port}/model.bin"))
    assert "gave up after 5 tries" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_proxy_of_the_environment_is_used(site: Site, fetch: Fetch, tmp_path: Path) -> None:
    site.files["http://hub.invalid/model.bin"] = BODY  # a proxy is asked for whole addresses
    done = fetch(http("http://hub.invalid/model.bin"), env={"http_proxy": site.url})
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "work/m/model.bin").read_bytes() == BODY


@pytest.fixture
def full() -> Iterator[int]:
    """A port whose queue of connections is full: the next one hangs, as with a host behind a firewall."""
    with contextlib.ExitStack() as opened:
        server = opened.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(8):
            waiting = opened.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(server.getsockname())
        yield server.getsockname()[1]


def test_a_host_of_many_addresses_that_do_not_answer_meets_the_timeout(
    full: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", full))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: [entry] * 200)
    began = time.monotonic()
    with pytest.raises(Failure, match="not finished within its timeout"):
        Fetcher(str(tmp_path), PLANNERS, backoff=0.0).fetch([http("http://hub.invalid/x", timeout=0.3)])
    assert time.monotonic() - began < 30  # 0.3 s; each address anew would be a minute


def test_a_file_that_is_packed_by_its_name_is_taken_as_it_is(tmp_path: Path) -> None:
    packed = gzip.compress(BODY)
    server = Server(lambda to: to.answer("200 OK", packed, "Content-Encoding: x-gzip"), checked=False)
    Fetcher(str(tmp_path), PLANNERS, backoff=0.0).fetch([http(f"{server.url}/data.tar.gz?v=1")])
    server.close()
    assert (tmp_path / "m/data.tar.gz").read_bytes() == packed


def test_a_web_page_that_is_wanted_is_fetched(tmp_path: Path) -> None:
    page = b"<!doctype html><p>x"

    def answer(to: Exchange) -> None:
        to.answer("200 OK", page, "Content-Type: text/html")

    server = Server(answer, checked=False)
    Fetcher(str(tmp_path), PLANNERS, backoff=0.0).fetch([http(f"{server.url}/index.html")])
    server.close()
    assert (tmp_path / "m/index.html").read_bytes() == page


def test_our_own_folder_is_no_target(site: Site, fetch: Fetch) -> None:
    done = fetch(http(f"{site.url}/x", target=".gpuspec/fetch.pyz"))
    assert "where gpuspec keeps its own files; choose another `target`" in done.stderr
    assert site.requests == []


def test_half_a_character_is_no_target(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="is no name that a file can have"):
        confined(str(tmp_path), "a\ud800")


def test_the_last_words_of_a_tool_are_few_and_hold_no_login(fetch: Fetch) -> None:
    script = "head -c 3000000 /dev/zero | tr '\\0' x; echo; echo last >&2; exit 3"
    done = fetch({"strategy": "script", "source": script})
    assert done.returncode == 1
    assert done.stderr.endswith("; last\n")
    assert len(done.stderr) < 1200
    done = fetch({"strategy": "git", "source": "http://me:canary@127.0.0.1:9/x.git"})
    assert done.returncode == 1
    assert "canary" not in done.stdout + done.stderr
