"""What a machine shows of itself, what a job uses of it, and when that is too little."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from waiting import until

from gpuspec.launch.launcher import Run
from gpuspec.launch.on_machine.utilization import readings
from gpuspec.launch.on_machine.utilization.readings import GpuReading, Reading, read_gpus, read_machine
from gpuspec.launch.on_machine.utilization.usage import LeastUse, MachineUsage, bottleneck
from gpuspec.launch.records import process_start
from gpuspec.launch.utilization import Utilization, as_text, summary, together, utilization_in, utilization_of

GIB = 2**30


def machine(root: Path, **files: str) -> str:
    """A folder with files of the kernel; `__` stands for a slash."""
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return f"{root}/"


def test_a_machine_without_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1}, raising=False)
    monkeypatch.setattr(os, "sysconf", lambda name: 100)
    root = machine(
        tmp_path,
        proc__stat="cpu 0 0\ncpu0 100 10 50 900 7 3 2 99 0 0\ncpu1 200 0 0 900 0 0 0 0 0 0\ncpu2 5000 0 0 0 0 0 0\n",
        proc__meminfo=f"MemTotal: {16 * 2**20} kB\nMemAvailable: {12 * 2**20} kB\n",
        proc__self__cgroup="0::/user.slice\n",
        proc__net__dev="Inter-| Receive\n face |\n    lo: 9 0 0 0 0 0 0 0 9 0\n  eth0: 1000 1 0 0 0 0 0 0 300 2\n"
        "docker0: 7 0 0 0 0 0 0 0 7 0\n  ib0: 24 0 0 0 0 0 0 0 6 0\n",
        proc__diskstats="259 0 nvme0n1 10 0 4000 5 20 0 2000 9 0 700 14\n"
        "259 1 nvme0n1p1 10 0 4000 5 20 0 2000 9 0 700 14\n"
        "7 0 loop0 1 0 8 0 0 0 0 0 0 4 0\n",
        sys__block__nvme0n1__size="1\n",
    )
    found = read_machine(root)
    assert (found.cores, found.busy) == (
        2.0,
        3.65,
    )  # 100+10+50+3+2 and 200 ticks of 0.01 s; cpu2 is not the job's
    assert (found.ram, found.ram_total) == (4.0, 16.0)
    assert (found.received, found.sent) == (1024.0, 306.0)
    assert (found.disk_read, found.disk_written) == (4000 * 512, 2000 * 512)
    assert found.disk_busy == {"nvme0n1": 0.7}


@pytest.mark.parametrize("version", [1, 2])
def test_the_limit_of_a_container_counts(
    tmp_path: Path, version: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3}, raising=False)
    two = {
        "sys__fs__cgroup__cpu.max": "150000 100000\n",
        "sys__fs__cgroup__cpu.stat": "usage_usec 7500000\nuser_usec 1\n",
        "sys__fs__cgroup__memory.max": f"{8 * GIB}\n",
        "sys__fs__cgroup__memory.current": f"{5 * GIB}\n",
        "sys__fs__cgroup__memory.stat": f"anon 1\ninactive_file {2 * GIB}\n",
        "proc__self__cgroup": "0::/kubepods/pod1/of-the-host\n",
    }
    one = {
        "sys__fs__cgroup__cpu__docker__cpu.cfs_quota_us": "150000\n",
        "sys__fs__cgroup__cpu__docker__cpu.cfs_period_us": "100000\n",
        "sys__fs__cgroup__cpuacct__docker__cpuacct.usage": "7500000000\n",
        "sys__fs__cgroup__memory__docker__memory.limit_in_bytes": f"{8 * GIB}\n",
        "sys__fs__cgroup__memory__docker__memory.usage_in_bytes": f"{5 * GIB}\n",
        "sys__fs__cgroup__memory__docker__memory.stat": f"total_inactive_file {2 * GIB}\n",
        "proc__self__cgroup": "4:memory:/docker\n3:cpu,cpuacct:/docker\n0::/\n",
    }
    stat = "".join(f"cpu{at} 100 0 0 0 0 0 0 0\n" for at in range(4))
    meminfo = f"MemTotal: {64 * 2**20} kB\nMemAvailable: {32 * 2**20} kB\n"
    found = read_machine(
        machine(tmp_path, proc__stat=stat, proc__meminfo=meminfo, **(one if version == 1 else two))
    )
    assert (found.cores, found.busy) == (1.5, 7.5)
    assert (found.ram, found.ram_total) == (3.0, 8.0)


@pytest.mark.parametrize("junk", ["", "\0\xff", "cpu0 a b c d e f g\n", "9" * 5000, "x: 1\n" * 50])
def test_what_cannot_be_read_is_unknown(tmp_path: Path, junk: str) -> None:
    names = ("proc__stat", "proc__meminfo", "proc__self__cgroup", "proc__net__dev", "proc__diskstats",
             "sys__fs__cgroup__cpu.max", "sys__fs__cgroup__memory.max")  # fmt: skip
    found = read_machine(machine(tmp_path, **dict.fromkeys(names, junk)))
    assert (found.busy, found.ram, found.received, found.disk_read) == (None, None, None, None)
    assert vars(read_machine(f"{tmp_path}/none/")) == vars(Reading())


def test_amds_gpus_are_read_from_their_driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    files = {}
    for card, used in ((0, 97), (1, 3)):
        folder = f"sys__class__drm__card{card}__device"
        files[f"{folder}__gpu_busy_percent"] = f"{used}\n"
        files[f"{folder}__mem_info_vram_used"] = f"{96 * GIB}\n"
        files[f"{folder}__mem_info_vram_total"] = f"{192 * GIB}\n"
        files[f"{folder}__drm__renderD{128 + card}__dev"] = "226:128\n"
    root = machine(tmp_path, dev__dri__renderD128="", **files)  # the second is not the container's
    assert [vars(gpu) for gpu in read_gpus(root)] == [{"used": 97.0, "held": 96.0, "memory": 192.0}]


def usage(
    *used: float | None, wanted: LeastUse | None = None, step: float = 5.0, **more: list[float]
) -> MachineUsage:
    """Readings every `step` seconds: how much the one GPU is used, and by name other fields, one value for each."""
    found = MachineUsage(wanted)
    for at, share in enumerate(used):
        reading = Reading()
        reading.gpus = [] if share is None else [GpuReading(share, 10.0, 80.0)]
        for name, values in more.items():
            setattr(reading, name, values[at])
        found.add(reading, at * step)
    return found


END = LeastUse(30, 1, end=True)


def test_the_mean_of_the_minutes_counts() -> None:
    assert usage(*[90.0, *[10.0] * 11], wanted=END).too_low() is None  # 55 seconds
    assert usage(*[90.0, *[10.0] * 12], wanted=END).too_low() == 10.0
    # a minute has 12 readings: a third of 85 and two thirds of 5 are 31.7
    assert usage(*[85.0, 5.0, 5.0] * 5, wanted=END).too_low() is None
    assert usage(*[80.0, 2.0, 2.0] * 5, wanted=END).too_low() == 28.0
    assert usage(*[100.0] * 50, *[10.0] * 12, wanted=END).too_low() == 10.0  # what was before is before


def test_loading_is_not_idle() -> None:
    rising = [5e6 * 3 * at for at in range(20)]  # bytes: 3 MB/s
    assert usage(*[0.0] * 20, wanted=END, received=rising).too_low() is None
    assert usage(*[0.0] * 20, wanted=END, received=[1.0] * 20).too_low() == 0.0
    # once a GPU has worked, what it waits for is idle
    assert usage(*[90.0, *[0.0] * 19], wanted=END, received=rising).too_low() == 0.0
    long = [5e6 * 3 * at for at in range(1800)]  # two hours and a half of it: nothing loads for that long
    assert usage(*[0.0] * 1800, wanted=END, received=long).too_low() == 0.0


def test_a_machine_that_slept_was_not_idle() -> None:
    assert usage(90.0, 0.0, wanted=LeastUse(30, 2, end=True), step=9000).too_low() is None


def test_gpus_that_do_not_tell_are_not_judged() -> None:
    assert usage(*[None] * 50, wanted=END).too_low() is None


def test_means_and_rates() -> None:
    found = usage(
        None, 40.0, 60.0, busy=[0.0, 10.0, 30.0], cores=[4.0] * 3, received=[0.0, 5e7, 1e8]
    ).summary()
    assert (found["gpu"], found["minutes"], found["memory"], found["memory_total"]) == (
        50.0,
        0.17,
        10.0,
        80.0,
    )
    assert found["cpu"] == 75.0  # 30 of 2 × 5 s × 4 cores
    assert found["received"] == 10.0  # MB/s


def test_lately_is_the_last_five_minutes_or_six() -> None:
    found = usage(*[100.0] * 200, *[0.0] * 80).summary()
    assert found["gpu_lately"] < 15.0 < found["gpu"]


@pytest.mark.parametrize(
    ("known", "words"),
    [
        (
            {"gpu_lately": 20, "cpu_lately": 97, "cores": 8},
            "the CPU works at 97 % of its 8 cores: data loading",
        ),
        (
            {"gpu_lately": 20, "cpu_lately": 12, "cores": 8},
            "one of 8 cores works: a single process feeds the GPU",
        ),
        ({"gpu_lately": 20, "ram_lately": 60, "ram_total": 64}, "memory is full (60 of 64 GiB)"),
        ({"gpu_lately": 20, "received": 80.0}, "80 MB/s come over the network: downloads inside the loop"),
        ({"gpu_lately": 20, "disk_busy": 95, "disk_read": 120}, "the disk is busy (reads 120 MB/s)"),
        ({"gpu_lately": 20, "cpu_lately": 1, "cores": 8}, "CPU and network are idle, too: it waits"),
        ({"gpu_lately": 24, "gpus": [95, 0, 1, 0]}, "1 of 4 GPUs is used, the others wait"),
        ({"gpu_lately": 66, "gpus": [99, 99, 0]}, "2 of 3 GPUs are used, the others wait"),
        ({"gpu_lately": 80, "cpu_lately": 99, "cores": 8, "received": 500}, ""),
        ({"cpu_lately": 99, "cores": 8}, ""),
        ({}, ""),
    ],
)
def test_what_holds_the_gpus_up_is_named(known: dict[str, float], words: str) -> None:
    assert bottleneck(known).startswith(words)
    assert bool(bottleneck(known)) is bool(words)


def test_machines_of_one_run_together() -> None:
    one = Utilization(minutes=10, gpu=90, gpus=(90.0,), memory=40, received=5, at=100)
    two = Utilization(minutes=9, gpu=50, gpus=(50.0,), memory=60, received=7, at=200)
    found = together([one, two])
    assert found == Utilization(minutes=10, gpu=70, gpus=(90.0, 50.0), memory=60, received=12, at=200)
    assert together([]) is None
    assert together([one]) == one


def test_a_record_keeps_it() -> None:
    found = Utilization(minutes=10, gpu=90, gpus=(90.0,), cpu=50, cores=8, ram=3, ram_total=16, ended="idle")
    run = Run("a", "a", "local", "a", "/", "running", 0.0, utilization=as_text(found))
    assert utilization_of(run) == found
    assert summary(found) == "GPU 90 %; CPU 50 % of 8 cores; memory 3.0 of 16.0 GiB"


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "{",
        "[]",
        "3",
        "null",
        '{"gpu": "x"}',
        '{"gpu": NaN}',
        '{"gpu": -3}',
        '{"gpu": 1' + "0" * 400 + "}",
        "[" * 5000,
        "{}" + " " * 9000,
    ],
)
def test_a_line_that_tells_nothing(text: str | None) -> None:
    assert utilization_in(text) is None


def test_a_line_that_a_job_made_up_breaks_nothing() -> None:
    told = {
        "gpu": 5,
        "gpus": [1] * 500,
        "ended": "x\x1b[31m\ny" * 300,
        "cpu": True,
        "cores": 1e300,
        "at": {},
    }
    found = utilization_in(json.dumps(told))
    assert found is not None
    assert (found.gpu, found.cpu, found.cores, found.at, len(found.gpus)) == (5.0, None, None, None, 64)
    assert "\x1b" not in found.ended
    assert "\n" not in found.ended


@pytest.mark.parametrize(
    ("script", "used"),
    [
        ("echo '0, GPU-a, 40, 1024, 81920'", [40.0]),
        ("echo '0, GPU-a, 40, 1024, 81920'; exit 14", [40.0]),
        ("echo '0, GPU-a, 0, 0, 81920'; exit 15", []),  # a GPU is lost
        ("echo '0, GPU-a, 0, 0, 0'", [None]),
        ("echo '0, GPU-a, 4711, 1024, 81920'", [None]),
        ("head -c 5000 /dev/urandom | tr , ' '", []),
        ("exec yes '0, GPU-a, 0, 0, 81920'", []),
        ("sleep 600 & echo $! >pid; echo '0, GPU-a, 0, 0, 81920'; wait", []),
    ],
)
def test_an_nvidia_smi_that_fails_says_nothing_and_leaves_nothing(
    script: str, used: list[float | None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it says may end a job."""
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/bash\n{script}\n")
    program.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(readings, "NVIDIA_SMI", (str(program),))
    monkeypatch.setattr(readings, "DRIVER_SECONDS", 0.5 if "sleep" in script else 20.0)
    assert [gpu.used for gpu in readings.read_gpus(f"{tmp_path}/")] == used
    if "sleep" in script:
        left = int((tmp_path / "pid").read_text())
        until(lambda: process_start(left) is None)
