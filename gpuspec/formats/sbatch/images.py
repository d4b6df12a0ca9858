"""The image that a batch script runs in: Pyxis' option, or Apptainer's argument."""

from collections.abc import Sequence

from gpuspec.commands.steps import piece_at
from gpuspec.commands.word import UNKNOWN, Word, option
from gpuspec.job.job import Piece
from gpuspec.named_tuple import NamedTuple

_FLAG = "--container-image"
_PROGRAMS = ("apptainer", "singularity")
_FILES = (".sqsh", ".sif", ".img", ".sqfs")


class Image(NamedTuple):
    """An image, and where it stands."""

    name: str
    pointer: str


def image_of(value: str | None) -> str | None:
    """An image as Pyxis names it: `registry#name:tag`. A file is no image that anybody else can fetch."""
    if (
        not value
        or value.startswith(("/", ".", "~"))
        or value.endswith(_FILES)
        or "$" in value
        or UNKNOWN in value
    ):
        return None
    return value.removeprefix("docker://").replace("#", "/", 1)


def image_in(commands: str, pieces: Sequence[Piece], default: str) -> Image | None:
    """The image of all commands that name one; None where these differ, or none is known."""
    if not any(word in commands for word in (_FLAG, *_PROGRAMS)):
        return None
    from gpuspec.commands.shell.walk import parse

    found: dict[str | None, int] = {}
    for command in parse(commands).commands:
        for wrapper in command.wrappers:
            word = _named(wrapper.name, wrapper.words)
            if word is not None:
                found.setdefault(image_of(word), wrapper.words[-1].start)
    if len(found) != 1:
        return None
    ((name, at),) = found.items()
    return Image(name, piece_at(pieces, at, default)) if name else None


def _named(name: str, words: Sequence[Word]) -> str | None:
    if name == "srun":
        return option(words, _FLAG)
    return words[-1].text if name in _PROGRAMS else None
