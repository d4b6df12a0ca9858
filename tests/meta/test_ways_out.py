"""Text leaves the program in few places, and each of them makes it safe to print (gpuspec/printable.py)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
WRITERS = {"print", "echo", "secho", "confirm", "prompt"}
KNOWN = {
    # where all goes through `one_line`
    "cli/output.py": "lines and documents of commands",
    "cli/exit_status.py": "errors",
    "cli/run.py": "the question",
    "cli/run_lint.py": "reports, each escaped by its format; the mended standard input, which is the user's",
    "launch/skypilot/standard_streams.py": "lines of the launcher",
    "plugin/load.py": "what plugins print",
    # where nothing comes from outside
    "cli/completion.py": "the shell's script",
    "cli/init.py": "questions",
    "cli/progress.py": "a number",
    "cli/reap.py": "a question with a number",
    "cli/schema.py": "the schema",
    "cli/watch.py": "a number",
}
"""Module → what it writes itself. What else prints takes `say` of cli/output.py, or the `say` that it is given."""
THE_JOBS_OWN = ("launch/local/local_launcher.py", "launch/skypilot/job_log.py")
"""They pass on what a job writes."""


def ways_out(tree: ast.Module) -> Iterator[str]:
    """What a module writes with: print, click's functions, `sys.stdout.write` and the like; also where it hands them
    on, as in `say=print`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == "print":
            yield node.id
        if isinstance(node, ast.Attribute) and ast.unparse(node).startswith("click."):
            yield from {node.attr} & WRITERS
        if isinstance(node, ast.Attribute) and node.attr in ("write", "writelines"):
            yield from [ast.unparse(node)] * ("sys.std" in ast.unparse(node))


def test_only_these_modules_print() -> None:
    package = ROOT / "gpuspec"
    found = {}
    for path in sorted(package.rglob("*.py")):
        name = path.relative_to(package).as_posix()
        if name.startswith(("launch/on_machine/", "testing/")) or name in THE_JOBS_OWN:
            continue
        written = set(ways_out(ast.parse(path.read_text(encoding="utf-8"))))
        if written:
            found[name] = written
    assert sorted(found) == sorted(KNOWN)


def test_every_way_out_is_seen() -> None:
    text = "print(1); click.echo(1); sys.stderr.write(1); sys.stdout.buffer.write(1); log.write(1)"
    assert len(list(ways_out(ast.parse(text)))) == 4
    handed_on = (
        "run(say=print); partial(print, file=f); each(click.echo); each(sys.stderr.write); each(log.print)"
    )
    assert len(list(ways_out(ast.parse(handed_on)))) == 4
