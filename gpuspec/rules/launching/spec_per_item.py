"""GS302 spec-per-item."""

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

from gpuspec.lint import Facts, Finding, Option, Rule
from gpuspec.lint.neighbours import literals
from gpuspec.named_tuple import NamedTuple
from gpuspec.text import Tree, parse, pointer

_ITEM = r"/(?:run|items|workdir|env/.*|outputs(?:/.*)?|labels/.*|checkpoint/path)$"
"""Where an item may stand. A difference elsewhere (GPU, model, setup) makes another job."""
_OTHER_JOB = r"(?i)model|ckpt|checkpoint|gpu|cuda|quant|engine|task"


class Difference(NamedTuple):
    """What tells one spec from another: where, and the two literals."""

    pointer: str
    here: str
    there: str


class SpecPerItem(Rule):
    """A folder of specs that differ in one literal.

    ## What it does
    Compares the specs of a folder. Where `min_files` or more batch or training specs are the same but for one
    literal in `run`, `env` or the outputs (and their names), the first of them that is linted gets the finding:
    where a hook hands over a single file, that one.

    ## Why is this bad
    One spec per item means one machine per item: each starts, loads the model, and idles at the end on its own.
    It also means that every change must be made in every file.

    ## Example
    ```jsonc
    // file: monday.gpu.jsonc
    { "name": "monday", "task": "batch", "run": "python transcribe.py --input monday.wav" }
    ```

    ```jsonc
    // file: tuesday.gpu.jsonc
    { "name": "tuesday", "task": "batch", "run": "python transcribe.py --input tuesday.wav" }
    ```

    ```jsonc
    // file: wednesday.gpu.jsonc
    { "name": "wednesday", "task": "batch", "run": "python transcribe.py --input wednesday.wav" }
    ```

    ## Use instead
    ```jsonc
    {
      "name": "week",
      "task": "batch",
      "gpu_types": ["RTX 4090"],
      "keep_alive_minutes": 3,
      "items": ["monday.wav", "tuesday.wav", "wednesday.wav"],
      "run": "python transcribe.py --input {item}"
    }
    ```

    ## When to ignore
    When the jobs must run side by side, each on a machine of its own.
    """

    code = "GS302"
    name = "spec-per-item"
    severity = "warning"
    confidence = "medium"
    options = (Option("min_files", int, 3, "Least number of specs that differ in one literal.", minimum=2),)

    def check(self, facts: Facts) -> Iterator[Finding]:
        alike, job = facts.alike, facts.job
        least = facts.options["min_files"]
        if len(alike) < least or not facts.speaks_for(alike):
            return
        if job.task in ("serve", "interactive") or job.ports or job.readiness or job.scaling:
            return
        own = _flat(facts.tree.value)
        places = _places(facts.tree, own)
        found: dict[str, list[tuple[str, Difference]]] = {}
        for other in alike:
            if other.path == facts.path:
                continue
            difference = _difference(own, _leaves(other.text, own, places), job.pointer("name"))
            if difference is not None:
                found.setdefault(difference.pointer, []).append((other.path, difference))
        for where, others in found.items():
            if len(others) + 1 >= least:
                yield self._found(where, others)
                return

    def _found(self, where: str, others: list[tuple[str, Difference]]) -> Finding:
        values = [others[0][1].here, *(difference.there for _, difference in others)]
        literals = _listed([f"“{literal}”" for literal in values])
        names = _listed([os.path.basename(path) for path, _ in others])
        return self.finding(
            where,
            f"{len(values)} specs in this folder differ only in one literal ({literals}): this one, "
            f"{names}. Run one by one, each rents a machine and loads the model for one item",
            suggestion='one spec with "items": one machine, all of them',
        )


def _listed(words: list[str]) -> str:
    return ", ".join(words[:3]) + (" …" if len(words) > 3 else "")


def _flat(value: Any, at: str = "") -> dict[str, Any]:
    """pointer → scalar of everything in a value; nested deeper than a spec ever is, it is left out."""
    if at.count("/") > 8:
        return {}
    pairs: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        pairs = list(value.items())
    elif isinstance(value, list):
        pairs = list(enumerate(value))
    else:
        return {at: value}
    return {key: leaf for name, item in pairs for key, leaf in _flat(item, at + pointer(name)).items()}


def _places(tree: Tree, own: Mapping[str, Any]) -> list[str]:
    """Where the strings and numbers of a spec stand, in the order of its text."""
    found = [
        at for at, value in own.items() if isinstance(value, (str, int, float)) and type(value) is not bool
    ]
    return sorted(found, key=tree.values.__getitem__)


def _leaves(text: str, own: Mapping[str, Any], places: list[str]) -> Mapping[str, Any]:
    """pointer → scalar of a spec that is like `own` but for its literals. Of two texts that are alike the literals
    correspond one by one; only a text with more to it (escapes, JSON5) is parsed: a folder may hold a thousand."""
    if "\\" not in text:
        found = literals(text)
        if len(found) == len(places):
            return {**own, **{at: _scalar(word) for at, word in zip(places, found, strict=True)}}
    return _flat(parse(text).value)


def _scalar(word: str) -> str | float:
    if word[0] == '"':
        return word[1:-1]
    try:
        return float(word) if any(sign in word for sign in ".eE") else int(word)
    except ValueError:
        return word


def _difference(own: Mapping[str, Any], other: Mapping[str, Any], name: str) -> Difference | None:
    """The one literal in which two specs differ, wherever it stands but in the job's name; None where they differ in
    more, or as jobs."""
    if own.keys() != other.keys():
        return None
    differing = [key for key, value in own.items() if value != other[key] and key != name]
    if not differing or not all(re.search(_ITEM, key) for key in differing):
        return None
    pairs = {_literals(str(own[key]), str(other[key])) for key in differing}
    if len(pairs) != 1:
        return None
    pair = pairs.pop()
    if pair is None:
        return None
    return Difference(next((key for key in differing if key == "/run"), differing[0]), *pair)


def _literals(here: str, there: str) -> tuple[str, str] | None:
    """The one word in which two texts differ; None where they differ in more, or in what is run."""
    mine, theirs = here.split(), there.split()
    if len(mine) != len(theirs):
        return None
    differing = [at for at, word in enumerate(mine) if word != theirs[at]]
    for at in differing:
        before = mine[at - 1] if at else ""
        if len(mine) > 1 and (at == 0 or before in ("&&", ";", "|") or mine[at].endswith((".py", ".sh"))):
            return None
        flag = mine[at].split("=")[0] if "=" in mine[at] else before
        if re.search(_OTHER_JOB, flag):
            return None
    words = {_core(mine[at], theirs[at]) for at in differing}
    return words.pop() if len(words) == 1 else None


def _core(here: str, there: str) -> tuple[str, str]:
    """The differing part of two words, without what they share at both ends, to the next sign that parts words."""
    start = 0
    while start < min(len(here), len(there)) and here[start] == there[start]:
        start += 1
    end = 0
    while end < min(len(here), len(there)) - start and here[-1 - end] == there[-1 - end]:
        end += 1
    while start and re.match(r"\w", here[start - 1]):
        start -= 1
    while end and re.match(r"\w", here[-end]):
        end -= 1
    return here[start : len(here) - end], there[start : len(there) - end]
