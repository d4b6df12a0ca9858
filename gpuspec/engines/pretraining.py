"""Trainers of NVIDIA and Meta for many GPUs: Megatron-LM, NeMo, torchtitan; Lightning's LitGPT.
Flags as of 2024–2026."""

from gpuspec.engines.engine import Engine, Memory, Training
from gpuspec.engines.tool import Tool, alike

MEGATRON_FLAGS = {
    **alike("tensor_parallel:int", "tensor-model-parallel-size"),
    **alike("pipeline_parallel:int", "pipeline-model-parallel-size"),
    "context-parallel-size": "context_parallel:int",
    "expert-model-parallel-size": "expert_parallel:int",
    "sequence-parallel": "sequence_parallel=yes",
    "use-distributed-optimizer": "distributed_optimizer=yes",
    "optimizer-cpu-offload": "cpu_offload:optimizer_away",
    "micro-batch-size": "batch:int",
    "global-batch-size": "global_batch:int",
    "train-iters": "steps:limit",
    "seq-length": "sequence:int",
    "recompute-granularity": "gradient_checkpointing:recomputes selective_checkpointing:if_selective",
    "recompute-activations": "gradient_checkpointing=yes selective_checkpointing=yes",
    **alike("precision=amp", "bf16 fp16"),
    **alike("sharding=fsdp", "use-torch-fsdp2 use-megatron-fsdp"),
}
"""Megatron-LM's megatron/training/arguments.py, and what ms-swift hands on to it."""

_PRETRAIN = Tool(
    "megatron-lm",
    "train",
    {
        **MEGATRON_FLAGS,
        **alike("model_name:name", "load pretrained-checkpoint"),
        **alike("-", "tokenizer-model save data-path"),
        "num-layers": "own_layers:int",
        "hidden-size": "own_hidden:int",
        "ffn-hidden-size": "own_ffn:int",
        "num-attention-heads": "own_heads:int",
        "num-query-groups": "own_groups:int",
        **alike("own_vocabulary:int", "vocab-size padded-vocab-size"),
        "num-experts": "own_experts:int",
        "swiglu": "own_gate=yes",
        "untie-embeddings-and-output-weights": "own_head=yes",
    },
    implies={"method": "full", "gradient_checkpointing": False, "batch": 1, "precision": "fp32"},
)

_NEMO = Tool(
    "nemo",
    "train",
    {
        "model.restore-from-path": "model_name:name",
        "trainer.devices": "processes:processes",
        "trainer.num-nodes": "nodes:int",
        "trainer.precision": "precision:pure",
        "model.tensor-model-parallel-size": "tensor_parallel:int",
        "model.pipeline-model-parallel-size": "pipeline_parallel:int",
        "model.context-parallel-size": "context_parallel:int",
        "model.expert-model-parallel-size": "expert_parallel:int",
        "model.sequence-parallel": "sequence_parallel:bool",
        "model.micro-batch-size": "batch:int",
        "model.global-batch-size": "global_batch:int",
        "trainer.max-steps": "steps:limit",
        **alike("sequence:int", "model.data.train-ds.max-seq-length model.encoder-seq-length"),
        "model.peft.peft-scheme": "method:method",
        "model.peft.lora-tuning.adapter-dim": "lora_rank:int",
        "model.activations-checkpoint-granularity": "gradient_checkpointing:recomputes "
        "selective_checkpointing:if_selective",
        "model.optim.name": "optimizer:word distributed_optimizer:if_distributed",
    },
    dotted=True,
    config=("config-path",),
)

_NEMO_RL = Tool(
    "nemo-rl",
    "train",
    {
        "policy.model-name": "model_name:name",
        "policy.train-micro-batch-size": "batch:int",
        "policy.max-total-sequence-length": "sequence:int",
        "policy.dtensor-cfg.tensor-parallel-size": "tensor_parallel:int",
        **alike("context_parallel:int", "policy.dtensor-cfg.context-parallel-size"),
        **alike("pipeline_parallel:int", "policy.megatron-cfg.pipeline-model-parallel-size"),
        "policy.dtensor-cfg.activation-checkpointing": "gradient_checkpointing:bool",
        "policy.dtensor-cfg.sequence-parallel": "sequence_parallel:bool",
        "policy.dtensor-cfg.cpu-offload": "fsdp_offload:bool",
        "policy.dtensor-cfg.lora-cfg.enabled": "method=lora",
        "cluster.gpus-per-node": "processes:int",
        "cluster.num-nodes": "nodes:int",
        "grpo.num-prompts-per-step": "algorithm=grpo",
    },
    dotted=True,
    config=("config",),
    implies={"sharding": "fsdp"},
)

_TITAN = Tool(
    "torchtitan",
    "train",
    {
        "model.name": "titan_model:word",
        "model.flavor": "titan_flavor:word",
        **alike("batch:int", "training.local-batch-size training.batch-size"),
        "training.seq-len": "sequence:int",
        "training.steps": "steps:limit",
        **alike("global_batch:limit", "training.global-batch-size"),
        **alike("compiled:bool", "training.compile compile.enable"),
        "training.enable-cpu-offload": "fsdp_offload:bool",
        "parallelism.tensor-parallel-degree": "tensor_parallel:int",
        "parallelism.pipeline-parallel-degree": "pipeline_parallel:int",
        "parallelism.context-parallel-degree": "context_parallel:int",
        "parallelism.expert-parallel-degree": "expert_parallel:int",
        "parallelism.fsdp-reshard-after-forward": "sharding:reshards",
        "activation-checkpoint.mode": "gradient_checkpointing:recomputes selective_checkpointing:if_selective",
        "optimizer.name": "optimizer:word",
    },
    config=("job.config-file",),
    # config/job_config.py: 32-bit parameters that FSDP hands out in bf16; selective checkpointing; batch 8.
    implies={"method": "full", "sharding": "fsdp", "precision": "amp", "dtype": "fp32", "batch": 8,
             "sequence": 2048, "gradient_checkpointing": True, "selective_checkpointing": True},
)  # fmt: skip

# Megatron-LM's arguments: gradients summed in 32 bit (accumulate_allreduce_grads_in_fp32), fused norms and SwiGLU,
# one product for query, key and value; "selective" recomputes core attention.
MEGATRON_TRAINING = Training(
    wide_gradients=True, compiled=True, attention="fused", selective="attention", fused_step=True
)
MEGATRON_LM = Engine(
    "megatron-lm",
    "trainer",
    _PRETRAIN,
    aliases=("megatron",),
    scripts=((("pretrain_gpt", "pretrain_llama", "pretrain_mamba"), _PRETRAIN),),
    environment={
        "NPROC_PER_NODE": "processes:processes",
        "NNODES": "nodes:int",
    },  # of ms-swift's `megatron sft`
    training=MEGATRON_TRAINING,
)
NEMO = Engine(
    "nemo",
    "trainer",
    _NEMO,
    scripts=((("megatron_gpt_finetuning", "megatron_gpt_pretraining", "megatron_gpt_peft"), _NEMO),),
    told_by=(frozenset({"model.restore-from-path"}), frozenset({"model.micro-batch-size"})),
    training=MEGATRON_TRAINING,
)
NEMO_RL = Engine("nemo-rl", "trainer", _NEMO_RL, told_by=(frozenset({"policy.model-name"}),))
TORCHTITAN = Engine(
    "torchtitan",
    "trainer",
    _TITAN,
    programs={("-m", "torchtitan.train"): _TITAN, ("run_train.sh",): _TITAN},
    environment={"CONFIG_FILE": "titan_model:titan_file batch:unknown", "NGPU": "processes:int"},
    told_by=(frozenset({"model.flavor"}), frozenset({"job.config-file"})),
    training=Training(fused_step=True),
)
_LITGPT_FLAGS = {
    "checkpoint-dir": "model_name:name",
    "quantize": "quantization:quant",
    "precision": "precision:pure",
    "devices": "processes:int",
    "num-nodes": "nodes:int",
    "lora-r": "lora_rank:int",
    "train.micro-batch-size": "batch:int",
    "train.max-seq-length": "sequence:int",
    "train.global-batch-size": "global_batch:int",
    "train.epochs": "epochs:number",
    "train.max-steps": "steps:limit",
}
# litgpt/finetune/*.py: one device, rank 8; FSDP over several.
_LITGPT = Tool(
    "litgpt",
    "train",
    _LITGPT_FLAGS,
    positional="model_name",
    config=("config",),
    implies={"processes": 1, "sharding": "fsdp", "batch": 1, "lora_rank": 8},
)

_LITGPT_LORA, _LITGPT_FULL = (
    _LITGPT._replace(implies={**_LITGPT.implies, "method": method}) for method in ("lora", "full")
)
LITGPT = Engine(
    "litgpt",
    "trainer",
    _LITGPT,
    programs={
        ("litgpt", "finetune"): _LITGPT_LORA,
        ("litgpt", "finetune_lora"): _LITGPT_LORA,
        ("litgpt", "finetune_full"): _LITGPT_FULL,
        ("litgpt", "pretrain"): _LITGPT_FULL,
    },
    memory=Memory(
        workspace=(0.01, 0.03, 0.2),
        fragmentation=(0, 0.04, 0.1),
        dequantizes=True,
        never_ties=True,
    ),
    training=Training(precision="bf16", adapts="qv", dropout=True, quantized_inputs=True, attention="fused"),
)
ENGINES = (MEGATRON_LM, NEMO, NEMO_RL, TORCHTITAN, LITGPT)
