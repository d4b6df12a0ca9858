"""docs/plugins/first-rule.md, done literally in a fresh environment; and gpuspec-policy from pre-commit."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "plugins" / "first-rule.md").read_text()


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheels of gpuspec and gpuspec-policy, as an index would have them."""
    folder = tmp_path_factory.mktemp("wheels")
    for project in (ROOT, ROOT / "plugins" / "gpuspec-policy"):
        build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, project]
        subprocess.run(build, check=True, capture_output=True)
    return folder


def edits(diff: str) -> str:
    """The lines of a diff block as a command: each "-" line becomes the "+" line after it."""
    lines = diff.splitlines()
    pairs = [(old[1:], new[1:]) for old, new in zip(lines[::2], lines[1::2], strict=True)]
    code = (
        "from pathlib import Path\n"
        "path = Path('gpuspec_acme/allowed_clouds.py')\n"
        "text = path.read_text()\n"
        f"for old, new in {pairs!r}:\n"
        "    assert text.count(old + '\\n') == 1, old\n"
        "    text = text.replace(old, new)\n"
        "path.write_text(text)\n"
    )
    return f"python3 - <<'END'\n{code}END\n"


@pytest.mark.slow
def test_the_first_rule_in_ten_minutes(wheels: Path, tmp_path: Path) -> None:
    blocks = re.findall(r"^```(bash|diff)\n(.*?)^```$", PAGE, flags=re.M | re.S)
    assert sum(text.count("\n+") for kind, text in blocks if kind == "diff") == 3
    script = "set -euo pipefail\n" + "".join(edits(text) if kind == "diff" else text for kind, text in blocks)
    constraint = tmp_path / "constraints.txt"
    constraint.write_text(f"gpuspec @ {next(wheels.glob('gpuspec-*.whl')).as_uri()}\n")
    home = tmp_path / "home"
    home.mkdir()
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "PIP_CONSTRAINT": str(constraint)}
    environment |= {
        key: value for key, value in os.environ.items() if key.startswith(("PIP_", "SSL_", "REQUESTS_"))
    }
    start = time.monotonic()
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    print(f"{time.monotonic() - start:.1f} s")
    assert done.returncode == 0, done.stdout + done.stderr
    for shown in re.findall(r"^```text\n(.*?)\n```$", PAGE, flags=re.M | re.S):
        assert shown in done.stdout
    assert "vast has no contract with us" in done.stdout
    assert "exit status 1" in done.stdout
    assert re.search(r"^gpuspec-acme +0\.1\.0 +ACME101 ", done.stdout, flags=re.M)
    assert "imports in" in done.stdout


@pytest.mark.slow
def test_the_policy_from_pre_commit(wheels: Path, tmp_path: Path) -> None:
    def git(*arguments: str, cwd: Path) -> None:
        who = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main"]
        subprocess.run(["git", *who, *arguments], cwd=cwd, check=True, capture_output=True)

    hooks = tmp_path / "gpuspec"
    for name in ("gpuspec", "schemas"):
        shutil.copytree(ROOT / name, hooks / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", ".pre-commit-hooks.yaml"):
        shutil.copy(ROOT / name, hooks)
    work = tmp_path / "work"
    work.mkdir()
    for folder in (hooks, work):
        git("init", cwd=folder)
    git("add", ".", cwd=hooks)
    git("commit", "-m", "all", cwd=hooks)
    git("tag", "v0", cwd=hooks)
    wheel = next(wheels.glob("gpuspec_policy-*.whl"))
    (work / ".pre-commit-config.yaml").write_text(
        f"repos:\n- repo: {hooks}\n  rev: v0\n  hooks:\n"
        f"  - id: gpuspec-lint\n    additional_dependencies: ['{wheel}']\n"
    )
    (work / "gpuspec-policy.toml").write_text('[clouds]\nallowed = ["runpod"]\nmessage = "Ask first."\n')
    (work / "x.py").touch()
    (work / "job.gpu.jsonc").write_text(
        '{ "run": "python x.py", "clouds": ["vast"], "budget": { "max_hours": 1 } }\n'
    )
    git("add", ".", cwd=work)
    environment = {**os.environ, "PRE_COMMIT_HOME": str(tmp_path / "cache")}
    command = [sys.executable, "-m", "pre_commit", "run", "--all-files"]
    done = subprocess.run(command, cwd=work, env=environment, capture_output=True, text=True)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "POL101" in done.stdout
    assert "Ask first. (gpuspec-policy.toml)" in done.stdout
    (work / "job.gpu.jsonc").write_text(
        '{ "run": "python x.py", "clouds": ["runpod"], "budget": { "max_hours": 1 } }\n'
    )
    git("add", ".", cwd=work)
    again = subprocess.run(command, cwd=work, env=environment, capture_output=True, text=True)
    assert again.returncode == 0, again.stdout + again.stderr
