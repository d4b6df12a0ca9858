"""Everything the README shows is true: sessions are run and compared, settings are loaded, rules are tried."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from sessions import Session, blocks, matches, run, sessions

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = blocks(README)


def first(language: str) -> str:
    """The first block of a language."""
    return next(block.text for block in BLOCKS if block.language == language)


@pytest.mark.parametrize("session", sessions(BLOCKS), ids=lambda session: session.command[:50])
def test_a_session_prints_what_it_shows(session: Session, tmp_path: Path) -> None:
    seen = run(session.command, cwd=ROOT, home=tmp_path)
    assert matches(session.expected, seen), (
        f"README.md:{session.line}: $ {session.command}\n--- expected\n{session.expected}\n--- seen\n{seen}"
    )


def test_ci_runs_the_two_commands_of_the_readme() -> None:
    commands = [line for line in first("sh").splitlines() if line and not line.startswith("#")]
    assert len(commands) == 2
    ran = [
        line
        for line in (ROOT / ".ci" / "run").read_text().splitlines()
        if line.startswith((".venv", "python3"))
    ]
    assert ran == [*commands, ".venv/bin/python benchmarks/lint.py --many --runs 8 --tries 3 --slack 0.5"]


def test_every_linked_file_exists() -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_rule_of_ten_lines_works() -> None:
    from gpuspec.testing import RuleTester

    source = first("python")
    names: dict[str, object] = {}
    exec(compile(source, "README.md", "exec"), names)
    (rule,) = names["gpuspec_rules"]()  # type: ignore[operator]
    tester = RuleTester(rule)
    tester.invalid('{"task": "serve", "name": "chat", "run": "vllm serve m"}', at="/name")
    tester.valid('{"task": "serve", "name": "team-search-chat", "run": "vllm serve m"}')


def test_the_settings_shown_are_settings(tmp_path: Path) -> None:
    (tmp_path / "gpuspec.toml").write_text(first("toml"))
    done = subprocess.run(
        [sys.executable, "-m", "gpuspec", "config", "show"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "0.3" in done.stdout


def test_the_hooks_shown_exist() -> None:
    shown = re.findall(r"- id: ([\w-]+)", first("yaml"))
    offered = re.findall(r"- id: ([\w-]+)", (ROOT / ".pre-commit-hooks.yaml").read_text())
    assert shown
    assert set(shown) <= set(offered)
