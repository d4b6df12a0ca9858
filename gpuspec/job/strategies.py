"""Download strategies: names that `downloads` entries may use, and those that plugins bring."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from gpuspec.named_tuple import NamedTuple

BUILT_IN = ("hf", "http", "https", "s3", "gs", "git", "git-lfs", "civitai", "script")
"""Names of our own, as the schema lists them."""

HOOK = "gpuspec_download_strategies"


class DownloadStrategy(NamedTuple):
    """How entries of one strategy are fetched: `script` is run by bash on the machine, in the job's workspace, and
    fails with its exit status; its last lines are then shown.

    It finds the entry in its environment: $GPUSPEC_SOURCE and $GPUSPEC_REVISION as written, $GPUSPEC_TARGET as an
    absolute path inside the workspace (the workspace itself where there is no target), $GPUSPEC_ALLOW and
    $GPUSPEC_IGNORE with a pattern on each line; the job's secrets are there, too. The entry's `timeout` ends it, its
    `sha256` is compared afterwards. What was fetched stays until its target is gone or the entry changes; with
    `again` the script runs each time, for a tool that itself moves only what changed."""

    script: str
    again: bool = False


def gpuspec_download_strategies() -> dict[str, DownloadStrategy]:
    """Our own that are nothing but a command, through the hook that any plugin's come through; the others know their
    files beforehand, and fetch them in parallel (launch/on_machine/downloader/)."""
    return {"script": DownloadStrategy('exec "$BASH" -c "$GPUSPEC_SOURCE"')}


def strategies() -> Mapping[str, DownloadStrategy]:
    """Name → strategy: `script`, and what plugins bring. A name that is taken is refused."""
    from gpuspec.plugin.merge import merged

    return merged(HOOK, gpuspec_download_strategies(), fault, what="strategy", reserved=BUILT_IN)


def names() -> tuple[str, ...]:
    """Every strategy there is: our own, then those of plugins."""
    return tuple(dict.fromkeys((*BUILT_IN, *strategies())))


def fault(name: Any, strategy: Any) -> str | None:
    """What is wrong with one entry; None if nothing."""
    if not isinstance(name, str) or not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name):
        return f"{name!r:.60} is no name of a strategy: small letters, digits and hyphens"
    if not isinstance(strategy, DownloadStrategy):
        return f"{name!r} gave {strategy!r:.60}, which is no DownloadStrategy"
    if not isinstance(strategy.script, str) or not strategy.script.strip() or "\0" in strategy.script:
        return f"{name!r}: its script is {strategy.script!r:.60}, not the text of one"
    return None


def as_built_in(document: Any) -> Any:
    """The document with the strategies of plugins replaced by one of ours, for the generated check, which knows no
    others. The document itself where it uses none."""
    foreign = [
        (field, index)
        for field in ("downloads", "download")
        for index, entry in enumerate(_list(document, field))
        if isinstance(entry, dict) and isinstance(name := entry.get("strategy"), str) and name not in BUILT_IN
    ]
    known = strategies() if foreign else {}
    replaced = document
    for field, index in foreign:
        entry = document[field][index]
        if entry["strategy"] in known:
            if replaced is document:
                replaced = {**document, **{name: list(_list(document, name)) for name, _ in foreign}}
            replaced[field][index] = {**entry, "strategy": "script"}
    return replaced


def _list(document: Any, field: str) -> list[Any]:
    value = document.get(field) if isinstance(document, dict) else None
    return value if isinstance(value, list) else []
