"""Completion in three shells, each asked what it offers; and `--version`."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import gpuspec
from gpuspec.plugin.installed_catalog import installed_catalog

FOLDER = Path(sys.executable).parent


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        env={**os.environ, "PATH": f"{FOLDER}{os.pathsep}{os.environ['PATH']}", **environment},
        capture_output=True,
        text=True,
    )


@pytest.fixture
def script(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    shell = request.param
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    done = run("gpuspec", "completion", shell)
    assert (done.returncode, done.stderr) == (0, "")
    file = tmp_path / f"gpuspec.{shell}"
    file.write_text(done.stdout)
    return file


def bash(script: Path, *words: str) -> list[str]:
    """What bash would offer for the last of the words."""
    code = (
        f'source "{script}"; compopt() {{ FILES=yes; }}; complete -p gpuspec >&2\n'
        'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()\n'
        '_gpuspec_completion gpuspec; printf "%s\\n" "${COMPREPLY[@]}"; echo "files: $FILES"'
    )
    done = run("bash", "--norc", "-c", code, "bash", *words)
    assert "-F _gpuspec_completion gpuspec" in done.stderr
    *offered, files = done.stdout.splitlines()
    return [word for word in offered if word] + (["<files>"] if files == "files: yes" else [])


@pytest.mark.parametrize("script", ["bash"], indirect=True)
def test_bash(script: Path) -> None:
    assert bash(script, "gpuspec", "li") == ["lint"]
    assert bash(script, "gpuspec", "lint", "--form") == ["--format"]
    assert "sarif" in bash(script, "gpuspec", "lint", "--format", "sa")
    assert bash(script, "gpuspec", "lint", "jo") == ["<files>"]
    assert bash(script, "gpuspec", "lint", "--config", "") == ["<files>"]
    assert bash(script, "gpuspec", "lint", "--select", "over-p") == ["over-provisioned-gpu"]
    assert bash(script, "gpuspec", "prices", "up") == ["update"]
    assert bash(script, "gpuspec", "completion", "f") == ["fish"]
    assert bash(script, "gpuspec", "nonsense", "x") == []
    assert "HuggingFaceTB/SmolLM3-3B-Base" in bash(script, "gpuspec", "size", "HuggingFaceTB/SmolLM3-3B")
    assert "HuggingFaceTB/SmolLM3-3B-Base" in bash(script, "gpuspec", "models", "HuggingFaceTB/SmolLM3-3B")


@pytest.mark.parametrize("script", ["fish"], indirect=True)
def test_fish(script: Path, tmp_path: Path) -> None:
    def offered(line: str) -> list[str]:
        done = run(
            "fish", "--no-config", "-c", f'source "{script}"; complete -C "{line}"', HOME=str(tmp_path)
        )
        assert done.returncode == 0, done.stderr
        return [word.split("\t")[0] for word in done.stdout.splitlines()]

    assert offered("gpuspec li") == ["lint"]
    assert offered("gpuspec size --task s") == ["serve"]
    assert "over-provisioned-gpu" in offered("gpuspec explain over")


@pytest.mark.parametrize("script", ["zsh"], indirect=True)
def test_zsh(script: Path) -> None:
    assert script.read_text().startswith("#compdef gpuspec\n")
    assert run("zsh", "-n", str(script)).stderr == ""
    loaded = run(
        "zsh", "-f", "-c", f'autoload -U compinit; compinit -D; source "{script}"; echo $_comps[gpuspec]'
    )
    assert loaded.stdout.strip() == "_gpuspec_completion"


class Terminal:
    """A shell that someone types to."""

    def __init__(self, *command: str) -> None:
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.environ |= {"PATH": f"{FOLDER}{os.pathsep}{os.environ['PATH']}", "TERM": "dumb"}
            os.execvp(command[0], command)

    def type(self, keys: str, until: str) -> str:
        """What it shows after some keys, up to a word; all there is after 30 seconds."""
        os.write(self.terminal, keys.encode())
        seen = ""
        while until not in seen and select.select([self.terminal], [], [], 30)[0]:
            seen += os.read(self.terminal, 4096).decode(errors="replace")
        return seen

    def close(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.terminal)


@pytest.mark.parametrize("script", ["zsh"], indirect=True)
def test_zsh_completes(script: Path) -> None:
    zsh = Terminal("zsh", "-f", "-i")
    try:
        zsh.type(f"autoload -U compinit; compinit -D -u; source {script}; PS1='red''y> '\n", "redy> ")
        for keys, done in (
            ("gpuspec li\t", "lint "),
            ("--forma\t", "--format "),
            ("sar\t", "sarif "),
            ("--select over-p\t", "over-provisioned-gpu "),
        ):
            assert done in zsh.type(keys, done)
    finally:
        zsh.close()


def test_zsh_is_told_what_each_is_for() -> None:
    done = run("gpuspec", _GPUSPEC_COMPLETE="zsh_complete", COMP_WORDS="gpuspec li", COMP_CWORD="1")
    assert done.stdout.splitlines() == [
        "plain",
        "lint",
        "Find mistakes and waste in job files and launch scripts.",
    ]


def test_another_shell() -> None:
    done = run("gpuspec", "completion", "tcsh")
    assert done.returncode == 2
    assert "'bash', 'zsh', 'fish'" in done.stderr


def test_the_version_says_whose_prices(tmp_path: Path) -> None:
    done = run("gpuspec", "--version", GPUSPEC_DATA_DIR=str(tmp_path))
    (line,) = done.stdout.splitlines()
    assert line.startswith(f"gpuspec {gpuspec.__version__}, prices: ")
    for source in installed_catalog().price_sources:
        if source.rentable:
            cloud = re.sub("^(skypilot|karpenter)-", "", source.name)
            assert re.search(rf"\b{cloud}\b", line), source.name
    assert re.search(r"\d{4}-\d\d-\d\d", line)
    (tmp_path / "prices.tsv").write_text("nonsense")
    broken = run("gpuspec", "--version", GPUSPEC_DATA_DIR=str(tmp_path))
    assert broken.returncode == 0
    assert broken.stdout.startswith(f"gpuspec {gpuspec.__version__}, prices: your price snapshot ")
