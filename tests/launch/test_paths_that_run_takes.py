"""Which paths a run refuses by their text is known to lint: nobody learns of it only when launching."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from gpuspec.errors import UserError
from gpuspec.job import Job, check
from gpuspec.job.job import Download
from gpuspec.launch import items, outputs
from gpuspec.launch.downloads import download_manifest
from gpuspec.text import parse

PARTS = st.lists(st.sampled_from(["a", "..", ".", "", "~", "C:", "ab:", "*", "..a"]), min_size=1, max_size=5)


@given(PARTS, st.sampled_from("/\\"))
def test_lint_finds_each_path_that_a_run_refuses_and_no_other(parts: list[str], sign: str) -> None:
    path = sign.join(parts)
    runs = {
        "outputs": lambda: outputs.check([path]),
        "items": lambda: items.resolve(Job(items=path), "/nonexistent"),
        "downloads": lambda: download_manifest([Download("hf", "a/b", path)]),
    }
    for field, run in runs.items():
        download = [{"strategy": "hf", "source": "a/b", "target": path}]
        value = {"outputs": [path], "items": path, "downloads": download}[field]
        found = [p for p in check(parse(json.dumps({field: value}))) if p.kind == "path"]
        refused = False
        try:
            run()
        except UserError as error:
            refused = error.code.endswith("-outside")
        assert bool(found) == refused, (field, path, found)
