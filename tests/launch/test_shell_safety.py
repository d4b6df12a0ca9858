"""Whatever stands in a spec (commands, names, items, variables, targets, folders) reaches the machine as it was
written, and nothing in it is interpreted on the way."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import tempfile
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from waiting import PATIENCE
from webserver import Site

from gpuspec.job.job import Budget, Download, GpuChoice, Job, SetupStep
from gpuspec.launch import RunSettings, find_launcher
from gpuspec.launch.records import Records, log_path
from gpuspec.launch.skypilot.job_script import INLINE_BYTES, sent_as_file
from gpuspec.launch.skypilot.task import JobRecovery, task, usable_options
from gpuspec.launch.skypilot.yaml_text import render

from .test_items import NASTY, names
from .test_skypilot_task import planned

# a path's part: no slash, not "." or "..", short enough for a file system
parts = names.map(lambda name: name.replace("/", "_")[:20]).filter(
    lambda name: name not in (".", "..") and len(name.encode()) < 200
)
# a variable's value arrives as it is; the shell that prints it adds nothing
values = names.filter(lambda name: not set(name) & {"\r"})
targets = parts.filter(lambda name: not name.startswith("~") and "\\" not in name and ":" not in name)
fields = st.fixed_dictionaries(
    {"name": names, "word": names, "value": values, "folder": parts, "target": targets}
    | {"items": st.lists(names, max_size=3, unique=True), "limit": st.sampled_from([None, 1.0])}
)


@contextmanager
def folder_named(part: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as root:
        made = Path(root) / part
        made.mkdir()
        yield made


def spec(site: Site, made: dict[str, Any]) -> Job:
    """A job that writes down what it was given, NUL-ended: two words where one was meant would show."""
    address = f"{site.url}/{urllib.parse.quote(made['target'])}"
    site.files[urllib.parse.urlsplit(address).path] = made["word"].encode()
    note = f"printf '%s\\0' {shlex.quote(made['word'])} \"$VALUE\""
    return Job(
        name=made["name"],
        task="batch",
        gpu_types=(GpuChoice("RTX A6000", 1, ""),),
        env={"VALUE": made["value"]},
        downloads=(Download("http", address, target=made["target"]),),
        setup=(f"{note} >> setup",),
        steps=(SetupStep(f"{note} >> setup", once=False),),
        items=tuple(made["items"]) or None,
        run=f"{note} {'{item}' if made['items'] else ''} >> out",
        budget=Budget(None, made["limit"]),
    )


def check(folder: Path, made: dict[str, Any]) -> None:
    """What the job wrote down, and that nothing else was done."""
    noted = f"{made['word']}\0{made['value']}\0".encode()
    expected = b"".join(noted + item.encode() + b"\0" for item in made["items"]) or noted
    assert (folder / "out").read_bytes() == expected
    assert (folder / "setup").read_bytes() == noted
    assert (folder / made["target"]).read_bytes() == made["word"].encode()
    assert not list(folder.parent.rglob("pwned"))


settled = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@settled
@given(made=fields)
def test_on_a_rented_machine(site: Site, made: dict[str, Any]) -> None:
    """The text of the task, read back from its YAML, run by the shells that SkyPilot runs it with."""
    with folder_named(re.sub(r"[$`\"\\\n\r!]", "_", made["folder"])) as folder:  # those are refused
        job = spec(site, made)
        text = render(task(job, planned(job), workdir=str(folder), label="r1", items=job.items or ()))
        config = yaml.safe_load(text)
        assert config["workdir"] == str(folder)
        environment = {"PATH": os.environ["PATH"], "HOME": str(folder.parent), **config["envs"]}
        for text in (config["setup"], sent_as_file(config["run"])):
            (folder.parent / "script").write_text(text)
            done = subprocess.run(
                ["bash", str(folder.parent / "script")],
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
                timeout=PATIENCE,
            )
            assert done.returncode == 0, done.stdout + done.stderr
        check(folder, made)


@settled
@given(made=fields)
def test_on_this_machine(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: dict[str, Any]
) -> None:
    monkeypatch.setenv("GPUSPEC_STATE_DIR", str(tmp_path / "state"))
    with folder_named(made["folder"]) as folder:
        job, where = spec(site, made), find_launcher("local")
        how = RunSettings(
            spec_path=made["word"], workdir=str(folder), allow_no_gpu=True, max_hours=made["limit"]
        )
        record = Records().new(
            name=made["name"], launcher="local", spec_path=made["word"], workdir=str(folder)
        )
        no_plan = cast(Any, None)  # this launcher rents nothing, so it reads no plan
        where.check(job, no_plan, how)
        outcome = where.launch(job, no_plan, how, record)
        assert outcome.state == "succeeded", Path(log_path(record.run.id)).read_text()
        check(folder, made)
        kept = Records().get(record.run.id)
        assert (kept.name, kept.spec_path) == (made["name"], made["word"])


@pytest.mark.parametrize("text", ["exit 3", "true", "cat <<'X'\n$(touch pwned)\nX", "echo 'a\\", *NASTY])
def test_a_text_out_of_sight_is_the_same_text(text: str, tmp_path: Path) -> None:
    def run(script: str) -> tuple[int, str]:
        (tmp_path / "script").write_text(script)
        done = subprocess.run(["bash", "script"], cwd=tmp_path, capture_output=True, text=True)
        return done.returncode, done.stdout

    from gpuspec.launch.skypilot.job_script import run_text

    plain = run_text(text, None)
    assert len(sent_as_file(plain)) > INLINE_BYTES
    assert run(sent_as_file(plain)) == run(plain)


def test_variables_of_our_own_hide_none_of_the_authors() -> None:
    """Setup, the command, another command on the same machine, and what waits before a machine goes."""
    spec = Job(
        gpu_types=(GpuChoice("RTX A6000", 1, ""),),
        setup=("true",),
        run="true",
        cache="s3://mine",
        budget=Budget(None, 2.0),
    )
    recovery = JobRecovery(deadline=1e9, fetch_minutes=5, folder=None)
    made = task(spec, planned(spec), workdir="/work", label="r1", recovery=recovery)
    again = task(
        spec, planned(spec), workdir="/work", label="r1", reuse=usable_options(spec, planned(spec), None)[0]
    )
    (hook,) = made["config"]["hooks"]
    for text in (made["setup"], made["run"], again["run"], hook["run"]):
        text = re.sub(
            r"<<'GPUSPEC_END'\n.*?\nGPUSPEC_END\n", "\n", text, flags=re.DOTALL
        )  # programs that we send
        assigned = re.findall(r"(?<![\w$-])(\w+)=", text)
        read = " ".join(re.findall(r"\bread -r ([\w ]+)", text)).split()
        assert assigned
        assert [name for name in (*assigned, *read) if name != "_" and not name.startswith("gs_")] == []
