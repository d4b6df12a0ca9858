"""Golden files: a spec or script, beside it `NAME.out` with what the rules say about it, and `NAME.fixed` with the
text that their fixes make of it.

`GPUSPEC_UPDATE_GOLDEN=1` rewrites both: read the diff before you commit it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gpuspec.lint.rule import Rule
from gpuspec.testing.rule_tester import fix_text, lint_text

UPDATE = "GPUSPEC_UPDATE_GOLDEN"
_NOT_CASES = (".out", ".fixed", ".pyc")


def golden_cases(folder: str | os.PathLike[str]) -> list[str]:
    """Paths of every case below a folder, sorted: all files but expectations, Python's and hidden ones, and what is
    in hidden folders: the files that cases name."""
    found = []
    for here, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if not name.endswith(_NOT_CASES) and not name.startswith((".", "test_", "conftest")):
                found.append(os.path.join(here, name))
    return sorted(found)


def check_golden(
    path: str | os.PathLike[str],
    rules: Sequence[type[Rule]],
    *,
    options: Mapping[str, Any] | None = None,
    prices: str | None = None,
    on_disk: bool = False,
) -> None:
    """A case whose name starts with "good" gives no finding; any other gives exactly those of its `.out`, a line
    each: `line:column: CODE name message`. Where a finding has a fix, all fixes together, unsafe ones too, make of
    the case what `.fixed` holds.

    `on_disk`: rules may look at the files beside the case."""
    from gpuspec.report.concise import line

    path = os.fspath(path)
    data = Path(path).read_bytes()
    found = lint_text(data, rules, path=path, options=options, prices=prices, on_disk=on_disk)
    said = "".join(line(item)[len(path) + 1 :] + "\n" for item in found)
    if os.path.basename(path).startswith("good"):
        assert not said, f"{path} should give no finding:\n{said}"
        return
    assert said, f"{path} should give a finding"
    stem = os.path.splitext(path)[0]
    _compare(path, f"{stem}.out", said.encode())
    if any(item.finding.fix for item in found):
        fixed = fix_text(data, rules, path=path, options=options, prices=prices, on_disk=on_disk)
        assert fixed != data, f"{path} has a fix that changes nothing"
        _compare(path, f"{stem}.fixed", fixed)
    else:
        assert not os.path.exists(f"{stem}.fixed"), f"{stem}.fixed is there, but {path} has no fix"


def _compare(path: str, expected: str, given: bytes) -> None:
    if os.environ.get(UPDATE):
        Path(expected).write_bytes(given)
    assert os.path.exists(expected), f"{expected} is not there; {UPDATE}=1 writes it"
    wanted = Path(expected).read_bytes()
    assert given == wanted, f"{path} gives\n{given.decode()}\nand not, as in {expected},\n{wanted.decode()}"
