"""Characters that nobody sees: an escape stands for each, but for those that join what stands around them."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gpuspec.cli.main import main
from gpuspec.json_text import json_text
from gpuspec.launch.on_machine.item_runner.status import say
from gpuspec.launch.skypilot.yaml_text import render
from gpuspec.printable import UNSAFE, one_line

IGNORABLE = """AD 34F 61C 115F-1160 17B4-17B5 180B-180F 200B-200F 202A-202E 2060-206F 3164 FE00-FE0F FEFF FFA0
FFF0-FFF8 1BCA0-1BCA3 1D173-1D17A E0000-E0FFF"""
"""Default_Ignorable_Code_Point (https://www.unicode.org/Public/16.0.0/ucd/DerivedCoreProperties.txt)."""


def test_what_nobody_sees_is_shown_as_an_escape() -> None:
    ends = (part.partition("-") for part in IGNORABLE.split())
    hidden = [number for low, _, high in ends for number in range(int(low, 16), int(high or low, 16) + 1)]
    for number in (*hidden, 0x2800):
        small, short = f"\\x{number:02x}", f"\\u{number:04x}"
        written = small if number < 0x100 else short if number < 0x10000 else f"\\U{number:08x}"
        assert one_line(f"max_price{chr(number)}") == f"max_price{written}"
        assert one_line(f"{chr(number)}a") == f"{written}a"
        assert chr(number) not in json_text(f"a{chr(number)}") + render({"a": f"a{chr(number)}"})


@pytest.mark.parametrize(
    "text", ["a\u200db", "م\u200d", "م\u200d\u200dم", "👩\u200da", "a\ufe0f", "❤\ufe0f\ufe0f", "1\ufe0f"]
)
def test_what_joins_nothing_is_shown(text: str) -> None:
    assert "\\u" in one_line(text)
    assert one_line(one_line(text)) == one_line(text)


@given(st.text() | st.text(alphabet="#[a \t\x1b\u202e\u200c\u200d\ufe0f\u3164م👩"))
@example("##[error]x ##vso[a]\u3164 ###[x] می\u200cخ 👩\u200d🚀 a\u200d\ufe0f")
def test_programs_on_the_machine_print_alike(text: str) -> None:
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        say(text)
    line, rest = printed.getvalue()[:-1], printed.getvalue()[-1:]
    assert (line, rest) == (one_line(f"items: {text}"), "\n")
    assert not re.search(UNSAFE, line)


@pytest.mark.parametrize("hidden", ["\u200d", "\u3164", "\u115f", "\ufe0f", "\u034f"])
def test_a_field_with_a_hidden_character_is_seen_to_have_it(
    hidden: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.job.jsonc"
    path.write_text(f'{{"run": "x", "keep_alive_minutes": 1, "max_price{hidden}": 1}}')
    for form in ("text", "concise", "github", "json", "sarif", "junit", "gitlab", "markdown"):
        main(["lint", str(path), "--format", form])
        shown = capsys.readouterr().out
        assert hidden not in shown, form
        assert f"u{ord(hidden):04x}" in shown.lower(), form
