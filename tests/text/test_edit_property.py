"""Random edits on random documents, and on real ones: the text means what the same edit on plain data means."""

from __future__ import annotations

import copy
import glob
import json
import os
import random
from typing import Any

import pytest

from gpuspec.text import Edit, EditError, parse, pointer
from gpuspec.text.rewrite import apart, apply, apply_all

CORPUS = sorted(
    glob.glob(os.path.join(os.path.dirname(__file__), "../../../shared/corpus/gpu-jsonc/*.jsonc"))
)
VALUES = [
    1,
    -2.5,
    True,
    None,
    "x",
    'q"\\\n😀',
    [],
    {},
    [1, {"a": 2}],
    {"k": [1, 2], "l": "m" * 30},
    ["y" * 50, "z" * 50],
]
KEYS = ["a", "b", "c", "d/e", "f~", "new", "ü", ""]


def document(chance: random.Random) -> str:
    """A JSONC text with a mixture of layouts, a numbered comment here and there."""
    number = iter(range(10_000))
    newline = chance.choice(["\n", "\n", "\r\n"])

    def note(line: bool) -> str:
        kind = chance.random()
        if kind < 0.12:
            return f" /* c{next(number)} */ "
        if kind < 0.24 and line:
            return f" // c{next(number)}" + newline
        return ""

    def write(depth: int, indent: str) -> str:
        kind = chance.random()
        if depth and (kind < 0.4 or depth > 3):
            return json.dumps(chance.choice(VALUES[:6]))
        spread = chance.random() < 0.6
        inner = indent + "  "
        entries = []
        for key in chance.sample(KEYS, chance.randrange(4)):
            value = write(depth + 1, inner if spread else indent)
            entries.append(value if kind > 0.75 else f"{json.dumps(key)}:{note(spread)} {value}")
        text = ""
        for at, entry in enumerate(entries):
            last = at == len(entries) - 1
            comma = "," if not last or chance.random() < 0.3 else ""
            above = inner + note(True).strip(" ") if spread and chance.random() < 0.2 else ""
            above = above if not above.strip() or above.endswith(newline) else above + newline
            blank = newline if spread and chance.random() < 0.1 else ""
            row = entry + note(spread) + comma + note(spread)
            text += (blank + above + inner + row if spread else row + ("" if last else " ")).rstrip(" ")
            text += newline if spread and not text.endswith(newline) else ""
        signs = "[]" if kind > 0.75 else "{}"
        return signs[0] + (newline + text + indent if spread else text) + signs[1]

    return note(True) + write(0, "") + note(True)


def pointers(value: Any, at: str = "") -> list[str]:
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(deep for key, part in parts for deep in pointers(part, at + pointer(key)))]


def reach(value: Any, at: str) -> tuple[Any, Any]:
    """(parent, key) of a pointer that need not be there yet."""
    *way, last = [part.replace("~1", "/").replace("~0", "~") for part in at.split("/")[1:]]
    for part in way:
        value = value[int(part)] if isinstance(value, list) else value[part]
    return value, int(last) if isinstance(value, list) and last != "-" else last


def model(value: Any, edit: Edit) -> Any:
    """The edit on plain data, done in place on a copy; independent of the code under test."""
    value = copy.deepcopy(value)
    if edit.op == "set" and edit.pointer == "":
        return edit.value
    parent, key = reach(value, edit.pointer)
    if edit.op == "set":
        parent[key] = edit.value
    elif edit.op == "remove":
        del parent[key]
    elif edit.op == "rename":
        parent[edit.value] = parent.pop(key)
    elif edit.op == "insert":
        parent.insert(len(parent) if key == "-" else key, edit.value)
    else:
        moved = parent.pop(key)
        parent, key = reach(value, edit.value)
        if isinstance(parent, list):
            parent.insert(len(parent) if key == "-" else key, moved)
        else:
            parent[key] = moved
    return value


def some_edit(chance: random.Random, value: Any) -> Edit | None:
    """An edit that can be made; None if this draw has none."""
    everywhere = pointers(value)
    inner = everywhere[1:]
    holders = [at for at in everywhere if isinstance(at_value(value, at), (dict, list))]
    op = chance.choice(["set", "add", "remove", "rename", "insert", "move"])
    if op == "set" and inner:
        return Edit("set", chance.choice(inner), chance.choice(VALUES))
    holder = chance.choice(holders) if holders else None
    here = at_value(value, holder) if holder is not None else None
    if op in ("add", "insert") and isinstance(here, list):
        return Edit(
            "insert", f"{holder}/{chance.choice(['-', chance.randint(0, len(here))])}", chance.choice(VALUES)
        )
    if op in ("add", "insert") and isinstance(here, dict):
        return Edit("set", holder + pointer(chance.choice(KEYS)), chance.choice(VALUES))
    if not inner:
        return None
    at = chance.choice(inner)
    parent, _ = reach(value, at)
    if op == "remove":
        return Edit("remove", at)
    free = [name for name in KEYS if name not in parent] if isinstance(parent, dict) else []
    if op == "rename" and free:
        return Edit("rename", at, chance.choice(free))
    rest = model(value, Edit("remove", at))
    target = chance.choice([p for p in pointers(rest) if isinstance(at_value(rest, p), (dict, list))])
    there = at_value(rest, target)
    if op != "move" or (target + "/").startswith(at + "/"):
        return None
    if isinstance(there, list):
        return Edit("move", at, f"{target}/{chance.randint(0, len(there))}")
    free = [name for name in KEYS if name not in there]
    return Edit("move", at, target + pointer(chance.choice(free))) if free else None


def at_value(value: Any, at: str) -> Any:
    if not at:
        return value
    parent, key = reach(value, at)
    return parent[key]


def comments(text: str) -> list[str]:
    return sorted(comment.text.strip() for comment in parse(text).comments)


def tried(text: str, edit: Edit) -> str:
    """Apply an edit and compare its meaning with the model's."""
    tree = parse(text)
    wanted = model(tree.value, edit)
    result = apply(tree, [edit])
    after = parse(result)
    assert not after.problems, (text, edit, result)
    assert json.dumps(after.value, sort_keys=True) == json.dumps(wanted, sort_keys=True), (text, edit, result)
    if edit.op == "set":
        assert apply(after, [edit]) == result, (text, edit, result)
    if edit.op in ("rename", "insert") or (edit.op == "set" and edit.pointer not in tree.values):
        assert comments(result) == comments(text), (text, edit, result)
    return result


@pytest.mark.parametrize("seed", range(8))
def test_random_edits_on_random_documents(seed: int) -> None:
    chance = random.Random(seed)
    done = refused = 0
    for _ in range(60):
        text = document(chance)
        assert not parse(text).problems, text
        for _ in range(4):
            edit = some_edit(chance, parse(text).value)
            if edit is None:
                continue
            try:
                text = tried(text, edit)
                done += 1
            except EditError:
                refused += 1
    assert done > 100
    assert refused <= done // 100, "a layout is refused more often than one time in a hundred"


@pytest.mark.skipif(not CORPUS, reason="the corpus is not part of the repository")
@pytest.mark.parametrize("path", CORPUS, ids=os.path.basename)
def test_random_edits_on_real_files(path: str) -> None:
    chance = random.Random(path)
    with open(path, encoding="utf-8") as file:
        original = text = file.read()
    for _ in range(25):
        edit = some_edit(chance, parse(text).value)
        if edit is not None:
            text = tried(text, edit)
    assert text != original


@pytest.mark.parametrize("seed", range(8))
def test_edits_written_at_once_are_those_made_one_by_one(seed: int) -> None:
    chance = random.Random(f"together {seed}")
    made = 0
    for _ in range(60):
        tree = parse(document(chance))
        drawn = [edit for edit in (some_edit(chance, tree.value) for _ in range(8)) if edit]
        chosen = apart(tree, [[edit] for edit in drawn])
        one_by_one = tree
        elements = [
            at
            for at in chosen
            if drawn[at].op == "remove" and isinstance(reach(tree.value, drawn[at].pointer)[0], list)
        ]
        for at in [at for at in chosen if at not in elements] + elements[::-1]:
            one_by_one = parse(apply(one_by_one, [drawn[at]]))
        at_once = apply_all(tree, [[drawn[at]] for at in chosen])
        # Each new list that is written one by one is a pattern for the indentation of the next.
        assert at_once.split() == one_by_one.text.split(), (tree.text, [drawn[at] for at in chosen])
        made += len(chosen) if len(chosen) > 1 else 0
    assert made > 100


def test_rows_of_neighbours_go_at_once() -> None:
    text = '{\n  "a": [\n    1,\n    // of 2\n    2, // its own\n\n    3, 4,\n    5\n  ]\n}\n'
    gone = [[Edit("remove", f"/a/{at}")] for at in (1, 4)]
    assert apart(parse(text), gone) == [0, 1]
    assert apply_all(parse(text), gone) == '{\n  "a": [\n    1,\n\n    3, 4\n  ]\n}\n'
    next_to = [[Edit("remove", f"/a/{at}")] for at in (0, 1)]
    assert apart(parse(text), next_to) == [0, 1]
    assert apply_all(parse(text), next_to) == '{\n  "a": [\n    3, 4,\n    5\n  ]\n}\n'
    on_one_line = [[Edit("remove", f"/a/{at}")] for at in (2, 3)]
    assert apart(parse(text), on_one_line) == [1]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Edit("set", "/a", 1), Edit("set", "/a/b", 2)),
        (Edit("set", "/a/b", 1), Edit("remove", "/a")),
        (Edit("rename", "/a", "c"), Edit("set", "/a/b", 1)),
        (Edit("rename", "/a", "c"), Edit("set", "/c", 1)),
        (Edit("insert", "/list/-", 1), Edit("remove", "/list/0")),
        (Edit("set", "/new", 1), Edit("set", "/new", 2)),
    ],
)
def test_of_two_edits_that_touch_one_is_made(one: Edit, other: Edit) -> None:
    tree = parse('{"a": {"b": 0, "x": 0}, "list": [1, 2, 3]}')
    assert apart(tree, [[one], [other]]) in ([0], [1])
    assert apart(tree, [[other], [one]]) in ([0], [1])
