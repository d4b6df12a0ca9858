"""Functions that Modal runs in containers with a GPU, and calls of them.

Modal starts a container where none is free for a call, and keeps an idle one for 60 seconds
(https://modal.com/docs/guide/scale, read 2026-11-30); a function that loads its model itself loads it at every call.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection

from gpuspec.commands.python.expressions import dotted
from gpuspec.commands.python.file import tree
from gpuspec.scripts.beside import ScriptSource


def on_modal_gpu(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a function is one of Modal's with a GPU: `@app.function(gpu="A100")`."""
    return any(
        isinstance(given, ast.Call)
        and dotted(given.func).endswith(".function")
        and any(
            keyword.arg == "gpu"
            and not (isinstance(keyword.value, ast.Constant) and keyword.value.value is None)
            for keyword in given.keywords
        )
        for given in node.decorator_list
    )


def imported_on_gpu(source: ScriptSource, full_name: str) -> bool:
    """Whether a function of a module beside the script is one of these."""
    module, _, name = full_name.rpartition(".")
    there = source.find(module.replace(".", "/") + ".py") if module else None
    root = tree(there[1]) if there and "modal" in there[1] else None
    return root is not None and any(
        isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == name and on_modal_gpu(node)
        for node in root.body
    )


def modal_call(node: ast.Call, functions: Collection[str]) -> str | None:
    """What a call of one of these functions in a container is shown as: `caption.spawn()`. None where it is handed
    many items at once: a slice, a batch."""
    func = node.func
    if isinstance(func, ast.Attribute) and func.attr == "aio":
        func = func.value
    if not isinstance(func, ast.Attribute) or func.attr not in ("remote", "spawn"):
        return None
    if not isinstance(func.value, ast.Name) or func.value.id not in functions:
        return None
    if any(_is_many(argument) for argument in (*node.args, *(keyword.value for keyword in node.keywords))):
        return None
    return f"{func.value.id}.{func.attr}()"


def _is_many(node: ast.expr) -> bool:
    if isinstance(node, ast.Subscript):
        return isinstance(node.slice, ast.Slice)
    return (
        isinstance(node, ast.Name) and re.search(r"batch|chunk|group|shard|items|part", node.id) is not None
    )
