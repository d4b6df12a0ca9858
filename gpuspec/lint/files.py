"""From paths to a Report: what the command line and the tests call."""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator

from gpuspec.commands.shell.again import each_read_once
from gpuspec.errors import UserError
from gpuspec.lint.result import Located
from gpuspec.lint.runner import Linter
from gpuspec.lint.settings import Settings
from gpuspec.text import MAX_BYTES
from gpuspec.untrusted_file import read_file as read_untrusted


def expand(
    paths: Iterable[str],
    settings_for: Callable[[str], Settings],
    errors: list[UserError],
    *,
    scripts: bool | None = None,
    force_exclude: bool = False,
) -> Iterator[str]:
    """The files meant by paths, each once; what cannot be read goes to `errors`.

    A file named by a person is looked at even where `exclude` means it, unless `force_exclude`.
    `scripts`: whether scripts in folders are meant, too; None where the command has nothing to say of scripts.
    """
    seen: set[str] = set()
    for path in paths:
        for file in _below(path, settings_for, errors, scripts=scripts, force_exclude=force_exclude):
            if file not in seen:
                seen.add(file)
                yield file


def _below(
    path: str,
    settings_for: Callable[[str], Settings],
    errors: list[UserError],
    *,
    scripts: bool | None,
    force_exclude: bool,
) -> Iterator[str]:
    try:
        is_folder = path != "-" and stat.S_ISDIR(os.stat(path).st_mode)
    except OSError as error:
        errors.append(_unreadable(path, error))
        return
    if not (is_folder or force_exclude):
        yield path
        return
    from gpuspec.lint.discover import excluded, walk

    if not is_folder:
        if not excluded(path, settings_for(path)):
            yield path
        return
    empty = True
    unread: list[OSError] = []
    for file in walk(path, settings_for(path), scripts=bool(scripts), unread=unread):
        empty = False
        yield file
    errors += (_unreadable(error.filename, error) for error in unread)
    if empty and not unread:
        hint = (
            "specs are called gpu.jsonc, job.jsonc, NAME.gpu.jsonc or NAME.job.jsonc, other job files are found by "
            "what they hold where they ask for a GPU; or name the file."
            + (" `--scripts` looks at scripts that launch machines, too." if scripts is False else "")
        )
        if os.path.exists(os.path.join(path, "Chart.yaml")):
            hint = f"it is a Helm chart: `helm template {path} | gpuspec lint -`"
        errors.append(UserError("no-specs", f"{path} holds no job that asks for a GPU", hint))


def read_file(path: str) -> bytes:
    """The bytes of a file; raises UserError where it cannot be a spec or script."""
    try:
        return read_untrusted(path, MAX_BYTES)
    except OSError as error:
        raise _unreadable(path, error) from None


def read_stdin() -> bytes:
    """The bytes of standard input; raises UserError where they cannot be a spec or script."""
    data = sys.stdin.buffer.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise _too_large("standard input")
    return data


def check_binary(path: str, data: bytes) -> None:
    """Raise UserError `binary-file` for what is no text."""
    if b"\0" in data[:8192]:
        raise UserError("binary-file", f"{path} is not a text file", "name the job spec (JSONC) or a script.")


def lint_data(
    linter: Linter, path: str, data: bytes, settings: Settings, *, on_disk: bool = True
) -> list[Located]:
    """Findings for one file's bytes, as in `Linter.found_in`, with the fixes that hold when they are judged."""
    check_binary(path, data)
    with each_read_once():
        found = linter.found_in(path, data, settings, on_disk=on_disk)
        if any(located.finding.fix for located in found):
            from gpuspec.lint.judged_fix import offered

            return offered(linter, path, data, settings, found, on_disk=on_disk)
        return found


def _unreadable(path: str, error: OSError) -> UserError:
    if isinstance(error, FileNotFoundError):
        return UserError("no-such-file", f"{path} does not exist", "check the path.")
    if error.errno == errno.EFBIG:
        return _too_large(path)
    hint = "check its permissions." if isinstance(error, PermissionError) else None
    return UserError("unreadable-file", f"{path} cannot be read: {error.strerror}", hint)


def _too_large(name: str) -> UserError:
    limit = f"{name} is larger than {MAX_BYTES >> 20} MiB"
    return UserError("file-too-large", limit, "a job spec is a few kilobytes.")
