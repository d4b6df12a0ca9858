"""Hugging Face's libraries: transformers, its Trainer, TRL, PEFT; Unsloth, which patches them; TGI, and LoRAX, which
grew from it. 2023–2025."""

from gpuspec.engines import vllm
from gpuspec.engines.decode import DecodeSpeed
from gpuspec.engines.engine import PYTORCH, Defaults, Engine, Memory, Quantizing, Server, Training
from gpuspec.engines.tool import Tool, alike

FLAGS = {
    **alike(
        "model_name:name",
        "model-name-or-path model-name model-path model-id base-model base-model-name "
        "pretrained-model-name-or-path pretrained-model",
    ),
    **alike("dtype:dtype", "torch-dtype model-dtype dtype"),
    **alike("precision=amp", "bf16 fp16"),
    "mixed-precision": "precision:mixed",
    "load-in-4bit": "quantization=nf4 method=qlora",
    **alike("quantization=int8", "load-in-8bit use-8bit-quantization"),
    **alike("quantization=nf4 method=qlora", "use-4bit use-4bit-quantization"),
    **alike("method=lora", "use-lora use-peft use-peft-lora lora lora-enable"),
    **alike("lora_rank:int method=lora", "lora-r lora-rank lora-dim lora-dimension"),
    **alike("-", "lora-alpha learning-rate output-dir"),
    **alike("epochs:number", "num-train-epochs num-epochs"),
    **alike("steps:limit", "max-steps max-train-steps"),
    **alike("examples:limit", "max-train-samples max-samples"),
    "q-lora": "method=qlora quantization=nf4",
    "bits": "bits:int",
    **alike(
        "nested_scales=yes",
        "bnb-4bit-use-double-quant use-bnb-nested-quant use-nested-quant use-double-quant double-quant",
    ),
    **alike(
        "sequence:int", "max-seq-length max-seq-len max-length max-len model-max-length block-size cutoff-len"
    ),
    **alike("batch:int", "per-device-train-batch-size per-gpu-train-batch-size micro-batch-size"),
    "gradient-accumulation-steps": "gradient_accumulation:int",
    **alike("target_modules:targets", "lora-target-modules target-modules lora-target lora-targets"),
    **alike("gradient_checkpointing=yes", "gradient-checkpointing use-gradient-checkpointing"),
    "optim": "optimizer:word",
    "use-8bit-adam": "optimizer=adamw_8bit",
    "torch-compile": "compiled=yes",
    "fsdp": "sharding:fsdp",
    "fsdp-config.activation-checkpointing": "gradient_checkpointing:if_true",
    **alike("sharding:zero", "zero-stage zero3-stage"),
    "packing": "packing=yes",
    **alike("fused_loss=yes", "use-liger use-liger-kernel use-liger-loss"),
    **alike(
        "",
        "do-train do-eval overwrite-output-dir trust-remote-code lazy-preprocess tf32 push-to-hub "
        "use-flash-attn flash-attn with-tracking",
    ),
}
"""TrainingArguments, TRL's ModelConfig, PEFT examples, FastChat, QLoRA: scripts that parse with HfArgumentParser."""

_CONFIGS = (
    "",
    "deepspeed",
    "deepspeed-config",
    "ds-config",
    "ds-file",
    "config",
    "config-file",
    "config-path",
)
TRAINER = Tool("hf-trainer", "train", FLAGS, config=_CONFIGS)
# TrainingArguments: nothing is computed again.
_ARGUMENTS = {"gradient_checkpointing": False}
_TRL = TRAINER._replace(
    engine="trl",
    flags={**FLAGS, **alike("-", "max-prompt-length max-completion-length"), "use-vllm": ""},
)

GENERIC_TRAINING = TRAINER._replace(
    dotted=True,
    groups=True,
    flags={**FLAGS, "model": "model_name:name", "batch-size": "batch:int", "seq-len": "sequence:int"},
)

ANY_SCRIPT_FLAGS = {
    **alike(
        "model_name:name",
        "model-name-or-path model-name model-path model-id base-model pretrained-model-name-or-path model",
    ),
    **alike("dtype:dtype", "torch-dtype dtype"),
    "load-in-4bit": "quantization=nf4",
    "load-in-8bit": "quantization=int8",
    "quantization": "quantization:quant",
    "tensor-parallel-size": "tensor_parallel:int",
    "max-model-len": "context:int",
    "per-device-train-batch-size": "batch:int training=yes",
    "num-train-epochs": "epochs:number training=yes",
    **alike("steps:limit", "max-train-steps"),
    "gradient-accumulation-steps": "gradient_accumulation:int training=yes",
    "gradient-checkpointing": "gradient_checkpointing=yes training=yes",
    **alike("lora_rank:int method=lora training=yes", "lora-r lora-rank"),
    "max-seq-length": "sequence:int",
}
ANY_SCRIPT = Tool(
    None,
    None,
    ANY_SCRIPT_FLAGS,
    config=("", "deepspeed", "deepspeed-config", "config", "config-file", "config-path"),
    dotted=True,
    groups=True,
)
"""For a script of which nothing is known but that its author used the field's usual names."""

TRAINING_WORDS = frozenset(
    {"train", "training", "trainer", "finetune", "finetuning", "pretrain", "pretraining"}
)
OTHER_WORDS = frozenset(
    {"prepare", "preprocess", "data", "dataset", "eval", "evaluate", "test", "infer", "inference", "predict", "merge",
     "export", "convert", "download", "tokenizer", "plot", "serve", "generate", "sample"}
)  # fmt: skip
"""Words of a file's name that say training, and those that say otherwise in spite of them."""

MORE_OTHER_WORDS = frozenset(
    {"allreduce", "answer", "bandwidth", "bench", "benchmark", "benchmarks", "caption", "chat", "check", "completion",
     "demo", "embed", "embeddings", "encode", "evaluation", "evaluator", "extract", "gen", "generation", "hello",
     "nccl", "reduce", "sampling", "score", "server", "tests", "validate"}
)  # fmt: skip
"""Words of a file's path that say otherwise where only the launcher of several processes says training."""

METHOD_WORDS = {"qlora": "qlora", "lora": "lora", "peft": "lora"}
"""Words of a file's name → how it trains; the first that stands there counts."""

_AUTOTRAIN_FLAGS = {
    **FLAGS,
    "model": "model_name:name",
    "train": "",
    "peft": "method=lora",
    "quantization": "quantization:quant",
    "batch-size": "batch:int",
    "epochs": "epochs:number",
    "trainer": "algorithm:word",
}
_AUTOTRAIN = Tool("hf-trainer", "train", _AUTOTRAIN_FLAGS, translate={"quant": {"int4": "nf4"}})
# Its get_peft_model checkpoints unless told otherwise; unsloth-cli.py: 2 sequences of 2,048 tokens.
UNSLOTH_DEFAULTS = {"gradient_checkpointing": True}
_UNSLOTH = TRAINER._replace(
    engine="unsloth",
    flags={**FLAGS, "r": "lora_rank:int method=lora"},
    implies={**UNSLOTH_DEFAULTS, "method": "lora", "batch": 2, "sequence": 2048},
)


def _trl(algorithm: str) -> Tool:
    """TRL's own commands and scripts: they cut at 1,024 tokens (SFTConfig.max_length)."""
    return _TRL._replace(implies={"algorithm": algorithm, "batch": 8, "sequence": 1024})


# transformers 5 training_args.py: adamw_torch_fused, where PyTorch has it.
PEFT_TRAINING = Training(dropout=True, peft=True, fused_step=True)

# presets/workspace/inference/text-generation/inference_api.py of kaito-project/kaito, 2025
_KAITO = Tool(
    "transformers",
    "serve",
    {"pretrained-model-name-or-path": "model_name:name", **alike("dtype:dtype", "torch-dtype dtype")},
)
TRANSFORMERS = Engine(
    "transformers",
    "library",
    Tool("transformers"),
    programs={("inference_api.py",): _KAITO},
    aliases=("hf",),
    weights="safetensors",
    packages=("transformers",),
    module="transformers",
    memory=PYTORCH._replace(counted=True, widens_before=(5,)),
    # Qwen2.5 speed benchmark (transformers 4.46, FlashAttention 2.5, A100, 2024): 0.84 to 0.9 ms for each of the 24
    # to 64 layers of 0.5B to 32B, whatever their width. With 30,720 tokens its 14B takes 80 ms more, 3 % of the
    # bandwidth: each token copies the cache, and few of the GPU's units look at it.
    decode=DecodeSpeed(
        cache=(0.015, 0.035, 0.5), eager_block=(200e-6, 420e-6, 700e-6), cuda_graphs=False, in_turn=True
    ),
    training=PEFT_TRAINING,
    quantizing=Quantizing(
        suggested={
            "int8": "BitsAndBytesConfig(load_in_8bit=True)",
            "nf4": "BitsAndBytesConfig(load_in_4bit=True)",
        },
        # transformers 5 quantizer_bnb_4bit.py: bitsandbytes takes modules of nn.Linear, and experts are none.
        fused_experts_since=(5, 0),
    ),
)
HF_TRAINER = Engine(
    "hf-trainer",
    "trainer",
    TRAINER,
    weights="safetensors",
    programs={("autotrain", "llm"): _AUTOTRAIN},
    scripts=(
        (
            ("run_clm", "run_mlm", "run_plm", "run_fim", "run_seq2seq", "run_summarization", "run_translation",
             "run_qa", "run_glue", "run_speech_recognition"),
            TRAINER._replace(implies=_ARGUMENTS),
        ),
        # artidoro/qlora: adapters on all linear layers, which it checkpoints.
        (
            ("qlora.py",),
            TRAINER._replace(
                implies={
                    "method": "qlora",
                    "gradient_checkpointing": True,
                    "batch": 1,
                    "lora_rank": 64,
                    "target_modules": "all",
                }
            ),
        ),
        (
            ("train_mem", "train_xformers", "train_flash_attn"),
            TRAINER._replace(implies={"method": "full", **_ARGUMENTS}),
        ),
    ),
    training=PEFT_TRAINING,
)  # fmt: skip
TRL = Engine(
    "trl",
    "trainer",
    _TRL,
    weights="safetensors",
    programs={
        **{("trl", algorithm): _trl(algorithm) for algorithm in ("sft", "dpo", "grpo", "kto", "reward")},
        ("trl", "vllm-serve"): Tool(
            "vllm", "serve", {"model": "model_name:name", "tensor-parallel-size": "tensor_parallel:int"}
        ),
    },
    scripts=tuple(
        ((name, f"run_{name}", f"train_{name}"), _trl(name)) for name in ("sft", "dpo", "orpo", "grpo", "kto")
    ),
    lends_script_names=True,
    packages=("trl",),
    module="trl",
    training=PEFT_TRAINING._replace(
        unless_told=(
            ((0, 0), {"gradient_checkpointing": False}),
            ((0, 20), {"gradient_checkpointing": True, "precision": "amp"}),
        )
    ),  # trl#3510
)
_META = Tool(
    "llama-models",
    "batch",
    {
        "ckpt-dir": "model_name:name",
        "tokenizer-path": "-",
        "max-seq-len": "context:int",
        "max-batch-size": "concurrency:int",
    },
)
LLAMA_MODELS = Engine(
    "llama-models",
    "library",
    _META,
    title="Meta's reference code",
    # example_*.py of meta-llama/llama and llama3: one process a slice of the checkpoint ("consolidated.00.pth"), and
    # a cache of max_batch_size × max_seq_len that is set aside at once (llama/model.py)
    told_by=(frozenset({"ckpt-dir", "tokenizer-path"}),),
    memory=PYTORCH._replace(grows=False),
    process_is_slice=True,
    one_gpu_by_default=True,
    divides=frozenset({"heads", "KV heads"}),
)
PEFT = Engine("peft", "library", training=PEFT_TRAINING)
ACCELERATE = Engine("accelerate", "library", training=PEFT_TRAINING)
UNSLOTH = Engine(
    "unsloth",
    "trainer",
    _UNSLOTH,
    weights="safetensors",
    programs={("unsloth", "studio"): Tool("unsloth", "interactive")},
    scripts=((("unsloth-cli", "unsloth_cli"), _UNSLOTH),),
    # its docs, "Multi-GPU Training with Unsloth", 2026: one GPU, unless a launcher starts several processes or
    # device_map="balanced" lays the layers out
    one_gpu_by_default=True,
    packages=("unsloth",),
    module="unsloth",
    training=Training(four_bit="nf4-dq", compiled=True, offloads=True, loss="fused", loads="bf16"),
)
_TGI_FLAGS = {
    "model-id": "model_name:name",
    "dtype": "dtype:dtype",
    "quantize": "quantization:quant",
    "num-shard": "tensor_parallel:int",
    "max-total-tokens": "context:int",
    "max-concurrent-requests": "-",
    "max-batch-size": "concurrency:int",
    "max-batch-prefill-tokens": "max_batched_tokens:int",
    "kv-cache-dtype": "kv_dtype:kv",
    "cuda-memory-fraction": "memory_utilization:number",
    **alike("", "trust-remote-code disable-custom-kernels json-output"),
}
# The launcher's help: LLM.int8().
_TGI = Tool("tgi", "serve", _TGI_FLAGS, translate={"quant": {"bitsandbytes": "int8"}})

ROUTER = Server(
    3000,
    "/health",
    image_port=80,
    host_flag="--hostname",
    port_variable="PORT",
    short_port_flag="-p",
    key_flags=("--api-key",),
    key_variable="API_KEY",
)
"""Where TGI, TEI and LoRAX listen: their `--help`, and ENV PORT=80 of their Dockerfiles (November 2026)."""
TGI = Engine(
    "tgi",
    "server",
    _TGI,
    programs={("text-generation-launcher",): _TGI},
    aliases=("text-generation-inference",),
    title="TGI",
    weights="safetensors",
    prefill=vllm.PREFILL,
    images={"text-generation-inference": _TGI},
    cuda=(((1, 2), (12, 1)), ((2, 1), (12, 4)), ((3, 3), (12, 8))),  # its Dockerfile; 3.3 has Blackwell
    # Its Dockerfile; those of huggingface/Google-Cloud-Containers and of SageMaker, which start it as well; 2026
    entrypoints=dict.fromkeys(
        (
            "text-generation-inference",
            "huggingface-text-generation-inference-*",
            "huggingface-pytorch-tgi-inference",
        ),
        "text-generation-launcher",
    ),
    from_environment=True,  # `text-generation-launcher --help`
    environment={"HF_MODEL_ID": "model_name:name", "SM_NUM_GPUS": "tensor_parallel:int"},  # SageMaker's image
    # backends/ and server/text_generation_server of 2.4 and 3.0: TGI_WIGGLE_ROOM leaves a twentieth.
    defaults=(Defaults(utilization=0.95, chunk=4096, graphs_inside=True),),
    memory=Memory(queues=True, workspace=(0.02, 0.1, 0.3), graphs=(0.1, 0.5, 1.2)),
    server=ROUTER,
    quantizing=Quantizing(
        loads_as_is=True,
        suggested=vllm.SUGGESTED,
        refuses=frozenset({"GGUF", "NVFP4"}),
        reads="AWQ, GPTQ, FP8 or bitsandbytes",
        kv_fp8="--kv-cache-dtype fp8_e5m2",
    ),
    divides=frozenset({"heads"}),  # "`num_heads` must be divisible by `num_shards`", models/custom_modeling
)
# predibase/lorax, launcher/src/main.rs, 2025: TGI 0.9 with adapters. It sets a tenth of the memory aside for them.
_LORAX = Tool(
    "lorax",
    "serve",
    {
        **_TGI_FLAGS,
        "adapter-memory-fraction": "-",
        **alike("", "trust-remote-code disable-custom-kernels json-output compile"),
    },
    translate={"quant": {"bitsandbytes": "int8"}},
)
LORAX = TGI._replace(
    name="lorax",
    tool=_LORAX,
    programs={("lorax-launcher",): _LORAX},
    aliases=(),
    title="LoRAX",
    images={"predibase/lorax": _LORAX},
    cuda=(),
    entrypoints={"predibase/lorax": "lorax-launcher"},  # its Dockerfile
    environment={},
    defaults=(Defaults(utilization=0.9, context=2048, graphs_inside=True),),
    server=ROUTER._replace(key_flags=(), key_variable=""),
    quantizing=TGI.quantizing._replace(
        on_the_fly={"nf4": "--quantize bitsandbytes-nf4", "int8": "--quantize bitsandbytes"}, kv_fp8=""
    ),
)
ENGINES = (TRANSFORMERS, HF_TRAINER, TRL, PEFT, ACCELERATE, UNSLOTH, LLAMA_MODELS, TGI, LORAX)
