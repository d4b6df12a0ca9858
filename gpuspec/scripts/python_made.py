"""Commands that a function of the script makes: `cmd = build(args, item)`."""

from __future__ import annotations

import ast
import copy
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache

from gpuspec.commands.python.expressions import dotted

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


def handed_on(call: ast.Call, name: str, defined: Mapping[str, Sequence[Function]]) -> ast.List | None:
    """The command that a function makes of all its arguments: `["sky", *args]` of `sky("launch", …)`."""
    given = list(call.args)
    for _ in range(_DEEPEST):
        functions = defined.get(name, ())
        if len(functions) != 1 or functions[0].args.vararg is None:
            return None
        positional = [one.arg for one in functions[0].args.args if one.arg != "self"]
        if positional:
            return None
        found = _with_all(functions[0], functions[0].args.vararg.arg)
        if found is None:
            return None
        parts = found.args if isinstance(found, ast.Call) else found.elts
        at = next(at for at, part in enumerate(parts) if isinstance(part, ast.Starred))
        given = [*parts[:at], *given, *parts[at + 1 :]]
        if isinstance(found, ast.List):
            return ast.copy_location(ast.List(given, ast.Load()), call)
        name = found.func.attr if isinstance(found.func, ast.Attribute) else getattr(found.func, "id", "")
    return None


@lru_cache(maxsize=64)  # asked at each call of the function
def _with_all(function: Function, rest: str) -> ast.Call | ast.List | None:
    """What in a function is given all its arguments: a list, or a call of a function of the script."""
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and dotted(node.func) in (
            "print",
            "log",
            "logger.info",
            "logging.info",
        ):
            continue
        if isinstance(node, ast.Call) and dotted(node.func) == "list" and len(node.args) == 1:
            only = node.args[0]
            if isinstance(only, ast.Name) and only.id == rest:
                starred = ast.Starred(only, ast.Load())
                return ast.copy_location(ast.List([starred], ast.Load()), node)
        if isinstance(node, (ast.List, ast.Call)):
            parts = node.elts if isinstance(node, ast.List) else node.args
            if any(
                isinstance(p, ast.Starred) and isinstance(p.value, ast.Name) and p.value.id == rest
                for p in parts
            ):
                return node
    return None


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


def is_uncalled(
    name: str, definitions: Sequence[Function], code: str, named: Counter[str], *, runs: bool
) -> bool:
    """Whether nobody calls a function: nothing names it in a script that `runs` by itself, or it is private.
    `named` counts the words of `code`."""
    if not (runs or name.startswith("_")) or name.startswith("__"):
        return False
    if any(definition.decorator_list for definition in definitions) or _DISPATCHES.search(code):
        return False
    return named[name] == len(definitions)
