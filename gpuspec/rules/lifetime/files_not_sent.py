"""GS414 files-not-sent."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator
from itertools import islice

from gpuspec.commands.steps import Step
from gpuspec.commands.word import UNKNOWN
from gpuspec.formats.document import Sent
from gpuspec.lint import Facts, Finding, Rule
from gpuspec.lint.facts import is_project

_MOST = 3
"""Of one job: the first stops it."""
_MOST_ABOVE = 8
_MOST_NAMES = 2_000
_MOST_WORDS, _LONGEST = 100, 200
"""Of the words of a command, and of one of them, when files are looked for that they name."""


class FilesNotSent(Rule):
    """A file that the job needs is not sent to the machine.

    ## What it does
    Looks for the files that the commands cannot do without (`pip install -r FILE`, `python FILE`, `bash FILE`, a
    program's configuration) in the folder that goes to the machine. Reports one that is not there, one that is there
    where nothing is sent (a SkyPilot task without `workdir`, a dstack run without `files` and `repos`), and one
    that `.skyignore` or `.gitignore` keeps from being sent. Silent where a command before it may bring the file
    (`git clone`, `wget`, `tar`, a bucket), inside containers, and where nothing shows that the folder is that of the
    project: another file that the commands name, a name that is nearly the same, or what projects have
    (`pyproject.toml`).

    ## Why is this bad
    The machine is rented, boots, perhaps installs for minutes, and then the command fails. The idle minutes after it
    are paid, too.

    ## Example
    ```jsonc
    // file: train.gpu.jsonc
    {
      "name": "finetune",
      "task": "train",
      "gpu_types": ["L4"],
      "keep_alive_minutes": 3,
      "setup": "pip install -r requirements.txt",
      "run": "torchrun --nproc-per-node 1 -m finetune"
    }
    ```

    ```toml
    # file: pyproject.toml
    [project]
    name = "finetune"
    dependencies = ["torch", "trl"]
    ```

    ## Use instead
    ```jsonc
    {
      "name": "finetune",
      "task": "train",
      "gpu_types": ["L4"],
      "keep_alive_minutes": 3,
      "setup": "pip install .",
      "run": "torchrun --nproc-per-node 1 -m finetune"
    }
    ```

    ## When to ignore
    When the file comes to the machine in a way that the job file does not say: `sky launch --workdir`, an image.
    """

    code = "GS414"
    name = "files-not-sent"
    severity = "warning"
    confidence = "medium"

    def check(self, facts: Facts) -> Iterator[Finding]:
        sent = facts.format.sent(facts.case.document)
        if sent is None or not facts.case.on_disk or not os.path.isfile(facts.path):
            return
        yield from islice(_Files(self, facts, sent).findings(), _MOST)


class _Files:
    """The files of one job, and what is known of the folder they should be in."""

    def __init__(self, rule: FilesNotSent, facts: Facts, sent: Sent) -> None:
        self.rule = rule
        self.facts = facts
        self.sent = sent
        self.here = os.path.dirname(os.path.abspath(facts.path))
        self.named = False
        """Whether a file is there that the commands name."""

    def findings(self) -> Iterator[Finding]:
        from gpuspec.rules.lifetime.named_files import is_sure, may_be_made

        job, steps = self.facts.job, self.facts.commands
        text = "\n".join([*job.setup, job.run or ""])
        for path, number in self._read().items():
            step = steps[number]
            if (
                is_sure(step, path, text)
                and not may_be_made(path, steps[:number])
                and not self._mounted(path)
            ):
                found = self._judged(path, step.pointer)
                if found is not None:
                    yield found

    def _read(self) -> dict[str, int]:
        """The files that commands of the job itself cannot do without → the number of the first that reads it."""
        from gpuspec.rules.lifetime.named_files import read_by

        found: dict[str, int] = {}
        for number, step in enumerate(self.facts.commands):
            if step.path is not None or UNKNOWN in step.command.folder:
                continue
            for word in read_by(step):
                path = step.file(word.value) if word.value else None
                if path is None or not _is_inside(path) or "{item}" in path:
                    continue
                found.setdefault(path, number)
                self.named = self.named or self._found(path) is not None
            self.named = self.named or self._reads_data(step)
        return found

    def _reads_data(self, step: Step) -> bool:
        """Whether an option of the command names a file that is there: `--data tickets.csv`."""
        for word in step.command.words[1:_MOST_WORDS]:
            value = (word.value or "").rpartition("=")[2]
            if posixpath.splitext(value)[1] and len(value) < _LONGEST and not value.startswith("-"):
                path = step.file(value)
                if path is not None and _is_inside(path) and self._found(path):
                    return True
        return False

    def _judged(self, path: str, pointer: str) -> Finding | None:
        """What is wrong with a file that no command makes; None where it is there, or too little is known."""
        folder = self.sent.folder
        if folder is None:
            if not self._found(path):
                return None
            return self._finding(
                pointer, f"{path} is here, but nothing is sent to the machine", self.sent.how
            )
        if folder.startswith(("/", "~")) or "$" in folder:
            return None
        inner = posixpath.relpath(path, posixpath.normpath(folder)) if folder not in (".", "./") else path
        at = self._found(path)
        if at:
            name = self._left_out(at, inner)
            if name is None:
                return None
            return self._finding(
                pointer,
                f"{path} is here, but {name} keeps it from being sent",
                f"take it out of {name}",
            )
        if inner.startswith("..") or not os.path.isdir(os.path.join(self.here, folder)):
            return None
        whole = os.path.join(self.here, folder)
        if not (self.named or is_project(whole)):
            return None
        near = self._near(whole, inner)
        advice = f"there is {near}: is that meant?" if near else "add it, or fetch it before it is used"
        where = "beside this file" if folder in (".", "./") else f"in {folder}"
        what = f"the command needs {inner}, and there is none {where}, which is all that is sent"
        return self._finding(pointer, what, advice)

    def _finding(self, pointer: str, what: str, advice: str) -> Finding:
        return self.rule.finding(
            pointer, f"{what}: the command fails once the machine is rented and set up", suggestion=advice
        )

    def _found(self, path: str) -> str | None:
        """The folder from which a path leads to a file: that of the job file, or, where the launcher's caller
        decides, one above it in the same repository."""
        folder = self.here
        for _ in range(_MOST_ABOVE if self.sent.from_caller else 1):
            if os.path.isfile(os.path.join(folder, path)):
                return folder
            if os.path.exists(os.path.join(folder, ".git")) or os.path.dirname(folder) == folder:
                return None
            folder = os.path.dirname(folder)
        return None

    def _left_out(self, at: str, inner: str) -> str | None:
        from gpuspec.rules.lifetime.left_behind import left_out_by

        folder = os.path.normpath(os.path.join(at, self.sent.folder or "."))
        return left_out_by(folder, inner, self.sent.ignores) if self.sent.ignores else None

    def _mounted(self, path: str) -> bool:
        """Whether something is copied to where the file would be."""
        parts = {path.partition("/")[0], posixpath.basename(path)}
        for mount in self.sent.mounted:
            target = mount.rstrip("/")
            if target in ("~", ".", "", "~/sky_workdir") or posixpath.basename(target) in parts:
                return True
        return False

    def _near(self, folder: str, inner: str) -> str | None:
        """A file there whose name is nearly the same."""
        within, name = posixpath.split(inner)
        ending = posixpath.splitext(name)[1]
        try:
            with os.scandir(os.path.join(folder, within)) as entries:
                names = [one.name for one in islice(entries, _MOST_NAMES) if one.name.endswith(ending)]
        except (OSError, ValueError):
            return None
        if not names:
            return None
        from difflib import get_close_matches

        near = get_close_matches(name[:100], sorted(names), n=1, cutoff=0.8)
        return posixpath.join(within, near[0]) if near else None


def _is_inside(path: str) -> bool:
    return bool(path) and not path.startswith(("/", "~", "..")) and "\0" not in path and path != "."
