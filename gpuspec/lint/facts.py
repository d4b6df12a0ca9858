"""What a rule may ask about one spec. Everything beyond the tree is computed on first use, and once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from gpuspec.formats import Format
from gpuspec.job import Job
from gpuspec.lint.neighbours import Folders
from gpuspec.numerals import small_number
from gpuspec.planning.case import Case
from gpuspec.text import Edit

if TYPE_CHECKING:
    import re

    from gpuspec.catalog import Gpu, Offer
    from gpuspec.commands.steps import Step
    from gpuspec.job import GpuChoice
    from gpuspec.lint.neighbours import Neighbour
    from gpuspec.lint.suppression import Suppression
    from gpuspec.planning.alternatives import Alternative
    from gpuspec.planning.market import Market
    from gpuspec.planning.plan import Plan
    from gpuspec.sizing import Need, Unsized
    from gpuspec.workload import Workload


_FILES = (".py", ".sh", ".txt", ".yaml", ".yml", ".json", ".toml", ".cfg")
"""Endings of files that commands name."""
_MOST_WORDS = 2_000
"""Words of a job's commands that are looked at for names of files."""
_PROJECT = (
    ".git", "pyproject.toml", "setup.py", "requirements.txt", "environment.yml", "uv.lock", "Pipfile", "poetry.lock",
    "Dockerfile", "src",
)  # fmt: skip
"""What stands in the folder of a project."""


def is_project(folder: str) -> bool:
    """Whether a folder has what the folders of projects have, and is not where a lone file was put."""
    return any(os.access(f"{folder}/{name}", os.F_OK) for name in _PROJECT)


class Facts:
    """Facts about one spec file: its tree, its case, and the options of the rule that asks, defaults filled in.

    `folders` holds the specs beside it, and is shared by the files of one run."""

    # Asked of the case, which says what each of them is.
    job: Job
    prices: str | None
    clouds: tuple[str, ...]
    workload: Workload
    commands_only: Workload
    offers: tuple[Offer, ...]
    price_dates: Mapping[str, str | None]
    market: Market
    choices: tuple[Alternative, ...]
    per_hour: float | None
    takes_first: bool
    selected: Alternative | None
    baseline: Alternative | None
    plan: Plan
    kept_plan: Plan

    def __init__(
        self, case: Case, *, folders: Folders | None = None, suppressions: tuple[Suppression, ...] = ()
    ) -> None:
        self.case = case
        self.path = case.path
        self.tree = case.tree
        self.catalog = case.catalog
        self.has_job = case.has_job
        self.suppressions = suppressions
        self.options: Mapping[str, Any] = {}
        self.beside: tuple[Facts, ...] = (self,)
        """The jobs of the same file, itself among them, in the order written."""
        self._folders = folders or Folders()
        self._said: dict[str | re.Pattern[str], bool] = {}

    def __getattr__(self, name: str) -> Any:
        if name not in Facts.__annotations__:
            raise AttributeError(f"Facts has no {name!r}")
        value = self.__dict__[name] = getattr(self.case, name)
        return value

    def has(self, word: str) -> bool:
        """Whether there is any of it: a field of the Job ("gpu_types"), of the Workload ("workload.engine"), of the
        Tree ("problems", "duplicates", "extensions"), "suppressions" or "unread"; what its commands do, in words
        of `_DONE`. Cheaper than what a rule asks."""
        if word in ("problems", "duplicates", "extensions"):
            return bool(getattr(self.tree, word))
        if word == "suppressions":
            return bool(self.suppressions)
        if not self.has_job:
            return False
        if word.startswith("workload."):
            return getattr(self.workload, word[9:]) is not None
        if word in _DONE:
            return _DONE[word](self)
        return bool(self.unread if word == "unread" else getattr(self.job, word))

    def says(self, what: str | re.Pattern[str]) -> bool:
        """Whether a text, or a form of one, stands anywhere in the file, looked for once for all its jobs."""
        said = self.beside[0]._said
        if what not in said:
            text = self.tree.text
            said[what] = what in text if isinstance(what, str) else what.search(text) is not None
        return said[what]

    @cached_property
    def refused(self) -> frozenset[str]:
        """The fields of the Job, by the first part of their names, that the file means to set in a way that its
        format refuses (`"keep_alive_minutes": "3"`): what they are is not known, and none of them is missing."""
        if not self.case.left_out:
            return frozenset()
        from gpuspec.lint.refused import refused_fields

        return refused_fields(self.case.document, self.case.left_out)

    @property
    def folder(self) -> str:
        """The folder the spec stands in: what its relative paths start from."""
        return os.path.dirname(self.path) or "."

    @property
    def script_kind(self) -> str | None:
        """What kind of script the file is ("shell", "python") where it is one as well as a job (sbatch, Modal): then
        `check_script` of the rules reads it, too. None where it is none."""
        from gpuspec.lint.script import kind_of

        return kind_of(self.path, self.tree.text[:200].encode())

    @property
    def default_task(self) -> str | None:
        """The task of specs that name none; `workload.task` already has it."""
        return self.case.settings.default_task

    @property
    def commands(self) -> tuple[Step, ...]:
        """The commands of `setup` and `run`, in the order in which they would run, shell scripts followed."""
        return self.case.steps

    @property
    def unread(self) -> Mapping[str, str]:
        """What of the commands, and of the files that they name, was left out because there is too much of it, and
        what to do about it."""
        return self.case.unread

    def need(self, gpus: int = 1, gpu: Gpu | None = None) -> Need | Unsized:
        """Memory per GPU when spread over `gpus`, of which kind where the engine's defaults depend on it."""
        return self.case.need(gpus, gpu)

    @property
    def price_days(self) -> Mapping[str, str]:
        """Name → the latest day (ISO) the prices of a source can be of; without those of which nothing is known."""
        return {name: day for name, day in self.case.price_dates.items() if day}

    @property
    def format(self) -> Format:
        """The format of the file: what can be said in it, and by which names."""
        return self.case.document.format

    @property
    def for_gpu_cli(self) -> bool:
        """Whether the file is GPU CLI's own. Built-in rules ask `format` what it can say."""
        return self.format.name == "gpu-cli"

    def gpu_place(self, machine: Alternative) -> str:
        """Where the file asks for a machine: where it names the GPU, or counts it, where the GPU is assumed."""
        return machine.pointer or self.job.pointer("gpu_count")

    def name_pointer(self, choice: GpuChoice | Alternative) -> str:
        """Where the name of a GPU choice stands: the entry itself, or its "type"."""
        inner = choice.pointer + "/type"
        return inner if inner in self.tree.values else choice.pointer

    def rename_gpu(self, choice: GpuChoice | Alternative, name: str) -> Edit:
        """The edit that puts another GPU in a choice's place. A number within the name ("A100:4") stays."""
        written = next(one for one in self.job.gpu_types if one.pointer == choice.pointer)
        tail = written.name.rpartition(":")[2]
        said = small_number(tail)
        number = self.catalog.resolve_gpu(written.name).gpu_count or (1 if said is None else said)
        counted = f"{name}:{number}" if number > 1 and number != written.gpu_count else name
        return Edit("set", self.name_pointer(choice), counted)

    @cached_property
    def neighbours(self) -> tuple[Neighbour, ...]:
        """The other specs of the same folder, by path; none for text from standard input."""
        return self._folders.beside(self.path) if self.case.on_disk else ()

    @cached_property
    def alike(self) -> list[Neighbour]:
        """The specs of the same folder that differ from this one in literals only, itself among them, by path."""
        return self._folders.alike(self.path, self.tree.text) if self.case.on_disk else []

    def speaks_for(self, alike: list[Neighbour]) -> bool:
        """Whether this spec is the first of some that this run asks about: hooks are handed any of them."""
        return self._folders.speaker(alike[0].path, self.path) == self.path


class Words:
    """Some words of `Facts.has`, by where they are looked for: forty are asked of each spec of a run."""

    def __init__(self, words: Iterable[str]) -> None:
        words = tuple(words)
        self._of_workload = tuple((word, word[9:]) for word in words if word.startswith("workload."))
        self._of_job = tuple(word for word in words if word in Job.__annotations__)
        done = {*self._of_job, *(word for word, _ in self._of_workload)}
        self._others = tuple(word for word in words if word not in done)

    def said_of(self, facts: Facts) -> set[str]:
        """Those that `facts` has."""
        there = set(filter(facts.has, self._others))
        if facts.has_job:
            job, workload = facts.job, facts.workload if self._of_workload else None
            there.update([word for word in self._of_job if getattr(job, word)])
            there.update([word for word, field in self._of_workload if getattr(workload, field) is not None])
        return there


def _runs(facts: Facts, *words: str) -> bool:
    """Whether one of some texts stands in `run`."""
    run = facts.job.run or ""
    return any(word in run for word in words)


def _names_absent_files(facts: Facts) -> bool:
    """Whether the commands may need a file that does not go along with the job."""
    job, case = facts.job, facts.case
    if not case.on_disk:
        return False
    if not case.document.format.in_spec_fields:
        return True
    folder = os.path.join(facts.folder, job.workdir or ".")
    words = " ".join((*job.setup, job.run or "")).split()
    named = [word for word in words[:_MOST_WORDS] if word.endswith(_FILES) and word[0] not in "-/~$\"'"]
    there = [os.access(f"{folder}/{name}", os.F_OK) for name in named if "\0" not in name]
    if all(there):
        return False
    data = (word.rpartition("=")[2] for word in words[:_MOST_WORDS])
    return any(there) or is_project(folder) or any(_is_file(folder, name) for name in data)


def _is_file(folder: str, name: str) -> bool:
    """Whether a word names a file of a folder by its ending."""
    return bool(os.path.splitext(name)[1]) and "\0" not in name and os.path.isfile(f"{folder}/{name}")


_DONE: dict[str, Callable[[Facts], bool]] = {
    "absent-files": _names_absent_files,
    "background": lambda facts: any(
        step.command.wrappers or step.command.in_background for step in facts.commands
    ),
    "item-comment": lambda facts: _runs(facts, "{item}") and _runs(facts, "#"),
    "item-split": lambda facts: _runs(facts, "GPUSPEC_ITEM", "c ", "eval ", "ssh ") and bool(facts.job.items),
    "loops": lambda facts: _runs(facts, "for ", "while ", "until ", "xargs", "parallel", "-exec"),
    "several-gpus": lambda facts: (
        (facts.job.gpu_count or 0) > 1 or any((choice.gpu_count or 0) > 1 for choice in facts.job.gpu_types)
    ),
    "gpu-without-model": lambda facts: (
        bool(facts.job.gpu_types or facts.job.gpu_count) and facts.workload.model_name is None
    ),
    "measured": lambda facts: bool(facts.case.measured),
    "waiting": lambda facts: any(step.command.name in ("sleep", "tail") for step in facts.commands),
}
"""What commands may do → whether these do: a file is needed that is not sent, something returns at once, `{item}`
stands in a comment, a shell may take items apart, there is a loop, it ran before, something only waits;
and whether a GPU is there and no model is named, or more than one GPU."""
