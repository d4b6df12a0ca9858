"""What a machine shows of itself at one moment: GPUs, processor, memory, network, disks. Whatever cannot be read is
None or empty, never a guess.

Where a container or a cgroup limits what a job may use, that limit counts, not the host's size: a pod of 8 cores on a
host of 128 is busy at 8. (Linux: Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/, Documentation/filesystems/
proc.rst, Documentation/admin-guide/iostats.rst; read 2026-11.)
"""

from __future__ import annotations

import contextlib
import glob
import os
import re
import signal
import subprocess
import threading

GIB = 2.0**30
SECTOR = 512
"""Bytes, whatever the disk's own sectors are (iostats.rst)."""

DRIVER_SECONDS = 20.0
"""How long nvidia-smi may take: the first call on a machine without its persistence daemon takes some."""

NVIDIA_SMI = ("nvidia-smi", "--query-gpu=index,uuid,utilization.gpu,memory.used,memory.total",
              "--format=csv,noheader,nounits")  # fmt: skip

LONGEST_TABLE = 1 << 20
"""Bytes: 16 GPUs take two thousand."""

INFOROM = 14
"""Exit status of nvidia-smi that tells of a damaged part, none of those that are read (nvidia-smi(1))."""

_NOT_DISKS = re.compile(r"(loop|ram|zram|dm-|md|sr|fd|nbd)\d*")
"""Of /proc/diskstats: what is no disk, or lies on one that is counted by itself."""
_NOT_NETWORK = re.compile(r"lo$|docker|veth|br-|virbr|cni|flannel|cali|tun|tailscale|wg")
"""Interfaces whose bytes do not leave the machine, or pass another interface as well."""


class GpuReading:
    """One GPU. `used` is the share of time in which a kernel ran on it, %, None where that cannot be read (with MIG,
    under some vGPUs); `held` and `memory` are GiB."""

    def __init__(self, used: float | None, held: float | None, memory: float | None) -> None:
        self.used = used
        self.held = held
        self.memory = memory


class Reading:
    """The machine at one moment. `busy` are seconds that its `cores` (or what a limit leaves of them) have worked so
    far; bytes are since the machine began; `disk_busy` is seconds for which the busiest disk had work, by name."""

    def __init__(self) -> None:
        self.gpus: list[GpuReading] = []
        self.busy: float | None = None
        self.cores: float | None = None
        self.ram: float | None = None
        self.ram_total: float | None = None
        self.received: float | None = None
        self.sent: float | None = None
        self.disk_read: float | None = None
        self.disk_written: float | None = None
        self.disk_busy: dict[str, float] = {}


def read_machine(root: str = "/") -> Reading:
    """All but its GPUs. `root` is where proc and sys are, with their slash."""
    found = Reading()
    for read in (_processor, _memory, _network, _disks):
        try:
            read(found, root)
        except (OSError, ValueError, IndexError, KeyError, ZeroDivisionError):
            continue
    return found


def read_gpus(root: str = "/", visible: str | None = None) -> list[GpuReading]:
    """The GPUs of the machine that a process with this CUDA_VISIBLE_DEVICES may use, by nvidia-smi; AMD's by their
    driver's files. Empty where there are none, or they cannot be asked."""
    try:
        found = _of_nvidia(_told_by_nvidia(), visible)
    except (OSError, subprocess.SubprocessError):
        found = []
    return found or _of_amd(root)


def _told_by_nvidia() -> str:
    """What nvidia-smi prints; "" where it fails, or does not end in time. Then all that it started (it may be
    somebody's script) is ended with it: it is asked every few seconds for days."""
    with subprocess.Popen(
        NVIDIA_SMI,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as asked:
        assert asked.stdout is not None
        late = threading.Timer(DRIVER_SECONDS, _end, (asked.pid,))
        late.daemon = True
        late.start()
        try:
            told = asked.stdout.read(LONGEST_TABLE)
            if len(told) == LONGEST_TABLE:
                _end(asked.pid)
            status = asked.wait()
        finally:
            late.cancel()
    return told.decode("utf-8", "replace") if status in (0, INFOROM) else ""


def _end(group: int) -> None:
    with contextlib.suppress(OSError):
        os.killpg(group, signal.SIGKILL)


def _of_nvidia(table: str, visible: str | None) -> list[GpuReading]:
    rows = [[cell.strip() for cell in line.split(",")] for line in table.splitlines()]
    rows = [row for row in rows if len(row) == 5]
    named = [name.strip() for name in (visible or "").split(",") if name.strip()]
    own = [row for row in rows if any(name == row[0] or row[1].startswith(name) for name in named)]
    read = []
    for row in own or rows:
        used, held, memory = (_number(cell) for cell in row[2:])
        if (used or 0.0) > 100 or memory == 0:  # no GPU is so: nothing is concluded from it
            used = None
        read.append(GpuReading(used, _scaled(held, 1 / 1024), _scaled(memory, 1 / 1024)))
    return read


def _of_amd(root: str) -> list[GpuReading]:
    """amdgpu's own files (docs.kernel.org/gpu/amdgpu: gpu_busy_percent, mem_info_vram_used). A card of the host that
    a container was not given has no device file in it."""
    found = []
    for card in sorted(glob.glob(root + "sys/class/drm/card[0-9]*/device/gpu_busy_percent")):
        folder = os.path.dirname(card)
        nodes = glob.glob(folder + "/drm/renderD*")
        if nodes and not any(os.path.exists(f"{root}dev/dri/{os.path.basename(node)}") for node in nodes):
            continue
        used, held, memory = (_file_number(f"{folder}/{name}") for name in
                              ("gpu_busy_percent", "mem_info_vram_used", "mem_info_vram_total"))  # fmt: skip
        found.append(GpuReading(used, _scaled(held, 1 / GIB), _scaled(memory, 1 / GIB)))
    return found


def _processor(found: Reading, root: str) -> None:
    own: set[int] = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
    ticks, count = 0.0, 0
    with open(root + "proc/stat", encoding="ascii", errors="replace") as lines:
        for line in lines:
            cells = line.split()
            if re.match(r"cpu\d", line) and (not own or int(cells[0][3:]) in own):
                user, nice, system, _, _, irq, softirq = map(float, cells[1:8])
                ticks += user + nice + system + irq + softirq
                count += 1
    if count:
        found.busy, found.cores = ticks / os.sysconf("SC_CLK_TCK"), float(count)
    limited = _limited_processor(root)
    if limited and (not count or limited[1] < count):
        found.busy, found.cores = limited


def _limited_processor(root: str) -> tuple[float, float] | None:
    """(seconds worked, cores) of the narrowest cgroup around this process; None where none has a limit."""
    best: tuple[float, float] | None = None
    for folder in _groups(root, ""):
        quota, _, period = _text(folder + "/cpu.max").partition(" ")
        share = _number(quota) or 0.0
        told = re.search(r"^usage_usec (\d+)$", _text(folder + "/cpu.stat"), re.M)
        if share > 0 and told:
            cores = share / float(period)
            best = (float(told[1]) / 1e6, cores) if best is None or cores < best[1] else best
    for folder in _groups(root, "cpu"):
        share = _file_number(folder + "/cpu.cfs_quota_us") or 0.0
        period_us = _file_number(folder + "/cpu.cfs_period_us")
        spent = _file_number(folder.replace("/cpu/", "/cpuacct/", 1) + "/cpuacct.usage")
        spent = _file_number(folder + "/cpuacct.usage") if spent is None else spent
        if share > 0 and period_us and spent is not None:
            cores = share / period_us
            best = (spent / 1e9, cores) if best is None or cores < best[1] else best
    return best


def _memory(found: Reading, root: str) -> None:
    told = dict(re.findall(r"^(\w+):\s+(\d+) kB$", _text(root + "proc/meminfo"), re.M))
    if "MemTotal" in told and "MemAvailable" in told:
        found.ram_total = int(told["MemTotal"]) * 1024 / GIB
        found.ram = found.ram_total - int(told["MemAvailable"]) * 1024 / GIB
    for kind, most, now, cached in (
        ("", "memory.max", "memory.current", "inactive_file"),
        ("memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    ):
        for folder in _groups(root, kind):
            limit, used = _file_number(f"{folder}/{most}"), _file_number(f"{folder}/{now}")
            if not limit or used is None or (found.ram_total and limit / GIB >= found.ram_total):
                continue
            # What is only a copy of files goes first when memory is short: it is not held.
            spare = re.search(rf"^{cached} (\d+)$", _text(folder + "/memory.stat"), re.M)
            found.ram_total = limit / GIB
            found.ram = max(used - (float(spare[1]) if spare else 0.0), 0.0) / GIB


def _groups(root: str, controller: str) -> list[str]:
    """Folders of the cgroups around this process, its own first; of version 1 those of a controller. In a container
    the folder at the top is its own, and the path may be one of the host's that is not there."""
    top = root + "sys/fs/cgroup" + (f"/{controller}" if controller else "")
    for line in _text(root + "proc/self/cgroup").splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controller in controllers.split(",") and path.startswith("/"):
            parts = [part for part in path.split("/") if part]
            if ".." not in parts:
                return ["/".join([top, *parts[:end]]) for end in range(min(len(parts), 32), -1, -1)]
    return [top]


def _network(found: Reading, root: str) -> None:
    received = sent = 0.0
    for line in _text(root + "proc/net/dev").splitlines():
        name, colon, counted = line.partition(":")
        if colon and not _NOT_NETWORK.match(name.strip()):
            cells = counted.split()
            received += float(cells[0])
            sent += float(cells[8])
            found.received, found.sent = received, sent


def _disks(found: Reading, root: str) -> None:
    read = written = 0.0
    for line in _text(root + "proc/diskstats").splitlines():
        cells = line.split()
        name = cells[2]
        # A partition is counted with its disk, which alone has a folder there.
        if _NOT_DISKS.fullmatch(name) or not os.path.exists(f"{root}sys/block/{name}"):
            continue
        read += float(cells[5]) * SECTOR
        written += float(cells[9]) * SECTOR
        found.disk_busy[name] = float(cells[12]) / 1000
        found.disk_read, found.disk_written = read, written


def _text(path: str) -> str:
    """A small file of the kernel's; "" where it cannot be read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(1 << 20)
    except (OSError, ValueError):
        return ""


def _file_number(path: str) -> float | None:
    return _number(_text(path))


def _number(text: str) -> float | None:
    """A number that is not negative; None for anything else ("max", "[N/A]")."""
    text = text.strip()
    return float(text) if re.fullmatch(r"\d{1,20}(\.\d{1,9})?", text) else None


def _scaled(number: float | None, by: float) -> float | None:
    return None if number is None else number * by
