"""gpuspec in a process of its own, with this plugin as pip leaves it; and what the tests need from apt."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PLUGIN = Path(__file__).parents[1]


def needs(*programs: str) -> None:
    """Install Debian's packages of these programs where they are missing; skip where that cannot be."""
    packages = {"sshd": "openssh-server", "ssh": "openssh-client"}
    path = f"{os.environ.get('PATH', '')}:/usr/sbin"
    if all(shutil.which(program, path=path) for program in programs):
        return
    if not shutil.which("apt-get") or os.geteuid() != 0:
        pytest.skip(f"needs {', '.join(programs)}")
    policy = Path("/usr/sbin/policy-rc.d")
    with open("/tmp/gpuspec-apt.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ours = not policy.exists()
        if ours:  # the package's own script would start a daemon for the whole machine
            policy.write_text("#!/bin/sh\nexit 101\n")
            policy.chmod(0o755)
        try:
            want = [packages.get(program, program) for program in programs]
            for command in (["update"], ["install", "-y", "--no-install-recommends", *want]):
                environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
                done = subprocess.run(
                    ["apt-get", "-q", *command], env=environment, capture_output=True, text=True
                )
                assert done.returncode == 0, done.stdout + done.stderr
        finally:
            if ours:
                policy.unlink()


def environment(folder: Path, **more: str) -> dict[str, str]:
    """One in which gpuspec finds this plugin, installed into `folder`, and keeps its records there."""
    info = folder / "site" / "gpuspec_fleet-0.1.0.dist-info"
    if not info.exists():
        info.mkdir(parents=True)
        (info / "METADATA").write_text(
            "Metadata-Version: 2.1\nName: gpuspec-fleet\nVersion: 0.1.0\nRequires-Dist: gpuspec<0.2,>=0.1\n"
        )
        (info / "entry_points.txt").write_text("[gpuspec]\nfleet = gpuspec_fleet\n")
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join((str(info.parent), str(PLUGIN))),
        "GPUSPEC_STATE_DIR": str(folder / "state"),
        **more,
    }


def command(*arguments: str) -> list[str]:
    """The command line of gpuspec."""
    return [sys.executable, "-m", "gpuspec", *arguments]


def gpuspec(*arguments: str, cwd: Path, env: dict[str, str]) -> tuple[int, str]:
    """Exit status and what was printed."""
    done = subprocess.run(
        command(*arguments),
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=180,
    )
    return done.returncode, done.stdout + done.stderr
