"""Findings and plans for people and for machines: one module per format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gpuspec.lint.result import Report

FORMATS = ("text", "concise", "json", "sarif", "github", "gitlab", "junit", "markdown")


def render(
    name: str, report: Report, terminal: tuple[bool, int | None] = (False, None), *, statistics: bool = False
) -> str:
    """A report in a format of FORMATS, or of a plugin. `terminal` is (colour?, columns), for text only."""
    if statistics:
        from gpuspec.report.statistics import render as table

        return table(report, as_json=name == "json")
    if name == "text":
        from gpuspec.report.text import Style
        from gpuspec.report.text import render as text

        colour, columns = terminal
        return text(report, Style(colour=colour, columns=columns))
    return reporters()[name](report)


def _render_own(name: str, report: Report) -> str:
    """A report in a format whose module needs nothing else; it is imported when it is used."""
    from importlib import import_module

    return str(import_module(f"gpuspec.report.{name}").render(report))


def reporters() -> Mapping[str, Callable[[Report], str]]:
    """Format → what renders it: gpuspec's own, then those of plugins; a name that is taken is refused."""
    from gpuspec.plugin.merge import merged

    def fault(name: Any, render_report: Any) -> str | None:
        known = isinstance(name, str) and callable(render_report)
        return None if known else f"{name!r} is no name with a function"

    own: dict[str, Callable[[Report], str]] = {
        name: partial(_render_own, name) for name in FORMATS if name != "text"
    }
    return merged("gpuspec_reporters", own, fault, what="format", reserved=("text",), keep=_guarded)


def _guarded(plugin: str, name: str, render_report: Callable[[Report], str]) -> Callable[[Report], str]:
    def run(report: Report) -> str:
        from gpuspec.errors import UserError
        from gpuspec.plugin.load import said

        try:
            text = render_report(report)
            if not isinstance(text, str):
                raise TypeError(f"gave {type(text).__name__}, not text")
            return text
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            wrong = f"the format {name!r} of plugin {plugin} failed: {said(error)}"
            hint = "take another --format, and tell the plugin's author."
            raise UserError("plugin-format", wrong, hint, status=3) from None

    return run
