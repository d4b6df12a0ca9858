"""Shell commands and assignments: what each runs, wrappers and strings of commands included."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gpuspec.scripts.launchers import launcher_of, unwrap
from gpuspec.scripts.program import (
    UNKNOWN,
    VOLATILE,
    Assign,
    Branch,
    Call,
    Exit,
    Function,
    Loop,
    Node,
    Run,
    Word,
)
from gpuspec.scripts.shell_repeats import EACH, over_find, over_parallel, over_xargs, parallel_items
from gpuspec.scripts.shell_words import Words, plain_words
from gpuspec.text import Span

if TYPE_CHECKING:
    from tree_sitter import Node as Syntax

NOTHING = Word("")
POSITIONS = tuple("123456789@*")
"""A function's arguments."""


class Commands:
    """Reads one text. `base` moves spans: the text may be part of a larger one. With `whole`, everything found is at
    that one place (a command inside a string)."""

    def __init__(self, source: str, script: str, base: int = 0, whole: Span | None = None) -> None:
        self.source = source
        self.script = script
        self.base = base
        self.whole = whole
        self.words = Words(source)
        self.functions: dict[str, Function] = {}
        self.passers: set[str] = set()
        self.loop_names: list[str] = []

    def span(self, node: Syntax, end: int | None = None) -> Span:
        if self.whole is not None:
            return self.whole
        return Span(self.base + node.start_byte, self.base + (node.end_byte if end is None else end))

    def program(self) -> list[Node]:
        """What the whole text does; nothing for one that is nested beyond reading."""
        from gpuspec.commands.shell.grammar import tree

        try:
            return self.all(tree(self.source).children)
        except RecursionError:
            return []

    def all(self, nodes: Sequence[Syntax]) -> list[Node]:
        steps: list[Node] = []
        # Functions see what is set at the top, even below them; they run later.
        for node in nodes:
            if node.type == "variable_assignment" and "+=" not in self.words.text(node):
                self._assignment(node)
        for node in nodes:
            if node.type == "function_definition":
                self._function(node)
        for node in nodes:
            steps += self.step(node)
        return steps

    def step(self, node: Syntax, fed: Word = NOTHING) -> list[Node]:
        """What one statement does."""
        raise NotImplementedError

    def _function(self, node: Syntax) -> None:
        raise NotImplementedError

    def _assignment(self, node: Syntax) -> list[Node]:
        name_node, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if name_node is None:
            return []
        name = self.words.text(name_node).split("[")[0]
        adds = "+=" in self.source[name_node.end_byte : name_node.end_byte + 2]
        if value is None:
            self.words.values[name] = ""
            return [Assign(name, Word(""), adds)]
        steps = self._substituted(value)
        word = self.words.word(value)
        if value.type == "array":
            items = tuple(
                one
                for item in value.children
                if item.is_named and item.type != "comment"
                for one in self.words.split(item)
            )
            self.words.arrays[name] = (self.words.arrays.get(name, ()) if adds else ()) + items
            if any(
                part.type in ("command_substitution", "process_substitution") or "*" in self.words.text(part)
                for part in value.children
            ):
                del self.words.arrays[name]
        elif UNKNOWN in word.text or name in self.loop_names:
            self.words.values.pop(name, None)
        else:
            self.words.values[name] = (self.words.values.get(name, "") if adds else "") + word.text
        return [*steps, Assign(name, word, adds)]

    def _substituted(self, node: Syntax) -> list[Node]:
        """What the command substitutions inside a word run."""
        if node.type in ("command_substitution", "process_substitution"):
            return self.all(node.children)
        return (
            [step for child in node.children for step in self._substituted(child)] if node.child_count else []
        )

    def _command(self, node: Syntax, fed: Word) -> list[Node]:
        steps: list[Node] = []
        words: list[Word] = []
        for child in node.children:
            if child.type == "variable_assignment":
                words.append(self.words._joined(child))
            elif child.type in ("file_redirect", "herestring_redirect"):
                fed = Word(fed.text + " " + self.words.text(child), fed.names | self.words.names(child))
            elif child.is_named:
                steps += self._substituted(child)
                words += self.words.split(child)
        plain = list(unwrap(words))
        first = plain[0].text if plain else ""
        if first.startswith("python") and len(plain) > 1 and plain[1].text == "-c":
            quoted = next((child for child in node.children if child.type in ("string", "raw_string")), None)
            return steps + (
                self.python(quoted.start_byte + 1, quoted.end_byte - 1) if quoted is not None else []
            )
        if first in ("break", "exit", "return", "continue"):
            return steps + _exit(first, plain[1:])
        if first == "read":
            return steps + [
                Assign(word.text, Word("", frozenset({VOLATILE})))
                for word in plain[1:]
                if word.text.isidentifier()
            ]
        if first == "alias" and len(plain) > 1 and "=" in plain[1].text:
            name, _, value = plain[1].text.partition("=")
            self.words.values["alias " + name] = value
            return steps
        if "alias " + first in self.words.values:
            plain = [*(Word(text) for text in plain_words(self.words.values["alias " + first])), *plain[1:]]
            words, first = plain, plain[0].text if plain else ""
        return steps + self._started(node, words, plain, first.rsplit("/", 1)[-1], fed)

    def _started(
        self, node: Syntax, words: list[Word], plain: list[Word], first: str, fed: Word
    ) -> list[Node]:
        span = self.span(node)
        inner: list[Word] | None = None
        if first == "xargs":
            inner = over_xargs(plain[1:])
        elif first in ("parallel", "rush"):
            inner = over_parallel(plain[1:])
        elif first == "find":
            inner = over_find(plain)
        if inner is not None:
            head = Word(fed.text, fed.names)
            body = tuple(self._inline(inner, span, Word("")))
            return [Loop("map", (EACH, "0", *POSITIONS), head, parallel_items(plain), span, body)]
        if first in self.functions or first in self.passers:
            for skipped in range(1, 4):
                run = Run(tuple(plain[skipped:]), span, fed)
                if first in self.passers and launcher_of(run, self.script) is not None:
                    return [run]
            everything = Word(
                "", frozenset().union(*(word.names for word in words)) if words else frozenset()
            )
            return [Call(first, tuple(plain[1:]), span, (("@", everything), ("*", everything)))]
        return self._inline(words, span, fed)

    def _inline(self, words: list[Word], span: Span, fed: Word) -> list[Node]:
        """A command given as words: what `bash -c` and `eval` run is read too."""
        plain = list(unwrap(words))
        first = plain[0].text.rsplit("/", 1)[-1] if plain else ""
        if first in self.functions:
            everything = Word("", frozenset().union(*(word.names for word in plain)))
            return [Call(first, tuple(plain[1:]), span, (("@", everything), ("*", everything)))]
        script = None
        if first in ("bash", "sh", "zsh") and len(plain) > 2 and re.fullmatch(r"-\w*c", plain[1].text):
            script = plain[2]
        elif plain and " " in plain[0].text and len(plain) <= 2:
            script = plain[0]
        if script is not None and len(script.text) < 20_000:
            return self._nested(script, span)
        return [Run(tuple(words), span, fed)]

    def python(self, start: int, end: int) -> list[Node]:
        """What a Python program inside the text does: a here-document, or the string behind `python -c`."""
        from gpuspec.scripts.python import read_python

        text = self.source[start:end].replace('\\"', ' "')
        program = read_python(text, self.base + start) if self.whole is None else None
        if program is None:
            return []
        self.functions.update(program.functions)
        return list(program.body)

    def _nested(self, script: Word, span: Span) -> list[Node]:
        reader = type(self)(script.text.replace(UNKNOWN, "UNKNOWN_PART"), self.script, whole=span)
        reader.functions, reader.passers = self.functions, self.passers
        return [_with_names(step, script.names) for step in reader.program()]


def _with_names(node: Node, names: frozenset[str]) -> Node:
    """A command inside a string depends on what the string is spliced from."""
    if isinstance(node, Run):
        words = tuple(
            Word(w.text, w.names | (names if "UNKNOWN_PART" in w.text or EACH in w.text else frozenset()))
            for w in node.words
        )
        return node._replace(words=words)
    if isinstance(node, Loop):
        return node._replace(body=tuple(_with_names(step, names) for step in node.body))
    if isinstance(node, Branch):
        body, otherwise = (
            tuple(_with_names(step, names) for step in part) for part in (node.body, node.otherwise)
        )
        return node._replace(body=body, otherwise=otherwise)
    return node


def _exit(word: str, rest: Sequence[Word]) -> list[Node]:
    given = rest[0].text if rest else ""
    if word == "continue":
        return []
    if word == "break":
        return [Exit(int(given) if given.isdigit() else 1)]
    if given not in ("", "0"):
        return []
    return [Exit("program" if word == "exit" else "function")]
