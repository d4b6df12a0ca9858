"""All rules there are: collected through the hook `gpuspec_rules`, checked, sorted by code."""

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from gpuspec.lint.deferred import BuiltIn
from gpuspec.lint.result import Problem
from gpuspec.lint.rule import Option, Rule
from gpuspec.lint.selection import check_selectors, selectors_of
from gpuspec.named_tuple import NamedTuple

if TYPE_CHECKING:
    from gpuspec.plugin.load import Plugins

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

    def by_selector(self) -> dict[str, list[Rule | BuiltIn]]:
        """The rules that each selector means, of those selectors that mean any."""
        meant: dict[str, list[Rule | BuiltIn]] = {}
        for rule, _ in self.rules:
            for selector in selectors_of(rule.code, rule.name):
                meant.setdefault(selector, []).append(rule)
        return meant

    def check(self, selectors: Iterable[str], origin: str) -> None:
        """Raise UserError `unknown-rule` for a selector that means no rule.

        Silent where a plugin is broken: it may be its rule, and the breakage is what matters.
        """
        if not self.problems:
            check_selectors(selectors, self.known(), origin)

    def find(self, word: str) -> Registered | None:
        """The rule of a code or name, in either case."""
        word = word.lower()
        return next((e for e in self.rules if word in (e.rule.code.lower(), e.rule.name)), None)


def registry_of(table: Iterable[BuiltIn]) -> Registry:
    """The rules of gpuspec's own `table` (`gpuspec.rules.collect` hands it in) and those of installed plugins."""
    from gpuspec.plugin.load import plugins

    rules: Mapping[str, Registered] = {row.code: Registered(row, BUILT_IN) for row in table}
    installed = plugins()
    if installed.loaded:
        rules = with_plugins(rules, installed)
    return Registry(tuple(rules[code] for code in sorted(rules)), _problems(installed))


def with_plugins(own: Mapping[str, Registered], installed: "Plugins") -> Mapping[str, Registered]:
    """Rules by code: `own`, and those that plugins bring whose code and name are free."""
    from gpuspec.plugin.merge import merged

    words = {word: entry for entry in own.values() for word in (entry.rule.code, entry.rule.name)}

    def wrong(_: Any, cls: Any) -> str | None:
        other = None if fault(cls) else words.get(cls.code) or words.get(cls.name)
        if other is None:
            return fault(cls)
        return f"{cls.code} {cls.name} is taken by {other.rule.code} {other.rule.name} of {other.plugin}"

    def keep(plugin: str, _: Any, cls: type[Rule]) -> Registered:
        entry = Registered(cls(), plugin)
        words.update({cls.code: entry, cls.name: entry})
        return entry

    return merged(
        "gpuspec_rules",
        own,
        wrong,
        what="rule",
        name_of=lambda cls: getattr(cls, "code", None),
        keep=keep,
        label="",
        installed=installed,
    )


def _problems(installed: "Plugins") -> tuple[Problem, ...]:
    return tuple(Problem(f"plugin {fault.plugin}", fault.message) for fault in installed.broken)


def late_problems() -> tuple[Problem, ...]:
    """What went wrong with plugins so far in this process, for whoever tells it: the command itself then does not."""
    from gpuspec.plugin.load import plugins

    installed = plugins()
    installed.told.update(installed.broken)
    return _problems(installed)


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
    if not isinstance(cls.asks_for, tuple) or not all(isinstance(field, str) for field in cls.asks_for):
        return f"{cls.__name__}.asks_for must be a tuple of names of fields"
    if not isinstance(cls.options, tuple) or not all(isinstance(option, Option) for option in cls.options):
        return f"{cls.__name__}.options must be a tuple of Option"
    return None
