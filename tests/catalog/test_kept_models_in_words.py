"""What an edit, a merge or another version did to the models' file is said so that it can be mended."""

from __future__ import annotations

from pathlib import Path

import pytest

from gpuspec.catalog.kept_models import read_kept
from gpuspec.errors import UserError

GOOD = """\
{
  "format": 1,
  "models": {
    "acme/Foo": {
      "params_b": 8.19,
      "weights": [
        {"part": "mlp", "parameters": 8190000000, "scheme": "bf16"}
      ],
      "caches": [
        {"kind": "full", "width": 2048, "heads": 8, "layers": 36}
      ]
    }
  }
}
"""
FACT = '"params_b": 8.19,'
EDITS = {
    "nothing": (GOOD, "", "it is empty"),
    "half": ('"params_b": 8.19,\n', '"params_b', "it is not JSON, in line 5, column "),
    "a merge": (
        "      " + FACT,
        "<<<<<<< HEAD\n      " + FACT + "\n=======\n>>>>>>> b\n",
        "it holds the marks of a merge, in line 5",
    ),
    "a merge of all": (GOOD, f"<<<<<<< HEAD\n{GOOD}", "it holds the marks of a merge, in line 1"),
    "a side of a merge": (
        "      " + FACT,
        "=======\n      " + FACT,
        "it holds the marks of a merge, in line 5",
    ),
    "twice": ('"models": {', '"models": {"acme/Foo": {},', "it holds 'acme/Foo' twice"),
    "twice, in capitals": ('"models": {', '"models": {"ACME/foo": {},', "twice, once as 'ACME/foo'"),
    "not a number": ("8.19", "NaN", "it holds NaN, which is no number"),
    "another version": ('"format": 1', '"format": 2', "its format is 2"),
    "true": ('"format": 1', '"format": true', "its format is true"),
    "no version": ('"format": 1,', "", "its format is null"),
    "a table of another version": (
        '"format": 1',
        '"format": 1, "datasets": {}',
        "'datasets' is nothing that",
    ),
    "a fact of another version": (
        FACT,
        FACT + '"speed": 5,',
        "acme/Foo: 'speed' is no fact that this version",
    ),
    "a number in quotes": ("8.19", '"8.19"', 'acme/Foo: params_b is "8.19", and should be a number above 0'),
    "null": ("8.19", "null", "acme/Foo: params_b is null, and should be a number above 0"),
    "below zero": ("8190000000", "-5", "acme/Foo: parameters is -5"),
    "an unknown cache": ('"full"', '"evil"', 'acme/Foo: kind is "evil"'),
    "an unknown part": ('"mlp"', '["mlp"]', 'acme/Foo: part is ["mlp"]'),
}


def test_without_an_edit_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "gpuspec.models.json"
    path.write_text(GOOD)
    read_kept(str(path)).check()


@pytest.mark.parametrize("what", EDITS)
def test_an_edit_is_said(what: str, tmp_path: Path) -> None:
    before, after, said = EDITS[what]
    assert before in GOOD
    path = tmp_path / "gpuspec.models.json"
    path.write_text(GOOD.replace(before, after))
    with pytest.raises(UserError) as caught:
        read_kept(str(path)).check()
    assert caught.value.code == "models-file"
    assert f"{path} cannot be read: " in caught.value.message
    assert said in caught.value.message


def test_paths_of_folders_differ_by_their_letters(tmp_path: Path) -> None:
    path = tmp_path / "gpuspec.models.json"
    path.write_text('{"format": 1, "models": {"./Ours": {}, "./ours": {}}}')
    assert len(read_kept(str(path)).records) == 2
