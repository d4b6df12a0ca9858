"""Jobs and GPUs, labelled from engines' sources, documentation and issue threads before any of it was run: whether
the job starts there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gpuspec.formats import read
from gpuspec.planning.case import Case

from .test_plan import CATALOG

TEI = "ghcr.io/huggingface/text-embeddings-inference"
GEMMA, QWEN = "google/gemma-2-9b-it", "Qwen/Qwen3-8B"
VLLM = f"vllm serve {QWEN} --max-model-len 8192"
SGLANG = "python -m sglang.launch_server --context-length 8192 --model-path"
PIP, WHL = "pip install", "https://download.pytorch.org/whl"
CAPABILITY = (
    "TEI backends/candle/src/compute_cap.rs: compiled for 80 runs on 80 to 89, 86 on 86 to 89, else the same"
)
BF16 = "vLLM platforms/cuda.py, check_if_supports_dtype: asks for 8.0 (vllm#1157); auto takes FP16"
EMULATED = "PyTorch computes BF16 in FP32 before Ampere (pytorch#124996, pytorch#148322)"
SM75 = 'SGLang 0.5.5 model_runner.py: FP16 below 8.0 whatever is asked; "only supports sm75 and above"'
MATRIX = (
    "PyTorch's CUDA support matrix (pytorch#172352, #175253): CUDA 13 begins with Turing, 12.8 has Blackwell"
)
MARLIN = "vllm#5975 (FP8 on Ampere), vllm#29901 and the FP8 page of vLLM 0.32 (7.5 and up)"

DO_NOT: tuple[tuple[dict[str, Any], str, str], ...] = (
    (
        {"image": f"{TEI}:1.8", "run": "text-embeddings-router --model-id BAAI/bge-m3"},
        "T4",
        "TEI#30: 75 on 80",
    ),
    ({"image": f"{TEI}:1.7", "run": "text-embeddings-router --model-id BAAI/bge-m3"}, "H100 SXM", CAPABILITY),
    ({"image": f"{TEI}:1.8", "run": "text-embeddings-router --model-id BAAI/bge-m3"}, "RTX 5090", "TEI#806"),
    (
        {"image": f"{TEI}:hopper-1.7", "run": "text-embeddings-router --model-id BAAI/bge-m3"},
        "RTX 5090",
        "TEI#640",
    ),
    ({"image": f"{TEI}:89-1.7", "run": "text-embeddings-router --model-id BAAI/bge-m3"}, "A10", CAPABILITY),
    (
        {"image": f"{TEI}:turing-1.7", "run": "text-embeddings-router --model-id BAAI/bge-m3"},
        "L4",
        CAPABILITY,
    ),
    ({"run": f"{VLLM} --dtype bfloat16"}, "T4", BF16),
    ({"run": f"{VLLM} --dtype bfloat16"}, "V100 32GB", BF16),
    ({"run": f"{SGLANG} {QWEN}"}, "V100 32GB", SM75),
    ({"run": f"{SGLANG} {QWEN} --dtype half"}, "P100 16GB", SM75),
    ({"run": f"{SGLANG} Qwen/Qwen3-8B-FP8"}, "T4", "SGLang 0.5.5 fp8.py, get_min_capability: 80"),
    ({"run": f"{SGLANG} Qwen/Qwen3-30B-A3B-FP8"}, "A100 80GB", "sglang#12887"),
    (
        {"run": "vllm serve Qwen/Qwen3-8B-FP8", "setup": [f"{PIP} vllm==0.11.0"]},
        "T4",
        "vLLM 0.11.2 docs: not Turing",
    ),
    (
        {"run": "vllm serve Qwen/Qwen2.5-7B-Instruct-AWQ"},
        "V100 32GB",
        "vLLM docs: AWQ from Turing",
    ),
    (
        {"run": VLLM, "setup": [f"{PIP} vllm==0.23.0"]},
        "V100 32GB",
        "vLLM 0.21 docs, requirements: 7.5 or higher",
    ),
    (
        {"run": "vllm serve openai/gpt-oss-20b", "image": "vllm/vllm-openai:gptoss"},
        "A100 80GB",
        "vllm#22331",
    ),
    (
        {"run": "vllm serve openai/gpt-oss-20b", "image": "vllm/vllm-openai:gptoss"},
        "RTX 4090",
        "vllm#22331",
    ),
    (
        {"run": "vllm serve openai/gpt-oss-20b", "setup": [f"uv {PIP} --pre vllm==0.10.1+gptoss"]},
        "L40S",
        "vllm#22331: L20 (8.9) has the same error",
    ),
    ({"run": "python a.py", "setup": [f"{PIP} torch --index-url {WHL}/nightly/cu126"]}, "RTX 5090", MATRIX),
    ({"run": "python a.py", "setup": [f"{PIP} torch==2.6.0 --torch-backend=cu124"]}, "B200", MATRIX),
    ({"run": "python a.py", "setup": [f"{PIP} torch==2.11.0"]}, "V100 32GB", MATRIX),
    ({"run": "python a.py", "setup": [f"{PIP} torch==2.9.1 --index-url {WHL}/cu130"]}, "P100 16GB", MATRIX),
    ({"run": "python a.py", "image": "nvidia/cuda:13.0.1-runtime-ubuntu24.04"}, "V100 32GB", MATRIX),
    (
        {"run": "python a.py", "setup": [f"{PIP} torch --index-url {WHL}/rocm6.4"]},
        "A100 80GB",
        "PyTorch for ROCm",
    ),
    ({"run": VLLM, "image": "rocm/vllm:latest"}, "H100 SXM", "AMD's image of vLLM"),
    ({"run": VLLM, "image": "vllm/vllm-openai:v0.11.0"}, "MI300X", "vLLM docs: ROCm has images of its own"),
    (
        {"run": f"{SGLANG} {QWEN}", "image": "lmsysorg/sglang:v0.5.5-rocm700-mi30x"},
        "H200 SXM",
        "SGLang's AMD image",
    ),
    ({"run": "python a.py", "image": "nvcr.io/nvidia/pytorch:25.04-py3"}, "MI300X", "NVIDIA's image"),
    ({"run": "python a.py --attn_implementation flash_attention_3"}, "A100 80GB", "FlashAttention 3: Hopper"),
)
"""(job, GPU, source)"""
DO: tuple[tuple[dict[str, Any], str, str], ...] = (
    ({"image": f"{TEI}:1.8", "run": "text-embeddings-router --model-id BAAI/bge-m3"}, "L4", CAPABILITY),
    (
        {"image": f"{TEI}:1.8", "run": "text-embeddings-router --model-id BAAI/bge-m3"},
        "A10",
        "TEI#34: a 3090 does",
    ),
    ({"image": f"{TEI}:turing-1.7", "run": "text-embeddings-router --model-id BAAI/bge-m3"}, "T4", "TEI#34"),
    ({"image": f"{TEI}:86-1.7", "run": "text-embeddings-router --model-id BAAI/bge-m3"}, "L4", CAPABILITY),
    (
        {"image": f"{TEI}:hopper-1.7", "run": "text-embeddings-router --model-id BAAI/bge-m3"},
        "H100 SXM",
        CAPABILITY,
    ),
    (
        {"image": f"{TEI}:cuda-1.9", "run": "text-embeddings-router --model-id BAAI/bge-m3"},
        "T4",
        "one for all GPUs",
    ),
    ({"run": VLLM}, "T4", BF16),
    ({"run": f"{VLLM} --dtype half"}, "V100 32GB", "vLLM 0.14 docs: 7.0 or higher; no version is stated"),
    ({"run": VLLM, "setup": [f"{PIP} vllm==0.10.0"]}, "V100 32GB", "vLLM 0.9 to 0.14 docs: 7.0 or higher"),
    ({"run": f"{SGLANG} {QWEN} --dtype bfloat16"}, "T4", SM75),
    ({"run": f"{SGLANG} Qwen/Qwen3-8B-FP8"}, "A100 80GB", "SGLang 0.5.5 fp8.py: Marlin for linear layers"),
    ({"run": f"{SGLANG} Qwen/Qwen3-30B-A3B-FP8"}, "L40S", "8.9"),
    ({"run": "vllm serve Qwen/Qwen3-8B-FP8"}, "A100 80GB", MARLIN),
    ({"run": "vllm serve Qwen/Qwen3-8B-FP8"}, "T4", MARLIN),
    ({"run": "vllm serve Qwen/Qwen3-30B-A3B-FP8"}, "A100 80GB", "Marlin has experts, too (vLLM)"),
    ({"run": "vllm serve nvidia/Qwen3-8B-FP4"}, "H100 SXM", "vLLM: Marlin unpacks FP4 from Ampere on"),
    ({"run": f"{VLLM} --kv-cache-dtype fp8"}, "A100 80GB", "vllm#24577: FlashInfer, measured on an A100"),
    ({"run": f"{VLLM} --kv-cache-dtype fp8_e5m2"}, "RTX 3090", "vllm#3965, #4827"),
    (
        {"run": "vllm serve openai/gpt-oss-20b"},
        "A100 80GB",
        "vllm#22933 (0.10.1): Triton where there is no FA3",
    ),
    ({"run": "vllm serve openai/gpt-oss-20b", "image": "vllm/vllm-openai:gptoss"}, "H100 SXM", "FA3"),
    ({"run": "python a.py", "setup": [f"{PIP} torch --index-url {WHL}/nightly/cu128"]}, "RTX 5090", MATRIX),
    (
        {"run": "python a.py", "setup": [f"{PIP} torch==2.8.0 --extra-index-url {WHL}/cu121"]},
        "RTX 5090",
        "PyPI's",
    ),
    (
        {"run": "python a.py", "setup": [f"{PIP} torch --extra-index-url {WHL}/cu121"]},
        "RTX 5090",
        "PyPI's is newer",
    ),
    ({"run": "python a.py", "setup": [f"{PIP} torch==2.10.0"]}, "V100 32GB", "2.10: CUDA 12.8, with Volta"),
    ({"run": "python a.py", "setup": [f"{PIP} torch --index-url {WHL}/cu126"]}, "V100 32GB", MATRIX),
    ({"run": "python a.py", "setup": [f"{PIP} torch==2.11.0"]}, "T4", MATRIX),
    ({"run": "python a.py", "image": "nvidia/cuda:13.0.1-runtime-ubuntu24.04"}, "T4", MATRIX),
    (
        {"run": "python a.py", "setup": [f"{PIP} torch --index-url {WHL}/rocm6.4"]},
        "MI300X",
        "PyTorch for ROCm",
    ),
    ({"run": VLLM, "image": "rocm/vllm:latest"}, "MI300X", "AMD's image of vLLM"),
    ({"run": VLLM, "image": "vllm/vllm-openai-rocm:v0.14.0"}, "MI325X", "AMD's image of vLLM"),
    ({"run": VLLM, "image": "vllm/vllm-openai:v0.11.0"}, "H100 SXM", "CUDA 12.8"),
    ({"run": "python a.py --attn_implementation flash_attention_3"}, "H100 SXM", "Hopper"),
)


def judged(fields: dict[str, Any], gpu: str) -> str:
    (document,) = read(
        "job.jsonc", json.dumps({"keep_alive_minutes": 3, "gpu_types": [gpu], **fields}).encode()
    )
    case = Case(document, catalog=CATALOG, on_disk=False)
    known = CATALOG.resolve_gpu(gpu).gpu
    assert known is not None, gpu
    return case.market.why_not(known)


@pytest.mark.parametrize(("fields", "gpu", "source"), DO_NOT)
def test_they_do_not_start(fields: dict[str, Any], gpu: str, source: str) -> None:
    assert judged(fields, gpu), f"{fields} on {gpu}: {source}"


@pytest.mark.parametrize(("fields", "gpu", "source"), DO)
def test_they_start(fields: dict[str, Any], gpu: str, source: str) -> None:
    assert judged(fields, gpu) == "", f"{fields} on {gpu}: {source}"
