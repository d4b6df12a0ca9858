"""What a launcher is: checks, shows, launches a job, and looks after the run afterwards.

A launcher never decides what to rent (the Plan did) and never keeps state of its own (the Record does). Anything a
person can put right is a `UserError`. Which launchers there are: `installed_launchers.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, Protocol

from gpuspec.errors import UserError, what_failed
from gpuspec.job import Job
from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.plan import Plan

State = Literal[
    "starting",  # recorded; nothing is rented yet
    "provisioning",  # a machine may exist from here on
    "setup",  # machine is there; downloads and setup
    "running",
    "succeeded",
    "failed",  # the job's own failure: setup, downloads or run
    "timeout",  # its time limit
    "interrupted",  # Ctrl-C or `gpuspec stop`
    "lost",  # what it left behind is not known: `ps` and `reap` look into it
]

FINAL: tuple[State, ...] = ("succeeded", "failed", "timeout", "interrupted")


class RunSettings(NamedTuple):
    """How to run, as against what. `spec_path` is the file the job came from, as given ("-" for stdin);
    `workdir` is absolute: the job's own workdir, or the folder of its spec.

    `say` takes one line of progress (stderr); `ask` takes a question and is True for yes (it answers yes by
    itself under --yes, and raises UserError where nobody can be asked)."""

    spec_path: str
    workdir: str
    detach: bool = False
    accept_no_timer: bool = False
    outputs: bool = True
    resume: bool = False
    fresh: bool = False
    """Rent anew even where a machine of an earlier run is still up and would do."""
    shard: tuple[int, int] | None = None
    """(which, of how many): the part of the items that this run does; None is all of them."""
    shards_began: float | None = None
    """Unix time at which all shards of this launch began: what others noted before is of an earlier launch."""
    plain: bool = False
    """One machine of its own, also where another could replace it or replicas were asked for."""
    allow_no_gpu: bool = False
    """Local only: go on where the job asks for a GPU and this machine has none that will do."""
    max_hours: float | None = None
    """The limit in force: the option, else `budget.max_hours`; None is no limit."""
    say: Callable[[str], None] = lambda line: None
    ask: Callable[[str], bool] = lambda question: False


class Run(NamedTuple):
    """One row of the run records. Times are Unix seconds; prices $/h for the machine; None is unknown."""

    id: str
    """Lower-case letters and digits, 10 of them, starting with a letter: fit for labels and cluster names."""
    name: str
    launcher: str
    spec_path: str
    workdir: str
    state: State
    started: float
    ended: float | None = None
    pid: int | None = None
    """The process that looks after the run on this machine."""
    pid_start: str | None = None
    """When that process began, in the system's own words: tells a reused number apart."""
    machine: str | None = None
    """Cluster name (skypilot) or run folder (local); set before anything is rented."""
    machine_job: str | None = None
    """The machine's own number for the job."""
    cloud: str | None = None
    region: str | None = None
    instance: str | None = None
    gpu: str | None = None
    gpu_count: int | None = None
    spot: bool | None = None
    planned_price: float | None = None
    actual_price: float | None = None
    keep_alive_minutes: float | None = None
    max_hours: float | None = None
    exit_code: int | None = None
    message: str = ""
    machine_key: str | None = None
    """Digest of what its machine was made with; a job with the same one may use that machine after it."""
    ports: str | None = None
    """The job's ports, as "8000 8265"."""
    ready: str | None = None
    """The HTTP address that tells that the service is up."""
    planned_memory: float | None = None
    """GiB that sizing expected on each GPU."""
    peak_memory: float | None = None
    """GiB used at most on one GPU, as nvidia-smi on the machine saw it (here: NVML, beyond what was used before)."""
    boot: str | None = None
    """The boot of this machine in which the run began; the next two are uptimes of it, in seconds."""
    started_up: float | None = None
    ended_up: float | None = None
    through: str | None = None
    """Who looks after its machines: "job" (SkyPilot's managed jobs), "service" (SkyServe), None (its own timer)."""
    recoveries: int | None = None
    """Machines that were taken back and replaced."""
    spent: float | None = None
    """Dollars for all its machines so far, as the launcher counts them; None where there is but one."""
    gone: bool | None = None
    """True once its machine is known to be away."""
    secrets: str | None = None
    """Names of the job's secrets, as "HF_TOKEN WANDB_API_KEY": their values are masked where its log is shown."""
    item_seconds: float | None = None
    """Of one item on average, where all were done."""
    items: str | None = None
    """The file in its workdir that keeps how its items end; its name tells which part of them it does."""
    paid_share: float | None = None
    """What is paid of each dollar of the price that the launcher states, where the settings agreed on less."""
    max_total: float | None = None
    """The most that it may cost, in dollars: `budget.max_total` of its job."""
    labels: str | None = None
    """The labels of its job, and the folder of its spec as seen from the budget's file, as JSON."""
    budget_file: str | None = None
    """The settings file whose monthly budget held for it."""
    utilization: str | None = None
    """How much of its machine it used, as JSON: `utilization_of` of `utilization.py` reads it."""
    gpu_utilization: float | None = None
    """Of that: mean of all GPUs, %, while its command ran."""
    cpu_utilization: float | None = None
    """Of that: mean of all cores that it may use, %."""
    model: str | None = None
    """The model's id, and below it the engine and the task, as far as they are known."""
    engine: str | None = None
    task: str | None = None
    command: str | None = None
    """`command_digest` of its job: runs with the same one did the same work. None where it did a part of it."""
    planned_hours: float | None = None
    """Hours that its command was expected to take."""
    work_began: float | None = None
    """Unix time at which its command began; before are machine, downloads and setup."""
    machines: int | None = None
    """Machines that it has together (`nodes`), each at the price above; None is one."""

    @property
    def is_over(self) -> bool:
        """Whether nothing is left of it to end: it ended, or is lost with its machine known to be away."""
        return self.state in FINAL or (self.state == "lost" and bool(self.gone))


class Stray(NamedTuple):
    """A machine of ours that no run answers for. `price` is $/h."""

    machine: str
    why: str
    price: float | None


class StraysUnknown(UserError):
    """Not everything could be asked for its machines; `found` are the strays of what could."""

    def __init__(self, trouble: Exception, found: tuple[Stray, ...]) -> None:
        if isinstance(trouble, UserError):
            super().__init__(trouble.code, trouble.message, trouble.hint, status=trouble.status)
        else:
            super().__init__("strays-unknown", what_failed(trouble), status=3)
        self.found = found


class Record(Protocol):
    """The one writer of a Run. `update` is on disk when it returns, so a crash leaves what was last said."""

    @property
    def run(self) -> Run:
        """The row as last written."""

    def update(self, **changes: Any) -> Run:
        """Change fields of the Run by name; a final `state` sets `ended`."""


class Outcome(NamedTuple):
    """How a launch ended: a final state, or "running" after --detach. `exit_code` is the job's own where it
    is known; `message` is one line for the user, "" when there is nothing to add."""

    state: State
    exit_code: int | None = None
    message: str = ""

    @property
    def status(self) -> int:
        """Exit status of `gpuspec run`: 0 success or detached, 1 the job failed, 130 interrupted."""
        if self.state in ("succeeded", "running", "setup"):
            return 0
        return 130 if self.state == "interrupted" else 1


class Launcher(Protocol):
    """Where jobs run. All methods raise UserError for what the user can put right."""

    name: str
    """As `run --on` has it, and `Offer.launcher` for what it can run on."""

    rents: bool
    """Its machines are rented, and go when a run is taken down. False: they are yours, and stay."""

    def check(self, job: Job, plan: Plan, settings: RunSettings) -> None:
        """Everything that can be known to go wrong before a cent is spent: missing secrets, no candidate,
        a timer that cannot be guaranteed, a path outside. Cheap: runs before the question is asked."""

    def describe(self, job: Job, plan: Plan, settings: RunSettings) -> str:
        """What would be done, for --dry-run: text, without secrets. Starts nothing."""

    def launch(self, job: Job, plan: Plan, settings: RunSettings, record: Record) -> Outcome:
        """Run the job to its end (or until it is started, detached), keeping `record` true at every step."""

    def state(self, run: Run) -> Run:
        """The run as it really is now, asked of the machine."""

    def logs(self, run: Run, *, follow: bool) -> int:
        """Print the run's output; 0, or 1 if the run failed."""

    def stop(self, run: Run) -> Run:
        """End the job; the machine follows its keep-alive."""

    def down(self, run: Run) -> Run:
        """End the job and the machine; fine when they are gone already."""

    def attach(self, run: Run, *, say: Callable[[str], None]) -> None:
        """Make the job's ports answer on this machine's localhost, until Ctrl-C or the run's end."""

    def strays(self) -> tuple[Stray, ...]:
        """Machines that carry our mark and that no live run answers for. UserError where that cannot be told: an
        empty answer says that there are none. `StraysUnknown` where some are known all the same."""

    def remove(self, machine: str) -> None:
        """Take a stray down."""
