"""What every format gives: Documents, one for each job of a file."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import NamedTuple

from gpuspec.job.job import Job
from gpuspec.job.problem import SchemaProblem
from gpuspec.text import Tree, read_bytes


class Source:
    """A file as formats look at it: what several of them need is worked out once."""

    def __init__(self, path: str, data: bytes) -> None:
        self.path = path
        self.data = data

    @cached_property
    def jsonc(self) -> Tree:
        """The file parsed as JSONC."""
        return read_bytes(self.data)


class Document(NamedTuple):
    """One job of one file. `tree` is the whole file's, the same for all its jobs; `job` is None where the text cannot
    be read. `place` is the JSON pointer of the job within the file, "" where the job is the whole of it; pointers of
    the Job begin at the file, too."""

    path: str
    tree: Tree
    job: Job | None
    place: str
    format: "Format"


class Format(NamedTuple):
    """A format of job files. `recognise` decides by content alone; `read` gives a Document for each job, and at least
    one where the file is of the format."""

    name: str
    """As `gpuspec show` calls it."""
    recognise: Callable[[Source], bool]
    read: Callable[[Source], tuple[Document, ...]]
    mistakes: Callable[[Tree], tuple[SchemaProblem, ...]] = lambda tree: ()
    """What the format's own schema refuses."""
    cannot_say: frozenset[str] = frozenset()
    """Fields of the Job ("spot", "budget.max_hours") that the format has no way to set: rules about their absence are
    silent."""
    spelling: Mapping[str, str] = {}
    """Field of the Job → what the format calls it, where that is another name."""
    takes_first: bool = False
    """Whether its launcher takes the first GPU of the list that it can get; gpuspec takes the cheapest that fits."""
    can_fix: bool = True
    """Whether fixes, which edit JSONC, can be made in it."""

    def spelled(self, field: str) -> str:
        """What the format calls a field of the Job."""
        return self.spelling.get(field, field)
