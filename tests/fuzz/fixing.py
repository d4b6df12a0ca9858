"""`--fix` on specs and scripts: what it writes can be read, is read the same by json5, is accepted, and is final."""

from __future__ import annotations

import random
from time import process_time

from gpuspec.errors import UserError
from gpuspec.job.accept import accepts
from gpuspec.lint.fixing import Fixed, difference, fix_data, second_reading
from gpuspec.lint.runner import Linter
from gpuspec.lint.script import kind_of
from gpuspec.text import parse
from gpuspec.text.second_reader import NotRead
from tests.fuzz.linted import EVERYTHING, registry
from tests.fuzz.seeds import garble, seeds
from tests.fuzz.spec_values import Specs, written
from tests.fuzz.trial import Outcome, Trial

SMALL = [
    b",",
    b"//",
    b"/* x */",
    b"\n",
    b"\r\n",
    b"\t",
    b"'",
    b'"gpus": 8,',
    b"gpu_type: 'a100', ",
    b"\\u0041",
    b"+1",
    b"True",
    b"#",
]
"""What changes little, so that the file can still be read most of the time."""


def fixed(chance: random.Random) -> Trial:
    """A file that rules have fixes for, changed a little, or a spec with some wrong values."""
    if chance.random() < 0.3:
        name, data = "gpu.jsonc", written(Specs(chance, wild=0.1).spec(), chance)
    else:
        name, data = chance.choice(seeds(".jsonc", ".sh", ".py"))
        if chance.random() < 0.8:
            data = garble(data, seeds(name[name.rindex(".") :]), chance, SMALL)
    unsafe = chance.random() < 0.7
    return Trial(name, data, lambda: fix(name, data, unsafe=unsafe))


def fix(name: str, data: bytes, *, unsafe: bool) -> Outcome:
    """Fix a file twice: each time is a command of its own."""
    linter = Linter(registry())
    began = process_time()
    try:
        done = fix_data(linter, name, data, EVERYTHING, unsafe=unsafe)
        fixed_at = process_time()
        again = fix_data(linter, name, done.data, EVERYTHING, unsafe=unsafe)
    except UserError as error:
        return Outcome(str(error).encode("utf-8", "replace"))
    fixed_again_at = process_time()
    faults = [str(problem) for problem in linter.problems]
    if again.titles:
        faults.append(f"fixed a second time: {', '.join(again.titles)} after {', '.join(done.titles[-3:])}")
    if done.data != data and kind_of(name, data) is None:
        faults += _harm(name, data, done)
    shown = difference(name, data, done.data) if done.data != data else ""
    rest = (
        process_time() - fixed_again_at
    )  # what `--fix` does after it: json5 reads the file, and `--diff` shows it
    longest = max(fixed_at - began + rest, fixed_again_at - fixed_at)
    return Outcome(done.data + shown.encode("utf-8", "replace"), tuple(faults), longest)


def _harm(name: str, before: bytes, done: Fixed) -> list[str]:
    """What a fix may not do to a spec."""
    made = ", ".join(done.titles)
    tree = parse(done.data.decode())
    if tree.problems:
        return [f"no longer JSONC after {made}: {tree.problems[0].message}"]
    faults = []
    if accepts(parse(before.decode()).value) and not accepts(tree.value):
        faults.append(f"no longer a valid spec after {made}")
    try:
        wrong = second_reading(name, done.data)
    except NotRead:
        wrong = None
    return [*faults, f"after {made}: {wrong}"] if wrong else faults
