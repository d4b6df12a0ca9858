"""The settings `per-file-usage` and `per-file-labels`, checked, and what of them means one file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gpuspec.lint.config_file import MOST_ENTRIES, bad_config, near, number_in, said, type_in_words
from gpuspec.lint.globs import glob_matches, relative
from gpuspec.planning.case import JobSettings

USAGE = {"hours_per_month": 744.0, "runs_per_month": 100_000.0, "hours_per_run": 87_600.0, "machines": 1e6}
"""Word → the most that it may be. A month has 744 hours at most; a run of ten years is `budget.max_hours`' limit."""
LONGEST_LABEL = 200


def of_files(path: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of `Settings` for both settings, checked."""
    usage, labels = values.get("per-file-usage", {}), values.get("per-file-labels", {})
    check_usage(path, usage)
    check_labels(path, labels)
    return {"usage": tuple(usage.items()), "labels": tuple(labels.items())}


def check_usage(path: str, by_glob: Mapping[str, Any]) -> None:
    """UserError `bad-config` where `per-file-usage` is not glob → {hours_per_month = 200, …}."""
    for glob, usage in by_glob.items():
        where = f"per-file-usage.{glob!r}"
        if not isinstance(usage, dict):
            hint = '"jobs/*.jsonc" = { runs_per_month = 20, hours_per_run = 1.5 }'
            raise bad_config(path, f"{where} must be a table, not {type_in_words(type(usage))}", hint)
        for word, value in usage.items():
            if word not in USAGE:
                known = near(word.replace("-", "_"), USAGE) or f"{', '.join(USAGE)} are."
                raise bad_config(path, f"{where}: there is no {word[:100]!r}", known)
            if not 0 <= number_in(path, f"{where}.{word}", value) <= USAGE[word]:
                allowed = f"must be at least 0 and at most {USAGE[word]:,.0f}"
                raise bad_config(path, f"{where}.{word} = {said(value)} {allowed}")
        if "hours_per_month" in usage and "runs_per_month" in usage:
            both = f"{where} says hours_per_month and runs_per_month"
            raise bad_config(path, both, "say one: of runs, hours_per_run says how long each takes.")


def check_labels(path: str, by_glob: Mapping[str, Any]) -> None:
    """UserError `bad-config` where `per-file-labels` is not glob → {team = "search", …}."""
    for glob, labels in by_glob.items():
        where = f"per-file-labels.{glob!r}"
        if not isinstance(labels, dict):
            hint = '"search/**" = { team = "search" }'
            raise bad_config(path, f"{where} must be a table, not {type_in_words(type(labels))}", hint)
        if len(labels) > MOST_ENTRIES:
            raise bad_config(path, f"{where} has more than {MOST_ENTRIES:,} entries")
        for key, value in labels.items():
            if not isinstance(value, str):
                kind = type_in_words(type(value))
                raise bad_config(path, f"{where}.{key} must be a string, not {kind}")
            if not 0 < len(value) <= LONGEST_LABEL or not 0 < len(key) <= LONGEST_LABEL:
                raise bad_config(path, f"{where}: a label has 1 to {LONGEST_LABEL} characters")


def of_file(
    job: JobSettings,
    path: str,
    root: str,
    *,
    usage: tuple[tuple[str, Mapping[str, float]], ...],
    labels: tuple[tuple[str, Mapping[str, str]], ...],
) -> JobSettings:
    """The settings about jobs, with what the globs say that mean one file: the first of `usage`, and each label as
    the first has it that says one."""
    inner = relative(path, root)
    meant: dict[str, str] = {}
    for glob, said_of_it in labels:
        if glob_matches(inner, glob):
            meant = {**said_of_it, **meant}
    used = next((said_of_it for glob, said_of_it in usage if glob_matches(inner, glob)), None) or {}
    return job._replace(usage=tuple(used.items()), labels=tuple(meant.items()))
