"""Makefiles: shell loops in recipes, $(foreach), and pattern rules that other targets ask for by the list."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping

from gpuspec.commands.shell.scope import StepBudget
from gpuspec.commands.word import LAST_MARK, UNKNOWN, Word
from gpuspec.named_tuple import NamedTuple
from gpuspec.scripts.loops import Frame, Judge
from gpuspec.scripts.program import Loop
from gpuspec.scripts.shell import judge_shell
from gpuspec.text import Span

_VARIABLE = re.compile(r"^(?:export\s+|override\s+)?([\w.-]+)\s*(\?|:{1,3}|\+|!)?=(.*)$")
_RULE = re.compile(r"^([^\s#:=][^:=#]*)::?(?!=)([^#]*)$")
_REFERENCE = re.compile(r"\$[({]([^(){}$]*)[)}]")
_EACH = {"@": "TARGET", "<": "FIRST", "*": "STEM", "^": "ALL"}
_ROUNDS = 40
_LONGEST = 20_000
_LOOK_UPS = 20
"""Names looked at, or made, that count as one step: all rules may have patterns that fit everything."""
_CHARACTERS = 200
"""Those that count as one step where a reference is replaced in a line."""


class MakeRule(NamedTuple):
    """Targets and prerequisites, expanded where known, and the recipe's lines with their spans."""

    targets: tuple[str, ...]
    prerequisites: tuple[str, ...]
    head: Span
    recipe: list[tuple[str, Span]]


def judge_makefile(text: str, judge: Judge) -> None:
    """Tell the judge what the recipes of a Makefile run, in the loops that make itself goes through."""
    values, rules = _scan(text, judge.budget)
    prerequisites = _Prerequisites(rules, judge.budget)
    for rule in rules:
        if judge.budget.cut:
            return
        asked = prerequisites.asked_for(rule)
        frames = []
        if asked != 0:
            loop = Loop("map", tuple(_EACH.values()), Word(" ".join(rule.targets)), asked, rule.head)
            frames = [Frame(loop, LAST_MARK)]
        # What make puts in stands for a variable of its own, which differs from one target to the next.
        env = dict.fromkeys(_EACH.values(), UNKNOWN + LAST_MARK)
        judge.place = (rule.head,)
        for line, span in rule.recipe:
            recipe = _recipe(line, values, judge.budget)
            judge_shell(recipe, judge, env=env, outer=frames, span=span)


def targets_of(text: str, budget: StepBudget) -> dict[str, Hashable]:
    """The targets of a Makefile, each with the place that the judge is told of its recipe."""
    _, rules = _scan(text, budget)
    return {target: rule.head for rule in rules for target in rule.targets if rule.recipe}


class _Prerequisites:
    """What the rules of a Makefile ask for: looked up by name, since all rules may have several targets."""

    def __init__(self, rules: list[MakeRule], budget: StepBudget) -> None:
        self.rules = rules
        self.budget = budget
        self.asking: dict[str, list[int]] = {}
        """Prerequisite → the rules that ask for it, by their number."""
        for number, rule in enumerate(rules):
            if ".PHONY" not in rule.targets:
                for given in dict.fromkeys(rule.prerequisites):  # make builds what is named twice once
                    self.asking.setdefault(given, []).append(number)
        self.sorted = sorted(self.asking)

    def asked_for(self, rule: MakeRule) -> int | None:
        """How many targets of the rule others ask for at once: 0 where it is made by name only, None for a list that
        cannot be counted."""
        targets = [target for target in rule.targets if target != ".PHONY"]
        patterns = [target for target in targets if "%" in target]
        if patterns and any("%" in given for given in rule.prerequisites):
            return None  # one file from another: made by the list
        if UNKNOWN in targets and UNKNOWN in self.asking:
            return None  # a list that is made by the list
        if len(targets) < 2 and not patterns:
            return 0
        wanted = {target for target in targets if target in self.asking}
        wanted.update(given for pattern in patterns for given in self._made_by(pattern))
        counts: Counter[int] = Counter()
        for given in wanted:
            self.budget.steps -= len(self.asking[given]) // _LOOK_UPS
            if self.budget.steps < 0:
                break
            others = [number for number in self.asking[given] if self.rules[number] is not rule]
            if others and UNKNOWN in given:
                return None
            counts.update(others)
        return max(counts.values(), default=0)

    def _made_by(self, pattern: str) -> list[str]:
        before, _, behind = pattern.partition("%")
        least = len(before) + len(behind) + 1
        found = []
        for at in range(bisect_left(self.sorted, before), len(self.sorted)):
            given = self.sorted[at]
            self.budget.steps -= at % _LOOK_UPS == 0
            if not given.startswith(before) or self.budget.steps < 0:
                break
            if len(given) >= least and given.endswith(behind):
                found.append(given)
        return found


def _scan(text: str, budget: StepBudget) -> tuple[dict[str, str], list[MakeRule]]:
    values: dict[str, str] = {}
    rules: list[MakeRule] = []
    for line, span in _logical(text):
        if budget.steps < 0:
            break
        if len(line) > _LONGEST:
            budget.leave_out()
            continue
        if line.startswith("\t"):
            if rules:
                rules[-1].recipe.append((line, span))
            continue
        variable = _VARIABLE.match(line)
        if variable:
            name, sign, value = variable.groups()
            value = value.split(" #")[0].strip()
            before = values.get(name, "") if sign == "+" else ""
            if len(before) > _LONGEST:
                budget.leave_out()
            else:
                values[name] = f"{before} {value}" if sign == "+" else value
            continue
        match = _RULE.match(line)
        if match:
            given, _, recipe = match[2].lstrip().partition(";")
            pattern, colon, after = given.partition(":")
            wanted = expand(after if colon else given, values, budget).split()
            made = expand(pattern if colon else match[1], values, budget).split()
            behind = [(recipe, span)] if recipe.strip() else []
            rules.append(MakeRule(tuple(made), tuple(wanted), span, behind))
    return values, rules


def _logical(text: str) -> Iterator[tuple[str, Span]]:
    """Lines with their continuations."""
    at = 0
    for match in re.finditer(r"[^\n\\]*(?:\\\n?[^\n\\]*)*(?:\n|\Z)", text):
        if match.start() < at or match.start() == len(text):
            continue
        at = match.end()
        line = match.group().rstrip("\n")
        indent = len(line) - len(line.lstrip())
        yield line, Span(match.start() + indent, match.start() + len(line))


def expand(text: str, values: Mapping[str, str], budget: StepBudget, unknown: str = UNKNOWN) -> str:
    """References replaced by what they hold; `unknown` for those that cannot be known."""
    for _ in range(_ROUNDS):
        found = _REFERENCE.search(text)
        if found is None or len(text) > _LONGEST or budget.steps < 0:
            return text
        value = _value(found[1], values, unknown)
        # Its words, of which each may have been changed, and the line, which is copied and searched again.
        budget.steps -= value.count(" ") // _LOOK_UPS + (len(text) + len(value)) // _CHARACTERS
        text = text[: found.start()] + value + text[found.end() :]
    return text


def _value(inside: str, values: Mapping[str, str], unknown: str) -> str:
    if inside in values:
        return values[inside]
    name, _, rest = inside.partition(" ")
    parts = rest.split(",")
    if name in ("addprefix", "addsuffix") and len(parts) == 2:
        before, behind = (parts[0], "") if name == "addprefix" else ("", parts[0])
        return " ".join(before + word + behind for word in parts[1].split())
    if name == "patsubst" and len(parts) == 3:
        return _substituted(parts[2], parts[0].strip(), parts[1].strip())
    if name in ("sort", "strip"):
        return rest
    if name == "wildcard":
        return rest.replace("*", unknown)
    substitution = re.fullmatch(r"([\w.-]+):([^=]*)=(.*)", inside)
    if substitution and substitution[1] in values:
        left, right = substitution[2], substitution[3]
        left, right = (left, right) if "%" in left else ("%" + left, "%" + right)
        return _substituted(values[substitution[1]], left, right)
    return unknown


def _substituted(words: str, left: str, right: str) -> str:
    made = []
    for word in words.split():
        before, _, behind = left.partition("%")
        fits = word.startswith(before) and word.endswith(behind)
        made.append(right.replace("%", word[len(before) : len(word) - len(behind)]) if fits else word)
    return " ".join(made)


def _recipe(line: str, values: Mapping[str, str], budget: StepBudget) -> str:
    """A recipe line as the shell text that make would hand over."""
    text = re.sub(r"^\s*[@+-]+", "", line.replace("\\\n", " "))
    text = re.sub(r"\$[({]MAKE[)}]", "make", text)
    text = text.replace("$$", "\ue000")
    for _ in range(3):
        found = re.search(r"\$\(foreach\s+(\w+),((?:[^(),]|\([^()]*\))*),", text)
        if found is None:
            break
        end = _closing(text, found.end())
        body = re.sub(r"\$[({]" + found[1] + r"[)}]", "\ue000{" + found[1] + "}", text[found.end() : end])
        words = expand(found[2], values, budget, "\ue000(list)")
        loop = f"for {found[1]} in {words}; do {body.rstrip().rstrip('; &')}; done"
        text = text[: found.start()] + loop + text[end + 1 :]
    text = re.sub(r"\$\(?([@<*^])[DF]?\)?", lambda match: "\ue000" + _EACH[match[1]], text)
    return expand(text, values, budget, "\ue000(list)").replace("\ue000", "$")


def _closing(text: str, at: int) -> int:
    depth = 1
    while at < len(text) and depth:
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        at += 1
    return at - 1
