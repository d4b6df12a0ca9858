"""What a document holds stays text in diagnostics, hovers, completions and the names of fixes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from lsprotocol.types import Range

from gpuspec.editor.actions import Target, actions
from gpuspec.editor.completion import complete
from gpuspec.editor.diagnostics import diagnostics
from gpuspec.editor.hover import hover
from gpuspec.editor.opened import Opened, look
from gpuspec.editor.position import Positions
from gpuspec.rules import collect

HOSTILE = "a`![x](http://x.org/i.png)<b>\x1b[2J\u202e\x9b\u2028\nb"


def said(opened: Opened) -> Iterator[str]:
    """All that the editor is given to show, but for the text it would insert."""
    registry, positions = collect(), Positions(opened.tree)
    for found in diagnostics(opened, "file:///job.jsonc", positions):
        yield from found.message.split("\n")
        yield from (related.message for related in found.related_information or ())
    everything = Range(positions.position(0), positions.position(len(opened.text)))
    for action in actions(registry, Target(opened, "file:///job.jsonc", positions), everything):
        yield action.title
    for at in range(0, len(opened.text), 3):
        found_here = hover(opened, at)
        if found_here is not None:
            outside = re.sub(r"(?<!\\)`[^`]*`", "", found_here[1])  # code is shown as it is
            assert not re.search(
                r"(?<!\\)\]\(|<b>|https?://", outside
            )  # no picture is fetched, no link shown
            yield from found_here[1].split("\n")
        if at % 30 == 0:
            yield from (item.label for item in complete(registry, opened, positions, at, snippets=False))


@pytest.mark.parametrize("escaped", [True, False])
def test_nothing_of_a_document_drives_the_editor(escaped: bool) -> None:
    job = {
        "name": HOSTILE,
        "model": {"id": HOSTILE, "quantization": HOSTILE},
        "gpu_types": [HOSTILE, "RTX 4O90"],
        "run": f"vllm serve {HOSTILE} --dtype {HOSTILE}",
        "downloads": [{"strategy": "hf", "source": HOSTILE}],
        HOSTILE: HOSTILE,
    }
    text = json.dumps(job, indent=1)
    if not escaped:  # as it is, in a comment, a key and a name
        raw = HOSTILE.replace("\n", "")
        text = f"{{ // gpuspec: ignore[{raw}] {raw}\n{raw}: {raw},\n" + text.removeprefix("{")
    opened = look(collect(), "/nowhere/job.jsonc", text, on_disk=False)
    lines = list(said(opened))
    assert len(lines) > 20
    for line in lines:
        assert line.isprintable(), line
