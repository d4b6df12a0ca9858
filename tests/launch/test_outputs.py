"""Outputs on their way back, with a real rsync: everything comes, and nothing of the author's is lost."""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from pathlib import Path

import pytest
from small_disk import small_disk
from waiting import PATIENCE, until

from gpuspec.errors import UserError
from gpuspec.launch.outputs import FetchReport, Outputs, missing

pytestmark = pytest.mark.skipif(not shutil.which("rsync"), reason="no rsync here")


class Run:
    """A machine's folder, the author's folder, and the outputs between them."""

    def __init__(self, tmp_path: Path) -> None:
        self.there, self.here = tmp_path / "there", tmp_path / "here"
        self.staging = tmp_path / "staging"
        self.there.mkdir(parents=True)
        self.here.mkdir()

    def outputs(self, *wanted: str, exclude: tuple[str, ...] = ()) -> Outputs:
        return Outputs(str(self.there), str(self.here), str(self.staging), "k3abc", wanted, exclude)

    def write(self, name: str, text: str) -> None:
        (self.there / name).parent.mkdir(parents=True, exist_ok=True)
        (self.there / name).write_text(text)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path)


def test_what_was_named_comes_and_what_was_not_stays(run: Run) -> None:
    run.write("results/a.txt", "a")
    run.write("results/deep/b c.txt", "b")
    run.write("results/x.tmp", "x")
    run.write("logs/1.log", "1")
    run.write("other/secret.txt", "s")
    report = run.outputs("results/", "logs/*.log", "not/there", exclude=("*.tmp",)).fetch()
    assert report.fetched == ("logs/1.log", "results/a.txt", "results/deep/b c.txt")
    assert report.lines() == ["outputs: 3 files fetched"]
    assert (run.here / "results/deep/b c.txt").read_text() == "b"
    assert not (run.here / "results/x.tmp").exists()
    assert not (run.here / "other").exists()


def test_from_another_machine_patterns_and_names_mean_the_same(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # rsync's own remote protocol; what stands in for ssh drops the host and runs the command here, as sshd would
    ssh = tmp_path / "ssh"
    ssh.write_text('#!/bin/sh\nshift\nexec sh -c "$*"\n')
    ssh.chmod(0o755)
    monkeypatch.setenv("RSYNC_RSH", str(ssh))
    run.write("logs/1.log", "1")
    run.write("logs/2.txt", "2")
    run.write("a $(touch pwned) 'b'/c d.txt", "c")
    wanted = ("logs/*.log", "a $(touch pwned) 'b'/", "none/")
    outputs = Outputs(f"machine:{run.there}", str(run.here), str(run.staging), "k", wanted, ())
    assert outputs.fetch().fetched == ("a $(touch pwned) 'b'/c d.txt", "logs/1.log")
    assert not list(tmp_path.rglob("pwned"))


def test_a_second_fetch_brings_only_what_changed(run: Run) -> None:
    run.write("r/a", "1")
    run.write("r/b", "1")
    outputs = run.outputs("r/")
    outputs.fetch()
    run.write("r/a", "22")
    assert outputs.fetch() == FetchReport(("r/a",), ())
    assert outputs.fetch() == FetchReport((), ())
    assert (run.here / "r/a").read_text() == "22"


def test_a_file_the_author_changed_is_kept_beside_the_job_s(run: Run) -> None:
    run.write("r/a.txt", "job")
    (run.here / "r").mkdir()
    (run.here / "r/a.txt").write_text("mine")
    outputs = run.outputs("r/")
    report = outputs.fetch()
    assert report.kept_both == (("r/a.txt", "r/a.k3abc.txt"),)
    assert report.lines() == [
        "outputs: r/a.txt was changed here meanwhile and stays; the job's is r/a.k3abc.txt"
    ]
    assert (run.here / "r/a.txt").read_text() == "mine"
    assert (run.here / "r/a.k3abc.txt").read_text() == "job"
    assert outputs.fetch() == FetchReport((), ())
    run.write("r/a.txt", "job, later")
    outputs.fetch()
    assert (run.here / "r/a.txt").read_text() == "mine"
    assert (run.here / "r/a.k3abc.txt").read_text() == "job, later"


def test_an_edit_between_two_fetches_is_kept_too(run: Run) -> None:
    run.write("r/a", "1")
    run.outputs("r/").fetch()
    (run.here / "r/a").write_text("edited")
    run.write("r/a", "22")
    assert run.outputs("r/").fetch().kept_both == (("r/a", "r/a.k3abc"),)
    assert (run.here / "r/a").read_text() == "edited"


def test_the_next_run_replaces_what_the_last_one_brought(run: Run, tmp_path: Path) -> None:
    run.write("r/a", "first run")
    run.outputs("r/").fetch()
    run.write("r/a", "second run")
    later = Outputs(
        str(run.there), str(run.here), str(tmp_path / "staging2"), "z9", ("r/",), (), since=time.time()
    )
    assert later.fetch() == FetchReport(("r/a",), ())
    assert (run.here / "r/a").read_text() == "second run"


def test_two_runs_at_the_same_time_lose_neither_s_result(run: Run, tmp_path: Path) -> None:
    began = time.time()
    other = Run(tmp_path / "other")
    run.write("r/a", "of the first")
    other.write("r/a", "of the second")
    staging = str(tmp_path / "staging2")
    first = Outputs(str(run.there), str(run.here), str(run.staging), "k3abc", ("r/",), (), since=began)
    second = Outputs(str(other.there), str(run.here), staging, "z9", ("r/",), (), since=began + 0.001)
    assert first.fetch() == FetchReport(("r/a",), ())
    assert second.fetch() == FetchReport((), (("r/a", "r/a.z9"),))
    run.write("r/a", "of the first, later")
    assert first.fetch() == FetchReport(("r/a",), ())
    assert second.fetch() == FetchReport((), ())
    assert (run.here / "r/a").read_text() == "of the first, later"
    assert (run.here / "r/a.z9").read_text() == "of the second"


def test_many_runs_write_the_same_workdir_at_once(run: Run, tmp_path: Path) -> None:
    """Each brings forty files, one after the other, into one folder; the ledger stays whole."""
    trouble: list[BaseException] = []

    def bring(number: int) -> None:
        there = tmp_path / f"there{number}"
        there.mkdir()
        outputs = Outputs(
            str(there), str(run.here), str(tmp_path / f"s{number}"), f"r{number}", ("r/",), (), since=0.0
        )
        try:
            for each in range(10):
                (there / "r").mkdir(exist_ok=True)
                (there / "r" / f"{number}-{each}").write_text("x")
                outputs.fetch()
        except BaseException as error:
            trouble.append(error)

    threads = [threading.Thread(target=bring, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not trouble
    assert len(json.loads((run.here / ".gpuspec" / "outputs.json").read_text())) == 40


def test_the_same_file_is_no_conflict(run: Run) -> None:
    run.write("r/a", "same")
    (run.here / "r").mkdir()
    (run.here / "r/a").write_text("same")
    assert run.outputs("r/").fetch() == FetchReport((), ())


def test_links_that_lead_outside_do_not_come(run: Run, tmp_path: Path) -> None:
    (tmp_path / "private").write_text("private")
    run.write("r/a", "a")
    (run.there / "r/out").symlink_to(tmp_path / "private")
    (run.there / "r/in").symlink_to("a")
    run.outputs("r/").fetch()
    assert sorted(path.name for path in (run.here / "r").iterdir()) == ["a", "in"]
    assert os.readlink(run.here / "r/in") == "a"


def test_a_link_here_does_not_lead_the_job_s_files_outside(run: Run, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (run.here / "r").symlink_to(outside)
    run.write("r/a", "a")
    with pytest.raises(UserError) as caught:
        run.outputs("r/").fetch()
    assert caught.value.code == "output-outside"
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("pattern", ["../x", "/etc/", "a/../../b", "~/x"])
def test_outputs_outside_the_workdir_are_refused(run: Run, pattern: str) -> None:
    with pytest.raises(UserError) as caught:
        run.outputs(pattern)
    assert caught.value.code == "output-outside"


def test_names_are_data_for_every_shell_on_the_way(run: Run, tmp_path: Path) -> None:
    name = 'it\'s $(touch pwned) `touch pwned` & "é"\n.txt'
    run.write(f"r/{name}", "x")
    run.outputs("r/").fetch()
    assert (run.here / "r" / name).read_text() == "x"
    assert not list(tmp_path.rglob("pwned"))
    command = Outputs("host:sky_workdir", str(run.here), str(run.staging), "k", (), ())._command(
        ("a $(b)/",), ()
    )
    assert "--protect-args" in command
    assert command[-2] == "host:sky_workdir/./a $(b)/"


def test_a_machine_that_is_gone_is_an_error_that_says_where_the_results_are(run: Run) -> None:
    shutil.rmtree(run.there)
    with pytest.raises(UserError) as caught:
        Outputs("127.0.0.1:gone", str(run.here), str(run.staging), "k", ("r/",), ()).fetch(timeout=PATIENCE)
    assert caught.value.code == "outputs-not-fetched"
    assert "still on the machine" in (caught.value.hint or "")


def test_without_rsync_it_says_so(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(run.here))
    with pytest.raises(UserError) as caught:
        run.outputs("r/").fetch()
    assert caught.value.code == "no-rsync"


def test_a_full_disk_here_leaves_no_half_file(tmp_path: Path) -> None:
    run = Run(tmp_path)
    with small_disk(run.here, "256k"):
        run.write("r/big", "x" * 1_000_000)
        with pytest.raises(UserError) as caught:
            run.outputs("r/").fetch()
        assert caught.value.code == "outputs-not-written"
        assert "No space left on device" in caught.value.message
        assert not list(run.here.glob("r/*"))
        assert (run.staging / "r/big").stat().st_size == 1_000_000
        assert str(run.staging) in (caught.value.hint or "")


def test_what_ssh_warns_of_is_not_why_it_failed(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.write("r/big", "x" * 1_000_000)
    warning = "Warning: Permanently added '10.77.0.2' (ED25519) to the list of known hosts."
    ssh = tmp_path / "ssh"
    ssh.write_text(f'#!/bin/sh\necho "{warning}" >&2\nshift\nexec sh -c "$*"\n')
    ssh.chmod(0o755)
    source, here, staging = f"machine:{run.there}", str(run.here), str(run.staging)
    with small_disk(run.staging, "256k"):
        with pytest.raises(UserError) as caught:
            Outputs(source, here, staging, "k", ("r/",), (), options=("-e", str(ssh))).fetch()
        assert caught.value.code == "outputs-not-written"
        assert "No space left on device" in caught.value.message
        assert (caught.value.hint or "").startswith("make room; the results are still on the machine")


def test_results_come_while_the_job_still_runs(run: Run) -> None:
    over = threading.Event()
    outputs = run.outputs("r/")
    run.write("r/a", "early")
    thread = outputs.keep_fetching(over, interval=0.01)
    until((run.here / "r/a").exists)
    over.set()
    thread.join(PATIENCE)
    assert (run.here / "r/a").read_text() == "early"


def test_what_was_not_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "full").mkdir()
    (tmp_path / "full/a").touch()
    assert missing(str(tmp_path), ["empty/", "full/", "none/", "full/*", "*.csv"]) == [
        "empty/",
        "none/",
        "*.csv",
    ]
