"""What a function of a Modal app runs: the commands that it starts, and its own Python."""

import ast
from collections.abc import Iterator, Sequence

from gpuspec.commands.python.file import tail
from gpuspec.formats.command import quoted
from gpuspec.formats.modal.apps import App, Definition, Found
from gpuspec.formats.modal.constants import Constants
from gpuspec.named_tuple import NamedTuple

_STARTS = frozenset(
    {
        "Popen", "run", "call", "check_call", "check_output", "system", "popen", "create_subprocess_exec",
        "create_subprocess_shell", "execvp", "execvpe", "getoutput",
    }
)  # fmt: skip
_OWNERS = ("subprocess", "sp", "os", "asyncio")
_BARE = ("Popen", "check_call", "check_output")
_MOST = 100
"""Commands of one function."""
_DEPTH = 30
_WORDS = 1_000
"""Of one command."""
_STEPS = 20_000
"""Lists that are looked at for one function."""
_LONGEST = 1 << 17
"""Characters of a function's Python: more is not read."""


class WordOf(NamedTuple):
    """One word or text of a command, and the expression it is read from."""

    text: str
    node: ast.expr


class Started(NamedTuple):
    """One command."""

    parts: tuple[WordOf, ...]


def started(app: App, job: Found) -> list[Started]:
    """The commands that a job starts, in the order in which they are written."""
    if job.node is None:
        return []
    reader = _Reader(app.constants.inside(job.node))
    functions = [job.node] if not isinstance(job.node, ast.ClassDef) else job.node.body
    for function in [*functions, *_helpers(app, job)]:
        reader.block(function.body if isinstance(function, _WITH_BODY) else [function])
    return reader.found[:_MOST]


_WITH_BODY = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def python_of(app: App, job: Found, text: str) -> str:
    """The job's Python with what it needs of its file: the module's statements, and the functions that it calls."""
    if job.node is None:
        return ""
    lines = text.split("\n")
    needed = [*app.statements, *_helpers(app, job), job.node]
    code = "\n".join(
        _source(lines, node, whole_of_job=node is job.node)
        for node in sorted(needed, key=lambda node: node.lineno)
    )
    return code if len(code) <= _LONGEST else ""


def _source(lines: Sequence[str], node: ast.stmt, whole_of_job: bool) -> str:
    from textwrap import dedent

    marks = node.decorator_list if isinstance(node, ast.ClassDef) and not whole_of_job else []
    first = min([node.lineno, *(mark.lineno for mark in marks)])  # a dataclass says so above its name
    return dedent("\n".join(lines[first - 1 : node.end_lineno])).replace("\r", "")


def _helpers(app: App, job: Found) -> list[Definition]:
    """Functions and classes of the file that a job uses, and that run where it does."""
    own = {other.name for other in app.found} | {job.name}
    found: list[Definition] = []
    looked: list[ast.AST] = [job.node] if job.node else []
    while looked and len(found) < _MOST:
        for node in ast.walk(looked.pop()):
            if isinstance(node, ast.Name) and node.id in app.definitions and node.id not in own:
                own.add(node.id)
                helper = app.definitions[node.id]
                if not helper.decorator_list or isinstance(helper, ast.ClassDef):
                    found.append(helper)
                    looked.append(helper)
    return found


class _Reader:
    """Reads the statements of a function; lists of arguments grow as they are read."""

    def __init__(self, constants: Constants) -> None:
        self.constants = constants
        self.lists: dict[str, list[ast.expr]] = {}
        self.found: list[Started] = []
        self.steps = _STEPS

    def block(self, statements: Sequence[ast.stmt], depth: int = 0, sure: bool = True) -> None:
        """Statements in order; `sure`: they are run in any case."""
        if depth > _DEPTH:
            return
        for statement in statements:
            if len(self.found) >= _MOST:
                return
            if isinstance(statement, ast.If):
                self._branches(statement, depth, sure)
                continue
            if sure:
                self._grow(statement)
            for call in _calls(statement):
                self._call(call)
            for field in ("body", "orelse", "finalbody"):
                inner = getattr(statement, field, None)
                if isinstance(inner, list):
                    self.block(inner, depth + 1, sure)

    def _branches(self, node: ast.If, depth: int, sure: bool) -> None:
        truth = self.constants.truth(node.test)
        if truth is not False:
            self.block(node.body, depth + 1, sure and truth is True)
        if truth is not True:
            self.block(node.orelse, depth + 1, sure and truth is False)

    def _grow(self, statement: ast.stmt) -> None:
        """`cmd = […]`, `cmd += […]`, `cmd.append(…)`, `cmd.extend([…])`."""
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            elements = self.elements(statement.value)
            name = statement.targets[0].id
            if elements is None:
                self.lists.pop(name, None)
            else:
                self.lists[name] = elements
        elif isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Name):
            if statement.target.id in self.lists:
                grown = self.lists[statement.target.id] + (self.elements(statement.value) or [])
                self.lists[statement.target.id] = grown[:_WORDS]
        elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            call = statement.value
            owner, last = tail(call.func)
            if owner in self.lists and call.args and last in ("append", "extend"):
                more = [call.args[0]] if last == "append" else self.elements(call.args[0])
                self.lists[owner] = (self.lists[owner] + (more or []))[:_WORDS]

    def elements(self, node: ast.expr, depth: int = 0) -> list[ast.expr] | None:
        """The elements of a list expression, so many at most; None where it is none."""
        found = self._elements(node, depth) if depth <= _DEPTH and self.steps > 0 else None
        self.steps -= 1 + len(found or ()) // 10
        return None if found is None else found[:_WORDS]

    def _elements(self, node: ast.expr, depth: int) -> list[ast.expr] | None:
        if isinstance(node, (ast.List, ast.Tuple)):
            found: list[ast.expr] = []
            for each in node.elts:
                if isinstance(each, ast.Starred):
                    found += self.elements(each.value, depth + 1) or []
                else:
                    found.append(each)
            return found
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            left, right = self.elements(node.left, depth + 1), self.elements(node.right, depth + 1)
            return None if left is None else left + (right or [])
        if isinstance(node, ast.Name):
            if node.id in self.lists:
                return list(self.lists[node.id])
            value = self.constants.values.get(node.id)
            return self.elements(value, depth + 1) if value is not None else None
        if isinstance(node, ast.IfExp):
            truth = self.constants.truth(node.test)
            return None if truth is None else self.elements(node.body if truth else node.orelse, depth + 1)
        if isinstance(node, ast.Call) and tail(node.func)[1] in ("list", "copy"):
            inner = node.args[0] if node.args else getattr(node.func, "value", None)
            return self.elements(inner, depth + 1) if inner is not None else None
        return None

    def _call(self, call: ast.Call) -> None:
        owner, last = tail(call.func)
        if last not in _STARTS or not (owner in _OWNERS or (not owner and last in _BARE)) or not call.args:
            return
        if last == "create_subprocess_exec":
            parts = self.words(list(call.args))
        else:
            parts = self.parts(call.args[1 if last.startswith("execvp") and len(call.args) > 1 else 0])
        if parts:
            self.found.append(Started(tuple(parts)))

    def parts(self, node: ast.expr, depth: int = 0) -> list[WordOf]:
        """The words of a list of arguments, or the text of a command line."""
        elements = self.elements(node)
        if elements is not None:
            return self.words(elements)
        if isinstance(node, ast.Call):
            last = tail(node.func)[1]
            inner = self.elements(node.args[0]) if node.args else None
            if last == "join" and inner is not None:
                return self.words(inner, plain=True)
            if last == "split" and isinstance(node.func, ast.Attribute):
                of_shlex = tail(node.func)[0] == "shlex" and node.args
                inner_text = node.args[0] if of_shlex else node.func.value
                return self.parts(inner_text, depth + 1) if depth < _DEPTH else []
        value = self.constants.values.get(node.id) if isinstance(node, ast.Name) else None
        if isinstance(value, ast.Call):
            return self.parts(value, depth + 1) if depth < _DEPTH else []
        text = self._text(value if value is not None else node)
        return [WordOf(text, value if value is not None else node)] if text.strip("\x01 ") else []

    def words(self, nodes: Sequence[ast.expr], plain: bool = False) -> list[WordOf]:
        """Arguments, each one word of a shell; `plain`: they are joined as they are."""
        texts = [(self._text(node), node) for node in nodes[:_WORDS]]
        return [WordOf(text if plain else quoted(text), node) for text, node in texts]

    def _text(self, node: ast.expr) -> str:
        if isinstance(node, ast.IfExp):
            truth = self.constants.truth(node.test)
            if truth is not None:
                return self._text(node.body if truth else node.orelse)
        if isinstance(node, ast.Call) and tail(node.func)[1] == "str" and len(node.args) == 1:
            number = self.constants.number(node.args[0])
            if number is not None and number == int(number):
                return str(int(number))
        return self.constants.word(self.constants.of(node)).text


def _calls(statement: ast.stmt) -> Iterator[ast.Call]:
    """The calls in the expressions of one statement, not in the statements inside it; as they are written."""
    found: list[ast.Call] = []
    stack: list[ast.AST] = [
        child
        for child in ast.iter_child_nodes(statement)
        if not isinstance(child, (ast.stmt, ast.ExceptHandler))
    ]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Call):
            found.append(node)
        stack += [child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.stmt)]
    yield from sorted(found, key=lambda call: (call.lineno, call.col_offset))
