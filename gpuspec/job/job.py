"""The typed, frozen form of a job spec, after old names are mapped. Absent is None or ()."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from gpuspec.named_tuple import NamedTuple
from gpuspec.words import Task

if TYPE_CHECKING:
    from gpuspec.job.deployment import DeploymentSpec

Spot = Literal["never", "allowed", "only"]
Hosts = Literal["secure", "any"]


class Piece(NamedTuple):
    """Part of a text of commands that stands at a place of its own in the file: an element of a list of arguments, a
    word of a block of lines. `start`, `end`: characters of the text."""

    start: int
    end: int
    pointer: str


class GpuChoice(NamedTuple):
    """One acceptable GPU, as written. `name` is not resolved yet; `gpu_count` is None where not given."""

    name: str
    gpu_count: int | None
    pointer: str


class ModelSpec(NamedTuple):
    """The `model` field. Training fields (`method`, `optimizer`, …) are None for inference."""

    id: str | None = None
    quantization: str | None = None
    dtype: str | None = None
    kv_dtype: str | None = None
    context: int | None = None
    concurrency: int | None = None
    engine: str | None = None
    tensor_parallel: int | None = None
    pipeline_parallel: int | None = None
    data_parallel: int | None = None
    method: str | None = None
    optimizer: str | None = None
    sequence: int | None = None
    batch: int | None = None
    gradient_accumulation: int | None = None
    gradient_checkpointing: bool | None = None
    lora_rank: int | None = None
    sharding: str | None = None
    params_b: float | None = None
    resolution: tuple[int, int] | None = None


class Budget(NamedTuple):
    """Limits of one run: dollars and hours."""

    max_total: float | None = None
    max_hours: float | None = None


class Download(NamedTuple):
    """One thing to fetch before `run`. `timeout` in seconds; `target` relative to the workdir there."""

    strategy: str
    source: str
    target: str | None = None
    revision: str | None = None
    allow: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    sha256: str | None = None
    timeout: int | None = None
    pointer: str = ""


class Port(NamedTuple):
    """A port to forward; where `public`, also open to the internet on the machine's own address."""

    port: int
    description: str | None = None
    public: bool = False


class Readiness(NamedTuple):
    """How to tell that a service is up: an HTTP address or a command (argv). Seconds: `timeout` overall,
    `interval` between tries, `attempt_timeout` for one try."""

    http: str | None = None
    command: tuple[str, ...] = ()
    timeout: float | None = None
    interval: float | None = None
    attempt_timeout: float | None = None


class SetupStep(NamedTuple):
    """One setup command. `once`: only when the machine is new, not at every run (None: not said);
    `timeout` in seconds."""

    run: str
    once: bool | None = None
    timeout: float | None = None
    pointer: str = ""


class Serverless(NamedTuple):
    """GPU CLI's second way to deploy the same file, on workers that scale. Its `scaling` is `Job.scaling`."""

    gpu_types: tuple[GpuChoice, ...] = ()
    template: str | None = None
    volume_gb: float | None = None
    models: tuple[str, ...] = ()
    """Models fetched before the first request."""
    env: Mapping[str, Any] = {}
    """What the template's worker is configured by, as written."""


class Checkpoint(NamedTuple):
    """Where and how often training saves its state."""

    path: str | None = None
    every_minutes: float | None = None


class Scaling(NamedTuple):
    """Replicas of a service. `idle_minutes` before a replica goes."""

    min: int | None = None
    max: int | None = None
    idle_minutes: float | None = None

    @property
    def replicas(self) -> tuple[int, int]:
        """The least and the most."""
        least = self.min or 0
        return least, self.max or max(least, 1)


class Traffic(NamedTuple):
    """Declared load of a service. `peak_factor` is the busiest hour over the mean one; `growth_per_month` a share
    (0.2: each month a fifth more requests than the month before)."""

    requests_per_day: float | None = None
    input_tokens: float | None = None
    output_tokens: float | None = None
    peak_factor: float | None = None
    growth_per_month: float | None = None


class Slo(NamedTuple):
    """How quick a service must be: milliseconds to the first token and for each further one, or tokens a second that
    one user sees."""

    ttft_ms: float | None = None
    tpot_ms: float | None = None
    tokens_per_second: float | None = None


class MinUtilization(NamedTuple):
    """How much its GPUs have to be used: %, as a mean over so many minutes; else a warning is given, or it is ended.
    Setup, downloads and loading do not count (`launch/on_machine/utilization/usage.py`)."""

    gpu: float
    minutes: float = 30.0
    then: Literal["warn", "end"] = "warn"


class Schedule(NamedTuple):
    """How much of a month the job runs: hours, or how often."""

    hours_per_month: float | None = None
    runs_per_month: float | None = None


class Notify(NamedTuple):
    """Who is told when the run's budget is nearly used up: an address, or `$NAME` of the variable that holds it."""

    webhook: str | None = None


class Job(NamedTuple):
    """A job spec. `pointers` maps each field that was written to its pointer in the author's document
    (`pointers["keep_alive_minutes"] == "/cooldown_minutes"` in an old file); nested ones use a dot:
    "model.context", "budget.max_hours"."""

    name: str | None = None
    task: Task | None = None
    usual_task: Task | None = None
    """What jobs of its kind do, where nothing that they run says otherwise: a Kubernetes Deployment serves."""
    model: ModelSpec | None = None
    gpu_types: tuple[GpuChoice, ...] = ()
    gpu_count: int | None = None
    nodes: int | None = None
    """Machines that do the job together; the GPUs are those of each."""
    min_vram: float | None = None
    max_price: float | None = None
    budget: Budget | None = None
    spot: Spot | None = None
    hosts: Hosts | None = None
    clouds: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    keep_alive_minutes: float | None = None
    downloads: tuple[Download, ...] = ()
    workdir: str | None = None
    include: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    exclude_outputs: tuple[str, ...] = ()
    disk_gb: float | None = None
    image: str | None = None
    env: Mapping[str, str] = {}
    secrets: tuple[str, ...] = ()
    setup: tuple[str, ...] = ()
    run: str | None = None
    items: str | tuple[str, ...] | None = None
    ports: tuple[Port, ...] = ()
    readiness: Readiness | None = None
    checkpoint: Checkpoint | None = None
    scaling: Scaling | None = None
    traffic: Traffic | None = None
    users: int | None = None
    """Sequences that must be served at once."""
    slo: Slo | None = None
    schedule: Schedule | None = None
    min_utilization: MinUtilization | None = None
    provider: str | None = None
    cache: str | None = None
    labels: Mapping[str, str] = {}
    notify: Notify | None = None
    steps: tuple[SetupStep, ...] = ()
    """One for each command of `setup`, in order, with what else was said of it."""
    apt: tuple[str, ...] = ()
    """Debian packages of `environment.system.apt`; the command that installs them is in `setup`, too."""
    pip: tuple[str, ...] = ()
    """Requirements of `environment.python.pip_global`; likewise in `setup`."""
    serverless: Serverless | None = None
    volume_mode: str | None = None
    encryption: bool | None = None
    deployment: "DeploymentSpec | None" = None
    """What its format says beside what a job spec can; None in a job spec."""
    launcher_env: Mapping[str, str] = {}
    """Variables that its launcher gives the commands, as far as their values are known: SLURM_NNODES."""
    pieces: Mapping[str, tuple[Piece, ...]] = {}
    """Pointer of a text of commands (that of `run`, of a setup step) → where its parts stand, in order; empty where
    the text is one string of the file."""
    pointers: Mapping[str, str] = {}
    raw: Mapping[str, Any] = {}

    def pointer(self, field: str) -> str:
        """Where a field stands in the author's document; "" (the whole document) if it was not written."""
        return self.pointers.get(field, "")
