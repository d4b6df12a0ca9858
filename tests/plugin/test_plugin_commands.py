"""`plugin new`, `plugin check` and `plugins`; and what the new project's tests notice."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from installing import RULE, gpuspec, install

ROOT = Path(__file__).parents[2]
EMPTY = Path("/nonexistent")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    done = gpuspec("plugin", "new", "acme", path=EMPTY, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    return tmp_path / "gpuspec-acme"


def check(project: Path) -> tuple[int, list[str]]:
    done = gpuspec("plugin", "check", str(project), path=EMPTY, cwd=project.parent)
    assert done.stderr == ""
    return done.returncode, [line for line in done.stdout.splitlines() if line.startswith("error")]


def change(project: Path, name: str, old: str, new: str) -> None:
    path = project / name
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


@pytest.mark.parametrize(
    ("given", "folder", "code"),
    [
        ("acme", "gpuspec-acme", "ACME101"),
        ("gpuspec-Big_Corp", "gpuspec-big-corp", "BIGCORP101"),
        ("g5", "gpuspec-g5", "GX101"),
        ("gs", "gpuspec-gs", "GSX101"),
    ],
)
def test_a_new_project_is_in_order(given: str, folder: str, code: str, tmp_path: Path) -> None:
    assert gpuspec("plugin", "new", given, path=EMPTY, cwd=tmp_path).returncode == 0
    done = gpuspec("plugin", "check", path=EMPTY, cwd=tmp_path / folder)
    assert done.returncode == 0, done.stdout
    assert f"{code} " in done.stdout
    for path in (tmp_path / folder).rglob("*"):
        assert (
            path.is_dir()
            or path.suffix == ".pyc"
            or "@"
            not in path.read_text()
            .replace("actions/checkout@", "")
            .replace("actions/setup-python@", "")
            .replace("@hookimpl", "")
            .replace("@pytest", "")
        )


def test_its_tests_pass_and_pytest_runs_the_page(project: Path) -> None:
    pytest_here = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]
    done = subprocess.run(pytest_here, cwd=project, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert "5 passed" in done.stdout
    change(project, "gpuspec_acme/allowed_clouds.py", '["runpod", "nowhere"] }', '["runpod"] }')
    done = subprocess.run(pytest_here, cwd=project, capture_output=True, text=True)
    assert (done.returncode, "1 failed, 4 passed" in done.stdout) == (1, True)
    assert "ACME101: the bad example gives no finding" in done.stdout


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("9lives", "bad-plugin-name"),
        ("a/b", "bad-plugin-name"),
        ("../x", "bad-plugin-name"),
        ("acme", "plugin-exists"),
    ],
)
def test_names_that_cannot_be(name: str, error: str, project: Path) -> None:
    done = gpuspec("plugin", "new", name, path=EMPTY, cwd=project.parent)
    assert done.returncode == 2
    assert f"error[{error}]" in done.stderr
    assert [path.name for path in project.parent.iterdir()] == ["gpuspec-acme"]


INIT = "gpuspec_acme/__init__.py"
LAUNCHER = """
@hookimpl
def gpuspec_launchers(): return {"acme": int}

@hookimpl
"""
DEPOT = """
from gpuspec import DownloadStrategy, Tool

@hookimpl
def gpuspec_download_strategies(): return {"depot": DownloadStrategy("if true; then")}

@hookimpl
def gpuspec_workload_readers(): return {("acme",): %s}

@hookimpl
"""
WRONG = [
    ("gpuspec_acme/allowed_clouds.py", "ACME101", "GS999", "codes with GS are gpuspec's own"),
    (
        "gpuspec_acme/allowed_clouds.py",
        "acme-allowed-clouds",
        "keep-alive",
        "the name keep-alive is taken by GS401",
    ),
    ("gpuspec_acme/allowed_clouds.py", "## Why is this bad", "## Why", "has no section ['Why is this bad']"),
    (
        "gpuspec_acme/allowed_clouds.py",
        "Clouds that jobs may use.",
        "",
        "the option allowed of ACME101 has no help",
    ),
    ("gpuspec_acme/allowed_clouds.py", "in enumerate(", "in enumerate(1 / 0 or ", "ZeroDivisionError"),
    ("gpuspec_acme/allowed_clouds.py", '"warning"', '"fatal"', "severity must be error, warning or info"),
    (
        INIT,
        "def gpuspec_rules()",
        "def gpuspec_rule()",
        "there is no hook 'gpuspec_rule'; did you mean gpuspec_rules?",
    ),
    (INIT, "def gpuspec_rules()", "def gpuspec_rules(config: object)", "Argument(s) {'config'}"),
    (INIT, "@hookimpl\n", "", "gpuspec_acme has no hook"),
    (INIT, '"""The hook', 'import no_such_module\n"""', "cannot be imported: ModuleNotFoundError"),
    (
        INIT,
        "return [AllowedClouds]",
        "return [AllowedClouds, type('Other', (AllowedClouds,), {})]",
        "ACME101 is used twice",
    ),
    (INIT, "@hookimpl\n", DEPOT % "Tool('vllm', 'dance')", "'acme': task is 'dance'"),
    (
        INIT,
        "@hookimpl\n",
        DEPOT % "Tool('vllm')",
        "bash cannot read the script of 'depot': bash: -c: line 2: syntax error",
    ),
    ("pyproject.toml", "gpuspec>=0.1.0,<0.2", "gpuspec>=7", "it is made for gpuspec >=7, and this is 0.1.0"),
    ("pyproject.toml", '"gpuspec>=0.1.0,<0.2"', "", "dependencies do not name gpuspec"),
    (
        "pyproject.toml",
        "[project.entry-points.gpuspec]",
        "[project.entry-points.other]",
        "has no [project.entry-points",
    ),
]


@pytest.mark.parametrize(("name", "old", "new", "said"), WRONG, ids=lambda value: str(value)[:30])
def test_check_names_what_is_wrong(name: str, old: str, new: str, said: str, project: Path) -> None:
    change(project, name, old, new)
    status, errors = check(project)
    assert status == 1
    assert any(said in line for line in errors), errors


def test_check_of_nothing(tmp_path: Path) -> None:
    status, errors = check(tmp_path)
    assert (status, len(errors)) == (1, 1)
    assert "pyproject.toml: No such file" in errors[0]


def test_heavy_imports_are_named(project: Path) -> None:
    (project / "heavy_thing.py").write_text(
        "import time\nend = time.perf_counter() + 0.03\nwhile time.perf_counter() < end: pass\n"
    )
    change(project, INIT, "from gpuspec import", "import heavy_thing\nfrom gpuspec import")
    done = gpuspec("plugin", "check", str(project), path=EMPTY, cwd=project.parent)
    assert done.returncode == 0
    assert "with heavy_thing; import what is heavy inside the function that needs it" in done.stdout


@pytest.mark.parametrize("name", ["gpuspec-plugin-example", "gpuspec-policy", "gpuspec-fleet"])
def test_our_own_plugins_are_in_order(name: str, tmp_path: Path) -> None:
    done = gpuspec("plugin", "check", str(ROOT / "plugins" / name), path=EMPTY, cwd=tmp_path)
    assert done.returncode == 0, done.stdout


def test_plugins_lists_what_is_there(tmp_path: Path) -> None:
    assert gpuspec("plugins", path=EMPTY, cwd=tmp_path).stdout == "no plugins are installed\n"
    (tmp_path / "site").mkdir()
    site = tmp_path / "site"
    install(site, "acme", RULE.format(cls="A", code="ACME1", name="acme-one"))
    install(site, "lost", "", target="no_such_module")
    (tmp_path / "job.gpu.jsonc").write_text('{"run": "x"}')
    done = gpuspec("plugins", "--time", "job.gpu.jsonc", "--format", "json", path=site, cwd=tmp_path)
    assert done.returncode == 3
    read = json.loads(done.stdout)
    plugin = read["plugins"][0]
    assert (plugin["name"], plugin["version"], plugin["rules"], plugin["hooks"]) == (
        "acme",
        "1.0",
        ["ACME1"],
        ["gpuspec_rules"],
    )
    assert plugin["where"] == str(site / "acme.py")
    assert plugin["import_ms"] > 0
    assert plugin["run_ms"] > 0
    assert [item["name"] for item in read["broken"]] == ["lost"]
    text = gpuspec("plugins", path=site, cwd=tmp_path)
    assert "plugin lost failed: cannot be loaded: ModuleNotFoundError" in text.stderr
    assert "run ms" not in text.stdout


def test_plugins_names_what_each_hook_gives(tmp_path: Path) -> None:
    for name in ("gpuspec-plugin-example", "gpuspec-fleet", "gpuspec-policy"):
        package = name.replace("-", "_")
        shutil.copytree(ROOT / "plugins" / name / package, tmp_path / package)
        info = tmp_path / f"{package}-0.1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1.0\n")
        (info / "entry_points.txt").write_text(f"[gpuspec]\n{name} = {package}\n")
    (tmp_path / "gpuspec-fleet.toml").write_text(FLEET)
    done = gpuspec("plugins", path=tmp_path, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    rows = {line.split("  ")[0]: line for line in done.stdout.splitlines()}
    assert (
        " EX101, -m lightllm.server.api_server (program), lightllm (engine) "
        in rows["gpuspec-plugin-example"]
    )
    assert (
        " 4 GPUs, acme/x (model), fleet (price source), fleet (launcher), rsync (download strategy) "
        in (rows["gpuspec-fleet"])
    )
    assert "csv (format)" in rows["gpuspec-policy"]
    listed = json.loads(gpuspec("plugins", "--format", "json", path=tmp_path, cwd=tmp_path).stdout)["plugins"]
    fleet = next(plugin for plugin in listed if plugin["name"] == "gpuspec-fleet")
    assert fleet["brings"]["gpuspec_gpus"] == ["G1", "G2", "G3", "G4"]
    assert fleet["hooks_ms"] > 0


FLEET = (
    "".join(
        f'[[gpus]]\nname = "G{number}"\nvendor = "NVIDIA"\narchitecture = "Ada"\nvram-gb = 24\n'
        for number in range(1, 5)
    )
    + """
[[models]]
id = "acme/x"
params-b = 1
[[machines]]
cloud = "fleet"
gpu = "G1"
price = 1
"""
)


def test_a_broken_plugin_is_named_by_every_command(tmp_path: Path) -> None:
    install(tmp_path, "lost", "", target="no_such_module")
    done = gpuspec("gpus", "L4", path=tmp_path, cwd=tmp_path)
    assert (done.returncode, "plugin lost failed" in done.stderr) == (3, True)
    assert "L4" in done.stdout
