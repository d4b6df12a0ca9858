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


WHOLE = """\
{
  "$schema": "https://gpu-cli.sh/schema/v1/gpu.json",
  "project_id": "x", "provider": "runpod", "profile": "default",
  "gpu_types": [{"type": "RTX 4090"}], "min_vram": 24, "regions": ["US-TX-1"], "cloud_type": "community",
  "outputs": ["out/"], "outputs_enabled": false, "extra_outputs": [{"remote": "/tmp/c", "local": "c/"}],
  "ports": [{"port": 8188, "http": {"activity_paths": ["/prompt"]}}],
  "persistent_proxy": true, "health_check_paths": ["/health"], "resume_timeout_secs": 180,
  "keep_alive_minutes": 10, "storage_mode": "network", "network_volume_id": "vol", "workspace_size_gb": 100,
  "environment": {
    "system": {"apt": [{"name": "ffmpeg"}]},
    "python": {"package_manager": "uv", "requirements": "requirements.txt", "pip_global": [{"name": "torch"}]},
    "shell": {"steps": [{"run": "make"}]}
  },
  "hooks": {
    "readiness": {"type": "command", "command": "curl -f x", "retry_count": 5, "retry_delay_secs": 2},
    "shutdown": {"type": "script", "script": "save.py", "timeout_secs": 60}
  },
  "startup": "python main.py"
}
"""
"""Every field that https://gpu-cli.sh/docs/configuration documents, 2026-11-30."""


def test_every_documented_field_of_gpu_cli_is_known() -> None:
    (document,) = read("gpu.jsonc", WHOLE.encode())
    assert (document.format.name, document.format.mistakes(document.tree)) == ("gpu-cli", ())
    job = document.job
    assert job is not None
    assert (job.hosts, job.pointer("hosts"), job.outputs, job.ports[0].port) == (
        "any",
        "/cloud_type",
        (),
        8188,
    )
    assert [(step.run.split(" && ")[-1], step.pointer) for step in job.steps] == [
        ("apt-get install -y --no-install-recommends ffmpeg", "/environment/system/apt"),
        ("uv pip install --system -r requirements.txt", "/environment/python/requirements"),
        ("uv pip install --system torch", "/environment/python/pip_global"),
        ("make", "/environment/shell/steps/0"),
    ]
    assert job.readiness is not None
    assert (job.readiness.command, job.readiness.timeout) == (("sh", "-c", "curl -f x"), 10)
    assert job.pointer("readiness.command") == "/hooks/readiness/command"


def test_what_gpu_cli_says_and_no_job_has_is_named() -> None:
    from gpuspec.export.not_carried import left_behind

    (document,) = read("gpu.jsonc", WHOLE.encode())
    assert {one.what for one in left_behind(document) if one.why} == {
        "extra_outputs", "persistent_proxy", "storage_mode", "network_volume_id", "hooks.shutdown",
    }  # fmt: skip
    (other,) = read(
        "gpu.jsonc", WHOLE.replace('"network"', '"built-in"').replace("true", "false", 1).encode()
    )
    assert "storage_mode" not in {one.what for one in left_behind(other) if one.why}


def test_a_readiness_command_by_either_name_is_mended() -> None:
    for name in ("run", "command"):
        text = WHOLE.replace('"command": "curl', f'"{name}": "curl')
        (entry,) = [one for one in old_names(parse(text)) if one.old == "hooks.readiness"]
        mended = job_of(parse(apply(parse(text), entry.edits)))
        assert mended is not None
        assert mended.readiness is not None
        assert mended.readiness.command == ("sh", "-c", "curl -f x")
        assert mended.pointer("readiness.command") == "/readiness/command"
    both = WHOLE.replace('"command": "curl', '"run": "x", "command": "curl')
    assert "hooks.readiness" not in {one.old for one in old_names(parse(both))}
