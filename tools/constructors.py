"""`python -m tools.constructors` writes gpuspec/constructors.py."""

from pathlib import Path

MOST = 72
"""Fields: a Workload has 68."""
PATH = Path(__file__).parents[1] / "gpuspec" / "constructors.py"
HEAD = '''"""The constructor of a value type with so many fields, by their number; see `gpuspec.named_tuple`.

Written by `python -m tools.constructors`. To compile them at each start took a fifteenth of `gpuspec lint FILE`."""

_new = tuple.__new__
BY_NUMBER = (
'''


def text() -> str:
    """The module."""
    rows = []
    for fields in range(MOST + 1):
        names = "".join(f"_{at}, " for at in range(fields))
        rows.append(f"    lambda _cls, {names}: _new(_cls, ({names})),\n")
    return HEAD + "".join(rows) + ")\n"


if __name__ == "__main__":
    PATH.write_text(text(), encoding="utf-8")
