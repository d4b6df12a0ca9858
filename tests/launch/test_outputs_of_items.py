"""What is known of items comes home with their outputs, never before them."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from gpuspec.errors import UserError
from gpuspec.job import Job
from gpuspec.launch import items
from gpuspec.launch.launcher import RunSettings
from gpuspec.launch.outputs import Outputs, brought_back

pytestmark = pytest.mark.skipif(not shutil.which("rsync"), reason="no rsync here")

JOB = Job(name="x", items=("a", "b", "c"), run="true {item}", outputs=("out/",))


class Machine:
    """A machine's folder, on which another item is done after each rsync; from the `fails`th rsync on it is gone."""

    def __init__(self, folder: Path, fails: int) -> None:
        self.there, self.here = folder / "there", folder / "here"
        for each in (self.there / "out", self.there / ".gpuspec", self.here):
            each.mkdir(parents=True)
        (folder / "bin").mkdir()
        rsync = folder / "bin" / "rsync"
        rsync.write_text(
            f"""#!/bin/sh
echo "$@" >>{folder}/calls
[ $(wc -l <{folder}/calls) -lt {fails} ] || {{ echo 'connection unexpectedly closed' >&2; exit 12; }}
{shutil.which("rsync")} "$@" || exit
cd {self.there}
set -- a b c
for item; do
  [ ! -e out/$item ] || continue
  echo $item >out/$item
  echo '{{"item": "'$item'", "exit": 0}}' >>{items.status_path(JOB)}
  echo $item >>{items.status_path(JOB)}.7.done
  exit 0
done
"""
        )
        rsync.chmod(0o755)
        self.path = f"{rsync.parent}:{os.environ['PATH']}"
        self.folder = folder

    def outputs(self, *exclude: str) -> Outputs:
        wanted = brought_back(JOB, RunSettings(spec_path="-", workdir=str(self.here)))
        staging = str(self.folder / "staging")
        return Outputs(str(self.there), str(self.here), staging, "k3abc", wanted, exclude)

    def done(self) -> set[str]:
        return set(items.resolve(JOB, str(self.here))) - set(items.unfinished(JOB, str(self.here), None))


@pytest.mark.parametrize("fails", range(1, 8))
def test_an_item_that_is_known_to_be_done_has_its_outputs_here_wherever_the_machine_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: int
) -> None:
    machine = Machine(tmp_path, fails)
    monkeypatch.setenv("PATH", machine.path)
    outputs, lost = machine.outputs(), False
    while not lost:
        try:
            outputs.fetch()
        except UserError:
            lost = True
        assert all((machine.here / "out" / item).exists() for item in machine.done())
    # one more is done with each rsync, and the two of one fetch bring what was done before the first
    assert len(machine.done()) == min(3, max(0, (fails - 1) // 2 * 2 - 2))


def test_what_leaves_outputs_out_keeps_what_is_done(tmp_path: Path) -> None:
    machine = Machine(tmp_path, 9)
    (machine.there / "out" / "a").touch()
    (machine.there / "out" / "log.jsonl").touch()
    (machine.there / items.status_path(JOB)).write_text(json.dumps({"item": "a", "exit": 0}) + "\n")
    machine.outputs("*.jsonl", ".*").fetch()
    assert machine.done() == {"a"}
    assert not (machine.here / "out" / "log.jsonl").exists()
