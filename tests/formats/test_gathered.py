"""A job is gathered the same way from a file of any format: what no job may say is left out, the rest stays."""

from __future__ import annotations

import pytest

from gpuspec.formats import read
from gpuspec.formats.gathered import sound
from gpuspec.job import Job

NIM = """
apiVersion: apps.nvidia.com/v1alpha1
kind: NIMService
metadata: {name: it}
spec:
  image: {repository: nvcr.io/nim/meta/llama-3.1-8b-instruct, tag: "1.8.4"}
  replicas: 0
  multiNode: {size: 999999999}
  resources: {limits: {nvidia.com/gpu: 8}}
"""
COMPOSE = """
services:
  it:
    image: vllm/vllm-openai:v0.9.0
    gpus: 1
    healthcheck: {test: [CMD, probe], interval: 10s, start_period: 99999999h}
"""


def job(path: str, text: str) -> Job:
    (document,) = read(path, text.encode())
    assert document.job is not None
    return document.job


def test_numbers_that_no_job_has() -> None:
    nim = job("x.yaml", NIM)
    assert (nim.nodes, nim.gpu_count) == (None, 8)
    assert nim.deployment is not None
    assert nim.deployment.suspended  # no copies: it waits for somebody
    check = job("compose.yaml", COMPOSE).readiness
    assert check is not None
    assert (check.interval, check.timeout) == (10, None)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ({"gpu_count": -1, "image": "a/b:1"}, {"image": "a/b:1"}),
        # A part that counts only beside another.
        (
            {"readiness": {"interval": 5, "http": "http://localhost:80/", "timeout": -1}, "gpu_count": 0},
            {"readiness": {"interval": 5, "http": "http://localhost:80/"}},
        ),
        # A list that is right stays whole, however long it is.
        ({"gpu_count": -1, "items": [str(n) for n in range(300)]}, {"items": [str(n) for n in range(300)]}),
        ({"ports": [8000, 70_000, 8001]}, {"ports": [8000, None, 8001]}),
    ],
)
def test_what_is_sound(value: dict[str, object], kept: dict[str, object]) -> None:
    assert sound(value) == kept
