"""A run that one of SkyPilot's controllers looks after, as `ps`, `logs`, `stop` and `down` ask for it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, Generic, TypeVar

from gpuspec.errors import UserError
from gpuspec.launch.launcher import Run
from gpuspec.launch.records import alive
from gpuspec.launch.skypilot.controllers import Controllers, ManagedJob, Service

Found = TypeVar("Found", ManagedJob, Service)


class ControlledRun(ABC, Generic[Found]):
    """`name` is that of its managed job or service."""

    request: ClassVar[str]
    """The kind of request that hands it in, as SkyPilot's server lists it."""
    not_found: ClassVar[str]
    """What is said of a run that its controller does not know."""
    take_down: ClassVar[staticmethod[[Controllers, str], None]]
    """End the one of this name, and see its machines go. TimeoutError where they stay."""
    end_by_hand: ClassVar[str]
    """The `sky` commands, with `{name}`, for one that gpuspec did not see go."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.name = run.machine or ""
        self.controllers = Controllers()

    @abstractmethod
    def find(self) -> Found | None:
        """What the controller knows of it."""

    @abstractmethod
    def state_of(self, found: Found) -> Run:
        """The run as the controller has it."""

    @abstractmethod
    def logs(self, *, follow: bool) -> int:
        """Print the log; 0, or 1 if the job did not succeed."""

    @abstractmethod
    def before_end(self, found: Found) -> None:
        """What is to be saved before it is taken down."""

    def state(self) -> Run:
        """The run as it is now; one that the controller does not know is being handed in, or lost."""
        found = self.find()
        if found is not None:
            return self.state_of(found)
        if alive(self.run) or self.controllers.is_submitting(self.request):
            return self.run._replace(state="provisioning")
        return self.run._replace(state="lost", message=self.not_found)

    def end(self) -> None:
        """Take it down with its machines. UserError where that is not seen to happen."""
        found = self.find()
        if found is not None:
            self.before_end(found)
        try:
            self.take_down(self.controllers, self.name)
        except TimeoutError as error:
            raise UserError("left-running", str(error), self.end_by_hand.format(name=self.name)) from error
