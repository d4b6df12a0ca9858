"""How long the table of hub repositories takes to answer, and how often a name that it lacks is answered wrong.

python benchmarks/model_table.py                 look-ups: cold (a process each) and warm, and the same in sqlite
python benchmarks/model_table.py leave-out [N]   hides N repositories at random (seed 14), asks for each by name,
                                                 and compares what is answered with what was hidden"""

from __future__ import annotations

import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from gpuspec.catalog.hub_table import NAMES, STRUCTURES, HubTable
from gpuspec.catalog.model import Model
from gpuspec.catalog.model_names import ModelNames
from gpuspec.catalog.shipped import read_model_lines

COLD = """
import json, time
import gpuspec.catalog.model
start = time.perf_counter()
{look_up}
print(time.perf_counter() - start)
"""
BY_BISECTION = "from gpuspec.catalog.hub_table import HubTable; assert HubTable().find('Qwen/Qwen3-32B')"
IN_SQLITE = (
    "import sqlite3; from gpuspec.catalog.model_record import from_record; from json import loads\n"
    "row = sqlite3.connect({path!r}).execute('select record from models where name = ?', ('qwen/qwen3-32b',))\n"
    "assert from_record('Qwen/Qwen3-32B', loads(row.fetchone()[0]))"
)
NEAR = 0.05


def look_ups() -> None:
    """Print the times."""
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder, "models.sqlite"))
        size = _as_sqlite(path)
        print(f"files: text {_mib(NAMES) + _mib(STRUCTURES):.1f} MiB, sqlite {size:.1f} MiB")
        for what, code in (("bisection", BY_BISECTION), ("sqlite", IN_SQLITE.format(path=path))):
            program = COLD.format(look_up=code)
            times = [float(subprocess.check_output([sys.executable, "-c", program])) * 1e3 for _ in range(15)]
            print(f"cold, {what}: median {statistics.median(times):.2f} ms, most {max(times):.2f} ms")
    table, names = HubTable(), [line.split("\t")[0] for line in _lines()]
    picked = random.Random(14).sample(names, 1_000)
    start = time.perf_counter()
    assert all(map(table.find, picked))
    print(f"warm: {(time.perf_counter() - start) * 1e3 / len(picked):.3f} ms a repository")


def _as_sqlite(path: str) -> float:
    import sqlite3

    structures = Path(STRUCTURES).read_bytes()
    with sqlite3.connect(path) as base:
        base.execute("create table models (name text primary key, record text) without rowid")
        for line in _lines():
            name, place, *_ = line.split("\t")
            record = structures[int(place) : structures.index(b"\n", int(place))].decode()
            base.execute("insert into models values (?, ?)", (name.lower(), record))
    return _mib(path)


def _mib(path: str) -> float:
    return Path(path).stat().st_size / 2**20


def _lines() -> list[str]:
    return Path(NAMES).read_text(encoding="utf-8").splitlines()


class _Without(HubTable):
    """The table without one repository."""

    hidden = ""

    def find(self, name: str) -> Model | None:
        return None if name.lower() == self.hidden.lower() else super().find(name)

    def containing(self, part: str):  # type: ignore[no-untyped-def]
        return (line for line in super().containing(part) if line.split("\t")[0] != self.hidden)


def leave_out(number: int) -> None:
    """Print what is answered for repositories that the table does not have."""
    table = _Without()
    certain = [line for line in _lines() if not line.split("\t")[4]]
    tally = {"right": 0, "unknown": 0, "size alone, of the name": 0, "wrong": 0}
    for line in random.Random(14).sample(certain, number):
        table.hidden = line.split("\t")[0]
        truth = table.model(line).params_b or 0.0
        match = ModelNames(_without_alias(table.hidden), table=table).resolve(table.hidden, suggest=False)
        if match.model is None or match.model.params_b is None:
            tally["size alone, of the name" if match.params_b else "unknown"] += 1
        elif abs(match.model.params_b / truth - 1) <= NEAR:
            tally["right"] += 1
        else:
            tally["wrong"] += 1
            print(f"  {table.hidden}: {match.model.params_b:.3g} B as {match.model.id}, is {truth:.3g} B")
    print(f"of {number} hidden repositories: {tally}")


def _without_alias(name: str) -> list[tuple[str, list[str], str]]:
    return [
        (own, [each for each in aliases if each.lower() != name.lower()], line)
        for own, aliases, line in read_model_lines()
    ]


if __name__ == "__main__":
    if sys.argv[1:2] == ["leave-out"]:
        leave_out(int(sys.argv[2]) if len(sys.argv) > 2 else 200)
    else:
        look_ups()
