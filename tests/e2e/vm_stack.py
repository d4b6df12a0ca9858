"""A second cloud of one's own for end-to-end tests: real SkyPilot renting virtual machines from a fake Lambda Cloud.

SkyPilot 0.14.1 as it is, but for one line: the address of Lambda's API. Behind that address stands `fake_cloud.py`,
whose machines are chroots of a small Debian with their own processes, address, ports, firewall and disk. So there is
what a Slurm has not: many machines at a time, ssh from outside, ports, machines that the cloud takes back, networks
that are cut.

Everything lives in one network namespace: the cloud, its machines (each in a further one of its own), the API
server, and whatever runs through `stack.command(...)`. Nothing in it can reach the world or be reached from it,
nothing of the host's network is changed, and other stacks may be up beside it. The test itself stands outside:

    stack.command("gpuspec", "ps")      the words that run a command inside; the process is its own, fit for signals
    stack.get(8000, "/health")          HTTP to 127.0.0.1:8000 inside: a forwarded port, say
    stack.listen()                      a listening socket inside, that machines reach at 10.77.0.1 (downloads)

What tests can do to the cloud:

    stack.sell_out("gpu_1x_a10")        cannot be had from now on; sell_out() puts all back on offer
    stack.slow(5)                       a machine that is asked for comes, and is seen, 5 s later; slow() ends that
    stack.machines()                    "NAME TYPE ADDRESS", one for each machine that is up
    stack.terminate(name)               the cloud takes it back (a preemption, to SkyPilot)
    stack.cut(name), stack.mend(name)   its network; packets are lost, connections hang
    stack.on_machine(name, command)     run a shell command on it as its user, past its network
    stack.firewall()                    the ports that were opened to the world
    stack.bucket(name)                  a folder: what lies in the bucket vastdata://NAME, which is made if need be
    stack.stop_buckets()                their server: what is written does not arrive; start_buckets() mends it
    stack.events()                      every request for a machine ("ask"), launch and termination, with time, type
                                        and the address that asked: a machine's own, or the client's (10.77.….1)

A `name` is the beginning of a machine's name in the cloud, which begins with the name of its SkyPilot cluster. Types
and $/h stand in TYPES. `python -m tests.e2e.vm_stack up FOLDER` and `down FOLDER` work by hand.

Needs root on Debian 12. Everything it starts ends with it, also what an earlier one left behind when it was killed;
the packages it installed stay, and what all such stacks share: the Debian of its machines (`debian.py`) and a
SkyPilot to copy (`kept_venv.py`).
"""

from __future__ import annotations

import ctypes
import hashlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from . import bucket_store, debian
from .fake_cloud import BASE, PORT
from .fake_datacenter import HOST
from .skypilot_stack import REPOSITORY, SkyPilotStack, by_hand, until

SLOTS = 4
"""How many such stacks may be up on a machine at a time; one more waits."""
LOCK = "/tmp/gpuspec-e2e-vm-{}.lock"
FIRST_PORT = 27680

CLONE_NEWNET = 0x40000000
"""Of sched.h; Python has it from 3.12 on."""


class Type(NamedTuple):
    """An instance type; `gpu` in SkyPilot's words, `price` in $/h."""

    name: str
    gpu: str
    number: int
    price: float


TYPES = (
    Type("gpu_1x_rtx6000", "RTX6000", 1, 0.50),
    Type("gpu_1x_a10", "A10", 1, 0.75),
    Type("gpu_1x_a100", "A100", 1, 1.29),
    Type("gpu_8x_a100", "A100", 8, 10.32),
)
REGIONS = ("us-east-1", "us-west-1")

GPUS = ["Quadro RTX 6000", "A10"]
"""The two cheapest of TYPES, $0.50 and $0.75/h, as a spec names them."""


class VMStack(SkyPilotStack):
    """The stack under one folder."""

    skypilot = "skypilot[lambda]==0.14.1"
    packages = (
        "debootstrap", "iproute2", "nftables", "openssh-client", "rsync", "python3-venv", "curl", "ca-certificates",
        "procps", "util-linux",
    )  # fmt: skip
    # -- what tests use ----------------------------------------------------------------------------

    def api_port(self) -> int:
        # Below the ports that Linux gives out: no stack of another kind ever has it.
        return FIRST_PORT + int((self.folder / "slot").read_text())

    def command(self, *words: str) -> list[str]:
        return ["nsenter", f"--net=/proc/{self._cloud()}/ns/net", *words]

    def machines(self) -> list[str]:
        return [
            f"{each['name']} {each['instance_type']['name']} {each['ip']}" for each in self._ask("/instances")
        ]

    def sell_out(self, *types: str) -> None:
        """Take these types, and no others, from the market."""
        (self.folder / "cloud" / "sold-out").write_text("\n".join(types))

    def slow(self, seconds: float = 0) -> None:
        """What is asked for comes, and is seen, so many seconds later."""
        (self.folder / "cloud" / "slow").write_text(str(seconds))

    def terminate(self, name: str) -> None:
        """The cloud takes a machine back."""
        self._ask("/instance-operations/terminate", {"instance_ids": [self._instance(name)["id"]]})
        until(lambda: not any(line.startswith(name) for line in self.machines()))

    def cut(self, name: str) -> None:
        """Cut a machine's network."""
        self.run("ip", "link", "set", self._instance(name)["hostname"], "down")

    def mend(self, name: str) -> None:
        """Join it again."""
        self.run("ip", "link", "set", self._instance(name)["hostname"], "up")

    def on_machine(self, name: str, command: str, *, user: str = "ubuntu") -> str:
        """What a shell command on a machine prints, whatever becomes of its network."""
        folder = self.folder / "cloud" / "vms" / self._instance(name)["id"]
        (first,) = (
            process
            for process in _processes()
            if str(folder) in (words := _arguments(process)) and words[0] == "unshare"
        )
        inside = subprocess.run(["pgrep", "-P", str(first)], capture_output=True, text=True, check=True)
        enter = ["nsenter", f"--target={inside.stdout.strip()}", "--all", "--wd=/", "sudo", "-iu", user]
        done = subprocess.run([*enter, "bash", "-c", command], capture_output=True, text=True, timeout=60)
        if done.returncode != 0:
            raise RuntimeError(f"{command} on {name} gave {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def firewall(self) -> list[list[int]]:
        """Ranges of ports that were opened to the world: [first, last]."""
        return [rule["port_range"] for rule in self._ask("/firewall-rules")]

    def events(self) -> list[dict[str, Any]]:
        """What was launched and terminated, in order."""
        path = self.folder / "cloud" / "events.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def bucket(self, name: str) -> Path:
        """What lies in a bucket, as files; makes it."""
        folder = self.folder / "cloud" / "buckets" / name
        folder.mkdir(exist_ok=True)
        return folder

    def stop_buckets(self) -> None:
        """What is written to a bucket does not arrive from now on, until `start_buckets`."""
        self._buckets.kill()
        self._buckets.wait()

    def listen(self, address: str = HOST) -> socket.socket:
        """A listening socket inside; its address tells the port."""
        made: socket.socket = self._inside(lambda: socket.create_server((address, 0)))
        return made

    def get(self, port: int, path: str = "/", *, address: str = "127.0.0.1", timeout: float = 5) -> bytes:
        """The body of an HTTP answer from inside. OSError or HTTPException without one; RuntimeError for an error
        status."""
        return self._request("GET", address, port, path, None, timeout)

    def _ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        method, text = ("GET", None) if body is None else ("POST", json.dumps(body))
        return json.loads(self._request(method, HOST, PORT, BASE + path, text, 30))["data"]

    def _request(
        self, method: str, address: str, port: int, path: str, body: str | None, timeout: float
    ) -> bytes:
        connection = http.client.HTTPConnection(address, port, timeout=timeout)
        connection.sock = self._inside(lambda: socket.create_connection((address, port), timeout))
        try:
            connection.request(method, path, body)
            answer = connection.getresponse()
            read = answer.read()
        finally:
            connection.close()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {read.decode(errors='replace')}")
        return read

    def _instance(self, name: str) -> Any:
        found = [each for each in self._ask("/instances") if each["name"].startswith(name)]
        if len(found) != 1:
            raise RuntimeError(f"{len(found)} machines are called {name}…: {self.machines()}")
        return found[0]

    def _inside(self, make: Any) -> Any:
        """A socket made inside: it stays there, wherever it is used. A thread of its own enters the network."""
        made: list[Any] = []

        def enter() -> None:
            with open(f"/proc/{self._cloud()}/ns/net") as space:
                if ctypes.CDLL(None, use_errno=True).setns(space.fileno(), CLONE_NEWNET) != 0:
                    made.append(OSError(ctypes.get_errno(), "setns"))
                    return
                try:
                    made.append(make())
                except OSError as error:
                    made.append(error)

        thread = threading.Thread(target=enter)
        thread.start()
        thread.join()
        if isinstance(made[0], OSError):
            raise made[0]
        return made[0]

    # -- up ----------------------------------------------------------------------------------------

    def up(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.down()  # what is left of an earlier one, and its slot: whoever takes that next ends what it names
        self._take_slot()
        self.install_packages()
        self.install_python()
        self.install_rclone()
        self.patch_skypilot()
        self.rootfs = debian.rootfs(self.venv / "bin", self.log)
        self.write_skypilot()
        self.start()

    def _take_slot(self) -> None:
        """A lock of its own, whose file names the folder: what a killed stack left running is known by it."""
        for slot in [*range(SLOTS), SLOTS]:
            self.lock = Path(LOCK.format(slot % SLOTS))
            if self.hold(wait=slot == SLOTS):
                break
        assert self._held is not None
        left = os.pread(self._held, 4096, 0).decode()
        if left:
            VMStack(left, self._say)._end()
        os.truncate(self._held, 0)
        os.pwrite(self._held, str(self.folder).encode(), 0)
        (self.folder / "slot").write_text(str(slot % SLOTS))

    def patch_skypilot(self) -> None:
        """The one line. The machines get their SkyPilot from this one, so they ask the same cloud."""
        (path,) = self.venv.glob("lib/python3*/site-packages/sky/provision/lambda_cloud/lambda_utils.py")
        text = path.read_text()
        theirs = "API_ENDPOINT = 'https://cloud.lambdalabs.com/api/v1'"
        ours = f"API_ENDPOINT = 'http://{HOST}:{PORT}{BASE}'"
        if ours not in text:
            if theirs not in text:
                raise RuntimeError(f"{path} is not what it was: no {theirs}")
            new = path.with_suffix(".new")  # the old file may be a link into uv's cache
            new.write_text(text.replace(theirs, ours))
            new.rename(path)
        # SkyPilot builds a wheel of itself for the machines, and pip wants these for that
        links = self.folder / "wheels"
        if not links.exists():
            pip = [str(self.venv / "bin" / "python"), "-m", "pip"]
            subprocess.run([*pip, "download", "-q", "setuptools", "wheel", "-d", str(links)], check=True)

    def install_rclone(self) -> None:
        """What serves the buckets here, and boto3, by which SkyPilot looks at them."""
        if not (self.venv / "bin" / "rclone").exists():
            uv = [
                str(self.venv / "bin" / "uv"),
                "pip",
                "install",
                "-q",
                "--python",
                str(self.venv / "bin" / "python"),
            ]
            subprocess.run([*uv, "boto3", bucket_store.RCLONE], check=True)

    def write_skypilot(self) -> None:
        """The catalogue, the credentials, and the same prices for gpuspec."""
        shutil.rmtree(self.home / ".sky", ignore_errors=True)  # its machines went with the stack before
        catalog = self.home / ".sky" / "catalogs" / "v8"
        for folder in (
            catalog / "lambda",
            catalog / "common",
            self.home / ".lambda_cloud",
            self.folder / "cloud",
        ):
            folder.mkdir(parents=True, exist_ok=True)
        rows = "".join(
            f"{each.name},{each.gpu},{each.number},30.0,200.0,{each.price},{region},,\n"
            for each in TYPES
            for region in REGIONS
        )
        head = (
            "InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,Price,Region,GpuInfo,SpotPrice\n"
        )
        for path in (catalog / "lambda" / "vms.csv", self.folder / "cloud" / "catalog.csv"):
            path.write_text(head + rows)
        gpus = sorted({each.gpu for each in TYPES})
        (catalog / "common" / "accelerators.csv").write_text(
            "AcceleratorName,Clouds\n" + "".join(f"{gpu},['Lambda']\n" for gpu in gpus)
        )
        (self.home / ".lambda_cloud" / "lambda_keys").write_text("api_key = e2e\n")
        (self.home / ".sky" / "config.yaml").write_text("allowed_clouds: [lambda, vastdata]\n")
        bucket_store.write_credentials(self.home)
        # SkyPilot's ssh connections that wait for the next command stand in /tmp by this number and the machine's
        # address, and the machines of two stacks have the same addresses: one would answer for the other.
        number = hashlib.sha256(str(self.folder).encode()).hexdigest()[:8]
        (self.home / ".sky" / "user_hash").write_text(number)
        self.prices.write_text(
            "Cloud,Region,InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,Price,SpotPrice\n"
            + "".join(
                f"lambda,{region},{each.name},{each.gpu},{each.number},30,200,{each.price},\n"
                for each in TYPES
                for region in REGIONS
            )
        )

    def start(self) -> None:
        self.log("the cloud")
        cloud = self.folder / "cloud"
        for name in ("sold-out", "slow", "events.jsonl"):
            (cloud / name).unlink(missing_ok=True)
        for name in ("vms", "buckets", "volumes"):
            shutil.rmtree(cloud / name, ignore_errors=True)
        apart = ["unshare", "--net", "--pid", "--mount", "--fork", "--kill-child", "--mount-proc"]
        with open(cloud / "log", "wb") as log:
            subprocess.Popen(
                [*apart, "/usr/bin/python3", "-m", "tests.e2e.fake_cloud", str(cloud), str(self.rootfs)],
                cwd=REPOSITORY,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=(self._held,) if self.by_hand and self._held is not None else (),
            )
        until(self._answers)
        self.start_buckets()
        self.check_cloud("lambda")
        self.log("up")

    def start_buckets(self) -> None:
        """The server of the buckets."""
        folder = self.folder / "cloud" / "buckets"
        folder.mkdir(exist_ok=True)
        with open(self.folder / "cloud" / "buckets.log", "ab") as log:
            self._buckets = subprocess.Popen(
                self.command(str(self.venv / "bin" / "rclone"), *bucket_store.serve(folder)),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def _answers(self) -> bool:
        try:
            return bool(self._ask("/instances") == [])
        except (OSError, LookupError):
            return False

    def environment(self) -> dict[str, str]:
        return {**super().environment(), "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.folder / "wheels")}

    # -- down --------------------------------------------------------------------------------------

    def down(self) -> None:
        self._end()
        slot = self.folder / "slot"
        if slot.exists():
            lock = Path(LOCK.format(slot.read_text()))
            if lock.exists() and lock.read_text() == str(self.folder):
                os.truncate(lock, 0)
            slot.unlink()
        self.release()

    def _end(self) -> None:
        """The cloud's first process takes the machines with it; then the client's side, which lives in the home of
        this folder: the API server, ssh, gpuspec."""
        # Some of them hide their environment, but none its network.
        ours = [each for each in _processes() if f"HOME={self.home}" in _environment(each)]
        networks = {_network(each) for each in (*ours, *self._clouds())} - {"", _network("self")}
        for cloud in self._clouds():
            os.kill(cloud, signal.SIGKILL)
            until(lambda: not self._clouds())
        for process in _processes():
            if _network(process) in networks:
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
        shutil.rmtree(self.folder / "cloud" / "vms", ignore_errors=True)

    def _clouds(self) -> list[int]:
        """The outermost processes of this folder's cloud: those that are in a network of their own already."""
        mark = str(self.folder / "cloud")
        return [
            process
            for process in _processes()
            if (words := _arguments(process))[-2:-1] == [mark]
            and words[0] == "unshare"
            and _network(process) not in ("", _network("self"))
        ]

    def _cloud(self) -> int:
        found = self._clouds()
        if not found:
            raise LookupError("the stack is down")
        return found[0]


def _processes() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _arguments(process: int) -> list[str]:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
    except OSError:
        return []


def _network(process: int | str) -> str:
    try:
        return os.readlink(f"/proc/{process}/ns/net")
    except OSError:
        return ""


def _environment(process: int) -> list[str]:
    try:
        return Path(f"/proc/{process}/environ").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return []


if __name__ == "__main__":
    by_hand(VMStack)
