"""What other tools print of GPUs, as gpuspec reads it."""

from __future__ import annotations

import json

import pytest

from gpuspec.errors import UserError
from gpuspec.planning.skypilot_history import clusters_in
from gpuspec.planning.usage_files import usage_in

SMI = """timestamp, index, name, memory.used [MiB], utilization.gpu [%]
2026/11/28 10:00:00.123, 0, NVIDIA A100 80GB PCIe, 8192 MiB, 50 %
2026/11/28 10:00:00.123, 1, NVIDIA A100 80GB PCIe, 512 MiB, [N/A]
2026/11/28 10:00:05.123, 0, NVIDIA A100 80GB PCIe, 16384 MiB, 100 %
"""
PLAIN = SMI.replace(" MiB,", ",").replace(" %\n", "\n")  # nounits: the header keeps them
DMON = """#Date       Time        gpu     sm    mem    enc    dec    jpg    ofa     fb   bar1   ccpm
#YYYYMMDD   HH:MM:SS    Idx      %      %      %      %      %      %     MB     MB     MB
 20261128   10:00:00      0     75     33      0      0      0      0  20480      3      0
 20261128   10:00:01      0     25     23      0      0      0      0  10240      3      0
 20261128   10:00:01      1      -     23      0      0      0      0   1024      3      0
"""
DCGMI = "#Entity   GPUTL       FBUSD\nID\nGPU 1     20          1024\nGPU 0     60          40960\n"
LABELS = 'gpu="0",UUID="GPU-a",modelName="NVIDIA H100 80GB HBM3",pod="chat-0"'
EXPORTED = f"""# HELP DCGM_FI_DEV_FB_USED Framebuffer memory used (in MiB).
# TYPE DCGM_FI_DEV_FB_USED gauge
DCGM_FI_DEV_FB_USED{{{LABELS}}} 30720
DCGM_FI_DEV_FB_USED{{gpu="1",UUID="GPU-b",modelName="NVIDIA L4",pod="other"}} 71680
DCGM_FI_DEV_GPU_UTIL{{{LABELS}}} 40
DCGM_FI_DEV_GPU_UTIL{{{LABELS}}} NaN
DCGM_FI_DEV_GPU_TEMP{{{LABELS}}} 41
"""
FIELDS = """time,gpu,modelName,DCGM_FI_DEV_FB_USED,DCGM_FI_PROF_GR_ENGINE_ACTIVE
2026-11-27T10:00:00Z,0,NVIDIA L4,2048,0.25
2026-11-27T10:00:05Z,0,NVIDIA L4,4096,0.75
"""


@pytest.mark.parametrize(
    ("text", "source", "peak", "busy", "gpus", "day"),
    [
        (SMI, "nvidia-smi", 16.0, 75.0, 2, "2026-11-28"),  # (50 + 100) ÷ 2
        (PLAIN, "nvidia-smi", 16.0, 75.0, 2, "2026-11-28"),
        (SMI.replace("memory.used [MiB]", "x"), "nvidia-smi", None, 75.0, 2, "2026-11-28"),
        (DMON, "nvidia-smi dmon", 20.0, 50.0, 2, "2026-11-28"),
        (DCGMI, "dcgmi dmon", 40.0, 40.0, 2, ""),
        (EXPORTED, "DCGM-exporter", 70.0, 40.0, 2, ""),
        (EXPORTED.replace("other", 'a\\"}b'), "DCGM-exporter", 70.0, 40.0, 2, ""),
        (
            SMI.replace("8192", '"8192'),
            "nvidia-smi",
            16.0,
            100.0,
            2,
            "2026-11-28",
        ),  # a quote ends with its line
        (SMI.replace("16384 MiB", "0.0625 TiB"), "nvidia-smi", 64.0, 75.0, 2, "2026-11-28"),
        (SMI.replace("16384 MiB", "17179869184 B"), "nvidia-smi", 16.0, 75.0, 2, "2026-11-28"),
        (SMI.replace("16384 MiB", "9 furlongs"), "nvidia-smi", 8.0, 75.0, 2, "2026-11-28"),
        (PLAIN.replace("[MiB]", "[pages]"), "nvidia-smi", None, 75.0, 2, "2026-11-28"),
        (FIELDS, "DCGM", 4.0, 50.0, 1, "2026-11-27"),
    ],
)
def test_each_tool(text: str, source: str, peak: float | None, busy: float, gpus: int, day: str) -> None:
    found = usage_in(text, "usage")
    assert (found.source, found.peak_gib, found.busy, found.gpus, found.first_day) == (
        source,
        peak,
        busy,
        gpus,
        day,
    )


def test_a_pod_of_many() -> None:
    found = usage_in(EXPORTED, "usage", {"pod": "chat-0"})
    assert (found.peak_gib, found.gpus, found.names) == (30.0, 1, ("NVIDIA H100 80GB HBM3",))
    with pytest.raises(UserError, match="no sample of GPUs with these labels"):
        usage_in(EXPORTED, "usage", {"pod": "nobody"})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "2026/11/28, 8192 MiB, 50 %\n",  # noheader: which column is which nobody knows
        "memory.used [MiB]\n[N/A]\n",
        "memory.used [MiB]\n-5 MiB\n1e999 MiB\n٣ MiB\nnan\n99999999999 MiB\n",
        "utilization.gpu [%]\n101 %\n",
        'DCGM_FI_DEV_FB_USED{gpu="0' + "\\" * 100_000,
        "memory.used [MiB]\n" + '"' * 200_000,
        "# gpu sm\n" * 1000,
    ],
)
def test_what_says_nothing_is_told(text: str) -> None:
    with pytest.raises(UserError) as raised:
        usage_in(text, "usage")
    assert raised.value.code == "unknown-usage"


def test_the_history_of_skypilot() -> None:
    cluster = {
        "name": "embed",
        "launched_at": 1_790_000_000,  # 2026-09-21 14:13:20 UTC
        "duration": 7200,
        "num_nodes": 1,
        "resources": {"infra": "lambda", "accelerators": {"A100-80GB": 2}},
        "total_cost": 5.0,
        "status": "TERMINATED",
    }
    others: list[object] = [
        {**cluster, "status": "UP"},
        {**cluster, "duration": "x"},
        {**cluster, "name": 3},
        7,
        None,
    ]
    as_text = {**cluster, "resources": {"accelerators": "L4"}, "total_cost": 0}
    found = clusters_in(json.dumps([cluster, *others, as_text]), "history")
    assert [(one.gpu, one.gpus, one.hours, one.price) for one in found] == [
        ("A100-80GB", 2, 2.0, 2.5),
        ("L4", 1, 2.0, None),
    ]
    assert found[0].launched == "2026-09-21T14:13:20Z"
    for wrong in ("[", "[" * 100_000, '{"a": 1}'):
        with pytest.raises(UserError, match=r"is not JSON|no list of clusters"):
            clusters_in(wrong, "history")
