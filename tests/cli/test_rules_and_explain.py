"""`rules`, `explain` and `config show`."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from gpuspec.cli.main import main
from gpuspec.lint.deferred import loaded
from gpuspec.rules import collect

ROOT = Path(__file__).parents[2]
RULES = [loaded(entry.rule) for entry in collect().rules]


def test_every_rule_is_explained_by_code_and_name(capsys: pytest.CaptureFixture[str]) -> None:
    for rule in RULES:
        assert main(["explain", rule.code.lower()]) == 0
        by_code = capsys.readouterr().out
        assert main(["explain", rule.name]) == 0
        assert capsys.readouterr().out == by_code
        assert by_code.startswith(f"# {rule.code} {rule.name}\n")


def test_rules(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(RULES)
    assert main(["rules", "--format", "json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [item["code"] for item in listed] == [rule.code for rule in RULES]
    assert main(["rules", "--format", "markdown"]) == 0
    assert len(re.findall(r"^\| GS\d", capsys.readouterr().out, re.M)) == len(RULES)


def test_generated_pages_are_current(tmp_path: Path) -> None:
    assert main(["rules", "--docs", str(tmp_path)]) == 0
    fresh = {path.name: path.read_text() for path in tmp_path.iterdir()}
    kept = {path.name: path.read_text() for path in (ROOT / "docs" / "rules").iterdir()}
    assert fresh == kept, "run `gpuspec rules --docs docs/rules`"


def test_explain_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = tmp_path / "a.gpu.jsonc"
    spec.write_text('{\n  "run": "python x.py",\n  "run": "python y.py"\n}\n')
    assert main(["explain", f"{spec}:3"]) == 0
    assert "GS002" in capsys.readouterr().out
    assert main(["explain", f"{spec}:2"]) == 0
    assert capsys.readouterr().out == f"nothing is found in line 2 of {spec}\n"


def test_explain_what_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "duplicat-key"]) == 2
    assert "did you mean duplicate-key?" in capsys.readouterr().err


def test_config_show(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "gpuspec.toml"
    file.write_text('ignore = ["GS1"]\n')
    assert main(["config", "show"]) == 0
    shown = capsys.readouterr().out
    assert re.search(rf'^ignore = \["GS1"\] +# {re.escape(str(file))}$', shown, re.M)
    assert re.search(r'^fail-on = "warning" +# default$', shown, re.M)
    assert main(["config", "show", "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["ignore"] == {"value": ["GS1"], "origin": str(file)}
    assert document["prices"] == {"value": None, "origin": None}
