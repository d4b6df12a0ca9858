"""What a service runs: the entry point and the command as words, each with its place, then as one shell text."""

import re
from collections.abc import Collection, Iterator, Sequence

from gpuspec.formats.command import SHELLS, CommandText, quoted, words_before
from gpuspec.formats.compose.values import ComposeValue
from gpuspec.job.job import Piece
from gpuspec.named_tuple import NamedTuple
from gpuspec.text import Span, Tree

_WORD = re.compile(r"\S+")
_ARGUMENTS = re.compile(r'"\$(?:[@*]|\{[@*]\})"|\$(?:[@*]|\{[@*]\})')
_FLAG_AND_VALUE = re.compile(r"(--[a-z][\w-]{0,60})[ \t]+(\S+)")
_BLANKS = " \t\r\n"
_LINE_ENDS = ("\n", "\r", "")
_LONGEST = 200_000
"""Characters of a text in which each word's place is looked for."""


class CommandWord(NamedTuple):
    """One word of a command. `origins` have the place in the file of each of its characters, -1 where it is not
    known. `whole`: it is an element of a list, and stands at `pointer`."""

    text: str
    pointer: str
    origins: Sequence[int] = ()
    whole: bool = False


def command_of(
    tree: Tree, service: ComposeValue, image: str, taken: Collection[str], *, built: bool = False
) -> CommandText:
    """The commands of a service as shell text; "" where nobody knows what its image starts. `taken` are the variables
    of the container, which compose knows nothing of. `built`: the image is the author's own, and its name tells what
    it starts only where it is given flags."""
    reader = _Words(tree, taken)
    entry = service.get("entrypoint")
    words = reader.words(service.get("command"))
    if entry.given:
        words = reader.words(entry) + words
    elif not built or (words and words[0].text.startswith("--")):
        before = words_before(image, [word.text for word in words])
        words = [CommandWord(word, service.pointer) for word in before] + words
    return _text_of(tree, words) if words else CommandText("")


class _Words:
    """Reads words. A variable of compose that has no value, and is called like one of the container's, gets another
    name: a shell would take it for that one."""

    def __init__(self, tree: Tree, taken: Collection[str]) -> None:
        self.tree = tree
        self.taken = taken

    def words(self, value: ComposeValue) -> list[CommandWord]:
        """The words of `command` or of `entrypoint`: of a list, or of a text that compose splits."""
        if value.elements is not None:
            traced = (self.traced(one)._replace(whole=True) for one in value.elements if one.text is not None)
            return [word for element in traced for word in _flag_and_value(element)]
        return list(_split(self.traced(value))) if value.text else []

    def traced(self, value: ComposeValue) -> CommandWord:
        """A scalar as one word, with the place of each of its characters."""
        text = value.text or ""
        places = _places(self.tree, value)
        if len(text) > _LONGEST or len(places) != len(value.raw):
            origins: list[int] = [-1] * len(text)
        else:
            origins = [places[at] if at < len(places) else -1 for at in value.origins]
        return self.renamed(CommandWord(text, value.pointer, tuple(origins)), value.holes)

    def renamed(self, word: CommandWord, holes: Sequence[int]) -> CommandWord:
        """A word in which variables without a value are called otherwise than the container's."""
        written: list[str] = []
        origins: list[int] = []
        start = 0
        for at in holes:
            if word.text[at + 2 : word.text.index("}", at)] in self.taken:
                written += (word.text[start : at + 2], "COMPOSE_")
                origins += (*word.origins[start : at + 2], *[word.origins[at]] * len("COMPOSE_"))
                start = at + 2
        if not start:
            return word
        text = "".join((*written, word.text[start:]))
        return word._replace(text=text, origins=(*origins, *word.origins[start:]))


def _flag_and_value(element: CommandWord) -> list[CommandWord]:
    """An element `--model org/name` as the two words that its author meant, though a program gets them as one."""
    found = _FLAG_AND_VALUE.fullmatch(element.text)
    return [element._replace(text=text) for text in found.groups()] if found else [element]


def _places(tree: Tree, value: ComposeValue) -> Sequence[int]:
    """Where each character of a scalar as it was written stands in the file: the words of a block or of several lines
    are looked for one after another. -1: it is written with an escape."""
    span, raw = tree.values.get(value.pointer), value.raw
    if span is None or len(raw) > _LONGEST:
        return ()
    written = tree.text[span.start : span.end]
    for inside in (0, 1):
        if written[inside : len(written) - inside] == raw:
            return range(span.start + inside, span.end - inside)
    places = [-1] * len(raw)
    at = span.start
    for word in _WORD.finditer(raw):
        found = tree.text.find(word[0], at, span.end)
        if found >= 0:
            at = found + len(word[0])
            places[word.start() : word.end()] = range(found, at)
    return places


def _split(whole: CommandWord) -> Iterator[CommandWord]:
    """The words of a text, as compose splits it: at blanks and ends of lines, but for quoted ones. A backslash at the
    end of a line, which many write, is taken for the shell's."""
    text, quote, at = whole.text, "", 0
    letters: list[str] | None = None
    places: list[int] = []
    while at < len(text):
        letter, after = text[at], text[at + 1 : at + 2]
        if letter == "\\" and quote != "'":
            if not quote and (after in _LINE_ENDS or (letters is None and after in _BLANKS)):
                at += 1
                continue
            if not quote or after in ('"', "\\"):
                at += 1
                letter = after
        elif not quote and letter in _BLANKS:
            if letters is not None:
                yield CommandWord("".join(letters), whole.pointer, tuple(places))
            letters, places = None, []
            at += 1
            continue
        elif letter == quote or (not quote and letter in "\"'"):
            quote = "" if quote else letter
            letters = [] if letters is None else letters
            at += 1
            continue
        letters = [] if letters is None else letters
        letters.append(letter)
        places.append(whole.origins[at])
        at += 1
    if letters is not None:
        yield CommandWord("".join(letters), whole.pointer, tuple(places))


class _Text:
    """A text of commands that is put together from words; `pieces` say where they stand."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.written: list[str] = []
        self.length = 0
        self.pieces: list[Piece] = []

    def write(self, text: str) -> None:
        """Add text that stands nowhere."""
        self.written.append(text)
        self.length += len(text)

    def add(self, text: str, word: CommandWord, origins: Sequence[int] | None = None) -> None:
        """Add a word, written as `text`; `origins` are the places of its characters where it is part of one."""
        whole = word.whole and origins is None
        pointer = word.pointer if whole else self.place(word.pointer, origins or word.origins)
        self.pieces.append(Piece(self.length, self.length + len(text), pointer))
        self.write(text)

    def place(self, pointer: str, origins: Sequence[int]) -> str:
        """A pointer below that of a scalar for some of its characters."""
        known = [at for at in origins if at >= 0]
        if not known:
            return pointer
        inner = f"{pointer}/@{known[0]}"
        self.tree.values[inner] = Span(min(known), max(known) + 1)
        return inner

    def joined(self, words: Sequence[CommandWord]) -> None:
        """Add words, each as the shell is to see it."""
        for at, word in enumerate(words):
            self.write(" " if at else "")
            self.add(quoted(word.text), word)

    def script(self, script: CommandWord, arguments: Sequence[CommandWord]) -> None:
        """Add a script, whose `"$@"` are the arguments."""
        at = 0
        for found in (*_ARGUMENTS.finditer(script.text), None):
            end = found.start() if found else len(script.text)
            for word in _WORD.finditer(script.text, at, end):
                self.write(script.text[at : word.start()])
                self.add(word[0], script, script.origins[word.start() : word.end()])
                at = word.end()
            self.write(script.text[at:end])
            at = end
            if found and self.length < _LONGEST:
                self.joined(arguments)
                at = found.end()


def _text_of(tree: Tree, words: Sequence[CommandWord]) -> CommandText:
    """Words as one text; where they are a shell and a script (`sh -c TEXT NAME ARGUMENTS…`), the script."""
    made = _Text(tree)
    at = _script_at(words)
    if at is None:
        made.joined(words)
    else:
        made.script(words[at], words[at + 2 :])
    return CommandText("".join(made.written), tuple(made.pieces))


def _script_at(words: Sequence[CommandWord]) -> int | None:
    """Which word is the script that a shell is given to run."""
    if not words or words[0].text.rpartition("/")[2] not in SHELLS:
        return None
    for at, word in enumerate(words[1:], 1):
        if not word.text.startswith(("-", "+")):
            return None
        if word.text[1:2] != "-" and word.text.endswith("c"):
            return at + 1 if at + 1 < len(words) else None
    return None
