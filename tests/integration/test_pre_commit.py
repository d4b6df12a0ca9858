"""The hooks as a project uses them: `pre-commit try-repo` installs gpuspec from a clone and runs all."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from gpuspec.cli.main import main
from gpuspec.formats import JOB_SPEC
from gpuspec.lint.script import script_kind

from .checkout import ROOT, clone, commit_all, git

HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
CLEAN = '{\n  "name": "hello",\n  "run": "python x.py"\n}\n'
OLD = '{\n  // kept\n  "project_id": "hello",\n  "runn": "python x.py"\n}\n'
ONCE = "python x.py data/*\n"
BOTH = """#!/bin/bash
#SBATCH --gres=gpu:1
export HF_TOKEN=hf_abcdefghijklmnopqrstuvwxyzABCDEFGH
for f in data/*; do
  sbatch --gres=gpu:1 one.sh "$f"
done
vllm serve Qwen/Qwen2.5-7B-Instruct
"""
"""A job of which rules about launch loops have something to say, and others as well."""
WORKFLOW = """on: push
jobs:
  a:
    runs-on: x
    steps:
      - run: |
          for f in data/*; do sky launch -y job.yaml --env F="$f"; done
"""
LOOP = 'for f in data/*; do\n  sky launch -y job.yaml --env F="$f"\ndone\n'


def try_repo(repo: Path, folder: Path) -> tuple[int, dict[str, str], str]:
    """(exit status, hook → "Passed" or "Failed" or "Skipped", all it printed)."""
    environment = {**os.environ, "PRE_COMMIT_COLOR": "never", "TMPDIR": str(folder.parent)}
    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", "try-repo", str(repo), "--all-files", "--color", "never"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
    )
    said = dict(
        re.findall(r"^(gpuspec [\w -]*?)\.{3,}.*?(Passed|Failed|Skipped)$", done.stdout, re.MULTILINE)
    )
    return done.returncode, said, done.stdout + done.stderr


def project(folder: Path, spec: str, script: str) -> Path:
    folder.mkdir()
    (folder / "train.gpu.jsonc").write_text(spec)
    (folder / "go.sh").write_text(script)
    (folder / "x.py").touch()
    (folder / "tsconfig.json").write_text('{ "compilerOptions": {}, "compilerOptions": {} }\n')
    commit_all(folder)
    return folder


@pytest.mark.slow
def test_each_hook_passes_and_fails_as_it_should(tmp_path: Path) -> None:
    (tmp_path / "gpuspec").mkdir()
    repo = clone(tmp_path / "gpuspec")

    status, said, told = try_repo(repo, project(tmp_path / "clean", CLEAN, ONCE))
    hooks = (
        "gpuspec lint",
        "gpuspec lint --fix-only",
        "gpuspec launch loops",
        "gpuspec lint other job files",
    )
    assert said == dict.fromkeys(hooks, "Passed"), told
    assert status == 0

    folder = project(tmp_path / "old", OLD, LOOP)
    (folder / "both.sh").write_text(BOTH)
    git(folder, "add", "-A")
    status, said, told = try_repo(repo, folder)
    assert said == dict.fromkeys(said, "Failed"), told
    assert len(said) == 4
    assert status == 1
    # The fix comes first, by name: it mends the old name, and what it cannot mend fails lint.
    assert "fixed train.gpu.jsonc: 1 × rename it to name" in told
    assert "files were modified by this hook" in told
    assert told.count("GS003") == 1
    assert (told.count("GS301"), told.count("GS701")) == (2, 1)  # of go.sh and both.sh
    assert (folder / "train.gpu.jsonc").read_text() == OLD.replace('"project_id"', '"name"')
    assert git(folder, "diff", "--name-only").split() == ["train.gpu.jsonc"]


def test_no_finding_is_told_by_two_hooks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    files = {"train.gpu.jsonc": OLD, "go.sh": LOOP, "both.sh": BOTH, ".github/workflows/ci.yml": WORKFLOW}
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    told = []
    for hook in HOOKS:
        if hook["id"] == "gpuspec-fix":
            continue  # it tells no findings
        command, *words = shlex.split(hook["entry"])
        meant = re.compile(hook["files"]).search
        assert command == "gpuspec"
        main([*words, "--format", "concise", *(name for name in files if meant(name))])
        told += capsys.readouterr().out.splitlines()
    main(["lint", "--format", "concise", *files])
    assert sorted(told) == sorted(capsys.readouterr().out.splitlines())
    assert {"GS003", "GS301", "GS701"} <= {line.split()[1] for line in told}


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_hooks_mean_the_files_that_lint_reads(hook: dict[str, str]) -> None:
    meant = re.compile(hook["files"]).search
    specs = [f"train{name}" if name[0] == "." else name for name in JOB_SPEC.names]
    specs.append("deep/er/gpu.jsonc")
    scripts = ["a.sh", "x/a.bash", "a.zsh", "a.py", "b.mk", "Makefile", "x/makefile", "GNUmakefile", "justfile",
               "package.json", ".github/workflows/ci.yml", ".github/workflows/ci.yaml"]  # fmt: skip
    assert all(script_kind(name) for name in scripts)
    if hook["id"] == "gpuspec-lint-formats":  # by what they hold
        assert all(map(meant, ["a.sh", "app.py", "x/compose.yml", "k8s.yaml", "train.sbatch", "train.slurm"]))
        assert not any(map(meant, [*specs, "README.md", "tsconfig.json"]))
        return
    wanted, others = (scripts, specs) if hook["id"] == "gpuspec-launch-loops" else (specs, scripts)
    assert [name for name in wanted if not meant(name)] == []
    assert [name for name in [*others, "tsconfig.json", "compose.yml", "README.md"] if meant(name)] == []


def test_the_hooks_are_what_pre_commit_wants() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", "validate-manifest", str(ROOT / ".pre-commit-hooks.yaml")],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout


def test_the_page_says_what_each_hook_runs() -> None:
    page = (ROOT / "docs" / "how-to" / "pre-commit.md").read_text(encoding="utf-8")
    shown = re.findall(r"^\| `([\w-]+)` \| `([^`]+)` \|", page, re.MULTILINE)
    assert sorted(shown) == sorted((hook["id"], hook["entry"]) for hook in HOOKS)
