"""Numbers that `int` does not read: of more digits than Python takes (4,300), and signs that look like digits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gpuspec.cli.main import main

LONG = "1" + "0" * 5_000
SERVE = "vllm serve meta-llama/Llama-3.1-8B"
SPECS: dict[str, dict[str, Any]] = {
    "count": {"gpu_types": ["A100-80GB:²"], "run": SERVE},
    "long count": {"gpu_types": [f"A100-80GB:{LONG}"], "run": SERVE},
    "gpu_count": {"gpu_count": LONG, "max_price": "9" * 5_000, "run": SERVE},
    "versions": {"setup": ["pip install vllm==0.²", f"pip install vllm==0.{LONG}"], "run": SERVE},
    "layers": {"run": "llama-server -m x.gguf -ngl ²"},
    "long layers": {"run": f"llama-server -m x.gguf -ngl {LONG}"},
    "shell": {"run": "echo ${²} ${a[²]}; for ((i=0;i<²;i++)); do x; done"},
    "long loop": {"run": f"for ((i={LONG};i<{LONG};i++)); do x; done"},
    "GPUs": {"run": f"{SERVE} --tensor-parallel-size 40000000000"},
}  # fmt: skip


@pytest.mark.parametrize("command", ["lint", "plan", "size", "show", "export"])
@pytest.mark.parametrize("name", SPECS)
def test_in_a_spec(name: str, command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = tmp_path / "gpu.jsonc"
    spec.write_text(json.dumps({"gpu_types": ["L4"], **SPECS[name]}))
    assert main([command, str(spec)]) in (0, 1, 2)
    assert "internal" not in capsys.readouterr().err


def test_in_a_script(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "a.sh"
    loops = f"for i in {{1..{LONG}}}; do for x in a b; do gpu run $x; break ²; break {LONG}; done; done\n"
    script.write_text(loops)
    assert main(["lint", str(script)]) in (0, 1)
    assert "internal" not in capsys.readouterr().err


@pytest.mark.parametrize("words", [("run", "x", "--shard", "²/3"), ("run", "x", "--shard", f"{LONG}/{LONG}")])
def test_of_shards(words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = tmp_path / "gpu.jsonc"
    spec.write_text(json.dumps({"gpu_types": ["L4"], "run": "work {item}", "items": ["a", "b"]}))
    assert main([str(spec) if word == "x" else word for word in words]) == 2
    assert "error[bad-shards]" in capsys.readouterr().err


def test_of_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = tmp_path / "gpu.jsonc"
    spec.write_text("{}")
    assert main(["explain", f"{spec}:{LONG}"]) == 2
    assert "internal" not in capsys.readouterr().err
