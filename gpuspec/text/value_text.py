"""A value as text, written by json5. For what edits write, and `init`: lint itself writes nothing, and json5 takes
20 ms to import."""

from __future__ import annotations

import re
from typing import Any


def value_text(value: Any, indent: str | None = None) -> str:
    """The value in the part of JSON5 that is JSON: keys quoted, no last comma. On one line, or with a line for each
    member where `indent` is given. What no file can hold (half a surrogate pair) is escaped."""
    import json5

    text: str = json5.dumps(
        value, quote_keys=True, trailing_commas=False, ensure_ascii=False, allow_nan=False, indent=indent
    )
    text = re.sub("[\ud800-\udfff]", lambda found: f"\\u{ord(found[0]):04x}", text)
    # JSON5 has short escapes for two control characters that JSON has none for.
    return re.sub(r"\\(.)", lambda found: {"v": "\\u000b", "0": "\\u0000"}.get(found[1], found[0]), text)
