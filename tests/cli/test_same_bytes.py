"""The same files give the same bytes, in every format: without a network, whatever the seed, clock and locale."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from gpuspec.report import FORMATS

ROOT = Path(__file__).parents[2]
GOLDEN = sorted((ROOT / "tests" / "golden").glob("GS*"))
PATHS = ["examples", *(str(next(iter(sorted(rule.glob("bad-*")))).relative_to(ROOT)) for rule in GOLDEN)]
"""One file for every rule, at least."""
EVERY_FORMAT = f"""
import sys
from functools import cache
from gpuspec.cli import run_lint
from gpuspec.cli.main import main

# A file is linted once: what is found does not depend on how it is said.
Linter, lint_data, found = run_lint.Linter, run_lint.lint_data, {{}}
kept = cache(lambda debug: Linter(run_lint.collect(), debug=debug))

def once(linter, path, *more, **named):
    if path not in found:
        found[path] = lint_data(linter, path, *more, **named)
    return found[path]

run_lint.Linter = lambda registry, debug: kept(debug)
run_lint.lint_data = once
for name, more in [*((name, []) for name in {FORMATS!r}), ("json", ["--statistics"])]:
    status = main(["lint", "--preview", "--pedantic", "--scripts", "--format", name, *more, *{PATHS!r}])
    sys.stdout.write(f"== {{name}} {{status}}\\n")
    sys.stdout.flush()
"""
ISOLATED = ["unshare", "--map-root-user", "--net"]


def output(seed: str = "0", prefix: tuple[str, ...] = (), **environment: str) -> bytes:
    done = subprocess.run(
        [*prefix, sys.executable, "-c", EVERY_FORMAT],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": seed, **environment},
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout + done.stderr


@cache
def reference() -> bytes:
    said = output()
    for name in FORMATS:
        assert f"== {name} 1".encode() in said
    assert len(set(re.findall(rb"GS\d{3}", said))) > 50
    return said


def test_without_a_network() -> None:
    if subprocess.run([*ISOLATED, "true"], capture_output=True).returncode:
        pytest.skip("this system does not let us make a network namespace")
    alone = [*ISOLATED, sys.executable, "-c", "import socket; socket.create_connection(('1.1.1.1', 53), 1)"]
    assert subprocess.run(alone, capture_output=True).returncode == 1  # it is one
    assert output(prefix=tuple(ISOLATED)) == reference()


@pytest.mark.parametrize(
    ("seed", "environment"),
    [
        ("1", {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}),
        ("random", {"LC_ALL": "tr_TR.UTF-8", "TZ": "Asia/Tokyo", "COLUMNS": "40", "TERM": "dumb"}),
        ("0", {"SOURCE_DATE_EPOCH": "0", "TZ": "America/Los_Angeles", "HOME": "/nonexistent", "USER": ""}),
    ],
    ids=["ascii", "elsewhere", "homeless"],
)
def test_whatever_the_hash_seed_and_the_environment(seed: str, environment: dict[str, str]) -> None:
    assert output(seed, **environment) == reference()
