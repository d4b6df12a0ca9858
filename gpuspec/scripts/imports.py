"""Functions that a Python script imports from modules beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from gpuspec.scripts.beside import ScriptSource
from gpuspec.scripts.program import Branch, Call, Loop, Node, ScriptFunction

_MOST_MODULES = 10

Read = Callable[[ScriptSource], Mapping[str, ScriptFunction]]
"""What reads the functions of a module."""


def imported(source: ScriptSource, asked: Iterable[str], read: Read) -> dict[str, ScriptFunction]:
    """Of the calls of a script by their full names ("cloud.launcher.start"), those whose functions stand in a module
    beside it, with the functions that they call in turn. `read` reads a module."""
    found: dict[str, ScriptFunction] = {}
    modules: dict[str, Mapping[str, ScriptFunction]] = {}
    for full in asked:
        module, _, name = full.rpartition(".")
        if module not in modules:
            if len(modules) >= _MOST_MODULES:
                break
            modules[module] = _functions(source, module, read)
        function = modules[module].get(name)
        if function is not None and full not in found:
            for asked_as in _classes(module, name, asked):
                found.setdefault(asked_as, _moved(function, module, modules[module]))
            for own, one in modules[module].items():
                found.setdefault(f"{module}.{own}", _moved(one, module, modules[module]))
    return found


def _classes(module: str, name: str, asked: Iterable[str]) -> list[str]:
    """Names under which a method is asked for: `cloud.client.Launcher.start` is `start` of `cloud.client`."""
    return [
        full
        for full in asked
        if full.startswith(module + ".")
        and full.endswith("." + name)
        and full.count(".") == module.count(".") + 2
    ]


def _functions(source: ScriptSource, module: str, read: Read) -> Mapping[str, ScriptFunction]:
    path = module.replace(".", "/")
    there = source.find(path + ".py") or source.find(path + "/__init__.py")
    inner = source.inner(*there) if there else None
    return read(inner) if inner is not None and inner.may_launch() else {}


def _moved(function: ScriptFunction, module: str, own: Mapping[str, ScriptFunction]) -> ScriptFunction:
    return function._replace(body=tuple(_full(function.body, module, own)), module=module)


def _full(nodes: Sequence[Node], module: str, own: Mapping[str, ScriptFunction]) -> Iterable[Node]:
    """Nodes whose calls name the functions of their own module in full."""
    for node in nodes:
        if isinstance(node, Call) and node.name in own:
            yield node._replace(name=f"{module}.{node.name}")
        elif isinstance(node, Loop):
            yield node._replace(body=tuple(_full(node.body, module, own)))
        elif isinstance(node, Branch):
            yield node._replace(
                body=tuple(_full(node.body, module, own)),
                otherwise=tuple(_full(node.otherwise, module, own)),
            )
        else:
            yield node
