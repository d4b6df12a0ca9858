"""What reading a shell script yields."""

from collections.abc import Mapping
from typing import Literal

from gpuspec.commands.word import Word
from gpuspec.named_tuple import NamedTuple

Kind = Literal[
    "for", "while", "until", "each", "if", "and-or", "case", "function", "subshell", "pipe", "substitution",
    "background", "negation",
]  # fmt: skip


class Enclosure(NamedTuple):
    """One construct around a command. `text` is a loop's header, a condition, a case pattern or a function's name;
    `words` the expanded list of a `for`, or the call of a function; `branch` tells the arms of one `if`, `case`, `&&`
    apart, `negated` the arm that runs where the condition does not hold; `called` is False on the body of a function
    that nothing calls. "each" is what xargs, parallel and find do. `mark` is a loop's own: see FIRST_MARK."""

    kind: Kind
    start: int
    end: int
    text: str = ""
    variable: str = ""
    words: tuple[Word, ...] = ()
    branch: int = 0
    called: bool = True
    negated: bool = False
    mark: str = ""


class Wrapper(NamedTuple):
    """A command that runs another: sudo, nohup, `bash -c`, docker, xargs. `words` are its own arguments, up to
    the command it runs; `image` is the image of docker and podman run."""

    name: str
    words: tuple[Word, ...]
    image: Word | None = None


class Redirect(NamedTuple):
    """`operator` is > >> < 2> &> <<< << …; `target` is the file, or the text of a here-document."""

    operator: str
    target: Word


class Command(NamedTuple):
    """One simple command as it would be run, wrappers peeled off. Enclosures and wrappers: outermost first.

    A function's body appears once for each call, with the call's arguments and enclosures; a function that
    is never called appears once.
    """

    words: tuple[Word, ...]
    start: int
    end: int
    assignments: Mapping[str, str] = {}
    enclosures: tuple[Enclosure, ...] = ()
    wrappers: tuple[Wrapper, ...] = ()
    redirects: tuple[Redirect, ...] = ()
    environment: Mapping[str, str | None] = {}
    """Variables that the command is given, those of `assignments` among them; None: not known."""
    folder: str = ""
    """Where it runs, as the `cd`s before it say; as `Word.text`, from where the script starts."""

    @property
    def argv(self) -> tuple[str | None, ...]:
        """The literal value of each word."""
        return tuple(word.value for word in self.words)

    @property
    def name(self) -> str:
        """The last part of the program's path: "python3.11" for /usr/bin/python3.11; "" if not known."""
        value = self.words[0].value if self.words else None
        return value.rsplit("/", 1)[-1] if value else ""

    @property
    def in_background(self) -> bool:
        """Whether what comes next does not wait for it."""
        return any(around.kind == "background" for around in self.enclosures)

    @property
    def returns_at_once(self) -> bool:
        """Whether the shell goes on while it runs: in the background, in a terminal of its own, or in a container
        that Docker holds."""
        return self.in_background or any(_detaches(wrapper) for wrapper in self.wrappers)

    @property
    def conditional(self) -> bool:
        """Whether it may be skipped: inside if, case, && or ||, or a function that nothing calls."""
        return any(e.kind in ("if", "case", "and-or") or not e.called for e in self.enclosures)

    @property
    def loops(self) -> tuple[Enclosure, ...]:
        """The loops around it, outermost first."""
        return tuple(e for e in self.enclosures if e.mark)


def _detaches(wrapper: Wrapper) -> bool:
    """`tmux new -d`, `tmux send-keys`, `screen -dmS x`, `docker run -d`, `setsid --fork`."""
    texts = [word.text for word in wrapper.words[1:]]
    short = any(text[:1] == "-" and text[1:2] != "-" and "d" in text[1:] for text in texts)
    if wrapper.name == "tmux":
        return short or texts[:1] in (["send-keys"], ["send"])
    if wrapper.name == "screen":
        return any(text.startswith("-d") for text in texts) or "-X" in texts
    if wrapper.image is not None:
        return "--detach" in texts or any(
            text[:1] == "-" and "d" in text and not set(text[1:]) - set("ditP") for text in texts
        )
    return wrapper.name == "setsid" and ("--fork" in texts or "-f" in texts)


class ShellScript(NamedTuple):
    """Commands in the order in which they would run. `variables` at the end of the script: text as in
    `Word.text`. `broken`: some of the text is not shell; what could be read is here. `cut`: there was more than is
    read (StepBudget), and the rest was left out."""

    commands: tuple[Command, ...] = ()
    variables: Mapping[str, str] = {}
    broken: bool = False
    cut: bool = False
