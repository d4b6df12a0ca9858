"""Settings and baselines from hostile hands: exit status 2 in words, and no reader that takes minutes over them."""

from __future__ import annotations

from pathlib import Path

import pytest

from gpuspec.cli.main import main

TOML = {
    "lists in lists": "select = " + "[" * 100_000,
    "tables in tables": "select = " + "{a = " * 100_000,
    "one key of 400,000 parts": "a." * 400_000 + "a = 1",
    "one table of 400,000 parts": "[" + "a." * 400_000 + "a]",
    "quoted parts": '"=".' * 200_000 + "a = 1",
    "a number of 5,000 digits": f"pedantic = {'1' * 5000}",
    "a hexadecimal number of 5,000 digits": f"[rules.over-budget]\nhours = 0x{'f' * 5000}",
    "a severity that is a huge number": f"[severity]\nGS101 = 0x{'f' * 5000}",
    "a number for a number of dollars": "[rules.per-item-launch]\nload_minutes = 1" + "0" * 400,
    "not a number": "[rules.per-item-launch]\nload_minutes = nan",
    "infinity": "[rules.per-item-launch]\nload_minutes = inf",
    "a NUL in a list": 'local-rules = ["a\\u0000.py"]',
    "a NUL in a path": 'prices = "a\\u0000.csv"',
    "100,000 globs": "exclude = [" + '"a",' * 100_000 + "]",
    "100,000 rules": "[severity]\n" + "".join(f"GS{number} = 'info'\n" for number in range(60_000)),
    "one name of 900,000 letters": f'fail-on = "{"a" * 900_000}"',
    "one selector of 900,000 letters": f'select = ["{"a" * 900_000}"]',
    "no UTF-8": b"select = ['\xff']",
    "more than 1 MiB": "#" * (1 << 20) + "\n",
}


def lint_beside(path: Path, text: str | bytes, *options: str) -> int:
    """The exit status of lint in a folder with a spec and a file from hostile hands."""
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    (path.parent / "gpu.jsonc").write_text("{}")
    return main(["lint", str(path.parent), *options])


@pytest.mark.parametrize("name", TOML)
def test_settings(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert lint_beside(tmp_path / "gpuspec.toml", TOML[name]) == 2
    err = capsys.readouterr().err
    assert any(f"error[{code}]" in err for code in ("bad-config", "unknown-rule", "unreadable-file")), err[
        :300
    ]


@pytest.mark.parametrize("text", ["tool = 3", "[tool]\ngpuspec = 3 # [tool.gpuspec", "[[tool.gpuspec]]"])
def test_a_pyproject_without_tables(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert lint_beside(tmp_path / "pyproject.toml", text + "\n#[tool.gpuspec") == 2
    assert "must be a table" in capsys.readouterr().err


BASELINES = {
    "nothing": "",
    "a list": "[]",
    "lists in lists": "[" * 200_000,
    "a number of 5,000 digits": '{"findings": ' + "1" * 5000 + "}",
    "counts beyond all numbers": '{"findings": [{"path": "a", "rule": "b", "where": "c", "count": 1e999}]}',
    "no entries": '{"findings": 3}',
    "entries of another kind": '{"findings": [3]}',
    "entries without a rule": '{"findings": [{"path": "a"}]}',
    "no UTF-8": b'{"findings": "\xff"}',
    "binary": b"\0" * 100,
}


@pytest.mark.parametrize("name", BASELINES)
def test_baseline(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "baseline.json"
    assert lint_beside(path, BASELINES[name], "--baseline", str(path)) == 2
    assert "error[bad-baseline]" in capsys.readouterr().err


def test_a_baseline_of_other_types_finds_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    entries = '{"findings": [{"path": 1, "rule": [2], "where": {}, "count": true}, %s]}'
    (tmp_path / "baseline.json").write_text(
        entries % '{"path": "a\\u0000b", "rule": "GS001", "where": null, "count": 2}'
    )
    (tmp_path / "gpu.jsonc").write_text('{ "run": "true" }\n')
    command = ["lint", "--select", "GS001", str(tmp_path), "--baseline", str(tmp_path / "baseline.json")]
    assert main(command) == 0
    assert "GS001" in capsys.readouterr().err  # it finds nothing any more


PRICES = {
    "nothing": "",
    "one line": "Cloud",
    "a NUL": "Cloud,AcceleratorName\n\0,\n",
    "a field of 1 MB": "Cloud\n" + "a" * 1_000_000,
    "100,000 columns": "a," * 100_000 + "\n" + "1\n" * 100_000,
    "no UTF-8": b"Cloud\n\xff\n",
    "a huge price": "Cloud,AcceleratorName,AcceleratorCount,Price\nx,A100,1,1e999\n",
    "a price that is none": "Cloud,AcceleratorName,AcceleratorCount,Price\nx,A100,1,nan\n",
    "a huge count": "Cloud,AcceleratorName,AcceleratorCount,Price\nx,A100,1e400,1\n",
    "a GPU of 100,000 letters": f"Cloud,AcceleratorName,AcceleratorCount,Price\nx,{'A' * 100_000},1,1\n",
    "more than 2 MiB": "#" * (2 << 20) + "\n",
}


@pytest.mark.parametrize("name", PRICES)
def test_prices(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "own.csv"
    assert lint_beside(path, PRICES[name], "--prices", str(path)) == 2
    assert "error[price-file]" in capsys.readouterr().err
