"""What commands fetch before the work: models into folders, versions of engines."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence

from gpuspec.commands.steps import Step
from gpuspec.commands.word import UNKNOWN, Word, option
from gpuspec.workload.readers import readers
from gpuspec.workload.value import TextPlace, Value
from gpuspec.workload.values import version

_HUB = ("https://huggingface.co/", "https://hf.co/", "https://www.modelscope.cn/")


def downloaded(steps: Sequence[Step]) -> dict[str, str]:
    """Folder or file → the repository, or the file of one, that a command puts there."""
    found: dict[str, str] = {}
    for step in steps:
        words = step.command.words
        fetched = _of_python(step) if step.command.name.startswith("python") else _fetched(words)
        if fetched and UNKNOWN not in "".join(fetched):
            found[posixpath.normpath(fetched[0])] = fetched[1]
    return found


def _fetched(words: Sequence[Word]) -> tuple[str, str] | None:
    """(where to, what) of a command that fetches a model."""
    texts = [word.text for word in words]
    match texts[:2]:
        case ["huggingface-cli" | "hf", "download"]:
            target, source = option(words, "--local-dir"), next(iter(texts[2:]), "-")
        case ["modelscope", "download"]:
            target, source = option(words, "--local_dir"), option(words, "--model") or "-"
        case ["git", "clone"]:
            at = next((at for at, text in enumerate(texts) if text.startswith(_HUB)), len(texts))
            target = "".join(texts[at + 1 : at + 2])
            source = _named(texts[at]) if at < len(texts) else "-"
        case ["wget" | "curl" | "aria2c", _]:
            target = option(words, "-O", "-o", "--output-document", "--output", "--out")
            source = next((_named(text) for text in texts if text.startswith(_HUB)), "-")
        case _:
            return None
    return (target, source) if target and not source.startswith("-") else None


def _named(url: str) -> str:
    """The repository of an address of the hub; of one GGUF file among those of a repository, the file."""
    path = next(url.removeprefix(host) for host in _HUB if url.startswith(host)).partition("?")[0]
    path = path.removeprefix("models/").removesuffix(".git")
    return path.rpartition("/")[2] if path.lower().endswith(".gguf") else "/".join(path.split("/")[:2])


def _of_python(step: Step) -> tuple[str, str] | None:
    """What a program hands to `snapshot_download`, where it says both repository and folder."""
    words = step.command.words
    script = next((word.text for word in words if word.text.endswith(".py")), None)
    code = option(words, "-c") or (step.read(script) if script else None)
    if code is None or "snapshot_download" not in code:
        return None
    key = ("snapshot_download", code, tuple(step.command.environment.items()))
    return step.files.read_program(key, code, lambda: _snapshot(code, step.command.environment))


def _snapshot(code: str, environment: Mapping[str, str | None]) -> tuple[str, str] | None:
    from gpuspec.commands.python.file import read_file, tail

    file = read_file(code, (), environment)
    if file is None:
        return None
    call = next((call for call in file.calls if tail(call.func)[1] == "snapshot_download"), None)
    if call is None:
        return None
    named = {each.arg: each.value for each in call.keywords}
    source = file.value(named.get("repo_id") or next(iter(call.args), None))
    target = file.value(named.get("local_dir"))
    return (target, source) if source and target else None


def installed(steps: Sequence[Step]) -> dict[str, Value]:
    """Engine → the version of it that pip installs, where that is pinned."""
    found: dict[str, Value] = {}
    for step in steps:
        for text in installs(step):
            package, equals, number = text.partition("==")
            engine = readers().packages.get(package.split("[")[0].lower())
            if equals and engine and version(number):
                origin = TextPlace(step.pointer_of(text), step.path).origin(text)
                found[engine] = Value(version(number), origin)
    return found


def installs(step: Step) -> list[str]:
    """The words of a command by which pip or uv installs packages; none of any other."""
    command = step.command
    texts = [word.text for word in command.words]
    if "install" not in texts:
        return []
    installers = {*texts[:4], *(word.text for wrapper in command.wrappers for word in wrapper.words[:2])}
    return texts if installers & {"pip", "pip3", "uv"} else []
