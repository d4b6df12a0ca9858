"""The cloud of virtual machines with what SkyPilot's two controllers need: managed jobs and services.

Five more things of SkyPilot are other than they are, beside the address of Lambda's API:

    spot machines       the real Lambda has none; here each type has them for half the price, and `stack.terminate`
                        takes one back
    the network check   the controller asks two addresses of the world whether there is a network, before each look at
                        a job; here it asks the fake cloud
    one controller      SkyPilot starts as many processes as memory allows (12 in 24 GB), each as busy as the first
    consolidation mode  the controllers live in the API server (two lines of SkyPilot's own config)
    RunPod's volumes    are asked for at the fake RunPod (what else RunPod is asked for goes where an environment
                        variable says)

A disk that outlives machines is mounted on each at /mnt/shared; here it is the folder `stack.shared`.
"""

from __future__ import annotations

import csv
import re
import shutil
from pathlib import Path

from .fake_cloud import BASE, PORT
from .fake_datacenter import HOST
from .fake_runpod import STOCK, URL
from .skypilot_stack import by_hand
from .vm_stack import VMStack

PATCHES = {
    "clouds/lambda_cloud.py": (
        (r"^        clouds\.CloudImplementationFeatures\.SPOT_INSTANCE:.*\n", ""),
        (r"^        if use_spot:\n            return \[\]\n", ""),
    ),
    "catalog/lambda_catalog.py": ((r"^    assert not use_spot, .*\n", ""),),
    "backends/backend_utils.py": (
        (r"^_TEST_IP_LIST = \[.*\]\n", f"_TEST_IP_LIST = ['http://{HOST}:{PORT}{BASE}/instances']\n"),
    ),
    "utils/controller_utils.py": ((r"^MAX_CONTROLLERS = .*\n", "MAX_CONTROLLERS = 1\n"),),
    "adaptors/runpod.py": ((r"^_REST_BASE = .*\n", f"_REST_BASE = '{URL}/v1'\n"),),
}
"""File of SkyPilot → (what it has, what it gets)."""


class ControllersStack(VMStack):
    """The stack under one folder."""

    skypilot = "skypilot[lambda,runpod,remote]==0.14.1"

    @property
    def shared(self) -> Path:
        """The disk that outlives machines."""
        return self.folder / "cloud" / "shared"

    def patch_skypilot(self) -> None:
        super().patch_skypilot()
        (package,) = self.venv.glob("lib/python3*/site-packages/sky")
        done = package / "patched-for-controllers"
        if done.exists():
            return
        for name, changes in PATCHES.items():
            path = package / name
            text = path.read_text()
            for theirs, ours in changes:
                text, number = re.subn(theirs, ours, text, flags=re.MULTILINE)
                if number != 1:
                    raise RuntimeError(f"{path} is not what it was: {number} × {theirs}")
            new = path.with_suffix(".new")  # the old file may be a link into uv's cache
            new.write_text(text)
            new.rename(path)
        done.touch()

    def write_skypilot(self) -> None:
        super().write_skypilot()
        for path in (self.home / ".sky" / "catalogs" / "v8" / "lambda" / "vms.csv", self.prices):
            with open(path, newline="") as text:
                rows = list(csv.DictReader(text))
            with open(path, "w", newline="") as text:
                out = csv.DictWriter(text, rows[0].keys())
                out.writeheader()
                out.writerows({**row, "SpotPrice": float(row["Price"]) / 2} for row in rows)
        with open(self.home / ".sky" / "config.yaml", "a") as config:
            for controller in ("jobs", "serve"):
                # A workdir goes to the controller, not into a bucket of the store that machines mount.
                apart = "force_disable_cloud_bucket: true"
                config.write(f"{controller}: {{controller: {{consolidation_mode: true}}, {apart}}}\n")
        for left in (self.shared, self.home / "state"):  # of a stack before, in a folder that is kept
            shutil.rmtree(left, ignore_errors=True)
        self.shared.mkdir()
        self.shared.chmod(0o777)

    def environment(self) -> dict[str, str]:
        return {**super().environment(), "RUNPOD_API_BASE_URL": URL}

    def enable_runpod(self) -> None:
        """Give SkyPilot RunPod's credentials, and one GPU in two data centers for $0.69/h ($0.34 spot); gpuspec
        hears its prices, too."""
        catalog = self.home / ".sky/catalogs/v8"
        (catalog / "runpod").mkdir(exist_ok=True)
        machine = "InstanceType,vCPUs,MemoryGiB,AcceleratorName,AcceleratorCount,GpuInfo"
        head = f"{machine},Region,AvailabilityZone,Price,SpotPrice\n"
        (catalog / "runpod/vms.csv").write_text(
            head
            + "".join(
                f"1x_RTX4090_SECURE,16.0,24.0,RTX4090,1.0,RTX4090,{zone[:2]},{zone},0.69,0.34\n"
                for zone in STOCK
            )
        )
        with open(self.prices, "a") as prices:
            prices.writelines(
                f"runpod,{zone[:2]},1x_RTX4090_SECURE,RTX4090,1,16,24,0.69,0.34\n" for zone in STOCK
            )
        with open(catalog / "common/accelerators.csv", "a") as gpus:
            gpus.write("RTX4090,['RunPod']\n")
        (self.home / ".runpod").mkdir(exist_ok=True)
        (self.home / ".runpod/config.toml").write_text('[default]\napi_key = "e2e"\n')
        config = self.home / ".sky/config.yaml"
        config.write_text(config.read_text().replace("allowed_clouds: [", "allowed_clouds: [runpod, "))
        self.check_cloud("runpod")


if __name__ == "__main__":
    by_hand(ControllersStack)
