"""Whether a plugin is made for this gpuspec: its own requirement, held against our version."""

from __future__ import annotations


def mismatch(requirement: str, ours: str) -> str | None:
    """What to tell where `requirement` (">=1,<2") leaves out gpuspec `ours`; None where it fits or cannot be read."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        if SpecifierSet(requirement).contains(ours, prereleases=True):
            return None
    except InvalidSpecifier:
        return None
    return (
        f"is made for gpuspec {requirement.replace(',', ', ')}, and this is {ours}: "
        "install the release of it that is made for this one"
    )
