"""A second cloud in the box: RunPod's API, as far as SkyPilot 0.14.1 and RunPod's own SDK use it. It rents pods and
keeps network volumes.

A pod is what it is at RunPod: a container that runs its `dockerArgs` as root (SkyPilot's install and start an sshd in
it), whose port 22 is another one outside, and in which a network volume is mounted where it was asked for. A volume
lies in one data center, and only pods there get it. It outlives them, and is a folder here. GraphQL is not parsed but
read by pattern: what is asked for is always what the SDK writes.

Files in the cloud's folder:
    volumes/ID/      what lies in a volume
"""

from __future__ import annotations

import json
import re
import threading
import uuid
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

from .fake_datacenter import HOST, Api, Datacenter, Machine

PORT = 17101
URL = f"http://{HOST}:{PORT}"
"""Of GraphQL (RUNPOD_API_BASE_URL to the SDK); REST is below /v1."""

SSH_PORT = 10022
"""Where a pod's port 22 is reached from outside."""

STOCK = {"CA-MTL-1": ("NVIDIA GeForce RTX 4090",), "US-TX-1": ()}
"""Data center → the GPUs that it has."""
MEMORY = {"NVIDIA GeForce RTX 4090": 24}
"""GB."""

PORTS = f"""\
table ip ports {{
  chain prerouting {{
    type nat hook prerouting priority -100
    tcp dport 22 redirect to :9
    tcp dport {SSH_PORT} redirect to :22
  }}
}}
"""
"""Its ssh is reached at that port and no other: nothing listens at 9."""

# An image has what it needs in root's home; the Debian of these machines has it in another's. There is no mirror.
MADE = """\
mount --bind home/ubuntu root
: >etc/apt/sources.list
if [ -n "{path}" ]; then mkdir -p ".{path}"; mount --bind "{volume}" ".{path}"; fi
"""


class Refused(Exception):
    """What RunPod says instead of doing it."""


class RunPod:
    """Its pods and volumes, and the keys of its one user."""

    def __init__(self, center: Datacenter) -> None:
        self.center = center
        self.pods: dict[str, tuple[Machine, dict[str, Any]]] = {}
        self.volumes: dict[str, dict[str, Any]] = {}
        self.keys = ""

    def query(self, text: str, who: str) -> Any:
        """The `data` of a GraphQL answer."""
        given = {
            name: json.loads(value) if value[0] == '"' else value
            for name, value in re.findall(r'(\w+): *("(?:[^"\\]|\\.)*"|[\w.]+)', text)
        }
        for name in ("podFindAndDeployOnDemand", "podRentInterruptable"):
            if name in text:
                return {name: self._deploy(given, who)}
        if "podTerminate" in text:
            return {"podTerminate": self._terminate(given["podId"], who)}
        if "gpuTypes" in text:
            gpu = given["id"]
            return {"gpuTypes": [{"id": gpu, "memoryInGb": MEMORY[gpu]}] if gpu in MEMORY else []}
        if "updateUserSettings" in text:
            self.keys = given["pubKey"]
            return {"updateUserSettings": {"id": "e2e", "pubKey": self.keys}}
        me = {
            "id": "e2e",
            "pubKey": self.keys,
            "networkVolumes": list(self.volumes.values()),
            "podTemplates": [],
        }
        return {"myself": {**me, "pods": [_shown(*each) for each in list(self.pods.values())]}}

    def _deploy(self, given: dict[str, Any], who: str) -> dict[str, Any]:
        place, volume = given["dataCenterId"], given.get("networkVolumeId")
        if given["gpuTypeId"] not in STOCK.get(place, ()):
            raise Refused("There are no longer any instances available with the requested specifications.")
        if volume and self.volumes[volume]["dataCenterId"] != place:
            raise Refused("The network volume is not in the requested data center.")
        machine = Machine(self.center, given["name"], given["gpuTypeId"], place)
        self.center.note("ask", machine, who)
        self.pods[machine.id] = machine, given
        self.center.note("launch", machine, who)
        path, folder = (given["volumeMountPath"], self.folder(volume)) if volume else ("", "")
        environment = ["HOME=/root", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]
        own = [f"RUNPOD_POD_ID={machine.id}", f"RUNPOD_API_BASE_URL={URL}"]
        program = ["env", "-i", *environment, *own, "sh", "-c", given["dockerArgs"]]
        machine.boot(program, MADE.format(path=path, volume=folder), PORTS)
        return {"id": machine.id}

    def _terminate(self, pod: str, who: str) -> None:
        machine, _ = self.pods.pop(pod)
        self.center.note("terminate", machine, who)
        threading.Timer(0.5, machine.end).start()  # the pod itself may have asked: it gets its answer

    def folder(self, volume: str) -> Path:
        return self.center.folder / "volumes" / volume

    def make_volume(self, asked: dict[str, Any]) -> dict[str, Any]:
        made = {"id": uuid.uuid4().hex[:10], **asked}
        self.folder(made["id"]).mkdir(parents=True)
        self.volumes[made["id"]] = made
        return made


def _shown(machine: Machine, given: dict[str, Any]) -> dict[str, Any]:
    """A pod as the API shows it."""
    outside = {
        "ip": machine.address,
        "isIpPublic": True,
        "privatePort": 22,
        "publicPort": SSH_PORT,
        "type": "tcp",
    }
    inside = {
        "ip": machine.address,
        "isIpPublic": False,
        "privatePort": 8266,
        "publicPort": 60000,
        "type": "http",
    }
    return {
        "id": machine.id, "name": machine.name, "desiredStatus": "RUNNING", "vcpuCount": 8,
        "networkVolumeId": given.get("networkVolumeId"), "runtime": {"ports": [outside, inside]},
    }  # fmt: skip


class Handler(Api):
    """GraphQL at /graphql, volumes by REST below /v1."""

    runpod: RunPod

    def do_GET(self) -> None:
        known = self.path == "/v1/networkvolumes"
        self.say(200 if known else 404, list(self.runpod.volumes.values()) if known else {})

    def do_POST(self) -> None:
        asked = self.asked()
        if self.path == "/v1/networkvolumes":
            return self.say(201, self.runpod.make_volume(asked))
        try:
            self.say(200, {"data": self.runpod.query(asked["query"], self.client_address[0])})
        except Refused as refused:
            self.say(200, {"errors": [{"message": str(refused)}]})


def serve(center: Datacenter) -> None:
    """Answer from now on."""
    Handler.runpod = RunPod(center)
    server = ThreadingHTTPServer((HOST, PORT), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
