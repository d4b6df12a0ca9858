"""Values as YAML text, in the quotes that stood there before."""

from __future__ import annotations

import json
import re
from typing import Any

from gpuspec.text.edit import EditError
from gpuspec.text.yaml_nodes import plain_value

_WORD = re.compile(r"[\w./+@%-][\w./+@%=-]*(?::[\w./+@%=-]+)*")
"""What needs no quotes anywhere, where it does not begin with a sign of YAML."""
_LINE = re.compile(r"[\w./+@%(){}\[\]$=,:;~^*&|<>!?'\"#\\ -]+")
_NOT_PRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


def value_text(value: Any) -> str:
    """A value on one line, as it may stand within brackets."""
    if isinstance(value, dict):
        return (
            "{"
            + ", ".join(f"{scalar_text(key, '', flow=True)}: {value_text(one)}" for key, one in value.items())
            + "}"
        )
    if isinstance(value, list):
        return "[" + ", ".join(map(value_text, value)) + "]"
    return scalar_text(value, "", flow=True)


def scalar_text(value: Any, old: str, *, flow: bool) -> str:
    """A scalar on one line, quoted as `old` is, or where it must be."""
    if not isinstance(value, str):
        return json.dumps(value)
    if old[:1] == "'" and not _NOT_PRINTABLE.search(value):
        return "'" + value.replace("'", "''") + "'"
    if old[:1] != '"' and _is_plain(value, flow=flow):
        return value
    escaped = json.dumps(value, ensure_ascii=False)
    return _NOT_PRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", escaped)


def _is_plain(value: str, *, flow: bool) -> bool:
    """Whether a text without quotes is this text, and nothing else."""
    if not value or plain_value(value) is not value or value in ("-", "---", "..."):
        return False
    if _WORD.fullmatch(value):
        return value[0] not in "@%" and not value.startswith(("0o", "."))
    if flow or not _LINE.fullmatch(value):
        return False
    tame = value[0].isalnum() or value[0] in "/._" or value.startswith("--")
    return tame and value == value.strip() and ": " not in value and " #" not in value and value[-1] != ":"


def block_text(old: str, value: str, column: str, newline: str) -> str:
    """A text of lines in the place of another (`old` begins with `|` and its signs): in its indentation."""
    head, _, body = old.partition("\n")
    head = head.rstrip("\r")
    first = next((line for line in body.split("\n") if line.strip()), None)
    if (
        old[0] == ">"
        or first is None
        or re.search(r"\d", head.split("#")[0])
        or _NOT_PRINTABLE.search(value.replace("\n", ""))
    ):
        raise EditError("a text that is folded is not written again")
    indent = first[: len(first) - len(first.lstrip(" "))]
    if len(indent) <= len(column) and column:
        raise EditError("the lines of the block are not indented")
    lines = value.split("\n")
    ended = lines[-1] == ""
    if ended:
        lines.pop()
    if not lines or not lines[0].strip() or ("-" in head.split("#")[0]) == ended:
        raise EditError("a block of lines cannot hold that text")
    text = newline.join(indent + line if line else "" for line in lines)
    return f"{head}{newline}{text}{old[len(old.rstrip()) :]}"
