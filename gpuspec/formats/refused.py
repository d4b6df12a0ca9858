"""What a tool refuses of a file of its own in YAML: keys that it does not know and that are plainly others misspelt,
and values of the fields that rules look for which are of no form that it reads.

Of other values nothing is said: each tool says it better, and a form that is newer than this list is no mistake."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from gpuspec.job.problem import SchemaProblem, first_mistakes, shown
from gpuspec.named_tuple import NamedTuple
from gpuspec.text import Tree
from gpuspec.text.tree import part, parts

NEAR = 0.8
"""How alike two keys must be: `comands` and `commands`, `use_spots` and `use_spot`; not `prot` and `port`."""
_LONGEST = 40
_FILLED = re.compile(r"\$|\{\{|<%")
"""What a value has that another program fills in."""


class Form(NamedTuple):
    """What a field takes, in words, and the test of it."""

    takes: Callable[[Any], bool]
    words: str


Mistakes = Callable[[Any, str], Iterable[SchemaProblem]]
"""(value of a document, its place) → what is wrong in it."""

_latest: tuple[Tree, str, tuple[SchemaProblem, ...]] | None = None


def in_documents(tree: Tree, tool: str, mistakes: Mistakes) -> tuple[SchemaProblem, ...]:
    """What a tool refuses in the documents of a file: asked once for all jobs of it."""
    global _latest
    if _latest is None or _latest[0] is not tree or _latest[1] != tool:
        several = isinstance(tree.value, list)
        documents = [(one, f"/{n}") for n, one in enumerate(tree.value)] if several else [(tree.value, "")]
        found = (problem for value, place in documents for problem in mistakes(value, place))
        _latest = tree, tool, tuple(first_mistakes(found))
    return _latest[2]


def misspelt(
    value: Any, place: str, known: Collection[str], tool: str, *, within: str = ""
) -> Iterator[SchemaProblem]:
    """Keys of a map that its tool does not know, and that are plainly one that it does. `within`: the place in the
    document, for people."""
    for key in value if isinstance(value, dict) else ():
        if not isinstance(key, str) or key in known or key.startswith(("x-", "_")) or _FILLED.search(key):
            continue
        near = nearest(key, known)
        if near is not None:
            name = shown([*parts(within), key])
            message = f"{tool} has no field {name}, and refuses the file; did you mean `{near}`?"
            yield SchemaProblem(f"{place}/{part(key)}", message, "unknown-key", "key", near)


def nearest(key: str, known: Collection[str]) -> str | None:
    """The key that is meant by another, where that is plain."""
    from difflib import get_close_matches

    if len(key) > _LONGEST:
        return None
    low = key.lower().replace("-", "_")
    near = [low] if low in known else get_close_matches(low, sorted(known), n=1, cutoff=NEAR)
    return near[0] if near else None


def misformed(
    value: Any, place: str, forms: Mapping[str, Form], tool: str, *, within: str = ""
) -> Iterator[SchemaProblem]:
    """Fields of a map whose values are of no form that their tool takes. What is absent or empty (null), and what
    another program fills in, is none."""
    for field, form in forms.items() if isinstance(value, dict) else ():
        given = value.get(field)
        if given is None or form.takes(given) or (isinstance(given, str) and _FILLED.search(given)):
            continue
        message = f"{shown([*parts(within), field])} is {_said(given)}; {tool} takes {form.words}"
        yield SchemaProblem(f"{place}/{part(field)}", message, "value")


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, str | int | float) and len(str(value)) <= _LONGEST:
        return f"`{value}`"
    return "a list" if isinstance(value, list) else "a map" if isinstance(value, dict) else "a text"


def is_number(value: Any) -> bool:
    """Whether a value is a number that is not below zero; YAML's booleans are none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
