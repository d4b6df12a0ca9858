"""The walk over a script in the order in which it would run: what encloses a command, and what holds after it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from gpuspec.commands.shell.assign import assign, merged
from gpuspec.commands.shell.expand import MAX_FIELDS, fields
from gpuspec.commands.shell.grammar import arms_of_if
from gpuspec.commands.shell.scope import FOLDER, Scope, StepBudget, Value, lookup
from gpuspec.commands.shell.script import Enclosure, Kind
from gpuspec.commands.word import UNKNOWN, Word, marks
from gpuspec.numerals import is_digits

if TYPE_CHECKING:
    from tree_sitter import Node

Around = tuple[Enclosure, ...]

_LOOSE = frozenset({"==", "=~", "=", "$"})
"""Words that the grammar gives no name."""
_IS_EMPTY = r"-z\s+\"?\$\{?([A-Za-z_]\w*)(?::?-)?\}?\"?"
_NAME = r"[\w-]+"
_NOT_GIVEN = (
    r"(?<![\w\"'.,:/@%+-])(?<!-e )(?<!-v )(?<!--env )(?<!--set )(?<!-var )(?<!--build-arg )(?<!--export )"
)
"""`--lr=$lr`, `-e MODEL="$MODEL"` and `"A=$A"` are arguments, which set nothing here."""
_ASSIGNED = _NOT_GIVEN + r"([A-Za-z_]\w*)\+?="
_GIVEN = _NOT_GIVEN + r"([A-Za-z_]\w*)="
"""`i=$((i+1))`: each turn of a loop makes its value of that of the turn before."""
_COUNTED = r"\(\(\s*([A-Za-z_]\w*)\s*=(?:\s*(\w+)\s*;\s*\w+\s*(<=?)\s*\$?\{?(\w+))?"
"""for ((i = 0; i < N; i++))"""
_SILENT = frozenset({"comment", "test_command", "word", "string", "raw_string", "number", "variable_name"})


class Control:
    """One text being walked: its loops, branches, lists and functions. Each method restores what it changes of
    `scope.around` and `scope.variables`. `locate` maps offsets into the outer text."""

    def __init__(
        self, source: str, variables: dict[str, Value], budget: StepBudget, exported: dict[str, None]
    ) -> None:
        self.scope = Scope(source, variables, budget, self._substitution, exported)
        self.source = source
        self.functions: dict[str, Function] = {}
        self.calling: tuple[str, ...] = ()
        self.locate: Callable[[int, int], tuple[int, int]] = lambda start, end: (start, end)

    def _within(self, kind: Kind, node: Node, **details: object) -> Around:
        start, end = self.locate(node.start_byte, node.end_byte)
        return (*self.scope.around, Enclosure(kind, start, end, **details))  # type: ignore[arg-type]

    def _text(self, node: Node) -> str:
        return self.source[node.start_byte : node.end_byte]

    def _words(self, nodes: Iterable[Node]) -> tuple[Word, ...]:
        words: list[Word] = []
        last = -1
        for node in (node for node in nodes if node.is_named or node.type in _LOOSE):
            start, end = self.locate(node.start_byte, node.end_byte)
            if self.scope.budget.steps < 0:
                words.append(Word(UNKNOWN, start, end))
                break
            texts = fields(node, self.scope)
            self.scope.budget.steps -= len(texts) // 2
            if node.start_byte == last and words and texts:  # the grammar splits some words after ''
                words[-1] = words[-1]._replace(text=words[-1].text + texts.pop(0), end=end)
            words.extend(Word(text, start, end) for text in texts)
            last = node.end_byte
        return tuple(words)

    def block(self, children: Iterable[Node], around: Around | None = None) -> None:
        """Walk statements, within `around` where that is given."""
        scope = self.scope
        outer, scope.around = scope.around, scope.around if around is None else around
        nodes = list(children)
        for at, node in enumerate(nodes):
            if scope.budget.steps < 0:  # nothing more is read
                break
            if not node.is_named or node.type == "comment":
                continue
            if at + 1 < len(nodes) and nodes[at + 1].type == "&":
                kept, scope.around = scope.around, self._within("background", node)
                self._apart(lambda n=node: self._statement(n))  # type: ignore[misc]
                scope.around = kept
            else:
                self._statement(node)
        scope.around = outer

    def _statement(self, node: Node) -> None:
        if not self.scope.enter():
            return
        handler = getattr(self, f"_{node.type}", None)
        if handler:
            handler(node)
        elif node.type not in _SILENT:
            self.block(node.children)
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
        names = len(dict.fromkeys(name for outcome in outcomes for name in outcome))
        self.scope.budget.steps -= len(outcomes) * names // 10
        after = merged(outcomes) if outcomes and self.scope.budget.steps >= 0 else before
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

    # Lists, pipes and branches. A method's name is the grammar's for the statement.

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
            failed = link.children[1].type == "||"  # what stands before it, at one place or another
            if failed:
                self.scope.set_all(dict(ended))
            elif (empty := re.search(_IS_EMPTY, text)) and not self.scope.variables.get(empty[1]):
                defaulted.append(empty[1])
            self.block(right, self._within("and-or", link, text=text, branch=at, negated=failed))
            ended = merged([ended, self.scope.variables])
            self.scope.budget.steps -= len(ended) // 20
            text = self._text(right[-1]) if right else ""
        now = self.scope.variables  # who goes on after `mkdir x && cd x` takes it that both worked
        self.scope.set_all({**ended, **{name: now[name] for name in (*defaulted, FOLDER) if name in now}})

    def _pipeline(self, node: Node) -> None:
        for at, child in enumerate(c for c in node.children if c.is_named):
            around = self._within("pipe", node, branch=at)
            self._apart(lambda c=child, a=around: self.block([c], a))  # type: ignore[misc]

    def _if_statement(self, node: Node) -> None:
        arms: list[Callable[[], None]] = []
        condition = ""
        defaulted: str | None = None
        bodies = arms_of_if(node)
        for at, (conditions, body) in enumerate(bodies):
            if conditions:
                condition = self.source[conditions[0].start_byte : conditions[-1].end_byte]
            if at == 0:
                self.block(conditions)
                empty = re.search(_IS_EMPTY, condition)
                defaulted = empty[1] if empty else None
            around = self._within("if", node, text=condition, branch=at, negated=not conditions)
            inside = (*(conditions if at else ()), *body)
            arms.append(lambda i=inside, a=around: self.block(i, a))  # type: ignore[misc]
        self._arms(arms, bool(bodies) and not bodies[-1][0], defaulted)

    def _case_statement(self, node: Node) -> None:
        arms: list[Callable[[], None]] = []
        subject = node.child_by_field_name("value")
        for at, item in enumerate(child for child in node.children if child.type == "case_item"):
            patterns = item.children_by_field_name("value")
            body = [c for c in item.children if (c.is_named or c.type == "&") and c not in patterns]
            text = f"{self._text(subject) if subject else ''} in {'|'.join(self._text(p) for p in patterns)}"
            around = self._within("case", node, text=text, branch=at)
            arms.append(lambda b=body, a=around: self.block(b, a))  # type: ignore[misc]
        self._arms(arms, False)

    # Loops

    def _for_statement(self, node: Node) -> None:
        name = node.child_by_field_name("variable")
        variable = self._text(name) if name else ""
        words = self._words(node.children_by_field_name("value"))
        around = self._repeated("for", node, variable=variable, words=words)
        only = words[0].value if len(words) == 1 else None
        changing = UNKNOWN + around[-1].mark + marks(*(word.text for word in words))
        self._loop(
            node,
            around,
            variable,
            changing if only is None or has_glob(only) or re.search(_BRACES, only) else only,
        )

    def _c_style_for_statement(self, node: Node) -> None:
        begun = re.search(_COUNTED, self._text(node)[:200])
        words: tuple[Word, ...] = ()
        if begun and begun[2]:
            first, last = (
                lookup(name, self.scope) if name[:1].isalpha() else name for name in begun.group(2, 4)
            )
            ends = [each[:6] for each in (first, last) if isinstance(each, str) and is_digits(each[:6])]
            if len(ends) == 2:
                numbers = range(int(ends[0]), int(ends[1]) + (begun[3] == "<="))[:MAX_FIELDS]
                words = tuple(Word(str(number)) for number in numbers)
        around = self._repeated("for", node, variable=begun[1] if begun else "", words=words)
        self._loop(node, around, around[-1].variable, UNKNOWN + around[-1].mark)

    def _while_statement(self, node: Node) -> None:
        around = self._repeated("until" if node.children[0].type == "until" else "while", node)
        self._loop(node, around)

    def _repeated(self, kind: Kind, node: Node, **details: object) -> Around:
        body = node.child_by_field_name("body")
        head = self.source[node.start_byte : body.start_byte if body else node.end_byte].strip().rstrip(";")
        return self._within(kind, node, text=head, mark=self.scope.budget.new_mark(), **details)

    def _loop(self, node: Node, around: Around, variable: str = "", value: str = UNKNOWN) -> None:
        body = node.child_by_field_name("body")
        if body is None:
            return
        variables, text = self.scope.variables, self._done_in(body)
        for assigned in re.findall(_ASSIGNED, text):
            if assigned in variables:  # the second turn sees another value than the first
                before = variables[assigned]
                variables[assigned] = UNKNOWN + marks(*((before,) if isinstance(before, str) else before))
        if "$" in text or "((" in text:
            variables.update(dict.fromkeys(_growing(text), UNKNOWN + around[-1].mark))
        if variable:
            variables[variable] = value
        self.block((c for c in node.children_by_field_name("condition") if c.is_named), around)
        self._arms([lambda: self.block(body.children, around)], False)

    def _done_in(self, body: Node) -> str:
        """The text of a loop's body and of the functions that it calls."""
        texts, seen = [self._text(body)], set[str]()
        for text in texts:
            self.scope.budget.steps -= len(text) // 20
            for name in self.functions.keys() & set(re.findall(_NAME, text) if self.functions else ()) - seen:
                seen.add(name)
                texts.append(self.functions[name].text)
        return "\n".join(texts)

    def _subshell(self, node: Node) -> None:
        self._apart(lambda: self.block(node.children, self._within("subshell", node)))

    def _compound_statement(self, node: Node) -> None:
        """`{ … }`, and `(( … ))`."""
        if node.children[0].type != "((":
            self.block(node.children)
            return
        from gpuspec.commands.shell.arithmetic import calculate

        calculate(self._text(node)[2:-2], self.scope)

    def _negated_command(self, node: Node) -> None:
        self.block(node.children, self._within("negation", node))

    def _substitution(self, node: Node) -> None:
        self._apart(lambda: self.block(node.children, self._within("substitution", node)))

    # Functions

    def _function_definition(self, node: Node) -> None:
        name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
        if name and body:
            self.functions[self._text(name)] = Function(self._text(name), node, body, self)

    def uncalled(self) -> None:
        """Walk the functions that nothing called."""
        while self.scope.budget.depth == 0:
            functions = [function for function in self.functions.values() if not function.called]
            if not functions:
                break
            for function in functions:
                function.called = True
                function.walk.body(function, (), self.scope.around)

    def body(self, function: Function, call: tuple[Word, ...], around: Around) -> None:
        """Walk a function's body as one call starts it; without a call, as far as it can be known."""
        scope = self.scope
        kept = scope.positional, scope.around, self.calling
        scope.positional = tuple(word.text for word in call[1:]) if call else None
        scope.around = around
        self.calling = (*self.calling, function.name)
        inside = self._within("function", function.node, text=function.name, words=call, called=bool(call))
        self.block(function.body.children, inside)
        scope.positional, scope.around, self.calling = kept

    # Assignments

    def _variable_assignment(self, node: Node) -> None:
        assign(node, self.scope)

    def _declaration_command(self, node: Node) -> None:
        exports = node.children[0].type == "export"
        for child in node.children:
            name = child
            if child.type == "variable_assignment":
                assign(child, self.scope)
                name = child.child_by_field_name("name") or child
            if exports and name.type == "variable_name":
                self.scope.exported[self._text(name)] = None

    def _unset_command(self, node: Node) -> None:
        for child in node.children:
            self.scope.variables.pop(self._text(child), None)


class Function:
    """A function of the script, and the walk over the text that it stands in."""

    def __init__(self, name: str, node: Node, body: Node, walk: Control) -> None:
        self.name, self.node, self.body, self.walk = name, node, body, walk
        self.text = walk.source[body.start_byte : body.end_byte]
        self.called = False


def has_glob(text: str) -> bool:
    """Whether the shell takes a word for a pattern of file names."""
    bracket = re.search(r"\[[^\]]", text)
    return "*" in text or "?" in text or (bracket is not None and "]" in text[bracket.end() :])


_BRACES = r"\{[^{}\s]*(?:,|\.\.)[^{}\s]*\}"
_COUNTED_UP = r"\(\(\s*(?:(?:\+\+|--)\s*)?([A-Za-z_]\w{0,100})\s*(?:\+\+|--|\+=|-=|\)\))"
"""`((i++))`, `((i += 2))`, `((++i))`."""


def _growing(text: str) -> Iterator[str]:
    """The variables that are set to something of themselves."""
    for counted in re.finditer(_COUNTED_UP, text):
        yield counted[1]
    for given in re.finditer(_GIVEN, text):
        value = re.split(r"[\n;]", text[given.end() : given.end() + 160], maxsplit=1)[0].partition("$")[2]
        if given[1] in value and given[1] in re.findall(r"\w+", value):
            yield given[1]
