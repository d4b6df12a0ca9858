"""Which rules run: explicit beats implicit, the longest selector wins, and on a tie the rule is off."""

from collections.abc import Iterable

from gpuspec.errors import UserError
from gpuspec.lint.globs import glob_matches
from gpuspec.named_tuple import NamedTuple

_EXACT = 1000
_DIGITS = "0123456789"


def matches(selector: str, code: str, name: str) -> bool:
    """Whether a code, name, prefix of a code ("GS1") or "ALL" means this rule."""
    return strength(selector, code, name) >= 0


def selectors_of(code: str, name: str) -> list[str]:
    """Every selector that means this rule: "ALL", its code, its name, and the prefixes of its code."""
    letters = len(code.rstrip(_DIGITS))
    return ["ALL", name, *(code[:end] for end in range(letters, len(code) + 1))]


def strength(selector: str, code: str, name: str) -> int:
    """How exactly a selector names a rule: -1 not at all, 0 ALL, longer prefixes more, code and name most."""
    if selector in (code, name):
        return _EXACT
    if selector == "ALL":
        return 0
    # A prefix holds all letters of the code: "G" would mean other people's plugins, too.
    whole = selector.rstrip(_DIGITS) == code.rstrip(_DIGITS)
    return len(selector) if whole and code.startswith(selector) else -1


class Selection(NamedTuple):
    """What was asked for. `select` None means: nobody said, so every rule."""

    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """(glob, selectors)"""

    def runs(self, code: str, name: str) -> bool:
        """Whether a rule runs at all (files aside)."""
        chosen = (*(self.select or ()), *self.extend_select)
        on = _strongest(chosen, code, name)
        off = _strongest(self.ignore, code, name)
        if on < 0:
            return self.select is None and off < 0
        return on > off

    def silent_in(self, path: str, code: str, name: str) -> bool:
        """Whether per-file-ignores silence a rule in a file; `path` is relative to where the globs start."""
        return any(
            _strongest(selectors, code, name) >= 0 and glob_matches(path, glob)
            for glob, selectors in self.per_file_ignores
        )


def _strongest(selectors: Iterable[str], code: str, name: str) -> int:
    return max((strength(selector, code, name) for selector in selectors), default=-1)


def check_selectors(selectors: Iterable[str], known: Iterable[tuple[str, str]], origin: str) -> None:
    """Raise UserError `unknown-rule` for the first selector that means no rule. `known` is (code, name)."""
    pairs = list(known)
    for selector in selectors:
        if any(matches(selector, code, name) for code, name in pairs) or selector == "ALL":
            continue
        from difflib import get_close_matches

        words = {word.lower(): word for pair in pairs for word in pair}
        near = get_close_matches(selector.lower(), words, n=1, cutoff=0.6)
        hint = f"did you mean {words[near[0]]}?" if near else "`gpuspec rules` lists them all."
        raise UserError("unknown-rule", f"{origin}: no rule is called {selector!r}", hint)
