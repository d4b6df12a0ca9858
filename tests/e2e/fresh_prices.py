"""`gpuspec prices update` through SkyPilot as it is installed, from a server that fails for some clouds. Rows are in
the form of catalogs/v8 of skypilot-org/skypilot-catalog; GCP's are from its commit 006059e."""

from __future__ import annotations

import subprocess
from pathlib import Path

from .catalogue_server import FOLDER, HOST, catalogue_server, csv, half, page, status
from .skypilot_stack import SkyPilotStack

ZONE = "us-central1,us-central1-a"
AWS = """\
InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,GpuInfo,Price,SpotPrice,Region,AvailabilityZone,Arch
a1.large,,,2.0,4.0,,0.051,0.019000,us-east-2,use2-az2,arm64
g4dn.xlarge,T4,1.0,4.0,16.0,,0.526,0.231500,us-east-1,use1-az1,x86_64
g4dn.xlarge,T4,1.0,4.0,16.0,,0.526,0.208100,us-east-1,use1-az2,x86_64
"""
GCP = f"""\
InstanceType,vCPUs,MemoryGiB,AcceleratorName,AcceleratorCount,GpuInfo,Region,AvailabilityZone,Price,SpotPrice
a2-highgpu-1g,12.0,85.0,,,,{ZONE},0.73948,0.36975
,,,A100,1.0,,{ZONE},2.93391,1.55827
,,,tpu-v6e-1,1,tpu-v6e-1,{ZONE},2.7,0.54421
"""
AZURE = """\
InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,GpuInfo,Price,SpotPrice,Region,Generation
Standard_NC4as_T4_v3,T4,1.0,4.0,28.0,,0.526,0.2104,eastus,V2
Standard_NV6ads_A10_v5,A10,0.167,6.0,55.0,,0.454,0.0908,eastus,V2
"""
LAMBDA = """\
InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,Price,Region,GpuInfo,SpotPrice
gpu_1x_a10,A10,1.0,30.0,200.0,0.75,us-east-1,,
gpu_1x_h100_pcie,H100,1.0,26.0,200.0,2.49,us-east-1,,
"""


def _runpod() -> str:
    """A row for each of eighty data centres: 1 MB of them."""
    head = "InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,Region,SpotPrice,Price,AvailabilityZone"
    name = "{'Name': 'A100 PCIe', 'Manufacturer': 'Nvidia', 'Count': 1, 'MemoryInfo': {'SizeInMiB': 80}}"
    info = f"\"{{'Gpus': [{name}], 'TotalGpuMemoryInMiB': 80}}\""
    rows = (
        f"{number}x_A100-80GB_SECURE,A100-80GB,{number}.0,8.0,117.0,{country},{1.39 * number:.2f},{1.39 * number:.2f}"
        f",{country}-{zone},{info}"
        for number in range(1, 9)
        for country in ("CA", "CZ", "FR", "IS", "JP", "NL", "RO", "US")
        for zone in range(80)
    )
    return "\n".join((f"{head},GpuInfo", *rows, ""))


def fresh_prices(stack: SkyPilotStack, folder: Path) -> None:
    """Fetch the lists of eight clouds, four of which are had."""
    answers = {
        "aws": csv(AWS), "azure": csv(AZURE), "gcp": csv(GCP), "runpod": csv(_runpod()), "lambda": half(LAMBDA),
        "vast": status(500), "do": page("<html>\nlog in\n</html>\n"),
    }  # fmt: skip
    home = {"HOME": str(folder), "GPUSPEC_DATA_DIR": str(folder / "data")}

    def gpuspec(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
        command = [str(stack.venv / "bin" / "python"), "-m", "gpuspec", *words]
        environment = {**stack.environment(), **home, **more}
        return subprocess.run(
            command, env=environment, cwd=folder, capture_output=True, text=True, timeout=120
        )

    with catalogue_server(folder, answers) as (environment, asked):
        named = (word for cloud in (*answers, "nebius") for word in ("--cloud", cloud))
        done = gpuspec("prices", "update", "--accept-moves", *named, **environment)
    assert done.returncode == 1, done.stdout + done.stderr
    assert set(asked) == {f"{HOST}{FOLDER}{cloud}/vms.csv" for cloud in (*answers, "nebius")}
    for why in (
        "do: what is there is no price list: its first line does not name InstanceType",
        "lambda: the answer was cut",
        "nebius: the catalogue's server answered 404, there is no such file",
        "vast: the catalogue's server answered 500",
    ):
        assert f"not refreshed: {why}" in done.stderr
    lines = [line.split("\t") for line in gpuspec("prices", "export").stdout.splitlines()]
    clouds = {line[0] for line in lines if line[0][:1] != "#"}
    assert {*answers, "nebius"} <= clouds  # those that failed have the prices they had
    fetched = {line[1] for line in lines if line[0] == "# source" and "fetched" in line[4]}
    assert fetched == {"skypilot-aws", "skypilot-azure", "skypilot-gcp", "skypilot-runpod"}
    prices = {
        (line[1], line[11]): (line[7], line[8]) for line in lines if len(line) == 14 and line[12] in fetched
    }
    countries = "CA|CZ|FR|IS|JP|NL|RO|US"
    assert prices == {
        ("g4dn.xlarge", "us-east-1"): ("0.526", "0.2081"),
        ("Standard_NC4as_T4_v3", "eastus"): ("0.526", "0.2104"),
        ("a2-highgpu-1g", "us-central1"): ("3.67339", "1.92802"),
        **{(f"{n}x_A100-80GB_SECURE", countries): (f"{1.39 * n:.10g}", "") for n in range(1, 9)},
    }
    assert not (folder / ".sky" / "catalogs").exists()
