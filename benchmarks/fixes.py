"""Every fix of every rule, over every text at hand: made alone, read and judged again.

    python benchmarks/fixes.py [--show] [FOLDER …]

Texts: the bad golden files, the bad examples of the rules' pages, `examples/`, `tests/judgement`, and, where they are
there, `../shared/corpus` and `../shared/cases`; or the files of the folders named. A rule's fix is offered where the
text with it parses, brings no error, loses no value that the fix is not about, and no longer has the finding;
comments stay but for those of what is removed; and all fixes together settle, so that a second `--fix` changes
nothing. Prints a line for each rule: fixes that it gave, offered, withheld and why. Exits with 1 where an
offered fix breaks one of these, or more than `WITHHELD` of all are withheld.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from gpuspec.errors import UserError
from gpuspec.formats import Known
from gpuspec.lint.fixing import fix_data
from gpuspec.lint.judged_fix import judged
from gpuspec.lint.made_fix import applied, carried_jobs
from gpuspec.lint.page import page
from gpuspec.lint.result import Located
from gpuspec.lint.runner import Linter, documents_in
from gpuspec.lint.settings import Settings
from gpuspec.planning.case import JobSettings
from gpuspec.rules import collect
from gpuspec.testing import prices_in
from gpuspec.text import parse

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared", ROOT.parents[1] / "shared"
ENDS = (".jsonc", ".json", ".json5", ".yaml", ".yml", ".toml", ".sh", ".py", ".sbatch")
WITHHELD = 0.03
"""Share of all fixes that may be withheld: each is a rule that gave one that does not hold."""


class Text(NamedTuple):
    """A text to fix: what to call it, and its bytes; whether its neighbours may be looked at."""

    path: str
    data: bytes
    on_disk: bool


class Tried(NamedTuple):
    """A fix that a rule gave for a text, and why it is not offered ("")."""

    text: Text
    found: Located
    why_not: str


def texts(folders: Sequence[Path] = ()) -> Iterator[Text]:
    """All texts at hand, or those in folders."""
    shared = next((folder for folder in SHARED if folder.is_dir()), None)
    at_hand = [ROOT / "tests/golden", ROOT / "examples", ROOT / "tests/judgement"]
    at_hand += [shared / "corpus", shared / "cases"] if shared else []
    for folder in folders or at_hand:
        for path in sorted(folder.rglob("*")):
            if path.suffix in ENDS and path.is_file() and not path.name.startswith(("good", "test_")):
                yield Text(str(path), path.read_bytes(), on_disk=True)
    if not folders:
        yield from of_pages()


def of_pages() -> Iterator[Text]:
    """The bad examples of the pages of all rules."""
    for entry in collect().rules:
        for at, example in enumerate(page(type(entry.rule.rule)).bad):
            yield Text(f"{entry.rule.code}-{at}/{example.path}", example.text.encode(), on_disk=False)


class Fixes:
    """Tries fixes with all rules, preview and pedantic findings too."""

    def __init__(self) -> None:
        self.linter = Linter(collect())
        self.wrong: list[str] = []
        """What is wrong with fixes that are offered."""

    def settings(self, text: Text) -> Settings:
        """Those of a text, whose first line may name its prices."""
        return Settings(job=JobSettings(prices=prices_in(text.data)), preview=True, pedantic=True)

    def tried(self, text: Text) -> Iterator[Tried]:
        """Each fix of a text; what is wrong with those that are offered is noted."""
        path, data, on_disk = text
        settings = self.settings(text)
        try:
            found = self.linter.found_in(path, data, settings, on_disk=on_disk)
        except UserError:
            return
        verdicts = judged(self.linter, path, data, settings, found, on_disk=on_disk, strict=True)
        for each, verdict in zip(found, verdicts, strict=True):
            if each.finding.fix:
                yield Tried(text, each, verdict.why_not)
                if not verdict.why_not:
                    self._check_comments(text, each, self.linter.formats)
        if any(each.finding.fix for each in found):
            self._check_settles(
                text, settings, safe=any(fix.safe for each in found if (fix := each.finding.fix))
            )

    def _check_comments(self, text: Text, found: Located, formats: Sequence[Known]) -> None:
        fix, path = found.finding.fix, text.path
        jobs = carried_jobs(documents_in(path, text.data, formats))
        if fix is None or fix.replaces or any(edit.op == "remove" for edit in fix.edits):
            return
        after = applied(text.data, [fix], is_spec=True, tree=jobs[0].tree if jobs else None)
        if after is not None and comments(text.path, text.data) != comments(text.path, after):
            self.wrong.append(f"{text.path}: {found.finding.code} {fix.title!r} loses a comment")

    def _check_settles(self, text: Text, settings: Settings, *, safe: bool) -> None:
        for unsafe in {False, True} if safe else {True}:
            once = fix_data(
                self.linter, text.path, text.data, settings, unsafe=unsafe, on_disk=text.on_disk
            ).data
            again = fix_data(self.linter, text.path, once, settings, unsafe=unsafe, on_disk=text.on_disk).data
            if once != again:
                self.wrong.append(f"{text.path}: fixes do not settle (unsafe: {unsafe})")


def comments(path: str, data: bytes) -> list[str]:
    """The comments of a text, sorted."""
    jobs = documents_in(path, data)
    tree = jobs[0].tree if jobs else parse(data.decode())
    return sorted(tree.text[comment.span.start : comment.span.end] for comment in tree.comments)


def table(tried: Sequence[Tried]) -> str:
    """A line for each rule."""
    given = Counter(each.found.finding.code for each in tried)
    good = Counter(each.found.finding.code for each in tried if not each.why_not)
    lines = ["rule   given  offered  withheld"]
    for code in sorted(given):
        reasons = Counter(
            each.why_not.partition(":")[0]
            for each in tried
            if each.why_not and each.found.finding.code == code
        )
        why = ", ".join(f"{number} × {reason}" for reason, number in sorted(reasons.items()))
        lines.append(f"{code:6} {given[code]:5} {good[code]:8}  {why}".rstrip())
    lines.append(f"all    {len(tried):5} {sum(good.values()):8}")
    return "\n".join(lines)


def main() -> int:
    """Try all fixes; whether what is offered holds."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--show", action="store_true", help="each fix that is withheld")
    options = parser.parse_args()
    fixes = Fixes()
    here = list(texts(options.folders))
    tried = [each for text in here for each in fixes.tried(text)]
    print(f"{len(here)} texts")
    print(table(tried))
    if options.show:
        for each in tried:
            if each.why_not and each.found.finding.fix:
                print(
                    f"{each.text.path}: {each.found.finding.code} {each.found.finding.fix.title!r}: {each.why_not}"
                )
    print(*fixes.wrong, *map(str, fixes.linter.problems), sep="\n")
    withheld = sum(bool(each.why_not) for each in tried)
    few = withheld <= WITHHELD * len(tried)
    return int(bool(fixes.wrong) or not few)


if __name__ == "__main__":
    sys.exit(main())
