"""Scripts that are read again while a file is fixed: the same commands, and the budget is charged as before."""

from __future__ import annotations

import pytest

from gpuspec.commands.shell import walk
from gpuspec.commands.shell.again import MOST, each_read_once
from gpuspec.commands.shell.scope import StepBudget
from gpuspec.commands.shell.script import ShellScript

SCRIPTS = [
    "pip install x",
    "for f in a b; do train $f; done; for g in c d; do test $g $HOME; done",
    "f() { f; f; }; f",
    "echo ) ((( | <",
]


def whole_job(budget: StepBudget) -> list[ShellScript]:
    return [walk.parse(text, {"HOME": "/root"}, None, "", budget) for text in SCRIPTS]


def test_the_second_time_is_as_the_first() -> None:
    alone = StepBudget()
    wanted = whole_job(alone)
    with each_read_once():
        for _ in range(3):
            budget = StepBudget()
            assert whole_job(budget) == wanted
            assert budget.state == alone.state


def test_what_a_script_depends_on_is_told_apart() -> None:
    with each_read_once():
        for home in ("/root", "/home", None):
            command = walk.parse("ls $HOME $1", {"HOME": home}, ("a",), "").commands[0]
            assert command == walk.parse("ls $HOME $1", {"HOME": home}, ("a",), "").commands[0]
            assert (home or "") in command.words[1].text
        assert walk.parse("ls $HOME $1", {"HOME": "/root"}, ("b",), "").commands[0].words[2].text == "b"
        assert walk.parse("ls", {}, None, "src").commands[0].folder == "src"
        assert walk.parse("ls; ls", budget=StepBudget(steps=1)).cut
        assert not walk.parse("ls; ls").cut


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that the grammar read."""
    texts: list[str] = []
    grammar = walk.tree
    monkeypatch.setattr(walk, "tree", lambda text, budget: texts.append(text) or grammar(text, budget))
    return texts


def test_nothing_is_kept_without_being_asked_to(read: list[str]) -> None:
    with each_read_once():
        walk.parse("ls")
    walk.parse("ls")
    with each_read_once():
        walk.parse("ls")
    assert read == ["ls"] * 3


def test_only_the_last_texts_are_kept(read: list[str]) -> None:
    large = ["#" * (MOST // 2 - 1) + sign for sign in "abc"]
    with each_read_once():
        for text in (*large, large[2], large[0]):
            walk.parse(text)
    assert [text[-1] for text in read] == ["a", "b", "c", "a"]
