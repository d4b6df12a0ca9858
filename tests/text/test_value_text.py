"""What json5 writes for us is JSON, and means the value."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpuspec.text.value_text import value_text

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
VALUES: Any = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8
)


@given(VALUES, st.sampled_from([None, "  ", "\t"]))
def test_it_is_json(value: Any, indent: str | None) -> None:
    assert json.loads(value_text(value, indent)) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a\x0b\x00\\v\\0", '"a\\u000b\\u0000\\\\v\\\\0"'),
        ("\ud83d", '"\\ud83d"'),
        ("größe 😀 'x'", "\"größe 😀 'x'\""),
        ({"a": [1, True, None], "b c": {}}, '{"a": [1, true, null], "b c": {}}'),
    ],
)
def test_one_line(value: Any, text: str) -> None:
    assert value_text(value) == text


def test_a_line_for_each_member() -> None:
    assert value_text({"a": [1, {"b": 2}]}, "  ") == '{\n  "a": [\n    1,\n    {\n      "b": 2\n    }\n  ]\n}'
