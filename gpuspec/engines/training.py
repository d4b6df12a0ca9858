"""Trainers of language models beside Hugging Face's. Flags as their documentation has them, 2023–2025."""

from gpuspec.engines.engine import Engine, Training
from gpuspec.engines.hugging_face import FLAGS, PEFT_TRAINING, TRAINER
from gpuspec.engines.pretraining import MEGATRON_FLAGS
from gpuspec.engines.tool import Tool, alike
from gpuspec.engines.torchtune_recipes import recipe

_AXOLOTL_FLAGS = {
    "base-model": "model_name:name",
    "sequence-len": "sequence:int",
    "micro-batch-size": "batch:int",
    "gradient-accumulation-steps": "gradient_accumulation:int",
    "num-epochs": "epochs:number",
    "max-steps": "steps:limit",
    "adapter": "adapter:word",
    "lora-r": "lora_rank:int",
    "load-in-8bit": "quantization=int8",
    "load-in-4bit": "quantization=nf4",
    "optimizer": "optimizer:word",
    "gradient-checkpointing": "gradient_checkpointing:recomputes cpu_offload:kept_away",
    "sample-packing": "packing:bool",
    "torch-compile": "compiled:bool",
    **alike("precision=amp", "bf16 fp16"),
    **alike("-", "deepspeed launcher"),
    "num-processes": "all_processes:int",
}
# micro_batch_size 1, sequence_len 512, no checkpointing
# (docs.axolotl.ai/docs/config-reference.html).
_AXOLOTL = Tool(
    "axolotl",
    "train",
    _AXOLOTL_FLAGS,
    config=("", "deepspeed"),
    implies={"gradient_checkpointing": False, "batch": 1, "sequence": 512},
)

_PROCESSES = {"NPROC_PER_NODE": "processes:processes", "NNODES": "nodes:int"}
"""Variables from which some trainers start torchrun by themselves."""
_LLAMA_FACTORY_FLAGS = {
    **FLAGS,
    "stage": "algorithm:stage",
    "finetuning-type": "method:method freezes:freezes",
    "freeze-trainable-layers": "trained_layers:int",
    "quantization-bit": "bits:int",
    "enable-liger-kernel": "fused_loss=yes",
    "flash-attn": "-",
    "disable-gradient-checkpointing": "gradient_checkpointing=no",
    "use-unsloth": "engine=unsloth",
    "pref-loss": "-",
    "pure-bf16": "precision=bf16",
    **{f"use-{name}": f"optimizer={name}" for name in ("galore", "apollo", "badam", "muon")},
    "use-adam-mini": "optimizer=adam_mini",
    **alike("packing=yes", "packing neat-packing"),
}
# It checkpoints unless told not to (model_utils/checkpointing.py); hparams/finetuning_args.py, data_args.py; the
# batch is TrainingArguments'.
_FACTORY_DEFAULTS = {"gradient_checkpointing": True, "method": "lora", "lora_rank": 8, "target_modules": "all",
                     "batch": 8, "sequence": 2048}  # fmt: skip
_LLAMA_FACTORY = Tool(
    "llama-factory",
    "train",
    _LLAMA_FACTORY_FLAGS,
    config=("", "deepspeed"),
    implies=_FACTORY_DEFAULTS,
    dotted=True,  # after its file: `llamafactory-cli train x.yaml cutoff_len=2048`, hparams/parser.py
)

_TORCHTUNE_FLAGS = {
    "model.-component-": "model_name:builder method:builder_method",
    "nproc-per-node": "processes:processes",
    "nnodes": "nodes:int",
    "standalone": "",
    "model.lora-rank": "lora_rank:int",
    "batch-size": "batch:int",
    "gradient-accumulation-steps": "gradient_accumulation:int",
    "enable-activation-checkpointing": "gradient_checkpointing=yes",
    "enable-activation-offloading": "cpu_offload:activations_away",
    **alike("sequence:int", "tokenizer.max-seq-len dataset.max-seq-len dataset.tokenizer.max-seq-len"),
    "dataset.packed": "packing=yes",
    "compile": "compiled:bool",
    "fsdp-cpu-offload": "fsdp_offload:bool",
    "fsdp-reshard-after-forward": "sharding:strategy",
    "tensor-parallel-dim": "tensor_parallel:int",
    "optimizer-in-bwd": "in_backward:bool",
    "model.lora-attn-modules": "target_modules:targets",
    "model.apply-lora-to-mlp": "mlp_adapters:bool",
    "dtype": "precision:pure",
    **alike("optimizer:last", "optimizer optimizer.-component-"),
    "checkpointer.checkpoint-dir": "model_name:name",
    "epochs": "epochs:number",
    "max-steps-per-epoch": "steps_an_epoch:limit",
}
_TORCHTUNE = Tool("torchtune", "train", _TORCHTUNE_FLAGS, dotted=True, config=("config",))

_SWIFT_FLAGS = {
    **FLAGS,
    "model": "model_name:name",
    "model-type": "-",
    **alike("method:method", "train-type tuner-type sft-type"),
    "rlhf-type": "algorithm:word",
    **alike("bits:int", "quant-bits quantization-bit"),
    "batch-size": "batch:int",
    "dtype": "-",
    **alike("-", "model-name model-author model-id attn-impl"),  # a persona for self-cognition data, no model
    "padding-free": "packing=yes",
    "lisa-activated-layers": "trained_layers:int",
    "use-galore": "optimizer=galore",
    "sequence-parallel-size": "context_parallel:int",
}
# swift sft (Command-line parameters of its documentation): one sequence, all linear layers; without NPROC_PER_NODE
# one process lays the layers out over the GPUs (device_map="auto").
_SWIFT = Tool(
    "ms-swift",
    "train",
    _SWIFT_FLAGS,
    config=("deepspeed", "config"),
    implies={
        "gradient_checkpointing": True,
        "method": "lora",
        "lora_rank": 8,
        "target_modules": "all",
        "batch": 1,
        "spread_layers": True,
    },
)
_MEGATRON_SWIFT = Tool(
    "megatron-lm",
    "train",
    {**_SWIFT_FLAGS, **MEGATRON_FLAGS, **alike("model_name:name", "model load mcore-model")},
    config=("config",),
    # megatron_args.py of ms-swift 3.x
    implies={"gradient_checkpointing": True, "selective_checkpointing": True, "method": "full", "batch": 1,
             "distributed_optimizer": True},
)  # fmt: skip

_SWIFT_MODEL = Tool("transformers", "batch", {"model": "model_name:name", "max-model-len": "context:int"})

_VERL_FLAGS = {
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
    "trainer.total-epochs": "epochs:number",
    "trainer.total-training-steps": "steps:limit",
}
_VERL = Tool("verl", "train", _VERL_FLAGS, dotted=True)

_OPENRLHF = TRAINER._replace(
    engine="openrlhf",
    flags={
        **FLAGS,
        "pretrain": "model_name:name",
        "max-len": "sequence:int",
        "micro-train-batch-size": "batch:int",
        "max-epochs": "epochs:number",
        "train-batch-size": "global_batch:int",
        "adam-offload": "offload=cpu",
        "zero-stage": "sharding:zero",
    },
)

_AXOLOTL_FILE = _AXOLOTL._replace(
    flags={
        **_AXOLOTL.flags,
        "rl": "algorithm:word",
        "deepspeed": "",
        "fsdp": "sharding:fsdp",
        **alike(
            "shards:shards",
            "fsdp-version fsdp-config.auto-wrap-policy fsdp-config.fsdp-auto-wrap-policy "
            "fsdp-config.transformer-layer-cls-to-wrap fsdp-config.fsdp-transformer-layer-cls-to-wrap "
            "fsdp-config.offload-params fsdp-config.fsdp-version",
        ),
        **alike("fsdp_offload:bool", "fsdp-config.offload-params fsdp-config.fsdp-offload-params"),
        **alike(
            "sharding:strategy",
            "fsdp-config.fsdp-sharding-strategy fsdp-config.sharding-strategy fsdp-config.reshard-after-forward "
            "fsdp-config.fsdp-reshard-after-forward",
        ),
        "fsdp-config.activation-checkpointing": "gradient_checkpointing:if_true",
        "activation-offloading": "cpu_offload:activations_away",
        **alike("fused_loss:if_true", "liger-fused-linear-cross-entropy cut-cross-entropy"),
        "plugins": "fused_loss:cuts_loss",
        "lora-target-linear": "target_modules:all_linear",
        "lora-target-modules": "target_modules:targets",
        "lisa-n-layers": "trained_layers:int",
        "unfrozen-parameters": "method:unknown",
        "tensor-parallel-size": "tensor_parallel:int",
        **alike("context_parallel:int", "context-parallel-size sequence-parallel-degree"),
    }
)

_LLAMA_FACTORY_FILE = _LLAMA_FACTORY._replace(
    flags={
        **_LLAMA_FACTORY.flags,
        "packing": "packing:bool",
        "enable-liger-kernel": "fused_loss:bool",
    }
)

_TORCHTUNE_FILE = _TORCHTUNE._replace(
    flags={
        **_TORCHTUNE.flags,
        "checkpointer.checkpoint-dir": "",
        "enable-activation-checkpointing": "gradient_checkpointing:bool",
    }
)

RECIPES: tuple[tuple[str, dict[str, object]], ...] = (
    ("qlora", {"method": "qlora"}),
    ("lora", {"method": "lora"}),
    ("full", {"method": "full"}),
)
"""torchtune's recipes say the method in their name: lora_finetune_single_device, full_finetune_distributed."""

AXOLOTL = Engine(
    "axolotl",
    "trainer",
    _AXOLOTL,
    weights="safetensors",
    programs={
        ("axolotl", "train"): _AXOLOTL,
        ("axolotl", "preprocess"): _AXOLOTL._replace(task=None),
        ("-m", "axolotl.cli.train"): _AXOLOTL,
    },
    told_by=(frozenset({"base-model", "micro-batch-size", "sequence-len"}),),
    packages=("axolotl",),
    config=_AXOLOTL_FILE,
    # axolotl's loaders/model.py: weights as bf16 says, embeddings and norms of a quantized base back in that.
    training=PEFT_TRAINING._replace(loads="bf16", casts_back=True),
)
_FACTORY_CHAT = _LLAMA_FACTORY._replace(task="interactive", implies={})
LLAMA_FACTORY = Engine(
    "llama-factory",
    "trainer",
    _LLAMA_FACTORY,
    weights="safetensors",
    programs={
        (cli, verb): tool
        for cli in ("llamafactory-cli", "lmf")  # its setup.py, get_console_scripts
        for verb, tool in (
            ("train", _LLAMA_FACTORY),
            ("webui", Tool("llama-factory", "interactive")),
            ("chat", _FACTORY_CHAT),
            ("webchat", _FACTORY_CHAT),
            ("api", _LLAMA_FACTORY._replace(task="serve", implies={})),
        )
    },
    aliases=("llamafactory",),
    scripts=((("train_bash", "llamafactory"), _LLAMA_FACTORY),),
    main_script=("llama", "src/train.py"),
    environment=_PROCESSES,
    told_by=(frozenset({"finetuning-type", "stage"}),),
    packages=("llamafactory",),
    binaries={"llamafactory": "llamafactory-cli"},
    config=_LLAMA_FACTORY_FILE,
    # model_utils/checkpointing.py: only norms, and only if told (upcast_layernorm).
    training=PEFT_TRAINING._replace(casts_back=True),
)
TORCHTUNE = Engine(
    "torchtune",
    "trainer",
    _TORCHTUNE,
    programs={("tune", "run"): _TORCHTUNE},
    config=_TORCHTUNE_FILE,
    training=Training(
        precision="bf16",
        four_bit="nf4-dq",
        compiled=True,
        loss="chunked",
        fused_step=True,
        attention="repeated",
        embeddings_apart=True,
    ),
    config_name_tells=True,
    shipped_config=recipe,
)
MS_SWIFT = Engine(
    "ms-swift",
    "trainer",
    _SWIFT,
    environment=_PROCESSES,
    # torch_dtype is the config's: 16 bit.
    training=PEFT_TRAINING._replace(loads="bf16"),
    programs={
        ("swift", "sft"): _SWIFT._replace(implies={**_SWIFT.implies, "algorithm": "sft"}),
        ("swift", "pt"): _SWIFT,
        ("swift", "rlhf"): _SWIFT,
        ("megatron", "sft"): _MEGATRON_SWIFT._replace(
            implies={**_MEGATRON_SWIFT.implies, "algorithm": "sft"}
        ),
        ("megatron", "pt"): _MEGATRON_SWIFT,
        ("megatron", "rlhf"): _MEGATRON_SWIFT,
        ("swift", "infer"): _SWIFT_MODEL,
        ("swift", "deploy"): _SWIFT_MODEL._replace(task="serve"),
    },
)
# NovaSky-AI/SkyRL, skyrl_train/config/ppo_base_config.yaml and its examples, 2025–2026
_SKYRL = Tool(
    "skyrl",
    "train",
    {
        "trainer.policy.model.path": "model_name:name",
        "trainer.policy.model.lora.rank": "lora_rank:int",
        "trainer.algorithm.advantage-estimator": "algorithm:word",
        "trainer.strategy": "sharding:framework",
        "trainer.micro-train-batch-size-per-gpu": "batch:int",
        "trainer.gradient-checkpointing": "gradient_checkpointing=yes",
        "trainer.placement.policy-num-gpus-per-node": "processes:processes",
        "trainer.placement.policy-num-nodes": "nodes:int",
        "trainer.epochs": "epochs:number",
        "generator.inference-engine-tensor-parallel-size": "tensor_parallel:int",
        "generator.gpu-memory-utilization": "-",
    },
    dotted=True,
)
SKYRL = Engine(
    "skyrl",
    "trainer",
    _SKYRL,
    title="SkyRL",
    programs={
        ("-m", "skyrl_train.entrypoints.main_base"): _SKYRL,
        ("-m", "skyrl.train.entrypoints.main_base"): _SKYRL,
    },
    training=Training(generates=True),
)
VERL = Engine(
    "verl",
    "trainer",
    _VERL,
    programs={
        ("-m", "verl.trainer.main_ppo"): _VERL,
        ("-m", "verl.trainer.fsdp_sft_trainer"): _VERL._replace(
            implies={"algorithm": "sft", "sharding": "fsdp"}
        ),
    },
    training=Training(generates=True),
)
OPENRLHF = Engine(
    "openrlhf",
    "trainer",
    _OPENRLHF,
    programs={
        ("-m", "openrlhf.cli.train_sft"): _OPENRLHF._replace(implies={"algorithm": "sft"}),
        ("-m", "openrlhf.cli.train_dpo"): _OPENRLHF._replace(implies={"algorithm": "dpo"}),
        ("-m", "openrlhf.cli.train_ppo_ray"): _OPENRLHF._replace(implies={"algorithm": "ppo"}),
    },
    training=Training(generates=True),
)
DEEPSPEED = Engine("deepspeed", "trainer", aliases=("deepspeed-chat",), training=Training(deepspeed=True))
ENGINES = (
    AXOLOTL, LLAMA_FACTORY, TORCHTUNE, MS_SWIFT, VERL, SKYRL, OPENRLHF, DEEPSPEED,
)  # fmt: skip
