"""`gpuspec plugins`."""

from __future__ import annotations

from typing import Any

import click

from gpuspec.cli.columns import aligned
from gpuspec.cli.options import format_option
from gpuspec.cli.output import say, say_document
from gpuspec.json_text import json_text
from gpuspec.plugin.load import Plugin, plugins


@click.command("plugins")
@click.option("--time", "spec", metavar="FILE", help="Lint FILE and show how long each plugin's rules took.")
@format_option("text", "json")
def command(spec: str | None, format_: str) -> int:
    """Plugins that are installed: what each brings, from where, and what it costs.

    `import ms` is what loading took just now, `hooks ms` what its hooks took, each of which is called here. A plugin
    that cannot be used is named below the table.
    """
    spent = _spent(spec) if spec else None
    installed = plugins()
    rows = [_row(plugin, spent) for plugin in installed.loaded]
    installed.told.clear()  # all of them are named below the table
    if format_ == "json":
        broken = [{"name": fault.plugin, "message": fault.message} for fault in installed.broken]
        say_document(json_text({"plugins": rows, "broken": broken}))
    else:
        say(*(_table(rows, timed=spec is not None) if rows else ["no plugins are installed"]))
    return 0


def _row(plugin: Plugin, spent: dict[str, float] | None) -> dict[str, Any]:
    hooks = plugins().hooks_of(plugin)
    brings = {hook: _names(plugin, hook) for hook in hooks}
    row: dict[str, Any] = {
        "name": plugin.name,
        "version": plugin.version,
        "hooks": hooks,
        "rules": brings.get("gpuspec_rules", []),
        "brings": brings,
        "where": plugin.where,
        "import_ms": round(plugin.import_ms, 2),
        "hooks_ms": round(plugins().spent.get(plugin.name, 0.0) * 1000, 2),
    }
    if spent is not None:
        row["run_ms"] = round(spent.get(plugin.name, 0.0) * 1000, 2)
    return row


_ONE = {
    "gpuspec_rules": ("", "code"),
    "gpuspec_gpus": ("GPU", "name"),
    "gpuspec_models": ("model", "id"),
    "gpuspec_offers": ("price source", "name"),
    "gpuspec_reporters": ("format", ""),
    "gpuspec_launchers": ("launcher", ""),
    "gpuspec_download_strategies": ("download strategy", ""),
    "gpuspec_workload_readers": ("program", ""),
    "gpuspec_engines": ("engine", "name"),
}
"""hook → (what one of its things is called, the field that holds its name; "" where the answer names them)."""


def _names(plugin: Plugin, hook: str) -> list[str]:
    """The names of what a plugin's hook gives."""
    answer = dict(plugins().ask(hook)).get(plugin.name)
    found = []
    for item in answer if isinstance(answer, (dict, list, tuple)) else ():
        field = _ONE[hook][1]
        if type(item) is tuple:  # the words of a command; a source with its offers
            item = item[0] if field and item else " ".join(map(str, item))
        found.append(str(getattr(item, field, "?") if field else item))
    return found


def _brought(row: dict[str, Any]) -> str:
    """What a plugin brings, in a few words: "ACME101, fleet (launcher), 12 GPUs"."""
    parts = []
    for hook, names in row["brings"].items():
        kind = _ONE[hook][0]
        if kind and len(names) > 3:
            several = f"{kind[:-1]}ies" if kind.endswith("y") else f"{kind}s"
            parts.append(f"{len(names)} {several}")
        else:
            parts += [f"{name} ({kind})" if kind else name for name in names]
    return ", ".join(parts) or "nothing"


def _spent(path: str) -> dict[str, float]:
    """Seconds that the rules of each plugin take for one file."""
    from gpuspec.lint.config import Configs
    from gpuspec.lint.files import lint_data, read_file
    from gpuspec.lint.runner import Linter
    from gpuspec.rules import collect

    registry = collect()
    linter = Linter(registry)
    lint_data(linter, path, read_file(path), Configs(registry).settings_for(path))
    spent: dict[str, float] = {}
    for entry in registry.rules:
        spent[entry.plugin] = spent.get(entry.plugin, 0.0) + linter.failures.spent.get(entry.rule.code, 0.0)
    return spent


def _table(rows: list[dict[str, Any]], *, timed: bool) -> list[str]:
    head = ["plugin", "version", "brings", "import ms", "hooks ms", *(["run ms"] if timed else []), "from"]
    lines = [head]
    for row in rows:
        times = [f"{row[key]:.2f}" for key in ("import_ms", "hooks_ms", "run_ms") if key in row]
        lines.append([row["name"], row["version"], _brought(row), *times, row["where"]])
    return aligned(lines)
