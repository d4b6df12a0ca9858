"""Jobs by the mechanism that decides whether they fit: those that must be foretold to run out of memory, and their
neighbours that run. Each group stands for a kind of mistake that was once made; the arithmetic is beside the job."""

from __future__ import annotations

from typing import Any

import pytest
from one_rule import found

from gpuspec.rules.sizing.over_provisioned import OverProvisionedGpu
from gpuspec.rules.sizing.too_many import TooManyGpus
from gpuspec.rules.sizing.under_provisioned import UnderProvisionedGpu


def job(gpu: str, run: str, count: int = 1, **more: Any) -> dict[str, Any]:
    return {"gpu_types": [gpu], "gpu_count": count, "run": run, **more}


# Data parallel copies the whole state to every GPU; only sharding divides it.
COPIED = [
    # 65.3e9 × 4.127 bits = 31 GiB of base weights on each of eight
    job("RTX 4090", "torchrun --nproc_per_node 8 qlora.py --model_name_or_path huggyllama/llama-65b --bits 4 "
        "--lora_r 64 --output_dir out", 8),
    # AMP over 32-bit weights: 6.7e9 × 16 B = 100 GiB
    job("A100 40GB", "accelerate launch --multi_gpu --num_processes 4 run_clm.py --model_name_or_path "
        "meta-llama/Llama-2-7b-hf --bf16 --per_device_train_batch_size 1 --output_dir out", 4),
    # 14.8e9 × 8 B at the very least = 110 GiB
    job("A100-80GB", "NPROC_PER_NODE=8 swift sft --model Qwen/Qwen2.5-14B-Instruct --train_type full "
        "--per_device_train_batch_size 1 --max_length 2048", 8),
]  # fmt: skip
DIVIDED = [
    # 14 GiB of weights and as much of gradients and moments as 7e9 × 16 B ÷ 8 = 13 GiB
    job("A100-80GB", "torchrun --nproc_per_node 8 run_clm.py --model_name_or_path meta-llama/Llama-2-7b-hf --bf16 "
        "--fsdp 'full_shard auto_wrap' --per_device_train_batch_size 1 --gradient_checkpointing --block_size 1024 "
        "--output_dir out", 8),
    # torchtune's distributed recipes shard
    job("A100-80GB", "tune run --nproc_per_node 8 full_finetune_distributed --config llama3_1/8B_full", 8),
]  # fmt: skip

# A checkpoint that its makers quantized is as small as its files, whatever model its name reminds of.
AS_STORED = [
    job("H100 SXM", "vllm serve openai/gpt-oss-120b --max-model-len 32768"),  # 61 GiB of MXFP4, as its card says
    job("RTX PRO 6000 Blackwell Server Edition",
        "vllm serve nvidia/Llama-3.3-70B-Instruct-FP4 --max-model-len 8192"),  # 70e9 × 4.5 bits = 37 GiB
    job("H200", "vllm serve moonshotai/Kimi-K2-Thinking --tensor-parallel-size 8 --max-model-len 32768 "
        "--trust-remote-code", 8),  # 594 GB in INT4, as its files
    job("RTX 5090", "vllm serve nvidia/Qwen3-32B-FP4 --max-model-len 8192"),  # 32.8e9 × 4.5 bits = 17 GiB
]  # fmt: skip

# Diffusers keeps every activation of a denoiser unless told to compute it twice: 79.1 GiB with two pictures of
# 512 px (diffusers#10994), 22 GiB of which are there without any picture.
_FLUX = (
    "accelerate launch train_dreambooth_lora_flux.py --pretrained_model_name_or_path=black-forest-labs/FLUX.1-dev "
    "--instance_data_dir=img --output_dir=out --mixed_precision=bf16 --rank=16 "
)
ALL_KEPT = [
    job("RTX A6000", _FLUX + "--resolution=512 --train_batch_size=1"),  # 22 + 28 GiB
    job("A100-80GB", _FLUX + "--resolution=512 --train_batch_size=4"),  # 22 + 4 × 28 GiB
    job("A100 40GB", _FLUX + "--resolution=1024 --train_batch_size=1"),  # four times the tokens
]
COMPUTED_TWICE = [
    job("A100-80GB", _FLUX + "--resolution=512 --train_batch_size=1 --gradient_checkpointing"),
]
IN_USE = [
    job("A100-80GB", _FLUX + "--resolution=512 --train_batch_size=2"),
    job("H100 SXM", _FLUX + "--resolution=512 --train_batch_size=2"),
]

# Ollama's variables say how much it caches: 8B is 128 KiB a token, 24B 160 KiB, in 16 bit.
CACHED = [
    job("RTX A4000", "ollama serve & sleep 5; ollama run llama3.1:8b; wait",
        env={"OLLAMA_CONTEXT_LENGTH": "131072"}),  # 16 GiB beside 4.6 on 15.6
    job("RTX 3060", "ollama serve & sleep 5; ollama run llama3.1:8b; wait",
        env={"OLLAMA_CONTEXT_LENGTH": "16384", "OLLAMA_NUM_PARALLEL": "8"}),  # eight times 2 GiB on 11.6
]  # fmt: skip
CACHED_SMALL = [
    job("RTX 4090", "ollama serve & sleep 5; ollama run llama3.1:8b; wait",
        env={"OLLAMA_CONTEXT_LENGTH": "65536", "OLLAMA_KV_CACHE_TYPE": "q8_0", "OLLAMA_FLASH_ATTENTION": "1"}),
    job("RTX 4090", "ollama serve & sleep 5; ollama run llama3.1:8b; wait"),
]  # fmt: skip

# What a program trains stands in its arguments, whatever the script is called.
BY_SCRIPT = [
    # 72.7e9 × 8 B ÷ 8 GPUs at the least = 68 GiB; nothing shards it here
    job("A100-80GB", "torchrun --nproc_per_node 8 src/train.py --stage sft --do_train --model_name_or_path "
        "Qwen/Qwen2.5-72B-Instruct --finetuning_type full --bf16 --cutoff_len 1024 --per_device_train_batch_size 1 "
        "--output_dir out", 8),
    # 14.8e9 × 8 B at the least = 110 GiB
    job("A100-80GB", "python src/train.py --stage sft --do_train --model_name_or_path Qwen/Qwen2.5-14B-Instruct "
        "--finetuning_type full --bf16 --cutoff_len 2048 --output_dir out"),
    # 61 GiB of 16-bit weights
    job("A100 40GB", "accelerate launch src/train.py --stage sft --do_train --model_name_or_path "
        "Qwen/Qwen2.5-32B-Instruct --finetuning_type lora --bf16 --cutoff_len 1024 --output_dir out"),
]  # fmt: skip
BY_SCRIPT_SMALL = [
    job("A100-80GB", "python src/train.py --stage sft --do_train --model_name_or_path Qwen/Qwen2.5-7B-Instruct "
        "--finetuning_type lora --bf16 --cutoff_len 1024 --per_device_train_batch_size 1 --output_dir out"),
]  # fmt: skip

# A draft without a path is the model again: SGLang loads it beside the share that the pool has taken.
DRAFTED = [
    job("H100 SXM", "python -m sglang.launch_server --model-path zai-org/GLM-4.5-Air-FP8 --tp-size 4 "
        "--speculative-algorithm NEXTN --mem-fraction-static 0.7", 4),
    job("H200 SXM", "python -m sglang.launch_server --model-path deepseek-ai/DeepSeek-R1 --tp 8 "
        "--speculative-algorithm EAGLE --speculative-num-steps 3 --mem-fraction-static 0.8", 8),
    job("H100 SXM", "python -m sglang.launch_server --model-path zai-org/GLM-4.5-FP8 --tp 8 "
        "--speculative-algorithm NEXTN --mem-fraction-static 0.7", 8),
]  # fmt: skip

RUN_OUT = [*COPIED, *CACHED, *BY_SCRIPT]
RUN = [*DIVIDED, *AS_STORED, *COMPUTED_TWICE, *IN_USE, *CACHED_SMALL, *BY_SCRIPT_SMALL]


def name(fields: dict[str, Any]) -> str:
    return f"{fields['gpu_types'][0]} {fields['run']}"[:90]


@pytest.mark.parametrize("fields", RUN_OUT, ids=name)
def test_what_runs_out_is_foretold(fields: dict[str, Any]) -> None:
    said = found(UnderProvisionedGpu, fields)
    assert [finding.severity for finding in said if finding.severity != "info"], said


@pytest.mark.parametrize("fields", [*ALL_KEPT, DRAFTED[0]], ids=name)
def test_what_may_run_out_is_said(fields: dict[str, Any]) -> None:
    """At least as a hint to try it first: kept activations of pictures are known to a third, and whether all of a
    model drafts or a layer of it depends on the version."""
    assert found(UnderProvisionedGpu, fields)


@pytest.mark.parametrize("fields", RUN, ids=name)
def test_what_runs_is_not_refused(fields: dict[str, Any]) -> None:
    assert [one.message for one in found(UnderProvisionedGpu, fields) if one.severity != "info"] == []


@pytest.mark.parametrize("fields", [*IN_USE, *ALL_KEPT, *CACHED, *DRAFTED], ids=name)
def test_memory_in_use_is_not_called_too_much(fields: dict[str, Any]) -> None:
    assert found(OverProvisionedGpu, fields) == []
    assert found(TooManyGpus, fields) == []
