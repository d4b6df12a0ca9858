"""`str.isdigit` takes "²" for a digit, which `int` does not read; `isdecimal` asks what `int` needs."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_nothing_asks_for_digits_that_int_does_not_read() -> None:
    paths = [*(ROOT / "gpuspec").rglob("*.py"), *(ROOT / "plugins").glob("*/gpuspec_*/*.py")]
    assert len(paths) > 300
    assert [str(path) for path in paths if ".isdigit()" in path.read_text(encoding="utf-8")] == []


def test_one_reader_asks_for_digits() -> None:
    """`isdecimal` alone takes "٣" for a three: a price of three dollars, a shard, a count of GPUs."""
    asking = [
        path.relative_to(ROOT / "gpuspec").as_posix()
        for path in (ROOT / "gpuspec").rglob("*.py")
        if ".isdecimal()" in path.read_text(encoding="utf-8")
    ]
    # The first goes to machines without gpuspec; the last looks at what a secret is made of. Neither makes a number.
    assert sorted(asking) == ["launch/on_machine/redact.py", "lint/secrets.py", "numerals.py"]
