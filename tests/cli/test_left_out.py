"""What the schema refuses is not in the job: no command that costs money, or writes what does, passes over that."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gpuspec.cli.main import main

GOOD = {
    "name": "x",
    "task": "batch",
    "gpu_types": ["H100 PCIe"],
    "keep_alive_minutes": 1,
    "max_price": 9.0,
    "budget": {"max_hours": 2, "max_total": 50},
    "run": "echo hi",
}
WRONG: dict[str, dict[str, Any]] = {
    "max_price": {"max_price": "9.0"},
    "budget.max_hours": {"budget": {"max_hours": "2", "max_total": 50}},
    "budget.max_total": {"budget": {"max_hours": 2, "max_total": "50"}},
    "secrets": {"secrets": "HF_TOKEN"},
    "env.MODE": {"env": {"MODE": "a\ud800b"}},
    "env.NUL": {"env": {"NUL": "a\0b"}},
    "max_prize": {"max_prize": 9.0},
    "max_hours": {"max_hours": 2},
    "workdir": {"workdir": "/elsewhere"},
}
IGNORED = {"settings": 'ignore = ["schema"]', "severity": '[severity]\nschema = "info"', "comment": ""}


def written(folder: Path, fields: dict[str, Any], *, comment: bool = False) -> str:
    path = folder / "a.job.jsonc"
    path.write_text("// gpuspec: ignore-file[GS003] ours\n" * comment + json.dumps({**GOOD, **fields}))
    return str(path)


@pytest.mark.parametrize("field", WRONG)
def test_export_stops_at_what_stops_run(
    field: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, WRONG[field])
    for command in (["export", path], ["run", path, "--dry-run"]):
        assert main(command) == 1
        shown = capsys.readouterr()
        assert shown.out == ""
        assert "error[lint-errors]" in shown.err
        assert f"`{field}`" in shown.err


@pytest.mark.parametrize("how", IGNORED)
@pytest.mark.parametrize("field", WRONG)
def test_no_setting_lets_a_field_pass_that_cannot_be_read(
    field: str, how: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "gpuspec.toml").write_text(IGNORED[how])
    path = written(tmp_path, WRONG[field], comment=how == "comment")
    for command in (["export", path], ["run", path, "--dry-run"], ["run", path, "--yes", "--on", "local"]):
        assert main(command) == 1
        shown = capsys.readouterr()
        assert shown.out == ""
        assert "error[unread-field]" in shown.err
        assert f"`{field}`" in shown.err


def test_a_key_that_is_no_field_may_stay_and_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "gpuspec.toml").write_text(IGNORED["settings"])
    path = written(tmp_path, {"zzz_owner": "vision"})
    for command in (["export", path], ["run", path, "--dry-run"]):
        assert main(command) == 0
        shown = capsys.readouterr()
        assert "left out: there is no field `zzz_owner`" in shown.err
        assert "H100" in shown.out
    assert main(["export", written(tmp_path, {})]) == 0
    assert "left out" not in capsys.readouterr().err


def test_plan_says_on_its_face_what_is_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, {"max_price": "9.0", "budget": {"max_hours": "2", "max_total": "50"}})
    assert main(["plan", path]) == 0
    text = capsys.readouterr().out
    assert "note  left out: `budget.max_hours` is " in text or "note  left out: `max_price` is " in text
    assert "not known: budget.max_hours, budget.max_total cannot be read" in " ".join(text.split())
    assert "unbounded" not in text
    assert main(["plan", path, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["cost"] is None
    said = document["notes"][0]
    assert all(f"`{field}`" in said for field in ("max_price", "budget.max_hours", "budget.max_total"))


def test_every_field_that_is_left_out_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = {"max_price": "1", "gpu_count": "1", "min_vram": "1", "secrets": "A", "env": {"B": "a\0b"}}
    assert main(["plan", written(tmp_path, wrong), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)["notes"][0]
    assert all(f"`{field}`" in said for field in ("max_price", "gpu_count", "min_vram", "secrets", "env.B"))


ENDLESS = "; ".join(f"{a}() {{ {f'{b}; ' * 6}}}" for a, b in zip("abcdefg", "bcdefgh", strict=True)) + "; a"
"""Seven functions, each of which starts the next one six times: 279,936 commands."""
NOT_READ = "not all of this job was read: its commands are too long, do too much or are too garbled"


def test_what_was_not_read_is_said_beside_every_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ignored or not: without it, `plan` says that no model is named."""
    (tmp_path / "gpuspec.toml").write_text('ignore = ["read-in-part"]')
    path = written(tmp_path, {"run": ENDLESS})
    for command, status in (("plan", 0), ("size", 2), ("show", 1), ("export", 0)):
        assert main([command, path]) == status
        shown = capsys.readouterr()
        assert NOT_READ in " ".join((shown.out + shown.err).split()), command
    main(["plan", path, "--json"])
    assert NOT_READ in json.loads(capsys.readouterr().out)["notes"]
    main(["show", path, "--json"])
    assert json.loads(capsys.readouterr().out)["jobs"][0]["not_read"] == [NOT_READ.partition(": ")[2]]


def test_no_advice_to_suppress_what_no_suppression_lets_pass(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", written(tmp_path, WRONG["max_price"])]) == 1
    said = capsys.readouterr().err
    assert "error[lint-errors]" in said
    assert "or suppress" not in said


def test_a_misspelled_limit_is_a_limit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, {"budget": None, "budgett": {"max_hours": 2}})
    main(["plan", path])
    assert "not known: budget cannot be read" in capsys.readouterr().out


def test_size_says_what_is_left_out_beside_its_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, {"max_price": "9.0", "model": {"id": "Qwen/Qwen2.5-7B-Instruct"}})
    assert main(["size", path, "--json"]) == 0
    shown = capsys.readouterr()
    assert "left out: `max_price` is " in shown.err
    assert json.loads(shown.out)


def test_a_secret_in_what_is_left_out_is_masked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    token = "hf_" + "abcdefghijklmnopqrstuvwxyzABCDEF12"
    (tmp_path / "gpuspec.toml").write_text(IGNORED["settings"])
    path = written(tmp_path, {token: 1})
    for command in ("plan", "export", "size"):
        main([command, path])
        shown = capsys.readouterr()
        assert token not in shown.out + shown.err
