"""JSON documents as every command writes them."""

from __future__ import annotations

from typing import Any

from gpuspec.printable import COMMAND, INVISIBLE, lines


def json_text(document: Any) -> str:
    """Indented, readable in any language, with a line end. Six decimals: what is beyond differs from one Python to
    the next (3.12 adds floats more exactly). What is not safe to print, and what UTF-8 cannot hold (bytes of a file's
    name, half a surrogate pair in a spec), is escaped: the reader gets it back."""
    import json
    import re

    text = json.dumps(_rounded(document), indent=2, ensure_ascii=False)
    if lines(text) != text:  # seldom; `re` takes 7 ms to compile the patterns
        text = re.sub(INVISIBLE, lambda found: json.dumps(found[0])[1:-1], text)
        text = re.sub(COMMAND, r"\\u0023", text)
    return text + "\n"


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, dict):
        return {key: _rounded(part) for key, part in value.items()}
    return [_rounded(part) for part in value] if isinstance(value, list | tuple) else value
