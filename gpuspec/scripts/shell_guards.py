"""What a shell condition asks: did it work, did it fail, is there enough, is this the first?"""

from __future__ import annotations

import re
from collections.abc import Collection

from gpuspec.scripts.program import Guard

_FAILING = re.compile(r"fail|err|abort|preempt|denied|missing|invalid", re.IGNORECASE)
_LIMITING = re.compile(r"limit|budget|dry|max_|quota|-(?:ge|gt|le|lt)\b|>=|<=", re.IGNORECASE)


def guard_of(text: str, loop_names: Collection[str]) -> Guard:
    """What a condition asks, from its text."""
    negated = bool(re.match(r"(?:\[\[?\s+)?!\s", text))
    guard: Guard = "unknown"
    equal = re.search(r'\$\{?(\w+|\?)\}?"?\s*(-eq|-ne|==?|!=)\s*"?(\w*)', text)
    if equal and equal[3] in ("0", "1") and equal[1] in loop_names:
        guard = "first" if equal[2] in ("-eq", "=", "==") else "unknown"
    elif equal and equal[3] == "0":
        guard = "success" if equal[2] in ("-eq", "=", "==") else "failure"
    elif _LIMITING.search(text):
        guard = "limit"
    elif re.search(r"\[\s+-z\s", text) or _FAILING.search(text):
        guard = "failure"
    elif not text.lstrip("! ").startswith(("[", "((", "test ")):
        guard = "success"
    if negated:
        return {"success": "failure", "failure": "success", "unknown": "failure"}.get(guard, guard)  # type: ignore[return-value]
    return guard
