"""Machines that run nothing built for CUDA on x86: taken where asked for, and never because they are cheap."""

from __future__ import annotations

from typing import Any

import pytest

from gpuspec.catalog import Catalog
from gpuspec.formats import JOB_SPEC, Document
from gpuspec.job import Job
from gpuspec.planning.case import Case
from gpuspec.planning.market import Market
from gpuspec.text import Tree

from .test_plan import job as job_with
from .test_plan import offer

OFFERS = (offer("MI300X", 2.39), offer("Gaudi 2", 1.0), offer("H200 SXM", 3.99))


def case(job: Job) -> Case:
    document = Document("gpu.jsonc", Tree(""), job, "", JOB_SPEC.format)
    return Case(document, catalog=Catalog(offers=OFFERS), on_disk=False)


def test_a_cheaper_gpu_of_another_maker_is_turned_down_with_the_reason() -> None:
    made = case(Job(min_vram=80, run="python train.py")).plan
    assert [each.gpu.name for each in made.kept] == ["H200 SXM"]
    refused = {each.gpu.name: (each.limit, each.reason) for each in made.candidates if not each.kept}
    advice = "runs no CUDA: name it in gpu_types where the job can use it"
    assert refused == {
        "MI300X": ("gpu_types", f"AMD {advice}"),
        "Gaudi 2": ("gpu_types", f"Intel {advice}"),
    }


@pytest.mark.parametrize(
    ("job", "kept"),
    [
        (job_with("MI300X"), ["MI300X"]),
        (job_with("MI300X", "H200"), ["MI300X", "H200 SXM"]),
        (Job(min_vram=80, image="rocm/vllm:latest", run="python a.py"), ["MI300X"]),
        (Job(min_vram=80, image="vllm/vllm-openai", run="python a.py"), ["H200 SXM"]),
    ],
)
def test_it_is_taken_where_the_job_names_it_or_its_image_is_built_for_it(job: Any, kept: list[str]) -> None:
    assert [each.gpu.name for each in case(job).plan.kept] == kept


@pytest.mark.parametrize(
    ("job", "kept"),
    [
        (Job(min_vram=80, run="python a.py"), ["H100 SXM"]),
        (Job(min_vram=80, image="acme/vllm:0.12-arm64", run="python a.py"), ["GH200", "H100 SXM"]),
        (job_with("GH200"), ["GH200"]),
    ],
)
def test_machines_with_arm_cpus_are_taken_where_they_are_asked_for(job: Any, kept: list[str]) -> None:
    """Grace and Graviton: GH200, GB200, GB300 and T4g come with no other CPU."""
    offers = (offer("GH200", 1.49), offer("H100 SXM", 3.29))
    document = Document("gpu.jsonc", Tree(""), job, "", JOB_SPEC.format)
    made = Case(document, catalog=Catalog(offers=offers), on_disk=False).plan
    assert [each.gpu.name for each in made.kept] == kept
    assert all(
        "Arm CPUs" in each.reason for each in made.candidates if each.gpu.name == "GH200" and not each.kept
    )
    assert {gpu.name for gpu in Catalog(offers=()).gpus if gpu.arm_host} == {
        "T4g", "GH200", "GH200 144GB", "GB200", "GB300",
    }  # fmt: skip


def test_none_is_advised_in_the_place_of_an_nvidia_gpu() -> None:
    served = "vllm serve meta-llama/Llama-3.1-70B-Instruct --max-model-len 8192 --quantization fp8"

    def advised(*gpus: str) -> list[str]:
        made = case(job_with(*gpus, run=served))
        market = made.market
        assert isinstance(market, Market)
        return [one.gpu.name for one in market.fitting()]

    assert advised("H200") == ["H200 SXM"]
    assert advised("MI300X") == ["MI300X", "H200 SXM"]
