"""`NamedTuple` for gpuspec's value types: to type checkers and users what `typing.NamedTuple` is, made six times as
fast. A short command defines 120 of them, and typing, which compiles a constructor for each and checks each
annotation, takes 0.1 to 0.2 ms a type: a fifth of `gpuspec lint FILE`. Here types of as many fields share the code of
one constructor, compiled before, in which each has its own names; annotations are left to the type checker."""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING or sys.version_info >= (
    3,
    14,
):  # there a class has no annotations until somebody asks for them
    from typing import NamedTuple as NamedTuple
else:
    from collections import _tuplegetter
    from types import FunctionType

    from gpuspec.constructors import BY_NUMBER

    class _Values(tuple):
        """What all value types have in common."""

        __slots__ = ()

        @classmethod
        def _make(cls, iterable):
            """A value of all fields in their order."""
            values = tuple.__new__(cls, iterable)
            if len(values) != len(cls._fields):
                raise TypeError(f"Expected {len(cls._fields)} arguments, got {len(values)}")
            return values

        def _replace(self, /, **changed):
            """The same with other values in some fields."""
            values = self._make(map(changed.pop, self._fields, self))
            if changed:
                raise ValueError(f"Got unexpected field names: {list(changed)!r}")
            return values

        __replace__ = _replace  # copy.replace of Python 3.13

        def _asdict(self):
            """Values by the names of their fields."""
            return dict(zip(self._fields, self, strict=True))

        def __repr__(self):
            said = (f"{name}={value!r}" for name, value in zip(self._fields, self, strict=True))
            return f"{type(self).__name__}({', '.join(said)})"

        def __getnewargs__(self):
            """For pickle and copy."""
            return tuple(self)

    def _constructor(name, fields, defaults):
        """`__new__` of a type, with its fields as parameters."""
        if len(fields) < len(BY_NUMBER):
            shared = BY_NUMBER[len(fields)]
        else:
            listed = "".join(f"_{at}, " for at in range(len(fields)))
            shared = eval(f"lambda _cls, {listed}: _new(_cls, ({listed}))", {"_new": tuple.__new__})
        code = shared.__code__.replace(co_varnames=("_cls", *fields))
        made = FunctionType(code, shared.__globals__, "__new__", tuple(defaults.values()))
        made.__qualname__ = f"{name}.__new__"
        return made

    class _ReadsFields(type):
        """Makes the plain class that a class statement beneath `NamedTuple` describes."""

        def __new__(mcs, name, bases, body):
            fields = tuple(body.get("__annotations__", ()))
            defaults = {field: body[field] for field in fields if field in body}
            if tuple(defaults) != fields[len(fields) - len(defaults) :]:
                raise TypeError(f"{name}: a field without a default follows one that has one")
            if len(bases) > 1:
                raise TypeError(f"{name}: a type of values has no other base")
            if "__new__" in body or any(field[0] == "_" for field in fields):
                raise TypeError(f"{name}: neither `__new__` nor a name that begins with _ may be a field")
            body.update((field, _tuplegetter(at, None)) for at, field in enumerate(fields))
            body.update(__slots__=(), _fields=fields, __match_args__=fields, _field_defaults=defaults)
            body["__new__"] = _constructor(name, fields, defaults)
            return type(name, (_Values,), body)

    NamedTuple = type.__new__(_ReadsFields, "NamedTuple", (), {})
