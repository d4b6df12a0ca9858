"""Mending an old name changes the text and nothing that it means."""
# ruff: noqa: E501 - one case a line

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gpuspec.formats import read
from gpuspec.formats.job_spec import job_of
from gpuspec.formats.old_names import old_names
from gpuspec.job import check
from gpuspec.text import parse
from gpuspec.text.rewrite import apply

CORPUS = sorted((Path(__file__).parents[3] / "shared/corpus/gpu-jsonc").glob("*.jsonc"))


def meaning(text: str) -> dict[str, Any]:
    """A job without where its parts stand."""
    found = job_of(parse(text))
    assert found is not None
    bare = found._replace(
        pointers={},
        raw={},
        gpu_types=tuple(choice._replace(pointer="") for choice in found.gpu_types),
        downloads=tuple(download._replace(pointer="") for download in found.downloads),
        steps=tuple(step._replace(pointer="") for step in found.steps),
    )
    return bare._asdict()


def mended(text: str) -> str:
    """All old names mended, one after the other."""
    for _ in range(20):
        entries = old_names(parse(text))
        if not entries:
            return text
        text = apply(parse(text), entries[0].edits)
    raise AssertionError("mending does not end")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('{"project_id": "x"}', '{"name": "x"}'),
        ('{"startup": "x"}', '{"run": "x"}'),
        ('{"cooldown_minutes": 5 /* idle */}', '{"keep_alive_minutes": 5 /* idle */}'),
        ('{"docker_image": "x"}', '{"image": "x"}'),
        ('{"workspace_size_gb": 5}', '{"disk_gb": 5}'),
        ('{"gpu_type": "A100"}', '{"gpu_types": ["A100"]}'),
        (
            '{"download": [{"strategy": "hf", "source": "a/b"}]}',
            '{"downloads": [{"strategy": "hf", "source": "a/b"}]}',
        ),
        (
            '{\n  "environment": {\n    "base_image": "x"\n  },\n  "run": "r"\n}',
            '{\n  "run": "r",\n  "image": "x"\n}',
        ),
        (
            '{"environment": {"shell": {"steps": [{"run": "a", "only_once": true, "timeout_sec": 5}]}}, "run": "r"}',
            '{"run": "r", "setup": [{"run": "a", "once": true, "timeout": 5}]}',
        ),
        (
            '{"hooks": {"readiness": {"type": "command", "run": ["x"], "retry_count": 6, "retry_delay_secs": 5}}, "run": "r"}',
            '{"run": "r", "readiness": {"command": ["x"], "timeout": 30, "interval": 5}}',
        ),
        ('{"run": "new", "startup": "old"}', '{"run": "new"}'),
        ('{"gpu_types": ["L4"], "gpu_type": "A100"}', '{"gpu_types": ["L4"]}'),
    ],
)
def test_mended(before: str, after: str) -> None:
    assert mended(before) == after
    assert meaning(before) == meaning(after)
    assert check(parse(after)) == ()


@pytest.mark.parametrize(
    "text",
    [
        '{"hooks": {"readiness": {"run": ["x"], "retry_count": 6}}}',  # no window without a delay
        '{"hooks": {"readiness": {"run": ["x"], "retry_count": 6, "retry_delay_secs": 5, "more": 1}}}',
        '{"setup": ["a"], "environment": {"shell": {"steps": [{"run": "b"}]}}}',  # both run
        '{"environment": {"system": {"apt": ["git"]}}}',  # has no other name
        '{"name": "x", "run": "y"}',
    ],
)
def test_left_alone(text: str) -> None:
    assert old_names(parse(text)) == ()


def test_both_names() -> None:
    (entry,) = old_names(parse('{"startup": "old", "run": "new"}'))
    assert (entry.old, entry.new, entry.pointer, entry.both) == ("startup", "run", "/startup", True)


def test_own_names_of_a_gpu_cli_file() -> None:
    text = '{"provider": "runpod", "project_id": "x", "cooldown_minutes": 5, "startup": "y"}'
    (document,) = read("gpu.jsonc", text.encode())
    assert document.format.name == "gpu-cli"
    assert [entry.old for entry in document.format.deprecated(document.tree)] == ["cooldown_minutes"]
    (document,) = read("gpu.jsonc", b'{"project_id": "x"}')
    assert document.format.name == "gpuspec"
    assert [entry.old for entry in document.format.deprecated(document.tree)] == ["project_id"]


@pytest.mark.skipif(not CORPUS, reason="the corpus is not part of the repository")
@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name)
def test_real_files_keep_their_meaning(path: Path) -> None:
    text = path.read_text("utf-8")
    after = mended(text)
    assert after != text
    assert meaning(after) == meaning(text)
    assert check(parse(after)) == ()
    comments = {comment.text.strip() for comment in parse(text).comments}
    kept = {comment.text.strip() for comment in parse(after).comments}
    # Comments right above `hooks` or `environment` go with them when nothing is left inside.
    assert len(comments - kept) <= 12
