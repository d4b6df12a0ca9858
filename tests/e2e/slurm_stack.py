"""A cloud of one's own for end-to-end tests: real SkyPilot renting from a private Slurm, all on loopback.

slurmctld and three slurmd with fake GPUs (a GRES "File" must be a character device; links to /dev/null pass),
munged, and an sshd that one throw-away user may log in to. No cloud account, no GPU, nothing but apt and PyPI.
Prices stand in SkyPilot's own config. `python -m tests.e2e.slurm_stack up FOLDER` and `down FOLDER` work by hand.

All machines are this one host, so they share the port of SkyPilot's agent (skylet, 46590): while two are up, what
is said to one may reach the other, its timer above all. Tests that look at a timer have one machine up, and one
such stack waits for another (a lock) before it comes up. `vm_stack.py` has a network of its own and waits for none.

Needs root on Debian 12. Everything it starts, it ends by process id; the packages it installed stay.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from .skypilot_stack import SkyPilotStack, by_hand, kill, until

PACKAGES = (
    "slurmctld", "slurmd", "slurm-client", "munge", "openssh-server", "openssh-client", "rsync",
    "python3-venv", "curl", "ca-certificates", "procps",
)  # fmt: skip
GPUS_PER_NODE = 8


class Node(NamedTuple):
    """SkyPilot sees one GPU type per node, hence a node for each. `price` is $/h for one GPU."""

    name: str
    gpu: str
    price: float


NODES = (Node("n4090", "RTX4090", 0.44), Node("na100", "A100-80GB", 1.19), Node("nh100", "H100", 2.69))


class Stack(SkyPilotStack):
    """The stack under one folder."""

    skypilot = "skypilot[slurm]==0.14.1"
    packages = PACKAGES
    lock = Path("/tmp/gpuspec-e2e.lock")

    def __init__(self, folder: str | os.PathLike[str], log: Callable[[str], None] = print) -> None:
        super().__init__(folder, log)
        self.conf = self.folder / "slurm" / "slurm.conf"
        # its own for each folder: `down` ends whatever this user runs
        self.user = f"gs-e2e-{hashlib.sha256(str(self.folder).encode()).hexdigest()[:8]}"
        self._ports = self.folder / "ports"

    # -- what tests use ----------------------------------------------------------------------------

    def api_port(self) -> int:
        return self.port("api")

    def environment(self) -> dict[str, str]:
        return {**super().environment(), "SLURM_CONF": str(self.conf)}

    def machines(self) -> list[str]:
        return self.run("squeue", "-h", "-o", "%j %T %N").splitlines()

    def drain(self, node: str) -> None:
        """Sell a node out."""
        self.run("scontrol", "update", f"nodename={node}", "state=drain", "reason=e2e")

    def resume(self, node: str) -> None:
        """Put a node on offer again."""
        self.run("scontrol", "update", f"nodename={node}", "state=resume")

    def port(self, name: str) -> int:
        """A port of the stack, free when it was first asked for."""
        if not self._ports.exists():
            names = ("ssh", "ctld", "api", "service", *(node.name for node in NODES))
            with _reserved(len(names)) as numbers:
                self._ports.parent.mkdir(parents=True, exist_ok=True)
                self._ports.write_text(
                    "".join(f"{name} {number}\n" for name, number in zip(names, numbers, strict=True))
                )
        lines = (line.split() for line in self._ports.read_text().splitlines())
        return {each: int(number) for each, number in lines}[name]

    # -- up ----------------------------------------------------------------------------------------

    def up(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.down()
        self.hold()
        self.install_packages()
        self.install_python()
        self.make_user()
        self.write_slurm()
        self.write_ssh()
        self.write_skypilot()
        self.start()

    def make_user(self) -> None:
        """The account that plays the cloud's login."""
        folder = self.folder
        while folder != folder.parent:  # that user must be able to reach its home
            folder.chmod(folder.stat().st_mode | 0o111)
            folder = folder.parent
        remote = self.folder / "remote-home"
        if not _user_exists(self.user):
            subprocess.run(["useradd", "-M", "-d", str(remote), "-s", "/bin/bash", self.user], check=True)
        subprocess.run(["usermod", "-p", "*", self.user], check=True)  # unlocked: else sshd refuses its keys
        shutil.rmtree(remote, ignore_errors=True)
        (remote / ".ssh").mkdir(parents=True)
        # SkyPilot runs `bash --login`, and /etc/profile resets PATH: ours is set after it.
        (remote / ".profile").write_text(
            f"export PATH={self.folder}/shims:/usr/local/bin:/usr/bin:/bin SLURM_CONF={self.conf}\n"
            + (
                f"export SSL_CERT_FILE={os.environ['SSL_CERT_FILE']}\n"
                if "SSL_CERT_FILE" in os.environ
                else ""
            )
        )
        (remote / ".bashrc").write_text("")

    def write_slurm(self) -> None:
        slurm, munge = self.folder / "slurm", self.folder / "munge"
        for folder in (slurm / "state", slurm / "log", munge / "run", self.folder / "dev"):
            folder.mkdir(parents=True, exist_ok=True)
        key = munge / "munge.key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o600)
        for folder in (munge, munge / "run"):
            folder.chmod(0o755)
        for number in range(GPUS_PER_NODE):
            link = self.folder / "dev" / f"gpu{number}"
            if not link.is_symlink():
                link.symlink_to("/dev/null")
        host = socket.gethostname().split(".")[0]
        nodes, gres = [], ["AutoDetect=off"]
        for node in NODES:
            nodes.append(
                f"NodeName={node.name} NodeAddr=127.0.0.1 NodeHostname={host} Port={self.port(node.name)} "
                f"CPUs=64 RealMemory=512000 Gres=gpu:{node.gpu}:{GPUS_PER_NODE}"
            )
            nodes.append(f"PartitionName=p{node.name} Nodes={node.name} MaxTime=1-00:00:00 State=UP")
            devices = f"{self.folder}/dev/gpu[0-{GPUS_PER_NODE - 1}]"
            gres.append(f"NodeName={node.name} Name=gpu Type={node.gpu} File={devices}")
        self.conf.write_text(
            SLURM_CONF.format(folder=self.folder, host=host, port=self.port("ctld")) + "\n".join(nodes) + "\n"
        )
        (slurm / "gres.conf").write_text("\n".join(gres) + "\n")
        # SkyPilot's job runner looks a node's name up on the node itself
        names = "".join(f"127.0.0.1 {node.name}\n" for node in NODES)
        (self.folder / "hosts").write_text(Path("/etc/hosts").read_text() + names)

    def write_ssh(self) -> None:
        ssh, remote = self.folder / "ssh", self.folder / "remote-home"
        ssh.mkdir(exist_ok=True)
        for name in ("host", "client"):
            if not (ssh / name).exists():
                subprocess.run(
                    ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(ssh / name)], check=True
                )
        shutil.copy(ssh / "client.pub", remote / ".ssh" / "authorized_keys")
        (remote / ".ssh").chmod(0o700)
        account = pwd.getpwnam(self.user)
        for path in (remote, *remote.rglob("*")):
            os.chown(path, account.pw_uid, account.pw_gid)
        (ssh / "sshd_config").write_text(
            SSHD_CONF.format(folder=self.folder, port=self.port("ssh"), user=self.user, conf=self.conf)
        )
        (self.home / ".slurm").mkdir(parents=True, exist_ok=True)
        (self.home / ".slurm" / "config").write_text(
            f"Host e2e\n  HostName 127.0.0.1\n  Port {self.port('ssh')}\n  User {self.user}\n"
            f"  IdentityFile {ssh}/client\n  IdentitiesOnly yes\n"
        )

    def write_skypilot(self) -> None:
        """SkyPilot's config with our prices, the same prices for gpuspec, and stand-ins for the two things that
        SkyPilot's set-up of a machine fetches from outside PyPI: uv's installer and a Python 3.10."""
        # machines of an earlier stack in this folder went with it
        for left in (self.home / ".sky").glob("state.db*"):  # its log too: a killed server leaves one
            left.unlink()
        common = self.home / ".sky" / "catalogs" / "v8" / "common"
        common.mkdir(parents=True, exist_ok=True)
        rows = "".join(f"{node.gpu},['Slurm']\n" for node in NODES)
        (common / "accelerators.csv").write_text("AcceleratorName,Clouds\n" + rows)
        prices = "".join(f"      {node.gpu}: {node.price}\n" for node in NODES)
        (self.home / ".sky" / "config.yaml").write_text(SKY_CONFIG + prices)
        self.prices.write_text(
            "Cloud,Region,InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,Price,SpotPrice\n"
            + "".join(
                f"slurm,,,{node.gpu},{number},,,{node.price * number:.2f},\n"
                for node in NODES
                for number in (1, 2)
            )
        )
        shims = self.folder / "shims"
        shims.mkdir(exist_ok=True)
        (shims / "curl").write_text(CURL_SHIM.format(folder=self.folder))
        python = f"{sys.version_info.major}.{sys.version_info.minor}"
        (shims / "uv").write_text(
            UV_SHIM.format(uv=self.venv / "bin" / "uv", python=_system_python() or python)
        )
        for name in ("curl", "uv"):
            (shims / name).chmod(0o755)

    def start(self) -> None:
        self.log("munged, slurmctld, slurmd × 3, sshd")
        munge, slurm = self.folder / "munge", self.folder / "slurm"
        self.run(
            "munged", f"--key-file={munge}/munge.key", f"--socket={munge}/run/munge.sock",
            f"--pid-file={munge}/munged.pid", f"--log-file={munge}/munged.log", f"--seed-file={munge}/seed",
        )  # fmt: skip
        shutil.rmtree(slurm / "state")
        (slurm / "state").mkdir()
        self.run("slurmctld", "-f", str(self.conf))
        until(
            lambda: (
                subprocess.run(["sinfo", "-h"], env=self.environment(), capture_output=True).returncode == 0
            )
        )
        for node in NODES:
            (slurm / f"spool-{node.name}").mkdir(exist_ok=True)
            # in a mount namespace of its own, so that only the nodes see their names in /etc/hosts
            start = (
                f"mount --bind {self.folder}/hosts /etc/hosts && exec slurmd -f {self.conf} -N {node.name}"
            )
            self.run("unshare", "--mount", "--propagation", "private", "sh", "-c", start)
        Path("/run/sshd").mkdir(exist_ok=True)
        self.run(
            "/usr/sbin/sshd", "-f", f"{self.folder}/ssh/sshd_config", "-E", f"{self.folder}/ssh/sshd.log"
        )
        until(lambda: self.run("sinfo", "-h", "-N", "-o", "%t").split() == ["idle"] * len(NODES))
        self.check_cloud("slurm")
        self.log("up")

    # -- down --------------------------------------------------------------------------------------

    def down(self) -> None:
        """End everything that was started, by process id, and the throw-away user."""
        if self._ports.exists():
            self.stop_api_server()
        if (self.folder / "slurm" / "slurmctld.pid").exists():
            jobs = self.run("squeue", "-h", "-o", "%i", check=False).split()
            if jobs:
                self.run("scancel", *jobs, check=False)
                until(lambda: not self.run("squeue", "-h", check=False).strip(), seconds=20)
        self._end("ssh/sshd.pid", "ssh/sshd_config", children=True)
        for node in NODES:
            self._end(f"slurm/slurmd-{node.name}.pid", str(self.conf))
        self._end("slurm/slurmctld.pid", str(self.conf))
        self._end("munge/munged.pid", str(self.folder / "munge"))
        if _user_exists(self.user):
            for process in subprocess.run(
                ["ps", "-o", "pid=", "-u", self.user], capture_output=True, text=True
            ).stdout.split():
                kill(int(process))
            subprocess.run(["userdel", self.user], capture_output=True)
        self._ports.unlink(missing_ok=True)
        self.release()

    def _end(self, pidfile: str, mark: str, *, children: bool = False) -> None:
        """End the process of a pid file if it is still ours, which its command line tells by `mark`."""
        path = self.folder / pidfile
        try:
            process = int(path.read_text())
            ours = mark in Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        except (OSError, ValueError):
            return
        if ours:
            if children:
                listed = subprocess.run(
                    ["ps", "-o", "pid=", "--ppid", str(process)], capture_output=True, text=True
                )
                for child in listed.stdout.split():
                    kill(int(child))
            kill(process)
        path.unlink(missing_ok=True)


def _user_exists(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def _system_python() -> str:
    shown = ["/usr/bin/python3", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    return subprocess.run(shown, capture_output=True, text=True).stdout.strip()


class _reserved:
    """Free ports, held until the block ends."""

    def __init__(self, many: int) -> None:
        self._sockets = [socket.socket() for _ in range(many)]

    def __enter__(self) -> list[int]:
        for one in self._sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in self._sockets]

    def __exit__(self, *_: object) -> None:
        for one in self._sockets:
            one.close()


SLURM_CONF = """\
ClusterName=e2e
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/run/munge.sock
StateSaveLocation={folder}/slurm/state
SlurmdSpoolDir={folder}/slurm/spool-%n
SlurmctldPidFile={folder}/slurm/slurmctld.pid
SlurmdPidFile={folder}/slurm/slurmd-%n.pid
SlurmctldLogFile={folder}/slurm/log/slurmctld.log
SlurmdLogFile={folder}/slurm/log/slurmd-%n.log
MailProg=/bin/true
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
ReturnToService=2
SlurmdParameters=config_overrides
SchedulerType=sched/backfill
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
GresTypes=gpu
KillWait=5
"""

SSHD_CONF = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/ssh/host
PidFile {folder}/ssh/sshd.pid
AllowUsers {user}
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
MaxSessions 200
MaxStartups 200
Subsystem sftp internal-sftp
SetEnv SLURM_CONF={conf}
"""

SKY_CONFIG = """\
allowed_clouds: [slurm]
slurm:
  provision_timeout: 10  # seconds until the next candidate is tried
  pricing:
    cpu: 0.0
    memory: 0.0
    accelerators:
"""

CURL_SHIM = """\
#!/bin/sh
for word in "$@"; do
  [ "$word" = https://astral.sh/uv/install.sh ] || continue
  echo 'set -e; mkdir -p "$UV_INSTALL_DIR"; cp {folder}/shims/uv "$UV_INSTALL_DIR/uv"; chmod 755 "$UV_INSTALL_DIR/uv"'
  exit 0
done
exec /usr/bin/curl "$@"
"""

UV_SHIM = """\
#!/bin/bash
words=(); before=
for word in "$@"; do
  [ "$before" = --python ] && [ "$word" = 3.10 ] && word={python}
  words+=("$word"); before=$word
done
exec {uv} "${{words[@]}}"
"""


if __name__ == "__main__":
    by_hand(Stack)
