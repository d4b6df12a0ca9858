"""What a Python test asks: did it work, did it fail, is there enough, is this the first?"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection

from gpuspec.commands.python.expressions import dotted
from gpuspec.scripts.program import Guard

_FAILING = re.compile(
    r"fail|err|abort|stop|interrupt|except|cancel|broken|missing|bad|invalid", re.IGNORECASE
)
_LIMITING = re.compile(r"limit|exceed|budget|max|enough|quota|dry", re.IGNORECASE)
_STATUS = re.compile(
    r"(?:^|_|\.)(?:rc|ret|code|returncode|status|exit|exitcode|result|res|r)(?:$|_)", re.IGNORECASE
)


def guard_of(test: ast.expr, loop_names: Collection[str]) -> Guard:
    """What a test asks. `loop_names` are the variables of the loops around it."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        inner = guard_of(test.operand, loop_names)
        return "success" if inner == "failure" else inner if inner == "limit" else "failure"
    if isinstance(test, ast.BoolOp):
        guards = [guard_of(value, loop_names) for value in test.values]
        return next((guard for guard in guards if guard != "unknown"), "unknown")
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        return _comparison(test, loop_names)
    name = dotted(test)
    if _LIMITING.search(name):
        return "limit"
    if _FAILING.search(name):
        return "failure"
    return "first" if "first" in name.lower() else "unknown"


def _comparison(test: ast.Compare, loop_names: Collection[str]) -> Guard:
    operator, right = test.ops[0], test.comparators[0]
    left = dotted(test.left)
    if isinstance(operator, (ast.Gt, ast.GtE, ast.Lt, ast.LtE)):
        return "limit"
    constant = right.value if isinstance(right, ast.Constant) else ...
    equal = isinstance(operator, (ast.Eq, ast.Is))
    if constant is None:
        return "failure" if equal else "success"
    if constant == 0 and constant is not False:
        if left in loop_names:
            return "first" if equal else "unknown"
        if _STATUS.search(left):
            return "success" if equal else "failure"
    if isinstance(constant, str) and _FAILING.search(constant):
        return "failure" if equal else "success"
    return "unknown"
