"""The formats of `gpuspec diff`."""

from __future__ import annotations

from gpuspec.report.what_changed import WhatChanged

FORMATS = ("text", "markdown", "json")


def render(format: str, found: WhatChanged) -> str:
    """What changed, in one of FORMATS."""
    if format == "json":
        from gpuspec.report import diff_json

        return diff_json.render(found)
    if format == "markdown":
        from gpuspec.report import diff_markdown

        return diff_markdown.render(found)
    from gpuspec.report import diff_text

    return diff_text.render(found)
