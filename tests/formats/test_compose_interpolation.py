"""`${NAME}` in compose files: the cases of compose-spec's 12-interpolation.md and of compose-go's template_test.go
(read November 2026), by hand."""

from __future__ import annotations

import pytest

from gpuspec.formats.compose.dotenv import variables_of
from gpuspec.formats.compose.interpolation import MOST_CHARACTERS, fill

VARIABLES = {"FOO": "first", "EMPTY": ""}


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("ok $FOO", "ok first"),
        ("ok ${FOO}", "ok first"),
        ("${FOO}${FOO}s", "firstfirsts"),
        ("${FOO:-d} ${EMPTY:-d} ${NONE:-d}", "first d d"),
        ("${FOO-d} ${EMPTY-d} ${NONE-d}", "first  d"),
        ("${NONE:-} ${NONE-}", " "),
        ("${FOO:?e} ${FOO?e} ${EMPTY?e}", "first first "),
        ("${FOO:+x} ${EMPTY:+x} ${EMPTY+x} ${NONE:+x} ${NONE+x}", "x  x  "),
        ("${NONE:-${FOO}}", "first"),
        ("${NONE:-${NONE:-${EMPTY:-deep}}}/x", "deep/x"),
        ("${NONE:-a ${FOO} b} c", "a first b c"),
        ("$${FOO} $$FOO $$", "${FOO} $FOO $"),
        ("${NONE:-$$x}", "$x"),
        ('${NONE:-{"a": 1}}', '{"a": 1}'),  # its first brace ends it; the other stands behind it
        ("${NONE:-vllm/vllm-openai:latest}", "vllm/vllm-openai:latest"),
        ("${NONE:-a:-b-c}", "a:-b-c"),
        ("${foo_1:-x}", "x"),
        ("no dollar", "no dollar"),
    ],
)
def test_values_and_defaults(raw: str, text: str) -> None:
    filled = fill(raw, VARIABLES)
    assert (filled.text, filled.known, len(filled.origins)) == (text, True, len(text))


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("a $NONE b", "a ${NONE} b"),
        ("${NONE:?must be set}", "${NONE}"),
        ("${EMPTY:-${NONE}}", "${NONE}"),
        ("${NONE?}", "${NONE}"),
        ("$(pwd) $1 ${FOO/a/b}", "$(pwd) $1 ${FOO/a/b}"),  # compose refuses these
        ("${", "${"),
        ("${A:-${B", "${A:-${B"),
        ("${}", "${}"),
    ],
)
def test_what_has_no_value_is_not_known(raw: str, text: str) -> None:
    filled = fill(raw, VARIABLES)
    assert (filled.text, len(filled.origins)) == (text, len(text))
    assert not filled.known or "${" not in raw


def test_a_secret_is_set_but_not_told() -> None:
    filled = fill("${TOKEN:-none} ${TOKEN:+set}", {"TOKEN": None})
    assert (filled.text, filled.known) == ("${TOKEN} set", False)


def test_each_character_knows_where_it_comes_from() -> None:
    filled = fill("a${NONE:-bc}$$d${FOO}", VARIABLES)
    assert filled.text == "abc$dfirst"
    assert list(filled.origins) == [0, 9, 10, 13, 14, 15, 15, 15, 15, 15]


def test_hostile_values_end() -> None:
    assert not fill("${A:-" * 5_000 + "x" + "}" * 5_000, {}).known
    assert not fill("${" * 50_000, {}).known
    long = fill("$A" * 20_000, {"A": "x" * 10_000})
    assert (long.known, len(long.text) <= MOST_CHARACTERS + 20_000 * 4) == (False, True)


def test_files_of_variables() -> None:
    text = (
        "# comment=1\n"
        "PLAIN=a b # c\n"
        "export SHELL_LIKE=x#y\r\n"
        "YAML_LIKE: z\n"
        "SINGLE='$PLAIN # no'\n"
        'DOUBLE="a\\n${PLAIN} # in"\n'
        "  INDENTED = 1\n"
        "DEFAULT=${NONE:-8192}\n"
        "UNKNOWN=${NONE}\n"
        "OUTER=${GIVEN}\n"
        "EMPTY=\n"
        "HF_TOKEN=hf_abc\n"
        "NO_TOKEN_HERE=\n"
        "MAX_TOTAL_TOKENS=4096\n"
        "not a line\n"
    )
    assert variables_of(text, {"GIVEN": "g"}) == {
        "PLAIN": "a b",
        "SHELL_LIKE": "x#y",
        "YAML_LIKE": "z",
        "SINGLE": "$PLAIN # no",
        "DOUBLE": "a\na b # in",
        "INDENTED": "1",
        "DEFAULT": "8192",
        "OUTER": "g",
        "EMPTY": "",
        "HF_TOKEN": None,
        "NO_TOKEN_HERE": "",
        "MAX_TOTAL_TOKENS": "4096",
    }


def test_values_of_values_do_not_grow_without_end() -> None:
    text = "A0=xxxxxxxxxx\n" + "".join(f"A{n + 1}=$A{n}$A{n}$A{n}$A{n}\n" for n in range(40))
    assert max(len(value or "") for value in variables_of(text).values()) <= 10_000
