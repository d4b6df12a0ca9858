"""One file through all rules: Documents → Facts → findings with their places."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from gpuspec.catalog import Catalog
from gpuspec.formats import FORMATS, Document, Known
from gpuspec.lint.deferred import BuiltIn, loaded
from gpuspec.lint.facts import Facts
from gpuspec.lint.finding import Finding
from gpuspec.lint.globs import relative
from gpuspec.lint.neighbours import Folders
from gpuspec.lint.registry import BUILT_IN, Registry
from gpuspec.lint.result import Located, Problem, place
from gpuspec.lint.rule import Rule
from gpuspec.lint.script import Kind, Script
from gpuspec.lint.secrets import masked, may_hold
from gpuspec.lint.settings import Settings
from gpuspec.lint.suppression import Suppression, in_script, in_tree
from gpuspec.planning.case import Case
from gpuspec.plugin.catalog import installed_catalog
from gpuspec.text import Tree

DOCS = "https://github.com/gpuspec/gpuspec/blob/main/docs/rules/"


class Active:
    """A rule that runs under some settings, and who brought it. Its options are filled in when it is asked."""

    __slots__ = ("_given", "_options", "asks_for", "code", "needs", "plugin", "rule", "when")

    def __init__(self, rule: Rule | BuiltIn, given: Mapping[str, Any], plugin: str) -> None:
        self.rule = rule
        self.code = rule.code
        self.needs = rule.needs
        self.asks_for = rule.asks_for
        self.when = rule.when if isinstance(rule, BuiltIn) else ()
        self.plugin = plugin
        self._given = given
        self._options: Mapping[str, Any] | None = None

    @property
    def options(self) -> Mapping[str, Any]:
        """The rule's options, defaults filled in."""
        if self._options is None:
            given = self._given
            self._options = {
                option.name: given.get(option.name, option.default) for option in self.rule.options
            }
        return self._options

    @property
    def doc(self) -> str | None:
        """The web page of the rule."""
        return self.rule.url or (page_url(self.rule) if self.plugin == BUILT_IN else None)


class Linter:
    """Runs rules over texts. One per run: it keeps what texts share, and the problems met on the way.
    `catalog` answers for GPUs, models and prices: the installed one unless given."""

    def __init__(
        self,
        registry: Registry,
        *,
        debug: bool = False,
        formats: Sequence[Known] = FORMATS,
        catalog: Catalog | None = None,
    ) -> None:
        self.registry = registry
        self.formats = formats
        self.problems: list[Problem] = list(registry.problems)
        self.debug = debug
        self._folders = Folders()
        self.catalog = catalog or installed_catalog()
        self.spent: dict[str, float] = {}
        """Seconds that rules of plugins took, by code."""
        self._hung: set[str] = set()
        self._active: list[tuple[Settings, tuple[Active, ...]]] = []

    def active(self, settings: Settings) -> tuple[Active, ...]:
        """The rules that run under `settings` by their codes, those about suppressions after all others."""
        for known, active in self._active:
            if known == settings:
                return active
        registry = self._registry(settings)
        # Rules of plugins after our own: whatever they do to the facts, our findings are the same.
        chosen = sorted(
            _chosen(registry, settings),
            key=lambda entry: (entry.needs == "suppressions", entry.plugin != BUILT_IN),
        )
        self._active.append((settings, tuple(chosen)))
        if settings.local is not None:
            self.problems += settings.local.problems
        return tuple(chosen)

    def _registry(self, settings: Settings) -> Registry:
        if settings.local is None:
            return self.registry
        return Registry((*self.registry.rules, *settings.local.rules), self.registry.problems)

    def documents(
        self, documents: Sequence[Document], settings: Settings, *, on_disk: bool = True
    ) -> list[Located]:
        """Findings for the jobs of one file."""
        cases = [settings.case(document, catalog=self.catalog, on_disk=on_disk) for document in documents]
        return self.cases(cases, settings)

    def cases(self, cases: Sequence[Case], settings: Settings) -> list[Located]:
        """Findings for the cases of one file, which have the settings about jobs themselves. What is about the text
        is asked of the first of them alone."""
        path, tree = cases[0].path, cases[0].tree
        suppressions = in_tree(tree)
        jobs = [Facts(case, folders=self._folders, suppressions=suppressions) for case in cases]

        asked: dict[Active, list[Facts]] = {}
        silent = set()
        met: dict[tuple[Facts, tuple[str, ...]], bool] = {}
        for entry in self._active_in(path, settings):
            able = jobs[:1]
            if entry.needs == "job":
                able = [facts for facts in jobs if facts.has_job]
            if entry.needs == "script" or not able:
                continue
            about = [facts for facts in able if _concerns(entry, facts, met)]
            if about:
                asked[entry] = about
            else:
                silent.add(entry.code)

        def check(entry: Active) -> Iterable[Finding]:
            for facts in asked[entry]:
                facts.options = entry.options
                found = loaded(entry.rule).check(facts) or ()
                document = facts.case.document
                whole = document.format.in_spec_fields and not document.place
                yield from found if whole else (_placed(finding, document) for finding in found)

        return self._run(path, tree, settings, suppressions, asked, silent, check)

    def script(self, path: str, data: bytes, kind: Kind, settings: Settings) -> list[Located]:
        """Findings for the bytes of a script."""
        script = Script(path, data.decode("utf-8-sig", "replace"), kind)
        script.settings, script.overrides, script.catalog = settings.job, settings.overrides, self.catalog
        script.suppressions = in_script(script.lines)

        asked = [
            entry
            for entry in self._active_in(path, settings)
            if not isinstance(entry.rule, BuiltIn) or entry.rule.scripts
            if type(loaded(entry.rule)).check_script is not Rule.check_script
        ]

        def check(entry: Active) -> Iterable[Finding]:
            script.options = entry.options
            return loaded(entry.rule).check_script(script)

        return self._run(path, script.lines, settings, script.suppressions, asked, set(), check)

    def _run(
        self,
        path: str,
        tree: Tree,
        settings: Settings,
        suppressions: tuple[Suppression, ...],
        asked: Iterable[Active],
        ran: set[str],
        check: Callable[[Active], Iterable[Finding]],
    ) -> list[Located]:
        found: dict[tuple[Any, ...], Located] = {}
        judged = False
        for entry in asked:
            if entry.needs == "suppressions" and not judged:  # they come last
                _cannot_judge(suppressions, ran, self._registry(settings), bool(settings.refused))
                judged = True
            for located in self._ask(entry, path, tree, settings, check, ran):
                finding, line = located.finding, located.place.line
                silenced = [s for s in suppressions if s.silences(finding.code, finding.name, line)]
                if not silenced and (finding.confidence != "low" or settings.pedantic):
                    found.setdefault(_key(located), located)
        return sorted(found.values(), key=_key)

    def _active_in(self, path: str, settings: Settings) -> tuple[Active, ...]:
        """The rules that run in one file, those about suppressions after all others."""
        active = self.active(settings)
        if not settings.selection.per_file_ignores:
            return active
        inner, silent_in = relative(path, settings.root), settings.selection.silent_in
        return tuple(entry for entry in active if not silent_in(inner, entry.code, entry.rule.name))

    def _ask(
        self,
        entry: Active,
        path: str,
        tree: Tree,
        settings: Settings,
        check: Callable[[Active], Iterable[Finding]],
        ran: set[str],
    ) -> list[Located]:
        if entry.code in self._hung:
            return []
        try:
            findings = check(entry) if entry.plugin == BUILT_IN else self._guarded(entry, check)
            located = [_locate(path, tree, finding, entry, settings) for finding in findings]
            ran.add(entry.code)
            return located
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            if self.debug:
                raise
            from gpuspec.plugin.load import said

            brought = "" if entry.plugin == BUILT_IN else f" of {entry.plugin}"
            self.problems.append(Problem(f"rule {entry.code} {entry.rule.name}{brought}", said(error), path))
            return []

    def _guarded(self, entry: Active, check: Callable[[Active], Iterable[Finding]]) -> list[Finding]:
        """What a plugin's rule says, all of it while its time is limited."""
        from time import perf_counter

        from gpuspec.plugin.load import printing
        from gpuspec.plugin.time_limit import RuleTimeout, time_limit

        start = perf_counter()
        try:
            with printing(entry.plugin), time_limit():
                return [_sound(item, entry.rule) for item in check(entry) or ()]
        except RuleTimeout:
            self._hung.add(entry.code)
            raise
        finally:
            self.spent[entry.code] = self.spent.get(entry.code, 0.0) + perf_counter() - start


def _sound(finding: Any, rule: Rule | BuiltIn) -> Finding:
    if not isinstance(finding, Finding):
        raise TypeError(f"check gave a {type(finding).__name__}, not a Finding")
    if finding.code != rule.code or finding.name != rule.name:
        raise ValueError(f"check gave a finding of {finding.code} {finding.name}; use self.finding(…)")
    for field in ("pointer", "message"):
        if not isinstance(getattr(finding, field), str):
            raise TypeError(f"the {field} of a finding is {getattr(finding, field)!r}, not a string")
    return finding


def _chosen(registry: Registry, settings: Settings) -> Iterable[Active]:
    for rule, plugin in registry.rules:
        if rule.preview and not settings.preview:
            continue
        if settings.selection.runs(rule.code, rule.name):
            yield Active(rule, settings.rules.get(rule.name, {}), plugin)


def _concerns(entry: Active, facts: Facts, met: dict[tuple[Facts, tuple[str, ...]], bool]) -> bool:
    """Whether a file has any of what a rule is about, in a format that can say what the rule asks for. Where looking
    fails, the rule is asked, and says so. `met` remembers: many rules are about the same."""
    if entry.asks_for and not any(facts.case.document.can_say(field) for field in entry.asks_for):
        return False
    if not entry.when:
        return True
    there = met.get((facts, entry.when))
    if there is None:
        try:
            there = any(facts.has(word) for word in entry.when)
        except Exception:
            there = True
        met[facts, entry.when] = there
    return there


def _placed(finding: Finding, document: Document) -> Finding:
    """A finding in a format that fixes are not made for, or about a job that is a part of its file: what is about the
    whole job is then about its place."""
    return finding._replace(pointer=finding.pointer or document.place, fix=None)


def page_url(rule: Rule | BuiltIn) -> str:
    """The web page of a built-in rule."""
    return f"{DOCS}{rule.code}-{rule.name}.md"


def _locate(path: str, tree: Tree, finding: Finding, entry: Active, settings: Settings) -> Located:
    span = finding.span or tree.span(finding.pointer, key=finding.on == "key")
    severity = settings.severity_of(finding.code, finding.name, finding.severity)
    if severity != finding.severity:
        finding = finding._replace(severity=severity)
    if may_hold(finding.message):
        finding = finding._replace(message=masked(finding.message))
    related = tuple(
        (place(tree, item.span or tree.span(item.pointer)), item.message) for item in finding.related
    )
    return Located(path, finding, place(tree, span), related, entry.doc)


def _key(located: Located) -> tuple[Any, ...]:
    at, finding = located.place, located.finding
    return (at.line, at.column, finding.code, finding.pointer, finding.message)


def _cannot_judge(
    suppressions: tuple[Suppression, ...], ran: set[str], registry: Registry, more: bool
) -> None:
    # A selector is judged only if every rule it means was asked: else it may be there for one that was not.
    for suppression in suppressions:
        for entry in suppression.entries:
            meant = registry.meant(entry.selector)
            if (more and not meant) or any(
                rule.needs == "suppressions" or rule.code not in ran for rule in meant
            ):
                suppression.used.add(entry.selector)
