"""What BASE and HEAD of `gpuspec diff` mean: commits, folders or files, each as a state of the project."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

from gpuspec.cli.git_commit import GitClone
from gpuspec.cli.project_state import State
from gpuspec.errors import UserError
from gpuspec.lint.globs import relative
from gpuspec.named_tuple import NamedTuple

_RANGE = re.compile(r"(?P<base>[^.].*?|)(?P<dots>\.{2,3})(?P<head>.*)")
Kind = Literal["commit", "folder", "file"]


class Named(NamedTuple):
    """What BASE or HEAD names: a folder, a file, or a `commit` (its id)."""

    kind: Kind
    word: str
    commit: str = ""
    said: str = ""


@contextmanager
def two_states(
    base: str, head: str | None, paths: Sequence[str]
) -> Iterator[tuple[State, State, tuple[str, ...]]]:
    """Both states, not looked at yet, and the paths below their roots that are asked for; what is copied of commits
    is gone afterwards. UserError where BASE or HEAD is nothing that can be compared."""
    with tempfile.TemporaryDirectory(prefix="gpuspec-diff-") as folder:
        yield _States(os.path.realpath(folder), list(paths)).of(base, head)


class _States:
    """Finds the two states; copies of commits are made in `folder`."""

    def __init__(self, folder: str, paths: list[str]) -> None:
        self._folder = folder
        self._paths = paths
        self._repository: GitClone | None = None

    def of(self, base: str, head: str | None) -> tuple[State, State, tuple[str, ...]]:
        both = _range(base) if head is None else None
        if both is not None:
            one, other = self._both(*both)
        else:
            one, other = self._named(base), self._named("." if head is None else head)
        kinds = {one.kind, other.kind}
        if kinds == {"file"}:
            return self._two_files(one.word, other.word)
        if kinds == {"file", "folder"}:
            file, folder = (one, other) if one.kind == "file" else (other, one)
            hint = f"`gpuspec diff {file.word} OTHER` compares two files, `--path` narrows two folders or commits"
            raise UserError("not-comparable", f"{file.word} is a file and {folder.word} is a folder", hint)
        if "file" in kinds:
            self._paths.append(one.word if one.kind == "file" else other.word)
            one, other = (each if each.kind == "commit" else Named("folder", ".") for each in (one, other))
        below = self._below()
        states = self._state(one, "base", other, below), self._state(other, "head", one, below)
        for path in below:
            if not any(os.path.lexists(state.place_of(path)) for state in states):
                raise UserError("no-such-file", f"{path} does not exist on either side", "check the path.")
        return *states, below

    def _below(self) -> tuple[str, ...]:
        inside = tuple(relative(path, ".") for path in self._paths)
        outside = next((path for path in inside if path.startswith(os.pardir)), None)
        if outside is not None:
            hint = "go to the folder of the project, and name what is in it."
            raise UserError("path-outside", f"{outside} is not below this folder", hint)
        return () if "." in inside else inside

    def _two_files(self, base: str, head: str) -> tuple[State, State, tuple[str, ...]]:
        called = relative(head, ".")
        name = called if not called.startswith(os.pardir) else head
        return State(base, ".", file=(base, name)), State(head, ".", file=(head, name)), ()

    def _both(self, base: str, dots: str, head: str) -> tuple[Named, Named]:
        """`BASE..HEAD` and `BASE...HEAD`, as git means them."""
        one, other = (self._commit(word or "HEAD") for word in (base, head))
        if dots == "..":
            return one, other
        repository = self._of(".")
        parting = repository.parting(one.commit, other.commit)
        if parting is None:
            why = f"where {one.word} and {other.word} parted is not known here"
            raise UserError("no-such-commit", why, _fetch(repository, one.word))
        return one._replace(commit=parting, said=f"where {other.word} left {one.word}"), other

    def _named(self, word: str) -> Named:
        """What a word names. What is there as a path and as a commit is refused, as git does."""
        if os.path.isdir(word):
            kind: Kind = "folder"
        elif os.path.lexists(word):
            kind = "file"
        else:
            return self._commit(word)
        is_path = word in (".", "..") or "/" in word or os.sep in word
        if not is_path and self._is_commit(word):
            hint = f"./{word} is the {kind}, refs/heads/{word} the branch"
            raise UserError("not-comparable", f"{word} is a {kind} and a commit", hint)
        return Named(kind, word, said="this folder" if word == "." else word)

    def _is_commit(self, word: str) -> bool:
        try:
            return self._of(".").commit(word) is not None
        except UserError:
            return False

    def _commit(self, word: str) -> Named:
        try:
            repository = self._of(".")
        except UserError as error:
            if "not a git repository" not in error.message:
                raise
            hint = "name two folders or two files, or go into a clone."
            why = f"{word} is no folder or file, and this folder is in no git repository"
            raise UserError("no-such-commit", why, hint) from None
        found = repository.commit(word)
        if found is None:
            why = f"{word} is no folder, no file, and no commit of this repository"
            raise UserError("no-such-commit", why, _fetch(repository, word))
        short = found[:12]
        return Named("commit", word, found, short if found.startswith(word) else f"{word} ({short})")

    def _of(self, folder: str) -> GitClone:
        if self._repository is None or self._repository.folder != folder:
            self._repository = GitClone(folder)
        return self._repository

    def _state(self, it: Named, name: str, other: Named, below: Sequence[str]) -> State:
        """One side; `name` is what its copy is called."""
        if it.kind == "folder":
            only = None
            if other.kind == "commit":
                repository = self._near(it.word)
                only = repository.files() if repository.folder == it.word else None
            return State(it.said, it.word, only=only)
        repository = self._near(other.word if other.kind == "folder" else ".")
        copy = os.path.join(self._folder, name)
        # A repository to whoever looks for one: what its .gitignore files say counts.
        os.makedirs(os.path.join(copy, ".git"), mode=0o700)
        wanted = [os.path.join(repository.prefix, path) for path in below or ("",)]
        repository.copy(it.commit, copy, below=[path.rstrip("/") for path in wanted])
        root = os.path.join(copy, repository.prefix) if repository.prefix else copy
        os.makedirs(root, exist_ok=True)
        return State(it.said, root, above={copy: os.path.dirname(repository.root)})

    def _near(self, folder: str) -> GitClone:
        """The repository of a folder, where it is the one of this folder; else this folder's."""
        here = self._of(".")
        try:
            there = GitClone(folder)
        except UserError:
            return here
        return there if there.root == here.root else here


def _range(word: str) -> tuple[str, str, str] | None:
    """(BASE, dots, HEAD) of `BASE..HEAD` and `BASE...HEAD`; None for what is no such range."""
    found = _RANGE.fullmatch(word)
    if found is None or os.path.lexists(word) or "/.." in word or found["head"].startswith((".", "/")):
        return None
    return found["base"], found["dots"], found["head"]


def _fetch(repository: GitClone, word: str) -> str:
    # What cannot be a name is not told as part of a command.
    name = word if re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_./-]*", word, re.ASCII) else "BASE"
    if repository.is_shallow:
        return (
            f"only some of the history is here: `git fetch --unshallow`, or `git fetch --depth=1 origin {name}`; "
            "`fetch-depth: 0` of actions/checkout, `GIT_DEPTH: 0` in GitLab"
        )
    return f"`git fetch origin {name}` gets what is not in this clone, `git branch --all` lists what is."
