"""The wheel on every supported Python that is here: the same findings, plans and sizes as on this one."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
VERSIONS = re.findall(r"Python :: (3\.\d+)", (ROOT / "pyproject.toml").read_text(encoding="utf-8"))
COMMANDS = (
    ["lint", "--preview", "--pedantic", "--scripts", "--format", "json", "examples"],
    ["plan", "examples/batch-70b-awq.jsonc", "--json"],
    ["size", "meta-llama/Llama-3.1-8B-Instruct", "--json"],
    ["rules", "--format", "json"],
    ["config", "show", "--isolated"],
)


@cache
def interpreter(version: str) -> str | None:
    """A Python of this version, from the path or from pyenv, that runs."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    places = [shutil.which(f"python{version}"), *map(str, sorted(pyenv.glob(f"{version}.*/bin/python")))]
    for place in filter(None, places):
        asked = [place, "-c", "import sys, venv; print('%d.%d' % sys.version_info[:2])"]
        if subprocess.run(asked, capture_output=True, text=True).stdout.strip() == version:
            return place
    return None


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    return next(folder.glob("gpuspec-*.whl"))


def outputs(gpuspec: list[str]) -> list[tuple[int, str]]:
    done = [subprocess.run([*gpuspec, *c], cwd=ROOT, capture_output=True, text=True) for c in COMMANDS]
    assert [
        each.stderr for each in done if "Traceback" in each.stderr or "internal error" in each.stderr
    ] == []
    return [(each.returncode, each.stdout) for each in done]


def test_the_versions_are_those_it_says() -> None:
    assert VERSIONS == ["3.10", "3.11", "3.12", "3.13"]


@pytest.mark.slow
@pytest.mark.parametrize("version", VERSIONS)
def test_the_same_on_every_python(version: str, wheel: Path, tmp_path: Path) -> None:
    python = interpreter(version)
    if python is None:
        pytest.skip(f"there is no Python {version} here")
    subprocess.run([python, "-m", "venv", "--without-pip", str(tmp_path / "venv")], check=True)
    bin_folder = tmp_path / "venv" / "bin"
    pip = [sys.executable, "-m", "pip", "--python", str(bin_folder / "python"), "--disable-pip-version-check"]
    done = subprocess.run([*pip, "install", "-q", str(wheel)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert outputs([str(bin_folder / "gpuspec")]) == outputs([sys.executable, "-m", "gpuspec"])
