"""The files that keep models: written so that people can read a change, read as a stranger's."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from gpuspec.catalog import Model
from gpuspec.catalog.kept_models import (
    MOST_OF_USER,
    keep_for_user,
    read_kept,
    record_of,
    text_of,
    update_kept,
)
from gpuspec.cli.main import main
from gpuspec.errors import UserError

RECORD: dict[str, Any] = {
    "params_b": 8.19,
    "layers": 36,
    "weights": [
        {"part": "attention", "parameters": 1_000_000_000, "scheme": "bf16"},
        {"part": "mlp", "parameters": 7_190_000_000, "scheme": "bf16"},
    ],
    "caches": [{"kind": "full", "width": 2048, "heads": 8, "layers": 36}],
    "source": "huggingface.co/acme/Foo",
}
TEXT = """\
{
  "format": 1,
  "models": {
    "acme/Foo": {
      "caches": [
        {"kind": "full", "width": 2048, "heads": 8, "layers": 36}
      ],
      "layers": 36,
      "params_b": 8.19,
      "source": "huggingface.co/acme/Foo",
      "weights": [
        {"part": "attention", "parameters": 1000000000, "scheme": "bf16"},
        {"part": "mlp", "parameters": 7190000000, "scheme": "bf16"}
      ]
    }
  }
}
"""


def test_a_fact_a_line_and_a_group_a_line() -> None:
    assert text_of({"acme/Foo": RECORD}) == TEXT


def test_what_was_written_is_read(tmp_path: Path) -> None:
    path = str(tmp_path / "gpuspec.models.json")
    assert update_kept(path, lambda _: {"acme/Foo": RECORD})[1]
    assert not update_kept(path, lambda kept: kept)[1]
    model = read_kept(path).model("acme/Foo")
    assert (model.id, model.params_b, model.layers) == ("acme/Foo", 8.19, 36)
    assert [row.parameters for row in model.weights] == [1_000_000_000, 7_190_000_000]
    assert record_of(model) == RECORD


def test_of_changes_at_the_same_time_none_is_lost(tmp_path: Path) -> None:
    path = str(tmp_path / "gpuspec.models.json")

    def add(number: int) -> None:
        def change(kept: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Mapping[str, Any]]:
            time.sleep(0.02)
            return {**kept, f"acme/Foo-{number}": RECORD}

        update_kept(path, change)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(8)))
    assert len(read_kept(path).records) == 8
    assert os.listdir(tmp_path) == ["gpuspec.models.json"]


def test_a_folder_that_another_holds_is_waited_for_and_then_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fcntl = pytest.importorskip("fcntl")
    monkeypatch.setattr("gpuspec.atomic_write.PATIENCE", 0.1)
    held = os.open(tmp_path, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(UserError, match="another program has held its folder"):
            update_kept(str(tmp_path / "gpuspec.models.json"), lambda kept: kept)
    finally:
        os.close(held)


def test_there_need_not_be_a_file(tmp_path: Path) -> None:
    assert read_kept(str(tmp_path / "none.json")).models == ()


def holding(record: Any) -> str:
    return json.dumps({"format": 1, "models": {"acme/Foo": record}})


HOSTILE = {
    "empty": "",
    "cut": TEXT[:100],
    "deep": "[" * 100_000,
    "deeper": '{"models":' * 100_000,
    "list": "[]",
    "no format": '{"models": {}}',
    "newer": '{"format": 2, "models": {}}',
    "a list of models": '{"format": 1, "models": []}',
    "many": json.dumps({"format": 1, "models": {f"a/{number}": {} for number in range(5_001)}}),
    "a long name": json.dumps({"format": 1, "models": {"a/" + "b" * 400: {}}}),
    "an invisible name": json.dumps({"format": 1, "models": {"a/\u202eb": {}}}),
    "no record": holding(8),
    "twice": '{"format": 1, "models": {"acme/Foo": {}, "acme/Foo": {}}}',
    "a fact twice": '{"format": 1, "models": {"acme/Foo": {"layers": 1, "layers": 2}}}',
    "NaN": '{"format": 1, "models": {"acme/Foo": {"params_b": NaN}}}',
    "infinite": '{"format": 1, "models": {"acme/Foo": {"params_b": 1e999}}}',
    "10^30 layers": holding({"layers": 10**30}),
    "10^5000": '{"format": 1, "models": {"acme/Foo": {"layers": 1' + "0" * 5_000 + "}}}",
    "a negative size": holding({"params_b": -1}),
    "a word for a number": holding({"params_b": "8"}),
    "true for a number": holding({"layers": True}),
    "an unknown fact": holding({"colour": "red"}),
    "a table of weights": holding({"weights": {}}),
    "weights of no part": holding({"weights": [{"parameters": 1, "scheme": "bf16"}]}),
    "an unknown part": holding({"weights": [{"part": "x", "parameters": 1, "scheme": "bf16"}]}),
    "a list for a part": holding({"weights": [{"part": [], "parameters": 1, "scheme": "bf16"}]}),
    "10^30 weights": holding({"weights": [{"part": "mlp", "parameters": 10**30, "scheme": "bf16"}]}),
    "many weights": holding({"weights": [{"part": "mlp", "parameters": 1, "scheme": "bf16"}] * 1_001}),
    "a cache of no kind": holding({"caches": [{"width": 1}]}),
    "a stride of nothing": holding({"caches": [{"kind": "full", "width": 1, "stride": 0}]}),
    "components in words": holding({"components": {"t5_b": "large"}}),
    "aliases of numbers": holding({"aliases": [1]}),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_what_is_wrong_is_an_error_in_words(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("gpuspec.models.json").write_text(HOSTILE[what])
    Path("job.gpu.jsonc").write_text('{"model": {"id": "acme/Foo"}, "run": "python a.py"}')
    for words in (["lint"], ["plan", "job.gpu.jsonc"], ["size", "acme/Foo"], ["models", "acme/Foo"]):
        assert main(words) == 2, words
        told = capsys.readouterr().err
        assert "gpuspec: error[models-file]: " in told, words
        assert "gpuspec.models.json cannot be read: " in told
        assert len(told) < 800
    assert main(["models", "check"]) == 2
    before = Path("gpuspec.models.json").read_text()
    assert main(["models", "lock"]) == 2
    assert Path("gpuspec.models.json").read_text() == before


def test_a_folder_a_pipe_and_a_link_that_leads_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path("gpuspec.models.json")
    path.mkdir()
    assert main(["size", "acme/Foo"]) == 2
    assert "it is a folder" in capsys.readouterr().err
    path.rmdir()
    os.mkfifo(path)
    assert main(["size", "acme/Foo"]) == 2
    assert "it is a pipe" in capsys.readouterr().err
    path.unlink()
    path.write_bytes(b" " * (9 << 20))
    assert main(["size", "acme/Foo"]) == 2
    assert "larger than 8 MiB" in capsys.readouterr().err


def test_the_users_file_keeps_the_newest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPUSPEC_DATA_DIR", str(tmp_path / "data"))
    path = str(tmp_path / "data" / "models.json")
    old = {f"acme/{number:04}": {"params_b": 1, "as_of": "2026-01-01"} for number in range(MOST_OF_USER)}
    update_kept(path, lambda _: old)
    keep_for_user(Model("acme/new", params_b=2.0, as_of="2026-02-01"))
    kept = read_kept(path)
    assert len(kept.records) == MOST_OF_USER
    assert kept.model("acme/new").params_b == 2.0


def test_a_file_that_is_no_project_s_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "models.json"
    path.write_text("{")
    with pytest.raises(UserError) as caught:
        read_kept(str(path))
    assert caught.value.hint == "Delete it: `gpuspec models add` writes it anew."
