"""Makefiles: shell loops in recipes, $(foreach), and pattern rules that other targets ask for by the list."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from gpuspec.commands.word import LAST_MARK, UNKNOWN, Word
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


class MakeRule(NamedTuple):
    """Targets and prerequisites, expanded where known, and the recipe's lines with their spans."""

    targets: tuple[str, ...]
    prerequisites: tuple[str, ...]
    head: Span
    recipe: tuple[tuple[str, Span], ...]


def judge_makefile(text: str, judge: Judge) -> None:
    """Tell the judge what the recipes of a Makefile run, in the loops that make itself goes through."""
    values, rules = _scan(text)
    for rule in rules:
        asked = _asked_for(rule, rules)
        frames = []
        if asked != 0:
            loop = Loop("map", tuple(_EACH.values()), Word(" ".join(rule.targets)), asked, rule.head)
            frames = [Frame(loop, LAST_MARK)]
        # What make puts in stands for a variable of its own, which differs from one target to the next.
        env = dict.fromkeys(_EACH.values(), UNKNOWN + LAST_MARK)
        for line, span in rule.recipe:
            judge_shell(_recipe(line, values), judge, env=env, outer=frames, span=span)


def _asked_for(rule: MakeRule, rules: list[MakeRule]) -> int | None:
    """How many targets of the rule others ask for at once: 0 where it is made by name only, None for a list that
    cannot be counted."""
    patterns = [target for target in rule.targets if target != ".PHONY"]
    if any("%" in target for target in patterns) and any("%" in given for given in rule.prerequisites):
        return None  # one file from another: made by the list
    if len(patterns) < 2 and not any("%" in target for target in patterns):
        return 0
    names = {pattern for pattern in patterns if "%" not in pattern}
    open_patterns = [pattern for pattern in patterns if "%" in pattern]
    most = 0
    for other in rules:
        if other is rule or ".PHONY" in other.targets:
            continue
        wanted = [
            given
            for given in other.prerequisites
            if given in names or any(_matches(given, pattern) for pattern in open_patterns)
        ]
        if any(UNKNOWN in given for given in wanted):
            return None
        most = max(most, len(wanted))
    return most


def _matches(given: str, pattern: str) -> bool:
    parts = [re.escape(part) for part in pattern.split("%", 1)]
    return bool(re.fullmatch("(?:.+)".join(parts), given))


def _scan(text: str) -> tuple[dict[str, str], list[MakeRule]]:
    values: dict[str, str] = {}
    rules: list[MakeRule] = []
    for line, span in _logical(text):
        if len(line) > _LONGEST:
            continue
        if line.startswith("\t"):
            if rules:
                rules[-1] = rules[-1]._replace(recipe=(*rules[-1].recipe, (line, span)))
            continue
        variable = _VARIABLE.match(line)
        if variable:
            name, sign, value = variable.groups()
            value = value.split(" #")[0].strip()
            values[name] = f"{values.get(name, '')} {value}" if sign == "+" else value
            continue
        match = _RULE.match(line)
        if match:
            given, _, recipe = match[2].lstrip().partition(";")
            pattern, colon, after = given.partition(":")
            wanted = expand(after if colon else given, values).split()
            made = expand(pattern if colon else match[1], values).split()
            behind = ((recipe, span),) if recipe.strip() else ()
            rules.append(MakeRule(tuple(made), tuple(wanted), span, behind))
    return values, rules


def _logical(text: str) -> Iterator[tuple[str, Span]]:
    """Lines with their continuations."""
    at = 0
    for match in re.finditer(r"(?:\\\n|[^\n])*(?:\n|\Z)", text):
        if match.start() < at or match.start() == len(text):
            continue
        at = match.end()
        line = match.group().rstrip("\n")
        indent = len(line) - len(line.lstrip())
        yield line, Span(match.start() + indent, match.start() + len(line))


def expand(text: str, values: Mapping[str, str], unknown: str = UNKNOWN) -> str:
    """References replaced by what they hold; `unknown` for those that cannot be known."""
    for _ in range(_ROUNDS):
        found = _REFERENCE.search(text)
        if found is None or len(text) > _LONGEST:
            return text
        text = text[: found.start()] + _value(found[1], values, unknown) + text[found.end() :]
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


def _recipe(line: str, values: Mapping[str, str]) -> str:
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
        words = expand(found[2], values, "\ue000(list)")
        loop = f"for {found[1]} in {words}; do {body.rstrip().rstrip('; &')}; done"
        text = text[: found.start()] + loop + text[end + 1 :]
    text = re.sub(r"\$\(?([@<*^])[DF]?\)?", lambda match: "\ue000" + _EACH[match[1]], text)
    return expand(text, values, "\ue000(list)").replace("\ue000", "$")


def _closing(text: str, at: int) -> int:
    depth = 1
    while at < len(text) and depth:
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        at += 1
    return at - 1
