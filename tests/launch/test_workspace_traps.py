"""Nothing of the folder that gpuspec is started in is imported or run, but for the job's own command."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from traps import lay, sprung
from waiting import PATIENCE
from webserver import WEIGHTS, Site, with_model

from gpuspec.job.job import Download, Job
from gpuspec.launch import ask_here, steps_of
from gpuspec.launch.launcher import RunSettings

from .conftest import command

GPUSPEC = str(Path(sys.executable).with_name("gpuspec"))
JOB = {
    "name": "x",
    "gpu_types": ["RTX 4090"],
    "budget": {"max_hours": 1},
    "keep_alive_minutes": 3,
    "run": "echo ran",
}
HERE = {"name": "x", "budget": {"max_hours": 1}, "run": "echo ran"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GPUSPEC_STATE_DIR", str(tmp_path / "state"))
    folder = tmp_path / "work"
    folder.mkdir()
    lay(folder, tmp_path / "sprung")
    (folder / "job.jsonc").write_text(json.dumps(JOB))
    return folder


def run(folder: Path, command: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    """With a PATH in which the folder stands first, twice."""
    path = os.pathsep.join(["", ".", os.environ["PATH"]])
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PATH": path, **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


COMMANDS = (
    ["lint", "--scripts", "."],
    ["lint", "job.jsonc"],
    ["plan", "job.jsonc"],
    ["size", "Qwen/Qwen2.5-7B-Instruct"],
    ["show", "job.jsonc"],
    ["export", "job.jsonc"],
    ["run", "--dry-run", "job.jsonc"],
    ["plugins"],
    ["ps"],
    ["schema"],
    ["completion", "bash"],
)


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_a_command_takes_nothing_from_its_folder(folder: Path, arguments: list[str]) -> None:
    done = run(folder, [GPUSPEC, *arguments])
    assert done.returncode == 0, done.stderr
    assert sprung(folder.parent / "sprung") == []


def test_the_language_server_takes_nothing_from_its_folder(folder: Path) -> None:
    words = (
        {"id": 1, "method": "initialize", "params": {"capabilities": {}}},
        {"id": 2, "method": "shutdown"},
        {"method": "exit"},
    )
    sent = b""
    for each in words:
        body = json.dumps({"jsonrpc": "2.0", **each}).encode()
        sent += b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
    done = subprocess.run([GPUSPEC, "lsp"], cwd=folder, input=sent, capture_output=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    assert b'"capabilities"' in done.stdout
    assert sprung(folder.parent / "sprung") == []


@pytest.mark.parametrize("option", ["-I", "-P"])
def test_python_m_takes_nothing_where_python_itself_does_not(folder: Path, option: str) -> None:
    if option == "-P" and sys.version_info < (3, 11):
        pytest.skip("Python 3.11 brought -P")
    done = run(folder, [sys.executable, option, "-m", "gpuspec", "lint", "job.jsonc"])
    assert done.returncode == 0, done.stderr
    assert sprung(folder.parent / "sprung") == []


def test_an_empty_part_of_pythonpath_is_no_place_for_modules(folder: Path) -> None:
    """Python has looked there for a few of its own before gpuspec begins; from then on it is passed over."""
    for path in folder.glob("*.py"):
        if path.stem not in ("json", "queue", "click", "pluggy", "jsonschema", "gpuspec_trap"):
            path.unlink()
    done = run(folder, [GPUSPEC, "plan", "job.jsonc"], PYTHONPATH=os.pathsep + "/nowhere")
    assert done.returncode == 0, done.stderr
    assert sprung(folder.parent / "sprung") == []


def test_a_folder_that_is_gone_is_no_crash(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    script = f"mkdir {gone} && cd {gone} && rmdir {gone} && exec {sys.executable} -m gpuspec --version"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True)
    assert done.stdout.startswith("gpuspec "), done.stderr


def test_a_run_here_takes_nothing_from_its_folder(folder: Path, site: Site) -> None:
    site.files["/m.bin"] = b"model"
    fetched = {"strategy": "http", "source": site.url + "/m.bin", "target": "m.bin"}
    job = {
        **HERE,
        "items": ["a", "b"],
        "run": "echo ran {item}",
        "downloads": [fetched],
        "setup": "echo set up",
    }
    (folder / "job.jsonc").write_text(json.dumps({**job, "env": {"PYTHONPATH": str(folder)}}))
    done = run(folder, [GPUSPEC, "run", "--on", "local", "--yes", "job.jsonc"])
    assert done.returncode == 0, done.stderr + done.stdout
    assert (folder / "m.bin").read_bytes() == b"model"
    assert "ran a\n" in done.stdout
    assert sprung(folder.parent / "sprung") == []


def test_readiness_is_not_asked_of_a_program_of_the_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    here = {"PATH": os.pathsep.join(["", ".", "/usr/bin", "/bin"])}
    for name in ("sh", "bash"):
        assert ask_here({"command": [name, "-c", "/bin/true"]}, str(folder), here) is None
        assert ask_here({"command": [name, "-c", "exit 3"]}, str(folder), here) == "exit status 3"
    assert sprung(folder.parent / "sprung") == []
    missing = ask_here({"command": ["nvidia-smi"]}, str(folder), {"PATH": "."})
    assert missing == "no program 'nvidia-smi' in the folders of PATH"
    (folder / "ok").symlink_to("/bin/true")
    assert ask_here({"command": ["./ok"]}, str(folder), here) is None  # who names a file means it


def test_the_parts_of_a_run_take_nothing_from_its_folder(folder: Path) -> None:
    (folder / "job.jsonc").write_text(json.dumps({**HERE, "items": ["a", "b"], "run": "echo ran {item}"}))
    done = run(folder, [GPUSPEC, "run", "--on", "local", "--yes", "--shards", "2", "job.jsonc"])
    assert done.returncode == 0, done.stderr + done.stdout
    assert "] ran a\n" in done.stdout
    assert sprung(folder.parent / "sprung") == []


def test_our_programs_on_the_machine_take_nothing_from_the_workdir(folder: Path, site: Site) -> None:
    """A job may set PYTHONPATH to its workdir, and the workdir may bring a folder that is called as ours is."""
    site.files["/m.bin"] = b"model"
    job = Job(
        run="echo ran {item}",
        items=("a", "b"),
        downloads=(Download("http", site.url + "/m.bin", target="m.bin"),),
    )
    shutil.copytree(folder, folder / ".gpuspec")
    for name in PROGRAMS_OF_THE_MACHINE:
        (folder / name).unlink()
    steps = steps_of(job, RunSettings(spec_path="-", workdir=str(folder)))
    for text in (steps.downloads, steps.run):
        done = run(folder, ["/bin/bash", "-c", text], PYTHONPATH=".")
        assert done.returncode == 0, done.stderr
    assert (folder / "m.bin").read_bytes() == b"model"
    assert sprung(folder.parent / "sprung") == []


def test_the_hub_s_library_takes_nothing_from_the_workdir(folder: Path, site: Site, tmp_path: Path) -> None:
    """It runs in a process of its own, in the workdir, where a `queue.py` may lie beside the job."""
    item = {"strategy": "hf", "source": "org/model", "target": "m"}
    words = command(tmp_path / "machine", [item], [sys.executable, "-E"])
    more = {"HF_ENDPOINT": with_model(site).url, "HF_HOME": str(tmp_path / "hf"), "PYTHONPATH": "."}
    done = run(folder, [*words, "--root", str(folder)], **more)
    assert done.returncode == 0, done.stderr
    assert (folder / "m/model.safetensors").read_bytes() == WEIGHTS
    assert sprung(folder.parent / "sprung") == []


PROGRAMS_OF_THE_MACHINE = ("python3", "bash")
"""Which of these is meant says the PATH of the machine, as for the job's own command."""
