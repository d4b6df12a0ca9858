"""Jobs written as job specs, and read back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpuspec.export.job_spec import job_spec
from gpuspec.export.withheld import without_secrets
from gpuspec.formats import read
from gpuspec.job import Job
from gpuspec.job.check import check
from gpuspec.job.from_mapping import from_mapping
from gpuspec.text import parse

TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=30
).filter(lambda text: "##" not in text)
COUNT = st.integers(1, 64)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "name": TEXT,
    "task": st.sampled_from(["serve", "batch", "train", "interactive"]),
    "model": st.fixed_dictionaries(
        {"id": TEXT},
        optional={
            "context": COUNT,
            "resolution": st.just([512, 768]),
            "gradient_checkpointing": st.booleans(),
        },
    ),
    "gpu_types": st.lists(
        TEXT | st.fixed_dictionaries({"type": TEXT, "count": COUNT}), min_size=1, max_size=3
    ),
    "gpu_count": COUNT,
    "nodes": COUNT,
    "max_price": st.floats(0.01, 99),
    "budget": st.fixed_dictionaries({}, optional={"max_total": COUNT, "max_hours": st.floats(0.1, 99)}),
    "spot": st.sampled_from(["never", "allowed", "only"]),
    "clouds": st.lists(TEXT, min_size=1, max_size=2),
    "disk_gb": COUNT,
    "image": TEXT,
    "env": st.dictionaries(st.sampled_from(["A", "B_2"]), TEXT | st.booleans() | COUNT, min_size=1),
    "secrets": st.just(["HF_TOKEN"]),
    "downloads": st.just([{"strategy": "hf", "source": "a/b", "allow": ["*.json"], "timeout": 60}]),
    "setup": st.lists(
        TEXT | st.fixed_dictionaries({"run": TEXT, "once": st.booleans()}), min_size=1, max_size=3
    ),
    "run": TEXT | st.just("vllm serve x \\\n  --port 8000\n"),
    "items": TEXT.map(lambda text: [text]),
    "ports": st.lists(
        st.integers(1, 65535) | st.fixed_dictionaries({"port": st.just(80), "public": st.just(True)}),
        min_size=1,
        max_size=2,
    ),
    "readiness": st.sampled_from(
        [
            {"http": "http://localhost:8000/health", "timeout": 900},
            {"command": "curl -sf x"},
            {"command": ["a", "b"]},
        ]
    ),
    "scaling": st.just({"min": 0, "max": 3, "idle_minutes": 1.5}),
    "labels": st.dictionaries(TEXT, TEXT, min_size=1, max_size=2),
}


def plain(job: Job | None) -> Job:
    """A job without where each part stood."""
    assert job is not None
    return job._replace(
        gpu_types=tuple(gpu._replace(pointer="") for gpu in job.gpu_types),
        steps=tuple(step._replace(pointer="") for step in job.steps),
        downloads=tuple(each._replace(pointer="") for each in job.downloads),
        env=dict(job.env),
        labels=dict(job.labels),
        pointers={},
        raw={},
    )


@given(st.fixed_dictionaries({}, optional=FIELDS), st.lists(TEXT, max_size=2))
@settings(max_examples=150, deadline=None)
def test_a_job_is_read_back_as_it_was(value: dict[str, Any], head: list[str]) -> None:
    job = without_secrets(from_mapping(value)).job
    text = job_spec(job, head)
    tree = parse(text)
    assert not tree.problems
    assert not tree.extensions
    assert check(tree) == ()
    (document,) = read("job.jsonc", text.encode())
    assert plain(document.job) == plain(job)
    assert not any(comment.text.strip().startswith("gpuspec:") for comment in tree.comments)


def test_what_no_spec_may_have_is_left_out_and_said() -> None:
    text = job_spec(
        from_mapping({"run": "x", "disk_gb": 0.5, "ports": [80, 70_000], "env": {"a-b": "1", "C": "2"}})
    )
    value = parse(text).value
    assert value == {"env": {"C": "2"}, "run": "x", "ports": [80]}
    comments = [line for line in text.splitlines() if line.startswith("//")]
    assert len(comments) == 3
    assert any("ports[1]" in line for line in comments)


def test_a_command_of_several_lines_can_be_read() -> None:
    text = job_spec(from_mapping({"run": "set -e\nvllm serve m\n"}))
    assert '  // set -e\n  // vllm serve m\n  "run": "set -e\\nvllm serve m\\n"\n' in text


TOKEN = "hf_" + "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3z"


@pytest.mark.parametrize(
    ("value", "secrets"),
    [
        ({"env": {"HF_TOKEN": TOKEN, "A": "1"}}, ["HF_TOKEN"]),
        ({"run": f"HF_TOKEN={TOKEN} python x.py"}, None),
        ({"setup": [f"hf auth login --token {TOKEN}"]}, None),
        ({"serverless": {"env": {"KEY": TOKEN}}}, None),
        ({"labels": {"a": TOKEN}}, None),
        ({"readiness": {"command": ["curl", "-H", f"Authorization: {TOKEN}", "x"]}}, None),
    ],
)
def test_no_key_is_written(value: dict[str, Any], secrets: list[str] | None) -> None:
    held = without_secrets(from_mapping(value))
    text = job_spec(held.job)
    assert TOKEN not in text
    assert parse(text).value.get("secrets") == secrets
    assert bool(held.moved) != bool(held.masked)
