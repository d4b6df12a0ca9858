"""Python files as they are read for what they load and start."""

from __future__ import annotations

import warnings

from gpuspec.commands.python.file import tree


def test_what_python_would_warn_about_is_not_said() -> None:
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        assert tree('x = "\\d"; y = 1if x is 1 else 0') is not None
    assert said == []
