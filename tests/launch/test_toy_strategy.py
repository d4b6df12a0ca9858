"""A download strategy is one row: with it a spec is valid, the machine is told how, and the files come."""

from __future__ import annotations

from pathlib import Path

import pytest

from gpuspec.formats import read
from gpuspec.job import check, strategies
from gpuspec.job.strategies import DownloadStrategy
from gpuspec.launch.downloads import download_manifest
from gpuspec.text import parse

from .conftest import Fetch

SPEC = '{"run": "x", "downloads": [{"strategy": "depot", "source": "weights", "target": "models/w.bin"}]}'


@pytest.fixture
def depot(monkeypatch: pytest.MonkeyPatch) -> DownloadStrategy:
    """The row, in the table of our own."""
    row = DownloadStrategy(
        'mkdir -p "$(dirname "$GPUSPEC_TARGET")" && echo "$GPUSPEC_SOURCE" >"$GPUSPEC_TARGET"'
    )
    own = strategies.gpuspec_download_strategies()
    monkeypatch.setattr(strategies, "gpuspec_download_strategies", lambda: {**own, "depot": row})
    return row


def test_without_its_row_the_strategy_is_refused() -> None:
    (problem,) = check(parse(SPEC))
    assert "depot" in problem.message


def test_one_row_is_enough(depot: DownloadStrategy, fetch: Fetch, tmp_path: Path) -> None:
    assert check(parse(SPEC)) == ()
    (document,) = read("job.jsonc", SPEC.encode())
    assert document.job
    manifest = download_manifest(document.job.downloads)
    assert manifest["strategies"] == {"depot": {"script": depot.script, "again": False}}
    done = fetch(*manifest["downloads"])
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "work/models/w.bin").read_text() == "weights\n"
