"""One job, and everything worked out from it on first use: every command takes its answers from here."""

import os
from collections.abc import Callable, Collection, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from gpuspec.formats.document import Document
from gpuspec.job.job import Budget, Job
from gpuspec.named_tuple import NamedTuple
from gpuspec.words import By, Task

if TYPE_CHECKING:
    from gpuspec.catalog import Catalog, Gpu, Offer, PriceSource
    from gpuspec.catalog.api_prices import ApiPrice
    from gpuspec.commands.steps import Step
    from gpuspec.job.problem import SchemaProblem
    from gpuspec.planning.alternatives import Alternative
    from gpuspec.planning.gpus_used import GpusUsed
    from gpuspec.planning.market import Market
    from gpuspec.planning.measured import Measured, MeasuredRun
    from gpuspec.planning.plan import Plan
    from gpuspec.planning.price_lists import PriceBook, PriceList
    from gpuspec.sizing import Need, Unsized
    from gpuspec.sizing.memory import Sizes
    from gpuspec.sizing.speed.rates import Speed
    from gpuspec.workload import Workload
    from gpuspec.workload.cuda import GpuBuild


class JobSettings(NamedTuple):
    """What the settings of a folder say of the jobs in it: keys of `gpuspec.toml`, of `per-file-…` what means one."""

    prices: str | None = None
    """The price source to use; None: all current ones."""
    api_prices: str | None = None
    """A file of API prices of one's own."""
    clouds: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    """Clouds and regions that may be used, lower case; empty: all."""
    default_task: Task | None = None
    """The task of jobs that name none, and whose commands tell none."""
    assume_gpu: str | None = None
    """The GPU of jobs that name none: "L4", "L4:2"."""
    usage: tuple[tuple[str, float], ...] = ()
    labels: tuple[tuple[str, str], ...] = ()


class JobOverrides(NamedTuple):
    """What the options of a command say in place of the file and of the settings."""

    prices: str | None = None
    """`--prices`."""
    clouds: tuple[str, ...] = ()
    """`--cloud`: these, whatever the file and the settings say."""
    max_hours: float | None = None
    """`--max-hours`."""
    machines: int = 1
    """`--shards`: the machines that share the budget."""
    accept_no_timer: bool = False
    """`--accept-no-timer`: also clouds whose machines cannot take themselves down."""
    by: By | None = None
    """`--by`: what offers are ranked by; None: by what the work is paid by."""
    users: int | None = None
    """`--users`: sequences that must be served at once."""
    assume_gpu: str | None = None
    """`--assume-gpu`: the GPU of jobs that name none."""

    def over(self, job: Job) -> Job:
        """The job with these in place of its own."""
        if self.clouds:
            job = job._replace(clouds=self.clouds)
        if self.users is not None:
            job = job._replace(users=self.users)
        budget = job.budget
        if self.max_hours is not None:
            budget = (budget or Budget())._replace(max_hours=self.max_hours)
        if budget is not None and budget.max_total is not None and self.machines > 1:
            budget = budget._replace(max_total=budget.max_total / self.machines)
        return job if budget is job.budget else job._replace(budget=budget)


class Case:
    """A job in a file, with the settings in force there and the options of the command.

    `on_disk` is False for text that lies in no file: then nothing beside it is read. `catalog`: the installed one
    unless given. `written` is the job as its file has it, None where it has none.
    `measured_file` keeps what the project's runs took; some commands add `runs_here`, those of this user."""

    def __init__(
        self,
        document: Document,
        *,
        settings: JobSettings | None = None,
        overrides: JobOverrides | None = None,
        catalog: "Catalog | None" = None,
        on_disk: bool = True,
        measured_file: str | None = None,
    ) -> None:
        self.document = document
        self.path = document.path
        self.tree = document.tree
        self.written = document.job
        self.settings = settings or JobSettings()
        self.overrides = overrides or JobOverrides()
        self.on_disk = on_disk
        if catalog is None:
            from gpuspec.plugin.installed_catalog import installed_catalog

            catalog = installed_catalog()
        self.catalog = catalog
        self.measured_file = measured_file
        self.runs_here: tuple[MeasuredRun, ...] = ()
        self.shared: dict[object, Any] = {}
        """What the cases of one run have worked out for the same work, and the same terms."""
        self._unread: dict[str, str] = {}

    @property
    def has_job(self) -> bool:
        """Whether there is one."""
        return self.written is not None

    @cached_property
    def job(self) -> Job:
        """The job with the overrides; raises LookupError where the file has none."""
        if self.written is None:
            raise LookupError(f"{self.path} has no job")
        job = self.overrides.over(self.written)
        if self.assumed_gpu or self.settings.usage:
            from gpuspec.planning.said_by_settings import completed

            job = completed(job, self.assumed_gpu, self.settings.usage, self.catalog)
        return job

    @property
    def assumed_gpu(self) -> str | None:
        """The GPU that is assumed where the file names none, as it was written."""
        return self.overrides.assume_gpu or self.settings.assume_gpu

    @cached_property
    def left_out(self) -> "tuple[SchemaProblem, ...]":
        """What of the file is not in the job, since the format's schema refuses it."""
        return tuple(self.document.format.mistakes(self.tree))

    @property
    def unread(self) -> "Mapping[str, str]":
        """What was left out of the commands and their files since it is too much, and what to do, in words."""
        _ = self.workload  # which reads them
        return self._unread

    def instead(self, *, job: Job | None = None, workload: "Workload | None" = None) -> "Case":
        """The same work under other limits (`job`), or the same job done another way (`workload`)."""
        other = type(self)(
            self.document._replace(job=job or self.job),
            settings=self.settings,
            overrides=self.overrides._replace(max_hours=None, machines=1),  # the job has them already
            catalog=self.catalog,
            on_disk=self.on_disk,
        )
        other.measured = self.measured
        other._unread = self._unread
        other.shared = self.shared
        if "steps" in vars(self):  # they have been read, and are the same
            other.steps = self.steps
        other.workload = workload or self.workload
        if workload is None:
            other.sizes, other.work = self.sizes, self.work
        return other

    @cached_property
    def measured(self) -> "tuple[Measured, ...]":
        """What the last runs of the job's commands took, by kind of machine, the latest first."""
        if self.measured_file or self.runs_here:
            from gpuspec.planning.measured_file import measured_in

            return measured_in(self.measured_file, self.runs_here, self.written or self.job)
        return ()

    @cached_property
    def work(self) -> tuple[Any, ...]:
        """What is known of the work, to look up by."""
        return self.workload.work

    @cached_property
    def sizes(self) -> "Sizes":
        """The memory of the work on every machine asked about so far, by all cases of the run that do the same."""
        from gpuspec.sizing.memory import same_sizes

        return same_sizes(self.shared, (id(self.catalog), self.work), (self.catalog, self.workload))

    @property
    def workdir(self) -> str:
        """Absolute: the job's own workdir, relative to the folder of its file ("-" is standard input)."""
        folder = os.getcwd() if self.path == "-" else os.path.dirname(os.path.abspath(self.path))
        return os.path.normpath(os.path.join(folder, self.job.workdir or "."))

    @property
    def prices(self) -> str | None:
        """The price source in force; None: all current ones."""
        return self.overrides.prices or self.settings.prices

    @property
    def clouds(self) -> tuple[str, ...]:
        """The clouds that may be used whatever the job says; empty: all."""
        return self.overrides.clouds or self.settings.clouds

    @property
    def regions(self) -> tuple[str, ...]:
        """Likewise the regions."""
        return self.settings.regions

    @cached_property
    def workload(self) -> "Workload":
        """What the job does. `default_task` stands in where neither the file nor its commands tell the task."""
        from gpuspec.workload.read import read

        found = read(self.job, self.steps, catalog=self.catalog)
        default = self.settings.default_task
        if found.task is not None or default is None:
            return found
        from gpuspec.workload.workload import Origin

        origin = Origin("settings", default)
        return found._replace(task=default, origins={**found.origins, "task": origin})

    @cached_property
    def commands_only(self) -> "Workload":
        """What the commands alone say the job does, whatever the spec's `model` says."""
        if self.job.model is None:
            return self.workload
        from gpuspec.workload.read import read

        return read(self.job._replace(model=None), self.steps, catalog=self.catalog)

    @cached_property
    def steps(self) -> "tuple[Step, ...]":
        """The commands of `setup` and `run`, in the order in which they would run, shell scripts followed."""
        if not (self.job.steps or self.job.setup or self.job.run):
            return ()
        from gpuspec.commands.steps import read_steps

        return read_steps(self.job, self.path if self.on_disk else None, unread=self._unread)

    def need(self, gpus: int = 1, gpu: "Gpu | None" = None) -> "Need | Unsized":
        """Memory per GPU when spread over `gpus`; of which kind, where the engine's defaults depend on it."""
        from gpuspec.engines import engine_of

        row = engine_of(self.workload.engine).default
        key = (gpus, row(self.workload.engine_version, gpu.name, gpu.vram_gib) if gpu else None)
        if key not in self.sizes.needs:
            from gpuspec.sizing import need

            self.sizes.needs[key] = need(self.workload, gpus, gpu=gpu)
        return self.sizes.needs[key]

    def speed(self, gpu: "Gpu", gpus: int = 1) -> "Speed | Unsized":
        """How quickly so many of a GPU do the work, no more sequences at once than they have room for."""
        from gpuspec.sizing.speed.serving import speed_within

        return speed_within(self.workload, gpu, gpus, self.need(gpus, gpu))

    @cached_property
    def offers(self) -> "tuple[Offer, ...]":
        """Offers of the price source in force, on allowed clouds and in allowed regions."""
        offers = self.catalog.offers(self.prices, self.clouds)
        if not self.regions:
            return offers
        from gpuspec.planning.limits import in_regions

        return tuple(offer for offer in offers if in_regions(offer.region, self.regions))

    def agreed_prices(self, clouds: Collection[str], gpus: Collection[str] | None = None) -> tuple[str, ...]:
        """What the settings agreed on with these clouds (of these GPUs; None: of all), in words."""
        return self.catalog.agreed.in_words(clouds, gpus) if self.catalog.agreed else ()

    @property
    def price_sources(self) -> "tuple[PriceSource, ...]":
        """The price sources that `offers` are from."""
        return self.catalog.sources_of(self.prices)

    @cached_property
    def api_prices(self) -> "tuple[ApiPrice, ...]":
        """What tokens cost through APIs: the user's own prices, then those that ship."""
        from gpuspec.catalog.api_prices import prices_with

        return prices_with(self.settings.api_prices)

    @property
    def only_compares(self) -> bool:
        """Whether nothing can be rented from the price list in force."""
        return bool(self.prices) and not any(source.rentable for source in self.price_sources)

    @property
    def price_dates(self) -> Mapping[str, str | None]:
        """Name → ISO date of every such source: of its prices, else of its reading."""
        return {source.name: source.latest for source in self.price_sources}

    @property
    def price_book(self) -> "PriceBook":
        """The offers of the price source in force, whatever the cloud."""
        from gpuspec.planning.price_lists import price_book

        return price_book(self.catalog, self.prices)

    @property
    def price_list(self) -> "PriceList":
        """What may be rented on allowed clouds and in allowed regions, whatever else the job says."""
        from gpuspec.planning.limits import RentalTerms

        book, clouds = self.price_book, frozenset(self.clouds)
        community = clouds & book.community_clouds if clouds else clouds
        return book.price_list(RentalTerms(allowed=clouds, allowed_regions=self.regions, community=community))

    @cached_property
    def market(self) -> "Market":
        """What the job may rent: its own choices and everything else that fits, priced."""
        from gpuspec.planning.market import market_of

        return market_of(self, self._why_not)

    @cached_property
    def gpus_used(self) -> "GpusUsed | None":
        """How many GPUs of a machine the commands use; None where that is not known."""
        from gpuspec.planning.gpus_used import gpus_used

        if self.job.deployment is not None and self.job.deployment.packs_replicas:
            return None  # one replica's GPUs are not all that the container uses
        counts = (self.job.gpu_count, *(choice.gpu_count for choice in self.job.gpu_types))
        several = any((count or 0) > 1 for count in counts)
        return gpus_used(self.workload, self.steps, several=several)

    @cached_property
    def gpu_builds_for(self) -> "Callable[[Gpu], tuple[GpuBuild, ...]]":
        """What of the job is built for some GPUs alone, as far as that matters on one."""
        from gpuspec.planning.features import builds_by_gpu

        return builds_by_gpu(self.job, self.steps, self.workload)

    def _why_not(self, gpu: "Gpu") -> str:
        from gpuspec.planning.features import not_rented, why_not

        there = "" if self.document.format.in_spec_fields else not_rented(self.document.format.name, gpu)
        return there or why_not(self.workload, gpu, self.gpu_builds_for(gpu))

    @cached_property
    def choices(self) -> "tuple[Alternative, ...]":
        """The GPUs of `gpu_types`, each priced and held against the Need, in the order written."""
        return self.market.choices()

    @cached_property
    def per_hour(self) -> float | None:
        """What the machine costs an hour: the cheapest of the GPUs named; None where none is named or priced."""
        return min((choice.per_hour for choice in self.choices if choice.price), default=None)

    @property
    def takes_first(self) -> bool:
        """Whether its launcher takes the first GPU it can get, as GPU CLI does; gpuspec takes the cheapest."""
        return self.document.format.takes_first

    @cached_property
    def selected(self) -> "Alternative | None":
        """The choice that the job comes down to: the first for a launcher that takes the first, else the cheapest by
        what the job is paid by, of those within its `max_price` where there are any. None where none is priced, or
        all are too small for the job or its `min_vram`."""
        able = [one for one in self.choices if one.price and self.market.large_enough(one)]
        if not able:
            return None
        from gpuspec.planning.cost import exceeds

        able = [one for one in able if not exceeds(one.per_hour, self.job.max_price)] or able
        return able[0] if self.takes_first else min(able, key=self.market.dearness)

    @cached_property
    def baseline(self) -> "Alternative | None":
        """The choice whose cost is held against others: the one taken; None where a smaller one has no price."""
        return self.market.baseline(self.choices, takes_first=self.takes_first)

    @cached_property
    def plan(self) -> "Plan":
        """Everything that can be rented, ranked."""
        return self.plan_on(None)

    @cached_property
    def kept_plan(self) -> "Plan":
        """The plan without what is not taken, and so without a look at most offers: the same choice and cost."""
        from gpuspec.planning.rank import kept_plan

        return kept_plan(self.market, self.price_dates)

    def plan_on(self, launcher: str | None) -> "Plan":
        """The plan of what one launcher (None: any) can run on. UserError for one where nothing can be rented."""
        from gpuspec.planning.rank import comparison, rank_offers

        made = rank_offers(self.market, sources=self.price_dates, launcher=launcher)
        return comparison(made, self.prices, launcher) if self.only_compares else made
