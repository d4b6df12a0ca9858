"""Lists of modules, as quantizers write them into a config: which of a model's modules they name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

LONGEST = 300
"""Characters of one pattern."""
MOST_OPEN = 60
"""Patterns with a wildcard inside, or regular expressions, that are kept: each is tried on every module."""
_NUMBER = re.compile(r"(?<=experts\.)\d+(?=\.)")
_TOWERS = {
    "vision": ("visual", "vision", "vit", "image"),
    "audio": ("audio", "speech"),
    "projector": ("projector", "embed_vision", "embed_audio", "multi_modal", "mlp1", "merger", "connector"),
}
"""Words by which patterns name towers, whatever the module is called in this or that version of transformers."""
_ALIKE = {"ffn": "mlp", "attn": "self_attn", "head": "lm_head", "embed": "embed_tokens", "router": "gate"}


class ModulePatterns:
    """The modules that a list of names, globs ("model.layers.0*") and regular expressions ("re:.*self_attn.*") names.

    Versions of one checkpoint call the way to a layer "model.layers", "model.language_model.layers",
    "backbone.layers" …, so names are compared from "layers." on. A regular expression that could run away is not
    asked: `refused` counts those."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._names: set[str] = set()
        self._starts: set[str] = set()
        self._open: list[re.Pattern[str]] = []
        self._towers: set[str] = set()
        self.refused = 0
        for pattern in patterns:
            self._add(pattern)

    def _add(self, pattern: str) -> None:
        self._towers.update(
            part for part, words in _TOWERS.items() if any(word in pattern.lower() for word in words)
        )
        if len(pattern) > LONGEST:
            self.refused += 1
        elif pattern.startswith("re:"):
            self._open_one(pattern[3:], as_glob=False)
        elif "*" not in pattern:
            self._names.add(comparable(pattern))
        elif pattern.index("*") == len(pattern) - 1 and "." in pattern:
            self._starts.add(comparable(pattern[:-1]))
        else:
            self._open_one(comparable(pattern), as_glob=True)

    def _open_one(self, text: str, *, as_glob: bool) -> None:
        compiled = None if len(self._open) >= MOST_OPEN else _compiled(text, as_glob)
        if compiled is None:
            self.refused += 1
        else:
            self._open.append(compiled)

    def name(self, path: str, part: str) -> bool:
        """Whether they name a module. `path`: "model.layers.3.self_attn.q_proj"; `part`: where it belongs."""
        if part in _TOWERS:
            return part in self._towers or (part == "projector" and "vision" in self._towers)
        for written in _spellings(comparable(path)):
            pieces = written.split(".")
            if any(".".join(pieces[:end]) in self._names for end in range(1, len(pieces) + 1)):
                return True
            if any(piece in self._names for piece in pieces):  # "gate", "lm_head": wherever it stands
                return True
            if self._starts and any(written[:end] in self._starts for end in range(1, len(written) + 1)):
                return True
            if any(each.match(written) or each.match("model." + written) for each in self._open):
                return True
        return False


def comparable(name: str) -> str:
    """A module's name from "layers." on, experts without their numbers; one outside the layers by its last piece."""
    name = _NUMBER.sub("*", name.removesuffix(".weight"))
    at = name.find("layers.")
    if at >= 0:
        return name[at:]
    return name if "*" in name else name.rpartition(".")[2]


def _spellings(path: str) -> tuple[str, ...]:
    """The path as it is, and with the words that other exports of the same model use."""
    pieces = path.split(".")
    others = {new: old for old, new in _ALIKE.items()}
    other = ".".join(others.get(piece, piece) for piece in pieces)
    return (path,) if other == path else (path, other)


@lru_cache(maxsize=256)
def _compiled(text: str, as_glob: bool) -> re.Pattern[str] | None:
    """A pattern that takes bounded time: at most four wildcards and no repeated group; else None."""
    if as_glob:
        text = ".*".join(map(re.escape, re.split(r"\*+", text))) + r"\Z"
    if (
        len(re.findall(r"[*+{]", text)) > 4
        or re.search(r"\)[*+?{]", text)
        or re.search(r"\\[1-9]|\(\?", text)
    ):
        return None
    try:
        return re.compile(text)
    except re.error:
        return None
