"""Where `gpuspec lint` may write its report or a baseline."""

from __future__ import annotations

import os
from collections.abc import Iterable

from gpuspec.errors import UserError
from gpuspec.formats import Source, known_by_name, recognised
from gpuspec.lint.config_file import NAMES
from gpuspec.lint.files import read_file
from gpuspec.lint.script import script_kind


def require_no_input(option: str, path: str, linted: Iterable[str]) -> None:
    """UserError where an option's file is what lint reads: its own FILE was forgotten, and a spec would be lost. An
    old report or baseline is written over, and so is any other file."""
    if not os.path.isfile(path) or not os.path.getsize(path):
        return
    what = _what(path, linted)
    if what:
        raise UserError(
            "would-overwrite",
            f"{option} {path} would replace {what}",
            f"give {option} a file of its own: gpuspec lint {option} FILE {path}",
        )


def _what(path: str, linted: Iterable[str]) -> str | None:
    if any(os.path.exists(each) and os.path.samefile(each, path) for each in linted):
        return "a file that is linted"
    name = os.path.basename(path)
    if name in NAMES:
        return "settings"
    if script_kind(path):
        return "a script"
    try:
        is_job = known_by_name(name) or recognised(Source(path, read_file(path))) is not None
    except UserError:
        return None  # it cannot be read, so it is no spec of anybody's
    return "a job spec" if is_job else None
