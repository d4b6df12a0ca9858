"""Python expressions as words: what can be known of their text, and the variables they are spliced from."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Any

from gpuspec.commands.word import UNKNOWN, Word, plain_words

VOLATILE = "*"
"""Among the names of a word: its text differs at each evaluation (a clock, a random number, the next of a queue)."""

_VOLATILE_CALLS = {
    "uuid1", "uuid4", "time", "time_ns", "monotonic", "now", "utcnow", "today", "random", "randint", "choice",
    "token_hex", "mkdtemp", "mkstemp", "NamedTemporaryFile", "pop", "popleft", "get_nowait", "next", "popitem",
    "strftime", "randrange", "ask",
}  # fmt: skip
_FIRST_HOLE = 0xE000
_HOLE = re.compile("[\ue000-\uf8ff]")
_DEPTH = 8

Values = Mapping[str, ast.expr]
"""What each name was last given in the scope at hand."""


def dotted(node: ast.expr) -> str:
    """`a.b.c` of a chain of names; calls and subscripts in between are left out: `client(x).runs.submit`."""
    parts: list[str] = []
    while True:
        if isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        elif isinstance(node, ast.Call):
            node = node.func
        elif isinstance(node, ast.Subscript):
            node = node.value
        else:
            break
    if isinstance(node, ast.Name):
        parts.append(node.id)
    return ".".join(reversed(parts))


def names_in(node: ast.AST) -> frozenset[str]:
    """Variables an expression depends on, and VOLATILE where it differs each time."""
    names: set[str] = set()
    own: set[str] = set()
    stack: list[Any] = [node]
    while stack:
        part = stack.pop()
        if isinstance(part, ast.Name):
            names.add(part.id)
        elif isinstance(part, list):
            stack += part
        elif isinstance(part, ast.AST) and not isinstance(part, (ast.Constant, ast.expr_context)):
            if isinstance(part, ast.Call) and dotted(part.func).rsplit(".", 1)[-1] in _VOLATILE_CALLS:
                names.add(VOLATILE)
            elif isinstance(part, ast.comprehension):
                own |= {name.id for name in ast.walk(part.target) if isinstance(name, ast.Name)}
            stack += [getattr(part, field, None) for field in part._fields]
    return frozenset(names - own)


def written(constant: object) -> str | None:
    """A constant as text; None for a whole number of more digits than Python prints (sys.set_int_max_str_digits): in
    hexadecimal, it can be read all the same."""
    try:
        return str(constant)
    except ValueError:
        return None


class Text:
    """Text with holes: each hole is one spliced expression, kept with the names in it."""

    def __init__(self, values: Values) -> None:
        self.values = values
        self.holes: list[frozenset[str]] = []

    def hole(self, node: ast.AST) -> str:
        self.holes.append(names_in(node))
        return chr(_FIRST_HOLE + min(len(self.holes) - 1, 0x18FF))

    def word(self, text: str) -> Word:
        """A piece of the text, as a word."""
        names: set[str] = set()
        for hole in _HOLE.findall(text):
            names |= self.holes[ord(hole) - _FIRST_HOLE]
        return Word(_HOLE.sub(UNKNOWN, text), names=frozenset(names))

    def of(self, node: ast.expr, depth: int = 0) -> str:
        """The text of a string expression; a single hole where nothing of it is known."""
        if depth > _DEPTH:
            return self.hole(node)
        if isinstance(node, ast.Constant) and isinstance(node.value, (str, int, float)):
            text = written(node.value)
            return self.hole(node) if text is None else text
        if isinstance(node, ast.JoinedStr):
            return "".join(self._part(part, depth) for part in node.values)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return self.of(node.left, depth + 1) + self.of(node.right, depth + 1)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod) and self.is_text(node.left):
            return re.sub(
                r"%(?:\(\w+\))?[-+0-9.]*[a-z]", lambda _: self.hole(node.right), self.of(node.left, depth + 1)
            )
        if isinstance(node, ast.Name) and self.is_text(self.values.get(node.id)) and depth < _DEPTH:
            return self.of(self.values[node.id], depth + 1)
        if isinstance(node, ast.Call):
            return self._called(node, depth)
        return self.hole(node)

    def _part(self, part: ast.expr, depth: int) -> str:
        if isinstance(part, ast.FormattedValue):
            inner = part.value
            known = isinstance(inner, ast.Constant) or (
                isinstance(inner, ast.Name) and self.is_text(self.values.get(inner.id))
            )
            return self.of(inner, depth + 1) if known else self.hole(inner)
        return self.of(part, depth + 1)

    def _called(self, node: ast.Call, depth: int) -> str:
        name = dotted(node.func).rsplit(".", 1)[-1]
        if isinstance(node.func, ast.Attribute) and self.is_text(node.func.value):
            text = self.of(node.func.value, depth + 1)
            if name == "format":
                return re.sub(r"\{[^{}]*\}", lambda _: self.hole(node), text)
            if name == "join" and len(node.args) == 1:
                items = self.items(node.args[0], depth + 1)
                return text.join(items) if items is not None else self.hole(node)
            if name in ("strip", "rstrip", "lstrip", "lower", "replace", "removesuffix"):
                return text
        if name in ("str", "dedent", "quote", "fspath", "Path") and len(node.args) == 1:
            return self.of(node.args[0], depth + 1)
        return self.hole(node)

    def is_text(self, node: ast.expr | None) -> bool:
        """Whether an expression is a string whose text is at least partly known."""
        for _ in range(_DEPTH):
            if isinstance(node, ast.BinOp):
                node = node.left
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                node = node.func.value
            elif isinstance(node, ast.Name):
                node = self.values.get(node.id)
            else:
                break
        return isinstance(node, ast.JoinedStr) or (
            isinstance(node, ast.Constant) and isinstance(node.value, str)
        )

    def items(self, node: ast.expr, depth: int = 0) -> list[str] | None:
        """The texts of a list expression, or of a string that is split into one; None if it is neither."""
        if depth > _DEPTH:
            return None
        if isinstance(node, (ast.List, ast.Tuple)):
            texts: list[str] = []
            for item in node.elts:
                if isinstance(item, ast.Starred):
                    texts += self.items(item.value, depth + 1) or [self.hole(item.value)]
                else:
                    texts.append(self.of(item))
            return texts
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            left = self.items(node.left, depth + 1)
            if left is None:
                return None
            return left + (self.items(node.right, depth + 1) or [self.hole(node.right)])
        if isinstance(node, ast.IfExp):
            return self.items(node.body, depth + 1) or self.items(node.orelse, depth + 1)
        if isinstance(node, ast.Name) and node.id in self.values:
            return self.items(self.values[node.id], depth + 1)
        if isinstance(node, ast.Call):
            name = dotted(node.func)
            if name in ("shlex.split", "list", "tuple") and node.args:
                return self.items(node.args[0], depth + 1) or plain_words(self.of(node.args[0]))
            if (
                name.rpartition(".")[2] == "split"
                and isinstance(node.func, ast.Attribute)
                and self.is_text(node.func.value)
            ):
                return plain_words(self.of(node.func.value))
            if name.endswith(".copy") and isinstance(node.func, ast.Attribute):
                return self.items(node.func.value, depth + 1)
        return None
