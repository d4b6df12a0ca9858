"""A launcher and a download strategy are one file of a plugin: nothing of gpuspec's own is touched for them."""

from __future__ import annotations

import json
from pathlib import Path

from installing import gpuspec, install

TOY = """
import subprocess

from gpuspec import DownloadStrategy, Gpu, Offer, PriceSource, hookimpl
from gpuspec.launch import Outcome, steps_of


class ToyLauncher:
    name, rents = "toy", False

    def check(self, job, plan, settings):
        pass

    def describe(self, job, plan, settings):
        return f"toy runs {job.run}"

    def launch(self, job, plan, settings, record):
        record.update(machine="toy", state="running")
        for step in steps_of(job, settings):
            done = subprocess.run(["bash", "-c", step], cwd=settings.workdir)
            if done.returncode:
                return Outcome("failed", done.returncode)
        return Outcome("succeeded", 0)

    def state(self, run):
        return run

    stop = down = state

    def logs(self, run, *, follow):
        return 0

    def attach(self, run, *, say):
        pass

    def strays(self):
        return ()

    def remove(self, machine):
        pass


@hookimpl
def gpuspec_launchers():
    return {"toy": ToyLauncher}


@hookimpl
def gpuspec_download_strategies():
    return {"toy-copy": DownloadStrategy('cp -- "$GPUSPEC_SOURCE" "$GPUSPEC_TARGET"')}


@hookimpl
def gpuspec_offers():
    source = PriceSource("toy", "2026-01-01", "a list", rentable=True)
    offer = Offer(
        cloud="toy", region=None, instance="one", gpu="RTX 4090", gpu_count=1, vcpus=None, ram_gib=None,
        disk_gb=None, price=0.1, spot_price=None, source="toy", launcher="toy",
    )
    return [(source, [offer])]
"""


def test_a_toy_launcher_runs_a_job_whose_file_a_toy_strategy_fetched(tmp_path: Path) -> None:
    install(tmp_path, "toy", TOY)
    (tmp_path / "elsewhere").write_text("weights")
    spec = {
        "gpu_types": ["RTX 4090"],
        "keep_alive_minutes": 3,
        "budget": {"max_hours": 1},
        "downloads": [{"strategy": "toy-copy", "source": str(tmp_path / "elsewhere"), "target": "here"}],
        "run": "cat here here > out",
    }
    work = tmp_path / "work"
    work.mkdir()
    (work / "job.gpu.jsonc").write_text(json.dumps(spec))
    state = str(tmp_path / "state")
    shown = gpuspec("run", "job.gpu.jsonc", "--dry-run", path=tmp_path, cwd=work, GPUSPEC_STATE_DIR=state)
    assert "toy runs cat here here" in shown.stdout, shown.stderr
    done = gpuspec("run", "job.gpu.jsonc", "--yes", path=tmp_path, cwd=work, GPUSPEC_STATE_DIR=state)
    assert done.returncode == 0, done.stderr
    assert (work / "out").read_text() == "weightsweights"
    listed = gpuspec("ps", "--all", "--json", path=tmp_path, cwd=work, GPUSPEC_STATE_DIR=state)
    (run,) = json.loads(listed.stdout)["runs"]
    assert (run["launcher"], run["state"]) == ("toy", "succeeded")
