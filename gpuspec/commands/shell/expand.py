"""Words as the shell would see them after expansion; what is not known is marked, never guessed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Union

from gpuspec.commands.shell.scope import Scope, Value, lookup
from gpuspec.commands.word import GPU_COUNT, UNKNOWN, marks
from gpuspec.numerals import is_digits

if TYPE_CHECKING:
    from tree_sitter import Node

Piece = Union[tuple[str, bool], None]
"""Part of a word: text and whether it is safe from splitting. None: one field ends here."""

MAX_FIELD = 1 << 16
STEP = 200
"""Characters of expanded text that count as one step: a long variable may be used at each word."""
MAX_FIELDS = 2_000

_COUNTS_GPUS = (
    r"nvidia-smi\s+(?:-L|--list-gpus|--query-gpu=\S+\s+--format=csv,noheader\S*)\s*\|\s*wc\s+-l\s*$"
    r"|torch\.cuda\.device_count\(\)\s*\)?\s*[\"']?\s*$"
)
_CLOCKS = r"\b(?:date|uuidgen|mktemp|RANDOM|EPOCHSECONDS|shuf|openssl\s+rand|/dev/u?random|uuid)\b"
_ALWAYS_NEW = frozenset({"RANDOM", "SECONDS", "EPOCHSECONDS", "SRANDOM"})
_EXPANSION = r"([A-Za-z_]\w*|\d+|[@*])(\[[^\]]*\])?(:?[-=+?])?"
_NESTED = frozenset({"simple_expansion", "expansion", "command_substitution", "arithmetic_expansion"})


def fields(node: Node, scope: Scope) -> list[str]:
    """The words that one word of the script becomes: none, one or several."""
    if node.type == "brace_expression":
        return _range(scope.source[node.start_byte : node.end_byte])
    done: list[str] = []
    text, begun = "", False
    for piece in _pieces(node, scope):
        if piece is None:
            done.append(text)
            text, begun = "", False
            continue
        more, whole = piece
        if whole:
            text, begun = (text + more)[:MAX_FIELD], True
            continue
        parts = more.split()
        if begun and more[:1].isspace():
            done.append(text)
            text, begun = "", False
        for at, part in enumerate(parts):
            if at:
                done.append(text)
                text = ""
            text, begun = (text + part)[:MAX_FIELD], True
        if begun and parts and more[-1:].isspace():
            done.append(text)
            text, begun = "", False
        if len(done) > MAX_FIELDS:
            break
    if begun:
        done.append(text)
    scope.budget.steps -= sum(map(len, done)) // STEP
    return done[:MAX_FIELDS]


def joined(node: Node, scope: Scope) -> str:
    """The text of a word where the shell does not split: the right side of an assignment."""
    return _limited((" " if piece is None else piece[0] for piece in _pieces(node, scope)), scope)


def spliced(start: int, end: int, children: list[Node], scope: Scope, escapes: str | None) -> str:
    """Text from start to end with the expansions among `children` put in. `escapes` are the characters that a
    backslash protects there; None: any."""
    pieces = _between(start, end, children, scope, escapes, True)
    return _limited((" " if piece is None else piece[0] for piece in pieces), scope)


def _limited(pieces: Iterator[str], scope: Scope) -> str:
    """The pieces in one text, no longer than it may be."""
    parts, length = [], 0
    for piece in pieces:
        parts.append(piece)
        length += len(piece)
        if length > MAX_FIELD:
            break
    scope.budget.steps -= length // STEP
    return "".join(parts)[:MAX_FIELD]


def _range(text: str) -> list[str]:
    """{1..10}, {1..10..2}; other braces stay as they are."""
    found = re.fullmatch(r"\{(-?\d{1,9})\.\.(-?\d{1,9})(?:\.\.(-?\d{1,9}))?\}", text)
    if not found:
        return [text]
    first, last = int(found[1]), int(found[2])
    step = abs(int(found[3] or 1)) or 1
    numbers = range(first, last + 1, step) if first <= last else range(first, last - 1, -step)
    return [str(number) for number in numbers[:MAX_FIELDS]]


def _pieces(node: Node, scope: Scope) -> Iterator[Piece]:
    if not scope.enter():
        yield UNKNOWN, True
        return
    try:  # the reader may stop early
        yield from _dispatch(node, scope)
    finally:
        scope.leave()


def _dispatch(node: Node, scope: Scope) -> Iterator[Piece]:
    kind, start, end = node.type, node.start_byte, node.end_byte
    if kind == "string":
        yield "", True
        closed = end - 1 if end - 1 > start and scope.source[end - 1] == '"' else end
        yield from _between(start + 1, closed, node.children, scope, '"\\$`', True)
    elif kind == "raw_string":
        yield scope.source[start + 1 : end - 1], True
    elif kind == "ansi_c_string":
        yield _ansi(scope.source[start + 2 : end - 1]), True
    elif kind in ("concatenation", "command_name", "translated_string"):
        for child in node.children:
            if child.is_named:
                yield from _pieces(child, scope)
    elif kind in _NESTED:
        yield from _expansion(node, scope, quoted=False)
    elif kind == "process_substitution":
        scope.on_substitution(node)
        yield unknown(node, scope), True
    else:
        yield from _between(start, end, node.children, scope, None, False)


def _between(
    start: int, end: int, children: list[Node], scope: Scope, escapes: str | None, quoted: bool
) -> Iterator[Piece]:
    """The grammar's leaves leave out some blanks, so text is taken from between the expansions."""
    at = start
    for child in children:
        if child.type in _NESTED and child.start_byte >= at:
            text = _text(child, scope)  # in quotes the grammar counts the blanks before it in
            begin = child.end_byte - len(text.lstrip())
            yield _unescape(scope.source[at:begin], escapes), True
            yield from _expansion(child, scope, quoted)
            at = child.end_byte
    if at < end:
        yield _unescape(scope.source[at:end], escapes), True


def _unescape(text: str, escapes: str | None) -> str:
    if "\\" not in text:
        return text
    if escapes is None:
        return re.sub(r"\\(\n|.)", lambda m: "" if m[1] == "\n" else m[1], text, flags=re.DOTALL)
    keep = escapes

    def plain(found: re.Match[str]) -> str:
        return "" if found[1] == "\n" else found[1] if found[1] in keep else found[0]

    return re.sub(r"\\(\n|.)", plain, text, flags=re.DOTALL)


def _ansi(text: str) -> str:
    simple = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "e": "\x1b", "f": "\f", "v": "\v"}

    def plain(found: re.Match[str]) -> str:
        code = found[1]
        if code[0] == "x" and len(code) > 1:
            return chr(int(code[1:], 16)) if int(code[1:], 16) > 2 else UNKNOWN
        return simple.get(code, code)

    return re.sub(r"\\(x[0-9A-Fa-f]{1,2}|.)", plain, text, flags=re.DOTALL)


def unknown(node: Node, scope: Scope) -> str:
    """What stands for an expansion whose value is not known: it changes with the loops that its variables change
    with, and with all loops around it where it asks a clock or a random number."""
    if not scope.budget.loops:
        return UNKNOWN
    found: list[str] = []
    nodes = [node]
    for part in nodes:
        if part.type in ("variable_name", "special_variable_name"):
            name = scope.source[part.start_byte : part.end_byte]
            value = scope.positional if name in ("@", "*") else lookup(name, scope)
            if name in _ALWAYS_NEW:
                value = UNKNOWN + scope.marks
            found += [value] if isinstance(value, str) else value or ()
        elif part.type == "command_substitution" and re.search(_CLOCKS, _text(part, scope)[:300]):
            found.append(UNKNOWN + scope.marks)
        if len(nodes) < MAX_FIELDS:
            nodes += part.children
    return UNKNOWN + marks(*found)


def _text(node: Node, scope: Scope) -> str:
    return scope.source[node.start_byte : node.end_byte]


def _expansion(node: Node, scope: Scope, quoted: bool) -> Iterator[Piece]:
    kind, text = node.type, _text(node, scope).lstrip()
    if kind == "command_substitution":
        yield from _substituted(node, text.strip("$()` \n"), scope, quoted)
    elif kind == "simple_expansion":
        yield from _variable(node, text[1:], "", scope, quoted)
    elif kind == "expansion" and scope.enter():
        try:
            yield from _braced(node, text, scope, quoted)
        finally:
            scope.leave()
    elif kind == "arithmetic_expansion":
        from gpuspec.commands.shell.arithmetic import worked_out

        number = worked_out(text[3:-2], scope)
        yield (unknown(node, scope) if number is None else number), True
    else:
        yield unknown(node, scope), True


def _substituted(node: Node, text: str, scope: Scope, quoted: bool) -> Iterator[Piece]:
    """$(…): what is run there, and the little of its output that is known: a count of GPUs, numbers of `seq`."""
    scope.on_substitution(node)
    if len(text) < 300 and re.search(_COUNTS_GPUS, text):
        yield GPU_COUNT, True
        return
    if text.startswith("expr ") and len(text) < 80:
        from gpuspec.commands.shell.arithmetic import worked_out

        number = worked_out(text[5:].replace("\\*", "*"), scope)
        yield (unknown(node, scope) if number is None else number), True
        return
    numbers = _sequence(text[4:].split(), scope) if text.startswith("seq ") and len(text) < 80 else None
    if numbers is None:
        yield unknown(node, scope), True
    else:
        yield " ".join(str(number) for number in numbers[:MAX_FIELDS]), quoted


def _sequence(parts: list[str], scope: Scope) -> range | None:
    """The numbers of `seq LAST`, `seq FIRST LAST`, `seq FIRST STEP LAST`."""
    numbers = []
    for part in parts:
        name = part.strip('"')
        value = lookup(name[1:].strip("{}"), scope) if name.startswith("$") else name
        if not (isinstance(value, str) and re.fullmatch(r"-?\d{1,9}", value)):
            return None
        numbers.append(int(value))
    if not 1 <= len(numbers) <= 3:
        return None
    first, step = (numbers[0] if len(numbers) > 1 else 1), (numbers[1] if len(numbers) == 3 else 1)
    return range(first, numbers[-1] + (1 if step > 0 else -1), step) if step else None


def _braced(node: Node, text: str, scope: Scope, quoted: bool) -> Iterator[Piece]:
    keys = re.fullmatch(r"\$\{!([A-Za-z_]\w*)\[[@*]\]\}", text)
    array = lookup(keys[1], scope) if keys else None
    if isinstance(array, tuple):
        yield from _elements(tuple(_key(at, one) for at, one in enumerate(array)), quoted)
        return
    found = re.match(_EXPANSION, text[2:])
    if not found or (not found[3] and found.end() != len(text) - 3):
        yield unknown(node, scope), True
        return
    name, index, operator = found[1], found[2] or "", found[3] or ""
    if operator in ("", ":?", "?"):
        yield from _variable(node, name, index, scope, quoted)
        return
    if operator in (":+", "+"):
        yield unknown(node, scope), True
        return
    known = lookup(name, scope)
    if known is not None and (known or operator[0] != ":"):
        yield from _variable(node, name, index, scope, quoted)
        return
    at = node.end_byte - len(text) + 2 + found.end()
    inner = list(_default(node, at, scope, quoted))
    if operator.endswith("="):
        scope.variables[name] = "".join(piece[0] for piece in inner if piece)
    yield from inner


def _key(at: int, element: str) -> str:
    """The index of an element of an array: its place, or the key it is given."""
    key, bracket, _ = element.partition("]=")
    return key[1:] if bracket and key.startswith("[") else str(at)


def _default(node: Node, at: int, scope: Scope, quoted: bool) -> Iterator[Piece]:
    """The word after `:-`: quoted parts keep their blanks, the rest is split where the expansion is."""
    children = [child for child in node.children if child.is_named and child.start_byte >= at]
    whole = {"string", "raw_string", "ansi_c_string", "concatenation"}
    if len(children) == 1 and children[0].type in whole:
        yield from _pieces(children[0], scope)
        return
    for piece in _between(at, node.end_byte - 1, children, scope, None, quoted):
        yield (piece[0], quoted) if piece else None


def _variable(node: Node, name: str, index: str, scope: Scope, quoted: bool) -> Iterator[Piece]:
    value: Value | None
    if name in ("@", "*"):
        value = scope.positional
        index = f"[{name}]"
    else:
        value = lookup(name, scope)
    if isinstance(value, str):
        yield (value, quoted) if index in ("", "[0]", "[@]", "[*]") else (unknown(node, scope), True)
    elif value is None:
        yield unknown(node, scope), True
    elif index == "[@]" or (index == "[*]" and not quoted):
        yield from _elements(value, quoted)
    elif index == "[*]":
        yield " ".join(value), True
    elif not index:
        yield (value[0] if value else ""), quoted
    else:
        digits = index[1:-1]
        known = is_digits(digits) and len(digits) < 6 and int(digits) < len(value)
        yield (value[int(digits)] if known else unknown(node, scope)), True


def _elements(values: tuple[str, ...], quoted: bool) -> Iterator[Piece]:
    for at, element in enumerate(values):
        if at:
            yield None
        yield element, quoted
