"""The settings about money, checked: agreed prices, budgets, who is told of them, reserved capacity, and
how much of a month jobs run, and whose they are."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from gpuspec.catalog.agreed import AgreedPrices
from gpuspec.catalog.catalog import Catalog
from gpuspec.lint.config_file import Config, bad_config
from gpuspec.planning.reserved import ReservedGpus


def of_money(config: Config, catalog: Catalog) -> dict[str, Any]:
    """Fields of `Settings`, by name. Raises UserError `bad-config`."""
    return {
        "agreed": _agreed(config.path or "", config.values, catalog),
        "reserved": _reserved(config, catalog),
        **_budget(config),
        **_notify(config),
        **_of_files(config),
    }


def _budget(config: Config) -> dict[str, Any]:
    """`budget`, checked, and the file that it stands in."""
    if not config.values.get("budget"):
        return {}
    from gpuspec.lint.budget_config import check_budget

    path = config.said_by("budget")[-1]
    check_budget(path, config.values["budget"])
    return {"budget": config.values["budget"], "budget_file": os.path.abspath(path)}


def _notify(config: Config) -> dict[str, Any]:
    """`notify`, checked, and the file that it stands in."""
    if not config.values.get("notify"):
        return {}
    from gpuspec.lint.notify_config import check_notify

    path = config.said_by("notify")[-1]
    check_notify(path, config.values["notify"])
    return {"notify": config.values["notify"], "notify_file": os.path.abspath(path)}


def _of_files(config: Config) -> dict[str, Any]:
    """`per-file-usage` and `per-file-labels`, checked."""
    if not (config.values.get("per-file-usage") or config.values.get("per-file-labels")):
        return {}
    from gpuspec.lint.usage_config import of_files

    return of_files(config.path or "", config.values)


def _reserved(config: Config, catalog: Catalog) -> tuple[ReservedGpus, ...]:
    """`reserved`, in the names of the catalogue."""
    if not config.values.get("reserved"):
        return ()
    from gpuspec.lint.reserved_config import reserved_gpus

    return reserved_gpus(config.said_by("reserved")[-1], config.values["reserved"], catalog)


_BY_CLOUD = ("discounts", "committed")
"""Settings that are tables, one entry a cloud."""


def _agreed(path: str, values: Mapping[str, Any], catalog: Catalog) -> AgreedPrices:
    """`discounts` and `committed`, in the names of the catalogue. Raises UserError for a cloud that is named twice
    and for a GPU that nobody knows."""
    tables: dict[str, dict[str, Any]] = {}
    for key in _BY_CLOUD:
        written = values.get(key, {})
        tables[key] = {cloud.strip().lower(): value for cloud, value in written.items()}
        if len(tables[key]) < len(written):
            raise bad_config(path, f"{key}: a cloud is named twice", "the case of letters does not matter.")
    rates: dict[tuple[str, str], float] = {}
    for cloud, gpus in tables["committed"].items():
        for written, rate in gpus.items():
            match = catalog.resolve_gpu(written)
            if not match.accepts:
                hint = f"did you mean {match.suggestions[0]!r}?" if match.suggestions else None
                hint = hint or "`gpuspec gpus` lists them."
                raise bad_config(path, f"committed.{cloud}: no GPU is called {written!r}", hint)
            for gpu in match.accepts:
                if rates.setdefault((cloud, gpu), float(rate)) != float(rate):
                    two = f"{gpu} has two prices, one of them by {written!r}"
                    raise bad_config(path, f"committed.{cloud}: {two}", "name each GPU once.")
    return AgreedPrices(
        discounts=tuple((cloud, float(share)) for cloud, share in tables["discounts"].items()),
        committed=tuple((cloud, gpu, rate) for (cloud, gpu), rate in rates.items()),
        origin=os.path.basename(path),
    )
