"""What commands fetch before the work: models into folders, versions of engines."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from gpuspec.commands.steps import Step
from gpuspec.commands.word import option
from gpuspec.workload.readers import readers
from gpuspec.workload.value import TextPlace, Value
from gpuspec.workload.values import version


def downloaded(steps: Sequence[Step]) -> dict[str, str]:
    """Folder → the repository that `hf download` puts there."""
    found: dict[str, str] = {}
    for step in steps:
        words = step.command.words
        target = option(words, "--local-dir")
        downloads = target and words[0].text in ("huggingface-cli", "hf") and words[1].text == "download"
        if target and downloads and words[2].value and not words[2].text.startswith("-"):
            found[posixpath.normpath(target)] = words[2].text
    return found


def installed(steps: Sequence[Step]) -> dict[str, Value]:
    """Engine → the version of it that pip installs, where that is pinned."""
    found: dict[str, Value] = {}
    for step in steps:
        command = step.command
        texts = [word.text for word in command.words]
        if "install" not in texts:
            continue
        installers = {*texts[:4], *(word.text for wrapper in command.wrappers for word in wrapper.words[:2])}
        if not installers & {"pip", "pip3", "uv"}:
            continue
        for text in texts:
            package, equals, number = text.partition("==")
            engine = readers().packages.get(package.split("[")[0].lower())
            if equals and engine and version(number):
                origin = TextPlace(step.pointer, step.path).origin(text)
                found[engine] = Value(version(number), origin)
    return found
