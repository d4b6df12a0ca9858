"""What expressions of a Modal app are worth: constants followed through the file, never executed."""

import ast
import re
from collections.abc import Mapping, Sequence

from gpuspec.commands.python.expressions import dotted, written
from gpuspec.commands.python.file import PythonFile, tail
from gpuspec.commands.word import UNKNOWN
from gpuspec.named_tuple import NamedTuple
from gpuspec.numerals import number_of

_DEPTH = 12
_LARGEST = 1e12
_STEPS = 50_000
"""Expressions that are looked at for one file."""


class Choice(NamedTuple):
    """One GPU that Modal may take: a name, None where any will do or it is not known, and how many."""

    name: str | None
    gpus: int | None
    node: ast.expr


class Constants(PythonFile):
    """The constants of some statements."""

    def __init__(self, statements: Sequence[ast.stmt]) -> None:
        super().__init__(ast.Module(body=list(statements), type_ignores=[]), (), {})
        self.steps = _STEPS

    def inside(self, node: ast.stmt) -> "Constants":
        """Those within a definition: its own names hide the module's."""
        own = Constants([node])
        bound = {
            part.id
            for part in ast.walk(node)
            if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load)
        }
        bound |= {part.arg for part in ast.walk(node) if isinstance(part, ast.arg)}
        around = {name: value for name, value in self.values.items() if name not in bound}
        own.values = {**around, **own.values}
        return own

    def of(self, node: ast.expr, depth: int = 0) -> str:
        """As in PythonFile, as long as that takes few steps: constants may be made of one another."""
        self.steps -= 1
        return self.hole(node) if self.steps < 0 else super().of(node, depth)

    def _part(self, part: ast.expr, depth: int) -> str:
        """In an f-string: numbers, too."""
        if isinstance(part, ast.FormattedValue) and isinstance(part.value, (ast.Name, ast.BinOp)):
            number = self.number(part.value, depth)
            if number is not None and number == int(number):
                return written(int(number)) or self.hole(part)
        return super()._part(part, depth)

    def followed(self, node: ast.expr | None, depth: int = 0) -> ast.expr | None:
        """What a name stands for."""
        while isinstance(node, ast.Name) and node.id in self.values and depth < _DEPTH:
            node = self.values[node.id]
            depth += 1
        return node

    def text(self, node: ast.expr | None, depth: int = 0) -> str | None:
        """The text of an expression; None where it is not a known string."""
        node = self.followed(node)
        if depth > _DEPTH or node is None:
            return None
        if isinstance(node, ast.Constant) and not isinstance(node.value, str):
            return None
        if isinstance(node, ast.IfExp):
            truth = self.truth(node.test, depth + 1)
            return None if truth is None else self.text(node.body if truth else node.orelse, depth + 1)
        return self.value(node)

    def number(self, node: ast.expr | None, depth: int = 0) -> float | None:
        """The number that an expression is worth: `24 * 60 * 60`, `5 * MINUTES`, `int(os.environ.get("N", "2"))`."""
        node = self.followed(node)
        self.steps -= 1
        if depth > _DEPTH or self.steps < 0 or node is None:
            return None
        if isinstance(node, ast.Constant):
            known = node.value
            if isinstance(known, bool) or not isinstance(known, (int, float)):
                return None
            return known if abs(known) < _LARGEST else None
        if isinstance(node, ast.BinOp):
            return _sum(node.op, self.number(node.left, depth + 1), self.number(node.right, depth + 1))
        if isinstance(node, ast.IfExp):
            truth = self.truth(node.test, depth + 1)
            return None if truth is None else self.number(node.body if truth else node.orelse, depth + 1)
        if isinstance(node, ast.Call):
            last = tail(node.func)[1]
            if last in ("int", "float", "round") and len(node.args) == 1:
                return self.number(node.args[0], depth + 1)
            if last == "timedelta":
                return self._duration(node, depth + 1)
            text = self.value(node)
            return number_of(text) if text else None
        return None

    def _duration(self, node: ast.Call, depth: int) -> float | None:
        units = {"days": 86_400, "hours": 3600, "minutes": 60, "seconds": 1}
        parts = [(units.get(k.arg or ""), self.number(k.value, depth)) for k in node.keywords]
        if node.args or not parts or any(unit is None or number is None for unit, number in parts):
            return None
        return sum((unit or 0) * (number or 0) for unit, number in parts)

    def truth(self, node: ast.expr, depth: int = 0) -> bool | None:
        """Whether a condition holds; None where that is not known."""
        node = self.followed(node) or node
        self.steps -= 1
        if depth > _DEPTH or self.steps < 0:
            return None
        if isinstance(node, ast.Constant):
            return bool(node.value)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            inner = self.truth(node.operand, depth + 1)
            return None if inner is None else not inner
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            return self._compared(node, depth + 1)
        return None

    def _compared(self, node: ast.Compare, depth: int) -> bool | None:
        left, right = self.number(node.left, depth), self.number(node.comparators[0], depth)
        if left is not None and right is not None:
            found = {
                ast.Gt: left > right, ast.GtE: left >= right, ast.Lt: left < right, ast.LtE: left <= right,
                ast.Eq: left == right, ast.NotEq: left != right,
            }  # fmt: skip
            return found.get(type(node.ops[0]))
        texts = self.text(node.left, depth), self.text(node.comparators[0], depth)
        if None in texts or not isinstance(node.ops[0], (ast.Eq, ast.NotEq)):
            return None
        return (texts[0] == texts[1]) is isinstance(node.ops[0], ast.Eq)

    def pairs(self, node: ast.expr | None, depth: int = 0) -> Mapping[str, ast.expr]:
        """The entries of a dictionary whose keys are known: `{…}`, `dict(…)`."""
        node = self.followed(node)
        if isinstance(node, ast.Call) and dotted(node.func) == "dict":
            return {k.arg: k.value for k in node.keywords if k.arg}
        if not isinstance(node, ast.Dict) or depth > 3:
            return {}
        found: dict[str, ast.expr] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                found.update(self.pairs(value, depth + 1))
            elif (text := self.text(key)) is not None:
                found[text] = value
        return found

    # -- GPUs ---------------------------------------------------------------------------------------

    def gpus(self, node: ast.expr | None, depth: int = 0) -> list[Choice]:
        """What `gpu=` asks for: alternatives in their order. Empty for none."""
        written_at, node = node, self.followed(node)
        if node is None or written_at is None or depth > 3:
            return []
        if isinstance(node, ast.Constant) and node.value is None:
            return []
        if isinstance(node, (ast.List, ast.Tuple)):
            return [choice for each in node.elts[:20] for choice in self.gpus(each, depth + 1)]
        if isinstance(node, ast.IfExp):
            truth = self.truth(node.test)
            chosen = None if truth is None else node.body if truth else node.orelse
            return self.gpus(chosen, depth + 1) if chosen is not None else [Choice(None, None, written_at)]
        if isinstance(node, ast.Call) and (made := self._made(node, written_at)):
            return [made]
        text = self.word(self.of(node)).text
        return [_choice(text, written_at)]

    def _made(self, node: ast.Call, at: ast.expr) -> Choice | None:
        """`modal.gpu.A100(count=2, size="80GB")`."""
        owner, last = tail(node.func)
        if owner != "gpu" and not (owner == "" and re.fullmatch(r"[A-Z]+\d+\w*|Any", last)):
            return None
        given = {k.arg: k.value for k in node.keywords}
        count = self.number(given["count"]) if "count" in given else 1
        size = self.text(given.get("size")) or None
        memory = self.number(given.get("memory"))
        if memory:
            size = f"{memory:g}GB"
        name = None if last == "Any" else modal_name(f"{last}-{size}" if size else last)
        return Choice(name, None if count is None else int(count), at)


def _sum(operator: ast.operator, left: float | None, right: float | None) -> float | None:
    if left is None or right is None:
        return None
    found: float | None = None
    if isinstance(operator, ast.Mult):
        found = left * right
    elif isinstance(operator, ast.Add):
        found = left + right
    elif isinstance(operator, ast.Sub):
        found = left - right
    elif isinstance(operator, (ast.Div, ast.FloorDiv)) and right:
        found = left / right if isinstance(operator, ast.Div) else left // right
    return found if found is not None and abs(found) < _LARGEST else None


def _choice(text: str, node: ast.expr) -> Choice:
    """`"H100:8"`."""
    name, colon, number = text.strip().partition(":")
    known = None if UNKNOWN in name or not name else modal_name(name)
    if not colon:
        return Choice(known, None if UNKNOWN in name else 1, node)
    number = number.strip()
    count = int(number) if re.fullmatch(r"[0-9]{1,3}", number) else None
    return Choice(known, count, node)


def modal_name(name: str) -> str | None:
    """A GPU as Modal means it: `A100` has 40 GB, `H100!` is not upgraded, `any` is any.

    https://modal.com/docs/guide/gpu, read 2026-11."""
    name = name.strip().rstrip("!+")
    low = name.lower()
    if low in ("any", ""):
        return None
    return "A100-40GB" if low == "a100" else name
