"""What runs in a container: its image's entry point, its command and arguments, as one text of shell commands, and
where each part of that stands in the file."""

import re
from collections.abc import Sequence

from gpuspec.job.job import Piece
from gpuspec.named_tuple import NamedTuple
from gpuspec.text import Span, Tree

SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ash"})
_SAFE = re.compile(r"[\w@%+=:,./{}$-]+")
_WORD = re.compile(r"\S+")


class Argument(NamedTuple):
    """One argument, and where it stands."""

    text: str
    pointer: str


class CommandText(NamedTuple):
    """Commands as shell text. `pieces` say where their parts stand."""

    text: str
    pieces: tuple[Piece, ...] = ()


def started_by_image(image: str | None, arguments: Sequence[str] = ()) -> str | None:
    """The command that an image starts by itself, by its name without registry mirror, tag and digest; "" where it
    starts what it is told, None where that is not known. `arguments` are what it is told."""
    from gpuspec.engines.images import entry_point

    return entry_point(image, arguments)


def container_command(
    tree: Tree,
    image: str | None,
    command: Sequence[Argument] | None,
    arguments: Sequence[Argument] | None,
    *,
    place: str,
) -> CommandText:
    """What a container runs. `command` takes the place of the image's entry point, `arguments` follow either; None is
    what is not given. `place` is where the container stands. "" where nothing is known of it."""
    words = [*(command or ()), *(arguments or ())]
    if command is None:
        words = [Argument(word, place) for word in words_before(image, [word.text for word in words])] + words
    if not words:
        return CommandText("")
    script = _script(words)
    if script is not None:
        return of_scalar(tree, script.text, script.pointer)
    return _joined(words)


def words_before(image: str | None, told: Sequence[str]) -> list[str]:
    """The words of an image's entry point that come before what a container is told: those that it does not repeat.
    `python3 -m vllm…` after `vllm serve` is meant to take its place, though Kubernetes would append it."""
    own = (started_by_image(image, told) or "").split()
    if not own or not told:
        return own
    first = told[0].rpartition("/")[2]
    if first == own[0] or first in SHELLS or first.rstrip("0123456789.") == "python":
        return []
    return own[:-1] if first == own[-1] else own


def of_scalar(tree: Tree, text: str, pointer: str) -> CommandText:
    """The commands in one string of the file, whose words are found again where they stand: those of a block of lines
    on their own lines. Adds the places of the words to the tree, below that of the string."""
    span = tree.values.get(pointer)
    if span is None:
        return CommandText(text, (Piece(0, len(text), pointer),) if text else ())
    pieces = []
    at = span.start
    for word in _WORD.finditer(text):
        found = tree.text.find(word[0], at, span.end)
        if found < 0:  # it is written with escapes, or is not what the file has
            continue
        at = found + len(word[0])
        inner = f"{pointer}/@{word.start()}"
        tree.values[inner] = Span(found, at)
        pieces.append(Piece(word.start(), word.end(), inner))
    return CommandText(text, tuple(pieces))


def _script(words: Sequence[Argument]) -> Argument | None:
    """The text that a shell is given to run: `["sh", "-c", TEXT]`, without arguments of its own."""
    if len(words) < 3 or words[0].text.rpartition("/")[2] not in SHELLS:
        return None
    *options, last = words[1:]
    flags = [option.text for option in options]
    if all(flag.startswith("-") for flag in flags) and flags[-1][1:2] != "-" and flags[-1].endswith("c"):
        return last
    return None


def _joined(words: Sequence[Argument]) -> CommandText:
    text, pieces = "", []
    for word in words:
        text += " " if text else ""
        start = len(text)
        text += quoted(word.text)
        pieces.append(Piece(start, len(text), word.pointer))
    return CommandText(text, tuple(pieces))


def quoted(word: str) -> str:
    """A word of a command in which variables stay what they are: the shell is to see `${NAME}`, and one word."""
    if _SAFE.fullmatch(word):
        return word
    return '"' + re.sub(r'(["\\`])', r"\\\1", word) + '"'
