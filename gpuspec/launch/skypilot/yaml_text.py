"""Plain values as YAML a person can read: block style, long text as literal blocks.

Core gpuspec has no YAML library, and `export` must work without SkyPilot. What this writes, YAML 1.1 and 1.2
readers read back as the same values (property-tested against PyYAML).
"""

from __future__ import annotations

import json
import re
from typing import Any

from gpuspec.printable import COMMAND, INVISIBLE

_PLAIN = re.compile(r"[A-Za-z_/~][A-Za-z0-9_./~-]*").fullmatch
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n", "~"})
"""What YAML 1.1 reads as something else than text."""
_UNPRINTABLE = re.compile(f"[\\0-\\x08\\n-\\x1f]|{INVISIBLE}|{COMMAND}")
"""What must be escaped, or is not safe to print; a tab may stand in a block, and JSON escapes it. This is the short
way to say it: the set of all that may stand as it is takes `re` 8 ms to compile."""


def render(value: dict[str, Any] | list[Any]) -> str:
    """A mapping or list as YAML text. Raises TypeError for what YAML has no plain form of."""
    return "\n".join(_lines(value, 0) if value else [_scalar(value, 0)]) + "\n"


def _lines(value: dict[str, Any] | list[Any], indent: int) -> list[str]:
    space = " " * indent
    lines: list[str] = []
    if isinstance(value, dict):
        for key, item in value.items():
            lines += _entry(f"{space}{_text(key, None)}:", item, indent)
        return lines
    for item in value:
        if isinstance(item, dict) and item:
            first, *rest = _lines(item, indent + 2)
            lines += [f"{space}- {first.lstrip(' ')}", *rest]
        else:
            lines += _entry(f"{space}-", item, indent)
    return lines


def _entry(head: str, item: Any, indent: int) -> list[str]:
    if isinstance(item, dict | list) and item:
        return [head, *_lines(item, indent + 2)]
    return [f"{head} {_scalar(item, indent + 2)}"]


def _scalar(value: Any, indent: int) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, str):
        return _text(value, indent)
    if isinstance(value, dict | list):
        return "{}" if isinstance(value, dict) else "[]"
    raise TypeError(f"no YAML for {type(value).__name__}")


def _float(value: float) -> str:
    text = repr(value)
    if text in ("nan", "inf", "-inf"):
        return text.replace("nan", ".nan").replace("inf", ".inf")
    # YAML 1.1 takes 1e-05 for text: the mantissa needs its point, the exponent its sign.
    if "e" in text:
        mantissa, exponent = text.split("e")
        mantissa = mantissa if "." in mantissa else mantissa + ".0"
        text = f"{mantissa}e{exponent if exponent[0] in '+-' else '+' + exponent}"
    return text


def _text(text: str, indent: int | None) -> str:
    """Text as a plain word, a literal block (where `indent` allows one) or a quoted string."""
    if _PLAIN(text) and text.lower() not in _WORDS:
        return text
    if indent is not None and "\n" in text and _fits_block(text):
        keep = "+" if text.endswith("\n\n") else "" if text.endswith("\n") else "-"
        body = text.split("\n")
        if text.endswith("\n"):
            body.pop()
        space = " " * indent
        return "\n".join([f"|{keep}", *(space + line if line else "" for line in body)])
    # JSON's text, which YAML reads alike once all that is not printable is escaped.
    return _UNPRINTABLE.sub(
        lambda found: "".join(f"\\U{ord(char):08x}" for char in found[0]),
        json.dumps(text, ensure_ascii=False),
    )


def _fits_block(text: str) -> bool:
    """Whether a literal block gives this text back: printable lines, the first neither empty nor indented,
    and none that is only blanks (readers differ on how much of those is indentation). No line of it may begin as a
    command to a CI runner does: `export` is printed."""
    lines = text.split("\n")
    return (
        not lines[0][:1].isspace()
        and bool(lines[0])
        and all(not line or (line.strip(" \t") and not _unsafe(line)) for line in lines)
    )


def _unsafe(line: str) -> bool:
    return bool(_UNPRINTABLE.search(line)) or line.lstrip().startswith("::")
