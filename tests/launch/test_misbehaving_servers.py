"""Whatever a server does, a download ends with the right file or an error in words, and costs no more than it says.

Each row of `misbehaviours.TABLE` is tried with an address and with a hub, with a checksum and without. The table in
docs/errors.md is written from them: GPUSPEC_UPDATE_GOLDEN=1.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from gpuspec.launch.on_machine.downloader import hubs
from gpuspec.launch.on_machine.downloader.fetch import PLANNERS
from gpuspec.launch.on_machine.downloader.file import Failure
from gpuspec.launch.on_machine.downloader.transfer import Fetcher

from . import misbehaving, misbehaviours
from .misbehaving import BODY, CHANGED, NEW, NOBODY_KNOWS, RIGHT, Misbehaviour, Server
from .misbehaviours import TABLE

ERRORS = Path(__file__).parents[2] / "docs/errors.md"
BEGIN, END = "<!-- misbehaving servers: written by a test -->\n", "<!-- end -->\n"
MODES = {
    "plain": "an address",
    "checked": "an address with `sha256`",
    "hub": "a hub without checksums",
    "hub_checked": "a hub",
}
MOST_REQUESTS = 61
"""Fifty tries; a try may be ten redirects where these lead somewhere, and of those none is tried twice here."""
MOST_BYTES = 10 * len(BODY)


def wanted(mode: str, server: Server, row: Misbehaviour) -> dict[str, Any]:
    more = {"timeout": row.timeout} if row.timeout else {}
    if mode.startswith("hub"):
        return {"strategy": "hf", "source": "org/model", "target": "m", **more}
    if mode == "checked":
        more["sha256"] = hashlib.sha256(BODY).hexdigest()
    return {"strategy": "http", "source": server.url + misbehaving.PLAIN_FILE, "target": "m/", **more}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(hubs, "has_library", lambda root: False)
    return tmp_path


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name.replace(" ", "-"))
def test_a_misbehaving_server(
    row: Misbehaviour, mode: str, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Server(row.does, checked=mode.endswith("checked"))
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    item, fetcher = wanted(mode, server, row), Fetcher(str(root), PLANNERS, backoff=0.0)
    said, expected = "", getattr(row, mode)
    try:
        fetcher.fetch([item])
    except Failure as failure:
        said = str(failure)
    file, part = root / "m/model.bin", root / "m/model.bin.part"
    assert len(server.seen) <= MOST_REQUESTS
    assert fetcher.progress.fetched <= MOST_BYTES
    if expected in (RIGHT, NEW):
        assert not said
        assert file.read_bytes() == (BODY if expected == RIGHT else CHANGED)
        assert not part.exists()
    elif expected != NOBODY_KNOWS:
        assert expected in said
        assert not file.exists()
        goes_on(server, item, root)
    server.close()


def goes_on(server: Server, item: dict[str, Any], root: Path) -> None:
    """What was left behind does no harm: once the server is honest, the next run has the file."""
    left = {path.name for path in (root / "m").iterdir()} if (root / "m").exists() else set()
    assert left <= {"model.bin.part"}
    server.does = None
    before = len(server.seen)
    Fetcher(str(root), PLANNERS, backoff=0.0).fetch([{**item, "timeout": 60}])
    assert (root / "m/model.bin").read_bytes() == BODY
    assert not (root / "m/model.bin.part").exists()
    asked = server.seen[before:]
    assert len(asked) <= 2
    assert ("Range" in asked[0][1]) == bool(left)  # a part that is left is one that is gone on from


def comes_of(row: Misbehaviour) -> str:
    """A row's outcomes in words, those that are the same said once."""
    by_outcome: dict[str, list[str]] = {}
    for mode, words in MODES.items():
        by_outcome.setdefault(getattr(row, mode), []).append(words)
    quoted = {
        outcome: outcome if outcome in (RIGHT, NEW, NOBODY_KNOWS) else f"“… {outcome} …”"
        for outcome in by_outcome
    }
    if len(by_outcome) == 1:
        return next(iter(quoted.values()))
    return "; ".join(f"{', '.join(modes)}: {quoted[outcome]}" for outcome, modes in by_outcome.items())


def test_the_table_in_the_docs_is_this_one() -> None:
    rows = "".join(f"| {row.name} | {comes_of(row)} |\n" for row in TABLE)
    table = f"{BEGIN}\n| the server … | what comes of it |\n|---|---|\n{rows}\n{END}"
    text = ERRORS.read_text(encoding="utf-8")
    start, end = text.index(BEGIN), text.index(END) + len(END)
    if os.environ.get("GPUSPEC_UPDATE_GOLDEN"):
        ERRORS.write_text(text[:start] + table + text[end:], encoding="utf-8")
    else:
        assert text[start:end] == table


def test_there_are_many() -> None:
    assert len({row.name for row in TABLE}) >= 60
    assert {row.does.__module__ for row in TABLE} == {misbehaviours.__name__}
