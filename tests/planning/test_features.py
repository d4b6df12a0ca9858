"""GPUs on which a job does not start, whatever their memory: no plan takes them unasked, no rule suggests them."""

from __future__ import annotations

from gpuspec.formats import read
from gpuspec.planning.case import Case

from .test_plan import CATALOG


def case(run: str, *, setup: str = "", gpu: str = "") -> Case:
    fields = [f'"run": "{run}"', '"keep_alive_minutes": 3']
    if setup:
        fields.append(f'"setup": ["{setup}"]')
    if gpu:
        fields.append(f'"gpu_types": ["{gpu}"]')
    (document,) = read("job.jsonc", ("{" + ", ".join(fields) + "}").encode())
    return Case(document, catalog=CATALOG, on_disk=False)


def why_not(case: Case, gpu: str) -> str:
    return case.market.why_not(CATALOG.gpus_by_name[gpu])


def test_what_the_precision_needs() -> None:
    fp8 = case("vllm serve Qwen/Qwen3-8B-FP8 --max-model-len 8192")
    assert why_not(fp8, "V100 16GB") == "no kernels for FP8 weights"
    assert why_not(fp8, "RTX A5000") == ""  # it unpacks them
    awq = case("vllm serve Qwen/Qwen2.5-7B-Instruct-AWQ --max-model-len 8192")
    assert why_not(awq, "V100 16GB") == "AWQ kernels of vLLM need compute capability 7.5"
    assert why_not(awq, "T4") == ""
    assert why_not(case("vllm serve Qwen/Qwen3-8B --dtype bfloat16"), "T4") == "no BF16"
    assert why_not(case("vllm serve Qwen/Qwen3-8B"), "T4") == ""  # it takes FP16 there by itself


def test_what_an_engine_has_kernels_for() -> None:
    experts = "python -m sglang.launch_server --model-path Qwen/Qwen3-30B-A3B-FP8"
    dense = "python -m sglang.launch_server --model-path Qwen/Qwen3-8B-FP8"
    assert why_not(case(experts), "A100 80GB SXM4") == "no FP8 arithmetic, as SGLang needs it for experts"
    assert why_not(case(experts), "L40S") == ""
    assert why_not(case(dense), "A100 80GB SXM4") == ""
    assert why_not(case("vllm serve Qwen/Qwen3-30B-A3B-FP8"), "A100 80GB SXM4") == ""


def test_which_gpus_a_build_of_pytorch_knows() -> None:
    old = case("python a.py", setup="pip install torch==2.0.1")
    assert why_not(old, "RTX 4090") == why_not(old, "A100 80GB SXM4") == ""
    assert why_not(old, "H100 SXM") == "PyTorch 2.0.1 has CUDA 11.7"
    assert why_not(case("python a.py", setup="pip install torch"), "RTX 5090") == ""


def test_a_plan_takes_none_of_them_unasked() -> None:
    run = "vllm serve Qwen/Qwen3-8B-FP8 --max-model-len 8192"
    taken = {candidate.gpu.name for candidate in case(run).plan.kept}
    assert taken
    assert not any(name.startswith(("V100", "P100")) for name in taken)
    refused = {one.gpu.name: one.reason for one in case(run).plan.candidates if one.limit == "gpu_types"}
    assert refused["V100 16GB"].startswith("no kernels for FP8 weights: ")
    named = case(run, gpu="V100 32GB").plan
    assert {one.gpu.name for one in named.kept} == {"V100 32GB"}  # GS107 says so
