"""Numbers are read in the digits 0 to 9 alone: a price that is believed is money."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from gpuspec.cli.main import cli, main
from gpuspec.numerals import number_of, small_number
from gpuspec.plugin import time_limit
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


def numeric_options(command: click.Command, *path: str) -> Iterator[tuple[str, ...]]:
    """Every option of gpuspec that takes a number, behind the command it belongs to."""
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from numeric_options(inner, *path, name)
    for option in command.params:
        if isinstance(option.type, click.types.FloatParamType | click.types.IntParamType):
            yield (*path, option.opts[0])


NUMERIC_OPTIONS = sorted(numeric_options(cli))


def test_the_options_are_found() -> None:
    assert {
        ("size", "--gpus"),
        ("size", "--params-b"),
        ("plan", "--deadline"),
        ("run", "--shards-began"),
    } <= {*NUMERIC_OPTIONS}


@pytest.mark.parametrize("option", NUMERIC_OPTIONS, ids=" ".join)
def test_of_options(option: tuple[str, ...], spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    *command, name = option
    for value in ODD:
        assert main([*command, name, value, *([str(spec)] if command != ["gpus"] else [])]) == 2
        assert re.search(
            rf"{name}'.*{value!r} is (not a (whole )?number|no number of tokens)", capsys.readouterr().err
        )


@pytest.mark.parametrize("value", ODD)
def test_of_a_shard(value: str, spec: Path) -> None:
    assert main(["run", "--dry-run", str(spec), "--shard", f"{value}/٣"]) == 2


@pytest.mark.parametrize("value", [*ODD, "", "0", "-1"])
def test_of_the_time_that_a_plugin_has(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPUSPEC_RULE_SECONDS", value)
    assert time_limit.seconds() == 10
    monkeypatch.setenv("GPUSPEC_RULE_SECONDS", "2.5")
    assert time_limit.seconds() == 2.5


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
