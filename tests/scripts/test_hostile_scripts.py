"""Scripts that are broken, huge or made to run for ever are read without an exception and soon."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpuspec.scripts import launches
from gpuspec.scripts.launch_commands import _names_gpu
from gpuspec.scripts.reading import LARGEST
from tests.operations import growth

KINDS = ("shell", "python", "makefile", "workflow", "package")
PIECES = (
    "for f in a b; do ", "gpu run $f", "sky launch -c $f ", "; done", "\n", "if x; then ", "fi", "<<EOF\n", "EOF\n",
    "$(", ")", '"', "'", "`", "{", "}", "\t", "import sky\n", "for f in x:\n", "  sky.launch(f)\n", "jobs:\n",
    "  - run: |\n", "%: %.a\n", "${{ matrix.a }}", "\\", "é漢", "\0", "xargs -I{} ", "while read x; do ",
)  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join), st.sampled_from(KINDS))
@settings(max_examples=150, deadline=None)
def test_spans_lie_in_the_text(text: str, kind: str) -> None:
    for launch in launches("x", text, kind).repeated:
        assert 0 <= launch.span.start <= launch.span.end <= len(text)
        assert 0 <= launch.loop.span.start <= launch.loop.span.end <= len(text)


NESTED = {
    "brackets": ("gpu run for x in a b; do " + "(" * 30_000, "shell"),
    "ifs": ("gpu run " + "for i in a b; do if x; then " * 2_000, "shell"),
    "python brackets": ("gpu run for" + "(" * 30_000, "python"),
    "yaml": ("sky\njobs:\n" + "".join(" " * i + "a:\n" for i in range(1_500)), "workflow"),
    "json": ('{"sky scripts":' * 3_000, "package"),
    "a variable of itself": ("sky\nA=$(A)$(A)\nx:\n\tsky launch $(A)\n", "makefile"),
}


@pytest.mark.parametrize(("text", "kind"), NESTED.values(), ids=NESTED.keys())
def test_nesting_ends(text: str, kind: str) -> None:
    assert launches("x", text, kind).repeated == ()


def test_functions_that_multiply_are_cut_off() -> None:
    calls = "".join(f"f{i}() {{ " + f"f{i + 1} x;" * 100 + " }\n" for i in range(5))
    script = calls + "f5() { sky launch -y -c $i; }\nfor i in a b; do f0 $i; done\n"
    assert len(launches("x", script, "shell").repeated) == 1


def test_all_recipes_of_a_makefile_share_one_limit() -> None:
    calls = "; ".join(f"f{i}() {{ " + f"f{i + 1} x;" * 30 + " }" for i in range(5))
    recipes = "".join(
        f"t{n}:\n\t{calls}; f5() {{ sky launch -y -c $$i; }}; for i in a b; do f0 $$i; done\n"
        for n in range(200)
    )
    # The first recipe uses the limit up.
    assert len(launches("Makefile", recipes, "makefile").repeated) == 1


def test_a_script_is_searched_for_a_gpu_once() -> None:
    starts = "gcloud compute instances create x$i\n" * 1_000
    _names_gpu.cache_clear()
    assert launches("x", f"for i in a b; do\n{starts}done\n", "shell").repeated == ()
    assert _names_gpu.cache_info().misses == 1


def test_launches_that_all_end_their_loop() -> None:
    starts = "sky launch -y -c x$i && break\n" * 2_000
    assert launches("x", f"for i in a b; do\n{starts}done\n", "shell").repeated == ()


LONG = "0x" + "f" * 5_000
"""A whole number that Python reads, and does not print: 6,021 digits (sys.set_int_max_str_digits: 4,300)."""


@pytest.mark.parametrize(
    "command",
    [f"'sky launch ' + x + {LONG}", f"['sky', 'launch', x, {LONG}]", f"f'sky launch {{x}} {{{LONG}}}'"],
)
def test_a_number_too_long_to_print_is_an_unknown_word(command: str) -> None:
    text = f"import sky, subprocess\nn = {LONG}\nfor x in y:\n    subprocess.run({command})\n    sky.launch(x, n=n)\n"
    found = launches("x.py", text, "python").repeated
    assert [text[one.span.start : one.span.end].split("(")[0] for one in found] == [
        "subprocess.run",
        "sky.launch",
    ]


def test_functions_that_call_each_other_in_a_long_row() -> None:
    calls = "".join(f"def f{i}(a):\n    f{i + 1}(a)\n" for i in range(3_000))
    script = (
        f"import sky\n{calls}def f3000(a):\n    sky.launch(a, cluster_name=a)\nfor i in b:\n    f2998(i)\n"
    )
    (launch,) = launches("x.py", script, "python").repeated
    assert script[launch.span.start :].startswith("sky.launch")


def recipes(n: int) -> str:
    return "".join(f"a{i} b{i}: c{i}\n\tsky launch -c $@ --gpus A100\n" for i in range(n))


def test_rules_of_two_targets_are_not_each_held_against_all_others() -> None:
    assert growth(lambda n: launches("Makefile", recipes(n), "makefile").repeated, 40) < 2.5


def test_targets_that_many_rules_ask_for_are_not_counted_for_ever() -> None:
    def asked(n: int) -> str:
        return ("x: " + "a " * n + "\n") * 6 + "y: a\n" * n + "a b:\n" * n + "\tsky launch --gpus A100 x\n"

    assert launches("Makefile", asked(10), "makefile").unread == ""
    assert launches("Makefile", asked(3_000), "makefile").unread == "it does too much, or is too garbled"


def test_a_long_variable_is_not_put_in_for_ever() -> None:
    def long(lines: int) -> str:
        return "A=" + "a " * 9_000 + "\nsky launch\n" + "x: $(A)\n" * lines

    assert launches("Makefile", long(10), "makefile").unread == ""
    assert launches("Makefile", long(4_000), "makefile").unread == "it does too much, or is too garbled"


def test_targets_are_counted_by_the_rule_that_asks_for_most_of_them() -> None:
    rule = "a.x b.x c.x: d\n\tsky launch -y -c $@ --gpus A100\n"
    (launch,) = launches("Makefile", rule + "some: a.x\nmost: a.x c.x other\n", "makefile").repeated
    assert launch.items == 2
    pattern = "run-%:\n\tsky launch -y -c $@ --gpus A100\nall: run-a run-b run-c run- x-run-d\n"
    (launch,) = launches("Makefile", pattern, "makefile").repeated
    assert launch.items == 3


def test_what_is_not_read_of_a_script_is_said() -> None:
    large = "for i in a b; do sky launch -c $i --gpus A100; done\n"
    large += "#" * LARGEST
    assert launches("x.sh", large, "shell").unread == f"it has more than {LARGEST:,} characters"
    assert launches("x.sh", "#" * (LARGEST + 1), "shell").unread == ""
    late = "echo hello\n" * (LARGEST // 10) + "for i in a b; do sky launch -c $i --gpus A100; done\n"
    assert launches("x.sh", late, "shell").unread == f"it has more than {LARGEST:,} characters"
    garbled = "for i in a; do sky launch; done\n" + "a=(" * 20_000
    assert launches("x.sh", garbled, "shell").unread == "it does too much, or is too garbled"
