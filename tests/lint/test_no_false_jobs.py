"""YAML that holds no job is taken for none, whatever words of jobs stand in it; and what is a job is found."""

from __future__ import annotations

import pytest

from benchmarks.formats_inputs import WITHOUT, manifest
from gpuspec.formats import read


@pytest.mark.parametrize("make", WITHOUT, ids=lambda make: make.__name__)
def test_no_job_is_seen_where_there_is_none(make: object) -> None:
    assert callable(make)
    for number in range(24):
        assert read(f"x-{number}.yaml", make(number).encode(), guess=False) == ()


@pytest.mark.parametrize("begin", ["", "\ufeff", "# a comment\r\n", "---\n", "\n\n"])
def test_a_manifest_is_seen_however_it_begins(begin: str) -> None:
    (document,) = read("x.yaml", (begin + manifest(1)).encode(), guess=False)
    assert document.format.name == "kubernetes"


def test_layouts_in_which_no_key_begins_a_line() -> None:
    asks = '{"containers": [{"name": "a", "resources": {"limits": {"nvidia.com/gpu": 1}}}]}'
    pod = f'{{"apiVersion": "v1", "kind": "Pod", "spec": {asks}}}'
    for text in (pod, f"---\n{pod}", f"  apiVersion: v1\n  kind: Pod\n  spec: {asks}\n"):
        assert len(read("x.yaml", text.encode(), guess=False)) == 1
