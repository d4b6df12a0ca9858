"""Rows of the run records that gpuspec did not write so, and files that are not its own: words, never a traceback,
and no machine that is not told of."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gpuspec.errors import UserError
from gpuspec.launch import Run, run_cost
from gpuspec.launch.records import Records, record_of
from gpuspec.launch.tunnel import forward

from . import drive_rented as cloud
from .rented import gpuspec, run

pytestmark = pytest.mark.usefixtures("rented")

ODD: tuple[Any, ...] = (
    None, "", "odd", "1e999", b"\xff\xfe", -1, 0, 2, 10**18, 1e300, -1e300, float("inf"), "a\0b\n\x1b[31m",
    "é" * 5000,
)  # fmt: skip
COMMANDS = ("ps", "cost", "logs", "stop", "down", "reap")


def change(**fields: Any) -> None:
    """Other values for the one row, whatever their type."""
    with closing(sqlite3.connect(Records().path)) as connection, connection:
        names = ", ".join(f"{name} = ?" for name in fields)
        connection.execute(f"UPDATE runs SET {names}", tuple(fields.values()))


def commands(run_id: str) -> dict[str, subprocess.CompletedProcess[str]]:
    """All that is done with a run, in the order in which it would be."""
    options = {"ps": ["--all"], "reap": ["--yes"]}
    return {each: gpuspec(each, *options.get(each, [run_id])) for each in COMMANDS}


@pytest.mark.parametrize("field", Run._fields)
def test_no_value_of_a_field_hides_a_run(field: str) -> None:
    records = Records()
    other = records.new(name="other", launcher="local", spec_path="-", workdir="/").run
    rented = records.new(
        name="job", launcher="skypilot", spec_path="-", workdir="/", machine="gs-a", planned_price=1.0
    ).run
    records.write(rented.id, {"state": "running"})
    for odd in ODD:
        with closing(sqlite3.connect(records.path)) as connection, connection:
            connection.execute(f"UPDATE runs SET {field} = ? WHERE id <> ?", (odd, other.id))
        runs = {run.id: run for run in Records().all()}
        assert runs.pop(other.id) == other
        ((found_id, found),) = runs.items()
        assert Records().get(found_id) == found
        assert found_id.isalnum()
        json.dumps(found._asdict(), allow_nan=False)
        for told in (run_cost.hours(found), run_cost.so_far(found), run_cost.predicted(found)):
            assert told is None or 0 <= told < 1e20
        assert run_cost.outlived(found) in (True, False)
        if odd not in (None, "", 0) and getattr(found, field) in (None, "", 0):
            assert f"its record is damaged ({field})" in found.message, odd


def test_every_command_answers_for_a_row_of_odd_values(rented: Path) -> None:
    """All fields but those that name the machine."""
    for odd in ("odd", 10**18, -5):
        assert run(rented, "--detach", "--fresh").returncode == 0
        run_id, machine = Records().get("job").id, Records().get("job").machine
        kept = ("id", "name", "launcher", "machine", "through")
        with closing(sqlite3.connect(Records().path)) as connection, connection:
            names = ", ".join(f"{name} = ?" for name in Run._fields if name not in kept)
            values = [odd] * (len(Run._fields) - len(kept))
            connection.execute(f"UPDATE runs SET {names} WHERE id = ?", (*values, run_id))
        assert machine in cloud.read()
        said = commands(run_id)
        for each in said.values():
            assert each.returncode in (0, 1, 2), each.stderr
            assert "Traceback" not in each.stderr
            assert "error[internal]" not in each.stderr
        assert "its record is damaged (" in said["ps"].stdout
        assert run_id in said["ps"].stdout
        assert said["down"].returncode == 0, said["down"].stderr
        assert machine not in cloud.read()


def test_a_row_without_a_launcher_or_of_one_that_is_not_installed(rented: Path) -> None:
    for launcher in (None, "elsewhere", 5):
        assert run(rented, "--detach", "--fresh").returncode == 0
        run_id, machine = Records().get("job").id, Records().get("job").machine
        with closing(sqlite3.connect(Records().path)) as connection, connection:
            connection.execute("UPDATE runs SET launcher = ? WHERE id = ?", (launcher, run_id))
        said = commands(run_id)
        assert "cannot be asked: there is no launcher" in said["ps"].stdout
        assert (said["down"].returncode, machine in cloud.read()) == (2, True)


def test_a_row_without_an_id_gets_one(rented: Path) -> None:
    assert run(rented, "--detach").returncode == 0
    for odd in (None, 5, b"x", "", "../../etc", "a b", "it's"):
        change(id=odd)
        found = Records().get("job")
        assert found.id.isalnum()
        assert Records().get(found.id) == found
    (machine,) = cloud.read()
    assert gpuspec("down", Records().get("job").id).returncode == 0
    assert machine not in cloud.read()


def test_a_state_of_a_later_version_is_asked_of_the_machine(rented: Path) -> None:
    for odd in ("hibernating", None, 7, b"running"):
        assert run(rented, "--detach", "--fresh").returncode == 0
        change(state=odd)
    assert {row["state"] for row in json.loads(gpuspec("ps", "--json").stdout)["runs"]} == {"running"}


def test_a_machine_whose_name_was_lost_is_found_by_its_label(rented: Path) -> None:
    for command in (["ps"], ["down", "job"], ["reap", "--yes"]):
        assert run(rented, "--detach", "--fresh").returncode == 0
        (name,) = cloud.read()
        change(machine=None)
        assert gpuspec(*command).returncode == 0
        assert Records().get("job").machine == name
        assert gpuspec("down", "job").returncode == 0
        assert not cloud.read()


def test_who_looks_after_a_machine_is_not_guessed(rented: Path) -> None:
    assert run(rented, "--detach").returncode == 0
    change(through="elsewhere")
    down = gpuspec("down", "job")
    assert (down.returncode, "error[records-unreadable]" in down.stderr) == (2, True)
    assert "says 'elsewhere' looks after its machines" in down.stderr
    assert "cannot be asked: the record of run" in gpuspec("ps").stdout
    assert len(cloud.read()) == 1


def test_no_odd_word_makes_a_machine_count_as_gone(rented: Path) -> None:
    assert run(rented, "--detach").returncode == 0
    for odd in ("no", b"\1", 2, -1, "gone"):
        change(gone=odd)
        assert Records().get("job").gone is None
    change(gone=1)
    assert Records().get("job").gone is True


def test_a_start_that_is_not_known_makes_hours_and_cost_unknown(rented: Path) -> None:
    assert run(rented, "--detach").returncode == 0
    change(started="yesterday", started_up=None)
    found = Records().get("job")
    assert (run_cost.hours(found), run_cost.so_far(found), run_cost.outlived(found)) == (None, None, False)
    row = next(line for line in gpuspec("ps").stdout.splitlines() if found.id in line)
    assert row.split().count("unknown") == 3  # when it started, hours, cost
    assert "time       unknown h (limit 1 h)" in gpuspec("cost", found.id).stdout


def test_bytes_that_are_no_text_come_back(rented: Path) -> None:
    folder = os.fsdecode(b"/work/caf\xe9")
    record = Records().new(name="a", launcher="local", spec_path="-", workdir=folder)
    record.update(message="lone \ud800 surrogate")
    found = Records().get(record.run.id)
    assert os.fsencode(found.workdir) == b"/work/caf\xe9"
    assert found.message.startswith("lone ")
    with closing(sqlite3.connect(Records().path)) as connection, connection:
        connection.execute("UPDATE runs SET name = CAST(x'61ff62' AS TEXT)")
    assert os.fsencode(Records().get(found.id).name) == b"a\xffb"


def test_ports_and_job_numbers_that_are_none(rented: Path) -> None:
    found = Run(
        "a" * 10, "a", "skypilot", "-", "/", "running", 1.0, machine="gs-a", ports="x -1 0 65536 99999999"
    )
    with pytest.raises(UserError) as caught:
        forward(found, lambda *options: ["ssh"], print)
    assert caught.value.code == "no-ports"
    assert run(rented, "--detach").returncode == 0
    for odd in ("x", "-1", "9" * 5000, "²"):
        change(machine_job=odd)
        logs = gpuspec("logs", "job")
        assert logs.returncode == 0, logs.stderr


@pytest.mark.parametrize(
    "text", ["[]", "{}", "null", '{"outputs": 5, "exclude": 7}', '{"outputs": [5], "exclude": []}']
)
def test_a_broken_list_of_outputs_does_not_keep_a_machine(rented: Path, text: str) -> None:
    assert run(rented, "--detach").returncode == 0
    found = Records().get("job")
    (rented / "state" / "runs" / found.id / "results.json").write_text(text)
    down = gpuspec("down", found.id)
    assert down.returncode == 0, down.stderr
    assert not cloud.read()


def test_a_later_version_s_columns_stay(rented: Path) -> None:
    made = Records().new(name="a", launcher="local", spec_path="-", workdir="/").run
    with closing(sqlite3.connect(Records().path)) as connection, connection:
        connection.execute("ALTER TABLE runs ADD COLUMN colour TEXT DEFAULT 'blue'")
    record_of(made).update(message="still written")
    with closing(sqlite3.connect(Records().path)) as connection:
        assert connection.execute("SELECT colour, message FROM runs").fetchall() == [
            ("blue", "still written")
        ]


FOREIGN = (
    "CREATE TABLE runs (run_uuid TEXT PRIMARY KEY, name TEXT, status TEXT)",  # MLflow's
    "CREATE TABLE other (id TEXT); CREATE VIEW runs AS SELECT id FROM other",
)


@pytest.mark.parametrize("sql", FOREIGN)
def test_another_program_s_database_is_left_as_it_is(rented: Path, sql: str) -> None:
    path = rented / "state" / "runs.sqlite3"
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(sql)
    before = path.read_bytes()
    for command in ("ps", "reap"):
        said = gpuspec(command)
        assert (said.returncode, "error[records-unreadable]" in said.stderr) == (2, True), said.stderr
    assert path.read_bytes() == before


@pytest.mark.parametrize("kept", [100, 4096, 6000, 0.5, 0.9])
def test_a_torn_file_is_said_to_be(rented: Path, kept: float) -> None:
    records = Records()
    for n in range(200):
        records.new(name=f"run {n}", launcher="local", spec_path="-" * 100, workdir="/")
    path = Path(records.path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(kept if kept >= 1 else kept * len(whole))])
    for each in (gpuspec("ps", "--all"), gpuspec("down", "run 7")):
        assert (each.returncode, "error[records-unreadable]" in each.stderr) == (2, True), (
            each.stdout + each.stderr
        )
        assert "gpuspec reap --dry-run" in each.stderr


@pytest.mark.parametrize("kind", ["folder", "fifo", "link"])
def test_something_else_in_its_place(rented: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setenv("GPUSPEC_STATE_DIR", str(rented / "full or locked"))  # the name is not the trouble
    path = rented / "full or locked" / "runs.sqlite3"
    path.parent.mkdir()
    {"folder": path.mkdir, "fifo": lambda: os.mkfifo(path), "link": lambda: path.symlink_to(path)}[kind]()
    said = gpuspec("ps")
    assert (said.returncode, "error[records-unreadable]" in said.stderr) == (2, True), said.stderr
