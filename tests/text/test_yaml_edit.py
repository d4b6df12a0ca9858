"""Edits in YAML: the text means what the same edit on plain data means, and all else stays as it was."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gpuspec.text import Edit, EditError, pointer
from gpuspec.text.rewrite import apply
from gpuspec.text.yaml_tree import read_yaml_file
from tests.text.test_edit_property import at_value, model, pointers

TEXT = """\
# about the pod
apiVersion: v1   # kept
metadata: {name: "llm", labels: {app: a}}
spec:
  # the GPU
  nodeSelector:
    cloud: 'nvidia-l4'  # cheap
    # the zone
    zone: a

  containers:
  - name: vllm
    args: ["--model", 'x/y']
    env:
      - {name: A, value: "1"}   # first
      # of the second
      - name: B
        value: 2
    command: |
      vllm serve x/y \\
        --port 80
  - image: b
    base: &base {a: 1}
    limits:
      <<: *base
      nvidia.com/gpu: 1
    empty:
    last: z
"""


def edited(text: str, *edits: Edit) -> str:
    return apply(read_yaml_file(text).tree, edits)


def changed_lines(before: str, after: str) -> tuple[list[str], list[str]]:
    """Lines that went, and lines that came."""
    import difflib

    delta = list(difflib.ndiff(before.splitlines(), after.splitlines()))
    return ([d[2:] for d in delta if d[0] == "-"], [d[2:] for d in delta if d[0] == "+"])


@pytest.mark.parametrize(
    ("edit", "gone", "new"),
    [
        (Edit("set", "/spec/nodeSelector/cloud", "nvidia-h100"),
         ["    cloud: 'nvidia-l4'  # cheap"], ["    cloud: 'nvidia-h100'  # cheap"]),
        (Edit("set", "/metadata/name", "x"), ['metadata: {name: "llm", labels: {app: a}}'],
         ['metadata: {name: "x", labels: {app: a}}']),
        (Edit("set", "/spec/containers/1/limits/nvidia.com~1gpu", 2),
         ["      nvidia.com/gpu: 1"], ["      nvidia.com/gpu: 2"]),
        (Edit("set", "/spec/containers/1/empty", "yes"), ["    empty:"], ['    empty: "yes"']),
        (Edit("set", "/spec/nodeSelector/spot", "true"), [], ['    spot: "true"']),
        (Edit("set", "/spec/containers/1/more", 3), [], ["    more: 3"]),
        (Edit("set", "/metadata/labels/tier", True), ['metadata: {name: "llm", labels: {app: a}}'],
         ['metadata: {name: "llm", labels: {app: a, tier: true}}']),
        (Edit("remove", "/spec/nodeSelector/zone"), ["    # the zone", "    zone: a"], []),
        (Edit("remove", "/spec/nodeSelector/cloud"), ["    cloud: 'nvidia-l4'  # cheap"], []),
        (Edit("remove", "/spec/containers/0/env/1"),
         ["      # of the second", "      - name: B", "        value: 2"], []),
        (Edit("remove", "/spec/containers/0/args/0"), ["""    args: ["--model", 'x/y']"""], ["    args: ['x/y']"]),
        (Edit("remove", "/spec/containers/1/image"), ["  - image: b", "    base: &base {a: 1}"],
         ["  - base: &base {a: 1}"]),
        (Edit("rename", "/spec/containers/0/env", "environment"), ["    env:"], ["    environment:"]),
        (Edit("insert", "/spec/containers/0/env/-", {"name": "C"}), [], ["      - {name: C}"]),
        (Edit("insert", "/spec/containers/0/args/-", "--port=80"), ["""    args: ["--model", 'x/y']"""],
         ["""    args: ["--model", 'x/y', --port=80]"""]),
        (Edit("insert", "/spec/containers/0/env/0", "a: b"), [], ['      - "a: b"']),
        (Edit("set", "/spec/containers/0/command", "vllm serve x/y \\\n  --port 81\n"),
         ["        --port 80"], ["        --port 81"]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_an_edit_changes_its_lines_alone(edit: Edit, gone: list[str], new: list[str], newline: str) -> None:
    before = TEXT.replace("\n", newline)
    after = edited(before, edit)
    assert changed_lines(before, after) == (gone, new)
    assert after.count("\r\n") == (after.count("\n") if newline == "\r\n" else 0)


def test_the_last_of_a_map_or_list_leaves_it_empty() -> None:
    assert edited("a:\n  b: 1\nc: 2\n", Edit("remove", "/a/b")) == "a: {}\nc: 2\n"
    assert edited("a:\n- b\nc: 2\n", Edit("remove", "/a/0")) == "a: []\nc: 2\n"
    assert edited("a: [b]\n", Edit("remove", "/a/0")) == "a: []\n"


def test_what_would_harm_is_not_done() -> None:
    refused = {
        "a: &x {b: 1}\nc: *x\n": Edit("set", "/c/b", 2),  # would change a, too
        "a:\n  # why\n  b: 1\nc: 2\n": Edit("remove", "/a/b"),  # the comment would be lost
        "a: >\n  one\n  two\n": Edit("set", "/a", "three\n"),
        "a: [1, # of 1\n  2]\n": Edit("remove", "/a/0"),
        "a: 1\n\tb: 2\n": Edit("set", "/a", 2),  # cannot be read
        "a: 1\na: 2\n": Edit("remove", "/a"),
        "a:\n": Edit("set", "/a/b", 1),
    }
    for text, edit in refused.items():
        with pytest.raises(EditError):
            edited(text, edit)


def test_other_documents_stay() -> None:
    text = "# one\na: 1\n---\n# two\nb: [1]  # c\n---\n{{ x }}: y: z\n"
    assert edited(text, Edit("set", "/1/b/0", 2)) == text.replace("[1]", "[2]")


SCALARS = st.one_of(
    st.integers(-9, 9),
    st.booleans(),
    st.none(),
    st.floats(-4, 4).map(lambda number: round(number, 2)),
    st.sampled_from(
        ["", "yes", "1", "a b", "a: b", "- x", "#c", "'q'", '"', "ü😀", "~", "x\ny", "*a", "a,b", "0x1"]
    ),
    st.text(max_size=6),
)
NAMES = st.sampled_from(["a", "b", "c/d", "e~", "on", "1", "a: b", "ü", "nvidia.com/gpu"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
QUIET = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


@st.composite
def texts(draw: st.DrawFn) -> str:
    """A YAML text as PyYAML writes it, in one of its layouts, with numbered comments at the ends of some lines."""
    value = draw(st.dictionaries(NAMES, VALUES, min_size=1, max_size=3))
    text = yaml.safe_dump(
        value,
        default_flow_style=draw(st.sampled_from([False, None, True])),
        indent=draw(st.sampled_from([2, 4])),
        sort_keys=False,
        allow_unicode=True,
        width=10_000,
    )
    lines = text.splitlines()
    if draw(st.booleans()) and not re.search(r"[|>'\"]", text):
        lines = [f"{line}  # {n}" if n % 2 else line for n, line in enumerate(lines)]
        lines = [
            one for n, line in enumerate(lines) for one in ((f"# above {n}", line) if n % 3 == 1 else (line,))
        ]
    return draw(st.sampled_from(["\n", "\r\n"])).join([*lines, ""])


@given(st.data())
@QUIET
def test_random_edits_mean_what_they_mean_on_plain_data(data: st.DataObject) -> None:
    text = data.draw(texts())
    tree = read_yaml_file(text).tree
    inner = pointers(tree.value)[1:]
    holders = [at for at in pointers(tree.value) if isinstance(at_value(tree.value, at), (dict, list))]
    op = data.draw(st.sampled_from(["set", "add", "remove", "rename"]))
    edit = _edit(data, op, tree.value, inner, holders)
    try:
        after = apply(tree, [edit])
    except EditError:
        return
    again = read_yaml_file(after).tree
    assert not again.problems
    assert json.dumps(again.value) == json.dumps(model(tree.value, edit)) or op == "rename"
    assert sorted(again.value) == sorted(model(tree.value, edit))
    comments = re.findall(r"# (?:above )?\d+$", text, re.M)
    if op != "remove":
        assert [one for one in comments if one not in after] == []


def _edit(data: st.DataObject, op: str, value: Any, inner: list[str], holders: list[str]) -> Edit:
    if op == "add":
        holder = data.draw(st.sampled_from(holders))
        here = at_value(value, holder)
        if isinstance(here, list):
            return Edit("insert", f"{holder}/{data.draw(st.integers(0, len(here)))}", data.draw(VALUES))
        return Edit("set", holder + pointer(data.draw(NAMES)), data.draw(VALUES))
    at = data.draw(st.sampled_from(inner))
    if op == "rename":
        return Edit("rename", at, data.draw(NAMES))
    return Edit("remove", at) if op == "remove" else Edit("set", at, data.draw(VALUES))


def test_few_edits_are_refused() -> None:
    """What is refused for its layout is the exception."""
    tree = read_yaml_file(TEXT).tree
    done = 0
    leaves = [at for at in tree.values if at and not isinstance(tree.at(at), (dict, list))]
    for at in leaves:
        try:
            apply(tree, [Edit("set", at, "new")])
            done += 1
        except EditError:
            pass
    assert (done, len(leaves)) == (16, 19)  # but the block of lines, and what an alias brings, and its anchor
