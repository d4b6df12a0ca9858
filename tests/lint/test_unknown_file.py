"""Files that hold no job: what is said of one that is named, what is passed over, what standard input is read as."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from gpuspec.cli import run_lint
from gpuspec.cli.open_case import open_cases
from gpuspec.cli.run_lint import LintRequest, lint
from gpuspec.errors import UserError
from gpuspec.formats import FORMATS, Document, Format, Known, Source
from gpuspec.job.from_mapping import from_mapping
from gpuspec.lint.discover import walk
from gpuspec.lint.files import lint_data
from gpuspec.lint.runner import Linter
from gpuspec.lint.settings import Settings
from gpuspec.lint.unknown_file import name_of_input, without_jobs
from gpuspec.rules import collect


def _read(source: Source) -> tuple[Document, ...]:
    tree = source.yaml.tree
    if not isinstance(tree.value, dict) or "gpu" not in tree.value:
        return ()
    value = {"gpu_types": [tree.value["gpu"]], "run": "python x.py"}
    return (Document(source.path, tree, from_mapping(value, {"/gpu_types/0": "/gpu"}), "", TOY_FORMAT),)


def _recognise(source: Source) -> bool:
    return any(isinstance(one.value, dict) and "toy" in one.value for one in source.yaml.documents)


TOY_FORMAT = Format("toy-yaml", _recognise, _read)
TOY = Known("toy-yaml", "toys", __name__, (), (".yaml", ".yml"), (b"toy",), by_content=True)
TABLE = (*FORMATS, TOY)
FORMAT = TOY_FORMAT


@pytest.fixture(autouse=True)
def _toys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_lint, "Linter", lambda *a, **more: Linter(*a, **more, formats=TABLE))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in {
        "job.yaml": "toy: 1\ngpu: L5000\n",
        "no-gpu.yaml": "toy: 1\n",
        "ci.yaml": "on: push\n",
        "values.yaml": "toys: 1\ngpu: L4\n",
        "helm.yaml": "toy: 1\n{{- if .x }}\ngpu: L4\n{{- end }}\n",
        "broken.yaml": "toy: 1\n\tgpu: L4\n",
    }.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_walk_meets_jobs_alone(folder: Path) -> None:
    assert list(walk(".", Settings(), formats=TABLE)) == ["job.yaml"]


def test_a_walk_meets_manifests_that_cannot_be_read_and_no_templates(tmp_path: Path) -> None:
    head = "apiVersion: v1\nkind: Pod\nspec:\n  nvidia.com/gpu: 1\n"
    (tmp_path / "broken.yaml").write_text(head + "   image: a\n")
    (tmp_path / "helm.yaml").write_text(head + "   {{- if a }}\n")
    (tmp_path / "whole.yaml").write_text(head)
    (tmp_path / "other.yaml").write_text("a:\n  kind: x\n  nvidia.com/gpu: 1\n   image: a\n")
    assert [Path(found).name for found in walk(str(tmp_path), Settings())] == ["broken.yaml"]


def test_what_is_named_is_told_what_it_is(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert lint(LintRequest(("no-gpu.yaml",), format="concise")) == 0
    assert capfd.readouterr().err == ""
    assert lint(LintRequest(("ci.yaml",))) == 2
    assert "error[unsupported-file]: ci.yaml is YAML, but holds no job" in capfd.readouterr().err
    assert lint(LintRequest(("helm.yaml",))) == 0
    assert "note: helm.yaml is a template" in capfd.readouterr().err
    assert lint(LintRequest(("broken.yaml",), format="concise")) == 1
    assert "broken.yaml:2:1: GS001" in capfd.readouterr().out


def test_of_many_files_those_without_a_job_are_passed_over(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    every = tuple(sorted(path.name for path in folder.iterdir()))
    lint(LintRequest(every, format="concise", ignore_unknown=True))
    out, err = capfd.readouterr()
    assert "job.yaml:2:6: GS004" in out
    assert [name for name in every if f"{name}:" in out] == ["job.yaml"]
    assert err == ""


def test_a_command_about_one_job_says_why_there_is_none(folder: Path) -> None:
    for name, code in {
        "no-gpu.yaml": "no-job", "ci.yaml": "unsupported-file", "helm.yaml": "template", "broken.yaml": "syntax",
    }.items():  # fmt: skip
        with pytest.raises(UserError) as refused:
            open_cases(name, Settings(), formats=TABLE)
        assert refused.value.code == code


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"", "stdin.gpu.jsonc"),
        (b'\xef\xbb\xbf// x\n{"run": "a"}', "stdin.gpu.jsonc"),
        (b"neither\n", "stdin.gpu.jsonc"),
        (b"# Source: chart/templates/deployment.yaml\n---\napiVersion: v1\n", "stdin.yaml"),
        (b"---\n# Source\n", "stdin.yaml"),
        (b"\n\nkind: Pod\r\n", "stdin.yaml"),
        (b"#!/bin/bash\n#SBATCH --gres=gpu:1\n", "stdin.sh"),
        (b"#!/usr/bin/env python3\n", "stdin.py"),
        (b"import os\nimport modal\n", "stdin.py"),
    ],
)
def test_standard_input_is_told_by_what_it_holds(data: bytes, name: str) -> None:
    assert name_of_input(data) == name


def test_manifests_come_through_a_pipe(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    text = "# Source: x\n---\ntoy: 1\ngpu: L5000\n"
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(text.encode())))
    assert lint(LintRequest(("-",), format="concise")) == 1
    assert "stdin.yaml:4:6: GS004" in capfd.readouterr().out
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(text.encode())))
    (case,) = open_cases("-", Settings(), formats=TABLE)
    assert case.path == "-"


def test_files_that_are_no_yaml_are_refused_as_ever() -> None:
    with pytest.raises(UserError, match="neither a job spec nor a script"):
        without_jobs("notes.txt", b"x")
    with pytest.raises(UserError, match="not a text file"):
        lint_data(Linter(collect()), "x.yaml", b"\0", Settings())


WEB = "apiVersion: apps/v1\nkind: Deployment\nspec: {template: {spec: {containers: [{name: w, image: nginx}]}}}\n"


def test_manifests_without_a_gpu_are_no_mistake(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """`gpuspec lint *.yaml` in a repository where most of what runs needs no GPU."""
    files = {"web.yaml": WEB, "db.yaml": "services:\n  db:\n    image: postgres:16\n"}
    for name, text in files.items():
        (folder / name).write_text(text)
    assert lint(LintRequest(tuple(files))) == 0
    assert "nothing asks for a GPU in 2 files: web.yaml, db.yaml" in capfd.readouterr().err
    assert lint(LintRequest(("web.yaml",), format="concise")) == 0
    assert capfd.readouterr().err == ""
    with pytest.raises(UserError, match="no container in it asks for a GPU"):
        open_cases("web.yaml", Settings(), formats=TABLE)


def test_what_to_do_is_said_once(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (folder / "helm2.yaml").write_text((folder / "helm.yaml").read_text())
    lint(LintRequest(("ci.yaml", "values.yaml", "helm.yaml", "helm2.yaml")))
    out, err = capfd.readouterr()
    assert err.count("error[unsupported-file]") == 2
    assert err.count("formats that are read") == 1
    assert err.count("is a template") == 2
    assert err.count("helm template") == 1
    assert "clean" not in out


def test_a_chart_is_told_how_it_is_read(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "Chart.yaml").write_text("apiVersion: v2\nname: x\n")
    assert lint(LintRequest((str(tmp_path),))) == 2
    assert f"helm template {tmp_path} | gpuspec lint -" in capfd.readouterr().err
