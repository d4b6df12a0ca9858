"""Programs that plugins know of, beside the built-in tables. What is wrong is said once, with its plugin's name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from gpuspec.engines import LAUNCHERS, Tool, gpuspec_workload_readers
from gpuspec.job.job import Task
from gpuspec.plugin.load import Plugins, plugins
from gpuspec.workload.values import CONVERSIONS
from gpuspec.workload.workload import Workload

HOOK = "gpuspec_workload_readers"
LONGEST = 3
"""Words of a command that may name its program."""

_merged: tuple[Plugins, Mapping[tuple[str, ...], Tool]] | None = None


def programs() -> Mapping[tuple[str, ...], Tool]:
    """How a command begins → its program: the built-in ones, and what plugins add to them."""
    global _merged
    installed = plugins()
    if _merged is None or _merged[0] is not installed:
        _merged = installed, _with_plugins(installed)
    return _merged[1]


def _with_plugins(installed: Plugins) -> Mapping[tuple[str, ...], Tool]:
    own = gpuspec_workload_readers()
    if not installed.ask(HOOK):
        return own
    found = dict(own)
    for plugin, key, tool in installed.named(HOOK):
        wrong = fault(key, tool)
        if not wrong and (key in found or key in LAUNCHERS):
            wrong = f"the program {' '.join(key)!r} is there already"
        if wrong:
            installed.complain(plugin, f"{HOOK}: {wrong}")
        else:
            found[key] = tool
    return found


def fault(key: Any, tool: Any) -> str | None:
    """What is wrong with one entry; None if nothing. A field of the wrong type would fail our own rules."""
    if not (
        isinstance(key, tuple) and 0 < len(key) <= LONGEST and all(isinstance(w, str) and w for w in key)
    ):
        return f"{key!r:.60} is not the beginning of a command, such as ('acme', 'serve') or ('-m', 'acme.serve')"
    name = " ".join(key)
    if not isinstance(tool, Tool):
        return f"{name!r} gave {tool!r:.60}, which is no Tool"
    wrong = _tool_fault(tool)
    return f"{name!r}: {wrong}" if wrong else None


def _tool_fault(tool: Tool) -> str | None:
    for field in ("engine", "modality"):
        if not isinstance(getattr(tool, field), (str, type(None))):
            return f"{field} is {getattr(tool, field)!r:.60}, not a name"
    if tool.task is not None and tool.task not in get_args(Task):
        return f"task is {tool.task!r:.60}; it is one of {', '.join(get_args(Task))}"
    tables = (tool.flags, tool.implies, tool.translate, *_values(tool.translate))
    if not all(isinstance(table, Mapping) for table in tables):
        return "flags, implies and translate (and what that holds) are dicts"
    if not (isinstance(tool.config, tuple) and all(isinstance(flag, str) for flag in tool.config)):
        return f"config is {tool.config!r:.60}, not a tuple of flags"
    if tool.starts:
        return "it cannot start another program (starts)"
    if tool.positional:
        wrong = _type_fault(tool.positional, str)
        if wrong:
            return f"positional: {wrong}"
    for field, value in tool.implies.items():
        wrong = _type_fault(field, type(value))
        if wrong:
            return f"implies: {wrong}"
    found = (_flag_fault(flag, meaning) for flag, meaning in tool.flags.items())
    return next((wrong for wrong in found if wrong), None)


def _values(table: Any) -> list[Any]:
    return list(table.values()) if isinstance(table, Mapping) else []


def _flag_fault(flag: Any, meaning: Any) -> str | None:
    if not isinstance(flag, str) or not isinstance(meaning, str):
        return f"the flag {flag!r:.60} means {meaning!r:.60}; both are text"
    if flag.startswith("--") or "_" in flag:
        return f"the flag {flag!r} is written {flag.lstrip('-').replace('_', '-')!r}, without its dashes"
    for part in meaning.split():
        field, colon, kind = part.partition(":")
        field, _, constant = field.partition("=")
        if field == "-" or part == "expert_parallel=on":
            continue
        if colon and kind not in CONVERSIONS:
            from difflib import get_close_matches

            near = get_close_matches(kind, CONVERSIONS, n=1)
            meant = f"did you mean {near[0]}?" if near else f"kinds are: {', '.join(CONVERSIONS)}"
            return f"the flag {flag!r} has a value of kind {kind!r}; {meant}"
        given = _gives(kind) if colon else bool if constant in ("yes", "no") else str
        wrong = _type_fault(field, given)
        if wrong:
            return f"the flag {flag!r}: {wrong}"
    return None


_FIELDS = {"int | None": int, "float | None": float, "bool | None": bool, "str | None": str}


def _gives(kind: str) -> type:
    """What the values of a kind become."""
    return _FIELDS.get(CONVERSIONS[kind].__annotations__["return"], str)


def _type_fault(field: Any, given: type) -> str | None:
    """Why a field of a Workload cannot hold a value of a type; None if it can."""
    said = Workload.__annotations__.get(field, "")
    wanted = _FIELDS.get(str(getattr(said, "__forward_arg__", said)))  # what typing makes of an annotation
    if wanted is None:
        return f"a Workload has no {field!r} that can be said"
    if given is wanted or (wanted is float and given is int):
        return None
    return f"{field} holds {wanted.__name__}, not {given.__name__}"
