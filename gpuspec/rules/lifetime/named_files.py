"""Files that a command surely reads, and whether a command before it may have made them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from gpuspec.commands.steps import Step
from gpuspec.commands.word import UNKNOWN, Word
from gpuspec.workload.programs import identify

_SHELLS = frozenset({"bash", "sh", "zsh", "dash", "source", "."})
_CONFIGS = (".yaml", ".yml", ".json", ".toml", ".cfg")
_ELSEWHERE = frozenset(
    {"docker", "podman", "nerdctl", "singularity", "apptainer", "enroot", "ssh", "kubectl", "chroot", "su"}
)
"""What runs a command where other files are."""
_BRINGS = frozenset({
    "tar", "unzip", "7z", "gunzip", "unzstd", "rsync", "scp", "sftp", "cp", "mv", "ln", "install", "aws", "gsutil",
    "gcloud", "s5cmd", "s3cmd", "rclone", "azcopy", "az", "oci", "b2", "mc", "hf", "huggingface-cli", "kaggle", "dvc",
    "gdown", "svn", "hg", "gh", "cookiecutter", "copier", "make", "cmake", "ansible-playbook", "aria2c", "axel",
    "lftp", "envsubst", "jinja2", "yq", "patch", "tee", "gpg", "sops", "modelscope", "git-lfs", "pixi", "npx",
})  # fmt: skip
"""Programs that put files into folders."""
_FETCHES = frozenset({"wget", "curl"})
_CODE = (".py", ".sh", ".txt")
"""What no program of the author's own writes before it is used."""


def read_by(step: Step) -> Iterator[Word]:
    """The files that a command cannot do without: its program, its requirements, its configuration."""
    command = step.command
    if any(wrapper.name in _ELSEWHERE or wrapper.image is not None for wrapper in command.wrappers):
        return
    words = command.words
    if any(word.text.rpartition("/")[2] in ("pip", "pip3") for word in words[:3]):
        for flag, value in pairwise(words):
            if flag.text in ("-r", "--requirement", "-c", "--constraint"):
                yield value
        return
    if command.name in _SHELLS:
        plain = next((word for word in words[1:] if word.text[:1] not in ("-", "+")), None)
        if plain is not None and plain.text.endswith(".sh"):
            yield plain
    elif command.name.endswith(".sh"):
        yield words[0]
    if command.name == "conda" and "env" in [word.text for word in words[:3]]:
        yield from (value for flag, value in pairwise(words) if flag.text in ("-f", "--file"))
    found = identify(command)
    if found is None:
        return
    if found.script is not None and found.script.text.endswith(".py"):
        yield found.script
    for config in found.configs:
        if config.path.text.endswith(_CONFIGS):
            yield config.path


def is_sure(step: Step, path: str, text: str) -> bool:
    """Whether the command runs whatever happens, and fails without the file: nobody looked first whether it is there,
    and nothing goes on when it is not. `text` is all that the commands stand in."""
    name = posixpath.basename(path)
    for around in step.command.enclosures:
        if around.kind in ("if", "case") or not around.called or around.negated:
            return False
        if around.kind == "and-or" and (name in around.text or re.search(r"\[|\btest\b", around.text)):
            return False
    return re.search(re.escape(name) + r"[^\n;]{0,200}\|\|", text) is None


def may_be_made(path: str, before: Sequence[Step]) -> bool:
    """Whether one of the commands may have made the file at `path` (seen from the spec's folder)."""
    return any(_makes(step, path) for step in before)


def _makes(step: Step, path: str) -> bool:
    command, name = step.command, posixpath.basename(path)
    for redirect in command.redirects:
        if redirect.operator == "<<" and name in redirect.target.text:
            return True
        if redirect.operator in (">", ">>", "&>") and (
            UNKNOWN in redirect.target.text or posixpath.basename(redirect.target.text) == name
        ):
            return True
    if not command.name:  # what it is, is not known
        return bool(command.words)
    if command.name == "git":
        return _clones_into(step, path)
    if command.name in _FETCHES:
        return (
            name in step.text
            or re.search(r"\.(?:tar|tgz|zip)\b| -r\b|--recursive|--mirror", step.text) is not None
        )
    if command.name in _BRINGS:
        return True
    if command.name.startswith("python") or command.name.endswith((".py", ".sh")) or command.name in _SHELLS:
        return name in step.text[len(command.name) :] or not path.endswith(_CODE)
    return False


def _clones_into(step: Step, path: str) -> bool:
    """Whether git may put the file there: a clone puts its files into a folder of its own."""
    words = [word.text for word in step.command.words[1:]]
    if "clone" not in words:
        return not {"config", "--version", "status", "log"} & set(words)
    plain = [word for word in words[words.index("clone") + 1 :] if not word.startswith("-")]
    address = next((word for word in plain if "/" in word or ":" in word), None)
    if address is None or UNKNOWN in "".join(plain):
        return True
    after = plain[plain.index(address) + 1 :]
    folder = after[0] if after else posixpath.basename(address.rstrip("/")).removesuffix(".git")
    into = step.file(folder)
    return into is None or into in ("", ".") or path.startswith(into + "/")
