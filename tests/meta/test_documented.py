"""Nothing is added without its page and its test: error codes, options, rules.

That every fixable rule has a fix that is tried is asserted where fixes are: tests/golden/test_golden.py.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click

from gpuspec.cli.main import cli
from gpuspec.lint.deferred import loaded
from gpuspec.lint.registry import BUILT_IN
from gpuspec.rules import collect

ROOT = Path(__file__).parents[2]
RULES = [loaded(entry.rule) for entry in collect().rules if entry.plugin == BUILT_IN]
HEADINGS = re.findall(r"^## (\S+)$", (ROOT / "docs" / "errors.md").read_text(encoding="utf-8"), re.MULTILINE)


def test_files() -> list[Path]:
    """Everything that tests: ours and the plugins'."""
    folders = [ROOT / "tests", *ROOT.glob("plugins/*/tests")]
    return [path for folder in folders for path in folder.rglob("*.py") if path != Path(__file__)]


test_files.__test__ = False  # type: ignore[attr-defined]
TESTS = {path: path.read_text(encoding="utf-8") for path in test_files()}


def raised(path: Path) -> Iterator[str]:
    """Codes of the UserErrors a module makes: first arguments of `UserError(…)`, both arms of a choice. Where it is
    a variable, the code comes from a pair (code, hint) somewhere in the module."""
    source = path.read_text(encoding="utf-8")
    if "UserError" not in source:
        return
    tree = ast.parse(source)
    calls = [
        node for node in ast.walk(tree) if isinstance(node, ast.Call) and _name(node.func) == "UserError"
    ]
    for call in calls:
        yield from strings(call.args[0])
    if any(isinstance(call.args[0], ast.Name) for call in calls):
        for node in ast.walk(tree):
            if isinstance(node, ast.Tuple) and len(node.elts) == 2:
                yield from (code for code in strings(node.elts[0]) if re.fullmatch(r"[a-z]+(-[a-z]+)+", code))


def strings(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from strings(node.body)
        yield from strings(node.orelse)


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


@cache
def codes() -> list[str]:
    """Of all errors. Read when it is asked for: every worker collects these tests, and one runs them."""
    return sorted({code for path in (ROOT / "gpuspec").rglob("*.py") for code in raised(path)})


def test_codes_are_found() -> None:
    assert {"bad-config", "no-such-file", "nothing-to-rent"} <= set(codes())


def test_every_error_has_one_heading() -> None:
    assert [code for code in codes() if code not in HEADINGS] == []
    assert sorted({code for code in HEADINGS if HEADINGS.count(code) > 1}) == []


def test_every_heading_is_an_error() -> None:
    """A code that nobody raises is a page nobody needs; some are raised under a name, not as a literal."""
    source = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "gpuspec").rglob("*.py"))
    assert [code for code in HEADINGS if f'"{code}"' not in source] == []


def test_every_error_is_tested() -> None:
    text = "\n".join(TESTS.values())
    assert [code for code in codes() if code not in text] == []


def commands(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None and not inner.hidden:
                yield from commands(inner, f"{path} {name}")


def test_the_reference_leaves_out_what_is_hidden() -> None:
    page = (ROOT / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
    hidden = [
        name
        for _, command in commands(cli, "gpuspec")
        for option in command.params
        if isinstance(option, click.Option) and option.hidden
        for name in option.opts
    ]
    assert "--shards-began" in hidden
    assert [name for name in hidden if re.search(rf"`{name}\b(?!-)", page)] == []


def test_every_option_is_in_the_reference_with_a_help_line() -> None:
    page = (ROOT / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
    missing = []
    for path, command in commands(cli, "gpuspec"):
        section = f"{page}\n## ".partition(f"\n## {path}\n")[2].split("\n## ")[0]
        missing += [] if section else [path]
        for option in command.params:
            if isinstance(option, click.Option) and not option.hidden:
                names = [*option.opts, *option.secondary_opts]
                missing += [f"{path} {name}" for name in names if name not in section]
                missing += [] if option.help else [f"{path} {names[0]}: no help"]
    assert missing == []


def test_every_rule_has_a_page_and_golden_files() -> None:
    assert RULES
    for rule in RULES:
        page = ROOT / "docs" / "rules" / f"{rule.code}-{rule.name}.md"
        assert page.is_file(), f"{page} is missing; run `gpuspec rules --docs docs/rules`"
        golden = ROOT / "tests" / "golden" / rule.code
        assert list(golden.glob("bad-*.out")), f"{golden} holds no bad-NAME with its .out"
        assert list(golden.glob("good-*")), f"{golden} holds no good-NAME"
