"""`--resume` on a rented machine: only for what is left, however the items were spread before."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gpuspec.job import Job
from gpuspec.launch import items
from gpuspec.launch.records import Records

from . import drive_rented as cloud
from .rented import change, run
from .test_killed import ended

ITEMS = ("a", "b", "c")
JOB = Job(name="job", items=ITEMS, run="true {item}")


@pytest.fixture(autouse=True)
def with_items(rented: Path) -> None:
    change(rented, items=list(ITEMS), run=JOB.run)


def note(folder: Path, shard: tuple[int, int] | None, **ends: int) -> None:
    """What an earlier run noted: how each item ended."""
    path = folder / items.status_path(JOB, shard)
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(json.dumps({"item": item, "exit": code}) + "\n" for item, code in ends.items()))


def test_nothing_is_rented_where_nothing_is_left(rented: Path) -> None:
    note(rented, None, a=0, b=0, c=0)
    done = run(rented, "--resume")
    assert done.returncode == 0, done.stderr
    assert "all items were done before: nothing is rented" in done.stderr
    assert not cloud.read()
    assert Records().get("job").state == "succeeded"


def test_a_machine_is_rented_for_what_is_left(rented: Path) -> None:
    note(rented, None, a=0, b=3, c=0)
    assert run(rented, "--resume", "--detach").returncode == 0
    assert len(cloud.read()) == 1


def test_each_part_knows_what_it_has_done(rented: Path) -> None:
    note(rented, (1, 2), a=0, c=0)
    assert "nothing is rented" in run(rented, "--resume", "--shard", "1/2").stderr
    assert not cloud.read()
    assert run(rented, "--resume", "--detach", "--shard", "2/2").returncode == 0  # it never began
    assert len(cloud.read()) == 1


@pytest.mark.parametrize(
    ("options", "rents"), [((), 1), (("--shard", "1/3"), 0), (("--shard", "2/3"), 1), (("--shard", "3/3"), 0)]
)
def test_what_another_spread_of_the_items_did_is_not_done_again(
    rented: Path, options: tuple[str, ...], rents: int
) -> None:
    note(rented, (1, 2), a=0, c=0)
    note(rented, (2, 2), b=3)
    done = run(rented, "--resume", "--detach", *options)
    assert done.returncode == 0, done.stderr
    assert len(cloud.read()) == rents
    ended()
    assert run(rented, "--fresh", "--detach", *options).returncode == 0  # from the beginning
    assert len(cloud.read()) == rents + 1
    assert len(items.unfinished(JOB, str(rented), (1, 2))) == 2  # what was known of them counts no more


def test_a_first_run_may_be_resumed(rented: Path) -> None:
    assert run(rented, "--resume", "--detach").returncode == 0
    assert len(cloud.read()) == 1
