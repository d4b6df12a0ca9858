"""Shell scripts, from the syntax tree of `workload.shell`: commands, loops, functions, and what feeds what."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gpuspec.scripts.program import (
    UNKNOWN,
    Branch,
    Exit,
    Function,
    Loop,
    Node,
    Program,
    Word,
)
from gpuspec.scripts.shell_commands import NOTHING, POSITIONS, Commands
from gpuspec.scripts.shell_guards import guard_of

if TYPE_CHECKING:
    from tree_sitter import Node as Syntax

REPEATS = re.compile(r"\b(?:for|while|until|xargs|parallel|select)\b|-exec\b")
"""A shell text without any of these repeats nothing."""

_PYTHON = re.compile(r"(?:uv run (?:\S+ )*)?(?:\S*/)?python[\d.]*(?:\s+-(?:\s.*)?)?\s*$", re.DOTALL)
"""Python that reads its program from standard input."""
_PASSES_ON = re.compile(
    r"(?:^|[\n;&|{(]|\bthen|\bdo|\belse|\bif|\bwhile|\buntil|!|\beval|\btimeout \S+)"
    r"""\s*"?\$(?:\{?[@*](?::\d+)?\}?|\{?cmd\}?)"""
)
"""A function that runs what it is given."""


def read_shell(text: str) -> Program | None:
    """The program of a shell script; None where nothing in it repeats."""
    if not REPEATS.search(text):
        return None
    from gpuspec.commands.shell.grammar import clean

    source = clean(text)
    if source.startswith("#!") and "zsh" in source.split("\n", 1)[0]:
        # The grammar is bash's: a zsh glob's qualifier, `*.wav(N)`, would end the reading.
        source = re.sub(r"(?<=[*?\w\]])\([N.omnD/@^]{1,4}\)", lambda match: "*" * len(match[0]), source)
    reader = ShellReader(source, text)
    return Program(tuple(reader.program()), reader.functions, text)


class ShellReader(Commands):
    """Statements: loops, branches, pipes, functions."""

    def step(self, node: Syntax, fed: Word = NOTHING) -> list[Node]:
        """What one statement does."""
        kind = node.type
        if kind == "command":
            return self._command(node, fed)
        if kind == "for_statement":
            return self._for(node)
        if kind == "c_style_for_statement":
            return self._counting(node)
        if kind == "while_statement":
            return self._while(node, fed)
        if kind == "if_statement":
            return self._if(node)
        if kind == "case_statement":
            items = [child for child in node.children if child.type == "case_item"]
            return [Branch("unknown", tuple(self.all(item.children[1:]))) for item in items]
        if kind == "list":
            return self._list(node)
        if kind == "pipeline":
            return self._pipeline(node, fed)
        if kind == "redirected_statement":
            return self._redirected(node, fed)
        if kind == "variable_assignment":
            return self._assignment(node)
        if kind == "declaration_command":
            return [
                step
                for child in node.children
                if child.type == "variable_assignment"
                for step in self._assignment(child)
            ]
        if kind in ("negated_command", "compound_statement", "subshell", "do_group", "ERROR", "else_clause"):
            return self.all(node.children)
        return []

    def _function(self, node: Syntax) -> None:
        name = node.child_by_field_name("name")
        body = node.child_by_field_name("body")
        if name is None or body is None:
            return
        title = self.words.text(name)
        if _PASSES_ON.search(self.words.text(body)):
            self.passers.add(title)
        values, self.words.values = self.words.values, dict(self.words.values)
        outside, self.loop_names = self.loop_names, []
        self.functions[title] = Function(POSITIONS, tuple(self.step(body)))
        self.loop_names = outside
        self.words.values = values

    # Loops

    def _for(self, node: Syntax) -> list[Node]:
        variable, body = node.child_by_field_name("variable"), node.child_by_field_name("body")
        if variable is None or body is None:
            return []
        over = node.children_by_field_name("value")
        name = self.words.text(variable)
        names: frozenset[str] = (
            frozenset({"@"}) if not over else frozenset().union(*(self.words.names(v) for v in over))
        )
        end = over[-1].end_byte if over else variable.end_byte
        before = [step for value in over for step in self._substituted(value)]
        items = self.words.length(over) if over else None
        first = self.words.split(over[0]) if over and over[0].type not in ("command_substitution",) else []
        kept = self.words.values.pop(name, None)
        if first and UNKNOWN not in first[0].text and " " in first[0].text:
            self.words.values[name] = first[0].text
        head = Word(" ".join(self.words.text(value) for value in over), names)
        loop = Loop("for", (name,), head, items, self.span(node, end), self._body((name,), body))
        self.words.values.pop(name, None)
        if kept is not None:
            self.words.values[name] = kept
        return [*before, loop]

    def _body(self, names: tuple[str, ...], body: Syntax) -> tuple[Node, ...]:
        self.loop_names += names
        steps = tuple(self.step(body))
        del self.loop_names[len(self.loop_names) - len(names) :]
        return steps

    def _counting(self, node: Syntax) -> list[Node]:
        body = node.child_by_field_name("body")
        if body is None:
            return []
        head = self.source[node.start_byte : body.start_byte].rstrip("; \n\t")
        match = re.search(r"\(\(\s*(\w+)\s*=\s*(\w+)\s*;\s*\w+\s*(<=?)\s*\$?\{?(\w+)", head)
        name = match[1] if match else "i"
        items = None
        if match:
            low, high = (self.words.values.get(part, part) for part in (match[2], match[4]))
            if low.isdigit() and high.isdigit():
                items = max(0, int(high) - int(low) + (match[3] == "<="))
        self.words.values.pop(name, None)
        end = node.start_byte + len(head)
        return [
            Loop(
                "for",
                (name,),
                Word(head, self.words.names(node.children[0])),
                items,
                self.span(node, end),
                self._body((name,), body),
            )
        ]

    def _while(self, node: Syntax, fed: Word) -> list[Node]:
        body = node.child_by_field_name("body")
        if body is None:
            return []
        conditions = node.children_by_field_name("condition")
        head = self.source[node.start_byte : body.start_byte].rstrip("; \n\t")
        end = node.start_byte + len(head)
        span = self.span(node, end)
        reads = re.search(r"\bread\b((?:\s+-\w+(?:\s+\d+)?)*)((?:\s+\w+)*)", head)
        if reads and node.children[0].type == "while":
            names = tuple(reads[2].split()) or ("REPLY",)
            for name in names:
                self.words.values.pop(name, None)
            over = Word(fed.text, fed.names)
            return [Loop("for", names, over, None, span, self._body(names, body))]
        test = " ".join(self.words.text(condition) for condition in conditions)
        forever = (
            node.children[0].type == "until"
            or not re.search(r"\[|\(\(", test)
            or bool(re.match(r"\[\s*(?:1|true|:)\s*\]", test))
        )
        steps = [step for condition in conditions for step in self.step(condition)]
        names_in = frozenset().union(*(self.words.names(condition) for condition in conditions))
        loop = Loop(
            "forever" if forever else "while",
            (),
            Word(head, names_in),
            None,
            span,
            (*steps, *self._body((), body)),
        )
        return [loop]

    # Branches

    def _if(self, node: Syntax) -> list[Node]:
        conditions = node.children_by_field_name("condition")
        before = [step for condition in conditions for step in self.step(condition)]
        body: list[Syntax] = []
        otherwise: list[Node] = []
        after_then = False
        for child in node.children:
            if child.type == "then":
                after_then = True
            elif child.type == "elif_clause":
                otherwise += self._if(child)
            elif child.type == "else_clause":
                otherwise += self.all(child.children[1:])
            elif after_then:
                body.append(child)
        text = " ".join(self.words.text(condition) for condition in conditions).rstrip("; \n")
        return [*before, Branch(guard_of(text, self.loop_names), tuple(self.all(body)), tuple(otherwise))]

    def _list(self, node: Syntax) -> list[Node]:
        parts = [child for child in node.children if child.is_named]
        operator = next((child.type for child in node.children if child.type in ("&&", "||")), None)
        if len(parts) != 2 or operator is None:
            return self.all(parts)
        left, right = self.step(parts[0]), self.step(parts[1])
        guard = guard_of(self.words.text(parts[0]), self.loop_names)
        tests = parts[0].type in ("test_command", "negated_command") or any(
            isinstance(step, Exit) for step in right
        )
        if not tests and operator == "&&":
            return [*left, *right]
        if operator == "||":
            guard = {"success": "failure", "failure": "success", "unknown": "failure"}.get(guard, guard)  # type: ignore[assignment]
        return [*left, Branch(guard, tuple(right))]

    # Pipes and redirections

    def _pipeline(self, node: Syntax, fed: Word) -> list[Node]:
        steps: list[Node] = []
        for child in node.children:
            if not child.is_named:
                continue
            steps += self.step(child, fed)
            fed = Word(fed.text + " " + self.words.text(child), fed.names | self.words.names(child))
        return steps

    def _redirected(self, node: Syntax, fed: Word) -> list[Node]:
        body = node.child_by_field_name("body")
        behind: list[Syntax] = []
        python: list[Node] = []
        for redirect in node.children:
            if redirect.type == "heredoc_redirect":
                inner = next((part for part in redirect.children if part.type == "heredoc_body"), None)
                if inner is not None:
                    fed = Word(fed.text + self.words.text(inner), fed.names | self.words.names(inner))
                    if body is not None and _PYTHON.match(self.words.text(body)):
                        python += self.python(inner.start_byte, inner.end_byte)
                behind += [
                    part
                    for part in redirect.children
                    if part.is_named and not part.type.startswith(("heredoc", "file"))
                ]
            elif redirect.type in ("herestring_redirect", "file_redirect") and self.words.text(
                redirect
            ).startswith("<"):
                fed = Word(fed.text + " " + self.words.text(redirect), fed.names | self.words.names(redirect))
        steps = self.step(body, fed) if body is not None else []
        for part in behind:
            steps += self.step(part, fed)
        return steps + python
