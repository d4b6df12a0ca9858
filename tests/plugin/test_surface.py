"""The public surface, frozen in surface.txt: a change of it is a decision, made with a new version.

`GPUSPEC_UPDATE_SURFACE=1` writes the file.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import gpuspec
import gpuspec.launch
import gpuspec.testing
from gpuspec.formats import read
from gpuspec.planning.case import Case
from gpuspec.plugin import hooks as hookspecs

FILE = Path(__file__).with_name("surface.txt")


def test_the_surface_is_frozen() -> None:
    text = "\n".join([*names(gpuspec), *hooks(), *names(gpuspec.launch), *names(gpuspec.testing)]) + "\n"
    if os.environ.get("GPUSPEC_UPDATE_SURFACE"):
        FILE.write_text(text)
    assert text == FILE.read_text(), (
        "the public surface has changed; GPUSPEC_UPDATE_SURFACE=1 if that is meant"
    )


def test_every_hook_has_its_heading_and_two_users() -> None:
    page = (FILE.parents[2] / "docs" / "plugins" / "hooks.md").read_text()
    parts = {part.split("\n", 1)[0]: part for part in page.split("\n## ")[1:]}
    assert list(parts) == [line.split("(")[0].removeprefix("hook ") for line in hooks()]
    plugins = [path.read_text() for path in FILE.parents[2].glob("plugins/*/*/__init__.py")]
    for name, part in parts.items():
        assert "\nUsers: " in part
        assert any(f"def {name}(" in text for text in plugins), f"no plugin implements {name}"


def names(module: Any) -> Iterator[str]:
    for name in sorted(module.__all__):
        value = getattr(module, name)
        if get_origin(value) is Literal:
            yield f"{module.__name__}.{name} = {' | '.join(map(repr, get_args(value)))}"
        elif inspect.isclass(value):
            yield f"class {module.__name__}.{name}"
            yield from (f"    {member}" for member in members(value))
        elif callable(value):
            yield f"def {module.__name__}.{name}{inspect.signature(value)}"
        else:
            yield f"{module.__name__}.{name}"


def members(cls: type) -> Iterator[str]:
    """Fields of a tuple in their order, and what else is public, by name; inherited from our own classes, too."""
    fields = getattr(cls, "_fields", ())
    defaults = getattr(cls, "_field_defaults", {})
    protocol = getattr(cls, "_is_protocol", False)
    yield from (f"{field} = {default(defaults[field])}" if field in defaults else field for field in fields)
    if cls is gpuspec.Facts:  # gpuspec makes them; what rules read of one is public
        yield from sorted(gpuspec.Facts.__annotations__)
        yield from sorted(
            name for name in vars(gpuspec.Facts(Case(read("", b"")[0]))) if not name.startswith("_")
        )
    elif not fields and cls.__init__ is not object.__init__ and not protocol:
        yield f"__init__{inspect.signature(cls.__init__)}"
    if protocol:
        yield from (f"{name}: {kind}" for name, kind in cls.__annotations__.items())
    own = {
        name: value
        for base in reversed(cls.__mro__[:-1])
        if base.__module__.startswith("gpuspec")
        for name, value in vars(base).items()
    }
    for name in sorted(own):
        if name.startswith("_") or name in fields:
            continue
        value = inspect.getattr_static(cls, name)
        if isinstance(value, (staticmethod, classmethod)):
            value = value.__func__
        yield f"{name}{inspect.signature(value)}" if inspect.isfunction(value) else name


def default(value: object) -> str:
    """A function has no text that stays the same."""
    return "…" if callable(value) else repr(value)


def hooks() -> Iterator[str]:
    for name, value in vars(hookspecs).items():
        if name.startswith("gpuspec_"):
            yield f"hook {name}{inspect.signature(value)}"
