"""Shell scripts: their commands, as `commands.shell` reads them, told to the judge with the loops around each."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from gpuspec.commands.shell.control import has_glob
from gpuspec.commands.shell.script import Command, Enclosure
from gpuspec.commands.word import UNKNOWN, Word, marks
from gpuspec.numerals import is_digits
from gpuspec.scripts.loops import Frame, Guards, Judge
from gpuspec.scripts.program import Guard, Loop, ScriptCommand, opposite
from gpuspec.scripts.shell_guards import guard_of
from gpuspec.text import Span

_ELSEWHERE = frozenset(
    {"docker", "podman", "nerdctl", "ssh", "tmux", "screen", "srun", "mpirun", "mpiexec", "strace", "nsys"}
)
"""Wrappers whose command runs on another machine, in a container or many times at once."""
_DISPATCHES = re.compile(r"(?m)(?:^|[;&|{]|\b(?:then|do|else|exec))\s*(?:eval\b|\"?[\w-]*\$[{@*\w])")
"""Runs whatever a word says: `"$@"`, `cmd_$1`, `eval`."""
_WORD = re.compile(r"[\w-]+")
_READ = re.compile(r"\bread\b(?:\s+-\w+(?:\s+\d+)?)*((?:\s+\w+)*)")
_BRACES = re.compile(r"\{(-?\d{1,9})\.\.(-?\d{1,9})(?:\.\.-?(\d{1,9}))?\}|\{([^{}]*,[^{}]*)\}")
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'|\$\{[^{}]*\}|\$\W")
_ALL = re.compile(r"\$[@*]|\[@\]")
_HANDED = re.compile(r"\"?\$\{?[@*\d]")
_NAME = re.compile(r"\$\{?[!#]?([A-Za-z_]\w*)")


def judge_shell(
    text: str,
    judge: Judge,
    *,
    env: Mapping[str, str | None] | None = None,
    outer: Sequence[Frame] = (),
    span: Span | None = None,
) -> None:
    """Tell the judge what a text runs. With `span`, everything in it stands at that place of the script; `outer` are
    loops around it, `env` the variables that it starts with."""
    from gpuspec.commands.shell.walk import parse

    place = None
    if text.startswith("#!") and "zsh" in text.split("\n", 1)[0]:
        from gpuspec.scripts.zsh import as_bash

        text, place = as_bash(text)
    commands = parse(text, env, budget=judge.budget).commands
    judge_commands(commands, text, judge, outer=outer, span=span, place=place)


def judge_commands(
    commands: Iterable[Command],
    source: str,
    judge: Judge,
    *,
    outer: Sequence[Frame] = (),
    span: Span | None = None,
    place: Callable[[int], int] | None = None,
) -> None:
    """Tell the judge of commands in the order in which they run; their offsets are in `source`, which stands at
    `place` of the script."""
    reader = _Reader(source, judge, outer, span)
    reader.at = place
    for command in commands:
        if not reader.is_dead(command):
            reader.read(command)


def script_command(command: Command, source: str, fed: str = "") -> ScriptCommand:
    """A command as the judge is told it: its words know the loops that they change with, and the variables of which
    the value is not known: those may tell a program."""
    given = [Word(f"{name}={value}") for name, value in command.assignments.items()]
    # `ray job submit … -- python x.py`: what is queued is told with what queues it.
    given += [word for wrapper in command.wrappers if wrapper.name == "ray" for word in wrapper.words]
    words = [
        word._replace(
            names=frozenset(marks(word.text))
            | frozenset(_NAME.findall(source[word.start : word.end]) if UNKNOWN in word.text else ())
        )
        for word in (*given, *command.words)
    ]
    return ScriptCommand(
        tuple(words), Span(command.start, command.end), Word(fed, names=frozenset(marks(fed)))
    )


class _Reader:
    def __init__(self, source: str, judge: Judge, outer: Sequence[Frame], span: Span | None) -> None:
        self.source = source
        self.judge = judge
        self.outer = list(outer)
        self.span = span
        self.place = judge.place
        self.at: Callable[[int], int] | None = None
        self.frames: dict[str, Frame] = {}
        self.piped: dict[tuple[int, int], list[tuple[int, str]]] = {}
        """By pipe: what each command in it is given and reads, with the place of its part."""
        self.around: tuple[Enclosure, ...] = ()
        self.inside = self.outer
        self.guards: Guards = ()
        self.calls = False
        """Whether the script calls functions of its own."""
        self.told: Counter[str] | None = None
        """How often each word stands in the script; nothing for one that runs whatever a word says."""

    def read(self, command: Command) -> None:
        """One command, in its turn."""
        fed = self._fed(command)
        if command.enclosures is not self.around:
            self._enter(command.enclosures, fed)
        if command.name.startswith("python") and self._python(command):
            return
        if command.name in (".", "source") and len(command.words) > 1:
            self.judge.source.include(command.words[1].text)
        elif command.name in ("break", "exit", "return"):
            self._leave(command)
        elif not any(wrapper.name in _ELSEWHERE for wrapper in command.wrappers):
            functions = [around.start for around in command.enclosures if around.kind == "function"]
            self.judge.place = (*self.place, *functions)
            self.judge.run(self._run(command, fed), self.inside, self.guards)

    def is_dead(self, command: Command) -> bool:
        """Whether it stands in a function that nothing calls, in a script that calls others: one kept for reference.
        A file of functions is for others to call, and what is called by a name that is not known may be any."""
        function = next((around for around in command.enclosures if around.kind == "function"), None)
        if function is None or function.called:
            self.calls = self.calls or function is not None
            return False
        if self.told is None:
            code = self.judge.source.code
            self.told = Counter() if _DISPATCHES.search(code) else Counter(_WORD.findall(code))
        return self.calls and self.told[function.text] == 1

    def _enter(self, around: tuple[Enclosure, ...], fed: str) -> None:
        self.around = around
        for loop in around:
            if loop.mark and loop.mark not in self.frames:
                self.frames[loop.mark] = Frame(self._loop(loop, fed), loop.mark)
        self.inside = [*self.outer, *(self.frames[loop.mark] for loop in around if loop.mark)]
        self.guards = self._guards(leaving=False)

    def _run(self, command: Command, fed: str) -> ScriptCommand:
        run = script_command(command, self.source, fed)
        return run._replace(span=self._placed(self._span(command)))

    def _placed(self, span: Span) -> Span:
        """Where in the script a part of the source stands."""
        if self.span or self.at is None:
            return self.span or span
        return Span(self.at(span.start), self.at(span.end))

    def _span(self, command: Command) -> Span:
        """Where a command is written: one that a function is handed (`"$@"`), where the function is called."""
        calls = [around.words for around in command.enclosures if around.kind == "function" and around.words]
        words = command.words
        while calls and words and _HANDED.match(self.source, words[0].start):
            words = calls.pop()
        return (
            Span(words[0].start, words[-1].end)
            if words != command.words
            else Span(command.start, command.end)
        )

    def _fed(self, command: Command) -> str:
        """What a command reads: what stands before it in a pipe, here-documents, files."""
        own = [redirect.target.text for redirect in command.redirects if redirect.operator.startswith("<")]
        texts: list[str] = []
        for around in command.enclosures:
            if around.kind == "pipe":
                parts = self.piped.setdefault((around.start, around.end), [])
                if parts and parts[-1][0] > around.branch:
                    parts.clear()  # the same pipe once more
                texts += [text for part, text in parts if part < around.branch]
                told = [word.text for word in command.words]
                if command.name == "envsubst":
                    told.append(self._substituted(command))
                parts.append((around.branch, " ".join([*told, *own])))
        return " ".join([*texts, *own]) if texts or own else ""

    def _substituted(self, command: Command) -> str:
        """What envsubst puts in: variables that the loops around it set."""
        names = [name for name, value in command.environment.items() if value is None or UNKNOWN in value]
        found = []
        for loop in command.loops:
            body = self.source[loop.start : loop.end]
            for name in names[:100]:
                if name == loop.variable or re.search(
                    rf"\b{re.escape(name)}=|\bread\b[^;\n]* {re.escape(name)}\b", body
                ):
                    found.append(UNKNOWN + loop.mark)
        return " ".join(found)

    # Loops

    def _loop(self, around: Enclosure, fed: str) -> Loop:
        head = around.text
        span = self._placed(Span(around.start, min(around.end, around.start + len(head))))
        if around.kind == "each":
            items = len(around.words) if around.words and self._count(around.words) is not None else None
            return Loop("map", (), self._over(fed), items, self._placed(Span(around.start, around.end)))
        if around.kind == "for":
            over = re.sub(r"^(?:for|select)\s+\w+(?:\s+in\b)?\s*", "", head)
            listed = around.words or re.search(r"\sin\b", head)
            variables = (
                (around.variable,) if around.variable else tuple(re.findall(r"\(\(\s*(\w+)", head)[:1])
            )
            return Loop(
                "for", variables, self._over(over), self._count(around.words) if listed else None, span
            )
        reads = _READ.search(head)
        if reads and around.kind == "while":
            names = tuple(reads[1].split()) or ("REPLY",)
            return Loop("for", names, self._over(self._input(around)), None, span)
        test = head.partition(" ")[2]
        forever = (
            around.kind == "until"
            or not re.search(r"\[|\(\(", test)
            or bool(re.match(r"\[\s*(?:1|true|:)\s*\]", test))
        )
        return Loop("forever" if forever else "while", (), self._over(head), None, span)

    @staticmethod
    def _over(text: str) -> Word:
        return Word(text, names=frozenset(_NAME.findall(text)))

    def _input(self, around: Enclosure) -> str:
        """What a `while read` goes over: the pipe before it, or the file behind its `done`."""
        behind = self.source[around.end : around.end + 200].split("\n", 1)[0].strip()
        if behind.startswith("<"):
            return behind
        line = self.source[max(0, around.start - 200) : around.start].rsplit("\n", 1)[-1].rstrip()
        return line if line.endswith("|") else ""

    def _count(self, words: Sequence[Word]) -> int | None:
        """How many items a loop goes over, where the text says so."""
        total = 0
        for word in words:
            written = self.source[word.start : word.end]
            quoted = written[:1] in ("'", '"')
            if has_glob(_QUOTED.sub("", written)) or (_ALL.search(written) and has_glob(word.text)):
                return None
            if UNKNOWN in word.text:
                if not quoted or re.search(r"\[@\]|\$@", written):
                    return None
            elif not quoted and has_glob(_BRACES.sub("", word.text)):
                return None
            one = 1
            for match in () if quoted else _BRACES.finditer(word.text):
                one *= _brace_length(match)
            total += one
        return total

    # Branches and exits

    def _guards(self, leaving: bool) -> Guards:
        """What the branches around ask. In `a && b`, that `a` worked counts for a test, and where b leaves a loop."""
        guards: list[tuple[Guard, int]] = []
        names: list[str] = []
        depth = len(self.outer)
        for around in self.around:
            if around.mark:
                depth += 1
                names += self.frames[around.mark].loop.variables
            elif around.kind == "case":
                guards.append(("unknown", depth))
            elif around.kind == "if":
                guard = guard_of(around.text.rstrip("; \n"), names)
                guards.append((opposite(guard) if around.negated else guard, depth))
            elif around.kind == "and-or":
                guard = guard_of(around.text, names)
                if around.negated:
                    guards.append(("failure" if guard == "unknown" else opposite(guard), depth))
                elif leaving or around.text.startswith(("[", "!", "((")):
                    guards.append((guard, depth))
        return tuple(guards)

    def _leave(self, command: Command) -> None:
        guards = self._guards(leaving=True)
        inner = len(self.outer)  # loops outside the function that the command stands in
        depth = inner
        for around in command.enclosures:
            depth += bool(around.mark)
            if around.kind == "function":
                inner = depth
        given = command.words[1].text if len(command.words) > 1 else ""
        if command.name == "break":
            loops = int(given[:6]) if is_digits(given) else 1
            self.judge.leave(self.inside, max(inner, depth - loops), guards)
        elif given in ("", "0"):
            self.judge.leave(self.inside, 0 if command.name == "exit" else inner, guards)

    def _python(self, command: Command) -> bool:
        """A Python program in a here-document, or in the string behind `python -c`."""
        words = command.words
        if len(words) > 2 and words[1].text == "-c":
            start, end = words[2].start + 1, words[2].end - 1
        elif len(words) == 1 or words[1].text == "-":
            document = next((r.target for r in command.redirects if r.operator == "<<"), None)
            if document is None:
                return False
            start, end = document.start, document.end
        else:
            return False
        from gpuspec.scripts.python import read_python
        from gpuspec.scripts.python_follow import follow

        text = self.source[start:end].replace('\\"', ' "')
        source = self.judge.source.within(text)
        program = read_python(source, start) if self.span is None else None
        if program is not None:
            follow(program, self.judge, self.inside, self.guards)
        return True


def _brace_length(match: re.Match[str]) -> int:
    if match[4] is not None:
        return match[4].count(",") + 1
    return abs(int(match[2]) - int(match[1])) // max(1, int(match[3] or 1)) + 1
