"""A cloud in a box: Lambda Cloud's REST API on the outside, machines that are chroots on the inside.

`vm_stack.py` starts it as the first process of a network, process and mount namespace of its own: everything it
makes (machines, bridge, mounts) is in there and goes with it. A machine is a Debian whose disk is an overlay over one
root file system, with its own processes, network card, address (10.77.0.N), host name and sshd. Its firewall is
Lambda's: port 22 is open, and what `/firewall-rules` opens.

Files in its folder:
    catalog.csv      what is on offer, in the format of SkyPilot's catalogue (read)
    sold-out         instance types that cannot be had now, one a line (read at each request)
    slow             seconds from a launch request until its machine can be seen (read at each request)
    events.jsonl     what was asked for, launched and terminated, when, and by which address (written)
    vms/ID/          a machine's disk and the log of its sshd
    shared/          a disk that all machines have at /mnt/shared, where there is such a folder
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

NETWORK = "10.77.0"
HOST = f"{NETWORK}.1"
"""The address of the cloud, and of its client."""
PORT = 17100
BASE = "/api/v1"

INIT = """\
set -e
vm=$1 rootfs=$2 name=$3 key=$4 shared=$5
mount -t overlay overlay -o "lowerdir=$rootfs,upperdir=$vm/up,workdir=$vm/work" "$vm/root"
cd "$vm/root"
mount -t proc proc proc
mount -t tmpfs -o mode=755 tmpfs dev
for node in null zero full random urandom tty fuse; do
  [ -e /dev/$node ] || continue  # fuse: not everywhere
  : >dev/$node; mount --bind /dev/$node dev/$node
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
mount -t tmpfs -o mode=1777 tmpfs dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s /proc/self/fd/0 dev/stdin; ln -s /proc/self/fd/1 dev/stdout; ln -s /proc/self/fd/2 dev/stderr
if [ -d "$shared" ]; then mkdir -p mnt/shared; mount --bind "$shared" mnt/shared; fi
hostname "$name"
echo "127.0.0.1 localhost $name" >etc/hosts
echo "$key" >home/ubuntu/.ssh/authorized_keys
mkdir -p old
pivot_root . old  # nothing of the host can be reached from here on
exec chroot . sh -c 'umount -l /old; rmdir /old; exec /usr/sbin/sshd -D -e'
"""

FIREWALL = """\
flush ruleset
table inet cloud {{
  chain input {{
    type filter hook input priority 0; policy accept;
    ip saddr {host} tcp flags & (syn | ack) == syn tcp dport != {{ {ports} }} drop
  }}
}}
"""


class Machine:
    """One instance: `process` is the outermost of its processes, which takes all others with it."""

    def __init__(self, folder: Path, number: int, name: str, kind: dict[str, Any], region: str) -> None:
        self.id = uuid.uuid4().hex[:12]
        self.name = name
        self.kind = kind
        self.region = region
        self.link = f"vm{number}"
        self.address = f"{NETWORK}.{number}"
        self.folder = folder / "vms" / self.id
        self.shared = folder / "shared"
        self.status = "booting"
        self.process: subprocess.Popen[bytes] | None = None

    def shown(self) -> dict[str, Any]:
        """As the API shows it."""
        return {
            "id": self.id, "name": self.name, "ip": self.address, "private_ip": self.address, "status": self.status,
            "region": {"name": self.region}, "instance_type": self.kind, "hostname": self.link,
        }  # fmt: skip

    def boot(self, rootfs: Path, key: str, ports: list[str]) -> None:
        for part in ("up", "work", "root"):
            (self.folder / part).mkdir(parents=True)
        apart = ["unshare", "--net", "--pid", "--mount", "--uts", "--ipc", "--fork", "--kill-child"]
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen(
                [*apart, "sh", "-c", INIT, "vm-init", self.folder, rootfs, self.link, key, self.shared],
                stdout=log,
                stderr=log,
            )
        self._connect(ports)

    def _connect(self, ports: list[str]) -> None:
        assert self.process
        space = f"/proc/{self.process.pid}/ns/net"
        while os.readlink(space) == os.readlink("/proc/self/ns/net"):
            time.sleep(0.01)
        run(
            "ip",
            "link",
            "add",
            self.link,
            "type",
            "veth",
            "peer",
            "name",
            "eth0",
            "netns",
            str(self.process.pid),
        )
        run("ip", "link", "set", self.link, "master", "cloud", "up")
        inside = (
            f"ip addr add {self.address}/24 dev eth0 && ip link set lo up && ip link set eth0 up"
            f" && ip route add default via {HOST}"
        )
        run("nsenter", f"--net={space}", "sh", "-c", inside)
        self.open(ports)

    def open(self, ports: list[str]) -> None:
        """Let the firewall pass these ports and no others."""
        assert self.process
        rules = FIREWALL.format(host=HOST, ports=", ".join(["22", *ports]))
        run("nsenter", f"--net=/proc/{self.process.pid}/ns/net", "nft", "-f", "-", given=rules)

    def end(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Cloud:
    """Its machines, keys and firewall."""

    def __init__(self, folder: Path, rootfs: Path) -> None:
        self.folder = folder
        self.rootfs = rootfs
        self.machines: dict[str, Machine] = {}
        self.keys: list[dict[str, str]] = []
        self.rules: list[dict[str, Any]] = []
        self.launched = 0
        self.lock = threading.Lock()

    def on_offer(self) -> dict[str, dict[str, Any]]:
        """Instance types by name, with the regions in which they can be had now."""
        try:
            sold_out = set((self.folder / "sold-out").read_text().split())
        except FileNotFoundError:
            sold_out = set()
        found: dict[str, dict[str, Any]] = {}
        with open(self.folder / "catalog.csv", newline="") as text:
            for row in csv.DictReader(text):
                name = row["InstanceType"]
                kind = {"name": name, "price_cents_per_hour": round(float(row["Price"]) * 100)}
                entry = found.setdefault(name, {"instance_type": kind, "regions_with_capacity_available": []})
                if name not in sold_out:
                    entry["regions_with_capacity_available"].append({"name": row["Region"]})
        return found

    def open_ports(self) -> list[str]:
        ranges = [rule["port_range"] for rule in self.rules if rule.get("protocol") == "tcp"]
        return ["-".join(map(str, sorted(set(each)))) for each in ranges]

    def set_rules(self, rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
        self.rules = rules
        for machine in list(self.machines.values()):
            machine.open(self.open_ports())
        return rules

    def launch(self, asked: dict[str, Any], who: str) -> list[str]:
        """Boot a machine. KeyError where the type or the key is unknown, LookupError where it is sold out."""
        entry = self.on_offer()[asked["instance_type_name"]]
        if asked["region_name"] not in [each["name"] for each in entry["regions_with_capacity_available"]]:
            raise LookupError("Not enough capacity to fulfill launch request.")
        key = next(each["public_key"] for each in self.keys if each["name"] == asked["ssh_key_names"][0])
        with self.lock:
            self.launched += 1
            number = 1 + self.launched
        machine = Machine(self.folder, number, asked["name"], entry["instance_type"], asked["region_name"])
        self._note("ask", machine, who)
        slow = self.folder / "slow"
        if slow.exists():
            time.sleep(float(slow.read_text()))
        with self.lock:
            self.machines[machine.id] = machine
            self._note("launch", machine, who)
            machine.boot(self.rootfs, key, self.open_ports())
            machine.status = "active"
        return [machine.id]

    def terminate(self, ids: list[str], who: str) -> list[dict[str, Any]]:
        gone = [self.machines.pop(each) for each in ids if each in self.machines]
        for machine in gone:
            machine.status = "terminating"
            self._note("terminate", machine, who)
            threading.Timer(0.5, machine.end).start()  # the machine itself may have asked: it gets its answer
        return [machine.shown() for machine in gone]

    def _note(self, event: str, machine: Machine, who: str) -> None:
        line = {
            "event": event, "time": time.time(), "by": who, "id": machine.id, "name": machine.name,
            "type": machine.kind["name"], "region": machine.region, "address": machine.address,
        }  # fmt: skip
        with open(self.folder / "events.jsonl", "a") as out:
            out.write(json.dumps(line) + "\n")


class Handler(BaseHTTPRequestHandler):
    """Lambda Cloud's API, as far as SkyPilot uses it."""

    protocol_version = "HTTP/1.1"
    cloud: Cloud

    def log_message(self, format: str, *args: Any) -> None:
        print(self.client_address[0], format % args, flush=True)

    def do_GET(self) -> None:
        cloud = self.cloud
        answers = {
            "/instances": lambda: [machine.shown() for machine in list(cloud.machines.values())],
            "/ssh-keys": lambda: cloud.keys,
            "/firewall-rules": lambda: cloud.rules,
            "/instance-types": cloud.on_offer,
        }
        self._answer(answers)

    def do_PUT(self) -> None:
        self._answer({"/firewall-rules": lambda: self.cloud.set_rules(self._asked()["data"])})

    def do_POST(self) -> None:
        who = self.client_address[0]
        self._answer(
            {
                "/ssh-keys": self._add_key,
                "/instance-operations/launch": lambda: {
                    "instance_ids": self.cloud.launch(self._asked(), who)
                },
                "/instance-operations/terminate": lambda: {
                    "terminated_instances": self.cloud.terminate(self._asked()["instance_ids"], who)
                },
            }
        )

    def _add_key(self) -> dict[str, str]:
        key = {"id": uuid.uuid4().hex, **self._asked()}
        self.cloud.keys.append(key)
        return key

    def _asked(self) -> Any:
        return json.loads(self.rfile.read(int(self.headers["Content-Length"])))

    def _answer(self, answers: dict[str, Any]) -> None:
        path = self.path.removeprefix(BASE)
        if path not in answers:
            return self._say(404, {"error": {"code": "global/object-does-not-exist", "message": path}})
        try:
            self._say(200, {"data": answers[path]()})
        except KeyError as error:
            self._say(400, {"error": {"code": "global/invalid-parameters", "message": str(error)}})
        except LookupError as error:
            code = "instance-operations/launch/insufficient-capacity"
            self._say(400, {"error": {"code": code, "message": str(error)}})

    def _say(self, status: int, what: Any) -> None:
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


def main(folder: Path, rootfs: Path) -> None:
    run("ip", "link", "set", "lo", "up")
    run("ip", "link", "add", "cloud", "type", "bridge")
    run("ip", "addr", "add", f"{HOST}/24", "dev", "cloud")
    run("ip", "link", "set", "cloud", "up")
    # What is sent to the world is refused at once and not waited for.
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the tests, which take it down
    Handler.cloud = Cloud(folder, rootfs)
    ThreadingHTTPServer((HOST, PORT), Handler).serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
