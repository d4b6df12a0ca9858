"""Every fenced block of the documentation is tried. docs/rules has its own test (tests/lint/test_pages.py).

A page is a folder: a block with a `title` is written to the file it names, sessions run in order beside these
files and a copy of `examples/` (of the forty jobs of `examples/company` where the page names them). A jsonc block
without outer braces shows some fields, and is checked as the spec that holds them.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import json5
import jsonschema
import pytest
from sessions import Block, blocks, matches, run, sessions

from gpuspec.lint.config import Configs
from gpuspec.lint.config_file import NAMES
from gpuspec.rules import collect

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [
    page
    for page in sorted(DOCS.rglob("*.md"))
    if page.parent.name != "rules" and blocks(page.read_text(encoding="utf-8"))
]
SCHEMA = json.loads((ROOT / "schemas" / "job.schema.json").read_text(encoding="utf-8"))
PLAIN = ("text", "lua", "vim", "csv", "diff", "sarif")
"""Languages nobody here can try."""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_blocks(page: Path, tmp_path: Path) -> None:
    folder, home = tmp_path / "work", tmp_path / "home"
    home.mkdir()
    text = page.read_text(encoding="utf-8")
    left_out = ["results", "formats", *(["company"] if "examples/company" not in text else ())]
    shutil.copytree(ROOT / "examples", folder / "examples", ignore=shutil.ignore_patterns(*left_out))
    for block in blocks(text):
        where = f"{page.relative_to(ROOT)}:{block.line}"
        if block.title:
            target = folder / block.title
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.text, encoding="utf-8")
        _try(block, where, folder, home)


def _try(block: Block, where: str, folder: Path, home: Path) -> None:
    if block.language == "console":
        assert sessions([block]), f"{where}: a session without a `$ command`"
        for session in sessions([block]):
            seen = run(session.command, cwd=folder, home=home)
            assert matches(session.expected, seen), (
                f"{where}: $ {session.command}\n--- expected\n{session.expected}\n--- seen\n{seen}"
            )
    elif block.language == "jsonc":
        _spec(block.text, where)
    elif block.language == "json":
        json.loads(block.text)
    elif block.language == "toml" and Path(block.title).name in ("", *NAMES):
        _config(block, where, folder)
    elif block.language == "toml":
        tomllib.loads(block.text)
    elif block.language == "python":
        _python(block.text, where)
    elif block.language in ("yaml", "yml"):
        yaml = pytest.importorskip("yaml")
        assert all(yaml.safe_load_all(block.text)), where
    elif block.language in ("sh", "bash"):
        done = subprocess.run(["bash", "-n", "-c", block.text], capture_output=True, text=True)
        assert done.returncode == 0, f"{where}: {done.stderr}"
    else:
        assert block.language in PLAIN, f"{where}: nobody tries blocks of {block.language}"


def _spec(text: str, where: str) -> None:
    whole = re.match(r"(?:\s|//.*)*\{", text)
    document = json5.loads(text if whole else "{" + text + "}")
    errors = [error.message for error in jsonschema.Draft7Validator(SCHEMA).iter_errors(document)]
    assert not errors, f"{where}: {errors}"


def _config(block: Block, where: str, folder: Path) -> None:
    """A config file of ours; pyproject.toml where a table `[tool.gpuspec…]` says so."""
    ours = "[tool.gpuspec" not in block.text
    beside = folder / Path(block.title).parent  # what it extends is seen from there
    path = beside / "tried.toml" if ours else folder / ".tried" / "pyproject.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(block.text, encoding="utf-8")
    before = os.getcwd()
    os.chdir(folder)  # `prices` may name a file that the page shows
    try:
        Configs(collect(), path=str(path)).settings_for(str(path))
    finally:
        os.chdir(before)


def _python(text: str, where: str) -> None:
    """Compiled; what defines rules is run, and its hook asked for them."""
    from gpuspec import Rule

    code = compile(text, where, "exec")
    if "(Rule):" in text and "gpuspec_rules" in text:
        names: dict[str, object] = {}
        exec(code, names)
        rules = names["gpuspec_rules"]()  # type: ignore[operator]
        assert rules, where
        assert all(issubclass(rule, Rule) for rule in rules), where
