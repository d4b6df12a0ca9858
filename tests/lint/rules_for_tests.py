"""Small rules, so that engine tests depend on no built-in one."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec import Edit, Facts, Finding, Fix, Option, Related, Rule, Saving
from gpuspec.lint.registry import Registered, Registry
from gpuspec.lint.result import Problem
from gpuspec.lint.runner import Linter
from gpuspec.lint.script import Script
from gpuspec.lint.settings import Settings
from gpuspec.text import Span


class NoCloud(Rule):
    """A cloud is named."""

    code = "T101"
    name = "no-cloud"
    severity = "warning"
    fixable = "always"
    options = (Option("allowed", list, [], "Clouds that may be named."),)

    def check(self, facts: Facts) -> Iterator[Finding]:
        for number, cloud in enumerate(facts.job.clouds):
            if cloud not in facts.options["allowed"]:
                yield self.finding(
                    f"/clouds/{number}",
                    f"{cloud} costs money",
                    related=[Related("/run", "the work")],
                    saving=Saving(0.5),
                    suggestion="name no cloud",
                    fix=Fix("remove it", (Edit("remove", f"/clouds/{number}"),), safe=True),
                )


class NoEcho(Rule):
    """`echo` in a script or command."""

    code = "T102"
    name = "no-echo"
    severity = "error"

    def check(self, facts: Facts) -> Iterator[Finding]:
        if facts.job.run and "echo" in facts.job.run:
            yield self.finding("/run", "echo needs no GPU")

    def check_script(self, script: Script) -> Iterator[Finding]:
        at = script.text.find("echo ")
        while at >= 0:
            yield self.finding("", "echo needs no GPU", span=Span(at, at + 4))
            at = script.text.find("echo ", at + 4)


class Unsure(Rule):
    """Says something it does not quite believe."""

    code = "T103"
    name = "unsure"
    severity = "info"
    confidence = "low"

    def check(self, facts: Facts) -> Iterator[Finding]:
        yield self.finding("", "perhaps")


class Preview(Rule):
    """New."""

    code = "T104"
    name = "brand-new"
    severity = "info"
    preview = True

    def check(self, facts: Facts) -> Iterator[Finding]:
        yield self.finding("", "new")


class Broken(Rule):
    """Divides by zero."""

    code = "T105"
    name = "broken"
    severity = "error"

    def check(self, facts: Facts) -> Iterator[Finding]:
        yield self.finding("", "before the crash")
        raise ZeroDivisionError("division by zero")


def registry(*rules: type[Rule], problems: tuple[Problem, ...] = ()) -> Registry:
    return Registry(tuple(Registered(rule(), "test") for rule in rules), problems)


def lint(
    text: str, *rules: type[Rule], settings: Settings | None = None, path: str = "job.gpu.jsonc"
) -> list[str]:
    """Findings as `line:column code`."""
    from gpuspec.lint.files import lint_data

    found = lint_data(Linter(registry(*rules)), path, text.encode(), settings or Settings(), on_disk=False)
    return [f"{item.place.line}:{item.place.column} {item.finding.code}" for item in found]
