"""A real web server on loopback whose faults can be ordered, and the downloader as the machine runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from waiting import PATIENCE
from webserver import Site

from gpuspec.job.strategies import strategies
from gpuspec.launch.downloads import downloader_zip

from .rented import prepare


@pytest.fixture
def rented(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a spec, its prices, and an empty cloud that lives in a file."""
    return prepare(tmp_path, monkeypatch)


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
    packed.write_bytes(downloader_zip())
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
            timeout=PATIENCE,
            **options,
        )

    return run
