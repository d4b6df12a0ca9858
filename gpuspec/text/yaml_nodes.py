"""YAML text → nodes with their places, one document at a time.

libyaml reads it, through PyYAML: what kubectl, docker compose and SkyPilot take as YAML is YAML here, too. Only its
events are asked for, so nothing is ever constructed from a tag."""

import re
from collections.abc import Iterator
from typing import Any

from gpuspec.named_tuple import NamedTuple
from gpuspec.text.limits import MAX_DEPTH, MAX_VALUES
from gpuspec.text.tree import Span, SyntaxProblem


class Node:
    """A scalar (`children` is None), a list (pairs without keys) or a map. `size` counts all values in it, aliases
    each time."""

    __slots__ = ("children", "key_spans", "keys", "size", "span", "value")

    def __init__(self, span: Span, value: Any = None) -> None:
        self.span = span
        self.value = value
        self.children: list[Node] | None = None
        self.keys: list[Any] | None = None
        self.key_spans: list[Span] = []
        self.size = 1


class Composed(NamedTuple):
    """What a text holds: its root, or why there is none."""

    root: Node | None
    problem: SyntaxProblem | None = None


_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"), True),
    **dict.fromkeys(("false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"), False),
}
"""Plain words that are no texts."""
_NUMBER = re.compile(
    r"(?P<int>[-+]?(?:0|[1-9][0-9_]{0,30}))|(?P<base>[-+]?0(?:x[0-9a-fA-F_]{1,30}|o?[0-7_]{1,30}))"
    r"|(?P<float>[-+]?(?:[0-9][0-9_]{0,30})?\.?[0-9]{0,30}(?:[eE][-+]?[0-9]{1,4})?)"
)
_FEW = 100_000
"""Aliases in one text, and characters of a scalar that may be a number."""


def compose(text: str, at: int) -> Composed:
    """The nodes of one YAML document, which begins at character `at` of its file. Never raises."""
    from yaml.error import MarkedYAMLError, YAMLError

    try:
        return _Composer(at).composed(_events(text))
    except MarkedYAMLError as error:
        from gpuspec.text.yaml_words import reworded

        mark, began = error.problem_mark or error.context_mark, error.context_mark
        found = reworded(
            text,
            mark.index if mark else 0,
            error.problem or "",
            error.context or "",
            began.index if began else None,
        )
        return Composed(None, found._replace(span=Span(at + found.span.start, at + found.span.end)))
    except (YAMLError, UnicodeError) as error:
        place = at + min(getattr(error, "position", 0) or 0, len(text))
        reason = getattr(error, "reason", "this is not text")
        return Composed(None, SyntaxProblem(Span(place, place + 1), str(reason)))
    except _TooMuch as error:
        return Composed(None, SyntaxProblem(error.span, error.told))


def _events(text: str) -> Iterator[Any]:
    try:
        from yaml._yaml import CParser
    except ImportError:  # PyYAML was built without libyaml: the same events, ten times slower
        import yaml

        return iter(yaml.parse(text, Loader=yaml.SafeLoader))
    return iter(CParser(text).get_event, None)


class _TooMuch(Exception):
    def __init__(self, span: Span, told: str) -> None:
        super().__init__(told)
        self.span = span
        self.told = told


class _Composer:
    """Puts events together. `open` are the lists and maps around, each with the key that waits for its value."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.open: list[Node] = []
        self.anchors: dict[str, Node] = {}
        self.aliases = 0
        self.root: Node | None = None

    def composed(self, events: Iterator[Any]) -> Composed:
        from yaml.events import (
            AliasEvent,
            MappingEndEvent,
            MappingStartEvent,
            ScalarEvent,
            SequenceEndEvent,
            SequenceStartEvent,
        )

        at, put = self.at, self.put
        for event in events:
            kind = type(event)
            if kind is ScalarEvent:
                value = event.value
                if event.implicit[0] and not event.style:  # plain, without a tag
                    value = plain_value(value)
                put(Node(Span(at + event.start_mark.index, at + event.end_mark.index), value), event.anchor)
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                self.begin(event, is_map=kind is MappingStartEvent)
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                self.end(event)
            elif kind is AliasEvent:
                self.alias(event)
        return Composed(self.root)

    def span(self, event: Any) -> Span:
        return Span(self.at + event.start_mark.index, self.at + event.end_mark.index)

    def begin(self, event: Any, *, is_map: bool) -> None:
        node = Node(self.span(event))
        node.children = []
        node.keys = [] if is_map else None
        if len(self.open) >= MAX_DEPTH:
            raise _TooMuch(node.span, f"nested deeper than {MAX_DEPTH} levels")
        if event.anchor:
            self.anchors[event.anchor] = node
        self.open.append(node)

    def end(self, event: Any) -> None:
        node = self.open.pop()
        end, last = self.at + event.end_mark.index, node.children[-1].span if node.children else None
        if (
            last
            and event.start_mark.index == event.end_mark.index
            and node.span.start < last.end < end > last.start
        ):
            end = (
                last.end if last.end > last.start else end
            )  # by lines: libyaml ends it where the next thing begins
        node.span = Span(node.span.start, max(node.span.start, end))
        self.put(node, None)

    def alias(self, event: Any) -> None:
        span, node = self.span(event), self.anchors.get(event.anchor)
        if node is None:
            raise _TooMuch(span, f"nothing before it is marked &{event.anchor}")
        if any(node is around for around in self.open):
            raise _TooMuch(span, f"*{event.anchor} stands within what it means")
        self.aliases += 1
        if self.aliases > _FEW:
            raise _TooMuch(span, f"more than {_FEW:,} aliases")
        self.put(node, None)

    def put(self, node: Node, anchor: str | None) -> None:
        if anchor:
            self.anchors[anchor] = node
        if not self.open:
            self.root = node
            return
        around = self.open[-1]
        keys, children = around.keys, around.children
        assert children is not None
        if keys is not None and len(keys) == len(children):
            keys.append(node.value if type(node.value) is str else _as_key(node))
            around.key_spans.append(node.span)
            return
        children.append(node)
        around.size += node.size
        if around.size > MAX_VALUES:
            raise _TooMuch(node.span, f"more values than a job file has ({MAX_VALUES:,})")


def _as_key(node: Node) -> str:
    """A key as JSON has it; what is no scalar is no key of any format."""
    value = node.value
    if node.children is not None:
        return "?"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value)


def plain_value(text: str) -> Any:
    """What a plain scalar means, as YAML 1.1 has it and PyYAML and kubectl read it; dates and `1:30` stay text."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "+-.0123456789" or len(text) > 70:
        return text
    match = _NUMBER.fullmatch(text)
    if match is None or text in (".", "+", "-", "+.", "-."):
        return text
    digits = text.replace("_", "")
    if match["int"]:
        return int(digits)
    if match["base"]:
        low = digits.lower()
        sign, bare = (-1 if low[0] == "-" else 1), low.lstrip("+-")
        return sign * (int(bare, 16) if bare.startswith("0x") else int(bare.replace("o", "", 1), 8))
    try:
        number = float(digits)
    except ValueError:
        return text
    return number if number not in (float("inf"), float("-inf")) else text
