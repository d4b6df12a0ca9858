"""What commands fetch before the work: models into folders, versions of engines."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from itertools import pairwise

from gpuspec.commands.steps import Step
from gpuspec.commands.word import UNKNOWN, Word, option
from gpuspec.workload.readers import readers
from gpuspec.workload.value import TextPlace, Value
from gpuspec.workload.values import version

_HUB = (
    "https://huggingface.co/", "https://hf.co/", "https://www.modelscope.cn/", "https://modelscope.cn/", "git@hf.co:",
    "git@huggingface.co:",
)  # fmt: skip
_TAKES_NO_VALUE = frozenset(
    {"--quiet", "-q", "--force-download", "--resume-download", "--verbose", "--dry-run"}
)
"""Options of `hf download`; all others take a value (huggingface_hub 1.0 and 0.36, cli/download.py)."""


def downloaded(steps: Sequence[Step]) -> dict[str, str]:
    """Folder or file, from where the job starts → the repository, or the file of one, that a command puts there."""
    found: dict[str, str] = {}
    for step in steps:
        words = step.command.words
        fetched = _of_python(step) if step.command.name.startswith("python") else _fetched(words)
        if fetched and UNKNOWN not in "".join(fetched) and UNKNOWN not in step.command.folder:
            found[place_of(fetched[0], step.command.folder)] = fetched[1]
    return found


def place_of(path: str, folder: str) -> str:
    """A path of a command that runs in a folder, from where the job starts."""
    return posixpath.normpath(path if path[:1] == "~" else posixpath.join(folder, path))


def _fetched(words: Sequence[Word]) -> tuple[str, str] | None:
    """(where to, what) of a command that fetches a model."""
    texts = [word.text for word in words]
    match texts[:2]:
        case ["huggingface-cli" | "hf", "download"]:
            target, source = option(words, "--local-dir"), _first_plain(texts[2:])
        case ["modelscope", "download"]:
            target, source = option(words, "--local_dir"), option(words, "--model") or "-"
        case ["git", "clone"]:
            at = next((at for at, text in enumerate(texts) if text.startswith(_HUB)), len(texts))
            source = _named(texts[at]) if at < len(texts) else "-"
            target = "".join(texts[at + 1 : at + 2]) or source.rpartition("/")[2]
        case ["wget" | "curl" | "aria2c", _]:
            url = next((text for text in texts if text.startswith(_HUB)), "")
            source = _named(url) if url else "-"
            target = option(words, "-O", "-o", "--output-document", "--output", "--out")
            if target is None and source.endswith(".gguf"):
                target = posixpath.join(
                    option(words, "-P", "--directory-prefix", "-d", "--dir") or "", source
                )
        case _:
            return None
    return (target, source) if target and not source.startswith("-") else None


def _first_plain(texts: Sequence[str]) -> str:
    """The first word that is neither an option nor the value of one; "-" where there is none."""
    at = 0
    while at < len(texts) and texts[at].startswith("-"):
        at += 1 if "=" in texts[at] or texts[at] in _TAKES_NO_VALUE else 2
    return texts[at] if at < len(texts) else "-"


def _named(url: str) -> str:
    """The repository of an address of the hub; of one GGUF file among those of a repository, the file."""
    path = next(url.removeprefix(host) for host in _HUB if url.startswith(host)).partition("?")[0]
    path = path.removeprefix("models/").removesuffix(".git").rstrip("/").removesuffix(".git")
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
        for text in (*installs(step), *_beside(step)):
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


def _beside(step: Step) -> list[str]:
    """What `uvx --from PACKAGE` and `uv run --with PACKAGE` bring along for one command."""
    found: list[str] = []
    for wrapper in step.command.wrappers:
        if wrapper.name in ("uvx", "uv", "pipx"):
            for flag, value in pairwise(word.text for word in wrapper.words):
                name, glued, given = flag.partition("=")
                if name in ("--from", "--with", "--spec"):
                    found.append(given if glued else value)
            if wrapper.words and wrapper.words[-1].text.startswith(("--with=", "--from=")):
                found.append(wrapper.words[-1].text.partition("=")[2])
    return found
