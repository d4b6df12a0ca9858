"""Python that hands an engine that batches its prompts one at a time."""

import ast
import re
from collections.abc import Iterator

from gpuspec.commands.python.expressions import dotted, names_in
from gpuspec.commands.python.file import tree
from gpuspec.named_tuple import NamedTuple

_ENGINES = {"LLM", "vllm.LLM", "sgl.Engine", "sglang.Engine", "Engine"}
_OFFLINE = re.compile(r"^\s*(?:from|import)\s+(?:vllm|sglang)\b", re.MULTILINE)
_GENERATES = {"generate", "chat", "encode", "embed", "classify", "score"}
MANY = re.compile(r"batch|chunk|group|shard|slice", re.IGNORECASE)
_LARGEST = 1 << 17


class OnePiece(NamedTuple):
    """A call that hands over one piece, or one that loads a model each time: what it is called, its line (from 1),
    and that of the loop or of what maps it."""

    name: str
    line: int
    loop: int


def prompts_one_by_one(text: str) -> list[OnePiece]:
    """Calls of vLLM's or SGLang's offline engine that a loop makes with one prompt each."""
    if len(text) > _LARGEST or not _OFFLINE.search(text):
        return []
    root = tree(text)
    if root is None:
        return []
    nodes = list(ast.walk(root))
    engines = {
        target.id
        for node in nodes
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Call)
        and dotted(node.value.func) in _ENGINES
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    found: dict[int, OnePiece] = {}
    for loop in nodes:
        if not isinstance(loop, ast.For) or is_many(loop):
            continue
        items = _made_of(loop)
        for call in _calls(loop):
            name = dotted(call.func)
            head, _, last = name.rpartition(".")
            if head in engines and last in _GENERATES and call.args and _is_one(call.args[0], items):
                found.setdefault(call.lineno, OnePiece(name, call.lineno, loop.lineno))
    return list(found.values())


def _made_of(loop: ast.For) -> set[str]:
    """The item's name, and those of what the body makes of it: `row = json.loads(line)`, `prompt = f"… {row}"`."""
    items = {part.id for part in ast.walk(loop.target) if isinstance(part, ast.Name)}
    for node in loop.body:
        if not isinstance(node, ast.Assign) or isinstance(node.value, (ast.List, ast.ListComp)):
            continue
        if names_in(node.value) & items:
            items |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return items


def _calls(loop: ast.For) -> Iterator[ast.Call]:
    """Calls in a loop, without those of loops in it."""
    stack: list[ast.AST] = list(loop.body)
    while stack:
        node = stack.pop()
        if isinstance(node, (ast.For, ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        if isinstance(node, ast.Call):
            yield node
        stack += ast.iter_child_nodes(node)


def is_many(loop: ast.For | ast.AsyncFor) -> bool:
    """Whether each turn has many items already: batches, slices, epochs of measuring."""
    if any(MANY.search(name) for name in (*names_in(loop.target), *names_in(loop.iter))):
        return True
    return isinstance(loop.iter, ast.Call) and dotted(loop.iter.func) == "range"


def _is_one(given: ast.expr, items: set[str]) -> bool:
    """Whether what is handed over is one item: `prompt`, `[prompt]`, `f"… {prompt}"`, `row["prompt"]`."""
    if isinstance(given, (ast.List, ast.Tuple)):
        return len(given.elts) == 1 and _is_one(given.elts[0], items)
    if isinstance(given, ast.Subscript):
        return isinstance(given.slice, ast.Constant) and _is_one(given.value, items)
    if isinstance(given, ast.JoinedStr):
        return bool(names_in(given) & items)
    return isinstance(given, ast.Name) and given.id in items
