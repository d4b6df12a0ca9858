"""Secrets never reach the log: their values are replaced on the way, also where a write cuts one in two."""

from __future__ import annotations

import re
from collections.abc import Iterable

MASK = b"***"
SHORTEST = 4
"""Shorter values stand in ordinary words; masking them would spoil the log and hide nothing."""


class Redactor:
    """Replaces secret values in a stream of blocks."""

    def __init__(self, secrets: Iterable[str]) -> None:
        values = {secret.encode() for secret in secrets if len(secret) >= SHORTEST}
        self._secrets = sorted(values, key=lambda value: (-len(value), value))
        self._any = re.compile(b"|".join(map(re.escape, self._secrets)) or b"(?!)")
        self._held = b""

    def feed(self, block: bytes) -> bytes:
        """What may be written now; the beginning of a possible secret is held back."""
        text = self._held + block
        cut = len(text) - self._beginning(text)
        for found in self._any.finditer(text):
            if found.start() < cut < found.end():
                cut = found.end()
        self._held = text[cut:]
        return self._any.sub(MASK, text[:cut])

    def rest(self) -> bytes:
        """What was held back, when nothing more comes."""
        held, self._held = self._held, b""
        return self._any.sub(MASK, held)

    def _beginning(self, text: bytes) -> int:
        """Length of the longest end of `text` that begins a secret."""
        longest = 0
        for secret in self._secrets:
            for length in range(min(len(secret) - 1, len(text)), longest, -1):
                if secret.startswith(text[len(text) - length :]):
                    longest = length
                    break
        return longest
