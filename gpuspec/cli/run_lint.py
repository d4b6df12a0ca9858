"""Lint from the command line. Without click, so that `gpuspec lint FILE…` starts fast."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from typing import TYPE_CHECKING

from gpuspec.catalog import Catalog
from gpuspec.cli.exit_status import exit_status, tell
from gpuspec.cli.progress import counted
from gpuspec.errors import UserError
from gpuspec.lint.config import Configs
from gpuspec.lint.config_file import SEVERITIES
from gpuspec.lint.files import expand, lint_data, read_file, read_stdin
from gpuspec.lint.registry import Registry, late_problems
from gpuspec.lint.result import Hidden, Located, Prices, Problem, Report
from gpuspec.lint.runner import Linter
from gpuspec.lint.secrets import masked
from gpuspec.lint.settings import Overrides, Settings
from gpuspec.named_tuple import NamedTuple
from gpuspec.printable import lines, one_line
from gpuspec.rules import collect

if TYPE_CHECKING:
    from gpuspec.cli.lint_baselines import Baselines

NARROWEST = 30
"""Columns: what has fewer is no terminal that anyone reads."""


class LintRequest(NamedTuple):
    """Options of one `gpuspec lint`."""

    paths: tuple[str, ...]
    overrides: Overrides = Overrides()
    format: str = "text"
    output: str | None = None
    config: str | None = None
    isolated: bool = False
    scripts: bool = False
    force_exclude: bool = False
    ignore_unknown: bool = False
    stdin_filename: str | None = None
    fix: bool = False
    unsafe_fixes: bool = False
    diff: bool = False
    show_fixes: bool = False
    statistics: bool = False
    fix_only: bool = False
    exit_zero: bool = False
    hide_suppressed: bool = False
    baseline: str | None = None
    no_baseline: bool = False
    write_baseline: str | None = None
    """A file; empty: the one that settings name."""
    allow_local_rules: bool = False
    debug: bool = False

    def configs(self, registry: Registry) -> Configs:
        """The settings of every folder, with these options on top."""
        return Configs(
            registry,
            self.overrides,
            path=self.config,
            isolated=self.isolated,
            local_rules=self.allow_local_rules,
        )

    def files(self, configs: Configs, errors: list[UserError]) -> Iterator[str]:
        """The files that the paths mean; what cannot be read goes to `errors`."""
        return expand(
            self.paths,
            configs.settings_for,
            errors,
            scripts=self.scripts,
            force_exclude=self.force_exclude,
        )


def lint_files(paths: Sequence[str]) -> int:
    """`gpuspec lint PATH…` without options; the exit status."""
    return exit_status(lambda: lint(LintRequest(tuple(paths))), "`gpuspec --debug lint`")


def lint(request: LintRequest) -> int:
    """Lint, fix, report; the exit status is 0 clean, 1 findings, 2 unreadable input, 3 a failure of ours."""
    run = _Run(request)
    with redirect_stdout(sys.stderr):  # rules may print; standard output belongs to the report
        for path, data in counted(run.inputs(), "files"):
            try:
                run.look(path, data)
            except UserError as error:
                run.refuse(error)
    # Catalogue hooks of plugins are asked only when a rule asks for prices, GPUs or models.
    run.linter.problems.extend(p for p in late_problems() if p not in run.linter.problems)
    return run.finish()


class _Run:
    """What one run gathers on its way."""

    def __init__(self, request: LintRequest) -> None:
        self.request = request
        registry = collect()
        self.configs = request.configs(registry)
        self.linter = Linter(registry, debug=request.debug)
        self.errors: list[UserError] = []
        self.files: list[str] = []
        self.findings: list[Located] = []
        self.fixed: list[tuple[str, str]] = []
        self.diffs: list[str] = []
        self.secret = False
        """Whether a key stands in the diffs."""
        self.remarks: list[str] = []
        self.settings: dict[str, Settings] = {}
        """Of each file that was linted."""
        self.mended_input: bytes | None = None
        self.stdin_name: str | None = None
        """What standard input is called."""
        self.hidden: list[Hidden] = []
        self.baselines: Baselines | None = None
        self._wants_baseline = not request.no_baseline and request.write_baseline is None
        if self._wants_baseline and request.baseline:
            self._read_baselines()

    def inputs(self) -> Iterator[tuple[str, bytes]]:
        """(path, bytes) of everything asked for."""
        request = self.request
        for path in request.files(self.configs, self.errors):
            try:
                if path == "-":
                    path, data = self._input()
                else:
                    data = read_file(path)
            except UserError as error:
                self.errors.append(error)
                continue
            if request.ignore_unknown and not self._is_known(path, data):
                continue
            yield path, data

    def _input(self) -> tuple[str, bytes]:
        """Standard input: what to call it, and its bytes."""
        from gpuspec.lint.unknown_file import name_of_input

        data = read_stdin()
        self.stdin_name = self.request.stdin_filename or name_of_input(data)
        return self.stdin_name, data

    def _is_known(self, path: str, data: bytes) -> bool:
        from gpuspec.lint.unknown_file import holds_a_job

        return holds_a_job(path, data, self.linter.formats)

    def look(self, path: str, data: bytes) -> None:
        """Lint one file, and fix it where asked."""
        settings, request = self.configs.settings_for(path), self.request
        if self._wants_baseline and (request.baseline or settings.baseline):
            (self.baselines or self._read_baselines()).note(path, settings)
        if request.fix or request.diff:
            self.findings += self._fix(path, data, settings)
        else:
            self.findings += lint_data(self.linter, path, data, settings, on_disk=not self._is_stdin(path))
        self.settings[path] = settings
        self.files.append(path)

    def _read_baselines(self) -> "Baselines":
        from gpuspec.cli.lint_baselines import Baselines

        self.baselines = Baselines(self.request.baseline)
        return self.baselines

    def _hide(self) -> None:
        """Take out what the baselines know, and note what comments silence."""
        if self.baselines or self.linter.silenced:
            from gpuspec.cli.lint_baselines import parted

            self.findings, self.hidden = parted(self.findings, self.baselines, self.linter.silenced)

    def _failing(self) -> bool:
        """Whether a finding is as severe as the settings of its file say that lint fails."""
        bars = {path: SEVERITIES.index(settings.fail_on) for path, settings in self.settings.items()}
        return any(SEVERITIES.index(each.finding.severity) >= bars[each.path] for each in self.findings)

    def refuse(self, error: UserError) -> None:
        """Note why a file was not linted. That it is a template is no fault of anybody's."""
        if error.code == "template":
            known = any(error.hint in remark for remark in self.remarks) if error.hint else True
            self.remarks.append(error.message if known else f"{error.message}; {error.hint}")
        else:
            self.errors.append(error)

    def finish(self) -> int:
        """Write everything out; the exit status."""
        request = self.request
        if request.output:
            from gpuspec.cli.lint_output import require_no_input

            require_no_input("--output", request.output, self.files)
        self._hide()
        failing = self._failing() and not request.fix_only
        if request.write_baseline is not None:
            self._write_baselines(request.write_baseline)
            failing = False
        elif request.diff:
            text = "".join(self.diffs)
            shown = text if self._for_patch() else lines(text)
            write(shown, request.output, mode=0o600 if self.secret else None)
            failing = bool(self.diffs)
        elif self.files or not (self.errors or self.remarks) or request.format != "text":
            # else "clean: 0 files" would mislead
            if self.mended_input is not None:
                sys.stdout.buffer.write(self.mended_input)
            _report(request, self.report(), to_stderr=self.mended_input is not None)
        if self.linter.problems or self.errors or self.linter.without_jobs:
            from gpuspec.cli.lint_failures import idle_note, tell_errors

            tell_errors(self.linter.problems, self.errors)
            if request.format == "text" and not request.fix_only:
                self.remarks += idle_note(tuple(self.linter.without_jobs))
        for note in (*self.remarks, *self.configs.notes()):
            tell(f"gpuspec: note: {note}")
        if self.linter.problems:
            return 3
        return 2 if self.errors else int(failing and not request.exit_zero)

    def _write_baselines(self, named: str) -> None:
        from gpuspec.cli.lint_baselines import written
        from gpuspec.cli.lint_output import require_no_input

        if named:
            require_no_input("--write-baseline", named, self.files)
        for path, text, said in written(named, self.settings, self.findings, self._rules()):
            require_no_input("--write-baseline", path, self.files)
            write(text, path)
            sys.stdout.write(one_line(said) + "\n")

    def _rules(self) -> set[str]:
        """Codes of the rules that were asked."""
        active = map(self.linter.active, self.settings.values())
        return {entry.rule.code for each in active for entry in each}

    def report(self) -> Report:
        """What there is to report."""
        from collections import Counter

        first = self.files[0] if self.files else "."
        money = next((found for found in self.findings if found.finding.saving), None)
        prices = None
        if money or self.request.format != "text":
            settings = self.configs.settings_for(money.path if money else first)
            prices = prices_of(self.linter.catalog, settings.prices)
        searched = any(os.path.isdir(path) for path in self.request.paths)
        return Report(
            files=tuple(self.files),
            findings=tuple(self.findings),
            problems=tuple(self.linter.problems),
            prices=prices,
            fixed=tuple((path, title, number) for (path, title), number in Counter(self.fixed).items()),
            stale=self.baselines.stale(self._rules(), searched=searched) if self.baselines else (),
            hidden=tuple(self.hidden),
            baselines=self.baselines.paths if self.baselines else (),
            tells_hidden=not self.request.hide_suppressed,
        )

    def _is_stdin(self, path: str) -> bool:
        return path == self.stdin_name

    def _fix(self, path: str, data: bytes, settings: Settings) -> list[Located]:
        from gpuspec.lint import fixing

        on_disk = not self._is_stdin(path)
        unsafe = self.request.unsafe_fixes
        done = fixing.fix_data(self.linter, path, data, settings, unsafe=unsafe, on_disk=on_disk)
        if done.more:
            self.remarks.append(
                f"{path} has more to fix than is fixed at once; run the command again for the rest"
            )
        if done.data != data and not self.request.diff and not self._read_twice(path, done.data):
            self.mended_input = None if on_disk else data
            return lint_data(self.linter, path, data, settings, on_disk=on_disk)
        if self.request.diff:
            if done.data != data:
                self.diffs.append(self._difference(path, data, done.data))
        elif not on_disk:
            self.mended_input = done.data
        elif done.data != data:
            fixing.write_file(path, done.data)
        self.fixed += ((path, title) for title in done.titles)
        return done.findings

    def _difference(self, path: str, before: bytes, after: bytes) -> str:
        """Secrets in it masked, but in a file: there it is for `patch`."""
        from gpuspec.lint.fixing import difference

        if not self._for_patch():
            return difference(path, before, after)
        exact = difference(path, before, after, exact=True)
        if not self.secret and masked(exact) != exact:
            self.secret = True
            self.remarks.append(
                f"{self.request.output} holds the keys that the fixes remove: delete it when it is applied"
            )
        return exact

    def _for_patch(self) -> bool:
        """Whether the diff goes to a file, which gets it as it is. A stream or a device shows it to somebody,
        whatever option names it."""
        from gpuspec.atomic_write import takes_what_comes

        output = self.request.output
        return output is not None and not takes_what_comes(output)

    def _read_twice(self, path: str, data: bytes) -> bool:
        """Whether a fixed file may be written: json5 reads the same in it as gpuspec, or cannot be asked, which is
        said."""
        from gpuspec.lint.fixing import second_reading
        from gpuspec.text.second_reader import NotRead

        try:
            wrong = second_reading(path, data)
        except NotRead as error:
            self.remarks.append(
                f"{path} was fixed, and not read a second time before it was written: {error}"
            )
            return True
        if wrong:
            self.linter.problems.append(Problem("--fix", f"nothing was written, since {wrong}", path))
        return not wrong


def write(text: str, output: str | None, *, mode: int | None = None) -> None:
    """Text to standard output, or atomically to a file."""
    if output is None:
        # Paths and messages hold any character, terminals and pipes may not: UTF-8, always.
        sys.stdout.flush()
        sys.stdout.buffer.write(_bytes(text))
        sys.stdout.buffer.flush()
        return
    from gpuspec.atomic_write import atomic_write

    try:
        atomic_write(output, _bytes(text), mode=mode)
    except OSError as error:
        raise UserError("cannot-write", f"{output} cannot be written: {error.strerror}") from None


def _bytes(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")  # names of files that are no UTF-8, as they are
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def prices_of(catalog: Catalog, source: str | None) -> Prices | None:
    """The price source in force. Several are as old as their oldest: that is the date to distrust. Where a list does
    not say of which day its prices are, it is the day on which it was read."""
    used = catalog.sources_of(source)
    if not used:
        return None
    dates = [item.latest for item in used]
    oldest = None if None in dates else min(date for date in dates if date)
    return Prices(used[0].name if len(used) == 1 else f"{len(used)} clouds", oldest)


def _report(request: LintRequest, report: Report, *, to_stderr: bool) -> None:
    from gpuspec.report import render

    text = ""
    if not request.fix_only:  # what is left is for another run to tell
        text = render(request.format, report, _terminal(request), statistics=request.statistics)
    if request.show_fixes or request.fix_only:
        fixed = (f"fixed {path}: {number} × {title}" for path, title, number in report.fixed)
        text += "".join(f"{one_line(line)}\n" for line in fixed)
    if to_stderr:
        sys.stderr.write(text)
    else:
        write(text, request.output)
    for entry in report.stale:
        tell(f"gpuspec: the baseline entry {entry} finds nothing any more; write it again")


def _terminal(request: LintRequest) -> tuple[bool, int | None]:
    """(colour?, columns). https://no-color.org; FORCE_COLOR is for CI logs, which are no terminals."""
    terminal = request.output is None and sys.stdout.isatty()
    colour = terminal and os.environ.get("TERM") != "dumb"
    if os.environ.get("NO_COLOR"):
        colour = False
    elif os.environ.get("FORCE_COLOR"):
        colour = request.output is None
    if not terminal:
        return colour, None
    try:
        return colour, max(NARROWEST, os.get_terminal_size(sys.stdout.fileno()).columns)
    except OSError:
        return colour, None
