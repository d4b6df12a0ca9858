"""All rules there are: collected through the hook `gpuspec_rules`, checked, sorted by code."""

import re
import sys
from collections.abc import Iterable
from contextlib import redirect_stdout
from typing import Any, NamedTuple

from gpuspec.lint.deferred import BuiltIn
from gpuspec.lint.result import Problem
from gpuspec.lint.rule import Option, Rule
from gpuspec.lint.selection import check_selectors, matches

BUILT_IN = "gpuspec"


class Registered(NamedTuple):
    """A rule and who brought it."""

    rule: Rule | BuiltIn
    plugin: str


class Registry(NamedTuple):
    """Rules by code, and what went wrong while collecting them."""

    rules: tuple[Registered, ...]
    problems: tuple[Problem, ...]

    def known(self) -> list[tuple[str, str]]:
        """(code, name) of every rule."""
        return [(entry.rule.code, entry.rule.name) for entry in self.rules]

    @property
    def plugins(self) -> tuple[str, ...]:
        """Names of the installed plugins that loaded, and of those that brought rules; not the built-in one."""
        from gpuspec.plugin.load import plugins

        installed = {plugin.name for plugin in plugins().loaded}
        return tuple(sorted(installed | {entry.plugin for entry in self.rules} - {BUILT_IN}))

    def meant(self, selector: str) -> list[Rule | BuiltIn]:
        """The rules a selector means."""
        return [e.rule for e in self.rules if matches(selector, e.rule.code, e.rule.name)]

    def check(self, selectors: Iterable[str], origin: str) -> None:
        """Raise UserError `unknown-rule` for a selector that means no rule.

        Silent where a plugin is broken: it may be its rule, and the breakage is what must be told.
        """
        if not self.problems:
            check_selectors(selectors, self.known(), origin)

    def find(self, word: str) -> Registered | None:
        """The rule of a code or name, in either case."""
        word = word.lower()
        return next((e for e in self.rules if word in (e.rule.code.lower(), e.rule.name)), None)


def collect() -> Registry:
    """Every rule of gpuspec and of installed plugins.

    What plugins print goes to standard error: standard output belongs to the report.
    """
    from importlib import import_module

    from gpuspec.plugin.load import plugins

    installed = plugins()
    answers: list[tuple[str, Any]] = installed.ask("gpuspec_rules") if installed.loaded else []
    table = import_module("gpuspec.rules").BUILT_IN
    kept = {row.code: Registered(row, BUILT_IN) for row in table}
    taken = {word for row in table for word in (row.code, row.name)}
    problems = late_problems()
    with redirect_stdout(sys.stderr):
        for plugin, classes in answers:
            for entry in rules_of(plugin, classes, problems):
                add(entry, kept, taken, problems)
    return Registry(tuple(kept[code] for code in sorted(kept)), tuple(problems))


def late_problems() -> list[Problem]:
    """What went wrong with plugins so far in this process."""
    from gpuspec.plugin.load import plugins

    installed = plugins()
    installed.told.update(installed.broken)
    return [Problem(f"plugin {fault.plugin}", fault.message) for fault in installed.broken]


def rules_of(plugin: str, classes: Any, problems: list[Problem]) -> Iterable[Registered]:
    """The rules among what a plugin gave; what is none goes to `problems`."""
    who = f"plugin {plugin}"
    if not isinstance(classes, (list, tuple)):
        given = type(classes).__name__
        problems.append(Problem(who, f"gpuspec_rules returned {given}, not a list of Rule classes"))
        return
    for cls in classes:
        wrong = fault(cls)
        if wrong:
            problems.append(Problem(who, wrong))
            continue
        try:
            yield Registered(cls(), plugin)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            from gpuspec.plugin.load import said

            problems.append(Problem(who, f"{cls.__name__} cannot be made: {said(error)}"))


def add(entry: Registered, kept: dict[str, Registered], taken: set[str], problems: list[Problem]) -> bool:
    """Keep a rule unless its code or name is among those `taken`; whether it was kept."""
    rule = entry.rule
    if rule.code not in taken and rule.name not in taken:
        kept[rule.code] = entry
        taken.update((rule.code, rule.name))
        return True
    other = next(e for e in kept.values() if e.rule.code == rule.code or e.rule.name == rule.name)
    message = f"{rule.code} {rule.name} is taken by {other.rule.code} {other.rule.name} of {other.plugin}"
    problems.append(Problem(f"plugin {entry.plugin}", message))
    return False


_CHOICES = {
    "severity": ("error", "warning", "info"),
    "confidence": ("high", "medium", "low"),
    "fixable": ("never", "sometimes", "always"),
    "needs": ("job", "tree", "script", "suppressions"),
}


def fault(cls: Any) -> str | None:
    """What is wrong with a rule class; None if nothing."""
    if not (isinstance(cls, type) and issubclass(cls, Rule)):
        return f"{cls!r} is not a Rule class"
    code, name = getattr(cls, "code", None), getattr(cls, "name", None)
    if not isinstance(code, str) or not re.fullmatch(r"[A-Z]{2,10}[0-9]{1,5}", code):
        return f"{cls.__name__}.code is {code!r}; it must be capitals and a number, like ACME101"
    if not isinstance(name, str) or not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name):
        return f"{cls.__name__}.name is {name!r}; it must be kebab-case, like allowed-clouds"
    for field, choices in _CHOICES.items():
        if getattr(cls, field, None) not in choices:
            return f"{cls.__name__}.{field} must be {', '.join(choices[:-1])} or {choices[-1]}"
    if not isinstance(cls.options, tuple) or not all(isinstance(option, Option) for option in cls.options):
        return f"{cls.__name__}.options must be a tuple of Option"
    return None
