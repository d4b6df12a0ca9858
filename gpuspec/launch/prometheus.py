"""Numbers in Prometheus' text format, version 0.0.4
(https://prometheus.io/docs/instrumenting/exposition_formats/, 2026-11)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from gpuspec.named_tuple import NamedTuple
from gpuspec.printable import one_line

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
LONGEST = 200
"""Characters of a label's value: what people write is cut there."""


class Family(NamedTuple):
    """A gauge: its name, what it means, and its samples: labels → value."""

    name: str
    meaning: str
    samples: Sequence[tuple[Mapping[str, str], float]]


def render(families: Iterable[Family]) -> str:
    """The text, with each family that has a sample. The same labels twice in one family would be refused by who
    reads it: the first counts."""
    lines = []
    for family in families:
        seen = set()
        if family.samples:
            lines += [f"# HELP {family.name} {_help(family.meaning)}", f"# TYPE {family.name} gauge"]
        for labels, value in family.samples:
            said = ",".join(f'{label_name(key)}="{label_value(each)}"' for key, each in labels.items())
            if said not in seen:
                seen.add(said)
                lines.append(f"{family.name}{{{said}}} {value!r}" if said else f"{family.name} {value!r}")
    return "".join(f"{line}\n" for line in lines)


def label_name(name: str) -> str:
    """A name that a label may have."""
    plain = re.sub(r"[^a-zA-Z0-9_]", "_", name)
    return f"_{plain}" if not plain or plain[0] in "0123456789" else plain


def label_value(value: str) -> str:
    """What stands between the quotes. Characters that drive a terminal, hide, or are no text, are spelled out: a
    dashboard shows them."""
    text = one_line(value[:LONGEST])
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _help(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")
