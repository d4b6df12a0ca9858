"""The README's own file, seen through the catalogue; what a file that is wrong is told."""

from __future__ import annotations

import ast
import io
import re
import sys
import zipfile
from pathlib import Path

import gpuspec_fleet
import pytest
from gpuspec_fleet import fleet
from gpuspec_fleet.ssh import bundle

from gpuspec import resolve_gpu, resolve_model
from gpuspec.formats import read
from gpuspec.planning.case import Case
from gpuspec.planning.plan import Plan
from gpuspec.plugin.installed_catalog import installed_catalog
from gpuspec.testing import lint_text, plugged


def plan_of(text: str) -> Plan:
    return Case(read("job.gpu.jsonc", text.encode())[0]).plan


README = (Path(__file__).parents[1] / "README.md").read_text()
EXAMPLE = re.findall(r"```toml\n(.*?)```", README, re.S)[0]


MACHINE = "[[machines]]\ncloud = 'a'\ngpu = 'L4'\nprice = 1\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(fleet.VARIABLE, raising=False)
    return tmp_path


def test_the_readme(folder: Path) -> None:
    (folder / fleet.NAME).write_text(EXAMPLE)
    with plugged(gpuspec_fleet):
        gpu = resolve_gpu("4090-48g").gpu
        assert gpu is not None
        assert (gpu.name, gpu.vram_gb) == ("RTX 4090 48GB", 48)
        model = resolve_model("acme/helper-13b").model
        assert model is not None
        assert (model.params_b, model.layers) == (13, 40)
        ours = installed_catalog().offers("fleet")
        assert [(o.cloud, o.gpu, o.gpu_count, o.price) for o in ours] == [("fleet", "RTX 4090 48GB", 4, 0.9)]
        assert ours[0] in installed_catalog().offers()
        assert [s.as_of for s in installed_catalog().price_sources if s.name == "fleet"] == ["2026-11-01"]
    assert resolve_gpu("4090-48g").gpu is None
    assert "fleet" not in {source.name for source in installed_catalog().price_sources}


def test_prices_of_a_cloud_take_the_place_of_the_shipped_ones(folder: Path) -> None:
    assert sum(offer.cloud == "runpod" for offer in installed_catalog().offers()) > 1
    (folder / fleet.NAME).write_text('[[machines]]\ncloud = "runpod"\ngpu = "RTX 4090"\nprice = 0.2\n')
    with plugged(gpuspec_fleet):
        assert [offer.price for offer in installed_catalog().offers() if offer.cloud == "runpod"] == [0.2]
        assert sum(offer.cloud == "lambda" for offer in installed_catalog().offers()) > 1


def test_without_a_file_nothing_changes(folder: Path) -> None:
    before = installed_catalog().offers()
    with plugged(gpuspec_fleet):
        assert installed_catalog().offers() == before


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x =", "cannot be read"),
        ("machine = []", "there is nothing called 'machine'"),
        ("[gpus]\n", "gpus are written [[gpus]]"),
        ("[[machines]]\ncloud = 'a'\n", "machines 1 has no gpu"),
        ("[[machines]]\ncloud = 'a'\ngpu = 'L4'\nprice = '1'\n", "price = '1' must be of type float"),
        ("[[machines]]\ncloud = 'a'\ngpu = 'L4'\nprice = -1\n", "price = -1 must not be negative"),
        ("[[models]]\nid = 'a'\nparams = 3\n", "models 1 has no 'params'"),
        (f"{MACHINE}ssh = 'a'\n", "machines 1 needs an instance, a name of its own, for its ssh"),
        (f"{MACHINE}instance = 'x'\nssh = '-oProxyCommand=touch y'\n", "is no host, user@host or name"),
        (f"{MACHINE}instance = 'x'\nssh = 'a b'\n", "is no host, user@host or name"),
        (f"{MACHINE}instance = '../x'\nssh = 'a'\n", "machines 1 needs an instance"),
        (f"{MACHINE}instance = 'x'\nssh = 'a'\n" * 2, "machines 2 needs an instance"),
        (f"ssh-config = 3\n{MACHINE}", "ssh-config = 3 must be of type str"),
        ("[[gpus]]\nname = 'a'\nvendor = 'b'\narchitecture = 'c'\nvram-gb = true\n", "must be of type float"),
    ],
)
def test_a_wrong_file(folder: Path, text: str, words: str) -> None:
    path = folder / fleet.NAME
    path.write_text(text)
    with pytest.raises(fleet.FleetError) as caught:
        fleet.read(str(path))
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[machines]]\ncloud = 'a'\ngpu = 'no such'\nprice = 1\n", "the GPU 'no such', which nobody knows"),
        ("[[gpus]]\nname = 'L4'\nvendor = 'b'\narchitecture = 'c'\nvram-gb = 1\n", "'L4' is there already"),
        (
            "[[gpus]]\nname = 'Z'\nvendor = 'b'\narchitecture = 'c'\nvram-gb = 0\n",
            "vram_gb is 0, not gigabytes",
        ),
    ],
)
def test_what_the_catalogue_refuses(folder: Path, text: str, words: str) -> None:
    (folder / fleet.NAME).write_text(text)

    def look() -> None:
        with plugged(gpuspec_fleet):
            installed_catalog().offers()
            resolve_gpu("L4")

    with pytest.raises(AssertionError, match=words):
        look()


def test_machines_that_jobs_can_run_on(folder: Path) -> None:
    """One without ssh is a price of a cloud, and the launcher of that cloud's."""
    machine = f"{MACHINE}instance = 'x'\nssh = 'me@host.example'\n"
    (folder / fleet.NAME).write_text(f"ssh-config = 'keys/ssh.config'\n{machine}{MACHINE}")
    read = fleet.read(str(folder / fleet.NAME))
    assert read.machines == {"x": fleet.Machine("x", "me@host.example", str(folder / "keys/ssh.config"))}
    assert [offer.launcher for offer in read.prices[0][1]] == ["fleet", "skypilot"]


@pytest.mark.parametrize(("ssh", "idle"), [("ssh = 'a'\n", 0.0), ("", 0.05)])
def test_what_is_yours_idles_for_nothing(folder: Path, ssh: str, idle: float) -> None:
    """3 minutes at $1/h are $0.05, and a disk of 730 GB at $0.10 a month is $0.10/h; of what is rented."""
    (folder / fleet.NAME).write_text(f"{MACHINE}instance = 'x'\n{ssh}")
    text = '{"run": "x", "gpu_types": ["L4"], "clouds": ["a"], "disk_gb": 730, "budget": {"max_hours": 2}}'
    with plugged(gpuspec_fleet):
        found = plan_of(text)
        codes = {located.finding.code for located in lint_text(text)}
    assert found.cost is not None
    assert found.cost.idle == pytest.approx(idle)
    assert found.cost.total == pytest.approx(2 if ssh else 2 + 0.05 + 0.1 * 2.05)
    assert ("GS401" in codes) is not bool(ssh)


def test_what_runs_on_a_machine_needs_nothing_but_an_old_python() -> None:
    archive = zipfile.ZipFile(io.BytesIO(bundle()))
    assert archive.namelist() == ["__main__.py", "agent.py", "readiness.py", "redact.py"]
    for name in archive.namelist():
        tree = ast.parse(archive.read(name), feature_version=(3, 8))
        imported = {
            (node.module if isinstance(node, ast.ImportFrom) else node.names[0].name).split(".")[0]  # type: ignore[union-attr]
            for node in ast.walk(tree)
            if isinstance(node, (ast.Import, ast.ImportFrom))
        }
        assert imported <= {*sys.stdlib_module_names, "agent", "readiness", "redact"}
