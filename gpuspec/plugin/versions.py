"""Whether a plugin is made for this gpuspec: its own requirement, held against our version."""

from __future__ import annotations

import re


def mismatch(requirement: str, ours: str) -> str | None:
    """What to tell where `requirement` (">=1,<2") leaves out gpuspec `ours`; None where it fits or is unclear."""
    parts = [
        re.fullmatch(r"\s*(~=|==|!=|<=|>=|<|>)\s*([0-9.]+)(\.\*)?\s*", part)
        for part in requirement.split(",")
    ]
    if all(part is None or _holds(ours, part[1], part[2], bool(part[3])) for part in parts):
        return None
    return (
        f"is made for gpuspec {requirement.replace(',', ', ')}, and this is {ours}: "
        "install the release of it that is made for this one"
    )


def _holds(version: str, operator: str, asked: str, prefix: bool) -> bool:
    ours, theirs = _release(version), _release(asked)
    if prefix:
        same = ours[: len(theirs)] == theirs
        return same if operator == "==" else not same
    wide = max(len(ours), len(theirs))
    ours += (0,) * (wide - len(ours))
    padded = theirs + (0,) * (wide - len(theirs))
    if operator == "~=":
        return ours >= padded and ours[: len(theirs) - 1] == theirs[:-1]
    answers = {
        "==": ours == padded,
        "!=": ours != padded,
        "<=": ours <= padded,
        ">=": ours >= padded,
        "<": ours < padded,
        ">": ours > padded,
    }
    return answers[operator]


def _release(version: str) -> tuple[int, ...]:
    found = re.match(r"[0-9]+(?:\.[0-9]+)*", version)
    return tuple(int(part) for part in found[0].split(".")) if found else ()
