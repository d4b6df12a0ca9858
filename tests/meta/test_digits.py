"""`str.isdigit` takes "²" for a digit, which `int` does not read; `isdecimal` asks what `int` needs."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_nothing_asks_for_digits_that_int_does_not_read() -> None:
    paths = [*(ROOT / "gpuspec").rglob("*.py"), *(ROOT / "plugins").glob("*/gpuspec_*/*.py")]
    assert len(paths) > 300
    assert [str(path) for path in paths if ".isdigit()" in path.read_text(encoding="utf-8")] == []
