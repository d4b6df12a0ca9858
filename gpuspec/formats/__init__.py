"""Formats of job files: which one a file is in, and the jobs it holds. A new format is a module beside this one and
a row in the table below."""

from collections.abc import Sequence
from functools import cache
from importlib import import_module

from gpuspec.formats.document import EVERYTHING, Document, Format, Source
from gpuspec.named_tuple import NamedTuple

__all__ = [
    "EVERYTHING",
    "FORMATS",
    "JOB_SPEC",
    "Document",
    "Format",
    "Known",
    "Source",
    "known_by_name",
    "read",
    "read_ahead",
    "recognised",
    "recognised_anyhow",
    "titles",
]


class Known(NamedTuple):
    """A row of the table: what tells, before the module of a format is loaded, whether a file may be of it.

    `names` are file names, or the ends of file names where they begin with a dot, that are looked for in folders;
    `endings` are those of files that may be of the format, `marks` bytes of which one must stand in them (none: any
    file may). The ending "" stands for any file that is named, and in folders for names without a dot."""

    name: str
    title: str
    module: str
    names: tuple[str, ...]
    endings: tuple[str, ...]
    marks: tuple[bytes, ...] = ()
    by_content: bool = False
    """Whether folders are searched for files that have an ending and the content, whatever their names."""
    keys: tuple[bytes, ...] = ()
    """Keys of YAML of which one must begin a line: most files are told apart by these, and never parsed."""
    broken_keys: tuple[bytes, ...] = ()
    """Keys that begin lines of every file of the format: by all of them one is known that cannot be read."""

    def may_be(self, path: str, data: bytes) -> bool:
        """Whether a file is worth a closer look."""
        if not (path.endswith(self.endings) or self.is_name(path)):
            return False
        if self.marks and not any(mark in data for mark in self.marks):
            return False
        return not self.keys or _begins_a_line(self.keys, data)

    def is_looked_into(self, name: str) -> bool:
        """Whether a file in a folder is opened to see whether it is of this format."""
        if not self.by_content:
            return False
        if "" in self.endings:
            return "." not in name or name.endswith(tuple(filter(None, self.endings)))
        return name.endswith(self.endings)

    def is_broken(self, source: Source) -> bool:
        """Whether a file that cannot be read is of this format by its text: keys at the top tell without doubt. A
        template is none: it becomes YAML later."""
        if not self.broken_keys or not self.may_be(source.path, source.data):
            return False
        lines = b"\n" + source.data
        if not all(b"\n" + key + b":" in lines for key in self.broken_keys):
            return False
        from gpuspec.text.yaml_tree import is_template

        return bool(source.yaml.tree.problems) and not is_template(source.yaml.tree.text)

    def is_name(self, path: str) -> bool:
        """Whether a file is of this format by its name."""
        name = path.rpartition("/")[2]
        return any(name.endswith(known) if known[0] == "." else name == known for known in self.names)

    @property
    def format(self) -> Format:
        """The format itself."""
        return _loaded(self.module)


def _begins_a_line(keys: tuple[bytes, ...], data: bytes) -> bool:
    """Whether one of the keys begins a line, or the text is laid out otherwise: in brackets, indented, in quotes."""
    if any(b"\n" + key in data for key in keys) or b"\n{" in data:
        return True
    for line in data[:4_096].removeprefix(b"\xef\xbb\xbf").splitlines():
        if line.strip() and not line.startswith((b"#", b"---", b"%")):
            return line.startswith((*keys, b" ", b"{", b"[", b'"', b"'"))
    return len(data) > 4_096


@cache
def _loaded(module: str) -> Format:
    found: Format = import_module(module).FORMAT
    return found


_KUBERNETES = (
    b".com/gpu", b"nvidia.com/", b"gpu.intel.com", b"habana.ai", b"resourceClaims", b"serveConfigV2", b": nvidia",
    b"kaito.sh", b"kserve.io", b"kubeai.org", b"vllm.ai",
)  # fmt: skip
_YAML = (".yaml", ".yml")
_JSON = (".jsonc", ".json", ".json5")
_SHELL = (
    ".sh",
    ".bash",
    ".zsh",
    ".ksh",
    ".sbatch",
    ".slurm",
    ".slm",
    ".sb",
    ".sub",
    ".batch",
    ".job",
    ".submit",
    "",
)
_SBATCH = Known(
    "sbatch", "sbatch scripts", "gpuspec.formats.sbatch", (), _SHELL, (b"#SBATCH",), by_content=True
)
_MODAL = Known(
    "modal",
    "Modal apps",
    "gpuspec.formats.modal",
    (),
    (".py",),
    (b"import modal", b"from modal", b", modal"),
    by_content=True,
)
JOB_SPEC = Known(
    "gpuspec",
    "job specs (JSONC)",
    "gpuspec.formats.job_spec",
    ("job.jsonc", ".job.jsonc", ".gpuspec.jsonc", "gpu.jsonc", ".gpu.jsonc"),
    _JSON,
)
FORMATS = (
    Known(
        "kubernetes",
        "Kubernetes manifests",
        "gpuspec.formats.kubernetes",
        (),
        _JSON,
        (b'"apiVersion"',),
    ),
    Known(
        "gpu-cli",
        "GPU CLI's gpu.jsonc",
        "gpuspec.formats.gpu_cli",
        ("gpu.jsonc", ".gpu.jsonc"),
        _JSON,
        (b"provider", b"gpu-cli"),
    ),
    JOB_SPEC,
    _SBATCH,
    _MODAL,
    Known(
        "kubernetes",
        "Kubernetes manifests",
        "gpuspec.formats.kubernetes",
        (),
        _YAML,
        _KUBERNETES,
        by_content=True,
        keys=(b"apiVersion",),
        broken_keys=(b"apiVersion", b"kind"),
    ),
    Known(
        "skypilot",
        "SkyPilot tasks",
        "gpuspec.formats.skypilot",
        (),
        _YAML,
        (b"accelerators", b"instance_type", b"infra:", b"gpus:", b"\nrun:", b"\nsetup:"),
        by_content=True,
        keys=(b"run", b"setup", b"resources"),
    ),
    Known(
        "dstack",
        "dstack configurations",
        "gpuspec.formats.dstack",
        (),
        _YAML,
        (b"type: ", b'type":', b"type:\t"),
        by_content=True,
        keys=(b"type",),
    ),
    Known(
        "compose",
        "docker compose files",
        "gpuspec.formats.compose",
        (),
        _YAML,
        (b"gpu", b"nvidia", b"NVIDIA-GPU", b": amd", b"/dev/kfd", b"/dev/dxg"),
        by_content=True,
        keys=(b"services",),
    ),
)
"""Every format, in the order in which a file is tried."""


def read(
    path: str,
    data: bytes,
    *,
    guess: bool = True,
    formats: Sequence[Known] = FORMATS,
    on_disk: bool = True,
) -> tuple[Document, ...]:
    """The Documents of a file, one for each job. A file that no format recognises is read as a job spec, so that what
    is wrong in it can be said; without `guess` there are none in it. `on_disk`: files beside it may be read."""
    source = Source(path, data, on_disk=on_disk)
    if _ahead:
        known, documents = _ahead.pop()
        if (known.path, known.data, known.on_disk) == (path, data, on_disk):
            return documents
    found = recognised(source, formats)
    if found is None and guess:
        found = JOB_SPEC.format
    return found.read(source) if found else ()


_ahead: list[tuple[Source, tuple[Document, ...]]] = []


def read_ahead(source: Source, documents: tuple[Document, ...]) -> None:
    """Note what a file was found to hold in a walk of folders: it is the next that is read."""
    _ahead[:] = [(source, documents)]


def recognised(source: Source, formats: Sequence[Known] = FORMATS) -> Format | None:
    """The format whose content a file has."""
    for known in formats:
        if known.may_be(source.path, source.data) and known.format.recognise(source):
            return known.format
    return None


def recognised_anyhow(source: Source, formats: Sequence[Known] = FORMATS) -> Format | None:
    """The format whose content a file has, though none of the words stand in it that jobs of that format hold: what
    is said of a file that somebody names and that asks for no GPU."""
    for known in formats:
        if known.by_content and source.path.endswith(known.endings) and known.format.recognise(source):
            return known.format
    return None


def known_by_name(name: str, *, formats: Sequence[Known] = FORMATS) -> bool:
    """Whether a file name is that of a job file."""
    return any(known.is_name(name) for known in formats)


def titles(formats: Sequence[Known] = FORMATS) -> str:
    """The formats that are read, for people."""
    return ", ".join(dict.fromkeys(known.title for known in formats))
