"""What installed plugins add to a cold `gpuspec lint FILE`.

    python benchmarks/plugins.py [--runs N] [--plugins N]

Each is a package as `gpuspec plugin new` writes it: a hook, and one rule in a module of its own. Bars:
50 plugins add ≤ 45 ms (least of all runs: others share the machine); with a 51st that is broken, the report is the
same but for the line that names it. Exits with 1 where a bar is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from gpuspec.plugin.template import files

SPEC = """{
  "run": "python process_batch.py",
  "task": "batch",
  "gpu_types": ["RTX 4090"],
  "keep_alive_minutes": 3,
  "budget": { "max_hours": 4 },
  "max_price": 1.0,
  "outputs": ["results/"]
}
"""
BAR_MS = 45.0


def install(site: Path, number: int) -> None:
    """So many plugins, as pip leaves them."""
    for at in range(number):
        name = f"made-{chr(97 + at // 26)}{chr(97 + at % 26)}"
        package = f"gpuspec_{name.replace('-', '_')}"
        for path, text in files(name).items():
            if path.startswith(package) or path == "README.md":
                (site / path).parent.mkdir(parents=True, exist_ok=True)
                (site / path).write_text(text)
        info = site / f"gpuspec_{name.replace('-', '_')}-0.1.0.dist-info"
        info.mkdir()
        head = f"Metadata-Version: 2.4\nName: gpuspec-{name}\nVersion: 0.1.0\nRequires-Dist: gpuspec<0.2,>=0.1.0\n"
        (info / "METADATA").write_text(f"{head}\n{files(name)['README.md']}")
        (info / "entry_points.txt").write_text(f"[gpuspec]\n{name} = {package}\n")


def run(site: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """One run of gpuspec, with that folder on the path."""
    command = [sys.executable, "-m", "gpuspec", *arguments]
    env = {**environment(folder), "PYTHONPATH": str(site)}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)


def environment(folder: Path) -> dict[str, str]:
    """As an installed tool runs: with bytecode written, which some build machines forbid."""
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": str(folder / "pycache")}


def times(sites: list[Path], folder: Path, runs: int) -> list[tuple[float, float]]:
    """(least wall clock, least processor time) in milliseconds of a cold lint with each folder on the path.

    The folders take turns, so that what else the machine does hits them alike.
    """
    command = [str(Path(sys.executable).parent / "gpuspec"), "lint", "job.gpu.jsonc"]
    least = [(float("inf"), float("inf"))] * len(sites)
    for _ in range(runs):
        for at, site in enumerate(sites):
            env = {**environment(folder), "PYTHONPATH": str(site)}
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            start = time.perf_counter()
            subprocess.run(command, cwd=folder, env=env, stdout=subprocess.DEVNULL, check=False)
            wall = time.perf_counter() - start
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            least[at] = (min(least[at][0], wall * 1000), min(least[at][1], spent * 1000))
    return least


def main() -> int:
    """Measure and say whether the bars hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--plugins", type=int, default=50)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "job.gpu.jsonc").write_text(SPEC)
        sites = [folder / site for site in ("none", "many", "broken")]
        for site in sites:
            site.mkdir()
        for site in sites[1:]:
            install(site, options.plugins)
        info = sites[2] / "bad-1.0.dist-info"
        info.mkdir()
        (info / "entry_points.txt").write_text("[gpuspec]\nbad = no_such_module\n")
        rules = json.loads(run(sites[1], folder, "rules", "--format", "json").stdout)
        loaded = sum(rule["plugin"].startswith("gpuspec-made-") for rule in rules)
        well, broken = (run(site, folder, "lint", "job.gpu.jsonc") for site in sites[1:])
        same = well.stdout == broken.stdout and not well.stderr and len(broken.stderr.splitlines()) == 1
        (bare, bare_cpu), (many, many_cpu) = times(sites[:2], folder, options.runs)
    print(f"no plugin   {bare:6.1f} ms, processor {bare_cpu:6.1f} ms (least of {options.runs} runs)")
    print(f"{options.plugins} plugins  {many:6.1f} ms, processor {many_cpu:6.1f} ms; {loaded} rules loaded")
    print(f"they add    {many - bare:+6.1f} ms, processor {many_cpu - bare_cpu:+6.1f} ms")
    print("one more that is broken: " + ("its own line, nothing else" if same else "MORE THAN ITS OWN LINE"))
    print(broken.stderr, end="")
    good = same and loaded == options.plugins and many - bare <= BAR_MS
    print("within the bars" if good else "a bar is missed")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
