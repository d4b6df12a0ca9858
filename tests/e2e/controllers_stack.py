"""The cloud of virtual machines with what SkyPilot's two controllers need: managed jobs and services.

Four more things of SkyPilot are other than they are, beside the address of Lambda's API:

    spot machines       the real Lambda has none; here each type has them for half the price, and `stack.terminate`
                        takes one back
    the network check   the controller asks two addresses of the world whether there is a network, before each look at
                        a job; here it asks the fake cloud
    one controller      SkyPilot starts as many processes as memory allows (12 in 24 GB), each as busy as the first
    consolidation mode  the controllers live in the API server (two lines of SkyPilot's own config)

A disk that outlives machines is mounted on each at /mnt/shared; here it is the folder `stack.shared`.
"""

from __future__ import annotations

import csv
import re
import shutil
from pathlib import Path

from .fake_cloud import BASE, HOST, PORT
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
}
"""File of SkyPilot → (what it has, what it gets)."""


class ControllersStack(VMStack):
    """The stack under one folder."""

    skypilot = "skypilot[lambda,remote]==0.14.1"

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


if __name__ == "__main__":
    by_hand(ControllersStack)
