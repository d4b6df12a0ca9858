"""What every format gives: Documents, one for each job of a file."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from gpuspec.job.job import Job
from gpuspec.job.problem import SchemaProblem
from gpuspec.named_tuple import NamedTuple
from gpuspec.text import Edit, Tree, read_bytes

if TYPE_CHECKING:
    from gpuspec.text.yaml_tree import YamlFile


class Source:
    """A file as formats look at it: what several of them need is worked out once. `on_disk` is False for text that
    lies in no file: then nothing beside it is read."""

    def __init__(self, path: str, data: bytes, *, on_disk: bool = True) -> None:
        self.path = path
        self.data = data
        self.on_disk = on_disk and path != "-"

    @cached_property
    def text(self) -> str:
        """The file as text; what is no UTF-8 in it is one sign each."""
        return self.data.decode("utf-8-sig", "replace")

    @cached_property
    def jsonc(self) -> Tree:
        """The file parsed as JSONC."""
        return _tree_of(self.data)

    @cached_property
    def yaml(self) -> "YamlFile":
        """The file as YAML documents."""
        return _yaml_of(self.data)

    def beside(self, name: str) -> bytes | None:
        """A file that this one names, in its folder or below; None where it is not there or may not be read."""
        if not self.on_disk:
            return None
        from gpuspec.formats.beside import read_beside

        return read_beside(self.path, name)


@lru_cache(maxsize=1)
def _yaml_of(data: bytes) -> "YamlFile":
    from gpuspec.text.yaml_tree import read_yaml_bytes

    return read_yaml_bytes(data)


@lru_cache(maxsize=1)  # the editor, and `--fix`, look at the same bytes several times
def _tree_of(data: bytes) -> Tree:
    return read_bytes(data)


EVERYTHING = frozenset({""})
"""For files that hold a part of a job: no rule may complain that something is missing there."""


class Document(NamedTuple):
    """One job of one file. `tree` is the whole file's, the same for all its jobs; `job` is None where the text cannot
    be read. `place` is the JSON pointer of the job within the file, "" where the job is the whole of it; pointers of
    the Job begin at the file, too. `cannot_say` is what jobs of its kind cannot say, beside all of its format."""

    path: str
    tree: Tree
    job: Job | None
    place: str
    format: "Format"
    cannot_say: frozenset[str] = frozenset()
    called: str = ""
    """How its place is written for people, where that is not the pointer: "doc:0#/spec/template"."""

    def can_say(self, field: str) -> bool:
        """Whether a field of the Job can be set in it."""
        for part in self.cannot_say | self.format.cannot_say:
            if part in ("", field) or field.startswith(part + "."):
                return False
        return True


class OldName(NamedTuple):
    """An old name in use. `both`: the new name stands there too and wins, so `edits` take the old one away."""

    pointer: str
    old: str
    new: str
    edits: tuple[Edit, ...]
    both: bool = False


class Sent(NamedTuple):
    """What of the files at hand goes along to where a job runs. `folder` is relative to the file; None: nothing goes.
    `ignores` are the files of that folder that say what is left out, of which the first that is there counts."""

    folder: str | None
    from_caller: bool = False
    """Whether the folder is relative to where the launcher is called, not to the file."""
    ignores: tuple[str, ...] = ()
    mounted: tuple[str, ...] = ()
    """Paths on the machine to which other files are copied."""
    how: str = ""
    """How a file that sends nothing would send its folder."""


class Format(NamedTuple):
    """A format of job files. `recognise` decides by content alone; `read` gives a Document for each job: none where
    the file is of the format and nothing in it asks for a GPU."""

    name: str
    """As `gpuspec show` calls it."""
    recognise: Callable[[Source], bool]
    read: Callable[[Source], tuple[Document, ...]]
    mistakes: Callable[[Tree], tuple[SchemaProblem, ...]] = lambda tree: ()
    """What the format's own schema refuses."""
    deprecated: Callable[[Tree], tuple[OldName, ...]] = lambda tree: ()
    """Old names in use that the format would rather see renamed."""
    cannot_say: frozenset[str] = frozenset()
    """Fields of the Job ("spot", "budget.max_hours", "gpu_types.1": a second GPU) that the format has no way to set:
    rules that ask for them are silent. A field stands for all that is in it."""
    spelling: Mapping[str, str] = {}
    """Field of the Job → what the format calls it, where that is another name."""
    examples: Mapping[str, str] = {}
    """Field of the Job → how it is written, for suggestions."""
    takes_first: bool = False
    """Whether its launcher takes the first GPU of the list that it can get; gpuspec takes the cheapest that fits."""
    takes_files: bool = True
    """Whether what lies beside the file goes along to where the job runs; else only a `workdir` that it names."""
    sent: Callable[[Document], Sent | None] = lambda document: None
    """What goes along, where it is known to be all that the commands find."""
    disk_holds_image: bool = True
    """Whether the image and its packages lie on the disk that `disk_gb` is of."""
    repeats_setup: bool = False
    """Whether its launcher runs a setup step at every start, unless the step says otherwise."""
    replaces_unready: bool = False
    """Whether its service gives a replica up that is not ready within `readiness.timeout`, and starts another."""
    own_machine: bool = False
    """Whether its jobs run on a machine that is there already: who reaches its ports is not in the file."""
    env_reference: str = ""
    """How a value of `env` names another variable where nothing else would be put in: "$(NAME)" in Kubernetes; ""
    where the values are expanded as a shell does it, or nothing is known of it."""
    written: Callable[[Document, Edit], Sequence[Edit]] = lambda document, edit: ()
    """How an edit in the job spec's names ("/spot") is made in the file, as edits of its own; empty where it is not
    known. Where the very value stands in the file, that is changed without asking."""
    no_job: str = "nothing in it asks for a GPU"
    """What is said of a file of it that holds no job."""
    container_ends: bool = False
    """Whether a job runs in a container that goes when it ends, and the file says all that is mounted in it."""
    goes_unasked: bool = False
    """Whether its launcher takes an idle machine down where the file does not say when."""
    runs_items_apart: bool = False
    """Whether each of `items` is a job of its own, with a machine and a limit of time of its own: Slurm's arrays."""
    goes_to_zero: bool = False
    """Whether a server of it is up only while somebody asks, unless the file says how many stay: Modal's."""
    shares_machine: Callable[[Document], str | None] = lambda document: None
    """Which jobs of a file run on one machine: those with the same answer; None: on one of its own."""
    in_spec_fields: bool = False
    """Whether it is JSONC in the fields of schemas/job.schema.json: fixes and an editor's completions are made for
    those."""

    def spelled(self, field: str) -> str:
        """What the format calls a field of the Job."""
        return self.spelling.get(field, field)
