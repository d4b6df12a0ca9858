"""What parsing yields: plain values and, beside them, where everything stands."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from gpuspec.named_tuple import NamedTuple
from gpuspec.numerals import small_number

if TYPE_CHECKING:
    from array import array


class Span(NamedTuple):
    """Half-open range of character offsets into `Tree.text`."""

    start: int
    end: int


class Comment(NamedTuple):
    """`text` is what stands between the comment signs, not stripped."""

    span: Span
    text: str
    block: bool


def hash_comments(text: str) -> Iterator[Comment]:
    """The comments after a `#` that are meant for gpuspec: in YAML, in a script."""
    for found in re.finditer(r"(?:^|(?<=\s))#(?=[ \t]*gpuspec:)([^\r\n]*)", text, re.M):
        yield Comment(Span(*found.span()), found[1], block=False)


class SyntaxProblem(NamedTuple):
    """One thing that keeps the text from being JSONC."""

    span: Span
    message: str
    hint: str | None = None


class Extension(NamedTuple):
    """A use of JSON5 beyond JSONC, which most readers of JSONC reject.

    `kind` is one of: single-quotes, unquoted-key, hex, nan, infinity, plus-sign, leading-point,
    trailing-point, line-continuation, escape, whitespace. `plain` is the text that JSONC would
    have in its place, or None where there is none (NaN, Infinity).
    """

    kind: str
    span: Span
    plain: str | None


class Duplicate(NamedTuple):
    """The same key twice in one object. The last value wins, as in every JSON reader."""

    pointer: str
    first: Span
    again: Span


def pointer(*parts: str | int) -> str:
    """RFC 6901 pointer of its parts: pointer("gpu_types", 0) == "/gpu_types/0"."""
    return "".join("/" + part(str(key)) for key in parts)


def part(key: str) -> str:
    """A key as a part of a pointer."""
    if "/" not in key and "~" not in key:
        return key
    return key.replace("~", "~0").replace("/", "~1")


def parts(pointer: str) -> list[str]:
    """The keys that a pointer leads through: parts("/gpu_types/0") == ["gpu_types", "0"]."""
    return [key.replace("~1", "/").replace("~0", "~") for key in pointer.split("/")[1:]]


def value_at(value: Any, pointer: str) -> Any:
    """What a pointer leads to inside a value; None if there is nothing."""
    for key in parts(pointer):
        if isinstance(value, list):
            place = small_number(key)
            value = value[place] if place is not None and place < len(value) else None
        else:
            value = value.get(key) if isinstance(value, dict) else None
    return value


def _numbers(most: int) -> "list[int] | array[int]":
    """A list for so many numbers at most, with a zero in it. In a list of Python's own each takes 40 bytes, and a
    large text may have nothing but empty lines."""
    if most < 1_000_000:
        return [0]
    from array import array

    return array("I", [0])


class Tree:
    """A parsed text. Pointers are RFC 6901 strings; the root is "".

    `value` is plain dict/list/str/int/float/bool/None; None when nothing could be read.
    `values` and `keys` give the span of the value, and of the key token, of every pointer.
    Lines and columns count from 1; columns are characters (code points).
    """

    __slots__ = (
        "_line_starts",
        "comments",
        "duplicates",
        "extensions",
        "keys",
        "problems",
        "text",
        "trailing_commas",
        "value",
        "values",
        "yaml",
    )

    def __init__(self, text: str) -> None:
        self.text = text
        self.value: Any = None
        self.values: dict[str, Span] = {}
        self.keys: dict[str, Span] = {}
        self.comments: list[Comment] = []
        self.extensions: list[Extension] = []
        self.duplicates: list[Duplicate] = []
        self.problems: list[SyntaxProblem] = []
        self.trailing_commas: list[int] = []
        self.yaml = False
        """Whether it is read from YAML."""
        self._line_starts: Sequence[int] | None = None

    def line_starts(self) -> Sequence[int]:
        """Offset of the first character of each line. CRLF, LF and a lone CR each end a line."""
        if self._line_starts is None:
            text = self.text
            starts = _numbers(len(text))
            at = 0
            while True:
                newline = text.find("\n", at)
                carriage = text.find("\r", at, newline if newline >= 0 else len(text))
                if carriage >= 0 and text[carriage + 1 : carriage + 2] != "\n":
                    at = carriage + 1
                elif newline >= 0:
                    at = newline + 1
                else:
                    break
                starts.append(at)
            self._line_starts = starts
        return self._line_starts

    def position(self, offset: int) -> tuple[int, int]:
        """(line, column) of a character offset, both from 1."""
        starts = self.line_starts()
        line = bisect_right(starts, offset)
        column = offset - starts[line - 1] + 1
        if line == 1 and self.text.startswith("\ufeff"):
            column = max(1, column - 1)  # no editor counts the byte order mark
        return line, column

    def line_text(self, line: int) -> str:
        """The text of a line (from 1) without its line end."""
        starts = self.line_starts()
        end = starts[line] if line < len(starts) else len(self.text)
        text = self.text[starts[line - 1] : end].rstrip("\r\n")
        return text.removeprefix("\ufeff") if line == 1 else text

    def at(self, pointer: str) -> Any:
        """The value that a pointer leads to; None if there is none."""
        return value_at(self.value, pointer)

    def forget_inside(self, at: str, value: Any) -> None:
        """Take the places of all that is inside a value out of the tree."""
        inside = [(at, value)]
        for where, box in inside:
            if isinstance(box, dict):
                below = [(f"{where}/{part(name)}", member) for name, member in box.items()]
            elif isinstance(box, list):
                below = [(f"{where}/{place}", element) for place, element in enumerate(box)]
            else:
                continue
            for gone, _ in below:
                self.values.pop(gone, None)
                self.keys.pop(gone, None)
            inside += below

    def span(self, at: str, *, key: bool = False) -> Span:
        """Span of a pointer's value, or of its key; the nearest existing parent's if it is absent."""
        if key and at in self.keys:
            return self.keys[at]
        while at not in self.values and at:
            at = at.rpartition("/")[0]  # "" of what is no pointer, too: plugins write them
            if at in self.keys:
                return self.keys[at]
        return self.values.get(at, Span(0, min(1, len(self.text))))
