"""What a rule may ask about one spec. Everything beyond the tree is computed on first use, and once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from gpuspec.job import Job
from gpuspec.lint.shared import Shared
from gpuspec.text import Edit, Tree

if TYPE_CHECKING:
    from gpuspec.catalog import Offer
    from gpuspec.commands.trace import Step
    from gpuspec.job import GpuChoice
    from gpuspec.lint.neighbours import Neighbour
    from gpuspec.lint.suppression import Suppression
    from gpuspec.planning import Plan
    from gpuspec.planning.alternatives import Alternative, Market
    from gpuspec.sizing import Need, Unsized
    from gpuspec.workload import Workload


class Facts:
    """Facts about one spec file.

    `options` are the asking rule's options, defaults filled in. `prices` names the price source in force
    (None: all current ones), `clouds` the allowed clouds (empty: all), `default_task` the task to assume
    where a spec names none. `on_disk` is False for text from standard input: then nothing beside it is read.
    """

    def __init__(
        self,
        path: str,
        tree: Tree,
        job: Job | None,
        *,
        prices: str | None = None,
        clouds: tuple[str, ...] = (),
        default_task: str | None = None,
        shared: Shared | None = None,
        on_disk: bool = True,
        suppressions: tuple[Suppression, ...] = (),
    ) -> None:
        self.path = path
        self.tree = tree
        self.prices = prices
        self.clouds = clouds
        self.default_task = default_task
        self.suppressions = suppressions
        self.options: Mapping[str, Any] = {}
        self._job = job
        self._shared = shared or Shared()
        self._on_disk = on_disk
        self._needs: dict[int, Need | Unsized] = {}

    @property
    def job(self) -> Job:
        """The Job; raises LookupError where the text has none."""
        if self._job is None:
            raise LookupError(f"{self.path} has no job")
        return self._job

    @property
    def has_job(self) -> bool:
        """Whether the text has a Job."""
        return self._job is not None

    def has(self, word: str) -> bool:
        """Whether there is any of it: a field of the Job ("gpu_types"), of the Workload ("workload.engine"), of the
        Tree ("problems", "duplicates", "extensions"), or "suppressions". Cheaper than what a rule would ask."""
        if word == "suppressions":
            return bool(self.suppressions)
        if word in ("problems", "duplicates", "extensions"):
            return bool(getattr(self.tree, word))
        if word.startswith("workload."):
            return self.has_job and getattr(self.workload, word[9:]) is not None
        return self.has_job and bool(getattr(self.job, word))

    @property
    def folder(self) -> str:
        """The folder the spec stands in: what its relative paths start from."""
        return os.path.dirname(self.path) or "."

    @cached_property
    def workload(self) -> Workload:
        """What the job does."""
        from gpuspec.workload.read import read

        return read(self.job, self.path if self._on_disk else None)

    @cached_property
    def commands_only(self) -> Workload:
        """What the commands alone say the job does, whatever the spec's `model` says."""
        if self.job.model is None:
            return self.workload
        from gpuspec.workload.read import read

        return read(self.job._replace(model=None), self.path if self._on_disk else None)

    @cached_property
    def commands(self) -> tuple[Step, ...]:
        """The commands of `setup` and `run`, in the order in which they would run, shell scripts followed."""
        if not (self.job.steps or self.job.run):
            return ()
        from gpuspec.commands.trace import trace

        return trace(self.job, self.path if self._on_disk else None)

    def need(self, gpus: int = 1) -> Need | Unsized:
        """Memory per GPU when spread over `gpus`."""
        if gpus not in self._needs:
            from gpuspec.sizing import need

            self._needs[gpus] = need(self.workload, gpus)
        return self._needs[gpus]

    @cached_property
    def offers(self) -> tuple[Offer, ...]:
        """Offers of the price source in force, on allowed clouds."""
        return self._shared.offers(self.prices, self.clouds)

    @cached_property
    def price_dates(self) -> Mapping[str, str | None]:
        """Name → ISO date of every price source; None where the date is unknown."""
        return {source.name: source.as_of for source in self._shared.price_sources}

    @cached_property
    def price_days(self) -> Mapping[str, str]:
        """Name → the latest day (ISO) the prices of a source can be of; without those of which nothing is known."""
        return {source.name: source.latest for source in self._shared.price_sources if source.latest}

    @cached_property
    def plan(self) -> Plan:
        """The plan at the price source in force."""
        from gpuspec.planning import plan

        return plan(self.job, self.workload, self.need, self.offers, sources=self.price_dates)

    @cached_property
    def market(self) -> Market:
        """What the job may rent: its own choices and everything else that fits, priced."""
        from gpuspec.planning.alternatives import Market

        return Market(self.job, self.workload, self.need, self.offers)

    @cached_property
    def choices(self) -> tuple[Alternative, ...]:
        """The GPUs of `gpu_types`, each priced and held against the Need, in the order written."""
        return self.market.choices()

    @cached_property
    def per_hour(self) -> float | None:
        """What the machine costs an hour: the cheapest of the GPUs named; None where none is named or priced."""
        prices = [way.per_hour for way in self.choices if way.price]
        return min(prices) if prices else None

    @property
    def for_gpu_cli(self) -> bool:
        """Whether the file is GPU CLI's own: what gpuspec adds to the format is not understood there."""
        from gpuspec.job.old_names import is_gpu_cli

        return is_gpu_cli(self.tree)

    @cached_property
    def selected(self) -> Alternative | None:
        """The choice that the job comes down to: the first for a launcher that takes the first, else the cheapest;
        None where no choice is priced, or all are too small."""
        able = [
            way for way in self.choices if way.price and (not way.fit or way.fit.verdict != "does not fit")
        ]
        if not able:
            return None
        return able[0] if self.takes_first else min(able, key=lambda way: way.per_hour)

    @cached_property
    def baseline(self) -> Alternative | None:
        """The choice whose cost is held against others: the one taken, its memory known. None where a choice that is
        no larger has no known price: it may be the one that is taken."""
        able = [way for way in self.choices if way.fit and way.fit.verdict != "does not fit"]
        priced = [way for way in able if way.price]
        if not priced:
            return None
        if self.takes_first:
            return able[0] if able[0].price else None
        taken = min(priced, key=lambda way: way.per_hour)
        unknown = [way for way in able if not way.price and way.gpu.vram_gb <= taken.gpu.vram_gb]
        return None if unknown else taken

    def name_pointer(self, choice: GpuChoice | Alternative) -> str:
        """Where the name of a GPU choice stands: the entry itself, or its "type"."""
        inner = choice.pointer + "/type"
        return inner if inner in self.tree.values else choice.pointer

    def rename_gpu(self, choice: GpuChoice | Alternative, name: str) -> Edit:
        """The edit that puts another GPU in a choice's place. A number within the name ("A100:4") stays."""
        from gpuspec.catalog import resolve_gpu

        written = next(one for one in self.job.gpu_types if one.pointer == choice.pointer)
        tail = written.name.rpartition(":")[2]
        number = resolve_gpu(written.name).gpu_count or (int(tail) if tail.isdigit() else 1)
        counted = f"{name}:{number}" if number > 1 and written.gpu_count is None else name
        return Edit("set", self.name_pointer(choice), counted)

    @property
    def takes_first(self) -> bool:
        """Whether the file is meant for a launcher that takes the first GPU it can get (GPU CLI's gpu.jsonc).
        gpuspec itself takes the cheapest that fits."""
        return self.job.provider is not None

    @cached_property
    def neighbours(self) -> tuple[Neighbour, ...]:
        """The other specs of the same folder, by path; none for text from standard input."""
        return self._shared.folders.beside(self.path) if self._on_disk else ()

    @cached_property
    def alike(self) -> list[Neighbour]:
        """The specs of the same folder that differ from this one in literals only, itself among them, by path."""
        return self._shared.folders.alike(self.path, self.tree.text) if self._on_disk else []
