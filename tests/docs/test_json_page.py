"""docs/reference/json.md names every key that the commands print."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gpuspec.cli.main import main
from gpuspec.launch.records import Records
from gpuspec.lint.config_file import KEYS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference" / "json.md").read_text(encoding="utf-8")
OPEN = ("dropped", "mended", "moe", "attention", "components", "sizes_gib", *KEYS)
"""Their keys are data, not format; settings have a page of their own."""
BAD = str(ROOT / "examples" / "bad" / "one-pod-per-item.sh")
JOB = str(ROOT / "examples" / "batch-70b-awq.jsonc")
COMMANDS = {
    "Findings": ["lint", "--format", "json", BAD, str(ROOT / "examples" / "bad" / "h100-for-7b.jsonc")],
    "Diff": ["diff", str(ROOT / "examples" / "hello.jsonc"), JOB, "--fail-above", "+0.01/hour", "--json"],
    "Plan": ["plan", JOB, "--json"],
    "Plans of several": ["plan", JOB, JOB, "--json"],
    "Size": ["size", "Llama-3.1-8B", "--on", "RTX 4090", "--json"],
    "Break-even": ["breakeven", str(ROOT / "examples" / "chat-server-14b-awq.jsonc"), "--json"],
    "Show": ["show", str(ROOT / "examples" / "bad" / "h100-for-7b.jsonc"), "--json"],
    "GPUs": ["gpus", "--json"],
    "Models": ["models", "--json"],
    "Prices": ["prices", "--json"],
    "Runs": ["ps", "--json"],
    "Bill": ["bill", JOB, "--json"],
    "Cost": ["cost", "nightly", "--json"],
    "Alerts": ["alerts", "--json"],
    "Cost report": ["cost", "--report", "--json"],
    "Rules": ["rules", "--format", "json"],
    "Settings": ["config", "show", "--format", "json"],
}


def keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key not in KEYS:
                yield key
            if key not in OPEN:
                yield from keys(inner)
            elif key in KEYS and isinstance(inner, dict) and set(inner) == {"value", "origin"}:
                yield from inner
    elif isinstance(value, list):
        for inner in value:
            yield from keys(inner)


@pytest.mark.parametrize("heading", COMMANDS)
def test_every_key_is_explained(
    heading: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GPUSPEC_STATE_DIR", str(tmp_path))
    Records().new(
        name="nightly",
        launcher="local",
        spec_path="job.jsonc",
        workdir=str(tmp_path),
        planned_price=None,
        max_hours=1.0,
    )
    main(COMMANDS[heading])
    printed = set(keys(json.loads(capsys.readouterr().out)))
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    assert printed, "nothing was printed"
    assert sorted(key for key in printed if f"`{key}`" not in section) == []
