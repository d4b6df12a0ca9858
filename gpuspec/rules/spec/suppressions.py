"""GS008 unused-suppression and GS009 suppression-without-reason."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from gpuspec.lint import Facts, Finding, Fix, Replace, Rule
from gpuspec.lint.script import Script
from gpuspec.lint.selection import selectors_of
from gpuspec.lint.suppression import Suppression, without


class UnusedSuppression(Rule):
    """A suppression silences nothing.

    ## What it does
    Reports `gpuspec: ignore[…]` comments, or single rules in them, that match no finding, and codes and names that
    are no rule's. Rules that did not run do not count as unused.

    ## Why is this bad
    It hides the next finding of that rule in that place, which nobody has looked at.

    ## Example
    ```jsonc
    {
      // gpuspec: ignore[duplicate-key] two counts, on purpose
      "run": "python train.py"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "run": "python train.py"
    }
    ```
    """

    code = "GS008"
    name = "unused-suppression"
    severity = "warning"
    fixable = "always"
    needs = "suppressions"

    def check(self, facts: Facts) -> Iterator[Finding]:
        yield from self._unused(facts.suppressions, facts.tree.text)

    def check_script(self, script: Script) -> Iterator[Finding]:
        yield from self._unused(script.suppressions, script.text)

    def _unused(self, suppressions: tuple[Suppression, ...], text: str) -> Iterator[Finding]:
        for suppression in suppressions:
            unused = [entry for entry in suppression.entries if entry.selector not in suppression.used]
            if not suppression.entries:
                yield self.finding(
                    "",
                    "this suppression names no rule, so it silences nothing",
                    span=suppression.comment,
                    suggestion="write ignore[rule-name] and why.",
                )
            replaces = tuple(Replace(*cut) for cut in without(suppression, unused, text)) if unused else ()
            for entry in unused:
                known = entry.selector in suppression.known or entry.selector in _built_in()
                near = None if known else _nearest(entry.selector)
                what = f"{entry.selector} is silenced here, but finds nothing"
                fix = Fix("remove the unused suppression", (), safe=True, replaces=replaces)
                if not known:
                    what = f"there is no rule {entry.selector}: nothing is silenced here"
                if near:
                    # Which of the entries it removes and which it mends, is for the author to say.
                    fix = Fix(f"write {near}", (), safe=False, replaces=(Replace(entry.span, near),))
                yield self.finding(
                    "", what, span=entry.span, suggestion=f"did you mean {near}?" if near else None, fix=fix
                )


@cache
def _built_in() -> frozenset[str]:
    """Every selector that means a built-in rule, whether it runs or not."""
    from gpuspec.rules import RULES

    return frozenset(word for rule in RULES for word in selectors_of(rule.code, rule.name))


def _nearest(selector: str) -> str | None:
    """The rule that is probably meant: by its code in another case, or by a name that is misspelt."""
    from difflib import get_close_matches

    from gpuspec.rules import RULES

    if selector.upper() in _built_in():
        return selector.upper()
    names = [rule.name for rule in RULES]
    near = get_close_matches(selector.lower()[:60], names, n=1, cutoff=0.75)
    return near[0] if near else None


class SuppressionWithoutReason(Rule):
    """A suppression does not say why.

    ## What it does
    Reports `gpuspec: ignore[…]` comments with nothing after the bracket.

    ## Why is this bad
    In half a year nobody will know whether the reason still holds.

    ## Example
    ```jsonc
    {
      "run": "python train.py" // gpuspec: ignore[GS4]
    }
    ```

    ## Use instead
    ```jsonc
    {
      "run": "python train.py" // gpuspec: ignore[GS4] the machine is shared and stays up
    }
    ```
    """

    code = "GS009"
    name = "suppression-without-reason"
    severity = "info"
    needs = "suppressions"

    def check(self, facts: Facts) -> Iterator[Finding]:
        yield from self._silent(facts.suppressions)

    def check_script(self, script: Script) -> Iterator[Finding]:
        yield from self._silent(script.suppressions)

    def _silent(self, suppressions: tuple[Suppression, ...]) -> Iterator[Finding]:
        for suppression in suppressions:
            if suppression.entries and not suppression.reason:
                yield self.finding(
                    "",
                    "this suppression does not say why",
                    span=suppression.comment,
                    suggestion="write the reason after the bracket.",
                )
