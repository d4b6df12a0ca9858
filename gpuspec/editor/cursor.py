"""What is being typed where: the object or list around the cursor, and the word under it. The text before the
cursor is read by itself, since half a spec has no usable tree."""

from __future__ import annotations

import re
from typing import Literal

from gpuspec.named_tuple import NamedTuple
from gpuspec.text import Span

_TOKEN = re.compile(
    r"""(?P<comment>//[^\r\n]*|/\*.*?(?:\*/|\Z))
      | (?P<string>"(?:\\.|[^"\\\r\n])*"?|'(?:\\.|[^'\\\r\n])*'?)
      | (?P<sign>[{}\[\]:,])
      | (?P<word>[^\s{}\[\]:,"'/]+|/)""",
    re.X | re.S,
)
_CLOSED = re.compile(r""""[^"\\]*(?:\\.[^"\\]*)*"|'[^'\\]*(?:\\.[^'\\]*)*'""", re.S)
_REST = {sign: re.compile(rf"[^{sign}\\\r\n:,{{}}\[\]]*{sign}") for sign in "\"'"}
_WORD = re.compile(r"[\w.+-]*")
_RULE = re.compile(r"gpuspec:\s*ignore(?:-file)?\s*\[([^\]]*)$")


class Cursor(NamedTuple):
    """`path` leads to the innermost object or list; `key` is the member whose value is typed (None in a list or at
    a key). `span` is the word under the cursor, quotes included, empty where nothing is typed yet."""

    kind: Literal["key", "value", "rule", "none"]
    span: Span
    word: str
    path: tuple[str | int, ...] = ()
    key: str | None = None

    @property
    def target(self) -> tuple[str | int, ...]:
        """The path of the value being typed."""
        return self.path if self.key is None else (*self.path, self.key)


class _Box:
    """An open object or list: what was read of it so far. `done` is where its last value ended, until a comma."""

    def __init__(self, sign: str, step: str | int | None) -> None:
        self.sign = sign
        self.step = step
        self.key: str | None = None
        self.place = 0
        self.after_colon = False
        self.done: int | None = None


def cursor(text: str, at: int) -> Cursor:
    """What stands at an offset of a text, complete or not."""
    boxes: list[_Box] = []
    start = 0
    while found := _TOKEN.search(text, start, at):
        if found.end() == at and _open(found):
            return _within(found, boxes, text, at)
        start = found.end()
        _read(found, boxes)
    return _cursor(boxes, Span(at, at), text, "")


def _open(found: re.Match[str]) -> bool:
    """Whether a token that ends at the cursor could still grow."""
    token = found[0]
    if found.lastgroup == "string":
        return not _CLOSED.fullmatch(token)
    if found.lastgroup == "comment":
        return not (token.startswith("/*") and token.endswith("*/") and len(token) > 3)
    return found.lastgroup == "word"


def _within(found: re.Match[str], boxes: list[_Box], text: str, at: int) -> Cursor:
    if found.lastgroup == "comment":
        comment = found[0]
        rule = _RULE.search(comment, max(0, comment.rfind("gpuspec:")))
        word = re.split(r"[^\w-]", rule[1])[-1] if rule else ""
        return Cursor("rule" if rule else "none", Span(at - len(word), at), word)
    rest = (_WORD if found.lastgroup == "word" else _REST[found[0][0]]).match(text, at)
    return _cursor(boxes, Span(found.start(), rest.end() if rest else at), text, found[0].lstrip("\"'"))


def _read(found: re.Match[str], boxes: list[_Box]) -> None:
    token = found[0]
    box = boxes[-1] if boxes else None
    if token in ("{", "["):
        boxes.append(_Box(token, None if box is None else box.place if box.sign == "[" else box.key))
    elif token in ("}", "]"):
        if boxes:
            boxes.pop()
        if boxes:
            boxes[-1].done = found.end()
    elif box is None or found.lastgroup == "comment":
        return
    elif token == ",":
        box.place += 1
        box.key, box.after_colon, box.done = None, False, None
    elif token == ":":
        box.after_colon = box.sign == "{"
    elif box.sign == "{" and (not box.after_colon or _is_key(found)):
        box.key, box.after_colon, box.done = token.strip("\"'"), False, None
    else:
        box.done = found.end()


def _is_key(found: re.Match[str]) -> bool:
    """Whether a string where a value belongs is the next key: its line came without a comma before it."""
    return found.lastgroup == "string" and bool(re.compile(r"\s*:").match(found.string, found.end()))


def _cursor(boxes: list[_Box], span: Span, text: str, word: str) -> Cursor:
    if not boxes:
        return Cursor("none", span, word)
    path = tuple(box.step for box in boxes[1:] if box.step is not None)
    box = boxes[-1]
    new_line = box.done is not None and "\n" in text[box.done : span.start]
    if box.done is not None and not (new_line and box.sign == "{"):
        return Cursor("none", span, word, path=path)
    if box.sign == "[":
        return Cursor("value", span, word, path=(*path, box.place))
    if box.after_colon and box.key is not None and not new_line:
        return Cursor("value", span, word, path=path, key=box.key)
    if (box.after_colon or box.key is not None) and not new_line:
        return Cursor("none", span, word, path=path)
    return Cursor("key", span, word, path=path)
