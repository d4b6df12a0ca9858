"""A YAML file as a Tree: its documents, and where everything stands in them."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from gpuspec.named_tuple import NamedTuple
from gpuspec.text.limits import MAX_NOTES, MAX_POINTERS, MAX_VALUES
from gpuspec.text.read import decoded
from gpuspec.text.tree import Duplicate, Span, SyntaxProblem, Tree, hash_comments, part
from gpuspec.text.yaml_nodes import Node, compose

_BORDER = re.compile(r"^(?:---|\.\.\.)(?=\s|$)", re.M)
_NOTHING = re.compile(r"(?:\s*(?:[#%][^\n]*)?(?:\n|\Z))*")
MOST_DOCUMENTS = 2_000


class YamlDocument(NamedTuple):
    """One of the documents of a file. `place` is its pointer in the file's tree; `problem` is why it cannot be read,
    and then `value` is None. `text` is where it stands."""

    value: Any
    place: str
    text: Span
    problem: SyntaxProblem | None = None


class YamlFile(NamedTuple):
    """A file of YAML documents. The value of `tree` is that of its document, or the list of them where there are
    several ("/0/kind"); those that are empty, or nothing but comments, do not count.

    Of its comments `tree` has those for gpuspec alone; in `problems` is what is wrong with documents that no template
    makes. A list element or a key that an alias or a merge key (`<<`) brings stands where it was written."""

    tree: Tree
    documents: tuple[YamlDocument, ...]


def read_yaml_bytes(data: bytes) -> YamlFile:
    """All documents of a file's bytes; a wrong encoding is a problem like any other."""
    tree = decoded(data)
    found = read_yaml_file(tree.text)
    found.tree.problems[:0] = tree.problems
    return found


def read_yaml_file(text: str) -> YamlFile:
    """All documents of a text. Never raises: one that cannot be read breaks no other."""
    tree = Tree(text)
    tree.yaml = True
    tree.values[""] = Span(0, len(text))
    if "gpuspec:" in text:
        tree.comments = list(islice(hash_comments(text), MAX_NOTES))
    pieces = list(_pieces(text))[:MOST_DOCUMENTS]
    writer = _Writer(tree)
    documents = []
    for number, span in enumerate(pieces):
        place = "" if len(pieces) == 1 else f"/{number}"
        composed = compose(text[span.start : span.end], span.start)
        problem = composed.problem
        if composed.root is not None and problem is None:
            problem = writer.full(composed.root)
        if problem is not None:
            if not is_template(text[span.start : span.end]):
                tree.problems.append(problem)
            documents.append(YamlDocument(None, place, span, problem))
            tree.values[place] = span
            continue
        value = writer.value(composed.root, place) if composed.root else None
        documents.append(YamlDocument(value, place, span))
    values = [document.value for document in documents]
    tree.value = values[0] if len(values) == 1 else values
    return YamlFile(tree, tuple(documents))


_TEMPLATE = re.compile(r"\{\{|\{%|<%")


def is_template(text: str) -> bool:
    """Whether a text that is no YAML becomes YAML once a tool (Helm, Jinja, ERB) has filled it in."""
    return _TEMPLATE.search(text) is not None


def _pieces(text: str) -> Iterator[Span]:
    """Where each document stands that is not empty. `---` in the first column ends one wherever it stands."""
    start = 1 if text.startswith("\ufeff") else 0
    for border in (*_BORDER.finditer(text), None):
        end = border.start() if border else len(text)
        if not _NOTHING.fullmatch(text, start, end):
            yield Span(start, end)
        start = border.end() if border else end


class _Writer:
    """Writes nodes into a tree: plain values, and the place of each. An alias is written out each time."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.room = MAX_VALUES
        self.letters = MAX_POINTERS
        self.told = False

    def full(self, root: Node) -> SyntaxProblem | None:
        """Why there is no room for one more document."""
        if root.size > self.room:
            return SyntaxProblem(root.span, f"more values than a job file has ({MAX_VALUES:,})")
        self.room -= root.size
        return None

    def value(self, root: Node, place: str) -> Any:
        """The value of a node and all that is in it."""
        box: list[Any] = [None]
        todo: list[tuple[Node, str, Any, Any]] = [(root, place, box, 0)]
        spans, take = self.tree.values, todo.pop
        while todo:
            node, at, around, key = take()
            spans[at] = node.span
            self.letters -= len(at)
            children = node.children
            if children is None or self.letters < (len(at) + 1) * len(children):
                around[key] = node.value
                self.told = self.told or (children is not None and self._cut(node))
                continue
            inner: Any
            inside: list[tuple[str, Any, Node]]
            if node.keys is None:
                around[key] = inner = [None] * len(children)
                inside = [(f"{at}/{n}", n, child) for n, child in enumerate(children)]
            else:
                written = self._members(node, at)
                around[key] = inner = dict.fromkeys(written)  # in the order written, whatever is done first
                inside = [(where, name, child) for name, (where, child) in written.items()]
            for where, name, child in inside:
                if child.children is None:
                    spans[where] = child.span
                    self.letters -= len(where)
                    inner[name] = child.value
                else:
                    todo.append((child, where, inner, name))
        return box[0]

    def _cut(self, node: Node) -> bool:
        told = "the keys above are too long for so many values: these are not read"
        self.tree.problems.append(SyntaxProblem(node.span, told))
        return True

    def _members(self, node: Node, at: str) -> dict[str, tuple[str, Node]]:
        """The members of a map in the order written, each with its place; those that `<<` merges come last and give
        way."""
        own: dict[str, tuple[str, Node]] = {}
        spans = self.tree.keys
        todo, seen = [node], set()
        while todo:
            source = todo.pop()
            if source.keys is None or source.children is None or id(source) in seen:
                continue
            seen.add(id(source))
            merged: list[Node] = []  # a map that is merged may merge others
            for name, span, child in zip(source.keys, source.key_spans, source.children, strict=True):
                if name == "<<" and child.children is not None:
                    merged += [child] if child.keys is not None else child.children
                    continue
                if name in own:
                    if source is not node:
                        continue
                    if len(self.tree.duplicates) < MAX_NOTES:
                        where = own[name][0]
                        self.tree.duplicates.append(Duplicate(where, spans[where], span))
                where = f"{at}/{part(name)}"
                own[name], spans[where] = (where, child), span
            todo += reversed(merged)
        return own
