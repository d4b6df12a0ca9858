"""The walk over a script: its commands, and the texts and functions that they run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from gpuspec.commands.shell import again
from gpuspec.commands.shell.control import Control, Function
from gpuspec.commands.shell.expand import MAX_FIELD, joined
from gpuspec.commands.shell.grammar import clean, tree
from gpuspec.commands.shell.redirect import redirections
from gpuspec.commands.shell.scope import (
    FOLDER,
    FOLDER_BEFORE,
    MAX_LINES,
    StepBudget,
    Value,
    shifted,
    with_values,
)
from gpuspec.commands.shell.script import Command, Redirect, ShellScript, Wrapper
from gpuspec.commands.shell.wrappers import SHELLS, peel
from gpuspec.commands.word import UNKNOWN, Word, plain_words

if TYPE_CHECKING:
    from tree_sitter import Node

_STARTS_FUNCTIONS = frozenset({"parallel", "time", "command"})
"""Wrappers through which a function of the script is run (parallel: an exported one)."""
_FED = ("-", "/dev/fd/", "/dev/stdin")
"""How the arguments of a shell begin that reads its commands from a here-document."""


def parse(
    text: str,
    env: Mapping[str, str | None] | None = None,
    arguments: tuple[str, ...] | None = None,
    folder: str = "",
    budget: StepBudget | None = None,
) -> ShellScript:
    """Read a script. `env` holds the variables it starts with; None is a variable whose value is not known.
    `arguments` are `$1 $2 …` (None: not known); `folder` is where it starts; texts that share a `budget` are
    read until that is used up. Never raises: what is not shell is skipped (`ShellScript.broken`)."""
    budget = budget or StepBudget()
    asked, seconds = again.key(text, env, arguments, folder, budget), budget.seconds
    known = again.known(asked, budget)
    if known is None:
        known = _read(text, env, arguments, folder, budget)
        again.keep(asked, known, budget, seconds - budget.seconds)
    return known


def _read(
    text: str,
    env: Mapping[str, str | None] | None,
    arguments: tuple[str, ...] | None,
    folder: str,
    budget: StepBudget,
) -> ShellScript:
    variables: dict[str, Value] = {k: UNKNOWN if v is None else v for k, v in (env or {}).items()}
    exported = dict.fromkeys(variables)
    variables[FOLDER] = folder
    if len(text) > budget.characters:
        text = text[: max(0, budget.characters)]
        budget.leave_out()
    if text.count("\n") > MAX_LINES:
        text = text[: -len(text.split("\n", MAX_LINES)[-1])]
        budget.leave_out()
    walk = _Walk(clean(text), variables, budget, exported)
    walk.scope.positional = arguments
    walk.whole()
    known = {k: v for k, v in variables.items() if isinstance(v, str) and k not in (FOLDER, FOLDER_BEFORE)}
    return ShellScript(tuple(walk.commands), known, walk.broken, budget.cut)


class _Walk(Control):
    """One text being walked. Texts inside it (`bash -c`) get a walk of their own and share commands and functions."""

    def __init__(
        self, source: str, variables: dict[str, Value], budget: StepBudget, exported: dict[str, None]
    ) -> None:
        super().__init__(source, variables, budget, exported)
        self.commands: list[Command] = []
        self.aliases: dict[str, tuple[Word, ...]] = {}
        self.wrappers: tuple[Wrapper, ...] = ()
        self.broken = False
        self.of_last: dict[int, tuple[list[Redirect], tuple[Word, ...]]] = {}

    def whole(self) -> None:
        """Walk the text, then the functions that nothing called."""
        root = tree(self.source, self.scope.budget)
        self.broken = root.has_error
        self.block(root.children)
        self.uncalled()

    def _command(self, node: Node, redirects: Iterable[Redirect] = (), more: tuple[Word, ...] = ()) -> None:
        given: dict[str, str] = {}
        names: list[Node] = []
        also, after = self.of_last.pop(node.id, ((), ()))
        found, more = [*redirects, *also], more + after
        for child in node.children:
            if child.type == "variable_assignment":
                name, value = child.child_by_field_name("name"), child.child_by_field_name("value")
                if name:
                    given[self._text(name)] = joined(value, self.scope) if value else ""
            elif child.type.endswith("_redirect"):
                found += self._redirections(child)
            elif child.type != "comment":
                names.append(child)
        words = self._words(names) + more
        if not words:
            return
        command = Command(
            self.aliases.get(words[0].text, words[:1]) + words[1:],
            *self.locate(node.start_byte, node.end_byte),
            assignments=given,
            enclosures=self.scope.around,
            wrappers=self.wrappers,
            redirects=tuple(found),
            environment=self.scope.environment(given),
            folder=str(self.scope.variables.get(FOLDER, "")),
        )
        self._run(command)

    def _run(self, command: Command) -> None:
        """Peel wrappers; then emit, or follow into the text or the function that is run."""
        own = command.wrappers[len(self.wrappers) :]
        function = self.functions.get(command.words[0].text)
        if function and all(wrapper.name in _STARTS_FUNCTIONS for wrapper in own):
            self._call(function, command)
            return
        self._change_scope(command)
        peeled = peel(command.words)
        if peeled is None:
            self._emit(command)
            return
        from gpuspec.commands.shell.repeats import repeated

        outer = command._replace(
            wrappers=(*command.wrappers, peeled.wrapper),
            assignments={**command.assignments, **peeled.assignments},
            environment=with_values(command.environment, peeled.assignments),
            words=peeled.words,
        )
        script = peeled.script
        once = repeated(peeled, command, self.scope.budget)
        if once is not None:
            around, outer_words, script = once
            outer = outer._replace(words=outer_words, enclosures=(*outer.enclosures, around))
        if script:
            self._nested(script, outer, peeled.arguments)
        elif peeled.words and len(outer.wrappers) < 20:
            self._run(outer)
        else:
            self._emit(outer)

    def _change_scope(self, command: Command) -> None:
        """What a command does to the shell that runs it: read, cd, alias."""
        if command.name in ("read", "mapfile", "readarray"):
            value = UNKNOWN + self.scope.marks
            names = [word.text for word in command.words[1:] if word.text.isidentifier()]
            self.scope.variables.update(dict.fromkeys(names, value))
            self._read_all(command, names)
        elif command.name in ("cd", "pushd", "popd"):
            self.scope.change_folder(command)
        elif command.name == "let":
            from gpuspec.commands.shell.arithmetic import calculate

            for word in command.words[1:]:
                calculate(word.text, self.scope)
        elif command.name == "alias":
            for word in command.words[1:]:
                name, equals, text = word.text.partition("=")
                if equals:
                    self.aliases[name] = tuple(word._replace(text=one) for one in plain_words(text))

    def _read_all(self, command: Command, names: Sequence[str]) -> None:
        """`read -r -d '' NAME <<EOF`: the whole here-document, without the blanks at its ends."""
        fed = next((r.target.text for r in command.redirects if r.operator == "<<"), None)
        whole = any(a.text in ("-d", "-rd") and not b.text for a, b in pairwise(command.words))
        if fed is not None and whole and command.name == "read" and len(names) == 1:
            self.scope.variables[names[0]] = fed.strip()[:MAX_FIELD]

    def _emit(self, command: Command) -> None:
        fed = next((r.target for r in command.redirects if r.operator in ("<<", "<<<")), None)
        if fed and command.name in SHELLS and all(w.text.startswith(_FED) for w in command.words[1:]):
            wrappers = (*command.wrappers, Wrapper(command.name, command.words))
            self._nested((fed,), command._replace(wrappers=wrappers))
        else:
            self.commands.append(command)

    def _call(self, function: Function, command: Command) -> None:
        function.called = True
        if function.name in self.calling or len(self.calling) > 10:
            return
        walk = function.walk  # defined in another text: walk it there
        kept, walk.calling = walk.calling, self.calling
        walk.body(function, command.words, command.enclosures)
        walk.calling = kept

    def _nested(
        self, words: tuple[Word, ...], command: Command, arguments: tuple[Word, ...] | None = None
    ) -> None:
        """Walk text that a command runs: `bash -c TEXT`, eval, a here-document."""
        text = clean(" ".join(word.text for word in words))
        if len(command.wrappers) > 12 or not self.scope.enter(1 + len(text) // 100):
            return
        variables = self.scope.variables
        if command.wrappers[-1].name != "eval":
            variables = {**variables, **command.assignments}
        inner = _Walk(text, variables, self.scope.budget, self.scope.exported)
        inner.commands, inner.functions, inner.aliases = self.commands, self.functions, self.aliases
        inner.scope.around, inner.wrappers = command.enclosures, command.wrappers
        inner.scope.positional = None if arguments is None else tuple(word.text for word in arguments)
        inner.calling = self.calling
        inner.locate = shifted(words[0], words[-1], text, self.source)
        inner.whole()
        self.broken = self.broken or inner.broken
        self.scope.leave()

    def _redirections(self, node: Node) -> tuple[Redirect, ...]:
        budget = self.scope.budget
        budget.steps -= 1
        if budget.steps < 0:
            return ()
        return redirections(node, self.scope, self._words, self.locate)

    def _redirected_statement(self, node: Node) -> None:
        redirects: list[Redirect] = []
        later: list[Node] = []
        more: list[Node] = []
        for child in node.children_by_field_name("redirect"):
            redirects += self._redirections(child)
            if child.type == "heredoc_redirect":
                more += child.children_by_field_name("argument")
                later += [c for c in child.children if c.type in ("pipeline", "list", "command")]
        outer = self.scope.around
        piped = any(child.type == "pipeline" for child in later)  # cat <<EOF | sh
        if piped:
            self.scope.around = self._within("pipe", node, branch=0)
        body = node.child_by_field_name("body")
        if body is not None and body.type == "command":
            self._command(body, redirects, self._words(more))
        elif body is not None:
            last = body.children[-1] if body.type == "list" else body
            if last.type == "command":  # the grammar gives what belongs to `b <<EOF` to all of `a && b <<EOF`
                self.of_last[last.id] = redirects, self._words(more)
            self.block([body])
        self.scope.around = outer
        self.block(later, self._within("pipe", node, branch=1) if piped else None)
