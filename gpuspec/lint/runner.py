"""Files through all rules: Documents → Facts → findings with their places."""

from collections.abc import Iterable, Sequence

from gpuspec.catalog import Catalog
from gpuspec.formats import FORMATS, Document, Known
from gpuspec.lint.deferred import BuiltIn, loaded
from gpuspec.lint.facts import Facts
from gpuspec.lint.finding import Finding
from gpuspec.lint.globs import relative
from gpuspec.lint.neighbours import Folders
from gpuspec.lint.one_file import Active, Failures, OneFile
from gpuspec.lint.registry import BUILT_IN, Registry
from gpuspec.lint.result import Located, Problem
from gpuspec.lint.rule import Rule
from gpuspec.lint.script import Kind, Script
from gpuspec.lint.settings import Settings
from gpuspec.lint.suppression import in_script, in_tree
from gpuspec.planning.case import Case
from gpuspec.plugin.installed_catalog import installed_catalog


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
        self.failures = Failures(registry.problems, debug=debug)
        self._folders = Folders()
        self.catalog = catalog or installed_catalog()
        self._active: list[tuple[Settings, tuple[Active, ...]]] = []

    @property
    def problems(self) -> list[Problem]:
        """What went wrong so far: rules and plugins that failed."""
        return self.failures.problems

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
            self.problems.extend(settings.local.problems)
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
        texts = [Facts(case, folders=self._folders, suppressions=suppressions) for case in cases]
        jobs = [facts for facts in texts if facts.has_job]

        asked: dict[Active, list[Facts]] = {}
        silent = set()
        having: dict[tuple[str, ...], list[Facts]] = {}
        """What a rule wants there to be → the jobs that have any of it: many rules want the same."""
        for entry in self._active_in(path, settings):
            if entry.needs == "script" or (entry.needs == "job" and not jobs):
                continue
            if entry.needs != "job":
                about = [facts for facts in texts[:1] if _has_any(facts, entry.when)]
            elif entry.when in having:
                about = having[entry.when]
            else:
                about = having[entry.when] = [facts for facts in jobs if _has_any(facts, entry.when)]
            if entry.asks_for:
                about = [facts for facts in about if any(map(facts.case.document.can_say, entry.asks_for))]
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

        file = OneFile(
            path,
            tree,
            settings,
            suppressions=suppressions,
            check=check,
            failures=self.failures,
            silent=silent,
        )
        return file.findings(asked, self._registry(settings))

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

        file = OneFile(
            path,
            script.lines,
            settings,
            suppressions=script.suppressions,
            check=check,
            failures=self.failures,
        )
        return file.findings(asked, self._registry(settings))

    def _active_in(self, path: str, settings: Settings) -> tuple[Active, ...]:
        """The rules that run in one file, those about suppressions after all others."""
        active = self.active(settings)
        if not settings.selection.per_file_ignores:
            return active
        inner, silent_in = relative(path, settings.root), settings.selection.silent_in
        return tuple(entry for entry in active if not silent_in(inner, entry.code, entry.rule.name))


def _chosen(registry: Registry, settings: Settings) -> Iterable[Active]:
    for rule, plugin in registry.rules:
        if rule.preview and not settings.preview:
            continue
        if settings.selection.runs(rule.code, rule.name):
            yield Active(rule, settings.rules.get(rule.name, {}), plugin)


def _has_any(facts: Facts, when: tuple[str, ...]) -> bool:
    """Whether a file has any of what a rule is about. Where looking fails, the rule is asked, and says so."""
    try:
        return not when or any(facts.has(word) for word in when)
    except Exception:
        return True


def _placed(finding: Finding, document: Document) -> Finding:
    """The finding without its fix, which is made for one job spec a file; what is about the whole job points at the
    job's place in its file."""
    return finding._replace(pointer=finding.pointer or document.place, fix=None)
