"""Items: every name arrives verbatim, whatever it is; failures are kept and only they are run again."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from waiting import PATIENCE

from gpuspec.errors import UserError
from gpuspec.job import Job
from gpuspec.launch import items
from gpuspec.launch.on_machine.item_runner.status import note_end

NASTY = [
    "plain.wav",
    "two words.wav",
    "tab\there",
    "line\nbreak",
    "'single' \"double\"",
    "$(touch pwned)",
    "`touch pwned`",
    "${HOME} $HOME",
    "; touch pwned #",
    "&& touch pwned",
    "* ? [a-z] {a,b} ~",
    "\\back\\slash\\",
    "-rf",
    "--",
    "日本語 é 🎵.wav",
    "{item}",
    " leading and trailing ",
    "!history",
    "\r",
    "%s %d\\n",
]
names = st.one_of(
    st.sampled_from(NASTY),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=30),
)


def run(wanted: dict[str, object], folder: Path, **more: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        items.local_command(wanted, str(folder)),
        cwd=folder,
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], "HOME": str(folder)},
        timeout=PATIENCE,
        **more,  # type: ignore[call-overload]
    )


PLACES = {
    "bare": "{item}",
    "double": '"{item}"',
    "single": "'{item}'",
    "ansi": "$'{item}'",
    "inside a word": "a{item}b",
    "substitution": "\"$(printf '%s.' {item})\"",
    "quoted substitution": '"$(printf \'%s.\' "{item}")"',
    "single in substitution": "\"$(printf '%s.' '{item}')\"",
    "backticks": '"`printf \'%s.\' "{item}"`"',
    "variable": '"$GPUSPEC_ITEM"',
}
BEFORE_AND_AFTER = {"inside a word": ("a", "b")}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(found=st.lists(names, min_size=1, max_size=4, unique=True), place=st.sampled_from(sorted(PLACES)))
def test_every_name_arrives_verbatim_and_nothing_is_interpreted(
    tmp_path: Path, found: list[str], place: str
) -> None:
    for left in tmp_path.iterdir():
        left.unlink()
    # printf writes each argument it was given, NUL-ended: two arguments would show
    command = f"printf '%s\\0' {PLACES[place]} >> out # it's a comment with {{item}}"
    wanted = items.manifest(Job(run=command), tuple(found), str(tmp_path / "status"), fresh=True)
    assert wanted["each"]
    done = run(wanted, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    before, after = BEFORE_AND_AFTER.get(
        place, ("", "." if "substitution" in place or place == "backticks" else "")
    )
    expected = b"".join(before.encode() + name.encode() + after.encode() + b"\0" for name in found)
    assert (tmp_path / "out").read_bytes() == expected
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "item_runner.pyz",
        "items.json",
        "out",
        "status",
        "status.lock",
    ]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    found=st.lists(
        names.filter(lambda name: not set(name) & {"\n", "\r"}), min_size=1, max_size=5, unique=True
    )
)
def test_all_at_once_the_file_lists_them_verbatim(tmp_path: Path, found: list[str]) -> None:
    wanted = items.manifest(
        Job(run='cat "$GPUSPEC_ITEMS" > out'), tuple(found), str(tmp_path / "status"), fresh=True
    )
    assert not wanted["each"]
    assert run(wanted, tmp_path).returncode == 0
    assert (tmp_path / "out").read_bytes() == "".join(name + "\n" for name in found).encode()


@settings(max_examples=30, deadline=None)
@given(st.text(st.sampled_from(list("abc \n'\"$()`\\#;|&<{}")), max_size=40))
def test_a_command_without_items_is_never_changed(command: str) -> None:
    assert items.bind(command) == command


@pytest.mark.parametrize(
    ("command", "bound"),
    [
        ("# it's {item}\necho {item}", '# it\'s {item}\necho "${GPUSPEC_ITEM}"'),
        ("echo \\{item}", "echo \\{item}"),
        ('(echo "it\'s {item}"); x {item}', '(echo "it\'s ${GPUSPEC_ITEM}"); x "${GPUSPEC_ITEM}"'),
        (
            "case {item} in a) x;; *) y {item};; esac",
            'case "${GPUSPEC_ITEM}" in a) x;; *) y "${GPUSPEC_ITEM}";; esac',
        ),
        ('echo "\\"{item}"', 'echo "\\"${GPUSPEC_ITEM}"'),
        ("echo ${#x} {item}", 'echo ${#x} "${GPUSPEC_ITEM}"'),
        ("cat <<< {item}", 'cat <<< "${GPUSPEC_ITEM}"'),
    ],
)
def test_quoting_follows_the_place(command: str, bound: str) -> None:
    assert items.bind(command) == bound


def test_beside_a_here_document_it_must_be_the_variable() -> None:
    with pytest.raises(UserError) as caught:
        items.bind("cat <<EOF\n{item}\nEOF")
    assert caught.value.code == "item-in-heredoc"


def test_a_failed_item_is_noted_and_resume_runs_only_it(tmp_path: Path) -> None:
    status = tmp_path / ".gpuspec" / "status.jsonl"
    job = Job(run="echo {item} >> log; [ {item} != bad ] || exit 3")
    found = ("one", "bad", "two")
    done = run(items.manifest(job, found, str(status), fresh=True), tmp_path)
    assert done.returncode == 1
    assert "items: 'bad' failed (exit status 3)" in done.stdout
    assert "items: 2 of 3 done in " in done.stdout
    assert "items: 1 failed: 'bad'; `--resume` runs only what is left" in done.stdout
    entries = [json.loads(line) for line in status.read_text().splitlines()]
    assert [(entry["item"], entry["exit"]) for entry in entries] == [("one", 0), ("bad", 3), ("two", 0)]
    mended = Job(run="echo again {item} >> log")
    done = run(items.manifest(mended, found, str(status), fresh=False), tmp_path)
    assert done.returncode == 0
    assert "items: 2 of 3 were done before" in done.stdout
    assert (tmp_path / "log").read_text().splitlines() == ["one", "bad", "two", "again bad"]


def test_a_mended_command_or_a_longer_list_is_the_same_work() -> None:
    job = Job(name="whisper", run="old {item}", items=("a",))
    assert items.status_path(job) == items.status_path(job._replace(run="new {item}", items=("a", "b")))
    assert items.status_path(job) != items.status_path(job._replace(name="other"))
    assert items.status_path(job) != items.status_path(job._replace(items="*.wav"))


def test_fresh_begins_anew(tmp_path: Path) -> None:
    status = str(tmp_path / "status")
    wanted = items.manifest(Job(run="echo {item} >> log"), ("a",), status, fresh=True)
    run(wanted, tmp_path)
    run(wanted, tmp_path)
    assert (tmp_path / "log").read_text() == "a\na\n"


def test_what_each_item_cost(tmp_path: Path) -> None:
    # $3600/h is $1 a second; two items of 0.5 s each, and what else the machine does
    job = Job(run="sleep 0.5 # {item} $GPUSPEC_ITEM")
    done = run(items.manifest(job, ("a", "b"), str(tmp_path / "s"), fresh=True, price=3600), tmp_path)
    [line] = [line for line in done.stdout.splitlines() if "each" in line]
    assert 0.5 <= float(line.split("$")[1].split()[0]) < PATIENCE


def test_a_full_disk_costs_the_note_and_not_the_items(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]).returncode:
        pytest.skip("cannot mount a tmpfs here")
    try:
        (disk / "filler").write_bytes(b"x" * 65536)
        job = Job(run="echo {item} >> log")
        done = run(items.manifest(job, ("a", "b"), str(disk / "status"), fresh=False), tmp_path)
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "'a': how it ended could not be noted (No space left on device)" in done.stdout
    assert (tmp_path / "log").read_text() == "a\nb\n"


def test_a_killed_run_keeps_what_was_done_even_with_a_torn_line(tmp_path: Path) -> None:
    status = tmp_path / "status"
    status.write_text('{"item": "a", "exit": 0}\n{"item": "b", "ex')
    job = Job(run="echo {item} >> log")
    done = run(items.manifest(job, ("a", "b"), str(status), fresh=False), tmp_path)
    assert done.returncode == 0
    assert (tmp_path / "log").read_text() == "b\n"
    assert json.loads(status.read_text().splitlines()[-1])["item"] == "b"


@pytest.mark.parametrize(
    "row",
    [
        '{"item": 1.5, "exit": 0}', '{"item": "a", "exit": Infinity}', '{"item": "a", "exit": 0, "at": 1e999}',
        '{"item": ["a"], "exit": 0}', '{"item": "a", "exit": 0, "at": null}', "null", '"a"', "9" * 5_000, "\x00",
        "[" * 100_000,
    ],
)  # fmt: skip
def test_a_row_that_is_none_is_passed_over(tmp_path: Path, row: str) -> None:
    job = Job(run="work {item}", items=("a", "b"))
    status = tmp_path / items.status_path(job)
    status.parent.mkdir(parents=True)
    status.write_text(f'{row}\n{{"item": "b", "exit": 0}}\n')
    assert items.unfinished(job, str(tmp_path), None) == ("a",)


def test_together_what_the_program_reported_is_kept(tmp_path: Path) -> None:
    job = Job(run='head -n 1 "$GPUSPEC_ITEMS" >> "$GPUSPEC_ITEMS_DONE"; cat "$GPUSPEC_ITEMS" >> seen; exit 1')
    wanted = items.manifest(job, ("a", "b"), str(tmp_path / "status"), fresh=False)
    assert run(wanted, tmp_path).returncode == 1
    assert run(wanted, tmp_path).returncode == 0  # only b was left, and it was reported
    assert (tmp_path / "seen").read_text() == "a\nb\nb\n"


def test_an_item_too_long_for_a_command_fails_alone(tmp_path: Path) -> None:
    found = ("x" * 200_000, "short")  # Linux: 131,072 bytes at most in one variable
    done = run(items.manifest(Job(run="echo {item} > out"), found, str(tmp_path / "s"), fresh=True), tmp_path)
    assert done.returncode == 1
    assert "could not start: Argument list too long" in done.stdout
    assert (tmp_path / "out").read_text() == "short\n"


@pytest.mark.parametrize(
    ("here", "elsewhere", "left"),
    [
        ([], [("a", 0, 5)], "b"),
        ([("a", 1, 4)], [("a", 0, 5)], "b"),  # it failed here, and then was done there
        ([("a", 0, 5)], [("a", 1, 4)], "b"),
        ([("a", 0, 4)], [("a", 1, 5)], "ab"),
        ([("a", 1, 4.6)], [("a", 0, 4.7)], "b"),  # within one second
        ([("a", 0, 4.7)], [("a", 1, 4.6)], "b"),
    ],
)
def test_the_last_word_on_an_item_counts_wherever_it_was_said(
    tmp_path: Path, here: list[tuple[str, int, float]], elsewhere: list[tuple[str, int, float]], left: str
) -> None:
    job = Job(name="x", run="echo {item} >> log", items=("a", "b"))
    folder = tmp_path / ".gpuspec"
    folder.mkdir()

    def write(name: str, entries: list[tuple[str, int, float]]) -> None:
        lines = (json.dumps({"item": item, "exit": code, "at": at}) for item, code, at in entries)
        (folder / name).write_text("".join(line + "\n" for line in lines))

    # of a part, brought back beside the file of another run
    write(Path(items.status_path(job, (1, 2))).name.replace(".jsonl", ".qwertyuiop.jsonl"), elsewhere)
    known = items.earlier_results(job, str(tmp_path))
    write("status", here)
    run(items.manifest(job, ("a", "b"), str(folder / "status"), fresh=False, known=known), tmp_path)
    assert (tmp_path / "log").read_text().replace("\n", "") == left


def test_of_two_ends_within_a_second_the_later_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Quick parts follow each other so; the file that is read last is not the one that was written last."""
    job = Job(name="x", run="true", items=("a",))
    (tmp_path / ".gpuspec").mkdir()
    for shard, code, now in ((None, 1, 1000.6), ((1, 2), 0, 1000.7), ((2, 3), 1, 1000.65)):
        monkeypatch.setattr("time.time", lambda now=now: now)
        assert note_end(str(tmp_path / items.status_path(job, shard)), {"a": code}, 0.1)
    assert items.succeeded(job, str(tmp_path)) == {"a"}


def test_the_shell_text_is_whole_and_runs_on_old_pythons(tmp_path: Path) -> None:
    wanted = items.manifest(Job(run="echo {item} >> out"), ("a b", "$(x)"), ".gpuspec/s", fresh=False)
    text = items.script(wanted)
    done = subprocess.run(["bash", "-c", text], cwd=tmp_path, env={"PATH": os.environ["PATH"]})
    assert done.returncode == 0
    assert (tmp_path / "out").read_text() == "a b\n$(x)\n"
    failing = items.script(items.manifest(Job(run="exit 2 # $GPUSPEC_ITEM"), ("a",), "s", fresh=False))
    assert subprocess.run(["bash", "-c", failing], cwd=tmp_path, capture_output=True).returncode == 1
