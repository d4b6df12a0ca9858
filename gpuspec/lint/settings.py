"""What a run was asked to do in one folder. Built from a config file and options; `config.py` reads the file."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gpuspec.catalog.agreed import AgreedPrices
from gpuspec.catalog.catalog import Catalog
from gpuspec.formats.document import Document
from gpuspec.lint.finding import Severity
from gpuspec.lint.registry import Registry
from gpuspec.lint.selection import Selection, strength
from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.case import Case, JobOverrides, JobSettings

if TYPE_CHECKING:
    from gpuspec.planning.reserved import ReservedGpus


class Settings(NamedTuple):
    """Settings of a folder. Empty means: the defaults. Globs are relative to `root`."""

    selection: Selection = Selection()
    severity: Mapping[str, Severity] = {}
    """selector → severity"""
    rules: Mapping[str, Mapping[str, Any]] = {}
    """rule name → option → value"""
    fail_on: Severity = "warning"
    job: JobSettings = JobSettings()
    agreed: AgreedPrices = AgreedPrices()
    """`discounts` and `committed`: in the catalogue of every Case."""
    overrides: JobOverrides = JobOverrides()
    """What the command line says of the jobs themselves."""
    pedantic: bool = False
    preview: bool = False
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    root: str = "."
    assumed_gpus: tuple[tuple[str, str], ...] = ()
    """`per-file-assume-gpu`: (glob, GPU); the first that means a file holds for it."""
    usage: tuple[tuple[str, Mapping[str, float]], ...] = ()
    """`per-file-usage`: (glob, how much of a month); the first that means a file holds for it."""
    labels: tuple[tuple[str, Mapping[str, str]], ...] = ()
    """`per-file-labels`, likewise for each label."""
    budget: Mapping[str, Any] = {}
    """`budget`, as it is written: `planning/monthly_budget.py` has its meaning."""
    budget_file: str | None = None
    """The file that says it, from the root: its folder is what the names of `[budget.folder]` are seen from."""
    notify: Mapping[str, Any] = {}
    """`notify`, as it is written, and the file that says it, from the root."""
    notify_file: str | None = None
    reserved: "tuple[ReservedGpus, ...]" = ()
    """Capacity that is paid for all month."""
    baseline: str | None = None
    """The file of known findings, as seen from where the command is run."""
    models: str | None = None
    """The project's `gpuspec.models.json`, where there is one."""
    measured: str | None = None
    """Likewise its `gpuspec.measured.json`."""
    local: Registry | None = None
    """Rules of the files that `local-rules` names, where they may be run."""
    refused: tuple[str, ...] = ()
    """Files that `local-rules` names, and that nobody allowed to be run."""

    def case(self, document: Document, *, catalog: Catalog | None = None, on_disk: bool = True) -> Case:
        """A job under these settings. Every command makes its Case here."""
        known, job = self.catalog(catalog), self.job
        if self.assumed_gpus:
            from gpuspec.lint.globs import glob_matches, relative

            path = relative(document.path, self.root)
            assumed = next((gpu for glob, gpu in self.assumed_gpus if glob_matches(path, glob)), None)
            job = job._replace(assume_gpu=assumed or job.assume_gpu)
        if self.usage or self.labels:
            from gpuspec.lint.usage_config import of_file

            job = of_file(job, document.path, self.root, usage=self.usage, labels=self.labels)
        return Case(
            document,
            settings=job,
            overrides=self.overrides,
            catalog=known,
            on_disk=on_disk,
            measured_file=self.measured,
        )

    def catalog(self, catalog: Catalog | None = None) -> Catalog:
        """A catalogue, the installed one unless given, with the models that the project keeps before all others, and
        at the prices that were agreed on."""
        if catalog is None:
            from gpuspec.plugin.installed_catalog import installed_catalog

            catalog = installed_catalog()
        catalog = catalog.with_agreed_prices(self.agreed)
        return catalog if self.models is None else catalog.with_models_of(self.models)

    def only(self, code: str, name: str) -> "Settings":
        """Narrowed to one rule; to none where these do not run it."""
        select = (code,) if self.selection.runs(code, name) else ()
        return self._replace(selection=self.selection._replace(select=select, extend_select=()))

    @property
    def prices(self) -> str | None:
        """The price source in force; None: all current ones."""
        return self.overrides.prices or self.job.prices

    def severity_of(self, code: str, name: str, default: Severity) -> Severity:
        """The severity of a rule's findings; the most exact override wins."""
        best = max(self.severity, key=lambda selector: strength(selector, code, name), default=None)
        if best is None or strength(best, code, name) < 0:
            return default
        return self.severity[best]


class Overrides(NamedTuple):
    """What the command line says. None and () mean: nothing."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    exclude: tuple[str, ...] = ()
    fail_on: Severity | None = None
    job: JobOverrides = JobOverrides()
    pedantic: bool | None = None
    preview: bool | None = None

    def over(self, settings: Settings) -> Settings:
        """Settings with these on top. `select` starts afresh: the file's select, extend-select and ignore are
        set aside, so that `--select X` runs X whatever the file says. The rest adds to the file."""
        chosen = settings.selection
        if self.select:
            chosen = Selection(self.select, (), (), chosen.per_file_ignores)
        selection = Selection(
            chosen.select,
            (*chosen.ignore, *self.ignore),
            (*chosen.extend_select, *self.extend_select),
            (*chosen.per_file_ignores, *self.per_file_ignores),
        )
        return settings._replace(
            selection=selection,
            exclude=(*settings.exclude, *self.exclude),
            fail_on=self.fail_on or settings.fail_on,
            overrides=self.job,
            pedantic=settings.pedantic if self.pedantic is None else self.pedantic,
            preview=settings.preview if self.preview is None else self.preview,
        )
