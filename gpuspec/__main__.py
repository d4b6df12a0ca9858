"""Start of every command."""

from __future__ import annotations

import gc
import os
import sys


def main() -> int:
    """Run the command line; the exit status is ruff's: 0 clean, 1 findings, 2 usage, 3 internal."""
    # Starting makes many objects that live to the end: looking for garbage among them costs 5 % of a short run.
    gc.set_threshold(50_000, 20, 20)
    arguments = sys.argv[1:]
    if arguments[:1] == ["lint"] and len(arguments) > 1 and not any(a.startswith("-") for a in arguments):
        # A commit hook calls `lint FILE…` at every commit: without options there is nothing for click
        # to parse, and importing it costs 27 of 45 ms.
        from gpuspec.cli.run_lint import lint_files

        return lint_files(arguments[1:])
    from gpuspec.cli.main import main as run

    return run(arguments)


def script() -> None:
    """The `gpuspec` command. It leaves at once: tearing down 200 modules takes as long as loading thirty."""
    _forget_working_folder()
    try:
        status = main()
    except KeyboardInterrupt:  # before there is a command that says so
        from gpuspec.cli.exit_status import tell

        tell("gpuspec: interrupted")
        status = 130
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:  # the reader of a pipe is gone
        status = 141
    if sys.argv[1:2] == ["lint"]:
        os._exit(status)
    sys.exit(status)


def _forget_working_folder() -> None:
    """Nothing of a repository that is linted is imported. `python -m` puts the working folder first on the path, and
    an empty part of PYTHONPATH puts it there, too (`PYTHONPATH=$PYTHONPATH:/mine` where none was set)."""
    try:
        here = os.getcwd()
    except OSError:  # it is gone
        return
    if here == os.path.dirname(os.path.dirname(os.path.abspath(__file__))):
        return
    added = os.environ.get("PYTHONPATH")
    if added and "" in added.split(os.pathsep) and not sys.flags.ignore_environment:
        sys.path[:] = [entry for entry in sys.path if entry != here]
    elif not getattr(sys.flags, "safe_path", False) and sys.path[:1] == [here]:
        del sys.path[0]


if __name__ == "__main__":
    script()
