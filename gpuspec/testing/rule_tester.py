"""What a rule says about a text, held against what its tests expect."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from gpuspec.commands.steps import read_steps
from gpuspec.lint.page import REQUIRED, page
from gpuspec.lint.registry import Registered, Registry
from gpuspec.lint.result import Located
from gpuspec.lint.rule import Rule
from gpuspec.lint.runner import Linter
from gpuspec.lint.settings import Settings
from gpuspec.planning.case import JobSettings
from gpuspec.plugin.installed_catalog import installed_catalog
from gpuspec.rules import collect
from gpuspec.workload import Workload
from gpuspec.workload.read import read as read_workload

SPEC = "job.gpu.jsonc"


def lint_text(
    text: str | bytes,
    rules: Sequence[type[Rule]] | None = None,
    *,
    path: str = SPEC,
    options: Mapping[str, Any] | None = None,
    prices: str | None = None,
    on_disk: bool = False,
) -> list[Located]:
    """What some rules say about a text (None: all of gpuspec and of the plugins in use); a rule that raises fails the
    test.

    `on_disk`: the path is a real one, and rules may look at the files beside it.
    `prices` names the price source; without it a first line `// prices: NAME` does, and else the current
    prices are used.
    """
    from gpuspec.lint.files import lint_data

    data = text.encode() if isinstance(text, str) else text
    linter, settings = _linter(rules, options, prices or prices_in(data))
    return lint_data(linter, path, data, settings, on_disk=on_disk)


def fix_text(
    data: bytes,
    rules: Sequence[type[Rule]],
    *,
    path: str = SPEC,
    options: Mapping[str, Any] | None = None,
    prices: str | None = None,
    on_disk: bool = False,
) -> bytes:
    """The text after all fixes of some rules, unsafe ones too; parameters as for `lint_text`."""
    from gpuspec.lint.fixing import fix_data

    linter, settings = _linter(rules, options, prices or prices_in(data))
    return fix_data(linter, path, data, settings, unsafe=True, on_disk=on_disk).data


def check_fixes(
    text: str | bytes,
    rules: Sequence[type[Rule]],
    *,
    path: str = SPEC,
    options: Mapping[str, Any] | None = None,
    prices: str | None = None,
    on_disk: bool = False,
) -> None:
    """Each fix of some rules leads to a text that parses, in which the finding is gone, no value is lost that the fix
    is not about, and no rule of gpuspec finds an error that was not there before; parameters as for `lint_text`.
    `gpuspec lint` does not offer other fixes."""
    from gpuspec.lint.judged_fix import judged

    data = text.encode() if isinstance(text, str) else text
    linter, settings = _linter(rules, options, prices or prices_in(data))
    found = linter.found_in(path, data, settings, on_disk=on_disk)
    if not any(located.finding.fix for located in found):
        return
    others = (each for each in collect().rules if each.rule.code not in {rule.code for rule in rules})
    everyone = Linter(Registry((*others, *linter.registry.rules), ()))
    verdicts = judged(everyone, path, data, settings, found, on_disk=on_disk, strict=True)
    for located, verdict in zip(found, verdicts, strict=True):
        fix = located.finding.fix
        assert not (fix and verdict.why_not), (
            f"{located.finding.code}: the fix {fix and fix.title!r} is not offered: {verdict.why_not}"
        )


def _linter(
    rules: Sequence[type[Rule]] | None, options: Mapping[str, Any] | None, prices: str | None
) -> tuple[Linter, Settings]:
    registry = collect() if rules is None else Registry(tuple(Registered(cls(), "test") for cls in rules), ())
    settings = Settings(
        rules={cls.name: options or {} for cls in rules or ()},
        job=JobSettings(prices=prices),
        preview=True,
        pedantic=True,
    )
    return Linter(registry, debug=True), settings


def workload_of(text: str) -> Workload:
    """What the job of a spec does, read as every rule is given it; nothing beside the text is read."""
    from gpuspec.formats.job_spec import job_of
    from gpuspec.text import parse

    job = job_of(parse(text))
    assert job is not None, f"there is no job in {text!r}"
    return read_workload(job, read_steps(job), catalog=installed_catalog())


def prices_in(data: bytes) -> str | None:
    """The price source that a first line `// prices: NAME` (or `# prices: NAME`) asks for."""
    match = re.match(rb"(?://|#) prices: *(\S+)", data)
    return match[1].decode() if match else None


class RuleTester:
    """Says with plain asserts whether a rule does what its tests expect."""

    def __init__(
        self, rule: type[Rule], *, options: Mapping[str, Any] | None = None, prices: str | None = None
    ) -> None:
        self.rule = rule
        self.options = options
        self.prices = prices

    def findings(self, text: str, *, path: str = SPEC) -> list[Located]:
        """Everything the rule says about a text."""
        return lint_text(text, [self.rule], path=path, options=self.options, prices=self.prices)

    def valid(self, text: str, *, path: str = SPEC) -> None:
        """The rule says nothing."""
        found = self.findings(text, path=path)
        assert not found, f"{self.rule.name} should be silent, but says: {found[0].finding.message}"

    def invalid(
        self,
        text: str,
        *,
        path: str = SPEC,
        at: str | None = None,
        says: str | Sequence[str] = (),
        line: int | None = None,
        column: int | None = None,
        findings: int | None = None,
        fixed: str | None = None,
    ) -> list[Located]:
        """The rule finds something: its first finding is `at` a pointer, or `line` and `column`, and `says`
        these words; there are exactly `findings`; each of its fixes holds (`check_fixes`); and all of them, unsafe
        ones too, lead to `fixed`."""
        found = self.findings(text, path=path)
        assert found, f"{self.rule.name} should find something in {text!r}"
        first = found[0]
        assert at is None or first.finding.pointer == at, f"found at {first.finding.pointer!r}, not at {at!r}"
        assert line is None or first.place.line == line, f"found in line {first.place.line}, not {line}"
        assert column is None or first.place.column == column, f"found in column {first.place.column}"
        for words in [says] if isinstance(says, str) else says:
            assert words in first.finding.message, f"{words!r} is not in {first.finding.message!r}"
        assert findings is None or len(found) == findings, f"{len(found)} findings, not {findings}"
        check_fixes(text, [self.rule], path=path, options=self.options, prices=self.prices)
        if fixed is not None:
            after = self.fix(text, path=path)
            assert after == fixed, f"fixed to {after!r}, not {fixed!r}"
        return found

    def fix(self, text: str, *, path: str = SPEC) -> str:
        """The text after all of the rule's fixes, unsafe ones too."""
        data = text.encode()
        return fix_text(data, [self.rule], path=path, options=self.options, prices=self.prices).decode()


def check_page(rule: type[Rule], *, prices: str | None = None) -> None:
    """The rule's docstring has every section, its bad examples give a finding, whose fix holds (`check_fixes`), and
    its good ones none.

    Examples whose first line is `// file: NAME` are bad together, as files of one folder; a `toml` block beside them
    whose first line is `# file: NAME` lies in that folder, too.
    """
    read = page(rule)
    assert read.title, f"{rule.__name__} has no docstring"
    missing = [name for name in REQUIRED if not read.section(name)]
    assert not missing, f"the docstring of {rule.__name__} has no section {missing}"
    assert read.bad, f"{rule.__name__} has no fenced example under Example"
    beside = _BESIDE.findall(read.section("Example"))
    files = [example.text for example in read.bad if beside or _FILE.match(example.text)]
    if files:
        assert _in_folder(files, beside, rule, prices), (
            f"{rule.code}: the bad examples together give no finding"
        )
    for example in read.bad:
        if example.text not in files:
            found = lint_text(example.text, [rule], path=example.path, prices=prices)
            assert found, f"{rule.code}: the bad example gives no finding:\n{example.text}"
            check_fixes(example.text, [rule], path=example.path, prices=prices)
    for example in read.good:
        found = lint_text(example.text, [rule], path=example.path, prices=prices)
        assert not found, f"{rule.code}: the good example gives: {found[0].finding.message}"


_FILE = re.compile(r"// file: (\S+)\n")
"""First line of examples that are bad together, as files of one folder."""
_BESIDE = re.compile(r"^```toml\n# file: (\S+)\n(.*?)^```$", re.M | re.S)


def _in_folder(
    texts: Sequence[str], beside: Sequence[tuple[str, str]], rule: type[Rule], prices: str | None
) -> list[Located]:
    import tempfile
    from pathlib import Path

    first_lines = [_FILE.match(text) for text in texts]
    names = [found[1] if found else f"{at}.gpu.jsonc" for at, found in enumerate(first_lines)]
    examples = list(zip(names, texts, strict=True))
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (*examples, *beside):
            Path(folder, name).write_text(text, encoding="utf-8")
        return [
            found
            for name, text in examples
            for found in lint_text(text, [rule], path=f"{folder}/{name}", prices=prices, on_disk=True)
        ]
