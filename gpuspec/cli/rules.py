"""`gpuspec rules`."""

from __future__ import annotations

import os
from typing import Any

import click

from gpuspec import rules
from gpuspec.cli.options import format_option
from gpuspec.cli.output import say_document
from gpuspec.cli.run_lint import write
from gpuspec.json_text import json_text
from gpuspec.lint.deferred import loaded
from gpuspec.lint.one_file import page_url
from gpuspec.lint.page import markdown, page
from gpuspec.lint.registry import Registered, Registry
from gpuspec.printable import one_line
from gpuspec.rules import collect


@click.command("rules")
@format_option("text", "json", "markdown")
@click.option("--docs", metavar="DIR", help="Write one page a rule, and an index, into DIR.")
def command(format_: str, docs: str | None) -> int:
    """All rules: gpuspec's and those of installed plugins."""
    registry = collect()
    if docs:
        write_docs(registry, docs)
    else:
        say_document({"text": _text, "json": _json, "markdown": _markdown}[format_](registry))
    return 0


def write_docs(registry: Registry, folder: str) -> None:
    """One Markdown page for each built-in rule and `index.md`, which ends with how often each was right: a page that
    `python -m benchmarks.judgement --write` keeps beside the rules."""
    os.makedirs(folder, exist_ok=True)
    own = Registry(tuple(entry for entry in registry.rules if entry.plugin == "gpuspec"), ())
    for entry in own.rules:
        write(markdown(loaded(entry.rule)), os.path.join(folder, f"{entry.rule.code}-{entry.rule.name}.md"))
    with open(os.path.join(os.path.dirname(rules.__file__), "judged.md"), encoding="utf-8") as judged:
        write(f"{_markdown(own, links=True)}\n{judged.read()}", os.path.join(folder, "index.md"))


def _text(registry: Registry) -> str:
    wide = max(len(entry.rule.name) for entry in registry.rules)
    lines = []
    for entry in registry.rules:
        notes = " ".join(f"[{note}]" for note in _notes(entry))
        rule = loaded(entry.rule)
        line = f"{rule.code:<6} {rule.name:<{wide}}  {rule.severity:<7}  {page(rule).title} {notes}"
        lines.append(one_line(line.rstrip()) + "\n")
    return "".join(lines)


def _notes(entry: Registered) -> list[str]:
    rule = loaded(entry.rule)
    notes = ["preview"] if rule.preview else []
    notes += ["fix"] if rule.fixable != "never" else []
    return notes + ([f"plugin {entry.plugin}"] if entry.plugin != "gpuspec" else [])


def _json(registry: Registry) -> str:
    return json_text([_object(entry) for entry in registry.rules])


def _object(entry: Registered) -> dict[str, Any]:
    rule = loaded(entry.rule)
    return {
        "code": rule.code,
        "name": rule.name,
        "summary": page(rule).title,
        "severity": rule.severity,
        "confidence": rule.confidence,
        "preview": rule.preview,
        "fixable": rule.fixable,
        "plugin": entry.plugin,
        "options": [
            {
                "name": option.name,
                "type": option.type.__name__,
                "default": option.default,
                "minimum": option.minimum,
                "maximum": option.maximum,
                "help": option.help,
            }
            for option in rule.options
        ],
        "doc": rule.url or (page_url(rule) if entry.plugin == "gpuspec" else None),
    }


def _markdown(registry: Registry, links: bool = False) -> str:
    lines = ["# Rules", "", "| code | name | what it finds | severity | fix |", "|---|---|---|---|---|"]
    for entry in registry.rules:
        rule = loaded(entry.rule)
        code = f"[{rule.code}]({rule.code}-{rule.name}.md)" if links else rule.code
        preview = " (preview)" if rule.preview else ""
        title = page(rule).title.replace("|", "\\|")
        lines.append(
            one_line(f"| {code} | {rule.name}{preview} | {title} | {rule.severity} | {rule.fixable} |")
        )
    return "\n".join(lines) + "\n"
