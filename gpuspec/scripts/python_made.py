"""Commands that a function of the script makes: `cmd = build(args, item)`."""

from __future__ import annotations

import ast
import copy
from collections.abc import Mapping, Sequence

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
