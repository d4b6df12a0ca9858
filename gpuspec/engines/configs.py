"""Keys of configuration files, as `Tool.flags` has arguments: nested keys joined by dots, "-" for "_"."""

from __future__ import annotations

from gpuspec.engines import serving, training
from gpuspec.engines.tool import Tool

DEEPSPEED = Tool(
    None,
    None,
    {
        "zero-optimization.stage": "sharding:zero",
        "zero-optimization.offload-optimizer.device": "offload:word",
        "zero-optimization.offload-param.device": "offload:word",
        "train-micro-batch-size-per-gpu": "batch:int",
        "gradient-accumulation-steps": "gradient_accumulation:int",
    },
)

ACCELERATE = Tool(
    None,
    None,
    {
        "num-processes": "all_processes:int",
        "num-machines": "nodes:int",
        "mixed-precision": "precision:mixed",
        "distributed-type": "sharding:distributed",
        "deepspeed-config.zero-stage": "sharding:zero",
        "deepspeed-config.offload-optimizer-device": "offload:word",
        "deepspeed-config.offload-param-device": "offload:word",
        "deepspeed-config.gradient-accumulation-steps": "gradient_accumulation:int",
        "fsdp-config.fsdp-sharding-strategy": "sharding:strategy",
        "fsdp-config.fsdp-offload-params": "fsdp_offload:bool",
    },
)

AXOLOTL = training.AXOLOTL._replace(
    flags={
        **training.AXOLOTL.flags,
        "gradient-checkpointing": "gradient_checkpointing:bool",
        "sample-packing": "packing:bool",
        "rl": "algorithm:word",
        "lora-r": "lora_rank:int",
        "deepspeed": "sharding:stage_of_file",
        "fsdp-config.offload-params": "fsdp_offload:bool",
        "fsdp-config.fsdp-offload-params": "fsdp_offload:bool",
        "fsdp-config.fsdp-sharding-strategy": "sharding:strategy",
        "liger-fused-linear-cross-entropy": "fused_loss:bool",
    }
)

LLAMA_FACTORY = training.LLAMA_FACTORY._replace(
    flags={
        **training.LLAMA_FACTORY.flags,
        "deepspeed": "sharding:stage_of_file",
        "packing": "packing:bool",
        "enable-liger-kernel": "fused_loss:bool",
    }
)

TORCHTUNE = training.TORCHTUNE._replace(
    flags={
        **training.TORCHTUNE.flags,
        "model.-component-": "model_name:builder method:builder_method",
        "checkpointer.checkpoint-dir": "",
        "enable-activation-checkpointing": "gradient_checkpointing:bool",
        "fsdp-cpu-offload": "fsdp_offload:bool",
        "compile": "",
    }
)

BY_ENGINE: dict[str, Tool] = {
    "axolotl": AXOLOTL,
    "llama-factory": LLAMA_FACTORY,
    "torchtune": TORCHTUNE,
    "vllm": serving.VLLM_MODULE,
}


def table_of(keys: frozenset[str], tool: Tool | None) -> Tool | None:
    """The table of a configuration file: by keys that only DeepSpeed and accelerate have, else by its reader."""
    if "zero_optimization" in keys:
        return DEEPSPEED
    if "distributed_type" in keys or "compute_environment" in keys:
        return ACCELERATE
    return BY_ENGINE.get(tool.engine or "", tool) if tool else None
