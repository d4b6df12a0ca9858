"""The part of YAML that is read: what PyYAML would say of it, with places."""

from __future__ import annotations

from gpuspec.text.yaml import Item, read_yaml

TEXT = """\
# a comment
name: "a # b"   # another
env: {A: 1}
strategy:
  matrix:
    size: [1, 2]
steps:
- run: one
- name: two
  run: |
    first
    second
url: http://x:1/#y
empty: ""
"""


def found(item: Item, *keys: str) -> Item:
    for key in keys:
        inner = item.get(key)
        assert inner is not None, key
        item = inner
    return item


def test_values_are_as_written_and_scalars_without_quotes() -> None:
    root = read_yaml(TEXT)
    assert found(root, "name").raw == '"a # b"'
    assert (found(root, "name").text, found(root, "name").scalar) == ("a # b", "a # b")
    assert (found(root, "env").text, found(root, "env").scalar) == ("{A: 1}", None)
    assert found(root, "strategy", "matrix", "size").text == "[1, 2]"
    assert found(root, "url").scalar == "http://x:1/#y"
    assert found(root, "empty").scalar is None


def test_lists_hold_maps_and_blocks() -> None:
    one, two = found(read_yaml(TEXT), "steps").inner
    assert (one.key, found(one, "run").text) == ("-", "one")
    assert found(two, "run").raw.split() == ["first", "second"]


def test_places_are_characters_of_the_text() -> None:
    start, end = found(read_yaml(TEXT), "strategy").span
    assert TEXT[start:end] == "strategy:\n  matrix:\n    size: [1, 2]"


def test_what_is_nested_too_deep_is_empty() -> None:
    assert read_yaml("".join(" " * depth + "a:\n" for depth in range(5_000))).inner == ()


def test_several_documents_are_not_read_as_one() -> None:
    """PyYAML's safe_load, too, refuses such a text."""
    one = read_yaml("# first\n--- # begins\nname: a\n...\n# ends\n---\n")
    assert found(one, "name").text == "a"
    assert read_yaml("name: a\n---\nname: b\n").inner == ()
    assert read_yaml("---\nname: a\n...\n---\nimage: b\n").inner == ()
    block = read_yaml("run: |\n  one\n  ---\n  two\nname: c\n")
    assert found(block, "run").raw.split() == ["one", "---", "two"]
    assert found(block, "name").text == "c"
