"""What a rule is: a small class with a code, a name, a docstring that is its page, and one check."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from gpuspec.lint.finding import Confidence, Finding, Fix, Related, Saving, Severity
from gpuspec.named_tuple import NamedTuple
from gpuspec.text import Span

if TYPE_CHECKING:
    from gpuspec.lint.facts import Facts
    from gpuspec.lint.script import Script


class Option(NamedTuple):
    """A setting of one rule: `[tool.gpuspec.rules.over-provisioned-gpu] min_saving = 0.2`.

    `type` is int, float, bool, str or list (of str); a value of another type is a config error.
    """

    name: str
    type: type
    default: Any
    help: str
    minimum: float | None = None
    maximum: float | None = None


class Rule:
    """Subclass, set `code`, `name`, `severity`; write `check`. The docstring is the rule's documentation.

    `needs` names what must be known before `check` is asked: "job" (the default: the text parsed and
    passed the schema far enough to have a Job), "tree" (any text, parsed or not), "script" (never asked
    about specs) or "suppressions" (asked last, when it is known which suppressions were used).
    `check_script` is asked of every rule that overrides it, whatever it `needs`.
    """

    code: ClassVar[str]
    name: ClassVar[str]
    severity: ClassVar[Severity]
    may_be_error: ClassVar[bool] = False
    """Whether some of its findings are errors, though its `severity` is less: a fix that leads to one is not offered.
    """
    confidence: ClassVar[Confidence] = "high"
    preview: ClassVar[bool] = False
    fixable: ClassVar[Literal["never", "sometimes", "always"]] = "never"
    needs: ClassVar[Literal["job", "tree", "script", "suppressions"]] = "job"
    asks_for: ClassVar[tuple[str, ...]] = ()
    """Fields of the Job ("spot", "budget.max_hours") whose absence it reports, or that its findings would have the
    author set: it is not asked about files whose format has none of them, nor where the file means to set one of them
    and its format refuses how (`Facts.refused`)."""
    options: ClassVar[tuple[Option, ...]] = ()
    url: ClassVar[str | None] = None
    """Page on the web; built-in rules have theirs in docs/rules/."""

    def check(self, facts: "Facts") -> Iterable[Finding]:
        """Findings for one spec."""
        return ()

    def check_script(self, script: "Script") -> Iterable[Finding]:
        """Findings for one script (shell, Python, Makefile, workflow); only where the rule reads scripts."""
        return ()

    def finding(
        self,
        pointer: str,
        message: str,
        *,
        severity: Severity | None = None,
        confidence: Confidence | None = None,
        on: Literal["value", "key"] = "value",
        span: Span | None = None,
        within: Iterable[Span] = (),
        related: Iterable[Related] = (),
        saving: Saving | None = None,
        suggestion: str | None = None,
        fix: Fix | None = None,
        numbers: Iterable[tuple[str, str]] = (),
    ) -> Finding:
        """A finding of this rule; severity and confidence default to the rule's own."""
        return Finding(
            code=self.code,
            name=self.name,
            message=message,
            pointer=pointer,
            severity=severity or self.severity,
            confidence=confidence or self.confidence,
            on=on,
            span=span,
            within=tuple(within),
            related=tuple(related),
            saving=saving,
            suggestion=suggestion,
            fix=fix,
            numbers=tuple(numbers),
        )
