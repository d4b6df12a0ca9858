"""All rules, collected."""

from __future__ import annotations

from gpuspec.rules import collect


def test_codes_are_sorted_and_names_are_unique() -> None:
    known = collect().known()
    assert known == sorted(known)
    assert len({name for _, name in known}) == len(known)
