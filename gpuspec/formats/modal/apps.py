"""Which functions and classes of a Python file run on Modal with a GPU, and with which keywords."""

import ast
from collections.abc import Iterator, Mapping, Sequence

from gpuspec.commands.python.expressions import dotted
from gpuspec.commands.python.file import MAX_NODES, tail
from gpuspec.formats.modal.constants import Constants
from gpuspec.named_tuple import NamedTuple

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_STARTS = ("function", "cls")
_WEB = ("web_server", "asgi_app", "wsgi_app", "fastapi_endpoint", "web_endpoint")
"""Decorators of what answers requests from outside."""
_MOST = 100
"""Jobs of one file."""
_MOST_FETCHES = 20


class Found(NamedTuple):
    """One function or class with a GPU. `keywords`: the decorator's, with those of `with_options` over them;
    `call` the call that says the GPU."""

    name: str
    node: Definition | None
    call: ast.Call
    keywords: Mapping[str, ast.expr]
    is_class: bool


class App(NamedTuple):
    """A file, looked over once."""

    statements: tuple[ast.stmt, ...]
    """Those of the module that are no definitions."""
    definitions: Mapping[str, Definition]
    constants: Constants
    found: tuple[Found, ...]
    calls: tuple[ast.Call, ...]
    fetches: tuple[ast.Call, ...] = ()
    """Calls that fetch a model from the hub."""


def look_over(root: ast.Module) -> App:
    """The jobs of a file."""
    statements = tuple(each for each in root.body if not isinstance(each, _DEFINED) and not _is_main(each))
    constants = Constants(statements)
    definitions: dict[str, Definition] = {}
    calls: list[ast.Call] = []
    for count, node in enumerate(ast.walk(root)):
        if count > MAX_NODES:
            break
        if isinstance(node, _DEFINED):
            definitions.setdefault(node.name, node)
        elif isinstance(node, ast.Call):
            calls.append(node)
    fetches = tuple(call for call in calls if tail(call.func)[1] == "snapshot_download")
    app = App(statements, definitions, constants, (), tuple(calls), fetches[:_MOST_FETCHES])
    found = sorted(_jobs(app, root), key=lambda job: (job.call.lineno, job.call.col_offset))
    return app._replace(found=tuple(found[:_MOST]))


_DEFINED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def _is_main(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and "__name__" in ast.dump(node.test)


def _jobs(app: App, root: ast.Module) -> Iterator[Found]:
    decorators: set[int] = set()
    started: dict[str, Found] = {}
    for count, node in enumerate(ast.walk(root)):
        if count > MAX_NODES:
            break
        if not isinstance(node, _DEFINED):
            continue
        for call in calls_of(node):
            decorators.add(id(call))
            if tail(call.func)[1] in _STARTS:
                job = Found(
                    node.name, node, call, _keywords(call, app), is_class=isinstance(node, ast.ClassDef)
                )
                started[node.name] = job
                if _has_gpu(job, app):
                    yield job
    around = {id(outer.func): outer for outer in app.calls}
    for call in app.calls:
        if id(call) in decorators:
            continue
        last = tail(call.func)[1]
        if last in _STARTS:
            yield from _applied(call, around.get(id(call)), app)
        elif last == "with_options":
            yield from _with_options(call, app, started)


def calls_of(node: Definition) -> list[ast.Call]:
    """Its decorators that are calls."""
    return [each for each in node.decorator_list if isinstance(each, ast.Call)]


def _keywords(call: ast.Call, app: App) -> dict[str, ast.expr]:
    found: dict[str, ast.expr] = {}
    for keyword in call.keywords:
        if keyword.arg:
            found[keyword.arg] = keyword.value
        else:
            found.update(app.constants.pairs(keyword.value))
    return found


def _has_gpu(job: Found, app: App) -> bool:
    return bool(app.constants.gpus(job.keywords.get("gpu")))


def _applied(call: ast.Call, outer: ast.Call | None, app: App) -> Iterator[Found]:
    """`app.function(gpu="T4")(f)`."""
    if outer is not None and outer.args and isinstance(outer.args[0], ast.Name):
        name = outer.args[0].id
        node = app.definitions.get(name)
        job = Found(name, node, call, _keywords(call, app), is_class=isinstance(node, ast.ClassDef))
        if _has_gpu(job, app):
            yield job


def _with_options(call: ast.Call, app: App, started: Mapping[str, Found]) -> Iterator[Found]:
    """`Model.with_options(gpu="H100")`: the class again, with other options."""
    keywords = _keywords(call, app)
    name = dotted(call.func).split(".")[0]
    named = app.constants.followed(ast.Name(id=name))
    if isinstance(named, ast.Call) and tail(named.func)[1] in ("from_name", "lookup"):
        texts = [text for each in named.args[1:2] if (text := app.constants.text(each))]
        name = texts[0] if texts else name
    base = started.get(name)
    given = {**(base.keywords if base else {}), **keywords}
    node = base.node if base else None
    job = Found(f"{name}.with_options", node, call, given, is_class=base is None or base.is_class)
    if "gpu" in keywords and _has_gpu(job, app):
        yield job


def marks(job: Found) -> list[ast.Call | ast.expr]:
    """The decorators of a job, and of the methods of its class."""
    if job.node is None:
        return []
    nodes: list[Definition] = [job.node]
    if isinstance(job.node, ast.ClassDef):
        nodes += [each for each in job.node.body if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef))]
    return [decorator for node in nodes for decorator in node.decorator_list]


def marked(decorators: Sequence[ast.Call | ast.expr], *names: str) -> ast.expr | None:
    """The first of some decorators with one of some names."""
    for decorator in decorators:
        function = decorator.func if isinstance(decorator, ast.Call) else decorator
        if tail(function)[1] in names:
            return decorator
    return None


def web(decorators: Sequence[ast.Call | ast.expr]) -> ast.expr | None:
    """The decorator that makes it answer requests from outside."""
    return marked(decorators, *_WEB)
