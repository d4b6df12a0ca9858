"""What the shell's arithmetic is worth: `$(( … ))`, `(( NAME = … ))`, `let`, `expr`."""

from __future__ import annotations

import ast
import re

from gpuspec.commands.shell.scope import Scope, lookup
from gpuspec.commands.word import GPU_COUNT, UNKNOWN
from gpuspec.numerals import is_digits

_PARTS = r"\d{1,9}|\$?\{?([A-Za-z_]\w*)\}?|[-+*/%()]|\s+"
_ASSIGNMENT = re.compile(r"\s*([A-Za-z_]\w*)\s*([-+*/%]?)=(?!=)(.*)", re.DOTALL)
_STEP = re.compile(r"(?:\+\+|--)?([A-Za-z_]\w*)(?:\+\+|--)?")
_TRIED = (7, 11)
"""Numbers of GPUs that an expression with their number in it is tried with."""


def worked_out(text: str, scope: Scope) -> str | None:
    """The number that an expression is worth, or GPU_COUNT where it is always that; None where not all in it is
    known. In loops variables change from turn to turn: there only plain numbers are."""
    if len(text) > 80 or "**" in text or not re.fullmatch(f"(?:{_PARTS})+", text):
        return None
    if any(around.mark for around in scope.around) and re.search("[A-Za-z_]", text):
        return None
    each = [_value(text, scope, gpus) for gpus in _TRIED]
    if each[0] == each[1]:
        return None if each[0] is None else str(each[0])
    return GPU_COUNT if each == [*_TRIED] else None


def calculate(text: str, scope: Scope) -> None:
    """Change the variables that `(( … ))` or `let` set."""
    for part in text.split(",") if len(text) < 200 else ():
        if assigned := _ASSIGNMENT.fullmatch(part):
            name, sign, value = assigned.groups()
            known = worked_out(f"{name}{sign}({value})" if sign else value, scope)
        elif ("++" in part or "--" in part) and (step := _STEP.fullmatch("".join(part.split()))):
            name, known = step[1], None
        else:
            continue
        scope.variables[name] = UNKNOWN + scope.marks if known is None else known


def _value(text: str, scope: Scope, gpus: int) -> int | None:
    def value(found: re.Match[str]) -> str:
        if not found[1]:
            return found[0].lstrip("0") or "0" if is_digits(found[0]) else found[0].replace("/", "//")
        known = lookup(found[1], scope)
        if known == GPU_COUNT:
            return str(gpus)
        return known if isinstance(known, str) and re.fullmatch(r"0|[1-9]\d{0,8}", known) else "?"

    try:
        return _folded(ast.parse(re.sub(_PARTS, value, text).strip(), mode="eval").body)
    except (SyntaxError, ZeroDivisionError):
        return None


def _folded(node: ast.expr) -> int | None:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, int) else None
    if not isinstance(node, ast.BinOp):
        return None
    left, right = _folded(node.left), _folded(node.right)
    if left is None or right is None or max(abs(left), abs(right)) > 1 << 40:
        return None
    match node.op:
        case ast.FloorDiv() | ast.Mod() if min(left, right) >= 0:  # below 0 the shell cuts otherwise
            return left // right if isinstance(node.op, ast.FloorDiv) else left % right
        case ast.Mult():
            return left * right
        case ast.Add():
            return left + right
        case ast.Sub():
            return left - right
    return None
