"""Fixes inside a command: an argument added to the one that loads the model, or taken out of it."""

from __future__ import annotations

from gpuspec.commands.steps import Step
from gpuspec.lint.facts import Facts
from gpuspec.text import Edit


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
