"""Writes the table of the hub's models: gpuspec/catalog/data/hub_models.tsv, hub_structures.jsonl and hub_shapes.tsv.

    python -m tools.hub_models hub_models.tsv [FOLDER of real configs]

The list has a line a repository, with the columns that `rows.py` names. Structures are not taken from it: each is
read by gpuspec's readers from a config (a real one of the same shape, or one put together from the columns) and taken
where its weights, counted, are what the repository stores. `choose.py` says how; what is not explained is said."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from gpuspec.catalog.hub_table import NAMES, STRUCTURES
from gpuspec.catalog.shipped import DATA
from tools.hub_models import by_shape
from tools.hub_models.choose import Chooser
from tools.hub_models.facts import Facts, facts_of, facts_of_config, packed
from tools.hub_models.known_configs import KnownConfigs
from tools.hub_models.rows import read_rows

SOURCE = {
    "source": "Hugging Face hub as recorded by llmfit 1.1.17, its structure as gpuspec reads it",
    "as_of": "2026-09-30",
}


def main(arguments: list[str]) -> None:
    """Write the files and say how many repositories are known how well."""
    rows = list(read_rows(Path(arguments[0])))
    configs = KnownConfigs([Path(each) for each in arguments[1:]])
    chooser = Chooser(configs)
    chooser.learn(rows, _shapes())
    rows = [chooser.completed(row) for row in rows]
    choices = [chooser.choose(row) for row in rows]
    chooser.learn_names(zip(rows, choices, strict=True))
    own = dict(configs.quantized)
    same = {(*key, row.stored): own[row.name] for row in rows if row.name in own and (key := packed(row))}
    found = [
        facts_of(
            row,
            chooser.by_name(row, choice),
            own.pop(row.name, None) or same.get((*packed(row), row.stored)),
        )
        for row, choice in zip(rows, choices, strict=True)
    ]
    found += [facts_of_config(name, said) for name, said in own.items()]
    write(found, Path(NAMES), Path(STRUCTURES))
    by_shape.write()
    tally = Counter(facts.note[:1] or "certain" for facts in found)
    print(f"{len(found):,} repositories: {dict(tally.most_common())}")


def _shapes() -> list[dict[str, Any]]:
    lines = (Path(DATA) / "models.jsonl").read_text(encoding="utf-8").splitlines()
    needed = ("layers", "hidden", "vocab", "params_b")
    return [
        m
        for m in map(json.loads, lines)
        if m.get("modality") == "text" and all(m.get(each) for each in needed)
    ]


def write(found: list[Facts], names: Path, structures: Path) -> None:
    """Write the facts: sorted, the same for the same facts."""
    ordered = sorted(found, key=lambda facts: facts.name.lower().encode())
    texts = [json.dumps(facts.structure, separators=(",", ":")) for facts in ordered]
    head = json.dumps(SOURCE) + "\n"
    places, at = {}, len(head)
    for text in sorted(set(texts)):
        places[text] = at
        at += len(text) + 1
    structures.write_text(head + "".join(f"{text}\n" for text in places), encoding="utf-8")
    lines = (
        "\t".join((f.name, str(places[text]), str(f.parameters or ""), str(f.context or ""), f.note, f.task))
        for f, text in zip(ordered, texts, strict=True)
    )
    names.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
