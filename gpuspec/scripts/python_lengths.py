"""How many items a Python loop goes over."""

from __future__ import annotations

import ast

from gpuspec.commands.python.expressions import Values, dotted

_DEPTH = 8


def length(node: ast.expr, values: Values, depth: int = 0) -> int | None:
    """How many items an iterable has, where its text says so."""
    if depth > _DEPTH:
        return None
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        return None if any(isinstance(item, ast.Starred) for item in node.elts) else len(node.elts)
    if isinstance(node, ast.Dict):
        return None if None in node.keys else len(node.keys)
    if isinstance(node, ast.Name):
        return length(values[node.id], values, depth + 1) if node.id in values else None
    if isinstance(node, (ast.ListComp, ast.GeneratorExp, ast.SetComp)):
        if len(node.generators) == 1 and not node.generators[0].ifs:
            return length(node.generators[0].iter, values, depth + 1)
        return None
    if isinstance(node, ast.Call):
        name = dotted(node.func).rsplit(".", 1)[-1]
        if name == "range":
            return _range(node.args, values)
        if name in ("items", "keys", "values") and isinstance(node.func, ast.Attribute):
            return length(node.func.value, values, depth + 1)
        if (
            name in ("enumerate", "sorted", "reversed", "list", "tuple", "set", "tqdm", "track", "zip")
            and node.args
        ):
            return length(node.args[0], values, depth + 1)
        if name == "product":
            total = 1
            for argument in node.args:
                one = length(argument, values, depth + 1)
                if one is None:
                    return None
                total *= one
            return total
    return None


def _range(arguments: list[ast.expr], values: Values) -> int | None:
    numbers = []
    for argument in arguments:
        if isinstance(argument, ast.Name):
            argument = values.get(argument.id, argument)
        if not (isinstance(argument, ast.Constant) and isinstance(argument.value, int)):
            return None
        numbers.append(argument.value)
    return len(range(*numbers)) if numbers and (len(numbers) < 3 or numbers[2]) else None


_SPLITS = ("array_split", "divide", "distribute")


def split_by(node: ast.expr, values: Values) -> str:
    """The call that split what is gone over into a number of parts, as text, with the number where
    it is known; "" where none did."""
    for _ in range(_DEPTH):
        if isinstance(node, ast.Call):
            name = dotted(node.func).rsplit(".", 1)[-1]
            if name in _SPLITS:
                parts = [str(part.value) for part in node.args if isinstance(part, ast.Constant)]
                return f"{name}({', '.join(parts)[:40]})"
            if name not in ("enumerate", "list", "tuple", "tqdm", "zip", "track") or not node.args:
                return ""
            node = node.args[-1] if name == "zip" else node.args[0]
        elif isinstance(node, ast.Name) and node.id in values:
            node = values[node.id]
        else:
            return ""
    return ""
