"""Nothing that can stand in an editor for a moment takes the server down: specs with pieces cut out and put in."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from lsprotocol.types import Range

from gpuspec.editor.actions import Target, actions
from gpuspec.editor.completion import complete
from gpuspec.editor.diagnostics import diagnostics
from gpuspec.editor.hover import hover
from gpuspec.editor.opened import look
from gpuspec.editor.position import Positions
from gpuspec.rules import collect

ROOT = Path(__file__).parents[2]
SPECS = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "examples").rglob("*.jsonc"))]
PIECES = ['"', "{", "}", "[", "]", ",", ":", "\\", "//", "/*", "null", "1e999", "-", "😀", "\r\n", "\u2028", "\ufeff",
          "\0", "\ud800", "// gpuspec: ignore[", '"gpu_types": ', '"model": ']  # fmt: skip
CUT = st.tuples(st.integers(0, 2000), st.integers(0, 40), st.sampled_from(["", *PIECES]))


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(SPECS), st.lists(CUT, min_size=1, max_size=4), st.integers(0, 2000), st.booleans())
def test_any_text_is_borne(text: str, cuts: list[tuple[int, int, str]], at: int, snippets: bool) -> None:
    for start, length, piece in cuts:
        text = text[:start] + piece + text[start + length :]
    at = min(at, len(text))
    registry = collect()
    opened = look(registry, "/nowhere/job.jsonc", text, on_disk=False)
    assert opened.problems == ()
    positions = Positions(opened.tree)
    everything = Range(positions.position(0), positions.position(len(text)))
    for found in diagnostics(opened, "file:///job.jsonc", positions):
        assert everything.start <= found.range.start <= found.range.end <= everything.end
    for action in actions(registry, Target(opened, "file:///job.jsonc", positions), everything):
        assert action.edit is not None
    for item in complete(registry, opened, positions, at, snippets=snippets):
        assert item.text_edit is not None
        assert item.text_edit.range.start.line == item.text_edit.range.end.line
    hover(opened, at)


def test_a_list_where_the_cursor_sees_an_object() -> None:
    text = '{ "downloads": { "downloads": { "source": "" } }, "downloads": [] }'
    opened = look(collect(), "/nowhere/job.jsonc", text, on_disk=False)
    assert complete(collect(), opened, Positions(opened.tree), text.index('""') + 1, snippets=False) == []
