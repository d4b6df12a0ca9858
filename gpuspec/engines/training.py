"""Trainers and what starts them. Flags as their documentation has them, 2023–2025."""

from __future__ import annotations

from gpuspec.engines.tool import Tool

TORCHRUN = Tool(
    None,
    None,
    {
        "nproc-per-node": "processes:processes",
        "nproc": "processes:processes",
        "nnodes": "nodes:int",
        "standalone": "",
        "use-env": "",
        "no-python": "",
        "run-path": "",
    },
    starts=True,
)

ACCELERATE = Tool(
    None,
    None,
    {
        "num-processes": "all_processes:int",
        "num-machines": "nodes:int",
        "mixed-precision": "precision:mixed",
        "zero-stage": "sharding:zero",
        "zero3-init-flag": "-",
        "offload-optimizer-device": "offload:word",
        "offload-param-device": "offload:word",
        "fsdp-sharding-strategy": "sharding:strategy",
        "fsdp-offload-params": "fsdp_offload:bool",
        "gradient-accumulation-steps": "gradient_accumulation:int",
        "use-fsdp": "sharding=fsdp",
        "use-deepspeed": "",
        "multi-gpu": "",
        "cpu": "",
        "quiet": "",
        "same-network": "",
        "debug": "",
        "no-python": "",
    },
    config=("config-file", "deepspeed-config-file"),
    starts=True,
)

DEEPSPEED = Tool(
    None,
    None,
    {"num-gpus": "processes:int", "num-nodes": "nodes:int", "no-ssh": "", "no-python": "", "no-local-rank": "",
     "-i": "processes:devices", "include": "processes:devices", "-e": "processes:devices",
     "exclude": "processes:int", "-H": "-", "module": ""},
    starts=True,
)  # fmt: skip

HUGGING_FACE = {
    "model-name-or-path": "model_name:name",
    "model-name": "model_name:name",
    "model-path": "model_name:name",
    "model-id": "model_name:name",
    "base-model": "model_name:name",
    "base-model-name": "model_name:name",
    "pretrained-model-name-or-path": "model_name:name",
    "pretrained-model": "model_name:name",
    "torch-dtype": "dtype:dtype",
    "model-dtype": "dtype:dtype",
    "dtype": "dtype:dtype",
    "bf16": "precision=amp",
    "fp16": "precision=amp",
    "mixed-precision": "precision:mixed",
    "load-in-4bit": "quantization=nf4 method=qlora",
    "load-in-8bit": "quantization=int8",
    "use-lora": "method=lora",
    "use-peft": "method=lora",
    "lora": "method=lora",
    "lora-enable": "method=lora",
    "lora-r": "lora_rank:int method=lora",
    "lora-rank": "lora_rank:int method=lora",
    "lora-dim": "lora_rank:int method=lora",
    "lora-dimension": "lora_rank:int method=lora",
    "lora-alpha": "-",
    "q-lora": "method=qlora quantization=nf4",
    "bits": "bits:int",
    "max-seq-length": "sequence:int",
    "max-seq-len": "sequence:int",
    "max-length": "sequence:int",
    "max-len": "sequence:int",
    "model-max-length": "sequence:int",
    "block-size": "sequence:int",
    "cutoff-len": "sequence:int",
    "per-device-train-batch-size": "batch:int",
    "per-gpu-train-batch-size": "batch:int",
    "micro-batch-size": "batch:int",
    "gradient-accumulation-steps": "gradient_accumulation:int",
    "gradient-checkpointing": "gradient_checkpointing=yes",
    "optim": "optimizer:word",
    "use-8bit-adam": "optimizer=adamw_8bit",
    "fsdp": "sharding:fsdp",
    "zero-stage": "sharding:zero",
    "packing": "packing=yes",
    "use-liger": "fused_loss=yes",
    "use-liger-kernel": "fused_loss=yes",
    "learning-rate": "-",
    "num-train-epochs": "-",
    "output-dir": "-",
    "do-train": "",
    "do-eval": "",
    "overwrite-output-dir": "",
    "trust-remote-code": "",
    "lazy-preprocess": "",
    "tf32": "",
    "push-to-hub": "",
    "use-flash-attn": "",
    "flash-attn": "",
    "with-tracking": "",
}
"""TrainingArguments, TRL's ModelConfig, PEFT examples, FastChat, QLoRA: scripts that parse with HfArgumentParser."""

TRAINER = Tool(
    "hf-trainer",
    "train",
    HUGGING_FACE,
    config=("deepspeed", "deepspeed-config", "ds-config", "ds-file", "config"),
)

TRL = TRAINER._replace(
    flags={**HUGGING_FACE, "max-prompt-length": "-", "max-completion-length": "-", "use-vllm": ""},
)

AXOLOTL = Tool(
    "axolotl",
    "train",
    {
        "base-model": "model_name:name",
        "sequence-len": "sequence:int",
        "micro-batch-size": "batch:int",
        "gradient-accumulation-steps": "gradient_accumulation:int",
        "adapter": "adapter:word",
        "lora-r": "lora_rank:int",
        "load-in-8bit": "quantization=int8",
        "load-in-4bit": "quantization=nf4",
        "optimizer": "optimizer:word",
        "deepspeed": "-",
        "launcher": "-",
        "num-processes": "all_processes:int",
    },
    config=("", "deepspeed"),
)

LLAMA_FACTORY = Tool(
    "llama-factory",
    "train",
    {
        **HUGGING_FACE,
        "stage": "algorithm:stage",
        "finetuning-type": "method:method",
        "quantization-bit": "bits:int",
        "enable-liger-kernel": "fused_loss=yes",
        "flash-attn": "-",
        "disable-gradient-checkpointing": "gradient_checkpointing=no",
        "use-unsloth": "engine=unsloth",
        "pref-loss": "-",
        "neat-packing": "packing=yes",
    },
    config=("", "deepspeed"),
    implies={
        "gradient_checkpointing": True
    },  # it turns it on unless told not to (model_utils/checkpointing.py)
)

TORCHTUNE = Tool(
    "torchtune",
    "train",
    {
        "nproc-per-node": "processes:processes",
        "nnodes": "nodes:int",
        "standalone": "",
        "model.lora-rank": "lora_rank:int",
        "batch-size": "batch:int",
        "gradient-accumulation-steps": "gradient_accumulation:int",
        "enable-activation-checkpointing": "gradient_checkpointing=yes",
        "tokenizer.max-seq-len": "sequence:int",
        "dataset.packed": "packing=yes",
        "dtype": "precision:pure",
        "optimizer": "optimizer:last",
        "optimizer.-component-": "optimizer:last",
        "checkpointer.checkpoint-dir": "model_name:name",
        "max-steps-per-epoch": "-",
    },
    dotted=True,
    config=("config",),
)

SWIFT = Tool(
    "ms-swift",
    "train",
    {
        **HUGGING_FACE,
        "model": "model_name:name",
        "model-type": "-",
        "train-type": "method:method",
        "tuner-type": "method:method",
        "sft-type": "method:method",
        "rlhf-type": "algorithm:word",
        "quant-bits": "bits:int",
        "quantization-bit": "bits:int",
        "batch-size": "batch:int",
        "dtype": "-",
    },
    config=("deepspeed",),
    implies={"gradient_checkpointing": True, "method": "lora"},  # documented defaults of swift sft
)

VERL = Tool(
    "verl",
    "train",
    {
        "actor-rollout-ref.model.path": "model_name:name",
        "actor-rollout-ref.model.enable-gradient-checkpointing": "gradient_checkpointing=yes",
        "actor-rollout-ref.model.lora-rank": "lora_rank:int",
        "actor-rollout-ref.rollout.tensor-model-parallel-size": "tensor_parallel:int",
        "actor-rollout-ref.rollout.gpu-memory-utilization": "-",
        "actor-rollout-ref.actor.ppo-micro-batch-size-per-gpu": "batch:int",
        "trainer.n-gpus-per-node": "processes:int",
        "trainer.nnodes": "nodes:int",
        "algorithm.adv-estimator": "algorithm:word",
        "model.partial-pretrain": "model_name:name",
        "data.max-length": "sequence:int",
        "data.micro-batch-size-per-gpu": "batch:int",
    },
    dotted=True,
)

OPENRLHF = TRAINER._replace(
    engine="openrlhf",
    flags={
        **HUGGING_FACE,
        "pretrain": "model_name:name",
        "max-len": "sequence:int",
        "micro-train-batch-size": "batch:int",
        "adam-offload": "offload=cpu",
        "zero-stage": "sharding:zero",
    },
)

LITGPT = Tool(
    "litgpt",
    "train",
    {
        "checkpoint-dir": "model_name:name",
        "quantize": "quantization:quant",
        "precision": "precision:pure",
        "devices": "processes:int",
        "num-nodes": "nodes:int",
        "lora-r": "lora_rank:int",
        "train.micro-batch-size": "batch:int",
        "train.max-seq-length": "sequence:int",
    },
    positional="model_name",
)

GENERIC_TRAINING = TRAINER._replace(
    flags={**HUGGING_FACE, "model": "model_name:name", "batch-size": "batch:int", "seq-len": "sequence:int"}
)

ULTRALYTICS = Tool(
    "ultralytics",
    "train",
    {"device": "processes:devices"},
    dotted=True,
    implies={"processes": 1},  # one GPU unless `device` lists more (docs.ultralytics.com/modes/train)
    modality="vision",
)

TOOLS: dict[tuple[str, ...], Tool] = {
    ("yolo", "train"): ULTRALYTICS,
    **{("yolo", kind, "train"): ULTRALYTICS for kind in ("detect", "segment", "classify", "pose", "obb")},
    ("axolotl", "train"): AXOLOTL,
    ("axolotl", "preprocess"): AXOLOTL._replace(task=None),
    ("-m", "axolotl.cli.train"): AXOLOTL,
    ("llamafactory-cli", "train"): LLAMA_FACTORY,
    ("llamafactory-cli", "webui"): Tool("llama-factory", "interactive"),
    ("llamafactory-cli", "chat"): LLAMA_FACTORY._replace(task="interactive", implies={}),
    ("llamafactory-cli", "webchat"): LLAMA_FACTORY._replace(task="interactive", implies={}),
    ("llamafactory-cli", "api"): LLAMA_FACTORY._replace(task="serve", implies={}),
    ("tune", "run"): TORCHTUNE,
    ("trl", "sft"): TRL._replace(implies={"algorithm": "sft"}),
    ("trl", "dpo"): TRL._replace(implies={"algorithm": "dpo"}),
    ("trl", "grpo"): TRL._replace(implies={"algorithm": "grpo"}),
    ("trl", "kto"): TRL._replace(implies={"algorithm": "kto"}),
    ("trl", "reward"): TRL._replace(implies={"algorithm": "reward"}),
    ("trl", "vllm-serve"): Tool(
        "vllm", "serve", {"model": "model_name:name", "tensor-parallel-size": "tensor_parallel:int"}
    ),
    ("swift", "sft"): SWIFT._replace(implies={**SWIFT.implies, "algorithm": "sft"}),
    ("swift", "pt"): SWIFT._replace(implies={"gradient_checkpointing": True}),
    ("swift", "rlhf"): SWIFT,
    ("swift", "infer"): Tool("transformers", "batch", {"model": "model_name:name", "max-model-len": "context:int"}),
    ("swift", "deploy"): Tool("transformers", "serve", {"model": "model_name:name", "max-model-len": "context:int"}),
    ("-m", "verl.trainer.main_ppo"): VERL,
    ("-m", "verl.trainer.fsdp_sft_trainer"): VERL._replace(implies={"algorithm": "sft", "sharding": "fsdp"}),
    ("-m", "openrlhf.cli.train_sft"): OPENRLHF._replace(implies={"algorithm": "sft"}),
    ("-m", "openrlhf.cli.train_dpo"): OPENRLHF._replace(implies={"algorithm": "dpo"}),
    ("-m", "openrlhf.cli.train_ppo_ray"): OPENRLHF._replace(implies={"algorithm": "ppo"}),
    ("litgpt", "finetune"): LITGPT._replace(implies={"method": "lora"}),
    ("litgpt", "finetune_lora"): LITGPT._replace(implies={"method": "lora"}),
    ("litgpt", "finetune_full"): LITGPT._replace(implies={"method": "full"}),
    ("litgpt", "pretrain"): LITGPT._replace(implies={"method": "full"}),
    ("autotrain", "llm"): Tool(
        "hf-trainer", "train",
        {**HUGGING_FACE, "model": "model_name:name", "train": "", "peft": "method=lora",
         "quantization": "quantization:quant", "batch-size": "batch:int", "trainer": "algorithm:word"},
        translate={"quant": {"int4": "nf4"}},
    ),
    ("unsloth", "studio"): Tool("unsloth", "interactive"),
}  # fmt: skip

LAUNCHERS: dict[tuple[str, ...], Tool] = {
    ("torchrun",): TORCHRUN,
    ("-m", "torch.distributed.run"): TORCHRUN,
    ("-m", "torch.distributed.launch"): TORCHRUN,
    ("accelerate", "launch"): ACCELERATE,
    ("accelerate-launch",): ACCELERATE,
    ("-m", "accelerate.commands.launch"): ACCELERATE,
    ("deepspeed",): DEEPSPEED,
    ("-m", "deepspeed.launcher.runner"): DEEPSPEED,
}

RECIPES: tuple[tuple[str, dict[str, object]], ...] = (
    ("qlora", {"method": "qlora"}),
    ("lora", {"method": "lora"}),
    ("full", {"method": "full"}),
)
"""torchtune's recipes say the method in their name: lora_finetune_single_device, full_finetune_distributed."""

SCRIPTS: tuple[tuple[tuple[str, ...], Tool], ...] = (
    (("run_clm", "run_mlm", "run_plm", "run_fim", "run_seq2seq", "run_summarization", "run_translation", "run_qa",
      "run_glue", "run_speech_recognition"), TRAINER),
    (("unsloth-cli", "unsloth_cli"),
     TRAINER._replace(engine="unsloth", flags={**HUGGING_FACE, "r": "lora_rank:int method=lora"})),
    (("qlora.py",), TRAINER._replace(implies={"method": "qlora"})),
    (("train_mem", "train_xformers", "train_flash_attn"), TRAINER._replace(implies={"method": "full"})),
    (("sft", "run_sft", "train_sft"), TRL._replace(implies={"algorithm": "sft"})),
    (("dpo", "run_dpo", "train_dpo"), TRL._replace(implies={"algorithm": "dpo"})),
    (("orpo", "run_orpo", "train_orpo"), TRL._replace(implies={"algorithm": "orpo"})),
    (("grpo", "run_grpo", "train_grpo"), TRL._replace(implies={"algorithm": "grpo"})),
    (("kto", "run_kto", "train_kto"), TRL._replace(implies={"algorithm": "kto"})),
)  # fmt: skip
"""Scripts by how their file's name begins, most telling first."""

TRAINING_WORDS = frozenset(
    {"train", "training", "trainer", "finetune", "finetuning", "pretrain", "pretraining"}
)
OTHER_WORDS = frozenset(
    {"prepare", "preprocess", "data", "dataset", "eval", "evaluate", "test", "infer", "inference", "predict", "merge",
     "export", "convert", "download", "tokenizer", "plot", "serve", "generate", "sample"}
)  # fmt: skip
"""Words of a file's name that say training, and those that say otherwise in spite of them."""
