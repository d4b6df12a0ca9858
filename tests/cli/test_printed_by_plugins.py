"""Canaries in all that a plugin gives or says: names, numbers with a source, messages, pages and errors."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from canaries import CANARIES, unsafe

PLUGIN = '''
from gpuspec import Edit, Fix, Gpu, HeldBack, Model, Offer, PriceSource, Related, Rule, Saving, hookimpl

C = {canary!r}
print(C)

class Says(Rule):
    __doc__ = "A rule. " + C.replace("\\n", "") + "\\n\\n## What it does\\n\\n" + C.replace("\\n", "")
    code, name, severity, url = "ACME1", "acme-says", "warning", "https://acme.org/" + C
    def check(self, facts):
        print(C)
        yield self.finding(
            "/run", C, related=[Related("/name", C)], saving=Saving(1.0), suggestion=C, numbers=[(C, C)],
            fix=Fix(C, (Edit("set", "/run", C),), safe=False),
        )

class Raises(Rule):
    """A rule."""
    code, name, severity = "ACME2", "acme-raises", "warning"
    def check(self, facts):
        raise ValueError(C)

class Named(Rule):
    """A rule."""
    code, name, severity = C, C, "warning"

@hookimpl
def gpuspec_rules():
    return [Says, Raises, Named]

@hookimpl
def gpuspec_gpus():
    return [Gpu(C, C, C, 24.0, aliases=((C, C),), sources=(C,), note=C)]

@hookimpl
def gpuspec_models():
    return [Model(C, org=C, task=C, params_b=7.0, aliases=(C, "acme/x"), source=C)]

@hookimpl
def gpuspec_offers():
    offer = Offer(C, C, C, "RTX 4090", 1, 8, 64, 100, 0.05, None, C)
    return [(PriceSource(C, None, C, True, C, ((C, 1),), ((C, 2),), (HeldBack(C, C, C, 1, 1.0, C),)), [offer])]

@hookimpl
def gpuspec_reporters():
    def fails(report):
        raise ValueError(C)
    return {{"fails": fails, C: fails}}

@hookimpl
def gpuspec_launchers():
    def fails():
        raise ValueError(C)
    return {{"fails": fails, C: fails}}

@hookimpl
def gpuspec_workload_readers():
    raise ValueError(C)
'''
COMMANDS = [
    *(
        ["lint", ".", "--format", name]
        for name in ("text", "concise", "github", "markdown", "junit", "sarif")
    ),
    ["lint", ".", "--diff", "--unsafe-fixes", "--format", "fails"],
    ["lint", ".", "--statistics"],
    ["lint", "job.jsonc", "--fix", "--unsafe-fixes", "--show-fixes"],
    *(["rules", "--format", name] for name in ("text", "json", "markdown")),
    *(["explain", what] for what in ("ACME1", "acme-says", "job.jsonc")),
    *(["plugins", *more] for more in ([], ["--format", "json"], ["--time", "job.jsonc"])),
    *([name, *more] for name in ("models", "gpus", "prices") for more in ([], ["--json"])),
    ["models", "acme/x"],
    ["--version"],
    *(["plan", "job.jsonc", *more] for more in ([], ["--all"], ["--json"])),
    *(["size", "job.jsonc", *more] for more in ([], ["--json"])),
    ["size", "acme/x"],
    ["show", "job.jsonc"],
    *(["run", "job.jsonc", "--dry-run", "--on", name] for name in ("fails", "local")),
]
DRIVE = """
import json, sys
from gpuspec.cli.main import main
for number, arguments in enumerate(json.loads(sys.argv[1])):
    for stream in (sys.stdout, sys.stderr):
        print(f"== {number}", file=stream, flush=True)
    main(arguments)
"""


@pytest.mark.parametrize("name", CANARIES)
def test_what_a_plugin_says(name: str, tmp_path: Path) -> None:
    canary = CANARIES[name]
    job = {"name": "a", "task": "serve", "model": "acme/x", "gpu_types": ["RTX 4090"], "run": "python a.py"}
    (tmp_path / "job.jsonc").write_text(json.dumps(job))
    site = tmp_path / "site"
    for plugin, source in (("acme", PLUGIN.format(canary=canary)), ("lost", f"raise ValueError({canary!r})")):
        info = site / f"{canary[:40].replace('/', '-').replace('-', '_')}{plugin}-1.dist-info"
        info.mkdir(parents=True)
        (site / f"{plugin}.py").write_text(source)
        (info / "METADATA").write_text(f"Name: {plugin}\nVersion: {canary}\n")
        (info / "entry_points.txt").write_text(f"[gpuspec]\n{plugin} = {plugin}\n")
    done = subprocess.run(
        [sys.executable, "-c", DRIVE, json.dumps(COMMANDS)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(site), "GPUSPEC_STATE_DIR": str(tmp_path / "state")},
        capture_output=True,
    )
    for said in (done.stdout.decode(), done.stderr.decode()):
        parts = said.split("== ")[1:]
        assert len(parts) == len(COMMANDS), done.stderr.decode()[-2000:]
        for arguments, text in zip(COMMANDS, parts, strict=True):
            commands = "::warning title=" if "github" in arguments else "::none"
            lines = [line.removeprefix(commands).removeprefix("::error title=") for line in text.split("\n")]
            assert unsafe("\n".join(lines)) == [], arguments
    assert "acme-says" in done.stdout.decode()
    assert "ValueError" in done.stderr.decode()
