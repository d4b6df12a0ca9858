"""Files to start from, and how they are garbled."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
SUFFIXES = {".jsonc", ".sh", ".py", ".yml", ".json", ".mk"}
LONGEST = 200_000
"""Bytes of a garbled file."""
TOKENS = [
    b'"', b"'", b"{", b"}", b"[", b"]", b",", b":", b"//", b"/*", b"*/", b"\\", b"\x00", b"\xff",
    b"\xef\xbb\xbf", b"\r\n", b"\t", b"1e999", b"-0", b"0x", b"NaN", b"null", b"true", b"$(", b"${",
    b"<<EOF\n", b"|", b";", b"&&", "模型😀".encode(), "\u2028".encode(), b"A100:8", b"gpu_types",
    b'"model":{"id":"x"}', b"for x in y; do ", b"; done", b"\\ud800", b"\\u001b[31m", b"\x1b[31m",
    b"::error::", b"]]>",
]  # fmt: skip


@lru_cache
def seeds(*suffixes: str) -> list[tuple[str, bytes]]:
    """(name, bytes) of files to start from; only those that end so, if anything is given."""
    folders = (
        ROOT / "examples",
        ROOT / "tests" / "golden",
        ROOT / "tests" / "judgement",
        ROOT / "tests" / "scripts",
    )
    found = [path for folder in folders for path in sorted(folder.rglob("*")) if path.suffix in SUFFIXES]
    return [(path.name, path.read_bytes()) for path in found if not suffixes or path.name.endswith(suffixes)]


def garble(
    data: bytes,
    others: Sequence[tuple[str, bytes]],
    chance: random.Random,
    tokens: Sequence[bytes] = TOKENS,
) -> bytes:
    """A few random changes: cut, spliced, repeated, overwritten."""
    for _ in range(chance.randint(1, 6)):
        at, to = sorted((chance.randint(0, len(data)), chance.randint(0, len(data))))
        kind = chance.randrange(6)
        if kind == 0:
            data = data[:at] + chance.choice(tokens) + data[at:]
        elif kind == 1:
            data = data[:at] + data[min(to, at + chance.randint(0, 40)) :]
        elif kind == 2:
            data = data[:to] + data[at:to] * chance.randint(1, 30) + data[to:]
        elif kind == 3:
            data = data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]
        elif kind == 4:
            other = chance.choice(others)[1]
            start = chance.randint(0, len(other))
            data = data[:at] + other[start : start + chance.randint(0, 200)] + data[at:]
        else:
            data = data[:at] + chance.choice(tokens) * chance.randint(1, 3000) + data[at:]
    return data[:LONGEST]
