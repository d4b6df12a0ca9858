"""`gpuspec schema` prints the file, to the byte, wherever it is called."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_schema_is_printed_to_the_byte(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gpuspec", "schema"],
        cwd=tmp_path,
        capture_output=True,
        check=True,
        env={"PYTHONIOENCODING": "ascii", "PYTHONPATH": str(ROOT)},
    )
    assert done.stdout == (ROOT / "schemas/job.schema.json").read_bytes()
    assert done.stderr == b""


def test_reading_a_clean_spec_imports_nothing_dear(tmp_path: Path) -> None:
    path = tmp_path / "job.jsonc"
    path.write_text('{"gpu_types": ["L4"], "run": "x", "downloads": [{"strategy": "hf", "source": "a/b"}],}')
    code = (
        "import sys; before = set(sys.modules)\n"
        f"from gpuspec.formats import read\n(document,) = read({str(path)!r}, open({str(path)!r}, 'rb').read())\n"
        "assert document.job; assert not document.format.mistakes(document.tree)\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    loaded = set(done.stdout.split())
    assert "gpuspec.job.accept" in loaded
    dear = {"json", "json5", "jsonschema", "pathlib", "dataclasses", "difflib", "decimal", "inspect", "shlex"}
    assert dear.isdisjoint(loaded)
