"""Our NamedTuple does what typing's does."""

import copy
import pickle
import typing
from collections.abc import Callable
from typing import Any

import pytest

import tools.constructors
from gpuspec.named_tuple import NamedTuple


class Point(NamedTuple):
    """Somewhere."""

    x: int
    y: int = 2
    tags: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        return self.x + self.y


class TypingsPoint(typing.NamedTuple):
    """Somewhere."""

    x: int
    y: int = 2
    tags: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        return self.x + self.y


class Named(Point):
    """A type beneath one."""

    def __new__(cls, x: int) -> "Named":
        return super().__new__(cls, x, 7)


USES: list[Callable[[Any], object]] = [
    lambda kind: kind(1),
    lambda kind: kind(1, tags=("a",)) == kind(1, 2, ("a",)) == (1, 2, ("a",)),
    lambda kind: kind(x=3, y=4).total,
    lambda kind: hash(kind(1)),
    lambda kind: kind(1) < kind(2),
    lambda kind: [*kind(1)],
    lambda kind: kind(1)._replace(y=9),
    lambda kind: kind(1)._asdict(),
    lambda kind: kind._make([1, 2, ()]),
    lambda kind: (kind._fields, kind._field_defaults, kind.__match_args__, kind.__doc__, kind.__slots__),
    lambda kind: typing.get_type_hints(kind),
    lambda kind: (type(kind), isinstance(kind(1), tuple), hasattr(kind(1), "__dict__")),
    lambda kind: pickle.loads(pickle.dumps(kind(1))) == copy.deepcopy(kind(1)) == copy.copy(kind(1)),
]
MISTAKES: list[Callable[[Any], object]] = [
    lambda kind: kind(),
    lambda kind: kind(1, z=2),
    lambda kind: kind(1, 2, (), 4),
    lambda kind: kind._make([1]),
    lambda kind: setattr(kind(1), "x", 2),
]


@pytest.mark.parametrize("use", USES)
def test_is_used_as_typings(use: Callable[[Any], object]) -> None:
    assert repr(use(Point)) == repr(use(TypingsPoint)).replace("TypingsPoint", "Point")


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_the_same_errors(mistake: Callable[[Any], object]) -> None:
    with pytest.raises((TypeError, ValueError, AttributeError)) as typings:
        mistake(TypingsPoint)
    with pytest.raises(typings.type) as ours:
        mistake(Point)
    assert str(ours.value).replace("Point.", "") == str(typings.value).replace("TypingsPoint.", "")


def test_a_type_beneath_keeps_its_own_constructor() -> None:
    assert (Named(1), Named(2).total, Point(1).y) == ((1, 7, ()), 9, 2)
    assert repr(Named(1)) == "Named(x=1, y=7, tags=())"


def test_a_field_without_a_default_comes_first() -> None:
    with pytest.raises(TypeError, match="without a default"):
        type(NamedTuple)("Wrong", (), {"__annotations__": {"x": int, "y": int}, "x": 1})


@pytest.mark.parametrize(
    ("bases", "body"),
    [((NamedTuple, dict), {}), ((), {"__new__": None}), ((), {"__annotations__": {"_x": int}})],
)
def test_what_would_be_lost_is_refused(bases: tuple[type, ...], body: dict[str, object]) -> None:
    with pytest.raises(TypeError, match="Wrong"):
        type(NamedTuple)("Wrong", bases, body)


def test_what_is_no_field_is_not_replaced() -> None:
    with pytest.raises((TypeError, ValueError), match="z"):  # TypeError in typing's from Python 3.13 on
        Point(1)._replace(z=1)


def test_constructors_are_those_that_the_tool_writes() -> None:
    assert tools.constructors.PATH.read_text(encoding="utf-8") == tools.constructors.text()


def test_a_type_may_have_more_fields_than_there_are_constructors() -> None:
    names = [f"field{number}" for number in range(100)]
    kind: Any = type(NamedTuple)("Long", (), {"__annotations__": dict.fromkeys(names, int), names[-1]: 5})
    assert kind(*range(99)) == (*range(99), 5)
