"""The files of the repository that a script names: manifests, wrappers, sourced and imported code."""

from __future__ import annotations

import fnmatch
import os
import posixpath
import re
from collections.abc import Callable, Mapping
from functools import cached_property

from gpuspec.commands.files import Folder
from gpuspec.commands.word import UNKNOWN
from gpuspec.named_tuple import NamedTuple
from gpuspec.scripts.launchers import LaunchCommand, mentions_launches

_HIGHEST = 6
"""Folders above a script that are searched for the repository's root."""
_MENTIONED = re.compile(
    r"[\w./{}$@%*-]{1,200}\.(?:ya?ml|json|tmpl|tpl|j2|jinja2?|template|sbatch|slurm)\b(?:\.\w{1,10})?"
)
_UNKNOWN_HEAD = re.compile("[" + UNKNOWN + ")}]")
_MOST_MENTIONED = 20
_MOST_LISTED = 2_000
"""Names of a folder of which the first that fits a pattern is read, as a sample of them all."""
_COMMENT = re.compile(r"^[ \t]*#(?!SBATCH|PBS|!)[^\n]*", re.MULTILINE)
_LARGEST = 1 << 16
"""Characters: a manifest written by hand is shorter."""
_DEEPEST = 3
"""Wrappers of wrappers that are followed."""


_RECIPES = {
    **dict.fromkeys(("make", "gmake", "$(MAKE)"), ("Makefile", "makefile")),
    "just": ("justfile",),
    **dict.fromkeys(("npm", "pnpm", "yarn", "bun"), ("package.json",)),
}
"""What runs recipes → the files that these stand in."""


class Following(NamedTuple):
    """What a program of the repository launches when it is run, and which functions of a sourced file and which
    recipes of a Makefile or justfile launch."""

    program: Callable[[ScriptSource], LaunchCommand | None]
    functions: Callable[[ScriptSource], Mapping[str, LaunchCommand]]
    recipes: Callable[[ScriptSource], Mapping[str, LaunchCommand]]


class ScriptSource:
    """A script's text, and what stands beside it. Without a path nothing does; without `following` what it runs is
    not looked into. `outer` is the script that runs or sources this one."""

    def __init__(
        self,
        text: str,
        path: str = "",
        following: Following | None = None,
        outer: ScriptSource | None = None,
    ) -> None:
        self.text = text
        self.low = text.lower()
        self._held: dict[str, bool] = {}
        self.code = _COMMENT.sub("", text)
        """The text without lines that only comment; what Slurm reads in comments stays."""
        self.path = path
        self._following = following
        self._depth = 0
        self.functions: dict[str, LaunchCommand] = {}
        """Functions of sourced files that launch, by name: filled in as the files are sourced."""
        self._wrappers: dict[str, LaunchCommand | None] = {}
        self._recipes: dict[str, Mapping[str, LaunchCommand]] = {}
        self._folder = Folder(None)
        self._within = "."
        if outer is not None:
            self._following, self._folder, self._within = outer._following, outer._folder, outer._within
        elif path:
            own = os.path.dirname(os.path.abspath(path))
            root = _root(own)
            self._folder = Folder(root)
            self._within = os.path.relpath(own, root).replace(os.sep, "/")

    def holds(self, sign: str) -> bool:
        """Whether a word in small letters stands anywhere in it. It is asked at each of its calls."""
        if sign not in self._held:
            self._held[sign] = sign in self.low
        return self._held[sign]

    def find(self, name: str) -> tuple[str, str] | None:
        """A file by the name that a script gives it, as (path from the repository's root, text): it starts in the
        script's folder or in one above it. What a variable stands for is left out: `$DIR/launch.py`."""
        # A loop's mark may follow what is not known: it is no sign of a name.
        name = re.sub(r"^[^\w./$-]+|[\"']", "", _UNKNOWN_HEAD.split(name)[-1])
        name = re.sub(r"^\$\w*", "", name).lstrip("/")
        if "*" in name:
            name = self._sample(name)
        if not name or len(name) > 300 or not re.search(r"\w", name):
            return None
        within = self._within
        for _ in range(_HIGHEST):
            path = self._folder.path(name, within)
            text = self._folder.read(path)
            if text is not None:
                return path, text
            if within in (".", ""):
                return None
            within = posixpath.dirname(within) or "."
        return None

    def _sample(self, pattern: str) -> str:
        """The first file that a pattern means; "" for none."""
        folder, _, last = pattern.rpartition("/")
        if "*" in folder or self._folder.root is None or folder.startswith(".."):
            return ""
        within = self._within
        for _ in range(_HIGHEST):
            try:
                listed = os.listdir(os.path.join(self._folder.root, within, folder))
            except (OSError, ValueError):
                listed = []
            fits = sorted(fnmatch.filter(sorted(listed)[:_MOST_LISTED], last))
            if fits:
                return f"{folder}/{fits[0]}" if folder else fits[0]
            if within in (".", ""):
                return ""
            within = posixpath.dirname(within) or "."
        return ""

    def read(self, name: str) -> str | None:
        """The text of a file; None where it is not there, or too long for a manifest."""
        found = self.find(name)
        return found[1] if found and len(found[1]) <= _LARGEST else None

    @cached_property
    def mentioned(self) -> tuple[str, ...]:
        """The texts of the manifests and templates that the script names anywhere."""
        names = dict.fromkeys(match[0] for match in _MENTIONED.finditer(self.text))
        texts = (self.read(name) for name in list(names)[:_MOST_MENTIONED])
        return tuple(text for text in texts if text is not None)

    def inner(self, path: str, text: str) -> ScriptSource | None:
        """A file that the script runs or sources, with what stands beside it; None where that goes too deep."""
        if self._depth >= _DEEPEST:
            return None
        made = ScriptSource(text, path, outer=self)
        made._depth = self._depth + 1
        made._within = posixpath.dirname(path) or "."
        return made

    def within(self, text: str) -> ScriptSource:
        """A program in the script, with the same files beside it."""
        made = ScriptSource(text, "", outer=self)
        made._depth = self._depth
        return made

    def may_launch(self) -> bool:
        """Whether it launches anything, as far as words tell: itself, or by what it runs, sources or imports of what
        stands beside it."""
        if mentions_launches(self.text):
            return True
        there = (self.find(name) for name in _led_to(self.text))
        return any(found is not None and mentions_launches(found[1]) for found in there)

    def wrapper(self, name: str) -> LaunchCommand | None:
        """What a program of the repository launches each time it is run; None where it launches nothing."""
        if name not in self._wrappers:
            self._wrappers[name] = None  # a program that runs itself
            found = self.find(name)
            inner = self.inner(*found) if found else None
            if inner is not None and self._following is not None:
                self._wrappers[name] = self._following.program(inner)
        return self._wrappers[name]

    def recipe(self, program: str, name: str) -> LaunchCommand | None:
        """What a recipe of the Makefile or justfile launches that the script is, or that stands beside it."""
        if program not in self._recipes:
            self._recipes[program] = {}
            files = _RECIPES[program]
            own = os.path.basename(self.path) in files or self.path.endswith((".mk", ".just"))
            found = (self.path, self.text) if own else next(filter(None, map(self.find, files)), None)
            inner = self.inner(*found) if found else None
            if inner is not None and self._following is not None:
                self._recipes[program] = self._following.recipes(inner)
        return self._recipes[program].get(name)

    def include(self, name: str) -> None:
        """Note the functions of a file that the script sources, and that launch."""
        found = self.find(name)
        inner = self.inner(*found) if found else None
        if inner is not None and self._following is not None:
            self.functions.update(self._following.functions(inner))


_TOKEN = re.compile(r"[^\s;&|'\"`,]{1,300}")
_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+([\w.]{1,200})[ \t]+)?import[ \t]+([\w., \t]{1,300})", re.MULTILINE
)
_PROGRAM = re.compile(r"(?:\.{1,2}/)?[\w-][\w./-]{0,100}/[\w-]{1,60}|\.{1,2}/[\w.-]{1,60}")
_MOST_LEADS = 40


def _led_to(text: str) -> list[str]:
    """The files that a script may run, source or import."""
    names: dict[str, None] = {}
    for match in _IMPORT.finditer(text):
        listed = [part.split()[0] for part in match[2].split(",") if part.strip()]
        modules = [match[1], *(f"{match[1]}.{one}" for one in listed)] if match[1] else listed
        names.update((module.strip(".").replace(".", "/") + ".py", None) for module in modules)
    before = ""
    for token in _TOKEN.findall(text):
        if token.endswith((".sh", ".bash", ".py")) or _PROGRAM.fullmatch(token):
            names[token] = None
        elif before == "-m":
            names[token.replace(".", "/") + ".py"] = None
        elif before in _RECIPES:
            names.update(dict.fromkeys(_RECIPES[before]))
        before = token
        if len(names) > _MOST_LEADS:
            break
    return list(names)[:_MOST_LEADS]


def _root(folder: str) -> str:
    """The repository that a folder belongs to; without one, the folder itself, or what a workflow is about."""
    above = folder
    for _ in range(_HIGHEST):
        if os.path.exists(os.path.join(above, ".git")):
            return above
        parent = os.path.dirname(above)
        if parent == above:
            break
        above = parent
    here = os.getcwd()
    if folder == here or folder.startswith(here + os.sep):
        return here
    tail = os.sep + os.path.join(".github", "workflows")
    return folder[: -len(tail)] if folder.endswith(tail) else folder
