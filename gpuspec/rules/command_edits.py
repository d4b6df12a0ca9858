"""Edits inside a command: an argument added, taken out, or put in the place of another."""

from __future__ import annotations

import re

from gpuspec.commands.steps import Step
from gpuspec.lint import Facts
from gpuspec.text import Edit, Tree
from gpuspec.workload.workload import Origin


def add_argument(facts: Facts, argument: str) -> Edit | None:
    """The edit that gives the model's command one more argument; None where that command does not stand in the
    spec's `run` itself, or more than one names the model."""
    found = _loading(facts)
    if found is None:
        return None
    step, text = found
    end = step.command.end
    return Edit("set", step.pointer, f"{text[:end]} {argument}{text[end:]}")


def drop_argument(facts: Facts, *flags: str) -> Edit | None:
    """The edit that takes `flag value` or `flag=value` out of the model's command; None as for `add_argument`."""
    found = _loading(facts)
    if found is None:
        return None
    step, text = found
    words = step.command.words
    for index, word in enumerate(words):
        flag, equals, _ = word.text.partition("=")
        if flag in flags and index > 0:
            last = word if equals or index + 1 == len(words) else words[index + 1]
            return Edit("set", step.pointer, text[: words[index - 1].end] + text[last.end :])
    return None


def _loading(facts: Facts) -> tuple[Step, str] | None:
    """The one command of `run` that names the model, and the text it stands in."""
    name, text = facts.workload.model_name, facts.job.run
    found = [
        step
        for step in facts.commands
        if name
        and not step.setup
        and any(name in (w.text, w.text.partition("=")[2]) for w in step.command.words)
    ]
    return (found[0], text) if text and len(found) == 1 and found[0].path is None else None


def replace_argument(facts: Facts, origin: Origin, new: str) -> Edit | None:
    """The edit that puts `new` where an argument stands in the spec's commands ("" takes it out). None where it
    stands in another file, or not word for word, or more than once: then no one can say which is meant."""
    if origin.path or not origin.text:
        return None
    for at, pieces in facts.job.pieces.items():
        if any(piece.pointer == origin.pointer for piece in pieces):
            return _replaced(at, _text_of(facts, at), origin.text, new)
    for at in (origin.pointer, f"{origin.pointer}/run"):
        text = facts.tree.at(at)
        if isinstance(text, str):
            return _replaced(at, text, origin.text, new)
    return None


def _text_of(facts: Facts, at: str) -> str:
    """The commands at a place, whose words stand apart in the file."""
    if at == facts.job.pointer("run"):
        return facts.job.run or ""
    return next((step.run for step in facts.job.steps if step.pointer == at), "")


def _replaced(at: str, text: str, old: str, new: str) -> Edit | None:
    """The edit that replaces whole words of a text."""
    found = [match.start() for match in re.finditer(rf"(?<!\S){re.escape(old)}(?!\S)", text)]
    if len(found) != 1:
        return None
    before, after = text[: found[0]], text[found[0] + len(old) :]
    if not new:
        before = before.rstrip(" ")
    return Edit("set", at, before + new + after)


def text_at(tree: Tree, pointer: str) -> str | None:
    """The text of commands at `pointer`: the string there, or that of the setup step there."""
    found = tree.at(pointer)
    if isinstance(found, dict):
        found = found.get("run")
    return found if isinstance(found, str) else None
