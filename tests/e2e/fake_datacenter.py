"""What the fake clouds share: machines, which are chroots of one Debian, each with its own disk, processes, network
card, address (10.77.0.N), host name and firewall. Each runs one program.

Everything they are made of is in the namespaces of the program that makes them, `fake_cloud.py`, and goes with it.

Files in a cloud's folder:
    events.jsonl     what was asked for, launched and terminated, when, and by which address (written)
    vms/ID/          a machine's disk and the log of its program
    shared/          a disk that all machines have at /mnt/shared, where there is such a folder
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

NETWORK = "10.77.0"
HOST = f"{NETWORK}.1"
"""The address of the clouds, and of their client."""

INIT = """\
set -e
vm=$1 rootfs=$2 name=$3 shared=$4 made=$5
shift 5
mount -t overlay overlay -o "lowerdir=$rootfs,upperdir=$vm/up,workdir=$vm/work" "$vm/root"
cd "$vm/root"
mount -t proc proc proc
mount -t tmpfs -o mode=755 tmpfs dev
for node in null zero full random urandom tty; do
  : >dev/$node; mount --bind /dev/$node dev/$node
done
# For everybody, as udev makes it, though here it may be root's alone; it is not everywhere.
if [ -e /dev/fuse ]; then mknod -m 666 dev/fuse c $(stat -c '0x%t 0x%T' /dev/fuse); fi
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
mount -t tmpfs -o mode=1777 tmpfs dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s /proc/self/fd/0 dev/stdin; ln -s /proc/self/fd/1 dev/stdout; ln -s /proc/self/fd/2 dev/stderr
if [ -d "$shared" ]; then mkdir -p mnt/shared; mount --bind "$shared" mnt/shared; fi
hostname "$name"
echo "127.0.0.1 localhost $name" >etc/hosts
eval "$made"
mkdir -p old
pivot_root . old  # nothing of the host can be reached from here on
exec chroot . sh -c 'umount -l /old; rmdir /old; exec "$@"' first "$@"
"""


class Datacenter:
    """The folder, the Debian, and the numbers that addresses are made of."""

    def __init__(self, folder: Path, rootfs: Path) -> None:
        self.folder = folder
        self.rootfs = rootfs
        self._numbers = 1
        self._lock = threading.Lock()

    def number(self) -> int:
        """One that no machine had before."""
        with self._lock:
            self._numbers += 1
            return self._numbers

    def note(self, event: str, machine: Machine, who: str) -> None:
        line = {
            "event": event, "time": time.time(), "by": who, "id": machine.id, "name": machine.name,
            "type": machine.kind, "region": machine.region, "address": machine.address,
        }  # fmt: skip
        with self._lock, open(self.folder / "events.jsonl", "a") as out:
            out.write(json.dumps(line) + "\n")


class Machine:
    """One of them: `process` is the outermost of its processes, which takes all others with it."""

    def __init__(self, center: Datacenter, name: str, kind: str, region: str) -> None:
        number = center.number()
        self.id = uuid.uuid4().hex[:12]
        self.name = name
        self.kind = kind
        self.region = region
        self.link = f"vm{number}"
        self.address = f"{NETWORK}.{number}"
        self.center = center
        self.folder = center.folder / "vms" / self.id
        self.status = "booting"
        self.process: subprocess.Popen[bytes] | None = None

    def boot(self, program: list[str], made: str, rules: str) -> None:
        """Run `program` on it. Before, as root in its root folder, the shell text `made`; `rules` are nftables'."""
        for part in ("up", "work", "root"):
            (self.folder / part).mkdir(parents=True)
        apart = ["unshare", "--net", "--pid", "--mount", "--uts", "--ipc", "--fork", "--kill-child"]
        own = [self.folder, self.center.rootfs, self.link, self.center.folder / "shared", made]
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen(
                [*apart, "sh", "-c", INIT, "vm-init", *own, *program], stdout=log, stderr=log
            )
        self._connect(rules)

    def _connect(self, rules: str) -> None:
        assert self.process
        space = f"/proc/{self.process.pid}/ns/net"
        while os.readlink(space) == os.readlink("/proc/self/ns/net"):
            time.sleep(0.01)
        peer = ["peer", "name", "eth0", "netns", str(self.process.pid)]
        run("ip", "link", "add", self.link, "type", "veth", *peer)
        run("ip", "link", "set", self.link, "master", "cloud", "up")
        inside = (
            f"ip addr add {self.address}/24 dev eth0 && ip link set lo up && ip link set eth0 up"
            f" && ip route add default via {HOST}"
        )
        run("nsenter", f"--net={space}", "sh", "-c", inside)
        self.filter(rules)

    def filter(self, rules: str) -> None:
        """Give its firewall these rules and no others."""
        assert self.process
        run("nsenter", f"--net=/proc/{self.process.pid}/ns/net", "nft", "-f", "-", given=rules)

    def end(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Api(BaseHTTPRequestHandler):
    """JSON over HTTP."""

    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        print(self.client_address[0], format % args, flush=True)

    def asked(self) -> Any:
        return json.loads(self.rfile.read(int(self.headers["Content-Length"])))

    def say(self, status: int, what: Any) -> None:
        body = json.dumps(what).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def run(*command: str, given: str | None = None) -> None:
    done = subprocess.run(command, input=given, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr}")
