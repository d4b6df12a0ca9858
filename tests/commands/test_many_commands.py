"""Commands with very many of something: the work grows with them, not with their square; what is left out is said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gpuspec.commands.files import MAX_FILES
from gpuspec.commands.shell.control import Control
from gpuspec.commands.shell.scope import MAX_LINES, MAX_TEXT, StepBudget
from gpuspec.commands.shell.walk import parse
from gpuspec.commands.steps import read_steps
from gpuspec.formats.job_spec import job_of
from gpuspec.job.job import Job
from gpuspec.lint.result import Located
from gpuspec.plugin.installed_catalog import installed_catalog
from gpuspec.rules.spec.read_in_part import ReadInPart
from gpuspec.testing import lint_text
from gpuspec.text import parse as read_text
from gpuspec.text.token import quoted
from gpuspec.workload.read import read as read_workload
from tests.operations import growth


def lines(line: Callable[[int], str], n: int) -> str:
    return "".join(map(line, range(n)))


MANY: dict[str, Callable[[int], str]] = {
    "flags": lambda n: "vllm serve a/b" + lines(lambda i: f" --flag-{i} {i}", n),
    "files": lambda n: lines(lambda i: f"cat > f{i}.py <<E\nx = {i}\nE\npython f{i}.py\n", n),
    "runs of one file": lambda n: "cat > f.py <<E\nx = 1\nE\n" + "python f.py\n" * n,
    "pipes": lambda n: "a|" * n + "b",
    "variables": lambda n: lines(lambda i: f"A{i}=1\n", n),
    "aliases": lambda n: lines(lambda i: f"alias a{i}=b\n", n),
    "here-documents": lambda n: lines(lambda i: f"cat <<E{i}\ntext\nE{i}\n", n),
    "redirections": lambda n: "x" + ">a" * n,
    "redirections before a command": lambda n: ">a" * n + " x",
    "redirections of several kinds": lambda n: "x" + " >a<b >>c 2>&1" * n,
    "redirections of a block": lambda n: "{ x; }" + ">a" * n,
    "downloads": lambda n: lines(lambda i: f"hf download a/b{i} --local-dir d{i}\n", n),
}


@pytest.mark.parametrize("name", MANY)
def test_twice_as_many_are_twice_the_work(name: str) -> None:
    catalog = installed_catalog()

    def work(n: int) -> None:
        job = Job(run=MANY[name](n))
        read_workload(job, read_steps(job), catalog=catalog)

    assert growth(work, 50) < 2.5


@pytest.mark.parametrize(
    "text", ["a|" * 16_000, "a|\n" * 16_000, "(" * 60_000, ")" * 60_000, "a=(" * 20_000, "$[" * 50_000]
)
def test_garbled_lines_end(text: str) -> None:
    script = parse(text)  # some took 2 GB, or a minute
    assert script.cut or script.broken


def test_beyond_two_thousand_pipes_commands_are_read_one_by_one() -> None:
    script = parse("a|" * 5_000 + "b")
    assert len(script.commands) == 5_001
    assert not script.cut


def test_cases_that_all_set_something_share_the_steps() -> None:
    arms = lines(lambda i: f"a{i}) V{i}=b;;\n", 3_000)
    assert parse(f"case $x in\n{arms}esac\npython x.py").cut
    arms = lines(lambda i: f"a{i}) V{i}=b;;\n", 100)
    script = parse(f"case $x in\n{arms}esac\npython x.py")
    assert not script.cut
    assert script.commands[-1].argv == ("python", "x.py")


def test_a_long_variable_at_each_word_uses_the_steps_up() -> None:
    script = parse("A=" + "a" * 60_000 + "\n" + "echo x$A\n" * 5_000)
    assert script.cut
    assert sum(len(word.text) for command in script.commands for word in command.words) < 150_000_000


def test_behind_the_last_step_nothing_is_walked(monkeypatch: pytest.MonkeyPatch) -> None:
    walked = 0
    statement = Control._statement

    def counted(self: Control, node: Any) -> None:
        nonlocal walked
        walked += 1
        statement(self, node)

    monkeypatch.setattr(Control, "_statement", counted)
    script = parse("a\n" * 50_000, budget=StepBudget(steps=100))
    assert script.cut
    assert len(script.commands) <= walked <= 102


@pytest.mark.parametrize("line", ["", "# a", ":"])
def test_behind_very_many_lines_nothing_is_read(line: str) -> None:
    """The grammar takes a quarter of a second for 130,000 of them."""
    few, many = (parse(f"{line}\n" * number + "b c") for number in (10_000, MAX_LINES))
    assert (few.cut, few.commands[-1].argv) == (False, ("b", "c"))
    assert many.cut == (line == ":")
    beyond = parse(f"{line}\n" * (MAX_LINES + 1) + "b c")
    assert beyond.cut
    assert ("b", "c") not in [command.argv for command in beyond.commands]


def test_redirections_use_steps() -> None:
    script = parse("x" + ">a" * 200, budget=StepBudget(steps=100))
    assert script.cut
    assert len(script.commands[0].redirects) < 100


def test_texts_of_one_budget_share_its_characters() -> None:
    budget = StepBudget()
    assert not parse("echo " + "a" * (MAX_TEXT // 2), budget=budget).cut
    assert parse("echo " + "a" * (MAX_TEXT // 2), budget=budget).cut


def found(run: str) -> list[Located]:
    return lint_text(f'{{"run": {quoted(run)}, "keep_alive_minutes": 3}}', [ReadInPart])


@pytest.mark.parametrize(
    "run",
    ["echo a\n" * 20_000, "python x.py " + "b" * 7_000_000, "a=(" * 20_000],
    ids=["commands", "a word", "garbled"],
)
def test_what_is_not_read_is_said(run: str) -> None:
    (one,) = found(run)
    assert one.finding.message.startswith("not all of this job was read: its commands are too long")
    assert one.finding.pointer == "/run"
    assert one.finding.suggestion == "split the job, and keep data out of its commands."
    assert found("echo a\n" * 1_000) == []


def test_files_that_are_not_read_are_said(tmp_path: Path) -> None:
    names = [f"s{i}.py" for i in range(MAX_FILES + 1)]
    for name in names:
        (tmp_path / name).write_text("import os\n")
    path = tmp_path / "job.gpu.jsonc"
    unread: dict[str, str] = {}
    job = job_of(read_text('{"run": ' + quoted("".join(f"python {name}\n" for name in names)) + "}"))
    path.write_text("{}")
    assert job is not None
    read_workload(job, read_steps(job, str(path), unread=unread), catalog=installed_catalog())
    assert unread == {f"it names more than {MAX_FILES} files": "name fewer files in one job"}


def test_a_large_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "x.sh").write_text("#" * ((1 << 20) + 1))
    (tmp_path / "job.gpu.jsonc").write_text("{}")
    unread: dict[str, str] = {}
    read_steps(Job(run="bash x.sh"), str(tmp_path / "job.gpu.jsonc"), unread=unread)
    assert unread == {"x.sh is larger than 1 MiB": "split it, or keep its data apart"}


def test_a_file_that_commands_write_twice_is_read_as_it_is_at_each_run() -> None:
    steps = read_steps(Job(run="cat > f <<E\none\nE\na f\ncat > f <<E\ntwo\nE\nb f\n"))
    assert [(step.command.name, step.read("f")) for step in steps if step.command.name != "cat"] == [
        ("a", "one\n"),
        ("b", "two\n"),
    ]
