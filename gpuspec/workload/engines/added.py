"""Programs that plugins know of, beside the built-in tables. What is wrong is said once, with its plugin's name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from gpuspec.plugins import Plugins, plugins
from gpuspec.spec.job import Task
from gpuspec.workload.engines import LAUNCHERS, Tool, gpuspec_workload_readers
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
    answers = installed.ask(HOOK)
    if not answers:
        return own
    found = dict(own)
    for plugin, answer in answers:
        if not isinstance(answer, dict):
            installed.complain(plugin, f"{HOOK} returned {type(answer).__name__}, not a dict")
            continue
        for key, tool in answer.items():
            wrong = fault(key, tool)
            if not wrong and (key in found or key in LAUNCHERS):
                wrong = f"the program {' '.join(key)!r} is there already"
            if wrong:
                installed.complain(plugin, f"{HOOK}: {wrong}")
            else:
                found[key] = tool
    return found


def fault(key: Any, tool: Any) -> str | None:
    """What is wrong with one entry; None if nothing."""
    if not (
        isinstance(key, tuple) and 0 < len(key) <= LONGEST and all(isinstance(w, str) and w for w in key)
    ):
        return f"{key!r:.60} is not the beginning of a command, such as ('acme', 'serve') or ('-m', 'acme.serve')"
    name = " ".join(key)
    if not isinstance(tool, Tool):
        return f"{name!r} gave {tool!r:.60}, which is no Tool"
    if not (tool.engine is None or isinstance(tool.engine, str)):
        return f"{name!r}: engine is {tool.engine!r:.60}, not a name"
    if tool.task is not None and tool.task not in get_args(Task):
        return f"{name!r}: task is {tool.task!r:.60}; it is one of {', '.join(get_args(Task))}"
    if not isinstance(tool.flags, Mapping) or not isinstance(tool.implies, Mapping):
        return f"{name!r}: flags and implies are dicts"
    for flag, meaning in tool.flags.items():
        wrong = _flag_fault(flag, meaning)
        if wrong:
            return f"{name!r}: {wrong}"
    fields = [*tool.implies, *([tool.positional] if tool.positional else [])]
    unknown = next((field for field in fields if field not in Workload._fields), None)
    return f"{name!r}: a Workload has no {unknown!r}" if unknown else None


def _flag_fault(flag: Any, meaning: Any) -> str | None:
    if not isinstance(flag, str) or not isinstance(meaning, str):
        return f"the flag {flag!r:.60} means {meaning!r:.60}; both are text"
    if flag.startswith("--") or "_" in flag:
        return f"the flag {flag!r} is written {flag.lstrip('-').replace('_', '-')!r}, without its dashes"
    for part in meaning.split():
        field, colon, kind = part.partition(":")
        field = field.partition("=")[0]
        if field != "-" and field not in Workload._fields:
            return f"the flag {flag!r} says {field!r}, which a Workload does not have"
        if colon and kind not in CONVERSIONS:
            from difflib import get_close_matches

            near = get_close_matches(kind, CONVERSIONS, n=1)
            meant = f"did you mean {near[0]}?" if near else f"kinds are: {', '.join(CONVERSIONS)}"
            return f"the flag {flag!r} has a value of kind {kind!r}; {meant}"
    return None
