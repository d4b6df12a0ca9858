"""Files through all rules: Documents → Facts → findings with their places."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from gpuspec.catalog import Catalog
from gpuspec.formats import FORMATS, Document, Known, read
from gpuspec.lint.deferred import BuiltIn, loaded
from gpuspec.lint.facts import Facts, Words
from gpuspec.lint.finding import Finding
from gpuspec.lint.globs import relative
from gpuspec.lint.neighbours import Folders
from gpuspec.lint.one_file import MOST, Active, Failures, OneFile
from gpuspec.lint.registry import BUILT_IN, Registry
from gpuspec.lint.result import Hidden, Located, Problem
from gpuspec.lint.rule import Rule
from gpuspec.lint.script import Kind, Script, kind_of
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
        self.asks: Callable[[Active], bool] | None = None
        """Which of the rules of jobs are asked; None: all."""
        self.most = MOST
        """Findings of one rule in one file."""
        self.failures = Failures(registry.problems, debug=debug)
        self.without_jobs: dict[str, None] = {}
        """Job files that ask for no GPU, in the order in which they were met."""
        self.silenced: dict[str, list[Hidden]] = {}
        """File → what comments in it silence, as it was last linted."""
        self._folders = Folders()
        self.catalog = catalog or installed_catalog()
        self._sizes: dict[object, Any] = {}
        self._again: Linter | None = None
        self._active: list[tuple[Settings, tuple[Active, ...]]] = []
        self._wanted: dict[tuple[Active, ...], _Wanted] = {}

    @property
    def problems(self) -> list[Problem]:
        """What went wrong so far: rules and plugins that failed."""
        return self.failures.problems

    def again(self) -> "Linter":
        """One that asks the same rules of what fixes would make of a text. What is worked out of jobs is kept
        together; what goes wrong there is not told."""
        if self._again is None:
            registry = Registry(self.registry.rules, ())
            self._again = Linter(registry, formats=self.formats, catalog=self.catalog)
            self._again._sizes = self._sizes
        return self._again

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

    def found_in(self, path: str, data: bytes, settings: Settings, *, on_disk: bool = True) -> list[Located]:
        """What the rules find in one file's bytes: as a script by its name or first line, and as the jobs it holds.
        Their fixes are as the rules give them, not judged."""
        self.silenced.pop(path, None)
        kind = kind_of(path, data)
        found = self.script(path, data, kind, settings) if kind else []
        documents = _documents(path, data, self.formats, script=kind is not None, on_disk=on_disk)
        if documents:
            said = set(map(_said, found))  # of comments in a file that is both, the same is found twice
            found += [
                each
                for each in self.documents(documents, settings, on_disk=on_disk)
                if _said(each) not in said
            ]
        elif kind is None:
            from gpuspec.lint.unknown_file import without_jobs

            unread = without_jobs(path, data, self.formats)
            if unread:
                found += self.documents(unread, settings, on_disk=on_disk)
            else:
                self.without_jobs[path] = None
        return found

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
        for case in cases:
            case.shared = self._sizes
        suppressions = in_tree(tree)
        cases = [_priced(case) for case in cases]
        texts = [Facts(case, folders=self._folders, suppressions=suppressions) for case in cases]
        if len(texts) > 1:
            for facts in texts:
                facts.beside = tuple(texts)
        active = self._active_in(path, settings)
        wanted = self._wanted.get(active) or self._wanted.setdefault(active, _Wanted(active))
        about: dict[str, list[Facts]] = {}
        for facts in texts:
            for wants in wanted.found_in(facts, first=facts is texts[0]):
                about.setdefault(wants, []).append(facts)
        asked = {entry: about[entry.wants] for entry in active if entry.wants in about}
        if self.asks is not None:
            asked = {entry: facts for entry, facts in asked.items() if self.asks(entry)}
        jobs = any(facts.has_job for facts in texts)
        silent = (
            entry.code
            for entry in active
            if entry not in asked and entry.needs != "script" and (jobs or entry.needs != "job")
        )

        def check(entry: Active) -> Iterable[Finding]:
            rule, options = entry.loaded()
            for facts in asked[entry]:
                facts.options = options
                for finding in rule.check(facts) or ():
                    yield _paid(_placed(finding, facts.case.document), facts)

        file = OneFile(
            path,
            tree,
            settings,
            suppressions=suppressions,
            check=check,
            failures=self.failures,
            silent=silent,
            most=self.most,
        )
        return self._judged(file, asked, settings)

    def script(self, path: str, data: bytes, kind: Kind, settings: Settings) -> list[Located]:
        """Findings for the bytes of a script."""
        script = Script(path, data.decode("utf-8-sig", "replace"), kind)
        script.settings, script.overrides = settings.job, settings.overrides
        script.catalog = settings.catalog(self.catalog)
        script.suppressions = in_script(script.lines)

        asked = [
            entry
            for entry in self._active_in(path, settings)
            if not isinstance(entry.rule, BuiltIn) or entry.rule.scripts
            if type(loaded(entry.rule)).check_script is not Rule.check_script
        ]

        def check(entry: Active) -> Iterable[Finding]:
            rule, script.options = entry.loaded()
            return rule.check_script(script)

        file = OneFile(
            path,
            script.lines,
            settings,
            suppressions=script.suppressions,
            check=check,
            failures=self.failures,
            most=self.most,
        )
        return self._judged(file, asked, settings)

    def _judged(self, file: OneFile, asked: Iterable[Active], settings: Settings) -> list[Located]:
        found = file.findings(asked, self._registry(settings))
        if file.silenced:
            self.silenced.setdefault(file.path, []).extend(file.silenced)
        return found

    def _active_in(self, path: str, settings: Settings) -> tuple[Active, ...]:
        """The rules that run in one file, those about suppressions after all others."""
        active = self.active(settings)
        if not settings.selection.per_file_ignores:
            return active
        inner, silent_in = relative(path, settings.root), settings.selection.silent_in
        return tuple(entry for entry in active if not silent_in(inner, entry.code, entry.rule.name))


def documents_in(
    path: str, data: bytes, formats: Sequence[Known] = FORMATS, *, on_disk: bool = True
) -> tuple[Document, ...]:
    """The jobs of a file. What no format recognises is read as a job spec, unless it is a script or YAML."""
    script = kind_of(path, data)
    return _documents(path, data, formats, script=script is not None, on_disk=on_disk)


def _documents(
    path: str, data: bytes, formats: Sequence[Known], *, script: bool, on_disk: bool
) -> tuple[Document, ...]:
    jsonc = not script and not path.endswith((".yml", ".yaml", ".toml"))
    return read(path, data, guess=jsonc, formats=formats, on_disk=on_disk)


def _said(found: Located) -> tuple[object, ...]:
    return found.place, found.finding.code, found.finding.message


def _priced(case: Case) -> Case:
    """The case, without prices where its file does not tell what rents the machine."""
    if case.document.format.in_spec_fields:
        return case
    from gpuspec.lint.unpriced import is_unpriced, without_prices

    return without_prices(case) if is_unpriced(case) else case


def _chosen(registry: Registry, settings: Settings) -> Iterable[Active]:
    for rule, plugin in registry.rules:
        if rule.preview and not settings.preview:
            continue
        if settings.selection.runs(rule.code, rule.name):
            yield Active(rule, settings.rules.get(rule.name, {}), plugin)


_SIZED = frozenset({"workload.model", "workload.params_b"})
"""What a rule that counts memory wants to be known."""


class _Wanted:
    """What some rules must find in a file to be asked about it: each is looked for once, however many want it."""

    def __init__(self, active: Iterable[Active]) -> None:
        one_of = {entry.wants: entry for entry in active if entry.needs != "script"}.values()
        self._of_job = [entry for entry in one_of if entry.needs == "job"]
        self._of_text = [entry for entry in one_of if entry.needs != "job"]
        self._words = tuple(dict.fromkeys(word for entry in one_of for word in entry.when))
        self._by_place = Words(self._words)

    def found_in(self, facts: Facts, *, first: bool) -> list[str]:
        """What of it (see `Active.wants`) is there, in a format that can say any of what a rule asks for, and in a
        file that does not say it in a way that the format refuses: that is no absence. What is about the text is
        looked for in the `first` of its jobs alone."""
        there, can_say = self._there(facts), facts.case.document.can_say
        refused = facts.refused if facts.has_job else frozenset()
        entries: Iterable[Active] = (
            *(self._of_job if facts.has_job else ()),
            *(self._of_text if first else ()),
        )
        if refused:
            entries = [entry for entry in entries if not _is_about(entry, refused)]
        entries = [entry for entry in entries if not entry.when or not there.isdisjoint(entry.when)]
        return [entry.wants for entry in entries if not entry.asks_for or any(map(can_say, entry.asks_for))]

    def _there(self, facts: Facts) -> set[str]:
        """The words that there is any of (see `Facts.has`). Where looking fails, the rules that want it are asked,
        and say so."""
        try:
            return self._by_place.said_of(facts)
        except Exception:
            return {word for word in self._words if _may_have(facts, word)}


def _is_about(entry: Active, refused: frozenset[str]) -> bool:
    """Whether a rule would take for absent what a file says wrongly: a field that it asks for, or the `model` that it
    sizes."""
    sizes = "model" in refused and not _SIZED.isdisjoint(entry.when)
    return sizes or any(field.partition(".")[0] in refused for field in entry.asks_for)


def _may_have(facts: Facts, word: str) -> bool:
    try:
        return facts.has(word)
    except Exception:
        return True


def _paid(finding: Finding, facts: Facts) -> Finding:
    """The finding with the hours for which its saving counts."""
    saving = finding.saving if isinstance(finding, Finding) else None
    if saving is None or saving.per_hour <= 0 or not facts.has_job:
        return finding
    from gpuspec.planning.job_length import hours_of_case

    month, run = hours_of_case(facts.case)
    return finding._replace(saving=saving._replace(hours_per_month=month, hours_per_run=run))


def _placed(finding: Finding, document: Document) -> Finding:
    """The finding. Fixes are made for files that are one job spec: elsewhere it has the one that can be carried over,
    and what is about the whole job points at the job's place in its file."""
    if not isinstance(finding, Finding):
        return finding  # what a plugin's rule gave is told so
    fix = finding.fix
    if fix and any(not edit.pointer for edit in fix.edits):
        fix = None  # what is assumed (`--assume-gpu`) stands nowhere
    if document.format.in_spec_fields and not document.place:
        return finding if fix is finding.fix else finding._replace(fix=fix)
    if fix is not None:
        from gpuspec.lint.carried_fix import carried

        fix = carried(fix, document)
    return finding._replace(pointer=finding.pointer or document.place, fix=fix)
