"""The walk over a script in the order in which it would run."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from gpuspec.commands.shell.assign import assign, merged
from gpuspec.commands.shell.expand import fields, joined
from gpuspec.commands.shell.grammar import MAX_TEXT, arms_of_if, clean, tree
from gpuspec.commands.shell.redirect import redirections
from gpuspec.commands.shell.scope import FOLDER, FOLDER_BEFORE, Budget, Scope, Value, shifted, with_values
from gpuspec.commands.shell.script import UNKNOWN, Command, Enclosure, Kind, Redirect, Script, Word, Wrapper
from gpuspec.commands.shell.wrappers import peel

if TYPE_CHECKING:
    from tree_sitter import Node

_LOOSE = frozenset({"==", "=~", "=", "$"})
"""Words that the grammar gives no name."""
_SHELLS = frozenset({"bash", "sh", "zsh", "dash"})
_IS_EMPTY = r"-z\s+\"?\$\{?([A-Za-z_]\w*)(?::?-)?\}?\"?"
_Around = tuple[Enclosure, ...]


def parse(
    text: str,
    env: Mapping[str, str | None] | None = None,
    arguments: tuple[str, ...] | None = None,
    folder: str = "",
) -> Script:
    """Read a script. `env` holds the variables it starts with; None is a variable whose value is not known.
    `arguments` are `$1 $2 …` (None: not known); `folder` is where it starts. Never raises: what is not shell is
    skipped (`Script.broken`)."""
    variables: dict[str, Value] = {k: UNKNOWN if v is None else v for k, v in (env or {}).items()}
    exported = dict.fromkeys(variables)
    variables[FOLDER] = folder
    budget = Budget()
    walk = _Walk(clean(text), variables, [], {}, budget, exported)
    walk.scope.positional = arguments
    walk.whole()
    known = {k: v for k, v in variables.items() if isinstance(v, str) and k not in (FOLDER, FOLDER_BEFORE)}
    cut = len(text) > MAX_TEXT or budget.steps < 0
    return Script(tuple(walk.commands), known, walk.broken, cut)


class _Walk:
    """One text being walked. Texts inside it (`bash -c`) get a walk of their own that shares commands and functions;
    `locate` maps their offsets into the outer text."""

    def __init__(
        self,
        source: str,
        variables: dict[str, Value],
        commands: list[Command],
        functions: dict[str, _Function],
        budget: Budget,
        exported: dict[str, None],
    ) -> None:
        self.scope = Scope(source, variables, budget, self._substitution, exported)
        self.source = source
        self.commands = commands
        self.functions = functions
        self.wrappers: tuple[Wrapper, ...] = ()
        self.around: _Around = ()
        self.calling: tuple[str, ...] = ()
        self.locate: Callable[[int, int], tuple[int, int]] = lambda start, end: (start, end)
        self.broken = False

    def whole(self) -> None:
        """Walk the text, then the functions that nothing called."""
        root = tree(self.source)
        self.broken = root.has_error
        self._block(root.children)
        while self.scope.budget.depth == 0:
            uncalled = [f for f in self.functions.values() if not f.called]
            if not uncalled:
                break
            for function in uncalled:
                function.called = True
                function.walk._body(function, None, self.around, called=False)

    # Statements. Each method restores what it changes of `around` and `variables`.

    def _within(self, kind: Kind, node: Node, **details: object) -> _Around:
        start, end = self.locate(node.start_byte, node.end_byte)
        return (*self.around, Enclosure(kind, start, end, **details))  # type: ignore[arg-type]

    def _text(self, node: Node) -> str:
        return self.source[node.start_byte : node.end_byte]

    def _block(self, children: Iterable[Node], around: _Around | None = None) -> None:
        outer, self.around = self.around, self.around if around is None else around
        nodes = list(children)
        for at, node in enumerate(nodes):
            if not node.is_named or node.type == "comment":
                continue
            follows = nodes[at + 1].type if at + 1 < len(nodes) else ""
            if follows == "&":
                kept, self.around = self.around, self._within("background", node)
                self._apart(lambda n=node: self._statement(n))  # type: ignore[misc]
                self.around = kept
            else:
                self._statement(node)
        self.around = outer

    def _statement(self, node: Node) -> None:
        if not self.scope.enter():
            return
        handler = _STATEMENTS.get(node.type)
        if handler:
            handler(self, node)
        elif node.type not in _SILENT:
            self._block(node.children)
        self.scope.leave()

    def _arms(
        self, arms: Iterable[Callable[[], None]], exhaustive: bool, defaulted: str | None = None
    ) -> None:
        """Walk arms of which one runs; then keep what they agree on. `defaulted` is the variable that the first
        arm is known to run for, if it was unset: `[ -z "$X" ] && X=…`."""
        before = dict(self.scope.variables)
        outcomes: list[dict[str, Value]] = [] if exhaustive else [before]
        for arm in arms:
            self.scope.set_all(dict(before))
            arm()
            outcomes.append(dict(self.scope.variables))
        after = merged(outcomes) if outcomes else before
        if defaulted and not before.get(defaulted):
            first = outcomes[0 if exhaustive else 1]
            if defaulted in first:
                after[defaulted] = first[defaulted]
        self.scope.set_all(after)

    def _apart(self, walk: Callable[[], None]) -> None:
        """Walk something whose assignments do not last: a subshell."""
        before = dict(self.scope.variables)
        walk()
        self.scope.set_all(before)

    def _list(self, node: Node) -> None:
        """a && b || c: nested to the left, as deep as it is long."""
        spine: list[Node] = []
        first = node
        while first.type == "list":
            spine.append(first)
            first = first.children[0]
        self._statement(first)
        text = self._text(first)
        ended = dict(self.scope.variables)
        """What the parts that may be the last one to run agree on."""
        defaulted: list[str] = []
        for at, link in enumerate(reversed(spine), 1):
            right = [child for child in link.children[1:] if child.is_named]
            if link.children[1].type == "||":  # what stands before it failed, at one place or another
                self.scope.set_all(dict(ended))
            elif (empty := re.search(_IS_EMPTY, text)) and not self.scope.variables.get(empty[1]):
                defaulted.append(empty[1])
            self._block(right, self._within("and-or", link, text=text, branch=at))
            ended = merged([ended, self.scope.variables])
            self.scope.budget.steps -= len(ended) // 20
            text = self._text(right[-1]) if right else ""
        now = self.scope.variables  # who goes on after `mkdir x && cd x` takes it that both worked
        self.scope.set_all({**ended, **{name: now[name] for name in (*defaulted, FOLDER) if name in now}})

    def _pipeline(self, node: Node) -> None:
        for at, child in enumerate(c for c in node.children if c.is_named):
            around = self._within("pipe", node, branch=at)
            self._apart(lambda c=child, a=around: self._block([c], a))  # type: ignore[misc]

    def _if(self, node: Node) -> None:
        arms: list[Callable[[], None]] = []
        condition = ""
        defaulted: str | None = None
        bodies = arms_of_if(node)
        for at, (conditions, body) in enumerate(bodies):
            if at == 0:
                self._block(conditions)
                text = self.source[conditions[0].start_byte : conditions[-1].end_byte] if conditions else ""
                empty = re.search(_IS_EMPTY, text)
                defaulted = empty[1] if empty else None
            if conditions:
                condition = self.source[conditions[0].start_byte : conditions[-1].end_byte]
            around = self._within("if", node, text=condition, branch=at)
            inside = (*(conditions if at else ()), *body)
            arms.append(lambda i=inside, a=around: self._block(i, a))  # type: ignore[misc]
        self._arms(arms, bool(bodies) and not bodies[-1][0], defaulted)

    def _case(self, node: Node) -> None:
        arms: list[Callable[[], None]] = []
        subject = node.child_by_field_name("value")
        for at, item in enumerate(child for child in node.children if child.type == "case_item"):
            patterns = item.children_by_field_name("value")
            body = [c for c in item.children if (c.is_named or c.type == "&") and c not in patterns]
            text = f"{self._text(subject) if subject else ''} in {'|'.join(self._text(p) for p in patterns)}"
            around = self._within("case", node, text=text, branch=at)
            arms.append(lambda b=body, a=around: self._block(b, a))  # type: ignore[misc]
        self._arms(arms, False)

    def _for(self, node: Node) -> None:
        name = node.child_by_field_name("variable")
        body = node.child_by_field_name("body")
        variable = self._text(name) if name else ""
        words = self._words(node.children_by_field_name("value"))
        head = self.source[node.start_byte : body.start_byte if body else node.end_byte].strip().rstrip(";")
        around = self._within("for", node, text=head, variable=variable, words=words)
        self._loop(body, around, variable, words[0].text if len(words) == 1 else UNKNOWN)

    def _c_for(self, node: Node) -> None:
        body = node.child_by_field_name("body")
        head = self.source[node.start_byte : body.start_byte if body else node.end_byte].strip().rstrip(";")
        self._loop(body, self._within("for", node, text=head))

    def _while(self, node: Node) -> None:
        body = node.child_by_field_name("body")
        conditions = [c for c in node.children_by_field_name("condition") if c.is_named]
        head = self.source[node.start_byte : body.start_byte if body else node.end_byte].strip().rstrip(";")
        kind: Kind = "until" if head.startswith("until") else "while"
        around = self._within(kind, node, text=head)
        self._block(conditions, around)
        self._loop(body, around)

    def _loop(self, body: Node | None, around: _Around, variable: str = "", value: str = UNKNOWN) -> None:
        if body is None:
            return
        for assigned in re.findall(r"([A-Za-z_]\w*)\+?=", self._text(body)):
            if assigned in self.scope.variables:  # the second turn sees another value than the first
                self.scope.variables[assigned] = UNKNOWN
        if variable:
            self.scope.variables[variable] = value
        self._arms([lambda: self._block(body.children, around)], False)

    def _subshell(self, node: Node) -> None:
        self._apart(lambda: self._block(node.children, self._within("subshell", node)))

    def _negated(self, node: Node) -> None:
        self._block(node.children, self._within("negation", node))

    def _substitution(self, node: Node) -> None:
        self._apart(lambda: self._block(node.children, self._within("substitution", node)))

    def _function(self, node: Node) -> None:
        name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
        if name and body:
            self.functions[self._text(name)] = _Function(self._text(name), node, body, self)

    def _body(
        self, function: _Function, arguments: tuple[str, ...] | None, around: _Around, called: bool
    ) -> None:
        """Walk a function's body with the arguments of one call."""
        kept = self.scope.positional, self.around, self.calling
        self.scope.positional, self.around = arguments, around
        self.calling = (*self.calling, function.name)
        inside = self._within("function", function.node, text=function.name, called=called)
        self._block(function.body.children, inside)
        self.scope.positional, self.around, self.calling = kept

    # Assignments.

    def _declare(self, node: Node) -> None:
        exports = node.children[0].type == "export"
        for child in node.children:
            name = child
            if child.type == "variable_assignment":
                assign(child, self.scope)
                name = child.child_by_field_name("name") or child
            if exports and name.type == "variable_name":
                self.scope.exported[self._text(name)] = None

    def _unset(self, node: Node) -> None:
        for child in node.children:
            self.scope.variables.pop(self._text(child), None)

    # Commands.

    def _words(self, nodes: Iterable[Node]) -> tuple[Word, ...]:
        words: list[Word] = []
        last = -1
        for node in (node for node in nodes if node.is_named or node.type in _LOOSE):
            start, end = self.locate(node.start_byte, node.end_byte)
            texts = fields(node, self.scope)
            self.scope.budget.steps -= len(texts) // 10
            if node.start_byte == last and words and texts:  # the grammar splits some words after ''
                words[-1] = words[-1]._replace(text=words[-1].text + texts.pop(0), end=end)
            words.extend(Word(text, start, end) for text in texts)
            last = node.end_byte
        return tuple(words)

    def _command(self, node: Node, redirects: tuple[Redirect, ...] = (), more: tuple[Word, ...] = ()) -> None:
        given: dict[str, str] = {}
        names: list[Node] = []
        for child in node.children:
            if child.type == "variable_assignment":
                name, value = child.child_by_field_name("name"), child.child_by_field_name("value")
                if name:
                    given[self._text(name)] = joined(value, self.scope) if value else ""
            elif child.type.endswith("_redirect"):
                redirects += redirections(child, self.scope, self._words, self.locate)
            elif child.type != "comment":
                names.append(child)
        words = self._words(names) + more
        start, end = self.locate(node.start_byte, node.end_byte)
        folder = str(self.scope.variables.get(FOLDER, ""))
        environment = self.scope.environment(given)
        command = Command(
            words, start, end, given, self.around, self.wrappers, redirects, environment, folder
        )
        if words:
            self._run(command, node)

    def _run(self, command: Command, node: Node) -> None:
        """Peel wrappers; then emit, or follow into the text or the function that is run."""
        function = self.functions.get(command.words[0].text)
        if function and not command.wrappers[len(self.wrappers) :]:
            self._call(function, command)
            return
        name = command.name
        if name in ("read", "mapfile", "readarray"):
            self.scope.variables.update({w.text: UNKNOWN for w in command.words[1:] if w.text.isidentifier()})
        elif name in ("cd", "pushd", "popd"):
            self.scope.change_folder(command)
        peeled = peel(command.words)
        if peeled is None:
            self._emit(command)
            return
        outer = command._replace(
            wrappers=(*command.wrappers, peeled.wrapper),
            assignments={**command.assignments, **peeled.assignments},
            environment=with_values(command.environment, peeled.assignments),
            words=peeled.words,
        )
        if peeled.script:
            self._nested(peeled.script, outer)
        elif peeled.words and len(outer.wrappers) < 20:
            self._run(outer, node)
        else:
            self._emit(outer)

    def _emit(self, command: Command) -> None:
        fed = next((r.target for r in command.redirects if r.operator in ("<<", "<<<")), None)
        if fed and command.name in _SHELLS and all(w.text.startswith("-") for w in command.words[1:]):
            self._nested(
                (fed,), command._replace(wrappers=(*command.wrappers, Wrapper(command.name, command.words)))
            )
        else:
            self.commands.append(command)

    def _call(self, function: _Function, command: Command) -> None:
        function.called = True
        if function.name in self.calling or len(self.calling) > 10:
            return
        arguments = tuple(word.text for word in command.words[1:])
        walk = function.walk
        if walk is self:
            self._body(function, arguments, self.around, called=True)
        else:  # defined in another text: walk it there, with the variables of here
            kept, walk.calling = walk.calling, self.calling
            walk._body(function, arguments, self.around, called=True)
            walk.calling = kept

    def _nested(self, words: tuple[Word, ...], command: Command) -> None:
        """Walk text that a command runs: `bash -c TEXT`, eval, a here-document."""
        text = clean(" ".join(word.text for word in words))
        if len(command.wrappers) > 12 or not self.scope.enter(1 + len(text) // 100):
            return
        first, last = words[0], words[-1]
        variables = self.scope.variables
        if command.wrappers[-1].name != "eval":
            variables = {**variables, **command.assignments}
        inner = _Walk(text, variables, self.commands, self.functions, self.scope.budget, self.scope.exported)
        inner.around, inner.wrappers = command.enclosures, command.wrappers
        inner.calling = self.calling
        inner.locate = shifted(first, last, text, self.source)
        inner.whole()
        self.broken = self.broken or inner.broken
        self.scope.leave()

    # Redirections.

    def _redirected(self, node: Node) -> None:
        redirects: tuple[Redirect, ...] = ()
        later: list[Node] = []
        more: list[Node] = []
        for child in node.children_by_field_name("redirect"):
            redirects += redirections(child, self.scope, self._words, self.locate)
            if child.type == "heredoc_redirect":
                more += child.children_by_field_name("argument")
                later += [c for c in child.children if c.type in ("pipeline", "list", "command")]
        body = node.child_by_field_name("body")
        if body is not None and body.type == "command":
            self._command(body, redirects, self._words(more))
        elif body is not None:
            self._block([body])
        self._block(later)


class _Function:
    """A function of the script, and the walk over the text that it stands in."""

    def __init__(self, name: str, node: Node, body: Node, walk: _Walk) -> None:
        self.name, self.node, self.body, self.walk = name, node, body, walk
        self.called = False


_STATEMENTS: dict[str, Callable[[_Walk, Node], None]] = {
    "command": _Walk._command,
    "variable_assignment": lambda walk, node: assign(node, walk.scope),
    "declaration_command": _Walk._declare,
    "unset_command": _Walk._unset,
    "list": _Walk._list,
    "pipeline": _Walk._pipeline,
    "redirected_statement": _Walk._redirected,
    "for_statement": _Walk._for,
    "c_style_for_statement": _Walk._c_for,
    "while_statement": _Walk._while,
    "if_statement": _Walk._if,
    "case_statement": _Walk._case,
    "function_definition": _Walk._function,
    "subshell": _Walk._subshell,
    "negated_command": _Walk._negated,
}
_SILENT = frozenset({"comment", "test_command", "word", "string", "raw_string", "number", "variable_name"})
