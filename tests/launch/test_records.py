"""Run records: several writers, old files, broken files, crashed writers; and what a run has cost."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from waiting import PATIENCE

from gpuspec.errors import UserError
from gpuspec.launch import Run, clock, run_cost
from gpuspec.launch.records import Records, alive, process_start, record_of, state_dir


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GPUSPEC_STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state"


def new(records: Records, name: str = "job", **more: object) -> Run:
    return records.new(name=name, launcher="local", spec_path="-", workdir="/w", **more).run


def test_what_was_written_is_read_back() -> None:
    record = Records().new(
        name="a", launcher="skypilot", spec_path="a.jsonc", workdir="/w", planned_price=1.5
    )
    record.update(state="provisioning", machine="gs-a", cloud="lambda", spot=True, gpu_count=2)
    found = Records().get("a")
    assert found == record.run
    assert (found.state, found.machine, found.spot, found.gpu_count) == ("provisioning", "gs-a", True, 2)
    assert found.ended is None
    assert len(found.id) == 10
    assert found.id.isalnum()
    assert found.id[0].isalpha()


def test_a_final_state_ends_the_run_once() -> None:
    record = Records().new(name="a", launcher="local", spec_path="-", workdir="/w")
    ended = record.update(state="failed", exit_code=3).ended
    assert ended is not None
    assert record.update(state="failed", message="later").ended == ended


def test_runs_are_found_by_id_its_beginning_and_name() -> None:
    records = Records()
    first = new(records, "same", id="abcdefghij", started=1.0)
    second = new(records, "same", id="abzzzzzzzz", started=2.0)
    third = new(records, "other", id="abcdxxxxxx", started=3.0)
    assert records.get("abcde") == first
    assert records.get("same") == second  # the newest
    assert [run.id for run in records.all()] == [third.id, second.id, first.id]
    with pytest.raises(UserError) as several:
        records.get("abcd")
    assert several.value.code == "ambiguous-run"
    assert "abcdefghij" in several.value.message
    assert "abcdxxxxxx" in several.value.message
    for nobody in ("zz", "", "abz"):
        with pytest.raises(UserError) as none:
            records.get(nobody)
        assert none.value.code == "unknown-run"


def test_a_name_comes_before_the_beginning_of_an_id() -> None:
    """`stop j` ended the run jdgxabcdef, and the run called j went on."""
    records = Records()
    other = new(records, "important", id="jdgxabcdef", started=2.0)
    named = {name: new(records, name, id=f"zzzz{at}zzzzz") for at, name in enumerate(("j", "jdgx"))}
    for name, run in named.items():
        assert records.get(name) == run
    assert records.get("jdgxa") == other
    new(records, other.id, id="yyyyyyyyyy", started=3.0)
    assert records.get(other.id) == other  # an exact id comes first
    with pytest.raises(UserError, match="no run 'jd'") as short:
        records.get("jd")
    assert "at least 4 characters" in (short.value.hint or "")


def test_many_processes_write_at_once() -> None:
    code = (
        "import sys; from gpuspec.launch.records import Records\n"
        "for n in range(10):\n"
        "    record = Records().new(name=sys.argv[1], launcher='local', spec_path='-', workdir='/')\n"
        "    record.update(state='succeeded', exit_code=n)\n"
    )
    writers = [subprocess.Popen([sys.executable, "-c", code, f"w{n}"]) for n in range(4)]
    assert [writer.wait(PATIENCE) for writer in writers] == [0, 0, 0, 0]
    runs = Records().all()
    assert len(runs) == 40
    assert {run.state for run in runs} == {"succeeded"}
    assert sorted(run.exit_code or 0 for run in runs if run.name == "w0") == list(range(10))


def at_once(code: str) -> list[str]:
    """What six processes print that go on from `wait()` at the same time."""
    wait = "def wait():\n    print('here', flush=True)\n    input()\n"
    clients = [
        subprocess.Popen(
            [sys.executable, "-c", wait + code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(6)
    ]
    for client in clients:
        assert client.stdout is not None
        assert client.stdout.readline() == "here\n"
    for client in clients:
        assert client.stdin is not None
        client.stdin.write("go\n")
        client.stdin.flush()
    return sorted(client.communicate()[0] for client in clients)


def test_many_processes_are_the_first_at_once(tmp_path: Path) -> None:
    code = (
        "from gpuspec.launch.records import Records\nwait()\n"
        "for n in range(40):\n"
        f"    records = Records({str(tmp_path)!r} + f'/{{n}}')\n"
        "    records.new(name='a', launcher='local', spec_path='-', workdir='/')\n"
        "print('all written')"
    )
    assert at_once(code) == ["all written\n"] * 6
    assert [len(Records(str(tmp_path / str(n))).all()) for n in range(40)] == [6] * 40


def test_of_many_processes_one_gets_the_machine() -> None:
    code = (
        "from gpuspec.launch.records import Records\nrecords = Records()\n"
        "run = records.new(name='a', launcher='skypilot', spec_path='-', workdir='/').run\n"
        "wait()\nprint(records.claim(run.id, 'gs-left'))"
    )
    assert at_once(code) == ["False\n"] * 5 + ["True\n"]


def test_records_of_an_older_version_are_carried_over(state: Path) -> None:
    state.mkdir()
    with sqlite3.connect(state / "runs.sqlite3") as old:
        old.execute(
            "CREATE TABLE runs (id TEXT PRIMARY KEY, name TEXT, launcher TEXT, spec_path TEXT, workdir TEXT,"
            " state TEXT, started REAL)"
        )
        old.execute("INSERT INTO runs VALUES ('oldoldoldo', 'old', 'local', '-', '/', 'running', 5.0)")
    old.close()
    found = Records().get("old")
    assert (found.started, found.pid, found.message) == (5.0, None, "")
    assert record_of(found).update(message="new field").message == "new field"


def test_a_broken_file_is_an_error_that_says_what_to_do(state: Path) -> None:
    state.mkdir()
    (state / "runs.sqlite3").write_bytes(b"this is no database" * 100)
    with pytest.raises(UserError) as caught:
        Records()
    assert caught.value.code == "records-unreadable"
    assert str(state) in caught.value.message


def test_records_that_stay_locked_are_not_called_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = Records()
    run = new(records)
    monkeypatch.setattr("gpuspec.launch.records.WAIT", 0.1)
    with sqlite3.connect(records.path) as other:
        other.execute("BEGIN EXCLUSIVE")
        for use in (Records, lambda: records.write(run.id, {"message": "a"}), records.all):
            with pytest.raises(UserError, match=r"locked for 0\.1 s") as found:
                use()
            assert found.value.code == "records-busy"
    assert records.get("job").message == ""


def test_a_state_folder_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("GPUSPEC_STATE_DIR", str(tmp_path / "file" / "below"))
    with pytest.raises(UserError) as caught:
        Records()
    assert caught.value.code == "state-dir"


def test_the_platform_s_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GPUSPEC_STATE_DIR")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg"))
    assert state_dir() == str(tmp_path / "xdg/gpuspec")
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert state_dir() == str(tmp_path / ".local/state/gpuspec")
    monkeypatch.setattr(sys, "platform", "darwin")
    assert state_dir() == str(tmp_path / "Library/Application Support/gpuspec")


def test_a_process_number_used_again_is_not_the_same_process() -> None:
    run = new(Records())
    assert run.pid == os.getpid()
    assert alive(run)
    assert not alive(run._replace(pid_start="1"))
    ended = subprocess.Popen(["true"])
    assert process_start(ended.pid) is None or ended.wait(PATIENCE) == 0
    ended.wait(PATIENCE)
    assert process_start(ended.pid) is None


def test_a_misspelled_field_is_a_programmer_s_error() -> None:
    with pytest.raises(TypeError, match="colour"):
        Records().new(name="a", launcher="local", spec_path="-", workdir="/").update(colour="blue")


RENTED = Run("a" * 10, "a", "skypilot", "-", "/", "running", started=1000.0, planned_price=2.0, max_hours=4.0)


def test_cost_is_hours_times_price() -> None:
    # 1.5 h at $2.00 planned, then at $3.00 really paid
    assert run_cost.so_far(RENTED, now=1000 + 5400) == pytest.approx(3.0)
    assert run_cost.so_far(RENTED._replace(actual_price=3.0), now=1000 + 5400) == pytest.approx(4.5)
    assert run_cost.so_far(RENTED._replace(ended=1000 + 3600.0), now=1e9) == pytest.approx(2.0)
    assert run_cost.so_far(RENTED._replace(planned_price=None), now=2000) is None
    assert run_cost.so_far(RENTED._replace(launcher="local"), now=1e9) == 0


def test_a_clock_set_back_costs_nothing_negative() -> None:
    assert run_cost.so_far(RENTED, now=0.0) == 0


def test_hours_are_counted_on_the_uptime_of_one_boot() -> None:
    run = RENTED._replace(boot=clock.boot(), started_up=clock.uptime() - 3600)
    assert run_cost.hours(run) == pytest.approx(1.0, abs=0.01)  # whatever `started` says
    assert run_cost.hours(run._replace(ended=5.0, ended_up=clock.uptime() - 1800)) == pytest.approx(
        0.5, abs=0.01
    )
    rebooted = run._replace(boot="another", started=time.time() - 7200)
    assert run_cost.hours(rebooted) == pytest.approx(2.0, abs=0.01)


def test_a_run_that_ended_after_a_reboot_has_no_uptime_of_its_end() -> None:
    record = Records().new(name="a", launcher="local", spec_path="-", workdir="/", boot="another")
    record.update(state="succeeded")
    assert record.run.ended_up is None
    assert record.run.ended is not None


def test_predicted_is_the_limit_and_the_idle_minutes() -> None:
    # 4 h + 30 min at $2.00
    assert run_cost.predicted(RENTED._replace(keep_alive_minutes=30)) == pytest.approx(9.0)
    assert run_cost.predicted(RENTED._replace(max_hours=None)) is None


@pytest.mark.parametrize(
    ("hours", "expected"), [(3.9, False), (4.1, False), (4.2, True), (9999, True)]
)  # 10 minutes of grace: 4 h 10 min = 4.167 h
def test_a_run_outlives_its_limit_after_ten_minutes(hours: float, expected: bool) -> None:
    assert run_cost.outlived(RENTED, now=1000 + hours * 3600) is expected
    assert not run_cost.outlived(RENTED._replace(ended=2000.0), now=1e9)
    assert not run_cost.outlived(RENTED._replace(max_hours=None), now=1e9)


@pytest.mark.parametrize("kind", ["pipe", "link to a device", "folder", "looping link"])
def test_records_that_are_no_file_are_an_error_in_words(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "full" / "runs.sqlite3"
    path.parent.mkdir()
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/zero" if kind == "link to a device" else path.name)
    with pytest.raises(UserError) as caught:
        Records(str(path))
    assert caught.value.code == "records-unreadable"


@pytest.mark.parametrize(
    "table",
    ["runs (x)", "runs (id)", "runs (id, x, y)", "songs (x)"],
    ids=lambda table: table.split()[0] + "…",
)
def test_a_database_of_another_program_stays_as_it_is(table: str, state: Path) -> None:
    state.mkdir()
    with sqlite3.connect(state / "runs.sqlite3") as theirs:
        theirs.execute(f"CREATE TABLE {table}")
        theirs.execute(f"INSERT INTO {table.split()[0]} DEFAULT VALUES")
    theirs.close()
    before = (state / "runs.sqlite3").read_bytes()
    with pytest.raises(UserError) as refused:
        Records()
    assert refused.value.code == "records-unreadable"
    assert "it is not gpuspec's" in refused.value.message
    assert (state / "runs.sqlite3").read_bytes() == before


def test_a_machine_whose_name_is_no_text_is_claimed_and_noted_as_gone() -> None:
    name = os.fsdecode(b"gs-a\xff")
    records = Records()
    first = new(records, machine=name)
    second = new(records, name="second")
    assert not records.claim(second.id, name)
    records.write(first.id, {"state": "succeeded"})
    assert records.claim(second.id, name)
    records.gone(name)
    assert [(run.machine, run.gone) for run in records.all()] == [(name, True)] * 2
