"""Every outcome of a command as an exit status, told on standard error. Without click, so that lint starts fast."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable

from gpuspec.errors import UserError
from gpuspec.printable import LONGEST_PATH, one_line, short


def exit_status(run: Callable[[], int], again: str, *, debug: bool = False) -> int:
    """What `run` returns, or the status of what it raises. `again` says how to run it with a traceback; with `debug`
    it is shown now."""
    try:
        return run()
    except UserError as error:
        complain(error)
        return error.status
    except KeyboardInterrupt:
        tell("gpuspec: interrupted")
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except Exception as error:
        known = _of_the_machine(error)
        if known:
            complain(known)
            return known.status
        if debug:
            from traceback import format_exception

            for line in "".join(format_exception(error)).rstrip().split("\n"):
                tell(line)  # it quotes what was read, too
            return 3
        tell(f"gpuspec: internal error: {type(error).__name__}: {error}")
        tell(f"  → run {again} and report it: this is our fault, not yours")
        return 3


def _of_the_machine(error: Exception) -> UserError | None:
    """What is wrong with the machine, and not with us."""
    if isinstance(error, FileNotFoundError) and _folder_is_gone():
        wrong = "the folder this was started in does not exist any more"
        return UserError("no-such-file", wrong, "`cd` to one that is there.")
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return UserError(
            "disk-full", f"nothing more can be written: {error}", "make room, or write elsewhere"
        )
    return None


def _folder_is_gone() -> bool:
    try:
        os.getcwd()
    except FileNotFoundError:
        return True
    return False


def complain(error: UserError) -> None:
    """Tell a person what was wrong and what to do."""
    tell(f"gpuspec: error[{error.code}]: {short(error.message, LONGEST_PATH)}")
    if error.hint:
        tell(f"  → {short(error.hint, LONGEST_PATH)}")


def tell(line: str) -> None:
    """A line on standard error; whatever it quotes, it stays one line."""
    print(one_line(line), file=sys.stderr, flush=True)
