"""Finding and loading plugins: entry points of the group `gpuspec`, registered with pluggy.

`importlib.metadata` costs 25 ms at every start, so `entry_points.txt` is read directly, with the same answer
(tests/plugin/test_load.py). pluggy costs 10 ms: it is imported once there is a plugin.
"""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, redirect_stdout
from types import SimpleNamespace
from typing import Any, TypeVar

from gpuspec.named_tuple import NamedTuple
from gpuspec.printable import one_line

_Function = TypeVar("_Function", bound=Callable[..., Any])

HOOKS = (
    "gpuspec_rules",
    "gpuspec_gpus",
    "gpuspec_models",
    "gpuspec_offers",
    "gpuspec_reporters",
    "gpuspec_launchers",
    "gpuspec_download_strategies",
    "gpuspec_workload_readers",
    "gpuspec_engines",
)
"""The names of all hooks; hooks.py says what each returns. None takes an argument."""

_OPTIONS = ("wrapper", "hookwrapper", "optionalhook", "tryfirst", "trylast")


def hookimpl(function: _Function) -> _Function:
    """Mark a function as the implementation of the hook of its name, as `pluggy.HookimplMarker("gpuspec")` does."""
    function.gpuspec_impl = {**dict.fromkeys(_OPTIONS, False), "specname": None}  # type: ignore[attr-defined]
    return function


class EntryPoint(NamedTuple):
    """One line of a `[gpuspec]` section: `name = module`; `distribution` is what pip calls the package, `info`
    its .dist-info folder."""

    name: str
    module: str
    distribution: str
    info: str = ""


class Plugin(NamedTuple):
    """A plugin that is loaded."""

    name: str
    version: str
    module: Any
    import_ms: float

    @property
    def where(self) -> str:
        """The file its hooks stand in."""
        module = self.module if hasattr(self.module, "__file__") else sys.modules.get(self.module.__module__)
        return getattr(module, "__file__", None) or "?"


class Broken(NamedTuple):
    """A plugin that could not be used, and why, in one line."""

    plugin: str
    message: str


class Printed:
    """Standard output for a plugin: what it prints goes to standard error, each line with the plugin's name, since
    standard output is the report's."""

    def __init__(self, plugin: str) -> None:
        self.plugin = plugin
        self._begun = ""

    def write(self, text: str) -> int:
        """Pass on the lines that are complete."""
        *lines, self._begun = (self._begun + text).split("\n")
        for line in lines:
            sys.stderr.write(one_line(f"plugin {self.plugin} prints: {line}") + "\n")
        return len(text)

    def flush(self) -> None:
        """Nothing waits but a line that is not complete."""

    def end(self) -> None:
        """Pass on what was begun."""
        if self._begun:
            self.write("\n")

    def __getattr__(self, name: str) -> Any:
        return getattr(sys.stderr, name)


@contextmanager
def printing(plugin: str) -> Iterator[None]:
    """In the block the plugin's standard output is `Printed`."""
    heard = Printed(plugin)
    try:
        with redirect_stdout(heard):
            yield
    finally:
        heard.end()


class Plugins:
    """The plugins of a process: those that loaded, what went wrong, and which of that has been told."""

    def __init__(self) -> None:
        self.loaded: list[Plugin] = []
        self.broken: list[Broken] = []
        self.told: set[Broken] = set()
        self.spent: dict[str, float] = {}
        """Seconds that the hooks of each plugin took so far."""
        self._answers: dict[str, list[tuple[str, Any]]] = {}
        self._manager: Any = None

    def add(self, name: str, module: Any, version: str = "", import_ms: float = 0.0) -> None:
        """Register a plugin that is imported; what is wrong with its hooks is complained of."""
        import pluggy

        if self._manager is None:
            self._manager = pluggy.PluginManager("gpuspec")
            specified = pluggy.HookspecMarker("gpuspec")
            self._manager.add_hookspecs(SimpleNamespace(**{name: specified(lambda: None) for name in HOOKS}))
        named = f"{len(self.loaded)} {name}"
        self.loaded.append(Plugin(name, version, module, import_ms))
        try:
            self._manager.register(module, name=named)
        except ValueError:
            self.complain(name, "its module is that of another plugin, which is loaded already")
        except pluggy.PluginValidationError as error:
            self._manager.unregister(name=named)
            self.complain(name, " ".join(str(error).replace(repr(named), repr(name)).split()))
        else:
            for caller in self._manager.get_hookcallers(module):
                for wrong in _misuses(caller, module):
                    self.complain(name, wrong)

    def complain(self, plugin: str, message: str) -> None:
        """Say once what is wrong with a plugin."""
        fault = Broken(plugin, message)
        if fault not in self.broken:
            self.broken.append(fault)

    def hooks_of(self, plugin: Plugin) -> list[str]:
        """The names of the hooks that a plugin implements."""
        return [name for name in HOOKS if any(p is plugin for p, _ in self._implementations(name))]

    def ask(self, hook: str) -> list[tuple[str, Any]]:
        """(plugin, what its hook returned), each plugin asked once in a process.

        pluggy would lose every answer where one implementation raises, so each is called by itself, guarded."""
        if hook not in self._answers:
            self._answers[hook] = answers = []
            for plugin, function in self._implementations(hook):
                with self.guarded(plugin.name, f"{hook} raised"):
                    answer = function()
                    # What a hook promises is listed here, where it is guarded, and not where it is used.
                    answer = answer if isinstance(answer, (list, tuple, dict, str)) else list(answer)
                    answers.append((plugin.name, answer))
        return self._answers[hook]

    def _implementations(self, hook: str) -> list[tuple[Plugin, Callable[[], Any]]]:
        """In the order of the plugins' names, those marked `tryfirst` before and `trylast` after; no wrappers."""
        if self._manager is None:
            return []
        found = []
        for each in getattr(self._manager.hook, hook).get_hookimpls():
            if not (each.wrapper or each.hookwrapper):
                number = int(each.plugin_name.split()[0])
                found.append((each.trylast - each.tryfirst, number, each.function))
        found.sort(key=lambda each: each[:2])
        return [(self.loaded[number], function) for _, number, function in found]

    @contextmanager
    def guarded(self, plugin: str, failure: str) -> Iterator[None]:
        """Run the block as a plugin's code: with a time limit, and with what it prints on standard error. What it
        raises is said once, after the words of `failure`, and goes no further."""
        from time import perf_counter

        from gpuspec.plugin.time_limit import time_limit

        start = perf_counter()
        try:
            with printing(plugin), time_limit():
                yield
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            self.complain(plugin, f"{failure} {said(error)}")
        finally:
            self.spent[plugin] = self.spent.get(plugin, 0.0) + perf_counter() - start


def _misuses(caller: Any, module: Any) -> Iterator[str]:
    """What is wrong with how a module implements the hook of pluggy's `caller`: a name that is no hook, a wrapper."""
    for found in caller.get_hookimpls():
        if found.plugin is not module:
            continue
        if not caller.has_spec() and not found.optionalhook:
            from difflib import get_close_matches

            near = get_close_matches(caller.name, HOOKS, n=1)
            meant = f"did you mean {near[0]}?" if near else f"hooks are: {', '.join(HOOKS)}"
            yield f"there is no hook {caller.name!r}; {meant}"
        elif found.wrapper or found.hookwrapper:
            yield f"{caller.name} is a hook wrapper, which gpuspec does not call"


_plugins: Plugins | None = None


def plugins() -> Plugins:
    """The plugins of this process, loaded on first use. Broken ones are named, the others go on."""
    global _plugins
    if _plugins is None:
        _plugins = Plugins()
        for point in entry_points():
            load(point, _plugins)
    return _plugins


def untold() -> list[Broken]:
    """Faults met in this process that nobody has been told of; now they are told."""
    if _plugins is None:
        return []
    new = [fault for fault in _plugins.broken if fault not in _plugins.told]
    _plugins.told.update(new)
    return new


def load(point: EntryPoint, into: Plugins) -> None:
    """Import one plugin, or say what is wrong with it. What it prints goes to standard error."""
    from time import perf_counter

    from gpuspec.plugin.time_limit import time_limit
    from gpuspec.plugin.versions import mismatch
    from gpuspec.version import __version__

    name = point.distribution
    version, requirement = _metadata(point.info)
    try:
        wrong = requirement and mismatch(requirement, __version__)
        if wrong:
            into.complain(name, wrong)
            return
        start = perf_counter()
        with printing(name), time_limit():
            module = imported(point.module)
            into.add(name, module, version, (perf_counter() - start) * 1000)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        into.complain(name, f"cannot be loaded: {said(error)}")


def entry_points(folders: Iterable[str] | None = None) -> list[EntryPoint]:
    """Entry points of the group `gpuspec` on `folders` (default: sys.path), sorted by name.

    The first distribution of a name wins, as Python's own import does.
    """
    seen: dict[str, list[EntryPoint]] = {}
    for folder in dict.fromkeys(sys.path if folders is None else folders):
        try:
            names = os.listdir(folder or ".")
        except OSError:
            continue
        for name in names:
            if name.endswith((".dist-info", ".egg-info")):
                distribution = name.rsplit(".", 1)[0].split("-")[0].lower().replace("_", "-")
                if distribution not in seen:
                    seen[distribution] = _section(os.path.join(folder, name), distribution)
    return sorted(point for points in seen.values() for point in points)


def _section(info: str, distribution: str) -> list[EntryPoint]:
    text = _read(info, "entry_points.txt")
    if "[gpuspec" not in text:
        return []
    points, inside = [], False
    for line in text.splitlines():
        line = line.strip()
        if line.startswith("["):
            inside = line == "[gpuspec]"
        elif inside and "=" in line and not line.startswith(("#", ";")):
            name, _, target = line.partition("=")
            points.append(EntryPoint(name.strip(), target.split("[")[0].strip(), distribution, info))
    return points


def _metadata(info: str) -> tuple[str, str]:
    """(version, what it asks of gpuspec: ">=0.1,<0.2") of a distribution; "" where it does not say."""
    version = requirement = ""
    head, _, _ = (_read(info, "METADATA") or _read(info, "PKG-INFO")).partition("\n\n")
    for line in head.split("\n"):
        if line.startswith("Version:"):
            version = line[8:].strip()
        elif line.startswith("Requires-Dist: gpuspec") and ";" not in line:
            asked = line[22:].strip()
            asked = asked.partition("]")[2].strip() if asked.startswith("[") else asked
            if asked[:1] in tuple("<>=!~("):
                requirement = asked.strip("()")
    return version, requirement


def _read(folder: str, name: str) -> str:
    """The text of a file; "" where there is none."""
    try:
        with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def imported(target: str) -> Any:
    """What an entry point names: `module`, or `module:attribute`."""
    from importlib import import_module

    module, _, attribute = target.partition(":")
    loaded: Any = import_module(module.strip())
    for part in filter(None, attribute.strip().split(".")):
        loaded = getattr(loaded, part)
    return loaded


def said(error: BaseException) -> str:
    """An exception in one line: "ValueError: no licence"."""
    return f"{type(error).__name__}: {' '.join(str(error).split()) or 'no message'}"
