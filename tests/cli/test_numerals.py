"""Numbers are read in the digits 0 to 9 alone: a price that is believed is money."""

from __future__ import annotations

from pathlib import Path

import pytest

from gpuspec.cli.main import main
from gpuspec.numerals import number_of, small_number
from gpuspec.text import Edit, EditError, parse
from gpuspec.text.rewrite import apply

ODD = ["1_0", "٣", "０.５", "1e", "0x10", "infinity", "nan", "1,5"]
COLUMNS = ["AcceleratorCount", "Price", "SpotPrice", "vCPUs", "MemoryGiB"]
ROW = {"Cloud": "slurm", "AcceleratorName": "RTX4090", "AcceleratorCount": "1", "Price": "0.44"}


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "gpu.jsonc"
    path.write_text('{ "gpu_types": ["RTX 4090"], "run": "true" }')
    return path


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("value", ODD)
def test_of_a_price_file(value: str, column: str, spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    row = {**ROW, column: f'"{value}"'}
    prices = spec.parent / "prices.csv"
    prices.write_text(f"{','.join(row)}\n{','.join(row.values())}\n", encoding="utf-8")
    assert main(["plan", str(spec), "--prices", str(prices)]) == 2
    assert f"prices.csv:2: {column} is {value!r}, not a number" in capsys.readouterr().err


@pytest.mark.parametrize("value", ODD)
def test_of_options(value: str, spec: Path) -> None:
    assert main(["gpus", "--max-price", value]) == 2
    assert main(["gpus", "--min-vram", value]) == 2
    assert main(["plan", str(spec), "--max-hours", value]) == 2
    assert main(["run", "--dry-run", str(spec), "--shards", value]) == 2
    assert main(["run", "--dry-run", str(spec), "--shard", f"{value}/٣"]) == 2


def test_of_gpus_counted_in_a_name(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec.write_text('{ "gpu_types": ["A100-80GB:٣"], "run": "true" }', encoding="utf-8")
    assert main(["lint", "--select", "GS004", "--format", "concise", str(spec)]) == 1
    assert "A100-80GB:٣" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "number"),
    [("0.44", 0.44), ("2", 2), ("+2", 2), (".5", 0.5), ("3.", 3), ("1.5e2", 150), ("-1", -1)],
)
def test_of_plain_ones(text: str, number: float) -> None:
    assert number_of(text) == number


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0), ("007", 7), ("999999999", 999_999_999), ("1000000000", None), ("9" * 5000, None), ("", None)],
)
def test_of_small_ones(text: str, number: int | None) -> None:
    assert small_number(text) == number


@pytest.mark.parametrize("place", ["3", "٠", "00", "-1", "9" * 5000])
def test_of_a_place_that_a_list_does_not_have(place: str) -> None:
    with pytest.raises(EditError, match="there is no element"):
        apply(parse('{ "items": ["a", "b"] }'), [Edit("remove", f"/items/{place}")])


def test_of_thousands_of_digits_in_a_models_config(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Python's own words are advice to the program's author, about `sys.set_int_max_str_digits`."""
    (tmp_path / "config.json").write_text('{ "hidden_size": ' + "9" * 6000 + " }")
    (tmp_path / "gpuspec.toml").write_text("rules = { a = " + "9" * 6000 + " }")
    (tmp_path / "gpu.jsonc").write_text('{ "run": "true" }')
    assert main(["size", str(tmp_path)]) == 2
    assert main(["lint", str(tmp_path)]) == 2
    err = capsys.readouterr().err
    assert err.count("a number of thousands of digits") == 2
    assert "set_int_max_str_digits" not in err
