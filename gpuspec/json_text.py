"""JSON documents as every command writes them."""

from __future__ import annotations

from typing import Any


def json_text(document: Any) -> str:
    """Indented, readable in any language, with a line end. What UTF-8 cannot hold (bytes of a file's name, half a
    surrogate pair in a spec) is escaped: the reader gets it back."""
    import json
    import re

    text = json.dumps(document, indent=2, ensure_ascii=False)
    return re.sub("[\ud800-\udfff]", lambda found: f"\\u{ord(found[0]):04x}", text) + "\n"
