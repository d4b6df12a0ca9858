"""Whom a download believes and tells: redirects and tokens, listings that lie, and what lies in the workspace."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from waiting import PATIENCE
from webserver import COMMIT, CONFIG, WEIGHTS, Site, with_model

from gpuspec.launch.on_machine.downloader.fetch import PLANNERS
from gpuspec.launch.on_machine.downloader.file import Failure
from gpuspec.launch.on_machine.downloader.ledger import Ledger
from gpuspec.launch.on_machine.downloader.transfer import Fetcher
from gpuspec.launch.on_machine.downloader.web import asked_wait, redirected, same_server
from gpuspec.printable import one_line

from .conftest import Fetch, command
from .misbehaving import BODY, LISTING, Exchange, Server

VERSION = "/api/v1/model-versions/42"


@pytest.fixture
def hub(site: Site) -> Site:
    return with_model(site)


def hf(**more: object) -> dict[str, object]:
    return {"strategy": "hf", "source": "org/model", "target": "m", **more}


def test_the_token_goes_along_where_a_renamed_repository_lives(
    hub: Site, fetch: Fetch, tmp_path: Path
) -> None:
    hub.redirects["/api/models/old/name/revision/main?blobs=true"] = LISTING
    file = f"/org/model/resolve/{COMMIT}/config.json"
    hub.redirects[f"/old/name/resolve/{COMMIT}/config.json"] = file
    done = fetch(
        hf(source="old/name", allow=["config.json"]), env={"HF_ENDPOINT": hub.url, "HF_TOKEN": "hf_canary"}
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "work/m/config.json").read_bytes() == CONFIG
    assert [each["Authorization"] for each in hub.got(LISTING) + hub.got(file)] == ["Bearer hf_canary"] * 2


def test_a_token_that_was_left_out_on_the_way_does_not_come_back(
    hub: Site, other_site: Site, fetch: Fetch
) -> None:
    hub.redirects[LISTING] = f"{other_site.url}/away"
    other_site.redirects["/away"] = f"{hub.url}/back"
    fetch(hf(), env={"HF_ENDPOINT": hub.url, "HF_TOKEN": "hf_canary"})
    assert "Authorization" in hub.got(LISTING)[0]
    assert "Authorization" not in other_site.got("/away")[0]
    assert "Authorization" not in hub.got("/back")[0]


def test_a_login_in_the_address_is_sent_and_not_shown(site: Site, other_site: Site, fetch: Fetch) -> None:
    site.redirects["/model.bin"] = f"{other_site.url}/gone"
    host = site.url.removeprefix("http://")
    done = fetch({"strategy": "http", "source": f"http://me:can%40ry@{host}/model.bin", "target": "m/"})
    assert "not there (HTTP 404)" in done.stderr
    sent = base64.b64encode(b"me:can@ry").decode()
    assert site.got("/model.bin")[0]["Authorization"] == f"Basic {sent}"
    assert "Authorization" not in other_site.got("/gone")[0]
    assert "can" not in (done.stdout + done.stderr).replace("cannot", "")


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        ("https://hub.co/a", "https://hub.co/b", True),
        ("https://hub.co/a", "https://HUB.co:443/b", True),
        ("http://hub.co/a", "https://hub.co/b", True),
        ("https://hub.co/a", "http://hub.co/b", False),
        ("https://hub.co/a", "https://cdn.hub.co/b", False),
        ("https://hub.co/a", "https://hub.co:8443/b", False),
        ("https://hub.co/a", "https://hub.co.evil.io/b", False),
        ("http://hub.co:8080/a", "https://hub.co/b", False),
        ("http://hub.co/a", "https://hub.co:8443/b", False),
    ],
)
def test_which_server_is_the_same(before: str, after: str, same: bool) -> None:
    assert same_server(before, after) == same


@pytest.mark.parametrize(
    ("location", "leads_to"),
    [
        ("/b", "https://hub.co/b"),
        ("//cdn.co/b?c=d#e", "https://cdn.co/b?c=d"),
        ("https://me:pw@cdn.co", "https://cdn.co/"),
        ("../x y", "https://hub.co/x%20y"),
    ],
)
def test_where_a_redirect_leads(location: str, leads_to: str) -> None:
    assert redirected("https://hub.co/a/b", location) == leads_to


def test_no_redirect_leads_from_https_to_http() -> None:
    with pytest.raises(Failure, match=r"without encryption \(cdn.co\)"):
        redirected("https://hub.co/a", "http://cdn.co/a")


@pytest.mark.parametrize(
    "source",
    [
        "http://[::1/x",
        "http://127.0.0.1:0/x",
        "http://h:99999/x",
        "http://h:p/x",
        "http:///x",
        "http://\ud800/x",
    ],
)
def test_an_address_that_is_none_is_said_to_be(source: str, fetch: Fetch) -> None:
    done = fetch({"strategy": "http", "source": source, "target": "x"})
    assert done.returncode == 1
    assert "that cannot be an address" in done.stderr
    assert done.stderr.count("\n") == 1


def test_an_address_with_spaces_and_umlauts_is_asked_for(site: Site, fetch: Fetch, tmp_path: Path) -> None:
    site.files["/m%20%C3%BC.bin"] = BODY
    done = fetch({"strategy": "http", "source": f"{site.url}/m ü.bin", "target": "m/"})
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "work/m/m ü.bin").read_bytes() == BODY


NOW = 1_700_000_000  # Tue, 14 Nov 2023 22:13:20 GMT


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        ("Tue, 14 Nov 2023 22:14:20 GMT", 60),
        ("Tue, 14 Nov 2023 22:12:20 GMT", 0),
        ("", 0),
        ("-5", 0),
        ("1e9", 0),
        ("9" * 400, 0),
        ("Tue, 99 Nov 2023 22:14:20 GMT", 0),
    ],
)
def test_what_retry_after_asks_for(header: str, seconds: float) -> None:
    assert asked_wait(header, NOW) == seconds


def test_retry_after_is_obeyed(tmp_path: Path) -> None:
    came: list[float] = []

    def busy(to: Exchange) -> None:
        came.append(time.monotonic())
        if to.number == 0:
            to.answer("503 Busy", b"", "Retry-After: 1")
        else:
            to.honest()

    server = Server(busy, checked=False)
    item = {"strategy": "http", "source": f"{server.url}/model.bin"}
    Fetcher(str(tmp_path), PLANNERS, backoff=0.0).fetch([item])
    server.close()
    assert (tmp_path / "model.bin").read_bytes() == BODY
    assert came[1] - came[0] >= 1


# Listings


def entry(**more: object) -> dict[str, object]:
    return {"rfilename": "config.json", "size": 9, **more}


def listed(*entries: object, **more: object) -> bytes:
    return json.dumps({"sha": COMMIT, "siblings": list(entries), **more}).encode()


HOSTILE: dict[str, tuple[bytes, str]] = {
    "no JSON": (b"<html>", "is not JSON that can be read"),
    "another encoding": (b"\xff\xfe\xfa", "is not JSON that can be read"),
    "deep nesting": (b"[" * 1_000_000, "is not JSON that can be read"),
    "a number of a million digits": (b'{"sha": %s}' % (b"9" * 1_000_000), "is not JSON that can be read"),
    "not a number": (b'{"sha": NaN}', "is not JSON that can be read"),
    "a list": (b"[]", "it is no object"),
    "no commit": (listed(entry(), sha=None), "the commit is 'None'"),
    "a commit that is a path": (listed(entry(), sha="../../x"), "the commit is '../../x'"),
    "no files": (listed(), "org/model holds no file at main"),
    "files that are a number": (listed(siblings=7), "it lists no files"),
    "files that are words": (listed("config.json"), "it lists no files"),
    "a file without a name": (listed({"size": 1}), "a file's name is 'None'"),
    "a name that is a list": (listed(entry(rfilename=["x"])), "a file's name is"),
    "an empty name": (listed(entry(rfilename="")), "a file's name is ''"),
    "a name of 2000 letters": (listed(entry(rfilename="x" * 2000)), "a file's name is"),
    "a part of 251 letters": (listed(entry(rfilename="x" * 251)), "is no name"),
    "a name with NUL": (listed(entry(rfilename="a\0b")), "is no name"),
    "half a character": (listed(entry(rfilename="a\ud800")), "is no name"),
    "the folder above": (listed(entry(rfilename="../x")), "outside the workspace"),
    "a folder by its slash": (listed(entry(rfilename="x/")), "is no name"),
    "a size below zero": (listed(entry(size=-1)), "a file's size is '-1'"),
    "a size in words": (listed(entry(size="9")), "a file's size is '9'"),
    "a size with a fraction": (listed(entry(size=1e300)), "a file's size is '1e+300'"),
    "a size that no disk holds": (listed(entry(size=10**18)), "raise `disk_gb`"),
    "a checksum that is none": (listed(entry(blobId="xyz")), "a file's checksum is 'xyz'"),
    "a large file of no kind": (listed(entry(lfs="yes")), "is said to be large in a way"),
    "a file within a file": (listed(entry(), entry(rfilename="config.json/x")), "is in the other's way"),
    "a file in the place of a part": (
        listed(entry(), entry(rfilename="config.json.part")),
        "in the other's way",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_listing_that_lies(name: str, hub: Site, fetch: Fetch, tmp_path: Path) -> None:
    hub.files[LISTING], said = HOSTILE[name]
    done = fetch(hf(), env={"HF_ENDPOINT": hub.url})
    assert done.returncode == 1
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert [path for _, path, _ in hub.requests] == [LISTING]
    assert [path for path in (tmp_path / "work").rglob("*") if ".gpuspec" not in str(path)] == []


def test_a_listing_longer_than_any(fetch: Fetch) -> None:
    def endless(to: Exchange) -> None:
        to.answer("200 OK", b"", length=10**12)
        while True:
            to.send(b" " * (1 << 20))

    server = Server(endless, checked=False)
    done = fetch(
        {"strategy": "hf", "source": "org/model", "target": "m"}, env={"HF_ENDPOINT": server.url + "/x"}
    )
    server.close()
    assert "the list of its files is longer than 64 MiB" in done.stderr
    assert len(server.seen) == 1


def test_a_listing_of_too_many_files(hub: Site, fetch: Fetch) -> None:
    hub.files[LISTING] = listed(*({"rfilename": str(number)} for number in range(100_001)))
    done = fetch(hf(), env={"HF_ENDPOINT": hub.url})
    assert "org/model is 100001 files, and 100000 are the most; fetch less with `allow`" in done.stderr


CIVITAI: dict[str, tuple[object, str]] = {
    "no object": ([], "it is no object"),
    "no files": ({"files": []}, "holds no file"),
    "files in words": ({"files": "x"}, "it lists no files"),
    "a file without a name": ({"files": [{"primary": True}]}, "a file's name is"),
    "the folder above": ({"files": [{"name": "../../x"}]}, "outside the workspace"),
    "two points": ({"files": [{"name": ".."}]}, "outside the workspace"),
    "a checksum that is none": ({"files": [{"name": "x", "hashes": {"SHA256": "5" * 63}}]}, "checksum is"),
    "checksums in words": ({"files": [{"name": "x", "hashes": "none"}]}, "not there (HTTP 404)"),
}


@pytest.mark.parametrize("name", CIVITAI)
def test_a_version_that_lies(name: str, site: Site, fetch: Fetch, tmp_path: Path) -> None:
    version, said = CIVITAI[name]
    site.files[VERSION] = json.dumps(version).encode()
    done = fetch({"strategy": "civitai", "source": "42", "target": "m/"}, env={"CIVITAI_ENDPOINT": site.url})
    assert done.returncode == 1
    assert said in done.stderr
    assert not list(tmp_path.rglob("x"))


def test_two_downloads_with_one_place(site: Site, fetch: Fetch, tmp_path: Path) -> None:
    site.files.update({"/a": b"a", "/b": b"b"})
    one, two = ({"strategy": "http", "source": f"{site.url}/{name}", "target": "x"} for name in "ab")
    done = fetch(one, two)
    assert "work/x is the place of two files" in done.stderr
    assert site.requests == []
    assert fetch(one, one).returncode == 0
    assert len(site.requests) == 1


# The hub's own library


def with_library(tmp_path: Path, environment: dict[str, str], url: str, **more: str) -> Any:
    """The downloader as a machine with huggingface_hub runs it, from within the workspace."""
    work = tmp_path / "work"
    work.mkdir(exist_ok=True)
    return subprocess.run(
        [*command(tmp_path / "machine", [hf()], [sys.executable]), "--root", str(work)],
        env={**environment, "HF_ENDPOINT": url, "HF_HUB_DISABLE_XET": "1", **more},
        cwd=work,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


@pytest.mark.parametrize("python_path", [False, True])
def test_the_library_imports_nothing_of_the_workspace(
    hub: Site, tmp_path: Path, environment: dict[str, str], python_path: bool
) -> None:
    work = tmp_path / "work"
    work.mkdir()
    for name in ("queue", "json", "requests", "huggingface_hub"):
        (work / f"{name}.py").write_text("open('imported', 'w')\nraise SystemExit('of the workspace')\n")
    if python_path:  # then ours, which it started with, may be the workspace's; the library's is not
        for name in ("queue", "json"):
            (work / f"{name}.py").unlink()
    more = {"PYTHONPATH": str(work)} if python_path else {}
    done = with_library(tmp_path, environment, hub.url, **more)
    assert done.returncode == 0, done.stderr
    assert not (work / "imported").exists()
    assert (work / "m/model.safetensors").read_bytes() == WEIGHTS
    agents = [headers["User-Agent"] for headers in hub.got(f"/org/model/resolve/{COMMIT}/model.safetensors")]
    assert ["hf_hub" in agent for agent in agents] == [True]


def test_what_the_library_fetched_is_verified(hub: Site, tmp_path: Path, environment: dict[str, str]) -> None:
    hub.files[f"/org/model/resolve/{COMMIT}/model.safetensors"] = WEIGHTS[:-1] + b"x"  # of the same length
    done = with_library(tmp_path, environment, hub.url)
    assert done.returncode == 1
    wanted = hashlib.sha256(WEIGHTS).hexdigest()
    assert f"model.safetensors: its sha256 checksum is not {wanted}, as its hub says" in done.stderr
    assert not (tmp_path / "work/m/model.safetensors").exists()


# What is printed, and what is noted


def test_what_a_terminal_would_act_upon_is_escaped(fetch: Fetch) -> None:
    source = "nonsense://\x1b[31m\u202e::error::\n/x"
    done = fetch({"strategy": "http", "source": source, "target": "x"})
    assert done.stderr.count("\n") == 1
    assert not set(done.stderr) & set("\x1b\u202e")
    assert one_line("ü 字\t\x1b\ud800") == "ü 字\\t\\x1b\\ud800"


def test_a_workspace_that_cannot_be_written_to(fetch: Fetch, tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work/.gpuspec").write_text("a file, where ours is a folder")
    done = fetch({"strategy": "http", "source": "http://127.0.0.1:9/x"})
    assert done.returncode == 1
    assert done.stderr.startswith("download: error: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "text",
    [
        '{"a": {"size": 1}, "b": 7}',  # as gpuspec 0.1 wrote it
        '{\n "a": {\n  "size": 1\n }\n}',
        '["a", {"size": 2}]\n["a", {"size": 1}]\n["b", {}]\n["b", null]\n["c", {"si',
        '["a", {"size": 1}]\n[1, 2, 3]\n"a"\n[[], {}]\n' + "[" * 100_000,
        '["a", {"size": 1}]\n["b", {"total": "9"}]\n["b", {"validator": ["x"]}]\n["b", {"size": true}]',
        '["a", {"size": 1}]\n["b", {"validator": "x\\r\\nHost: y"}]\n["self", {"id": "/../x"}]',
        '["a", {"size": 1}]\n["b", {"url": 1}]\n["self", {"id": "\\ud800"}]',
    ],
)
def test_a_ledger_is_read_as_far_as_it_can_be(text: str, tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    path.write_text(text)
    ledger = Ledger(str(path))
    ledger.load()
    assert {key: fact for key, fact in ledger.facts.items() if key != "self"} == {"a": {"size": 1}}
    assert re.fullmatch("[0-9a-f]{8}", ledger.get("self")["id"])


def test_a_note_costs_the_same_with_many_files(tmp_path: Path) -> None:
    ledger = Ledger(str(tmp_path / "ledger"))
    ledger.load()

    def grown_by(note: Callable[[], None]) -> int:
        before = (tmp_path / "ledger").stat().st_size
        note()
        return (tmp_path / "ledger").stat().st_size - before

    first = grown_by(lambda: ledger.note("a", {"size": 1}))
    for number in range(1000):
        ledger.note(f"file {number}", {"size": number})
    assert grown_by(lambda: ledger.note("b", {"size": 1})) == first
    again = Ledger(ledger.path)
    again.load()
    assert again.facts == ledger.facts
