"""One text is walked once, however many ask for its commands."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from gpuspec.commands.shell import walk
from gpuspec.commands.shell.script import Script


def parse(
    text: str, env: Mapping[str, str | None] | None = None, arguments: tuple[str, ...] | None = None
) -> Script:
    """Read a script; see `walk.parse`. The same question again is answered from memory."""
    return _parse(text, tuple((env or {}).items()), arguments)


@lru_cache(maxsize=32)  # the Workload and the rules ask about the few texts of one spec, one after the other
def _parse(text: str, env: tuple[tuple[str, str | None], ...], arguments: tuple[str, ...] | None) -> Script:
    return walk.parse(text, dict(env), arguments)
