"""GS307 items-overwrite."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence

from gpuspec.commands.shell.script import Enclosure
from gpuspec.commands.steps import Step
from gpuspec.commands.word import UNKNOWN
from gpuspec.lint import Facts, Finding, Rule

_FLAGS = frozenset({
    "-o", "--out", "--output", "--outfile", "--out-file", "--out_file", "--output-file", "--output_file",
    "--output-path", "--output_path", "--out-path", "--out_path", "--save-path", "--save_path", "--save-to",
    "--save_to", "--predictions", "--results",
})  # fmt: skip
_RESULTS = (
    ".json", ".csv", ".tsv", ".parquet", ".srt", ".vtt", ".txt", ".md", ".wav", ".mp3", ".flac", ".ogg", ".mp4",
    ".png", ".jpg", ".jpeg", ".webp", ".gif", ".npy", ".npz", ".pt", ".pth", ".safetensors", ".pkl", ".glb", ".obj",
    ".ply",
)  # fmt: skip
_GATHERED = (".jsonl", ".csv", ".tsv", ".parquet")
"""Files to which programs add lines: a flag does not tell whether they do."""

_MOST = 20
"""Paths of one job that are looked at, each beside all of its commands."""


class ItemsOverwrite(Rule):
    """Each item writes to the same file, over the one before.

    ## What it does
    Looks at commands that run once for each item (`{item}`, a task of a Slurm array, a turn of a loop in `run`) and
    write their result to a path that is the same each time: `> out.json`, `--output out.wav`. Silent where the file
    is added to (`>>`), where another command takes the result away, where the folder is the item's own, and for lines
    that a program may add (`--output answers.jsonl`).

    ## Why is this bad
    After hours of paid work only the result of the last item is there; tasks that run at once write into one file
    together.

    ## Example
    ```jsonc
    {
      "task": "batch",
      "gpu_types": ["RTX 4090"],
      "keep_alive_minutes": 3,
      "items": "audio/*.wav",
      "outputs": ["text.json"],
      "run": "python transcribe.py {item} > text.json"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "task": "batch",
      "gpu_types": ["RTX 4090"],
      "keep_alive_minutes": 3,
      "items": "audio/*.wav",
      "outputs": ["text/"],
      "run": "mkdir -p text && python transcribe.py {item} > text/$(basename {item}).json"
    }
    ```

    ## When to ignore
    When only the last result counts.
    """

    code = "GS307"
    name = "items-overwrite"
    severity = "warning"
    confidence = "medium"

    def check(self, facts: Facts) -> Iterator[Finding]:
        steps = [step for step in facts.commands if not step.setup]
        seen: set[str] = set()
        for step in steps:
            path = _written(step)
            if not path or path in seen:
                continue
            seen.add(path)
            if len(seen) > _MOST:
                return
            repeated = _repeated(facts, step, steps)
            if repeated is not None and not _taken_away(path, step, steps):
                yield self._finding(step, path, repeated)

    def _finding(self, step: Step, path: str, repeated: str) -> Finding:
        stem, ending = posixpath.splitext(path)
        return self.finding(
            step.pointer,
            f"{path} is written {repeated}, each time over what was there: in the end it holds the last result alone",
            suggestion=f"name the file by what it is of ({stem}-NAME{ending}), or add to it with >>",
        )


def _repeated(facts: Facts, step: Step, steps: Sequence[Step]) -> str | None:
    """How a command is repeated, with something else each time; None where it is not, or nothing else is given it."""
    command = step.command
    if UNKNOWN in command.folder or command.name in ("cd", "echo", "printf", "export", "mkdir", "test", "["):
        return None
    given = " ".join(_raw(one) for one in _piped(step, steps))
    around = [one for one in command.loops if _is_over_items(one, steps)]
    if around:
        if around[-1].kind == "each" and command.redirects:
            return None  # they are of all together
        mine = {one.mark for one in around}
        return "in each turn of a loop" if any(mark in given for mark in mine) else None
    items = facts.job.items
    if command.loops or items is None or (isinstance(items, tuple) and len(items) < 2):
        return None
    if "{item}" in (facts.job.run or "") and "{item}" in given:
        return f"for each of the {len(items):,} items" if isinstance(items, tuple) else "for each item"
    if facts.job.deployment is not None and isinstance(items, tuple) and UNKNOWN in given:
        return f"by each of the {len(items):,} tasks"
    return None


def _is_over_items(around: Enclosure, steps: Sequence[Step]) -> bool:
    """Whether a loop does one thing after another, and not one thing until it works."""
    if around.kind == "while":
        return " read " in f" {around.text} "
    if around.kind == "for":
        if len(around.words) == 1 and not set(around.words[0].text) & set("*?[" + UNKNOWN):
            return False
    elif around.kind != "each":
        return False
    return not any(
        one.command.name in ("break", "exit") and around.mark in [each.mark for each in one.command.loops]
        for one in steps
    )


def _piped(step: Step, steps: Sequence[Step]) -> list[Step]:
    """The command, and those of the same pipeline: what one is given reaches the others."""
    pipes = _pipes(step)
    return [one for one in steps if one is step or (one.pointer == step.pointer and pipes & _pipes(one))]


def _pipes(step: Step) -> set[tuple[int, int]]:
    return {(one.start, one.end) for one in step.command.enclosures if one.kind == "pipe"}


def _raw(step: Step) -> str:
    return " ".join(word.text for word in step.command.words)


def _written(step: Step) -> str | None:
    """A file of results that a command writes anew; None where it adds to it, or the path is another each time."""
    words = step.command.words
    for redirect in step.command.redirects:
        path = redirect.target.value
        if redirect.operator == ">" and path and _is_result(path, _RESULTS + _GATHERED):
            return path
    if step.command.name == "tee" and not any(word.text in ("-a", "--append") for word in words):
        path = words[-1].value
        return path if path and _is_result(path, _RESULTS + _GATHERED) else None
    if any(word.text.lstrip("-").partition("=")[0] in ("append", "resume") for word in words):
        return None
    for at, word in enumerate(words):
        flag, equals, value = word.text.partition("=")
        if flag not in _FLAGS:
            continue
        following = words[at + 1] if at + 1 < len(words) else None
        path = value if equals else following.value if following else None
        if path and UNKNOWN not in path and _is_result(path, _RESULTS) and not path.endswith(_GATHERED):
            return path
    return None


def _is_result(path: str, endings: tuple[str, ...]) -> bool:
    plain = "{item}" not in path and "%" not in path and "://" not in path
    return plain and path.endswith(endings) and "log" not in path.lower() and not path.startswith("/dev/")


def _taken_away(path: str, writer: Step, steps: Sequence[Step]) -> bool:
    """Whether another command has to do with the file: it moves, reads or sends it."""
    name = posixpath.basename(path)
    folder = posixpath.dirname(path)
    for step in steps:
        said = _raw(step) + " ".join(one.target.text for one in step.command.redirects)
        if step is not writer and (
            name in said or (folder and step.command.name != "mkdir" and folder in said.split())
        ):
            return True
    return False
