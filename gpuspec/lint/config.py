"""The config file: `gpuspec.toml`, `.gpuspec.toml` or `[tool.gpuspec]` of pyproject.toml, the nearest one."""

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from gpuspec.catalog import Catalog
from gpuspec.catalog.model import MEASURED_FILE, MODELS_FILE
from gpuspec.catalog.price_file import names_a_file
from gpuspec.errors import UserError
from gpuspec.lint.config_file import (
    KEYS,
    NAMES,
    Config,
    bad_config,
    has_settings,
    read_one,
)
from gpuspec.lint.registry import Registry
from gpuspec.lint.result import Problem
from gpuspec.lint.selection import Selection
from gpuspec.lint.settings import Overrides, Settings
from gpuspec.planning.case import JobSettings
from gpuspec.plugin.installed_catalog import installed_catalog

if TYPE_CHECKING:
    from gpuspec.planning.places import Unpriced


class Configs:
    """Settings of every folder: the nearest config file's, with the command line on top."""

    def __init__(
        self,
        registry: Registry,
        overrides: Overrides | None = None,
        *,
        path: str | None = None,
        isolated: bool = False,
        local_rules: bool = False,
        catalog: Catalog | None = None,
        above: Mapping[str, str] | None = None,
    ) -> None:
        """`above`: the folder above one, where that is not the one it lies in (the copy of a commit)."""
        self._above = above or {}
        self._registry = registry
        self._catalog = catalog or installed_catalog()
        self._local_rules = local_rules
        self._overrides = overrides or Overrides()
        self._isolated = isolated
        self._fixed = read_config(path) if path else None
        self._folders: dict[str, Config] = {}
        self._settings: dict[tuple[str | None, ...], Settings] = {}
        self._of_folders: dict[str, Settings] = {}
        self._kept_files: dict[tuple[str, str], str | None] = {}
        """(name, folder) → the file of that name there, or the nearest above."""
        self._unchecked = local_rules
        """Whether the command line's rules are still to be checked: it may name local ones."""
        if not local_rules:
            _check_overrides(self._overrides, registry, self._catalog)

    def settings_for(self, path: str) -> Settings:
        """The settings for a file or folder. Raises UserError where its config file is wrong."""
        folder = _folder_of(path)
        if folder not in self._of_folders:
            self._of_folders[folder] = self._settings_in(folder)
        return self._of_folders[folder]

    def _settings_in(self, folder: str) -> Settings:
        config = self._config_in(folder)
        models, measured = (self._beside(config, folder, name) for name in (MODELS_FILE, MEASURED_FILE))
        key = config.path, models, measured
        if key not in self._settings:
            settings = settings_of(
                config, self._registry, local_rules=self._local_rules, catalog=self._catalog
            )
            if self._unchecked:
                registry = _with_local_rules(self._registry, settings.local, settings.refused)
                _check_overrides(self._overrides, registry, self._catalog)
                self._unchecked = False
            _check_clouds(self._overrides, self._overrides.job.prices or settings.job.prices, self._catalog)
            self._settings[key] = self._overrides.over(settings)._replace(models=models, measured=measured)
        return self._settings[key]

    def models_file_for(self, path: str) -> str:
        """Where the project keeps its models, or would: what a file or folder there goes by."""
        return self._kept_file_for(path, MODELS_FILE)

    def measured_file_for(self, path: str) -> str:
        """Where the project keeps what its runs took, or would."""
        return self._kept_file_for(path, MEASURED_FILE)

    def _kept_file_for(self, path: str, name: str) -> str:
        folder = _folder_of(path)
        config = self._config_in(folder)
        return self._beside(config, folder, name) or os.path.join(_project(config) or folder, name)

    def _beside(self, config: Config, folder: str, name: str) -> str | None:
        """A file of the project's own facts: beside its settings, or where it has none, in the folder of the file or
        the nearest one above it."""
        if self._isolated:
            return None
        project = _project(config)
        if project is None:
            return self._nearest_kept(name, folder)
        found = os.path.join(project, name)
        return found if os.path.lexists(found) else None

    def _nearest_kept(self, name: str, folder: str) -> str | None:
        asked = []
        while (name, folder) not in self._kept_files:
            asked.append((name, folder))
            found, parent = os.path.join(folder, name), self._parent(folder)
            if os.path.lexists(found) or parent == folder:
                self._kept_files[name, folder] = found if os.path.lexists(found) else None
            else:
                folder = parent
        nearest = self._kept_files[name, folder]
        self._kept_files.update(dict.fromkeys(asked, nearest))
        return nearest

    def notes(self) -> Iterator[str]:
        """Which local files were run as rules, and which were not."""
        for settings in self._settings.values():
            for file in sorted({entry.plugin for entry in settings.local.rules} if settings.local else ()):
                yield f"{file} was run for its rules"
            job = settings.job
            if job.clouds or job.regions:
                from gpuspec.planning.places import notes_on_settings
                from gpuspec.planning.price_lists import price_book

                book = price_book(self._catalog, settings.prices)
                yield from notes_on_settings(settings.overrides.clouds or job.clouds, job.regions, book)
            for file in settings.refused:
                yield f"{file} is named in local-rules and was not run; add --allow-local-rules if you trust it"

    def _parent(self, folder: str) -> str:
        return self._above.get(folder) or os.path.dirname(folder)

    def extended(self) -> set[str]:
        """The files that settings were read from, where they extend each other."""
        return {file for config in (self._fixed, *self._folders.values()) if config for file in config.chain}

    def config_for(self, path: str) -> Config:
        """The config in force for a file or folder."""
        return self._config_in(_folder_of(path))

    def _config_in(self, folder: str) -> Config:
        if self._fixed is not None:
            return self._fixed
        if self._isolated:
            return Config(None, {})
        return self._nearest(folder)

    def _nearest(self, folder: str) -> Config:
        """The config of a folder, or of the nearest one above it. A loop: folders nest deeper than calls may."""
        asked = []
        config = None
        while config is None and folder not in self._folders:
            asked.append(folder)
            found = next((p for name in NAMES if has_settings(p := os.path.join(folder, name))), None)
            parent = self._parent(folder)
            if found:
                config = read_config(found)
            elif parent == folder:
                config = Config(None, {})
            folder = parent
        config = config or self._folders[folder]
        self._folders.update(dict.fromkeys(asked, config))
        return config


def read_config(path: str) -> Config:
    """A config file, with what it extends. Raises UserError `bad-config` or `no-such-file`."""
    config = read_one(path)
    if "extend" in config.values:
        from gpuspec.lint.extended import extended

        config = extended(config)
    return config


def _project(config: Config) -> str | None:
    """The folder that settings stand in."""
    return None if config.path is None else os.path.dirname(os.path.abspath(config.path))


def _folder_of(path: str) -> str:
    folder = os.path.abspath(path)
    return folder if os.path.isdir(folder) else os.path.dirname(folder)


def settings_of(
    config: Config, registry: Registry, *, local_rules: bool = False, catalog: Catalog
) -> Settings:
    """Settings from a config file. Raises UserError for rules, options and plugins that are not there.

    `local_rules`: whether the Python files it names may be run."""
    if config.path is None:
        return Settings()
    path, values = config.path, config.values
    (rules_of,) = config.said_by("local-rules") or (path,)
    local, refused = _local(rules_of, tuple(values.get("local-rules", ())), registry, local_rules)
    registry = _with_local_rules(registry, local, refused)
    lists = {key: tuple(values.get(key, ())) for key in KEYS if KEYS[key][0] is list}
    per_file = tuple((glob, tuple(rules)) for glob, rules in values.get("per-file-ignores", {}).items())
    severity = values.get("severity", {})
    named = [
        lists["select"],
        lists["ignore"],
        lists["extend-select"],
        *(rules for _, rules in per_file),
        severity,
    ]
    for selectors in named:
        registry.check(selectors, path)
    _check_plugins(path, lists["plugins"], registry)
    jobs = _of_jobs(path, values)
    _check_source(jobs.prices, catalog)
    assumed = tuple(values.get("per-file-assume-gpu", {}).items())
    _check_assumed_gpus(path, jobs.assume_gpu, assumed, catalog)
    money = _of_money(config, catalog)
    clouds = {
        "clouds": values.get("clouds", ()),
        "reserved": [one.cloud for one in money.get("reserved", ())],
    }
    for key, names in {**clouds, **{key: values.get(key, ()) for key in ("discounts", "committed")}}.items():
        for each in _unpriced(names, jobs.prices, catalog):
            if not each.known:
                raise bad_config(path, f"{key}: {each.message}", f"{each.advice}.")
    return Settings(
        selection=Selection(
            lists["select"] if "select" in values else None, lists["ignore"], lists["extend-select"], per_file
        ),
        severity=severity,
        rules=_rule_options(path, values["rules"], registry) if "rules" in values else {},
        fail_on=values.get("fail-on", "warning"),
        job=jobs,
        **money,
        baseline=os.path.join(os.path.dirname(path), values["baseline"]) if values.get("baseline") else None,
        pedantic=values.get("pedantic", False),
        preview=values.get("preview", False),
        include=lists["include"],
        exclude=lists["exclude"],
        root=os.path.dirname(os.path.abspath(path)),
        assumed_gpus=assumed,
        local=local,
        refused=refused,
    )


def _of_jobs(path: str, values: Mapping[str, Any]) -> JobSettings:
    """The settings that are about the jobs themselves, each under its own name. A price file is found beside the
    config file, wherever the command is run."""
    found: dict[str, Any] = {}
    for field in JobSettings._fields:
        value = values.get(field.replace("_", "-"))
        if value is not None:
            # Clouds and regions: "RunPod" is "runpod".
            found[field] = tuple(name.strip().lower() for name in value) if isinstance(value, list) else value
    if names_a_file(found.get("prices", "")):
        found["prices"] = os.path.join(os.path.dirname(path), found["prices"])
    if "api_prices" in found:
        found["api_prices"] = os.path.join(os.path.dirname(path), found["api_prices"])
    return JobSettings(**found)


_ABOUT_MONEY = (
    "discounts", "committed", "budget", "notify", "reserved", "per-file-usage", "per-file-labels"
)  # fmt: skip


def _of_money(config: Config, catalog: Catalog) -> dict[str, Any]:
    """The settings about money, where there are any: most files have none."""
    if not any(config.values.get(key) for key in _ABOUT_MONEY):
        return {}
    from gpuspec.lint.money_settings import of_money

    return of_money(config, catalog)


def _check_assumed_gpus(
    path: str, for_all: str | None, by_file: Iterable[tuple[str, str]], catalog: Catalog
) -> None:
    """UserError `bad-config` for a GPU that nobody knows."""
    said = {f"per-file-assume-gpu.{glob!r}": gpu for glob, gpu in by_file}
    if for_all is not None:
        said["assume-gpu"] = for_all
    for where, gpu in said.items():
        from gpuspec.planning.assumed_gpu import check_assumed_gpu

        try:
            check_assumed_gpu(gpu, catalog, said_by=where)
        except UserError as error:
            raise bad_config(path, error.message, error.hint) from None


def _local(
    path: str, names: tuple[str, ...], registry: Registry, allowed: bool
) -> tuple[Registry | None, tuple[str, ...]]:
    """(rules of the local files, files that nobody allowed to be run)."""
    if not names:
        return None, ()
    from gpuspec.lint import local_rules

    files = local_rules.paths(path, names)
    if allowed or local_rules.trusted(path):
        return local_rules.read(files, registry), ()
    return None, files


def _with_local_rules(registry: Registry, local: Registry | None, refused: tuple[str, ...]) -> Registry:
    """The rules that a config may name. Files that were not run may hold any: then no name is refused as unknown."""
    unseen = tuple(Problem(f"local rules {path}", "not run") for path in refused)
    rules, problems = (local.rules, local.problems) if local else ((), ())
    return Registry((*registry.rules, *rules), (*registry.problems, *problems, *unseen))


def _rule_options(path: str, given: Mapping[str, Any], registry: Registry) -> dict[str, dict[str, Any]]:
    from gpuspec.lint.rule_options import rule_options

    return rule_options(path, given, registry)


def _check_plugins(path: str, wanted: Iterable[str], registry: Registry) -> None:
    missing = [name for name in wanted if name not in registry.plugins]
    if missing and not registry.problems:
        installed = ", ".join(registry.plugins) or "none"
        hint = f"pip install {missing[0]} (installed plugins: {installed})."
        raise UserError(
            "missing-plugin", f"{path} asks for the plugin {missing[0]!r}, which is not there", hint
        )


def _check_source(source: str | None, catalog: Catalog) -> None:
    if source is not None:
        catalog.offers(source)


def _unpriced(clouds: Iterable[str], source: str | None, catalog: Catalog) -> "Iterator[Unpriced]":
    if clouds:
        from gpuspec.planning.places import unpriced_clouds
        from gpuspec.planning.price_lists import price_book

        yield from unpriced_clouds(clouds, price_book(catalog, source))


def _check_overrides(overrides: Overrides, registry: Registry, catalog: Catalog) -> None:
    per_file = [rules for _, rules in overrides.per_file_ignores]
    flags = ("--select", "--ignore", "--extend-select", *("--per-file-ignores" for _ in per_file))
    for flag, selectors in zip(
        flags, (overrides.select, overrides.ignore, overrides.extend_select, *per_file), strict=True
    ):
        if selectors:
            registry.check(selectors, flag)
    _check_source(overrides.job.prices, catalog)
    if overrides.job.assume_gpu is not None:
        from gpuspec.planning.assumed_gpu import check_assumed_gpu

        check_assumed_gpu(overrides.job.assume_gpu, catalog, said_by="--assume-gpu")


def _check_clouds(overrides: Overrides, source: str | None, catalog: Catalog) -> None:
    """UserError for a `--cloud` that nobody knows, or that the price source has no prices of."""
    for each in _unpriced(overrides.job.clouds, source, catalog):
        code = "no-prices" if each.known else "unknown-cloud"
        raise UserError(code, f"--cloud: {each.message}", f"{each.advice}.")
