"""The built wheel, installed into an empty environment and used from an empty folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gpuspec.plugin.template import files

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def gpuspec(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `gpuspec` command of a fresh virtual environment that has the wheel and its dependencies only."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "venv")], check=True)
    bin_folder = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")
    wheel = next(folder.glob("gpuspec-*.whl"))
    pip = [sys.executable, "-m", "pip", "--python", str(bin_folder / "python"), "install", "-q"]
    subprocess.run([*pip, wheel], check=True, capture_output=True)
    return bin_folder / "gpuspec"


def run(command: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(cwd), "LANG": "C.UTF-8"}
    return subprocess.run([command, *arguments], cwd=cwd, env=environment, capture_output=True, text=True)


def test_the_wheel_prints_the_published_schema(gpuspec: Path, tmp_path: Path) -> None:
    done = run(gpuspec, "schema", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == (ROOT / "schemas" / "job.schema.json").read_text(encoding="utf-8")
    for name in ("config", "report"):
        done = run(gpuspec, "schema", name, cwd=tmp_path)
        assert done.stdout == (ROOT / "schemas" / f"{name}.schema.json").read_text(encoding="utf-8")


def test_the_wheel_knows_gpus_models_and_prices(gpuspec: Path, tmp_path: Path) -> None:
    gpus = run(gpuspec, "gpus", "RTX 4090", cwd=tmp_path)
    assert gpus.returncode == 0, gpus.stderr
    assert "24" in gpus.stdout
    spec = tmp_path / "job.jsonc"
    spec.write_text('{"model": {"id": "Qwen/Qwen2.5-7B-Instruct"}, "gpu_types": ["RTX 4900"], "run": "true"}')
    lint = run(gpuspec, "lint", "job.jsonc", cwd=tmp_path)
    assert lint.returncode == 1, lint.stderr
    assert "GS004" in lint.stdout
    assert "RTX 4090" in lint.stdout


def test_the_wheel_runs_a_job_here(gpuspec: Path, tmp_path: Path) -> None:
    (tmp_path / "job.jsonc").write_text('{"name": "hello", "run": "echo said by the job"}')
    done = run(gpuspec, "run", "job.jsonc", "--on", "local", "--yes", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "said by the job" in done.stdout


def test_the_wheel_writes_and_checks_a_plugin(gpuspec: Path, tmp_path: Path) -> None:
    done = run(gpuspec, "plugin", "new", "acme", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    written = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert {f"gpuspec-acme/{name}" for name in files("acme")} == written
    assert "gpuspec-acme/.github/workflows/test.yml" in written
    checked = run(gpuspec, "plugin", "check", "gpuspec-acme", cwd=tmp_path)
    assert checked.returncode == 0, checked.stdout + checked.stderr
