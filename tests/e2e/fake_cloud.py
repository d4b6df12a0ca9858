"""A cloud in a box: Lambda Cloud's REST API on the outside, machines that are chroots on the inside
(`fake_datacenter.py`).

`vm_stack.py` starts it as the first process of a network, process and mount namespace of its own: everything it
makes is in there and goes with it. A machine's firewall is Lambda's: port 22 is open, and what `/firewall-rules`
opens. Beside it stands a RunPod (`fake_runpod.py`), of which a SkyPilot without RunPod's credentials knows nothing.

Files in its folder, beside those of its machines:
    catalog.csv      what is on offer, in the format of SkyPilot's catalogue (read)
    sold-out         instance types that cannot be had now, one a line (read at each request)
    slow             seconds from a launch request until its machine can be seen (read at each request)
"""

from __future__ import annotations

import csv
import shlex
import signal
import sys
import threading
import time
import uuid
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

from . import fake_runpod
from .fake_datacenter import HOST, Api, Datacenter, Machine, run

PORT = 17100
BASE = "/api/v1"

FIREWALL = """\
flush ruleset
table inet cloud {{
  chain input {{
    type filter hook input priority 0; policy accept;
    ip saddr {host} tcp flags & (syn | ack) == syn tcp dport != {{ {ports} }} drop
  }}
}}
"""


class Cloud:
    """Its machines, keys and firewall."""

    def __init__(self, center: Datacenter) -> None:
        self.center = center
        self.folder = center.folder
        self.machines: dict[str, Machine] = {}
        self.keys: list[dict[str, str]] = []
        self.rules: list[dict[str, Any]] = []
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

    def set_rules(self, rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
        self.rules = rules
        for machine in list(self.machines.values()):
            machine.filter(self._firewall())
        return rules

    def _firewall(self) -> str:
        ranges = [rule["port_range"] for rule in self.rules if rule.get("protocol") == "tcp"]
        ports = ["22", *("-".join(map(str, sorted(set(each)))) for each in ranges)]
        return FIREWALL.format(host=HOST, ports=", ".join(ports))

    def launch(self, asked: dict[str, Any], who: str) -> list[str]:
        """Boot a machine. KeyError where the type or the key is unknown, LookupError where it is sold out."""
        entry = self.on_offer()[asked["instance_type_name"]]
        if asked["region_name"] not in [each["name"] for each in entry["regions_with_capacity_available"]]:
            raise LookupError("Not enough capacity to fulfill launch request.")
        key = next(each["public_key"] for each in self.keys if each["name"] == asked["ssh_key_names"][0])
        machine = Machine(self.center, asked["name"], asked["instance_type_name"], asked["region_name"])
        self.center.note("ask", machine, who)
        slow = self.folder / "slow"
        if slow.exists():
            time.sleep(float(slow.read_text()))
        with self.lock:
            self.machines[machine.id] = machine
            self.center.note("launch", machine, who)
            authorized = f"echo {shlex.quote(key)} >home/ubuntu/.ssh/authorized_keys"
            machine.boot(["/usr/sbin/sshd", "-D", "-e"], authorized, self._firewall())
            machine.status = "active"
        return [machine.id]

    def terminate(self, ids: list[str], who: str) -> list[dict[str, Any]]:
        gone = [self.machines.pop(each) for each in ids if each in self.machines]
        for machine in gone:
            machine.status = "terminating"
            self.center.note("terminate", machine, who)
            threading.Timer(0.5, machine.end).start()  # the machine itself may have asked: it gets its answer
        return [shown(machine) for machine in gone]


def shown(machine: Machine) -> dict[str, Any]:
    """As the API shows it."""
    return {
        "id": machine.id, "name": machine.name, "ip": machine.address, "private_ip": machine.address,
        "status": machine.status, "region": {"name": machine.region}, "instance_type": {"name": machine.kind},
        "hostname": machine.link,
    }  # fmt: skip


class Handler(Api):
    """Lambda Cloud's API, as far as SkyPilot uses it."""

    cloud: Cloud

    def do_GET(self) -> None:
        cloud = self.cloud
        answers = {
            "/instances": lambda: [shown(machine) for machine in list(cloud.machines.values())],
            "/ssh-keys": lambda: cloud.keys,
            "/firewall-rules": lambda: cloud.rules,
            "/instance-types": cloud.on_offer,
        }
        self._answer(answers)

    def do_PUT(self) -> None:
        self._answer({"/firewall-rules": lambda: self.cloud.set_rules(self.asked()["data"])})

    def do_POST(self) -> None:
        who = self.client_address[0]
        self._answer(
            {
                "/ssh-keys": self._add_key,
                "/instance-operations/launch": lambda: {"instance_ids": self.cloud.launch(self.asked(), who)},
                "/instance-operations/terminate": lambda: {
                    "terminated_instances": self.cloud.terminate(self.asked()["instance_ids"], who)
                },
            }
        )

    def _add_key(self) -> dict[str, str]:
        key = {"id": uuid.uuid4().hex, **self.asked()}
        self.cloud.keys.append(key)
        return key

    def _answer(self, answers: dict[str, Any]) -> None:
        path = self.path.removeprefix(BASE)
        if path not in answers:
            return self.say(404, {"error": {"code": "global/object-does-not-exist", "message": path}})
        try:
            self.say(200, {"data": answers[path]()})
        except KeyError as error:
            self.say(400, {"error": {"code": "global/invalid-parameters", "message": str(error)}})
        except LookupError as error:
            code = "instance-operations/launch/insufficient-capacity"
            self.say(400, {"error": {"code": code, "message": str(error)}})


def main(folder: Path, rootfs: Path) -> None:
    run("ip", "link", "set", "lo", "up")
    run("ip", "link", "add", "cloud", "type", "bridge")
    run("ip", "addr", "add", f"{HOST}/24", "dev", "cloud")
    run("ip", "link", "set", "cloud", "up")
    # What is sent to the world is refused at once and not waited for.
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the tests, which take it down
    center = Datacenter(folder, rootfs)
    fake_runpod.serve(center)
    Handler.cloud = Cloud(center)
    ThreadingHTTPServer((HOST, PORT), Handler).serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
