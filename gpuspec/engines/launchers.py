"""What starts a trainer on several GPUs or machines, and the configuration files that only it has. 2023–2025."""

from gpuspec.engines.tool import Tool, alike

SPREADING = frozenset(
    {
        "deepspeed",
        "deepspeed-config",
        "ds-config",
        "ds-file",
        "deepspeed-config-file",
        "deepspeed-config-path",
    }
)
"""Flags and keys that take a file of DeepSpeed's, which says how training is spread."""
TORCHRUN_FLAGS = {
    **alike("processes:processes", "nproc-per-node nproc"),
    "nnodes": "nodes:int",
    **alike("", "standalone use-env no-python run-path"),
}
TORCHRUN = Tool(None, None, TORCHRUN_FLAGS, starts=True)

ACCELERATE_FLAGS = {
    "num-processes": "all_processes:int",
    "num-machines": "nodes:int",
    "mixed-precision": "precision:mixed",
    "zero-stage": "sharding:zero",
    "zero3-init-flag": "-",
    "offload-optimizer-device": "offload:word",
    "offload-param-device": "offload_params:word",
    **alike("sharding:strategy", "fsdp-sharding-strategy fsdp-reshard-after-forward"),
    "fsdp-offload-params": "fsdp_offload:bool",
    "fsdp-activation-checkpointing": "gradient_checkpointing:if_true",
    "gradient-accumulation-steps": "gradient_accumulation:int",
    "use-fsdp": "sharding=fsdp",
    "use-deepspeed": "by_deepspeed=yes",
    "multi-gpu": "sharding=ddp",
    "dynamo-backend": "compiled:dynamo",
    **alike("", "cpu quiet same-network debug no-python"),
}
ACCELERATE = Tool(None, None, ACCELERATE_FLAGS, config=("config-file", "deepspeed-config-file"), starts=True)

DEEPSPEED = Tool(
    None,
    None,
    {"num-gpus": "processes:int", "num-nodes": "nodes:int", "no-ssh": "", "no-python": "", "no-local-rank": "",
     "-i": "processes:devices", "include": "processes:devices", "-e": "processes:devices",
     "exclude": "processes:int", "-H": "-", "module": ""},
    starts=True,
)  # fmt: skip

LAUNCHERS: dict[tuple[str, ...], Tool] = {
    ("torchrun",): TORCHRUN,
    ("hyperpodrun",): TORCHRUN,
    ("-m", "torch.distributed.run"): TORCHRUN,
    ("-m", "torch.distributed.launch"): TORCHRUN,
    ("accelerate", "launch"): ACCELERATE,
    ("accelerate-launch",): ACCELERATE,
    ("-m", "accelerate.commands.launch"): ACCELERATE,
    ("deepspeed",): DEEPSPEED,
    ("horovodrun",): Tool(None, None, {"-np": "all_processes:int", "-H": "-", "hosts": "-"}, starts=True),
    ("-m", "deepspeed.launcher.runner"): DEEPSPEED,
}

DEEPSPEED_CONFIG_FLAGS = {
    "zero-optimization.stage": "sharding:zero",
    "zero-optimization.offload-optimizer.device": "offload:word",
    "zero-optimization.offload-param.device": "offload_params:word",
    "train-micro-batch-size-per-gpu": "batch:int",
    "gradient-accumulation-steps": "gradient_accumulation:int",
    "optimizer.type": "optimizer:word",
    "activation-checkpointing.cpu-checkpointing": "cpu_offload:activations_away",
}
DEEPSPEED_CONFIG = Tool(None, None, DEEPSPEED_CONFIG_FLAGS)

ACCELERATE_CONFIG_FLAGS = {
    "num-processes": "all_processes:int",
    "num-machines": "nodes:int",
    "mixed-precision": "precision:mixed",
    "distributed-type": "sharding:distributed by_deepspeed:by_deepspeed",
    "deepspeed-config.zero-stage": "sharding:zero",
    "deepspeed-config.offload-optimizer-device": "offload:word",
    "deepspeed-config.offload-param-device": "offload_params:word",
    "deepspeed-config.gradient-accumulation-steps": "gradient_accumulation:int",
    **alike("sharding:strategy", "fsdp-config.fsdp-sharding-strategy fsdp-config.fsdp-reshard-after-forward"),
    "fsdp-config.fsdp-offload-params": "fsdp_offload:bool",
    "fsdp-config.fsdp-activation-checkpointing": "gradient_checkpointing:if_true",
    "megatron-lm-config.megatron-lm-tp-degree": "tensor_parallel:int",
    "megatron-lm-config.megatron-lm-pp-degree": "pipeline_parallel:int",
    "megatron-lm-config.megatron-lm-sequence-parallelism": "sequence_parallel:bool",
    "megatron-lm-config.megatron-lm-use-distributed-optimizer": "distributed_optimizer:bool",
    "dynamo-config.dynamo-backend": "compiled:dynamo",
}
ACCELERATE_CONFIG = Tool(None, None, ACCELERATE_CONFIG_FLAGS)
"""Keys of configuration files, as `Tool.flags` has arguments: nested keys joined by dots, "-" for "_"."""

CONFIGS = {
    "zero_optimization": DEEPSPEED_CONFIG,
    "distributed_type": ACCELERATE_CONFIG,
    "compute_environment": ACCELERATE_CONFIG,
}
"""A key that no other file has → the table of its file."""
