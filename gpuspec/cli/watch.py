"""`gpuspec lint --watch`: lint again whenever a file or a setting changes, until Ctrl-C."""

from __future__ import annotations

import os
import sys
import time

from gpuspec.catalog.model import MODELS_FILE
from gpuspec.cli.exit_status import complain
from gpuspec.cli.run_lint import LintRequest, lint
from gpuspec.errors import UserError
from gpuspec.lint.config_file import NAMES
from gpuspec.lint.registry import Registry
from gpuspec.report.summary import plural
from gpuspec.rules import collect

EVERY = 0.3
"""Seconds between two looks; where a look takes long, ten times as long as it took."""

State = dict[str, tuple[int, int]]


def watch(request: LintRequest) -> int:
    """Lint now and after every change. Ctrl-C is how it ends, so the exit status is then 0."""
    if "-" in request.paths or request.write_baseline is not None:
        what = "standard input" if "-" in request.paths else "--write-baseline"
        hint = "name the files, or leave --watch out."
        raise UserError("cannot-watch", f"--watch cannot go with {what}", hint)
    registry, files = collect(), list(request.paths)
    extended: set[str] = set()
    request.configs(registry)  # what is wrong for good is told now
    try:
        while True:
            files, before = _look(request, registry, files, extended)
            _run(request)
            _, after = _look(request, registry, files, extended)
            if request.fix:
                before = after  # what was just fixed is not news
            sys.stderr.write(f"watching {plural(len(files), 'file')}; Ctrl-C ends it\n")
            sys.stderr.flush()
            while after == before:
                start = time.monotonic()
                _, after = _look(request, registry, files, extended)
                time.sleep(max(EVERY, 10 * (time.monotonic() - start)))
    except KeyboardInterrupt:
        sys.stderr.write("\n")
        return 0


def _run(request: LintRequest) -> None:
    if sys.stdout.isatty() and request.output is None:
        sys.stdout.write("\x1b[2J\x1b[3J\x1b[H")
        sys.stdout.flush()
    try:
        lint(request)
    except UserError as error:
        complain(error)


def _look(
    request: LintRequest, registry: Registry, known: list[str], extended: set[str]
) -> tuple[list[str], State]:
    """(the files meant, when each of them and of the settings in force was changed). With settings that cannot be
    read, the files are those known before; those that settings extend are added to `extended`."""
    try:
        configs = request.configs(registry)
        files = list(request.files(configs, []))
        extended |= configs.extended()
    except UserError:
        files = known
    return files, {path: _changed(path) for path in (*files, *_settings(request, files), *sorted(extended))}


def _settings(request: LintRequest, files: list[str]) -> list[str]:
    """The config files that may speak for some files, and those of models, whether they are there or not."""
    if request.config or request.isolated:
        beside = os.path.join(os.path.dirname(request.config), MODELS_FILE) if request.config else None
        return [request.config, beside] if request.config and beside and not request.isolated else []
    folders: set[str] = set()
    for path in (*files, *request.paths):
        folder = os.path.abspath(path)
        while folder not in folders:
            folders.add(folder)
            folder = os.path.dirname(folder)
    return [os.path.join(folder, name) for folder in sorted(folders) for name in (*NAMES, MODELS_FILE)]


def _changed(path: str) -> tuple[int, int]:
    try:
        state = os.stat(path)
    except OSError:
        return (0, 0)
    return (state.st_mtime_ns, state.st_size)
