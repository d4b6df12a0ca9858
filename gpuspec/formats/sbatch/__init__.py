"""Slurm's batch scripts: shell files with `#SBATCH` lines, and such scripts in the here-documents of other scripts.

What is a job: a file's own directives, and each here-document that `sbatch` (or a file that is written) gets."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from gpuspec.formats.command import CommandText, of_scalar
from gpuspec.formats.document import Document, Format, Source
from gpuspec.formats.gathered import Gathered, is_variable
from gpuspec.formats.sbatch.directives import MARK, Given, Head, read_head
from gpuspec.formats.sbatch.images import image_in, image_of
from gpuspec.formats.sbatch.request import array, gpus, hours, machines, nodes, tasks_per_node
from gpuspec.named_tuple import NamedTuple
from gpuspec.text import Span, Tree, pointer
from gpuspec.text.tree import hash_comments

ENDINGS = (
    ".sh", ".bash", ".zsh", ".ksh", ".csh", ".sbatch", ".slurm", ".slm", ".sb", ".sub", ".batch", ".job", ".submit",
    ".template", ".tmpl",
)  # fmt: skip
_SHELL = re.compile(r"#![^\n]*\b(?:ba|z|k|da|tc|c|a)?sh\b")
_OF_GPUS = re.compile(
    r"(?i)gpu|cuda|nvidia|rocm|--nv\b|tres-per|torch|vllm|sglang|deepspeed|accelerate|jax|tensorflow|llama|transformers"
)
"""Signs that a script has to do with GPUs: a third of those that do ask for none in their directives."""
_SPREAD = ("SLURM_NNODES", "SLURM_JOB_NUM_NODES", "SLURM_NODEID")
_LONGEST = 1 << 18
"""Characters of commands whose words get places: the reader of commands takes no more."""
_MOST_JOBS = 100
"""Of one file: here-documents in it."""


class _Script(NamedTuple):
    """A batch script in a file: its text as sbatch gets it, and where it stands. `exact`: the text is the file's own,
    character by character."""

    text: str
    span: Span
    exact: bool


def recognise(source: Source) -> bool:
    """A shell file with a line that begins with `#SBATCH`."""
    return MARK.search(source.text) is not None and _is_shell(source.path, source.text)


def _is_shell(path: str, text: str) -> bool:
    """By its first line; where it has none of the kind, by its ending."""
    if text.startswith("#!"):
        return _SHELL.match(text) is not None
    return path.endswith(ENDINGS)


def read(source: Source) -> tuple[Document, ...]:
    """A Document for each script in the file, and for each part of one with a GPU where it has several parts; none
    where nothing in the file has to do with GPUs."""
    text = source.text
    if _OF_GPUS.search(text) is None:
        return ()
    tree = Tree(text)
    tree.values[""] = Span(0, len(text))
    tree.comments = list(hash_comments(text))
    jobs = [(script, head, part) for script, head in _scripts(text) for part in _parts(head)]
    alone = len(jobs) == 1
    return tuple(
        _document(source.path, tree, script, head, part, "" if alone else pointer(number))
        for number, (script, head, part) in enumerate(jobs)
    )


# -- which scripts there are ------------------------------------------------------------------------


def _scripts(text: str) -> Iterator[tuple[_Script, Head]]:
    """The file itself, if it has directives of its own, and those in its here-documents."""
    inner = list(_here_documents(text))[:_MOST_JOBS]
    head = read_head(text)
    own_dead = [
        span for span in head.dead if not any(each.span.start <= span.start < each.span.end for each in inner)
    ]
    if any(head.parts) or own_dead or not inner:
        yield _Script(text, Span(0, len(text)), exact=True), head
    for each in inner:
        yield each, _placed_head(each)


def _here_documents(text: str) -> Iterator[_Script]:
    """Scripts in here-documents of a script, variables in them expanded as far as they are known."""
    if "<<" not in text:
        return
    from gpuspec.commands.shell.walk import parse

    seen: set[int] = set()
    for command in parse(text).commands:
        for redirect in command.redirects:
            word = redirect.target
            if redirect.operator != "<<" or word.start in seen or not MARK.search(word.text):
                continue
            seen.add(word.start)
            raw = text[word.start : word.end]
            yield _Script(word.text, Span(word.start, word.end), exact=raw == word.text)


def _placed_head(script: _Script) -> Head:
    """The directives of a here-document, each at its line in the file."""
    if script.exact:
        return read_head(script.text, script.span.start)
    return read_head(script.text)


def _parts(head: Head) -> list[Mapping[str, Given]]:
    """The parts of a heterogeneous job that ask for GPUs; else the first."""
    if len(head.parts) == 1:
        return [head.parts[0]]
    with_gpus = [part for part in head.parts if gpus(part, machines(part)).count_of]
    return with_gpus or [head.parts[0]]


# -- one job ----------------------------------------------------------------------------------------


def _document(
    path: str, tree: Tree, script: _Script, head: Head, options: Mapping[str, Given], place: str
) -> Document:
    tree.values.setdefault(place, script.span)
    where = _places(tree, script, options, place)
    job = Gathered(tree, place)
    _put_options(job, options, where)
    command, at = _commands(tree, script, head, place), f"{place}/commands"
    job.put_commands("run", command, at)
    if "image" not in job.value and (image := image_in(command.text, command.pieces, at)):
        job.put("image", *image)
    _put_known_variables(job, options, command.text)
    job.value["deployment"] = _deployment(options)
    raw = {f"--{name}": option.value for name, option in options.items()}
    return Document(path, tree, job.job(raw), place, FORMAT, called=place or "/")


def _places(tree: Tree, script: _Script, options: Mapping[str, Given], place: str) -> dict[str, str]:
    """Given → the pointer of its place, which the tree learns."""
    found = {}
    for name, option in options.items():
        at = place + pointer(f"--{name}")
        span = option.span if script.exact else _in_file(tree.text, script, option.span)
        tree.values.setdefault(at, span)
        found[name] = at
    return found


def _in_file(text: str, script: _Script, span: Span) -> Span:
    """The line of the file that a line of an expanded here-document stands on."""
    number = script.text.count("\n", 0, span.start)
    start = script.span.start
    for _ in range(number):
        start = text.find("\n", start, script.span.end) + 1 or start
    end = text.find("\n", start)
    return Span(start, len(text) if end < 0 else end)


def _put_options(job: Gathered, options: Mapping[str, Given], where: Mapping[str, str]) -> None:
    """What options say."""
    asked = gpus(options, machines(options))
    for name in asked.names:
        each = {} if asked.each is None else {"count": asked.each}
        job.append("gpu_types", {"type": name, **each}, where[asked.name_of])
    if asked.count_of and not asked.names:
        job.put("gpu_count", asked.each, where[asked.count_of])
    job.put("nodes", nodes(options), where.get("nodes" if "nodes" in options else "ntasks", ""))
    job.put_part("budget", "max_hours", hours(_value(options, "time")), where.get("time", ""))
    for field, option, read_as in (
        ("name", "job-name", _plain),
        ("items", "array", array),
        ("image", "container-image", image_of),
        ("env", "export", _exported),
    ):
        job.put(field, read_as(_value(options, option)) or None, where.get(option, ""))


def _value(options: Mapping[str, Given], name: str) -> str | None:
    return options[name].value if name in options else None


def _plain(name: str | None) -> str | None:
    from gpuspec.commands.word import shown

    return shown(name)[:200] if name else None


def _exported(value: str | None) -> dict[str, str] | None:
    """`--export=ALL,NAME=value`."""
    parts = [part.strip().partition("=") for part in (value or "").split(",")[:1_000]]
    return {name: known for name, glued, known in parts if glued and is_variable(name)} or None


def _deployment(options: Mapping[str, Given]) -> dict[str, Any]:
    found: dict[str, Any] = {"kind": "sbatch"}
    if "requeue" in options:
        found["restarts"] = "on-failure"
    elif "no-requeue" in options:
        found["restarts"] = "never"
    if "account" in options and options["account"].value:
        found["labels"] = {"account": options["account"].value}
    return found


# -- its commands -----------------------------------------------------------------------------------


def _commands(tree: Tree, script: _Script, head: Head, place: str) -> CommandText:
    """The commands after the directives."""
    text = script.text[head.commands :]
    if not text.strip():
        return CommandText("")
    at = f"{place}/commands"
    start = script.span.start + head.commands if script.exact else script.span.start
    tree.values.setdefault(at, Span(start, script.span.end))
    if len(text) > _LONGEST:
        return CommandText(text)
    return of_scalar(tree, text, at)


def _put_known_variables(job: Gathered, options: Mapping[str, Given], commands: str) -> None:
    """What Slurm sets for the job: the commands may take their numbers from there."""
    count = machines(options)
    if "nodes" not in job.value and count == 1 and any(name in commands for name in _SPREAD):
        job.put("nodes", 1, job.places[""])
    each = tasks_per_node(options, count)
    whole = each * count if each and count else None
    known = {
        "SLURM_NNODES": count,
        "SLURM_JOB_NUM_NODES": count,
        "SLURM_NTASKS_PER_NODE": each if "ntasks-per-node" in options else None,
        "SLURM_NTASKS": whole,
        "SLURM_NPROCS": whole,
        "SLURM_CPUS_PER_TASK": _value(options, "cpus-per-task"),
    }
    given = {name: str(number) for name, number in known.items() if number is not None and name in commands}
    if given:
        job.value["launcher_env"] = given


FORMAT = Format(
    "sbatch",
    recognise,
    read,
    no_job="no #SBATCH line asks for a GPU",
    runs_items_apart=True,
    cannot_say=frozenset(
        {
            "budget.max_total", "checkpoint", "clouds", "disk_gb", "downloads", "hosts", "keep_alive_minutes",
            "max_price", "min_vram", "outputs", "ports", "readiness", "regions", "scaling", "secrets", "spot",
            "deployment.mounts", "deployment.shm_gb",
        }
    ),
    spelling={
        "budget.max_hours": "#SBATCH --time",
        "gpu_count": "#SBATCH --gres",
        "gpu_types": "#SBATCH --gres",
        "image": "--container-image",
        "items": "#SBATCH --array",
        "nodes": "#SBATCH --nodes",
    },
    examples={
        "budget.max_hours": "#SBATCH --time=04:00:00",
        "gpu_types": "#SBATCH --gres=gpu:a100:1",
        "nodes": "#SBATCH --nodes=2",
    },
)  # fmt: skip
