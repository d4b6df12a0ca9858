"""A launcher that rents nothing: it writes down what it was asked to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from unittest.mock import patch

from gpuspec.job import Job
from gpuspec.launch import installed_launchers
from gpuspec.launch.launcher import Launcher, Outcome, Record, Run, RunSettings, State, Stray
from gpuspec.planning.plan import Plan


class FakeLauncher:
    """A Launcher whose runs end as told. `calls` are (method, job or run) in order; `plans` those of launches."""

    rents = True

    def __init__(self, name: str, outcome: Outcome) -> None:
        self.name = name
        self.outcome = outcome
        self.calls: list[tuple[str, Job | Run]] = []
        self.plans: list[Plan] = []

    def check(self, job: Job, plan: Plan, settings: RunSettings) -> None:
        """Nothing can go wrong."""
        self.calls.append(("check", job))

    def describe(self, job: Job, plan: Plan, settings: RunSettings) -> str:
        """One line."""
        self.calls.append(("describe", job))
        return f"{self.name} would run {job.run}"

    def launch(self, job: Job, plan: Plan, settings: RunSettings, record: Record) -> Outcome:
        """The outcome it was made with."""
        self.calls.append(("launch", job))
        self.plans.append(plan)
        record.update(state=self.outcome.state, exit_code=self.outcome.exit_code, machine="fake")
        return self.outcome

    def state(self, run: Run) -> Run:
        """The run as recorded."""
        self.calls.append(("state", run))
        return run

    def logs(self, run: Run, *, follow: bool) -> int:
        """No output."""
        self.calls.append(("logs", run))
        return 0

    def stop(self, run: Run) -> Run:
        """The run, interrupted."""
        self.calls.append(("stop", run))
        return run._replace(state="interrupted")

    def down(self, run: Run) -> Run:
        """The run, interrupted."""
        self.calls.append(("down", run))
        return run._replace(state="interrupted")

    def attach(self, run: Run, *, say: Callable[[str], None]) -> None:
        """Nothing listens."""
        self.calls.append(("attach", run))

    def strays(self) -> tuple[Stray, ...]:
        """None."""
        return ()

    def remove(self, machine: str) -> None:
        """There is none."""


@contextmanager
def fake_launcher(
    name: str = "skypilot", *, state: State = "succeeded", exit_code: int | None = 0
) -> Iterator[FakeLauncher]:
    """In the block `gpuspec run --on NAME` runs nothing, and ends in `state`."""
    fake = FakeLauncher(name, Outcome(state, exit_code))
    launcher: Launcher = fake
    with patch.dict(installed_launchers.replaced, {name: lambda: launcher}):
        yield fake
