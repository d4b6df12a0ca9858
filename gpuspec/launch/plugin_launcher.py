"""A plugin's launcher: its faults are reported with the plugin's name instead of ending the command."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast, get_args

from gpuspec.errors import UserError
from gpuspec.launch.launcher import Launcher, Outcome, Run, State, Stray

_QUICK = ("check", "describe")
"""Methods that start nothing and ask no machine: they have a plugin's ordinary time limit."""

_ASKING = ("state", "strays")
"""Methods that `ps` and `reap` call for everything there is: one that never answers must not keep the others."""

_PATIENCE = 6
"""How many times the ordinary limit those may take, since a machine may answer late."""

_RETURNS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "describe": (lambda answer: isinstance(answer, str), "text"),
    "launch": (
        lambda answer: isinstance(answer, Outcome) and answer.state in get_args(State),
        "an Outcome with a State",
    ),
    **dict.fromkeys(("state", "stop", "down"), (lambda answer: isinstance(answer, Run), "a Run")),
    "logs": (lambda answer: type(answer) is int, "a number"),
    "strays": (
        lambda answer: isinstance(answer, list | tuple) and all(isinstance(each, Stray) for each in answer),
        "a tuple of Stray",
    ),
}
"""Method → whether what it returned is right, and what it should be."""

_METHODS = ("attach", "check", "describe", "down", "launch", "logs", "remove", "state", "stop", "strays")


def guarded(plugin: str, name: str, make: Callable[[], Launcher]) -> Callable[[], Launcher]:
    """What makes a plugin's launcher, guarded."""

    def made() -> Launcher:
        guard = _Guard(plugin, name)
        launcher = guard.call("its function", make, limit=1)
        missing = [method for method in _METHODS if not callable(getattr(launcher, method, None))]
        if missing:
            raise guard.failed(f"{type(launcher).__name__} has no {', '.join(missing)}")
        return cast(Launcher, _Guarded(guard, launcher))

    return made


class _Guard:
    def __init__(self, plugin: str, name: str) -> None:
        self.plugin = plugin
        self.name = name

    def failed(self, why: str) -> UserError:
        return UserError(
            "plugin-launcher",
            f"the launcher {self.name!r} of plugin {self.plugin} failed: {why}",
            "tell the plugin's author; `gpuspec ps` shows what may still run",
            status=3,
        )

    def call(self, what: str, function: Callable[..., Any], *args: Any, limit: float, **more: Any) -> Any:
        """What the function returns. A UserError is the launcher's own word to the user; all else is a fault."""
        from contextlib import nullcontext

        from gpuspec.plugin.load import said
        from gpuspec.plugin.time_limit import seconds, time_limit

        try:
            with time_limit(limit * seconds()) if limit else nullcontext():
                return function(*args, **more)
        except (UserError, KeyboardInterrupt):
            raise
        except BaseException as error:
            raise self.failed(f"{what} raised {said(error)}") from error


class _Guarded:
    """Passes every method on, and looks at what comes back."""

    def __init__(self, guard: _Guard, launcher: Launcher) -> None:
        self.name = guard.name
        self.rents = bool(getattr(launcher, "rents", True))
        self._guard = guard
        self._launcher = launcher

    def __getattr__(self, method: str) -> Callable[..., Any]:
        if method not in _METHODS:
            raise AttributeError(method)
        limit = 1 if method in _QUICK else _PATIENCE if method in _ASKING else 0

        def call(*args: Any, **more: Any) -> Any:
            answer = self._guard.call(method, getattr(self._launcher, method), *args, limit=limit, **more)
            fits, wanted = _RETURNS.get(method, (None, ""))
            if fits and not fits(answer):
                raise self._guard.failed(f"{method} returned {type(answer).__name__}, not {wanted}")
            return answer

        return call
