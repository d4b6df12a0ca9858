"""Checking a plugin's project: its entry points, hooks, rules, pages, examples and import time.

Unlike lint this runs the plugin's code: it is for the plugin's author.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from typing import Any

from gpuspec.lint.registry import BUILT_IN, fault
from gpuspec.lint.rule import Rule
from gpuspec.named_tuple import NamedTuple
from gpuspec.plugin.load import EntryPoint, Plugins, imported, said
from gpuspec.rules import collect
from gpuspec.untrusted_file import read_file
from gpuspec.version import __version__

LARGEST_PROJECT = 1 << 20
SLOW_MS = 20.0
"""Import time from which a plugin is told so: `gpuspec lint` starts in about 50 ms, and pays it at each commit."""


class ProjectError(Exception):
    """The folder holds no plugin that could be checked; says why."""


class LoadedPlugin(NamedTuple):
    """A module that an entry point names. `packages` are the packages of others that it imported, sorted."""

    point: EntryPoint
    module: Any
    import_ms: float
    packages: tuple[str, ...]


class Project:
    """A plugin's source folder: what its pyproject.toml says, and its modules."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        project = _pyproject(os.path.join(folder, "pyproject.toml"))
        name = str(project.get("name", ""))
        self.requires = [str(item) for item in project.get("dependencies", ())]
        points = project.get("entry-points", {}).get("gpuspec", {})
        if not points:
            hint = '[project.entry-points.gpuspec] with a line like acme = "gpuspec_acme"'
            raise ProjectError(f"{folder}/pyproject.toml has no {hint}")
        self.points = [EntryPoint(key, str(target), name) for key, target in sorted(points.items())]

    def load(self) -> list[LoadedPlugin]:
        """Every module that the entry points name, imported from the folder or its `src`. Raises ProjectError."""
        for inner in ("src", ""):
            path = os.path.abspath(os.path.join(self.folder, inner)).rstrip(os.sep)
            if path not in sys.path:
                sys.path.insert(0, path)
        return [self._load(point) for point in self.points]

    def rules(self) -> list[type[Rule]]:
        """The rule classes of all modules. Raises ProjectError."""
        return [rule for loaded in self.load() for rule in rules_of(loaded.module)]

    def check(self) -> Iterator[tuple[str, str]]:
        """("ok", "warning" or "error", what) of everything there is to check. Raises ProjectError where it cannot
        go on."""
        yield from (("error", wrong) for wrong in requirement_faults(self.requires))
        used: dict[str, str] = {}
        for loaded in self.load():
            wrong_hooks = hook_faults(loaded.module)
            yield from (("error", wrong) for wrong in wrong_hooks or answer_faults(loaded.module))
            brought = f" with {', '.join(loaded.packages)}" if loaded.packages else ""
            slow = loaded.import_ms > SLOW_MS
            advice = "; import what is heavy inside the function that needs it" if slow else ""
            said = f"{loaded.point.module} imports in {loaded.import_ms:.1f} ms{brought}{advice}"
            yield "warning" if slow else "ok", said
            for rule in rules_of(loaded.module):
                faults = [*rule_faults(rule), *_twice(rule, used)]
                yield from (("error", wrong) for wrong in faults)
                if not faults:
                    yield "ok", f"{rule.code} {rule.name}: page complete, examples do what they say"

    def _load(self, point: EntryPoint) -> LoadedPlugin:
        from time import perf_counter

        before = set(sys.modules)
        start = perf_counter()
        try:
            module = imported(point.module)
        except (Exception, SystemExit) as error:
            raise ProjectError(f"{point.module} cannot be imported: {said(error)}") from error
        spent = (perf_counter() - start) * 1000
        own = {point.module.split(":")[0].split(".")[0], "gpuspec", *sys.stdlib_module_names}
        others = {name.split(".")[0] for name in set(sys.modules) - before} - own
        packages = sorted(name for name in others if not name.startswith("_"))
        return LoadedPlugin(point, module, spent, tuple(packages))


def _pyproject(path: str) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        project = tomllib.loads(read_file(path, LARGEST_PROJECT).decode()).get("project", {})
    except OSError as error:
        raise ProjectError(f"{path}: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise ProjectError(f"{path} is not TOML: {error}") from None
    return project if isinstance(project, dict) else {}


def rules_of(module: Any) -> list[type[Rule]]:
    """What a module's `gpuspec_rules` returns. Raises ProjectError."""
    hook: Any = getattr(module, "gpuspec_rules", None)
    if not hasattr(hook, "gpuspec_impl"):
        return []
    try:
        return list(hook())
    except Exception as error:
        raise ProjectError(f"gpuspec_rules raised {said(error)}") from error


def hook_faults(module: Any) -> list[str]:
    """What pluggy and gpuspec find wrong with a module's hooks."""
    installed = Plugins()
    installed.add("plugin", module)
    faults = [fault.message for fault in installed.broken]
    if not installed.hooks_of(installed.loaded[0]):
        faults.append(f"{getattr(module, '__name__', module)} has no hook: mark gpuspec_rules with @hookimpl")
    return faults


def answer_faults(module: Any) -> list[str]:
    """What gpuspec refuses of what the module's hooks give, the first of it. Rules have their own check."""
    from gpuspec.errors import UserError
    from gpuspec.job.strategies import BUILT_IN, strategies
    from gpuspec.launch.installed_launchers import gpuspec_launchers, launchers
    from gpuspec.plugin.installed_catalog import installed_catalog
    from gpuspec.report import reporters
    from gpuspec.testing import plugged
    from gpuspec.workload.readers import readers

    scripts: dict[str, str] = {}
    try:
        with plugged(module):
            catalog = installed_catalog()
            _ = catalog.gpus, catalog.models, catalog.offers()  # reading them asks the plugin
            for ask in (reporters, readers):
                ask()
            for name in launchers().keys() - gpuspec_launchers().keys():
                launchers()[name]()
            scripts = {name: how.script for name, how in strategies().items() if name not in BUILT_IN}
    except AssertionError as error:
        return [str(error).split("\nassert ")[0].strip()]
    except UserError as error:
        return [error.message]
    return [*_script_faults(scripts)]


def _script_faults(scripts: dict[str, str]) -> Iterator[str]:
    """What bash finds wrong with the scripts of download strategies."""
    import subprocess

    from gpuspec.launch.programs import program

    bash = program("bash")
    if bash is None:
        return
    for name, script in scripts.items():
        read = subprocess.run(
            ["bash", "-n", "-c", script], executable=bash, capture_output=True, text=True, check=False
        )
        if read.returncode:
            wrong = " ".join(read.stderr.split())
            yield f"gpuspec_download_strategies: bash cannot read the script of {name!r}: {wrong}"


def rule_faults(rule: Any) -> list[str]:
    """What is wrong with one rule: its fields, its options, its page, and its examples, which are run."""
    from gpuspec.testing.rule_tester import check_page

    wrong = fault(rule)
    if wrong:
        return [wrong]
    helpless = [option.name for option in rule.options if not option.help]
    faults = [*_collisions(rule), *(f"the option {name} of {rule.code} has no help" for name in helpless)]
    try:
        check_page(rule)
    except AssertionError as error:
        # pytest adds the asserted expression to a message in modules it rewrites.
        faults.append(str(error).split("\nassert ")[0].strip())
    except Exception as error:
        faults.append(f"{rule.code} failed on its own example: {said(error)}")
    return faults


def _collisions(rule: type[Rule]) -> Iterator[str]:
    if rule.code.rstrip("0123456789") == "GS":
        yield f"{rule.code}: codes with GS are gpuspec's own; take letters of yours, like ACME101"
    for entry in collect().rules:
        if entry.plugin == BUILT_IN and entry.rule.name == rule.name:
            yield f"the name {rule.name} is taken by {entry.rule.code} of gpuspec"


def _twice(rule: type[Rule], used: dict[str, str]) -> Iterator[str]:
    for word in (getattr(rule, "code", ""), getattr(rule, "name", "")):
        other = used.setdefault(str(word), rule.__name__)
        if other != rule.__name__:
            yield f"{word} is used twice: by {other} and {rule.__name__}"


def requirement_faults(requires: list[str]) -> list[str]:
    """What is wrong with what a project asks of gpuspec."""
    from gpuspec.plugin.versions import mismatch

    asked = [item[7:].strip(" ()") for item in requires if re.match("gpuspec([<>=!~ (]|$)", item)]
    if not asked:
        return [f'dependencies do not name gpuspec: add "gpuspec>={__version__}"']
    wrong = mismatch(asked[0], __version__)
    return [f"it {wrong}"] if wrong else []
