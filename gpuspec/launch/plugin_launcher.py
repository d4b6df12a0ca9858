"""A plugin's launcher: its faults are reported with the plugin's name instead of ending the command."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast, get_args

from gpuspec.errors import UserError
from gpuspec.job import Job
from gpuspec.launch.launcher import Launcher, Outcome, Run, RunSettings, State, Stray
from gpuspec.planning.plan import Plan

_LIMITS = {
    **dict.fromkeys(("check", "describe"), 1),  # they start nothing and ask no machine
    # Asked by `ps` and `reap` for everything there is: one that never answers must not keep the others. A machine may
    # answer late.
    **dict.fromkeys(("state", "strays"), 6),
    **dict.fromkeys(("attach", "down", "launch", "logs", "remove", "stop"), 0),
}
"""Method → how many times a plugin's ordinary time limit it may take; 0: as long as it takes."""

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


def guarded(plugin: str, name: str, make: Callable[[], Launcher]) -> Callable[[], Launcher]:
    """What makes a plugin's launcher, guarded."""
    return lambda: cast(Launcher, _Guarded(plugin, name, make))


class _Guarded:
    """Passes every method on, and looks at what comes back."""

    def __init__(self, plugin: str, name: str, make: Callable[[], Launcher]) -> None:
        self.name = name
        self._plugin = plugin
        self._launcher = self._call("its function", make, limit=1)
        self.rents = bool(getattr(self._launcher, "rents", True))
        missing = [name for name in sorted(_LIMITS) if not callable(getattr(self._launcher, name, None))]
        if missing:
            raise self._failed(f"{type(self._launcher).__name__} has no {', '.join(missing)}")

    def _failed(self, why: str) -> UserError:
        return UserError(
            "plugin-launcher",
            f"the launcher {self.name!r} of plugin {self._plugin} failed: {why}",
            "tell the plugin's author; `gpuspec ps` shows what may still run",
            status=3,
        )

    def _call(self, what: str, function: Callable[..., Any], *args: Any, limit: float, **more: Any) -> Any:
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
            raise self._failed(f"{what} raised {said(error)}") from error

    def _say_what_is_not_watched(self, job: Job, plan: Plan, settings: RunSettings) -> None:
        if job.min_utilization:
            settings.say(
                f"min_utilization: {self.name} does not look how much the GPUs are used; nothing ends it for that"
            )

    def __getattr__(self, method: str) -> Callable[..., Any]:
        if method not in _LIMITS:
            raise AttributeError(method)

        def call(*args: Any, **more: Any) -> Any:
            function, limit = getattr(self._launcher, method), _LIMITS[method]
            answer = self._call(method, function, *args, limit=limit, **more)
            if method == "check":
                self._say_what_is_not_watched(*args, **more)
            fits, wanted = _RETURNS.get(method, (None, ""))
            if fits and not fits(answer):
                raise self._failed(f"{method} returned {type(answer).__name__}, not {wanted}")
            return answer

        return call
