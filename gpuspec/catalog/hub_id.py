"""Which names are those of repositories of the Hugging Face hub, and not paths."""

# ruff: noqa: SIM905 (a line of words reads better than forty quoted ones)

import re

_HUB_ID = r"[A-Za-z0-9][\w.-]*/[\w.-]+"
_FOLDERS = frozenset(
    "models model checkpoints checkpoint ckpt ckpts output outputs out results weights data tmp workspace".split()
)
"""First parts of relative paths that no organisation of the hub has."""


def is_hub_id(name: str) -> bool:
    """Whether a name is "org/name" and not a path."""
    return re.fullmatch(_HUB_ID, name) is not None and name.split("/")[0].lower() not in _FOLDERS


def what_makes_known(name: str) -> str:
    """The command that reads a model's facts from the hub, in words that end a sentence; "" for a path."""
    return f"`gpuspec models add {name}` makes it known" if is_hub_id(name) else ""
