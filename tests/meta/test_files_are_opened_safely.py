"""Nothing in gpuspec opens a file that the user names, or that lies among the user's, but through untrusted_file."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
OF_OURS = {
    "untrusted_file.py": "the opener itself",
    "architectures/defaults.py": "what ships",
    "atomic_write.py": "writes",
    "catalog/hub_table.py": "what ships",
    "catalog/shipped.py": "what ships",
    "cli/exit_status.py": "/dev/null",
    "cli/git_commit.py": "writes into a folder of its own",
    "cli/plugin.py": "writes files that were not there",
    "cli/rules.py": "what ships",
    "editor/server.py": "standard output",
    "engines/torchtune_recipes.py": "what ships",
    "job/schema.py": "what ships",
    "launch/alert_watch.py": "writes into the run's own folder",
    "launch/clock.py": "/proc",
    "launch/downloads.py": "what ships",
    "launch/items.py": "what ships, and the run's own folder",
    "launch/local/local_launcher.py": "the run's own folder",
    "launch/local/processes.py": "/proc",
    "launch/local/supervisor.py": "the run's own folder",
    "launch/outputs.py": "writes into the run's own folder",
    "launch/records.py": "the user's own state, and /proc",
    "launch/skypilot/results.py": "the run's own folder",
    "launch/skypilot/secret_file.py": "writes into the run's own folder",
    "plugin/load.py": "what pip installed",
    "plugin/template.py": "what ships",
    "report/bill_html/page.py": "what ships",
    "testing/golden.py": "a plugin author's tests",
    "testing/rule_tester.py": "a plugin author's tests",
}
"""Module → what it opens instead. `launch/on_machine/` runs on machines that hold nothing of gpuspec."""


def opens(path: Path) -> bool:
    """Whether a module opens files by itself. `self.open(…)` of a scanner and `opener.open(url)` are other things."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if called in ("open", "io.open", "os.open", "os.fdopen"):
                return True
            if called.endswith((".read_text", ".read_bytes", ".write_text", ".write_bytes")):
                return True
    return False


def test_files_are_opened_in_one_place() -> None:
    package = ROOT / "gpuspec"
    found = {str(path.relative_to(package)) for path in package.rglob("*.py") if opens(path)}
    found = {name for name in found if not name.startswith("launch/on_machine/")}
    assert found == set(OF_OURS)
