"""Python scripts, read through `ast`: commands started, SDK calls, loops, and functions that hold them."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from gpuspec.commands.python.expressions import dotted, names_in
from gpuspec.commands.python.file import tree
from gpuspec.commands.word import Word
from gpuspec.scripts.beside import ScriptSource
from gpuspec.scripts.imports import imported
from gpuspec.scripts.program import (
    Assign,
    Branch,
    Exit,
    Loop,
    Node,
    Program,
    ScriptFunction,
)
from gpuspec.scripts.python_calls import Expressions
from gpuspec.scripts.python_guards import guard_of
from gpuspec.scripts.python_made import is_uncalled, runs_itself

_MOCKED = re.compile(r"^\s*(?:import|from)\s+(?:unittest|pytest|mock)\b|monkeypatch|MagicMock", re.MULTILINE)
_NAME = re.compile(r"[^\W\d]\w*")
_TRY = (ast.Try, getattr(ast, "TryStar", ast.Try))  # try … except* came with 3.11


def read_python(source: ScriptSource, base: int = 0) -> Program | None:
    """The program; None where the text is not Python, or is a test that only pretends to launch. `base` is where the
    text starts in the file that it is part of."""
    if _MOCKED.search(source.text):
        return None
    root = tree(source.text)
    if root is None:
        return None
    reader = _Reader(source, root, base)
    try:
        body, functions = tuple(reader.block(root.body)), reader.read_functions()
    except RecursionError:
        return Program(cut=True)
    return Program(body, {**imported(source, reader.asked, read_functions), **functions})


def read_functions(source: ScriptSource) -> Mapping[str, ScriptFunction]:
    """The functions of a module that is imported, those that it imports itself among them."""
    program = read_python(source)
    return program.functions if program else {}


class _Reader(Expressions):
    def read_functions(self) -> dict[str, ScriptFunction]:
        module = dict(self.values)
        functions = {}
        runs, named = runs_itself(self.root, self.defined), Counter(_NAME.findall(self.source.code))
        for name, definitions in self.defined.items():
            parameters: tuple[str, ...] = ()
            body: list[Node] = []
            for definition in definitions:
                arguments = definition.args
                given = [a.arg for a in (*arguments.posonlyargs, *arguments.args)]
                given += [arguments.vararg.arg] if arguments.vararg else []
                given += [a.arg for a in arguments.kwonlyargs]
                given = given[1:] if given[:1] in (["self"], ["cls"]) else given
                parameters = parameters or tuple(given)
                self.values = {key: value for key, value in module.items() if key not in given}
                self.elements, self.loop_names = {}, []
                body += self.block(definition.body)
            functions[name] = ScriptFunction(
                parameters,
                tuple(body),
                uncalled=is_uncalled(name, definitions, self.source.code, named, runs=runs),
            )
        self.values = module
        return functions

    # Statements

    def block(self, body: Iterable[ast.stmt]) -> list[Node]:
        nodes: list[Node] = []
        for statement in body:
            nodes += self.statement(statement)
        return nodes

    def statement(self, node: ast.stmt) -> list[Node]:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return []
        if isinstance(node, ast.ClassDef):
            return self.block(
                s for s in node.body if not isinstance(s, (ast.FunctionDef, ast.AsyncFunctionDef))
            )
        if isinstance(node, (ast.For, ast.AsyncFor)):
            return [*self.calls(node.iter), self._for(node), *self.block(node.orelse)]
        if isinstance(node, ast.While):
            return self._while(node)
        if isinstance(node, ast.If):
            branch = Branch(
                guard_of(node.test, self.loop_names),
                tuple(self.block(node.body)),
                tuple(self.block(node.orelse)),
            )
            return [*self.calls(node.test), branch]
        if isinstance(node, _TRY):
            return self._try(node)
        if isinstance(node, (ast.With, ast.AsyncWith)):
            nodes = [step for item in node.items for step in self.calls(item.context_expr)]
            for item in node.items:
                if item.optional_vars is not None:
                    nodes += self.bind(item.optional_vars, item.context_expr)
            return nodes + self.block(node.body)
        if isinstance(node, ast.Match):
            return [Branch("unknown", tuple(self.block(case.body))) for case in node.cases]
        if isinstance(node, ast.Break):
            return [Exit(1)]
        if isinstance(node, ast.Return):
            return [*(self.calls(node.value) if node.value else ()), Exit("function")]
        return self._simple(node)

    def _try(self, node: Any) -> list[Node]:
        handlers = [Branch("failure", tuple(self.block(handler.body))) for handler in node.handlers]
        return [*self.block(node.body), *handlers, *self.block(node.orelse), *self.block(node.finalbody)]

    def _simple(self, node: ast.stmt) -> list[Node]:
        if isinstance(node, ast.Expr):
            return [*self.calls(node.value), *self._changed(node.value)]
        if isinstance(node, ast.Assign):
            nodes = list(self.calls(node.value))
            for target in node.targets:
                nodes += self.bind(target, node.value)
            return nodes
        if isinstance(node, ast.AnnAssign) and node.value is not None:
            return [*self.calls(node.value), *self.bind(node.target, node.value)]
        if isinstance(node, ast.AugAssign):
            nodes = list(self.calls(node.value))
            if isinstance(node.target, ast.Name):
                name = node.target.id
                if name in self.values:
                    self.values[name] = ast.BinOp(self.values[name], node.op, node.value)
                counts = isinstance(
                    node.value, (ast.Constant, ast.Call, ast.Name)
                )  # a list is built, a number grows
                grown = names_in(node.value) | ({name} if counts else set())
                nodes.append(Assign(name, Word("", names=grown), adds=name not in grown))
            return nodes
        return []

    def _changed(self, node: ast.expr) -> list[Node]:
        """`task.update_envs({"F": f})`, `command.append(f)`: the receiver now depends on the arguments."""
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            return []
        root = dotted(node.func).split(".")[0]
        if isinstance(node.func.value, ast.Name) and len(node.args) == 1:
            name, added = node.func.value.id, node.args[0]
            if node.func.attr in ("append", "extend", "put", "put_nowait", "add") and not isinstance(
                added, ast.Starred
            ):
                if node.func.attr != "extend":
                    self.elements[name] = added
                if name in self.values:
                    more = ast.List([added], ast.Load()) if node.func.attr == "append" else added
                    self.values[name] = ast.BinOp(self.values[name], ast.Add(), more)
        names: frozenset[str] = frozenset().union(
            *(names_in(argument) for argument in (*node.args, *node.keywords))
        )
        return [Assign(root, Word("", names=names), adds=True)] if names and root else []

    # Loops

    def _for(self, node: ast.For | ast.AsyncFor) -> Loop:
        return self.loop(
            "for", node.target, node.iter, self.span(node, node.iter), lambda: self.block(node.body)
        )

    def _while(self, node: ast.While) -> list[Node]:
        forever = isinstance(node.test, ast.Constant) or guard_of(node.test, self.loop_names) == "failure"
        span = self.span(node, node.test)
        over = Word(self.text[span.start - self.base : span.end - self.base], names=names_in(node.test))
        loop = Loop("forever" if forever else "while", (), over, None, span, tuple(self.block(node.body)))
        return [*self.calls(node.test), loop, *self.block(node.orelse)]
