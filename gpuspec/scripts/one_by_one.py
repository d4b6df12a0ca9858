"""Functions of Modal's that load a model at each call, of which there is one for every item."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from gpuspec.commands.python.expressions import dotted
from gpuspec.commands.python.file import tree
from gpuspec.commands.python.prompts import MANY, OnePiece, is_many
from gpuspec.scripts.modal_calls import modal_call, on_modal_gpu

_LOADS = re.compile(
    r"(?:^|\.)(?:from_pretrained|load_model|pipeline|LLM|SentenceTransformer|WhisperModel|CrossEncoder|"
    r"load_from_checkpoint)$"
)
_MAPS = {"map", "starmap", "for_each", "spawn_map"}
_CALLED = re.compile(r"\.(?:map|starmap|for_each|spawn_map|remote|spawn)\(")
_LARGEST = 1 << 17


def loading_per_call(text: str) -> list[OnePiece]:
    """Modal functions with a GPU that load a model in their own body, and that something maps over items."""
    if len(text) > _LARGEST or "modal" not in text or not _CALLED.search(text):
        return []
    root = tree(text)
    if root is None:
        return []
    mapped = {
        node.func.value.id: node.lineno
        for node in ast.walk(root)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in _MAPS
        and isinstance(node.func.value, ast.Name)
    }
    functions = {node.name for node in root.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))}
    mapped = {**_looped(root, functions), **mapped}
    found = []
    for node in root.body:
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) or node.name not in mapped:
            continue
        if not on_modal_gpu(node) or any(isinstance(part, ast.Global) for part in ast.walk(node)):
            continue
        takes = [argument.arg for argument in node.args.args]
        if any(MANY.search(name) or name.endswith(("s", "list")) for name in takes[:1]):
            continue
        load = next((call for call in _direct(node) if _LOADS.search(dotted(call.func))), None)
        if load is not None:
            found.append(OnePiece(node.name, load.lineno, mapped[node.name]))
    return found


def _looped(root: ast.Module, functions: set[str]) -> dict[str, int]:
    """Functions of Modal's that a loop calls by `.remote` or `.spawn`, with one item each → the line."""
    return {
        call.func.value.id: loop.lineno
        for loop in ast.walk(root)
        if isinstance(loop, (ast.While, ast.ListComp, ast.GeneratorExp, ast.DictComp))
        or (isinstance(loop, (ast.For, ast.AsyncFor)) and not is_many(loop))
        for call in ast.walk(loop)
        if isinstance(call, ast.Call)
        and modal_call(call, functions) is not None
        and isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
    }


def _direct(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.Call]:
    """Calls that a function makes each time: not under a condition, which may ask whether it is loaded already."""
    stack: list[ast.AST] = list(function.body)
    while stack:
        node = stack.pop(0)
        if isinstance(node, (ast.If, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        if isinstance(node, ast.Call):
            yield node
        stack += ast.iter_child_nodes(node)
