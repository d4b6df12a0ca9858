"""Edits by intent, which keep comments and layout."""

from typing import Any, Literal

from gpuspec.named_tuple import NamedTuple


class EditError(ValueError):
    """An edit that cannot be made: the pointer is absent, or the result would no longer parse."""


class Edit(NamedTuple):
    """`set` a value (adds the key if its parent is there) · `remove` a member or element ·
    `rename` a key to `value` · `insert` `value` into the array at `pointer` (its last part is the index,
    or "-" for the end) · `move` a member to the pointer `value`."""

    op: Literal["set", "remove", "rename", "insert", "move"]
    pointer: str
    value: Any = None
