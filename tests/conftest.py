"""Which tests run: those marked `e2e` and `slow` only when asked for, or in CI, `faults` only when asked for; and in
which order."""

from __future__ import annotations

import os
import signal
import sys
from collections import Counter

import pytest
from hypothesis import HealthCheck, settings

# The same inputs on every machine: a red build must be about the change. HYPOTHESIS_PROFILE=explore looks further.
# Nor about the load: hypothesis would fail a test whose inputs took a second to make while the machine was busy.
UNTIMED = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("seeded", derandomize=True, **UNTIMED)
settings.register_profile("explore", max_examples=2000, **UNTIMED)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "seeded"))

# Tests start thousands of interpreters. Where the environment forbids keeping compiled modules, as container images
# do, each of them would compile gpuspec anew, and each worker all tests.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

MARKS = ("e2e", "slow", "faults")
IN_CI = ("e2e", "slow")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--e2e", action="store_true", help="run the tests that launch through SkyPilot")
    parser.addoption(
        "--faults", action="store_true", help="run the tests that break what launches go through"
    )
    parser.addoption("--slow", action="store_true", help="run the tests that take more than a few seconds")


def pytest_configure(config: pytest.Config) -> None:
    # In the background (`pytest &`, `nohup pytest`) these are ignored, and so they would be by all that tests start
    # and interrupt. A handler does as little, and is not handed on.
    for number in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda *_: None)
    # pytest-xdist would give out the files with the most tests first: launches are few and long, and would come last.
    config.option.loadscopereorder = False


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    """Of files that differ their sizes and the first place: in CI pytest writes out every byte."""
    if (
        op != "=="
        or not isinstance(left, bytes)
        or not isinstance(right, bytes)
        or len(left + right) < 10_000
    ):
        return None
    first = next((at for at, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), "the end of one")
    return [f"{len(left):,} bytes == {len(right):,} bytes", f"they differ first at {first}"]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for mark in MARKS:
        in_ci = mark in IN_CI
        if config.getoption(f"--{mark}") or (in_ci and os.environ.get("CI") == "true"):
            continue
        skip = pytest.mark.skip(reason=f"runs with --{mark}" + " or CI=true" * in_ci)
        for item in items:
            if item.get_closest_marker(mark):  # `item.keywords` has its folders too: e2e
                item.add_marker(skip)
    # The launches first, the longest file of them before the others, so that no worker waits for one at the end.
    launches = Counter(item.path for item in items if item.get_closest_marker("e2e"))
    items.sort(key=lambda item: -launches[item.path])
