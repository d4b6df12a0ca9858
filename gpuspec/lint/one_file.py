"""One file under some settings: rules are asked, and what they find is put in its place."""

from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Any

from gpuspec.errors import UserError
from gpuspec.lint.deferred import BuiltIn, loaded
from gpuspec.lint.finding import Finding
from gpuspec.lint.registry import BUILT_IN, Registry
from gpuspec.lint.result import Hidden, Located, Problem, place
from gpuspec.lint.rule import Rule
from gpuspec.lint.secrets import masked
from gpuspec.lint.settings import Settings
from gpuspec.lint.suppression import Silencer, Suppression
from gpuspec.printable import short
from gpuspec.text import Span, Tree

MOST = 1_000
"""Findings of one rule in one file: nobody reads on, and each takes its time in every report."""
DOCS = "https://github.com/gpuspec/gpuspec/blob/main/docs/rules/"


class Active:
    """A rule that runs under some settings, and who brought it. `wants` says what must be there for it to be asked,
    as a text to look up by."""

    __slots__ = ("_given", "_loaded", "asks_for", "code", "needs", "plugin", "rule", "wants", "when")

    def __init__(self, rule: Rule | BuiltIn, given: Mapping[str, Any], plugin: str) -> None:
        self.rule = rule
        self.code = rule.code
        self.needs = rule.needs
        self.asks_for = rule.asks_for
        self.when = rule.when if isinstance(rule, BuiltIn) else ()
        self.wants = f"{self.needs} {self.when} {self.asks_for}"
        self.plugin = plugin
        self._given = given
        self._loaded: tuple[Rule, Mapping[str, Any]] | None = None

    def loaded(self) -> tuple[Rule, Mapping[str, Any]]:
        """The rule itself, and its options, defaults filled in."""
        if self._loaded is None:
            rule, given = loaded(self.rule), self._given
            options = {option.name: given.get(option.name, option.default) for option in rule.options}
            self._loaded = rule, options
        return self._loaded

    @property
    def doc(self) -> str | None:
        """The web page of the rule."""
        return self.rule.url or (page_url(self.rule) if self.plugin == BUILT_IN else None)


class Failures:
    """What went wrong with rules in a run, and what those of plugins cost."""

    def __init__(self, problems: Iterable[Problem], *, debug: bool) -> None:
        self.problems = list(problems)
        self.debug = debug
        self.spent: dict[str, float] = {}
        """Seconds that rules of plugins took, by code."""
        self.hung: set[str] = set()
        """Codes of rules that ran out of time: they are not asked again."""


class OneFile:
    """The rules of one file, each asked in its turn. `check` asks a rule; `silent` are the codes of rules that have
    nothing to say about it, which counts as having been asked. Of each rule the first `most` findings are shown."""

    def __init__(
        self,
        path: str,
        tree: Tree,
        settings: Settings,
        *,
        suppressions: tuple[Suppression, ...],
        check: Callable[[Active], Iterable[Finding]],
        failures: Failures,
        silent: Iterable[str] = (),
        most: int = MOST,
    ) -> None:
        self.path = path
        self.tree = tree
        self.settings = settings
        self.suppressions = suppressions
        self._silencer = Silencer(suppressions)
        self._check = check
        self._failures = failures
        self._silent = silent
        self._most = most
        self._cut: set[str] = set()
        """Codes of rules that find more than is shown."""
        self._ran: set[str] = set()
        self.silenced: list[Hidden] = []
        """What would be shown, had no comment silenced it."""

    def findings(self, asked: Iterable[Active], registry: Registry) -> list[Located]:
        """What the rules find, by place; `registry` knows what suppressions may name."""
        found: dict[tuple[Any, ...], Located] = {}
        judged = False
        for entry in asked:
            if entry.needs == "suppressions" and not judged:  # they come last
                self._leave_unjudged(registry)
                judged = True
            for located in self._ask(entry):
                finding = located.finding
                lines = [located.place.line, *(place(self.tree, span).line for span in finding.within)]
                silencing = self._silencer.silences(finding.code, finding.name, *lines)
                if finding.confidence == "low" and not self.settings.pedantic:
                    continue
                if silencing is None:
                    found.setdefault(_key(located), located)
                else:
                    self.silenced.append(Hidden(located, "comment", _shown(silencing.reason)))
            if entry.code in self._cut and not self._silencer.silences(entry.code, entry.rule.name, None):
                more = self._more(entry)
                found[_key(more)] = more
        return sorted(found.values(), key=_key)

    def _ask(self, entry: Active) -> list[Located]:
        if entry.code in self._failures.hung:
            return []
        try:
            findings = self._first(entry) if entry.plugin == BUILT_IN else self._guarded(entry)
            if not findings:
                self._ran.add(entry.code)
                return []
            located = [self._locate(finding, entry) for finding in findings[: self._most]]
            # Where there is more, it is not known where: suppressions there stay unjudged.
            (self._cut if len(findings) > self._most else self._ran).add(entry.code)
            return located
        except BaseException as error:
            # What a rule of ours looks into cannot be read (the user's own prices): that is no fault of the rule.
            theirs = isinstance(error, UserError) and entry.plugin == BUILT_IN
            if self._failures.debug or theirs or isinstance(error, KeyboardInterrupt):
                raise
            from gpuspec.plugin.load import said

            brought = "" if entry.plugin == BUILT_IN else f" of {entry.plugin}"
            who = f"rule {entry.code} {entry.rule.name}{brought}"
            self._failures.problems.append(Problem(who, said(error), self.path))
            return []

    def _first(self, entry: Active) -> list[Finding]:
        """What a rule finds: one more than is shown at most, which tells that there is more."""
        return list(islice(self._check(entry) or (), self._most + 1))

    def _more(self, entry: Active) -> Located:
        """The finding that says that not all are shown."""
        name = entry.rule.name
        message = f"there are more than {self._most:,} findings of {name} in this file; the first are shown"
        finding = loaded(entry.rule).finding(
            "", message, span=Span(0, 0), suggestion="mend these, then look again."
        )
        return self._locate(finding, entry)

    def _guarded(self, entry: Active) -> list[Finding]:
        """What a plugin's rule says, all of it while its time is limited."""
        from time import perf_counter

        from gpuspec.plugin.load import printing
        from gpuspec.plugin.time_limit import RuleTimeout, time_limit

        start, spent = perf_counter(), self._failures.spent
        try:
            with printing(entry.plugin), time_limit():
                return [_checked(item, entry.rule) for item in self._first(entry)]
        except RuleTimeout:
            self._failures.hung.add(entry.code)
            raise
        finally:
            spent[entry.code] = spent.get(entry.code, 0.0) + perf_counter() - start

    def _locate(self, finding: Finding, entry: Active) -> Located:
        tree = self.tree
        span = finding.span or tree.span(finding.pointer, key=finding.on == "key")
        severity = self.settings.severity_of(finding.code, finding.name, finding.severity)
        related = tuple(
            (place(tree, item.span or tree.span(item.pointer)), _shown(item.message))
            for item in finding.related
        )
        finding = finding._replace(
            severity=severity,
            message=_shown(finding.message),
            suggestion=finding.suggestion and _shown(finding.suggestion),
            fix=finding.fix and finding.fix._replace(title=_shown(finding.fix.title)),
        )
        return Located(
            path=self.path, finding=finding, place=place(tree, span), related=related, doc=entry.doc
        )

    def _leave_unjudged(self, registry: Registry) -> None:
        # A selector is judged only if every rule it means was asked: else it may be there for one that was not.
        self._ran.update(self._silent)
        meant = registry.by_selector()
        for suppression in self.suppressions:
            for entry in suppression.entries:
                matching = meant.get(entry.selector, ())
                if matching or registry.problems:
                    suppression.known.add(entry.selector)
                unseen = not matching and bool(self.settings.refused)
                if unseen or any(
                    rule.needs == "suppressions" or rule.code not in self._ran for rule in matching
                ):
                    suppression.used.add(entry.selector)


def _shown(text: str) -> str:
    return short(masked(text))


def _checked(finding: Any, rule: Rule | BuiltIn) -> Finding:
    if not isinstance(finding, Finding):
        raise TypeError(f"check gave a {type(finding).__name__}, not a Finding")
    if finding.code != rule.code or finding.name != rule.name:
        raise ValueError(f"check gave a finding of {finding.code} {finding.name}; use self.finding(…)")
    for field in ("pointer", "message"):
        if not isinstance(getattr(finding, field), str):
            raise TypeError(f"the {field} of a finding is {getattr(finding, field)!r}, not a string")
    return finding


def page_url(rule: Rule | BuiltIn) -> str:
    """The web page of a built-in rule."""
    return f"{DOCS}{rule.code}-{rule.name}.md"


def _key(located: Located) -> tuple[Any, ...]:
    at, finding = located.place, located.finding
    return (at.line, at.column, finding.code, finding.pointer, finding.message)
