"""A program that gpuspec does not know: what the plugin says of it, and what the rules of gpuspec then find."""

import json

import gpuspec_plugin_example
import pytest

from gpuspec import Offer
from gpuspec.testing import fake_catalog, lint_text, plugged, workload_of

SERVE = "python -m lightllm.server.api_server --model_dir mistralai/Mistral-7B-Instruct-v0.1"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (SERVE, {"engine": "lightllm", "task": "serve", "model_name": "mistralai/Mistral-7B-Instruct-v0.1"}),
        (f"{SERVE} --tp 2 --data_type bfloat16", {"tensor_parallel": 2, "dtype": "bf16"}),
        (f"{SERVE} --tp=4 --nnodes 2", {"tensor_parallel": 4, "nodes": 2}),
        (f"{SERVE} --quant_type vllm-fp8w8a8", {"quantization": "fp8"}),
        (f"{SERVE} --max_req_total_len 4096 --running_max_req_size 64", {"context": 4096, "concurrency": 64}),
        (f"{SERVE} --max_req_total_len $LENGTH", {"context": None}),
        (f"{SERVE} --trust_remote_code --mem_fraction 0.8", {"memory_utilization": 0.8}),
        (f"cd /srv && LOADWORKER=8 exec {SERVE} --max_req_total_len 1512", {"context": 1512}),
    ],
)
def test_what_its_arguments_say(command: str, said: dict[str, object]) -> None:
    with plugged(gpuspec_plugin_example):
        workload = workload_of(json.dumps({"run": command}))
    assert {field: getattr(workload, field) for field in said} == said


def test_without_the_plugin_nothing_is_known() -> None:
    with plugged():
        assert workload_of(json.dumps({"run": SERVE})).engine is None


def offer(gpu: str, price: float) -> Offer:
    return Offer("here", None, gpu, gpu, 1, 8, 64, None, price, None, "test")


@pytest.mark.parametrize(
    ("gpu", "code"),
    [
        # 7.24 B parameters × 2 bytes = 13.5 GiB of weights: 8 GB cannot hold them, 80 GB is far too much
        ("RTX 4060", "GS102"),
        ("H100 SXM", "GS101"),
        ("RTX 4090", None),
    ],
)
def test_the_rules_about_memory_work_on_it(gpu: str, code: str | None) -> None:
    text = f'{{"run": "{SERVE} --max_req_total_len 2048", "gpu_types": ["{gpu}"], "gpu_count": 1}}'
    prices = [offer("RTX 4060", 0.1), offer("RTX 4090", 0.4), offer("H100 SXM", 2.5)]
    with plugged(gpuspec_plugin_example), fake_catalog(offers=prices):
        found = {finding.finding.code for finding in lint_text(text)}
    assert ({"GS101", "GS102"} & found) == ({code} if code else set())


def test_its_port_is_where_readiness_is_asked() -> None:
    text = f'{{"run": "{SERVE}", "gpu_types": ["RTX 4090"], "gpu_count": 1, "ports": [8000]}}'
    with plugged(gpuspec_plugin_example):
        (found,) = [finding.finding for finding in lint_text(text) if finding.finding.code == "GS410"]
    assert "http://localhost:8000/health" in (found.suggestion or "")
