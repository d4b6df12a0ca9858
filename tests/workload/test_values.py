"""Numbers as people write them on a command line."""

from __future__ import annotations

import pytest

from gpuspec.workload.values import TOO_MUCH, whole


@pytest.mark.parametrize(
    ("text", "meant"),
    [("8192", 8192), ("8k", 8000), ("8K", 8192), ("1e3", 1000), ("1_024", 1024)]
    + [(text, None) for text in ("0", "-1", "1.5", "nan", "²", "0" * 400, "-" + "9" * 400, "")]
    + [(text, TOO_MUCH) for text in ("inf", "1e999", "1e15", "9" * 400, "9" * 5000, "1e300M")],
)
def test_whole(text: str, meant: int | None) -> None:
    assert whole(text) == meant
