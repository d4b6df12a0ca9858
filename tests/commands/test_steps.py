"""Commands as Steps: scripts followed, folders and environments told, everything read once."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest

from gpuspec.commands.shell import walk
from gpuspec.commands.steps import Step, read_steps
from gpuspec.job.job import Job
from gpuspec.lint.result import Located
from gpuspec.lint.runner import Linter
from gpuspec.lint.settings import Settings
from gpuspec.rules import collect
from gpuspec.testing import lint_text


def steps(run: str, files: dict[str, str] | None = None, **more: Any) -> tuple[Step, ...]:
    return read_steps(
        Job(run=run, pointers={"run": "/run", "setup": "/setup"}, **more), None, (files or {}).get
    )


@pytest.mark.parametrize(
    ("run", "folder"),
    [
        ("x", ""),
        ("cd sub && x", "sub"),
        ("cd ./sub/; x", "sub"),
        ("mkdir -p sub && cd sub\nx", "sub"),
        ("cd sub || exit 1; x", "sub"),
        ("cd a; cd ../b; x", "b"),
        ("cd a; cd -; x", ""),
        ("pushd a; y; popd; x", ""),
        ("(cd sub; y); x", ""),
        ("(cd sub; x)", "sub"),
        ("cd sub & x", ""),
        ("bash -c 'cd sub && x'", "sub"),
        ("in_sub() { cd sub; }; in_sub; x", "sub"),
        ("cd ~/sky_workdir/sub; x", "sub"),
        ("cd /opt/app; x", "/opt/app"),
        ("D=sub; cd $D; x", "sub"),
        ("if test -d sub; then cd sub; fi; x", None),
        ('cd "$UNKNOWN"; x', None),
        ('cd "$UNKNOWN"; cd ..; x', ""),
    ],
)
def test_the_folder_that_a_command_runs_in(run: str, folder: str | None) -> None:
    step = next(step for step in steps(run) if step.command.name == "x")
    assert step.file("f") == (
        None if folder is None else f"{folder}/f".lstrip("/") if folder[:1] != "/" else f"{folder}/f"
    )


def test_the_folder_of_the_job_comes_first() -> None:
    assert steps("cd sub; x", workdir="./src")[-1].file("f") == "src/sub/f"
    assert steps("cd sub; cd ~/sky_workdir; x", workdir="src")[-1].file("f") == "src/f"


def test_scripts_are_followed_where_they_stand() -> None:
    files = {"sub/serve.sh": "bash ../more.sh a", "more.sh": "x $1"}
    (cd, step) = steps("cd sub && bash ./serve.sh", files)
    assert (cd.command.name, step.text, step.path, step.pointer) == ("cd", "x a", "more.sh", "/run")
    assert step.file("f") == "sub/f", "a script runs where it is called, not where it lies"


def test_a_script_gets_what_encloses_and_wraps_the_command_that_starts_it() -> None:
    (step,) = steps("timeout 2h bash a.sh &", {"a.sh": "for i in 1 2; do nohup x; done"})
    assert [around.kind for around in step.command.enclosures] == ["background", "for"]
    assert [wrapper.name for wrapper in step.command.wrappers] == ["timeout", "nohup"]


def test_a_script_gets_exported_variables_and_those_of_its_line() -> None:
    files = {"a.sh": "x $MODEL $OWN $LINE"}
    run = "export MODEL=m; OWN=o; LINE=l bash a.sh"
    assert [word.value for word in steps(run, files)[0].command.words] == ["x", "m", None, "l"]
    assert steps(run, files)[0].command.environment == {"MODEL": "m", "LINE": "l"}
    given = steps("B=2 x", env={"A": "1"}, secrets=("TOKEN",))[0].command.environment
    assert given == {"A": "1", "TOKEN": None, "B": "2"}


def test_a_file_of_a_here_document_is_the_one_written_last() -> None:
    run = "cat > s.sh <<E\nx 1\nE\nbash s.sh\ncat > s.sh <<E\nx 2\nE\nbash s.sh\n"
    found = [step for step in steps(run, {"s.sh": "x 0"}) if step.command.name == "x"]
    assert [step.text for step in found] == ["x 1", "x 2"]


def test_setup_comes_first_and_is_told() -> None:
    found = steps("b", setup=("a",))
    assert [(step.text, step.setup, step.pointer) for step in found] == [
        ("a", True, "/setup"),
        ("b", False, "/run"),
    ]


def test_what_calls_itself_ends() -> None:
    assert len(steps("bash a.sh", {"a.sh": "bash a.sh; bash a.sh; bash a.sh; x"})) < 100


SERVE = "vllm serve Qwen/Qwen2.5-0.5B-Instruct --max-model-len 4096 --host 0.0.0.0 --port 8000"


def lint(folder: Path, run: str, **fields: Any) -> set[str]:
    spec = {"gpu_types": ["H100"], "keep_alive_minutes": 3, "run": run, **fields}
    found: list[Located] = lint_text(json.dumps(spec), path=str(folder / "job.gpu.jsonc"), on_disk=True)
    return {item.finding.code for item in found}


@pytest.mark.parametrize(
    "run", [SERVE, "bash sub/serve.sh", "cd sub && bash serve.sh", "(cd sub; ./serve.sh)"]
)
def test_every_rule_sees_the_same_commands(tmp_path: Path, run: str) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "serve.sh").write_text(SERVE)
    (tmp_path / "job.gpu.jsonc").write_text("{}")
    # Half a billion parameters in 16 bit are 1 GB, on 80; and the port is open to everyone.
    assert {"GS101", "GS704"} <= lint(tmp_path, run, ports=[{"port": 8000, "public": True}])


def test_a_time_limit_holds_for_the_script_behind_it(tmp_path: Path) -> None:
    (tmp_path / "train.sh").write_text("python train.py")
    for run, expected in (("bash train.sh", True), ("timeout 2h bash train.sh", False)):
        assert ("GS402" in lint(tmp_path, run, task="train", outputs=["out/"])) is expected, run


def test_everything_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts: list[str] = []

    def counted(read: Any) -> Any:
        def counting(text: Any, *rest: Any, **named: Any) -> Any:
            if not named:  # pytest reads our own modules
                texts.append(text)
            return read(text, *rest, **named)

        return counting

    monkeypatch.setattr(walk, "parse", counted(walk.parse))
    monkeypatch.setattr(ast, "parse", counted(ast.parse))
    (tmp_path / "job.gpu.jsonc").write_text("{}")
    (tmp_path / "go.sh").write_text("python app.py")
    (tmp_path / "app.py").write_text("from vllm import LLM\nLLM('Qwen/Qwen2.5-7B')")
    spec = {
        "gpu_types": ["RTX 4090"],
        "model": {"id": "Qwen/Qwen2.5-7B", "context": 4096},
        "setup": ["pip install vllm"],
        "run": "bash go.sh",
    }
    # Fixes are judged by reading the job again, so what is linted here is not.
    Linter(collect()).found_in(str(tmp_path / "job.gpu.jsonc"), json.dumps(spec).encode(), Settings())
    assert sorted(texts) == sorted(
        ["pip install vllm", "bash go.sh", "python app.py", (tmp_path / "app.py").read_text()]
    )
