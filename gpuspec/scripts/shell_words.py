"""Shell words: what can be known of their text, and the variables they are spliced from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gpuspec.scripts.program import UNKNOWN, VOLATILE, Word

if TYPE_CHECKING:
    from tree_sitter import Node as Syntax

_CLOCKS = re.compile(
    r"\b(?:date|uuidgen|mktemp|RANDOM|EPOCHSECONDS|shuf|openssl\s+rand|/dev/u?random|uuid)\b"
)
_ALWAYS_NEW = {"RANDOM", "SECONDS", "EPOCHSECONDS", "SRANDOM"}
_BRACES = re.compile(r"\{(-?\d+)\.\.(-?\d+)(?:\.\.-?(\d+))?\}|\{([^{}]*,[^{}]*)\}")
_GLOB = re.compile(r"[*?]|\[[^\]]+\]")


class Words:
    """Reads words against the values that variables are known to hold."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.values: dict[str, str] = {}
        self.arrays: dict[str, tuple[Word, ...]] = {}

    def text(self, node: Syntax) -> str:
        """A node as written."""
        return self.source[node.start_byte : node.end_byte]

    def word(self, node: Syntax) -> Word:
        """One word after expansion, as far as it is known."""
        kind = node.type
        if kind in (
            "word",
            "number",
            "string_content",
            "heredoc_content",
            "variable_name",
            "regex",
            "test_operator",
        ):
            return Word(
                re.sub(r"\\\n|\\(.)", r"\1", self.text(node)) if "\\" in self.text(node) else self.text(node)
            )
        if kind == "raw_string":
            return Word(self.text(node)[1:-1])
        if kind == "ansi_c_string":
            return Word(self.text(node)[2:-1])
        if kind in ("simple_expansion", "expansion"):
            return self._variable(node)
        if kind in ("command_substitution", "process_substitution"):
            return Word(UNKNOWN, self.names(node))
        if kind == "arithmetic_expansion":
            return Word(UNKNOWN, frozenset(re.findall(r"[A-Za-z_]\w*", self.text(node))))
        if kind in ("string", "concatenation", "command_name", "heredoc_body", "translated_string", "array"):
            return self._joined(node)
        return Word(self.text(node), self.names(node))

    def _joined(self, node: Syntax) -> Word:
        quoted = node.type in ("string", "translated_string")
        start, end = (node.start_byte + 1, node.end_byte - 1) if quoted else (node.start_byte, node.end_byte)
        texts: list[str] = []
        names: frozenset[str] = frozenset()
        at = start
        for child in node.children:
            if child.type == '"' or child.start_byte < at:
                continue
            texts.append(self.source[at : child.start_byte])
            word = self.word(child)
            texts.append(word.text)
            names |= word.names
            at = child.end_byte
        texts.append(self.source[at:end])
        return Word("".join(texts), names)

    def _variable(self, node: Syntax) -> Word:
        names = self.names(node)
        own = next(
            (
                self.text(part)
                for part in node.children
                if part.type in ("variable_name", "special_variable_name")
            ),
            "",
        )
        plain = node.type == "simple_expansion" or self.text(node) == "${" + own + "}"
        if plain and own in self.values:
            return Word(self.values[own], names)
        operator = next((part.type for part in node.children if part.type in (":-", "-", ":=", "=")), None)
        if operator and own:
            if own in self.values:
                return Word(self.values[own], names)
            default = [
                part
                for part in node.children
                if part.type in ("word", "string", "concatenation", "raw_string")
            ]
            if default:
                return Word(self.word(default[-1]).text, names)
        return Word(UNKNOWN, names)

    def names(self, node: Syntax) -> frozenset[str]:
        """Variables under a node; VOLATILE where it asks a clock or a random number."""
        found: set[str] = set()
        stack = [node]
        while stack:
            part = stack.pop()
            if part.type in ("variable_name", "special_variable_name"):
                found.add(self.text(part))
            elif part.type == "command_substitution" and _CLOCKS.search(self.text(part)):
                found.add(VOLATILE)
            stack.extend(part.children)
        if found & _ALWAYS_NEW:
            found.add(VOLATILE)
        return frozenset(found)

    def split(self, node: Syntax) -> list[Word]:
        """The words one argument becomes: an array its items, an unquoted variable what it holds."""
        text = self.text(node)
        array = re.fullmatch(r'"?\$\{(\w+)\[[@*]\]\}"?', text) if "[" in text else None
        if array and array[1] in self.arrays:
            return [Word(word.text, word.names | {array[1]}) for word in self.arrays[array[1]]]
        word = self.word(node)
        inner = node.children[0] if node.type == "command_name" and node.children else node
        if inner.type in ("simple_expansion", "expansion") and " " in word.text:
            return [Word(text, word.names) for text in plain_words(word.text)]
        return [word]

    def length(self, nodes: Sequence[Syntax]) -> int | None:
        """How many words a `for` goes over, where the text says so."""
        total = 0
        for node in nodes:
            one = self._one_length(node)
            if one is None:
                return None
            total += one
        return total

    def _one_length(self, node: Syntax) -> int | None:
        text = self.text(node)
        array = re.fullmatch(r'"?\$\{!?(\w+)\[[@*]\]\}"?', text)
        if array:
            items = self.arrays.get(array[1])
            return len(items) if items is not None else None
        variable = re.fullmatch(r"\$\{?(\w+)\}?", text)
        if variable:
            value = self.values.get(variable[1])
            return None if value is None or UNKNOWN in value or _GLOB.search(value) else len(value.split())
        sequence = re.fullmatch(r"(?:\$\(|`)\s*seq\s+(?:-\w\s+)?([^)`]*)(?:\)|`)", text)
        if sequence:
            return self._sequence(sequence[1].split())
        if node.type in ("command_substitution", "process_substitution") or "$" in text or "`" in text:
            return None if node.type != "string" else 1
        total = 1
        for match in _BRACES.finditer(text):
            total *= _brace_length(match)
        return (
            None
            if _GLOB.search(_BRACES.sub("", text)) and node.type not in ("string", "raw_string")
            else total
        )

    def _sequence(self, parts: list[str]) -> int | None:
        numbers = []
        for part in parts:
            name = part.strip('"').removeprefix("$").strip("{}")
            value = self.values.get(name, name)
            if not re.fullmatch(r"-?\d+", value):
                return None
            numbers.append(int(value))
        if not 1 <= len(numbers) <= 3:
            return None
        first = numbers[0] if len(numbers) > 1 else 1
        step = numbers[1] if len(numbers) == 3 else 1
        return max(0, (numbers[-1] - first) // step + 1) if step else None


def _brace_length(match: re.Match[str]) -> int:
    if match[4] is not None:
        return match[4].count(",") + 1
    return abs(int(match[2]) - int(match[1])) // max(1, int(match[3] or 1)) + 1


def plain_words(text: str) -> list[str]:
    """A command line as words. Quotes are taken off; nothing is expanded."""
    return [re.sub(r"['\"]", "", word) for word in re.findall(r"(?:[^\s'\"]|'[^']*'?|\"[^\"]*\"?)+", text)]
