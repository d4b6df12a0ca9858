"""YAML files: documents, values and where they stand."""

from __future__ import annotations

import time

import pytest

from gpuspec.text.yaml_nodes import plain_value
from gpuspec.text.yaml_tree import read_yaml_bytes, read_yaml_file


def test_each_value_stands_in_its_place() -> None:
    tree = read_yaml_file("a: 中 # no\r\nb: [1, 'two', {c: d}]\r\n").tree
    assert tree.value == {"a": "中", "b": [1, "two", {"c": "d"}]}
    places = {at: tree.text[span.start : span.end] for at, span in tree.values.items()}
    assert places["/a"] == "中"
    assert places["/b/1"] == "'two'"
    assert places["/b/2/c"] == "d"
    assert tree.position(tree.keys["/b"].start) == (2, 1)


def test_documents_break_alone() -> None:
    file = read_yaml_file("# first\n---\na: 1\n---\n{{ NAME }}: x\nb: c: d\n---\n# nothing\n---\ne: 2\n")
    assert [document.place for document in file.documents] == ["/0", "/1", "/2"]
    assert file.tree.value == [{"a": 1}, None, {"e": 2}]
    assert file.documents[1].problem is not None
    assert not file.tree.problems  # a template is no mistake
    assert [at.start for at in file.tree.values.values() if at.start] != []
    broken = read_yaml_file("a: b: c\n")
    assert [problem.span.start for problem in broken.tree.problems] == [4]


def test_anchors_and_merge_keys_stand_where_they_were_written() -> None:
    tree = read_yaml_file("x: &x\n  image: a\n  n: 1\ny:\n  <<: *x\n  n: 2\nz: *x\n").tree
    assert tree.value["y"] == {"n": 2, "image": "a"}
    assert tree.values["/y/image"] == tree.values["/x/image"] == tree.values["/z/image"]
    assert tree.text[slice(*tree.keys["/y/n"])] == "n"
    assert list(read_yaml_file("b: 1\na: 2\n").tree.value) == ["b", "a"]


def test_what_is_merged_may_merge_itself() -> None:
    text = "a: &a {n: 1, m: 1}\nb: &b\n  n: 2\n  <<: *a\nc:\n  <<: [*b, {k: 5, n: 6}]\n"
    tree = read_yaml_file(text).tree
    assert tree.value["c"] == {"n": 2, "m": 1, "k": 5}
    assert tree.values["/c/m"] == tree.values["/a/m"]


def test_the_same_key_twice() -> None:
    tree = read_yaml_file("secrets: {A: 1}\nrun: x\nsecrets: {}\n").tree
    assert tree.value["secrets"] == {}
    assert [(twice.pointer, twice.first.start, twice.again.start) for twice in tree.duplicates] == [
        ("/secrets", 0, 23)
    ]


@pytest.mark.parametrize(
    ("text", "value"),
    [("on", True), ("no", False), ("~", None), ("0x10", 16), ("010", 8), ("1_000", 1000), ("1:30", "1:30"),
     ("2024-01-01", "2024-01-01"), (".5", 0.5), ("1e3", 1000.0), ("1.2.3", "1.2.3"), ("-", "-"), ("08", 8.0),
     ("9" * 80, "9" * 80), (".inf", ".inf")],
)  # fmt: skip
def test_plain_scalars(text: str, value: object) -> None:
    assert plain_value(text) == value


def test_hostile_files_are_refused_in_bounded_time() -> None:
    bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
    )
    start = time.process_time()
    for text, word in {
        bomb: "more values", "a: &x [*x]": "within", "a: *y": "&y", "[" * 5_000: "nest", "{a: " * 5_000: "nest",
        "a: \0": "binary", "- " * 5_000 + "x": "nest", "a: \x07": "control",
    }.items():  # fmt: skip
        (problem, *_) = read_yaml_bytes(text.encode()).tree.problems
        assert word in problem.message
    assert read_yaml_file("a: !!python/object/apply:os.system [echo]\n").tree.value == {"a": ["echo"]}
    assert len(read_yaml_file("a: " + "x" * 8_000_000).tree.value["a"]) == 8_000_000
    assert time.process_time() - start < 10
    assert "not UTF-8" in read_yaml_bytes(b"a: \xff").tree.problems[0].message


def test_long_keys_of_many_values_are_not_written_out() -> None:
    """Each value has the key in its place: 20,000 × 2 MB."""
    tree = read_yaml_file("a: 1\n? " + "k" * 2_000_000 + "\n: [" + "1," * 20_000 + "]\n").tree
    assert tree.value["a"] == 1
    assert [problem.message.split(":")[0] for problem in tree.problems] == [
        "the keys above are too long for so many values"
    ]


def test_suppressions_are_comments_of_the_tree() -> None:
    tree = read_yaml_file("a: 1 # gpuspec: ignore[GS401] mine\n# other\n").tree
    assert [comment.text for comment in tree.comments] == [" gpuspec: ignore[GS401] mine"]


@pytest.mark.parametrize(
    ("text", "place", "word"),
    [
        ("a:\n\tb: 1\n", (2, 1), "tab"),
        ("a: 1\n\tb: 2\n", (2, 1), "tab"),
        ("cmd: echo foo: bar\n", (1, 14), "second `: `"),
        ('# x\na: "b\nc: 1\n', (2, 4), "never closed"),
        ("a: [1, 2\nb: 1\n", (2, 2), "1 line above"),
        ('a: {"b": 1 "c": 2}\n', (1, 15), "`,` or `}`"),
        ("a:\n  b: 1\n c: 2\n", (3, 2), "indentation"),
        ("a: 'it's'\n", (1, 8), "has ended"),
        ("a: 1\n- b\n", (2, 1), "list"),
        ("- a\nb: 1\n", (2, 1), "beside the items"),
        ("a: 1\nfoo\nb: 2\n", (2, 1), "no `key: value`"),
        ("a: @b\n", (1, 4), "cannot begin with `@`"),
        ("a: *.py\n", (1, 4), "alias"),
        ('ok: 1\n---\na: "\\d"\n', (3, 5), "escape"),
        ("a: |x\n b\n", (1, 5), "next line"),
        ("a: 1\n  b: 2\n", (2, 4), "above has a value"),
    ],
)
def test_what_is_wrong_is_said_in_plain_words(text: str, place: tuple[int, int], word: str) -> None:
    tree = read_yaml_bytes(text.encode()).tree
    (problem,) = tree.problems
    assert tree.position(problem.span.start) == place
    assert word in problem.message
