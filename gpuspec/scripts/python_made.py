"""Commands that a function of the script makes: `cmd = build(args, item)`."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Mapping, Sequence

_DEEPEST = 4
"""Functions that return what another one makes."""
Function = ast.FunctionDef | ast.AsyncFunctionDef


def made_by(node: ast.expr, defined: Mapping[str, Sequence[Function]]) -> ast.expr | None:
    """What a call of a function returns, where that is a list or a text written down, with its arguments put in."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, (ast.Name, ast.Attribute)):
        return None
    name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
    functions = defined.get(name, ())
    if len(functions) != 1 or not functions[0].body or not isinstance(functions[0].body[-1], ast.Return):
        return None
    function = functions[0]
    value = _returned(function)
    if not isinstance(value, (ast.List, ast.JoinedStr, ast.BinOp, ast.Constant)):
        return None
    names = [argument.arg for argument in function.args.args]
    if names[:1] == ["self"]:
        names = names[1:]
    given = dict(zip(names, node.args, strict=False))
    given.update({keyword.arg: keyword.value for keyword in node.keywords if keyword.arg})
    filled: ast.expr = _Given(given).visit(copy.deepcopy(value))
    return ast.copy_location(filled, node)


def maker(call: ast.Call, defined: Mapping[str, Sequence[Function]]) -> ast.Call:
    """The call that makes what a call returns: that inside a function of the script, where it is one's."""
    for _ in range(_DEEPEST):
        functions = defined.get(call.func.id, ()) if isinstance(call.func, ast.Name) else ()
        if len(functions) != 1 or not functions[0].body:
            return call
        value = _returned(functions[0])
        if not isinstance(value, ast.Call):
            return call
        call = value
    return call


def _returned(function: Function) -> ast.expr | None:
    last = function.body[-1]
    value = last.value if isinstance(last, ast.Return) else None
    if isinstance(value, ast.Name):
        for statement in function.body:
            if isinstance(statement, ast.Assign) and any(
                isinstance(target, ast.Name) and target.id == value.id for target in statement.targets
            ):
                return statement.value
    return value


class _Given(ast.NodeTransformer):
    def __init__(self, given: Mapping[str, ast.expr]) -> None:
        self.given = given

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.given.get(node.id, node)


_DISPATCHES = re.compile(r"\b(?:fire|globals|locals|getattr|importlib|argh|defopt|tyro|jsonargparse|CLI)\b")
"""What may call a function by its name as text."""


def runs_itself(root: ast.Module, defined: Mapping[str, Sequence[Function]]) -> bool:
    """Whether a file is a script, and no module for others: it starts one of its own functions."""
    for node in root.body:
        if isinstance(node, ast.If) and "__name__" in ast.dump(node.test):
            return True
        value = node.value if isinstance(node, ast.Expr) else None
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id in defined:
            return True
    return False


def is_uncalled(name: str, definitions: Sequence[Function], code: str, *, runs: bool) -> bool:
    """Whether nobody calls a function: nothing names it in a script that `runs` by itself, or it is private."""
    if not (runs or name.startswith("_")) or name.startswith("__"):
        return False
    if any(definition.decorator_list for definition in definitions) or _DISPATCHES.search(code):
        return False
    return len(re.findall(rf"\b{re.escape(name)}\b", code)) == len(definitions)
