"""Rules from a file of the repository: `local-rules = ["./policy.py"]` in the config.

Linting a repository must never run its code unasked. So the config only names the files; whether they are run
is said by the person who lints: `--allow-local-rules`, or $GPUSPEC_LOCAL_RULES with the folders they trust.
"""

from __future__ import annotations

import os
import sys
from types import SimpleNamespace
from typing import Any

from gpuspec.errors import UserError
from gpuspec.lint.registry import Registry, with_plugins
from gpuspec.lint.result import Problem
from gpuspec.lint.rule import Rule
from gpuspec.plugin.load import Plugins, hookimpl, printing, said
from gpuspec.plugin.time_limit import time_limit
from gpuspec.untrusted_file import read_file

VARIABLE = "GPUSPEC_LOCAL_RULES"
LARGEST = 1 << 20
_read: dict[str, list[type[Rule]] | str] = {}


def trusted(config: str) -> bool:
    """Whether $GPUSPEC_LOCAL_RULES allows the local rules of a config file: "1", or a folder above it."""
    value = os.environ.get(VARIABLE, "")
    here = os.path.realpath(config)
    folders = [os.path.realpath(os.path.expanduser(part)) for part in value.split(os.pathsep) if part]
    return value == "1" or any(here.startswith(folder.rstrip(os.sep) + os.sep) for folder in folders)


def paths(config: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """The files that a config names. UserError `bad-config` for one outside of its folder, or missing."""
    folder = os.path.dirname(config)
    found = []
    for name in names:
        path = os.path.normpath(os.path.join(folder, name))
        root = os.path.realpath(folder or ".").rstrip(os.sep) + os.sep
        if not os.path.realpath(path).startswith(root):
            raise UserError(
                "bad-config", f"{config}: local-rules: {name} is outside of its folder", "move it in."
            )
        if not os.path.isfile(path):
            raise UserError(
                "bad-config", f"{config}: local-rules: there is no file {name}", "check the path."
            )
        found.append(path)
    return tuple(found)


def read(files: tuple[str, ...], beside: Registry) -> Registry:
    """The rules of some files, those left out that are wrong or collide with `beside`.

    Each file is asked as a plugin is: its rules come through the hook `gpuspec_rules`."""
    local = Plugins()
    for path in files:
        classes = _classes(path)
        if isinstance(classes, str):
            local.complain(path, classes)
        else:
            local.add(path, SimpleNamespace(gpuspec_rules=hookimpl(lambda found=classes: found)))
    before = {entry.rule.code: entry for entry in beside.rules}
    after = with_plugins(before, local)
    problems = tuple(Problem(f"local rules {fault.plugin}", fault.message) for fault in local.broken)
    return Registry(tuple(entry for code, entry in after.items() if code not in before), problems)


def _classes(path: str) -> list[type[Rule]] | str:
    """The rule classes written in a file, or what is wrong with it. Run once in a process."""
    key = os.path.realpath(path)
    if key not in _read:
        name = f"gpuspec_local_rules_{len(_read)}"
        try:
            with printing(os.path.basename(path)), time_limit():
                module = _run(path, name)
            _read[key] = [
                value
                for value in vars(module).values()
                if isinstance(value, type) and issubclass(value, Rule) and value.__module__ == name
            ] or "it holds no Rule class"
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            _read[key] = f"cannot be loaded: {said(error)}"
    return _read[key]


def _run(path: str, name: str) -> Any:
    # Not by import: that would leave a __pycache__ in a repository that was only linted.
    from types import ModuleType

    module = ModuleType(name)
    module.__file__ = path
    sys.modules[name] = module
    exec(compile(read_file(path, LARGEST), path, "exec"), module.__dict__)
    return module
