"""The files of a commit, copied from git's objects into a folder of its own.

Only git's plumbing is asked, and only for objects that are there: nothing is checked out, no hook and no filter (LFS,
`export-subst`) is run, no submodule is entered and nothing is fetched, whatever the repository's own configuration
says. `git archive` would not do: it obeys the attributes of what it reads (git-archive(1), 2026-11-30).
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from typing import IO

from gpuspec.errors import UserError
from gpuspec.launch.programs import program
from gpuspec.named_tuple import NamedTuple
from gpuspec.numerals import is_digits
from gpuspec.text import MAX_BYTES

PATIENCE = 120.0
"""Seconds that git may take for one answer."""
MOST_FILES = 100_000
MOST_BYTES = 1 << 30
"""Of all files that are copied."""
LONGEST_LIST = 64 << 20
"""Bytes of git's list of a commit's files."""
NARROW = "name the folders of the jobs with --path, or go into one of them"
_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?", re.ASCII)
"""Of a commit; `^main` is the way to say "not this one"."""
_GITLINK, _LINK, _PROGRAM = "160000", "120000", "100755"
"""Modes of a submodule, a symbolic link and a file that may be run (git-fast-import(1))."""


class CommitEntry(NamedTuple):
    """A file of a commit. `size` is None for what is no file."""

    mode: str
    id: str
    size: int | None
    path: str


class GitClone:
    """The git repository that a folder lies in."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        said = self._ask("rev-parse", "--show-toplevel", "--show-prefix")
        self.root, _, prefix = said.removesuffix("\n").partition("\n")
        self.prefix = prefix.rstrip("/")
        """The folder, as seen from the root; "" where it is the root."""

    def commit(self, name: str) -> str | None:
        """The id of the commit that is called so: a branch, a tag, an id, `HEAD~2`. None: there is none."""
        if not name or name.startswith("-") or "\0" in name or not _can_be_said(name):
            return None
        done = self._run("rev-parse", "--verify", "--quiet", "--end-of-options", name + "^{commit}")
        found = done.stdout.decode("ascii", "replace").strip()
        return found if done.returncode == 0 and _ID.fullmatch(found) else None

    def parting(self, one: str, other: str) -> str | None:
        """The commit from which two went their own ways. None: none is there."""
        done = self._run("merge-base", one, other)
        return done.stdout.decode("ascii", "replace").split("\n")[0].strip() or None

    @property
    def is_shallow(self) -> bool:
        """Whether only some of its history is here."""
        return self._ask("rev-parse", "--is-shallow-repository").strip() == "true"

    def files(self) -> set[str]:
        """The files of the work tree below the folder, seen from it, as git sees them: those it tracks and those it
        would. Submodules and repositories inside this one are no files of it."""
        said = self._bytes("ls-files", "-z", "--cached", "--others", "--exclude-standard")
        return {os.fsdecode(path) for path in said.split(b"\0") if path}

    def copy(self, commit: str, to: str, *, below: Sequence[str]) -> None:
        """Copy the files of a commit into the folder `to`. Of a large one only what is `below` these paths (seen from
        the root), and the files that stand beside them on the way. UserError where that is too much, too."""
        entries = [entry for entry in self._entries(commit) if is_harmless(entry.path)]
        if len(entries) > MOST_FILES:
            entries = [entry for entry in entries if _is_wanted(entry.path, below)]
        if len(entries) > MOST_FILES:
            raise UserError("too-large", f"{commit[:12]} has more than {MOST_FILES:,} files", NARROW)
        if sum(_read(entry) for entry in entries) > MOST_BYTES:
            raise UserError(
                "too-large", f"{commit[:12]} has more than {MOST_BYTES >> 30} GiB in files", NARROW
            )
        self._write(entries, to)

    def _entries(self, commit: str) -> Iterator[CommitEntry]:
        said = self._bytes("ls-tree", "-r", "-l", "-z", "--full-tree", commit)
        for line in said.split(b"\0"):
            words, _, path = line.partition(b"\t")
            parts = words.decode("ascii", "replace").split()
            if len(parts) == 4:
                size = int(parts[3]) if is_digits(parts[3]) else None
                if size is None and parts[3] != "-":  # BAD: it would be taken for a file that is gone
                    raise _partial(parts[2])
                yield CommitEntry(parts[0], parts[2], size, os.fsdecode(path))

    def _write(self, entries: Sequence[CommitEntry], to: str) -> None:
        """Files first: then no link leads a file elsewhere."""
        kept = [entry for entry in entries if entry.size is not None and entry.size <= MAX_BYTES]
        links = []
        for entry, data in zip(kept, self._contents([entry.id for entry in kept]), strict=True):
            if entry.mode == _LINK:
                links.append((entry.path, os.fsdecode(data)))
            else:
                _put(to, entry.path, data, mode=0o700 if entry.mode == _PROGRAM else 0o600)
        for entry in entries:
            if entry.mode == _GITLINK:
                _make(os.path.join(to, entry.path))
            elif entry.size is not None and entry.size > MAX_BYTES:
                _put(to, entry.path, b"", mode=0o600, size=entry.size)
        for path, target in links:
            if stays_inside(path, target):
                _link(os.path.join(to, path), target)

    def _contents(self, ids: Sequence[str]) -> Iterator[bytes]:
        """What these objects hold, in their order."""
        with tempfile.TemporaryFile() as wanted:
            wanted.writelines(f"{each}\n".encode("ascii") for each in ids)
            wanted.seek(0)
            with self._started("cat-file", "--batch", stdin=wanted) as git:
                assert git.stdout is not None
                try:
                    for each in ids:
                        yield _next(git.stdout, each)
                finally:
                    git.kill()

    def _ask(self, *words: str) -> str:
        return os.fsdecode(self._bytes(*words))

    def _bytes(self, *words: str) -> bytes:
        """What git prints. UserError where it fails, in its own words."""
        done = self._run(*words)
        if done.returncode:
            raise _failed(done.stderr)
        if len(done.stdout) > LONGEST_LIST:
            raise UserError("too-large", f"git lists more than {LONGEST_LIST >> 20} MiB of names", NARROW)
        return done.stdout

    def _run(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        try:
            return subprocess.run(
                self._command(*words),
                cwd=self.folder,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=PATIENCE,
            )
        except subprocess.TimeoutExpired:
            raise UserError("git-failed", f"git {words[0]} took more than {PATIENCE:.0f} seconds") from None

    def _started(self, *words: str, stdin: IO[bytes]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self._command(*words),
            cwd=self.folder,
            env=_environment(),
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    @staticmethod
    def _command(*words: str) -> list[str]:
        # What a repository's own configuration could have git run when it reads.
        own = ("-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}")
        return [_git(), "--no-pager", *own, *words]


def _environment() -> dict[str, str]:
    """No object is fetched: of git before 2.45, which does not know GIT_NO_LAZY_FETCH, no way to fetch is allowed
    (git(1), GIT_ALLOW_PROTOCOL)."""
    quiet = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    return {**os.environ, **quiet, "GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none", **_of_a_hook()}


def _of_a_hook() -> dict[str, str]:
    """What git tells its hooks (githooks(5)) is seen from this folder, and git is asked in others, too."""
    if "GIT_DIR" not in os.environ:
        return {}
    named = {name: os.environ[name] for name in ("GIT_DIR", "GIT_INDEX_FILE") if name in os.environ}
    named["GIT_WORK_TREE"] = os.environ.get("GIT_WORK_TREE", ".")
    return {name: os.path.abspath(path) for name, path in named.items()}


def _next(answers: IO[bytes], id: str) -> bytes:
    """The next answer of `git cat-file --batch`: `ID TYPE SIZE`, a line end, the bytes, a line end."""
    head = answers.readline(4096).decode("ascii", "replace").split()
    if len(head) != 3 or not is_digits(head[2]):
        raise _partial(id)
    size = int(head[2])
    data = answers.read(size)
    if len(data) < size or answers.read(1) != b"\n":
        raise UserError("git-failed", f"git broke off in the object {id[:12]}")
    return data


def _partial(id: str) -> UserError:
    message = f"the object {id[:12]} is not in this clone, which has only some of its files"
    hint = "`git fetch --refetch --no-filter origin` gets all; `git diff --stat BASE` those that differ"
    return UserError("git-failed", message, hint)


def _failed(said: bytes) -> UserError:
    words = " ".join(said.decode("utf-8", "replace").split()) or "it did not say why"
    promised = re.search(r"could not fetch ([0-9a-f]{40,64}) from promisor remote", words)
    if promised:
        return _partial(promised[1])
    return UserError("git-failed", f"git cannot tell: {words[:500]}")


def _can_be_said(word: str) -> bool:
    """Whether a word can be handed to a program: half a character cannot."""
    try:
        os.fsencode(word)
    except UnicodeEncodeError:
        return False
    return True


def _git() -> str:
    """Where git is. UserError if it is nowhere."""
    found = program("git")
    if found is None:
        hint = "install git, or name two folders or two files"
        raise UserError("git-failed", "there is no program `git`", hint)
    return found


def _read(entry: CommitEntry) -> int:
    """Bytes that are copied of a file."""
    return entry.size if entry.size is not None and entry.size <= MAX_BYTES else 0


def _is_wanted(path: str, below: Sequence[str]) -> bool:
    folder = os.path.dirname(path)
    return any(
        not each
        or path == each
        or path.startswith(each + "/")
        or f"{each}/".startswith(folder + "/")
        or not folder
        for each in below
    )


def is_harmless(path: str) -> bool:
    """Whether a path of a commit names a place below its folder. Trees that git did not make may hold any name."""
    names = path.split("/")
    return not any(name in ("", ".", "..") or name.lower() == ".git" or "\\" in name for name in names)


def stays_inside(path: str, target: str) -> bool:
    """Whether a link leads to a place below the folder: up by no more folders than it lies in, and then only down, so
    that it does wherever another link on its way leads."""
    if not target or target.startswith("/"):
        return False
    names = target.split("/")
    up = 0
    while up < len(names) and names[up] == "..":
        up += 1
    return up <= path.count("/") and ".." not in names[up:]


def _put(folder: str, path: str, data: bytes, *, mode: int, size: int | None = None) -> None:
    """Write a new file; `size` is that of one whose bytes nobody reads. A name that is taken, or that no file can
    have here, is left out: git's own trees have none."""
    place = os.path.join(folder, path)
    try:
        os.makedirs(os.path.dirname(place), mode=0o700, exist_ok=True)
        with open(place, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
            file.write(data)
            if size is not None:
                file.truncate(size)
    except OSError as error:
        _pass_over(error)


def _make(folder: str) -> None:
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
    except OSError as error:
        _pass_over(error)


def _link(place: str, target: str) -> None:
    try:
        os.makedirs(os.path.dirname(place), mode=0o700, exist_ok=True)
        os.symlink(target, place)
    except (OSError, NotImplementedError, ValueError) as error:
        if isinstance(error, OSError):
            _pass_over(error)


def _pass_over(error: OSError) -> None:
    import errno

    odd = (
        errno.EEXIST,
        errno.ENOTDIR,
        errno.EISDIR,
        errno.ENAMETOOLONG,
        errno.EILSEQ,
        errno.EINVAL,
        errno.EFBIG,
    )
    if error.errno not in odd:
        raise UserError("cannot-write", f"the commit cannot be copied: {error.strerror}") from None
