"""The Debian that virtual machines start from, with ssh, in which what SkyPilot installs on a machine is installed
already: a machine that is set up asks nothing of the world, and is ready in seconds.

It takes two minutes to make, so it is made once and kept under /var/cache/gpuspec-e2e (1.2 GB) for all stacks;
machines write to a layer of their own above it. That folder may be deleted whenever no stack is up.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from . import bucket_store

PLACE = Path("/var/cache/gpuspec-e2e")

PACKAGES = (
    "openssh-server", "sudo", "rsync", "python3", "python3-venv", "ca-certificates", "procps", "lsof", "patch",
    "iproute2", "netcat-openbsd", "curl", "fuse3",
)  # fmt: skip

SSHD = """\
UsePAM no
PasswordAuthentication no
StrictModes no
MaxStartups 100
MaxSessions 100
SetEnv UV_OFFLINE=1
"""

# What SkyPilot's own set-up of a machine installs (sky/skylet/constants.py), with the Python that is there instead of
# a 3.10 from outside PyPI: it finds all this and installs nothing but itself.
INSTALL = """\
set -e
export SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt UV_COMPILE_BYTECODE=1
mkdir .sky
.local/bin/uv venv -q --seed skypilot-runtime --python /usr/bin/python3
.local/bin/uv venv -q --seed --relocatable --system-site-packages --python /usr/bin/python3 sky-user-env
export VIRTUAL_ENV=$HOME/skypilot-runtime
.local/bin/uv pip install -q 'setuptools<70' 'click<8.3.0' 'ray[default]==2.9.3' pydantic-core==2.41.1 \\
    'skypilot[lambda,runpod,remote]==0.14.1'
"""


def rootfs(programs: Path, log: Callable[[str], None]) -> Path:
    """The folder it lies in, made if need be; `programs` has uv and rclone. Of several that ask, one makes it."""
    recipe = hashlib.sha256(repr((PACKAGES, SSHD, INSTALL, bucket_store.RCLONE)).encode()).hexdigest()[:12]
    made = PLACE / recipe
    PLACE.mkdir(exist_ok=True)
    with open(PLACE / "lock", "w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not made.exists():
            part = made.with_suffix(".part")
            shutil.rmtree(part, ignore_errors=True)
            _make(part, programs, log)
            part.rename(made)
    return made


def _make(root: Path, programs: Path, log: Callable[[str], None]) -> None:
    log("debootstrap")
    options = ["--variant=minbase", f"--include={','.join(PACKAGES)}"]
    _must("debootstrap", *options, "bookworm", str(root), *_mirror())
    _must("chroot", str(root), "useradd", "-m", "-s", "/bin/bash", "-p", "*", "ubuntu")
    (root / "etc/sudoers.d/ubuntu").write_text("ubuntu ALL=(ALL) NOPASSWD:ALL\n")
    (root / "etc/ssh/sshd_config.d/e2e.conf").write_text(SSHD)
    (root / "run/sshd").mkdir(exist_ok=True)
    for folder in (".ssh", ".local/bin"):
        (root / "home/ubuntu" / folder).mkdir(parents=True)
    shutil.copy(programs / "uv", root / "home/ubuntu/.local/bin/uv")
    shutil.copy(programs / "rclone", root / "usr/local/bin/rclone")
    _must("chroot", str(root), "chown", "-R", "ubuntu:", "/home/ubuntu")
    log("SkyPilot's runtime into it")
    certificates = os.environ.get("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt")
    shutil.copy(certificates, root / "etc/ssl/certs/ca-certificates.crt")
    shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
    inside = (
        'mount -t proc proc "$1/proc" && mount --bind /dev "$1/dev" && exec chroot "$1" su -l ubuntu -c "$2"'
    )
    apart = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
    _must(*apart, "sh", "-c", inside, "install", str(root), INSTALL)
    (root / "etc/resolv.conf").write_text("")


def _mirror() -> list[str]:
    """The host's own mirror of Debian, where it names one."""
    lists = [Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*"))]
    for path in lists:
        for line in path.read_text().splitlines() if path.exists() else ():
            words = line.split()
            if words[:1] in (["deb"], ["URIs:"]):
                found = next((word for word in words if "://" in word), "")
                if "debian" in found:
                    return [found]
    return []


def _must(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(
            f"{command[0]} gave {done.returncode}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
        )
