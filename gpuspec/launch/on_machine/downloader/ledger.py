"""What was fetched and verified, so that the next run need neither fetch nor read it again."""

from __future__ import annotations

import contextlib
import json
import os
import re
import threading
import uuid
from typing import Any

from .part import own_file

_KINDS = {
    "url": str,
    "validator": str,
    "id": str,
    "check": list,
    **dict.fromkeys(("total", "size", "mtime_ns", "ctime_ns", "inode"), int),
}
_SAFE = {"validator": r"[ -~]+", "id": r"[0-9a-f]{8}"}
"""What is sent to a server, and what becomes part of a file's name."""


class Ledger:
    """Facts by key: paths of files, and `item:…` for what a tool fetched. Each is appended as it comes, `[key, fact]`
    on a line, so that noting it costs the same with a hundred thousand files as with one."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.lock = threading.Lock()
        self.facts: dict[str, dict[str, Any]] = {}

    def load(self) -> None:
        """Read what is there and write it anew, without what was replaced since. Lines that are none are left out: a
        machine that goes may leave half of one."""
        if os.path.isfile(self.path):  # a pipe would be waited for
            with contextlib.suppress(OSError, UnicodeDecodeError), open(self.path, encoding="utf-8") as lines:
                self.facts = _facts(lines.read())
        self.facts.setdefault("self", {"id": uuid.uuid4().hex[:8]})
        temporary = self.path + ".new"
        # Of a run that was killed; or a link that somebody put there, to a file of another.
        with contextlib.suppress(FileNotFoundError):
            os.remove(temporary)
        with open(temporary, "x", encoding="utf-8") as out:
            out.writelines(json.dumps(pair) + "\n" for pair in self.facts.items())
        os.replace(temporary, self.path)

    def get(self, key: str) -> dict[str, Any]:
        """What is known of `key`; nothing is an empty dict."""
        return self.facts.get(key, {})

    def note(self, key: str, fact: dict[str, Any] | None) -> None:
        """From now on `fact` is so; None: nothing is known."""
        with self.lock:
            self.facts.pop(key, None)
            if fact is not None:
                self.facts[key] = fact
            # What stands there may be another since it was loaded.
            opened, _ = own_file(self.path, os.O_APPEND)
            with open(opened, "a", encoding="utf-8") as out:
                out.write(json.dumps([key, fact]) + "\n")


def _facts(text: str) -> dict[str, dict[str, Any]]:
    """A ledger's text: a pair on each line, or (before gpuspec 0.2) one mapping."""
    pairs: list[Any] = []
    with contextlib.suppress(ValueError, RecursionError):
        whole = json.loads(text)
        pairs = list(whole.items()) if isinstance(whole, dict) else []
    for line in () if pairs else text.splitlines():
        with contextlib.suppress(ValueError, RecursionError):
            pairs.append(json.loads(line))
    facts: dict[str, dict[str, Any]] = {}
    for pair in pairs:
        if isinstance(pair, (list, tuple)) and len(pair) == 2 and isinstance(pair[0], str):
            facts.pop(pair[0], None)
            if isinstance(pair[1], dict) and _is_sound(pair[1]):
                facts[pair[0]] = pair[1]
    return facts


def _is_sound(fact: dict[str, Any]) -> bool:
    """Whether each part is of its kind: the workdir, and this file in it, may come from others."""
    known = {name: value for name, value in fact.items() if name in _KINDS and value is not None}
    return all(type(value) is _KINDS[name] for name, value in known.items()) and all(
        re.fullmatch(_SAFE[name], value) for name, value in known.items() if name in _SAFE
    )
