"""Rules from a file of the repository run only where somebody said so."""

from __future__ import annotations

from pathlib import Path

import pytest
from installing import RULE, gpuspec, install

LOCAL = "import pathlib\npathlib.Path(__file__).with_name('ran').touch()\n" + RULE.format(
    cls="Local", code="LOCAL1", name="local-one"
)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "gpuspec.toml").write_text('local-rules = ["./policy.py"]\nselect = ["LOCAL", "GS008"]\n')
    (tmp_path / "policy.py").write_text(LOCAL)
    (tmp_path / "job.gpu.jsonc").write_text('{"run": "x"}\n')
    return tmp_path


def test_a_cloned_repository_runs_nothing(repository: Path) -> None:
    (repository / "gpuspec.toml").write_text(
        'local-rules = ["./policy.py"]\nselect = ["LOCAL"]\n[rules.local-one]\nx = 1\n'
    )
    done = gpuspec("lint", ".", path=repository, cwd=repository)
    assert (done.returncode, done.stdout.strip()) == (0, "clean: 1 file")
    assert "policy.py is named in local-rules and was not run; add --allow-local-rules" in done.stderr
    assert not (repository / "ran").exists()


def test_a_suppression_of_a_rule_that_was_not_run_is_not_unused(repository: Path) -> None:
    (repository / "job.gpu.jsonc").write_text('// gpuspec: ignore[local-one] ours\n{"run": "x"}\n')
    assert "GS008" not in gpuspec("lint", ".", path=repository, cwd=repository).stdout


def test_the_flag_runs_them_and_says_so(repository: Path) -> None:
    done = gpuspec("lint", "--allow-local-rules", "--format", "concise", path=repository, cwd=repository)
    assert done.stdout == "job.gpu.jsonc:1:1: LOCAL1 local-one local-one was here\n"
    assert "policy.py was run for its rules" in done.stderr
    assert (repository / "ran").exists()
    assert not (repository / "__pycache__").exists()
    one = gpuspec("lint", "--allow-local-rules", "--select", "LOCAL1", path=repository, cwd=repository)
    assert "LOCAL1" in one.stdout
    wrong = gpuspec("lint", "--allow-local-rules", "--select", "LOCAL2", path=repository, cwd=repository)
    assert (wrong.returncode, "no rule is called 'LOCAL2'" in wrong.stderr) == (2, True)


@pytest.mark.parametrize(
    ("said", "ran"), [("1", True), ("{here}", True), ("/nowhere", False), ("", False), ("0", False)]
)
def test_the_variable_names_trusted_folders(repository: Path, said: str, ran: bool) -> None:
    value = said.format(here=repository)
    done = gpuspec("lint", path=repository, cwd=repository, GPUSPEC_LOCAL_RULES=value)
    assert ("LOCAL1" in done.stdout) is ran


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("raise SystemExit", "local rules {here} failed: cannot be loaded: SystemExit"),
        ("def (", "local rules {here} failed: cannot be loaded: SyntaxError"),
        ("while True: pass", "local rules {here} failed: cannot be loaded: RuleTimeout: stopped after 0.3 s"),
        ("x = 1", "local rules {here} failed: it holds no Rule class"),
        (
            RULE.format(cls="X", code="GS001", name="mine"),
            "GS001 mine is taken by GS001 syntax-error of gpuspec",
        ),
        (LOCAL.replace("yield", "1 / 0; yield"), "rule LOCAL1 local-one of {here} failed on job.gpu.jsonc"),
    ],
)
def test_a_broken_file_is_named(repository: Path, source: str, said: str) -> None:
    (repository / "policy.py").write_text(source)
    done = gpuspec("lint", "--allow-local-rules", path=repository, cwd=repository, GPUSPEC_RULE_SECONDS="0.3")
    assert done.returncode == 3
    assert said.format(here=repository / "policy.py") in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", ["../policy.py", "/etc/passwd", "gone.py"])
def test_files_elsewhere_are_refused(repository: Path, name: str) -> None:
    (repository / "gpuspec.toml").write_text(f'local-rules = ["{name}"]\n')
    done = gpuspec("lint", path=repository, cwd=repository)
    assert done.returncode == 2
    assert "error[bad-config]" in done.stderr


def test_a_repository_is_no_place_for_plugins(
    repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (repository / "gpuspec.toml").write_text("pedantic = true\n")
    touch = "import pathlib\npathlib.Path(__file__).with_name('ran').touch()\n"
    install(repository, "evil", touch + LOCAL)
    (repository / "tomllib.py").write_text(touch)
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    done = gpuspec("lint", path=elsewhere, cwd=repository)
    assert done.returncode in (0, 1), done.stderr
    assert "LOCAL1" not in done.stdout
    assert not (repository / "ran").exists()
