"""Lists of modules, as quantizers write them into a config: which of a model's modules they name."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable
from functools import lru_cache

from gpuspec.named_tuple import NamedTuple

LONGEST = 300
"""Characters of one pattern."""
MOST_OPEN = 60
"""Patterns with a wildcard inside, and regular expressions, that are kept: each is tried on every module."""
MOST_STARS = 6
"""Of one glob."""
MOST_STEPS = 5_000_000
"""Characters that all patterns of one list may look at, backtracking included: a few tenths of a second."""
GLOB_STEPS = 4
"""What a glob on a name counts as: it takes as long as a regular expression on four characters."""
SOME = 20
"""Single modules of a tower that must be named before the tower counts as named."""
_EXPERT = re.compile(r"(?<=experts\.)[0-9]+(?=\.)")
_NUMBERED = re.compile(r"\.[0-9]+(?:\.|$)")
_TOWERS = {
    "vision": ("visual", "vision", "vit.", "image"),
    "audio": ("audio", "speech"),
    "projector": ("projector", "embed_vision", "embed_audio", "multi_modal", "mlp1", "merger", "connector"),
}
"""Words by which patterns name towers, whatever the module is called in this or that version of transformers."""
_ANY_TOWER = re.compile("|".join(re.escape(word) for words in _TOWERS.values() for word in words))
_ALIKE = {"ffn": "mlp", "attn": "self_attn", "head": "lm_head", "embed": "embed_tokens", "router": "gate"}
_OTHERS = {new: old for old, new in _ALIKE.items()}
_WAYS = ("", "model.", "model.language_model.", "language_model.model.")
"""What may stand before "layers.": regular expressions that begin with it are written for one of these."""


class _Regex(NamedTuple):
    """A regular expression that takes bounded time."""

    pattern: re.Pattern[str]
    anywhere: bool
    """Whether it began with ".*"."""
    power: int
    """Repetitions that may stretch: it looks at no more than length ** (1 + power) characters."""


class ModulePatterns:
    """The modules that a list of names, globs ("model.layers.0*") and regular expressions ("re:.*self_attn.*") names.

    Versions of one checkpoint call the way to a layer "model.layers", "model.language_model.layers",
    "backbone.layers" …, so names are compared from "layers." on. A regular expression that could run away is not
    asked: `refused` counts those."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._names: set[str] = set()
        self._starts: set[str] = set()
        self._globs: list[tuple[str, ...]] = []
        self._regexes: list[_Regex] = []
        self._towers: dict[str, int] = {}
        self._drafts: set[str] = set()
        self._left = MOST_STEPS
        self.refused = 0
        for pattern in patterns:
            self._add(pattern)

    def _add(self, pattern: str) -> None:
        if len(pattern) > LONGEST:
            self.refused += 1
            return
        tower = self._add_tower(pattern)
        if pattern.startswith("re:"):
            self._add_regex(pattern[3:])
        elif pattern.startswith("mtp"):  # layers that predict further tokens, with numbers of their own
            self._drafts.add(pattern.rstrip("*").rstrip("."))
        elif tower:
            return
        elif "*" not in pattern:
            self._names.add(comparable(pattern))
        elif pattern.index("*") == len(pattern) - 1 and "." in pattern:
            self._starts.add(comparable(pattern[:-1]))
        elif len(self._globs) < MOST_OPEN and pattern.count("*") <= MOST_STARS:
            self._globs.append(tuple(comparable(pattern).split("*")))
        else:
            self.refused += 1

    def _add_tower(self, pattern: str) -> bool:
        low = pattern.lower()
        if not _ANY_TOWER.search(low):
            return False
        found = [part for part, words in _TOWERS.items() if any(word in low for word in words)]
        for part in found:
            self._towers[part] = self._towers.get(part, 0) + (1 if _NUMBERED.search(low) else SOME)
        return True

    def _add_regex(self, text: str) -> None:
        compiled = _compiled(text) if len(self._regexes) < MOST_OPEN else None
        if compiled is None:
            self.refused += 1
        else:
            self._regexes.append(compiled)

    def name(self, path: str, part: str, draft: str = "") -> bool:
        """Whether they name a module. `path`: "model.layers.3.self_attn.q_proj"; `part`: where it belongs; `draft`:
        its other name where it predicts further tokens, "mtp.layers.0.self_attn.q_proj"."""
        if part in _TOWERS:
            return self._tower(part) or (part == "projector" and self._tower("vision"))
        if draft and any(name in self._drafts for name in _ancestors(draft)):
            return True
        return any(self._spelled(written) for written in _spellings(comparable(path)))

    def _tower(self, part: str) -> bool:
        return self._towers.get(part, 0) >= SOME

    def _spelled(self, written: str) -> bool:
        names = self._names
        if names and (
            any(each in names for each in _ancestors(written)) or not names.isdisjoint(written.split("."))
        ):
            return True  # "gate", "lm_head": wherever it stands
        if self._starts and any(written[:end] in self._starts for end in range(1, len(written) + 1)):
            return True
        return self._globbed(written) or any(self._matches(each, written) for each in self._regexes)

    def _globbed(self, written: str) -> bool:
        if not self._globs:
            return False
        names = [before + name for name in _ancestors(written) for before in ("", "model.")]
        self._left -= GLOB_STEPS * len(names) * len(self._globs)
        if self._left < 0:
            self.refused += 1
            return False
        return any(_fits(glob, name) for glob in self._globs for name in names)

    def _matches(self, regex: _Regex, written: str) -> bool:
        if regex.anywhere:
            return self._asked(regex, "model." + written)
        return any(self._asked(regex, before + written) for before in _WAYS)

    def _asked(self, regex: _Regex, text: str) -> bool:
        self._left -= len(text) ** (1 + regex.power)
        if self._left < 0:
            self.refused += 1
            return False
        return bool(regex.pattern.search(text) if regex.anywhere else regex.pattern.match(text))


def comparable(name: str) -> str:
    """A module's name from "layers." on, experts without their numbers; one outside the layers by its last piece."""
    name = name.removesuffix(".weight")
    if "experts." in name:
        name = _EXPERT.sub("*", name)
    at = name.find("layers.")
    if at >= 0:
        return name[at:]
    return name if "*" in name else name.rpartition(".")[2]


def _ancestors(path: str) -> list[str]:
    """The path and all that it lies in: "a", "a.b", "a.b.c"."""
    ends = [at for at, letter in enumerate(path) if letter == "."]
    return [path[:end] for end in (*ends, len(path))]


def _spellings(path: str) -> tuple[str, ...]:
    """The path as it is, and with the words that other exports of the same model use."""
    other = ".".join(_OTHERS.get(piece, piece) for piece in path.split("."))
    return (path,) if other == path else (path, other)


def _fits(glob: tuple[str, ...], text: str) -> bool:
    """Whether a glob, split at its stars, fits a text. Each piece is taken where it first stands: no backtracking."""
    first, *between = glob
    if not text.startswith(first) or not text.endswith(between[-1]):
        return False
    at, end = len(first), len(text) - len(between[-1])
    for piece in between[:-1]:
        at = text.find(piece, at, end)
        if at < 0:
            return False
        at += len(piece)
    return at <= end


@lru_cache(maxsize=256)
def _compiled(text: str) -> _Regex | None:
    """A regular expression that takes bounded time: at most two things that stretch, no repeated group; else None."""
    anywhere = text.startswith(".*")
    core = text.removeprefix(".*").removesuffix("$") if text.endswith(".*$") else text.removeprefix(".*")
    core = core.removesuffix(".*")
    power = len(re.findall(r"(?<!\\)[*+{]", core))
    repeated = re.search(r"\)[*+{]|\\[1-9]|\{[0-9]*,?[0-9]{4}", core)
    if power > 2 or repeated:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # "[[" may come to mean something else
            return _Regex(re.compile(core), anywhere, power)
    except (re.error, RecursionError, OverflowError):
        return None
