"""Trainers of image and video models: diffusers' examples, kohya, ai-toolkit, OneTrainer, SimpleTuner; Ultralytics,
whose models find things in pictures. 2023–2026."""

from gpuspec.engines.engine import Engine, Training
from gpuspec.engines.tool import Tool, alike

_FLAGS = {
    "pretrained-model-name-or-path": "model_name:name",
    "train-batch-size": "batch:int",
    "gradient-accumulation-steps": "gradient_accumulation:int",
    "gradient-checkpointing": "gradient_checkpointing=yes",
    "mixed-precision": "precision:mixed",
    "learning-rate": "-",
    "max-train-steps": "steps:limit",
    **alike("epochs:number", "num-train-epochs max-train-epochs"),
}
_KOHYA_FLAGS = {
    **_FLAGS,
    "dit": "model_name:name",
    **alike("width:width height:height", "resolution datasets.0.resolution general.resolution"),
    **alike("batch:int", "datasets.0.batch-size general.batch-size"),
    "optimizer-type": "optimizer:word",
    "use-8bit-adam": "optimizer=adamw8bit",
    "full-bf16": "precision=bf16",
    "full-fp16": "precision=fp16",
    "network-dim": "lora_rank:int",
    **alike("quantization=fp8", "fp8-base fp8-base-unet"),
    "blocks-to-swap": "cpu_offload:offload",
    "network-module": "-",
    "network-train-unet-only": "trains_text_encoder=no",
    "train-text-encoder": "trains_text_encoder=yes",
    **alike("caches_latents=yes", "cache-latents cache-latents-to-disk"),
    **alike("caches_text=yes", "cache-text-encoder-outputs cache-text-encoder-outputs-to-disk"),
    **alike("", "xformers sdpa no-half-vae lowram split-mode highvram fp8-scaled"),
}
# sd-scripts' library/train_util.py and train_network.py: one picture, no checkpointing, rank 4.
_KOHYA_LORA = Tool(
    "kohya",
    "train",
    _KOHYA_FLAGS,
    implies={"method": "lora", "gradient_checkpointing": False, "batch": 1, "lora_rank": 4},
    modality="image",
    config=("config-file", "dataset-config"),
)
_KOHYA_FULL = _KOHYA_LORA._replace(implies={"method": "full", "gradient_checkpointing": False, "batch": 1})
# musubi-tuner encodes pictures and texts before it trains.
_MUSUBI = _KOHYA_LORA._replace(implies={**_KOHYA_LORA.implies, "caches_latents": True, "caches_text": True})

_DIFFUSERS_FLAGS = {
    **_FLAGS,
    "resolution": "width:int height:int",
    "use-8bit-adam": "optimizer=adamw_8bit",
    "optimizer": "optimizer:word",
    "rank": "lora_rank:int",
    "train-text-encoder": "trains_text_encoder=yes",
    "cache-latents": "caches_latents=yes",
    "with-prior-preservation": "prior_preservation=yes",
    "offload": "cpu_offload=model",
    **alike(
        "",
        "random-flip center-crop enable-xformers-memory-efficient-attention push-to-hub allow-tf32 use-ema",
    ),
}


def _diffusers(method: str, batch: int, **more: int) -> Tool:
    """A script of its examples/: 512 pixels (1,024 in those for SDXL), no checkpointing, rank 4."""
    implied = {
        "method": method,
        "gradient_checkpointing": False,
        "batch": batch,
        "width": 512,
        "height": 512,
        **more,
    }
    if method == "lora":
        implied["lora_rank"] = 4
    return Tool("diffusers", "train", _DIFFUSERS_FLAGS, implies=implied, modality="image")


_LARGE = {"width": 1024, "height": 1024}
DIFFUSERS_SCRIPTS = (
    (("train_text_to_image_lora_sdxl",), _diffusers("lora", 16, **_LARGE)),
    (("train_text_to_image_lora",), _diffusers("lora", 16)),
    (("train_dreambooth_lora_sdxl",), _diffusers("lora", 4, **_LARGE)),
    (("train_dreambooth_lora",), _diffusers("lora", 4)),
    (("train_text_to_image_sdxl",), _diffusers("full", 16, **_LARGE)),
    (("train_text_to_image",), _diffusers("full", 16)),
    (("train_dreambooth", "train_controlnet"), _diffusers("full", 4)),
)

_AI_TOOLKIT_FLAGS = {
    f"config.process.0.{key}": meaning
    for key, meaning in {
        "model.name-or-path": "model_name:name",
        "model.quantize": "quantization=fp8",
        "model.qtype": "quantization:quant",
        "network.type": "method:method",
        "network.linear": "lora_rank:int",
        "datasets.0.resolution": "width:largest height:largest",
        **alike("caches_latents:if_true", "datasets.0.cache-latents datasets.0.cache-latents-to-disk"),
        "train.batch-size": "batch:int",
        **alike("gradient_accumulation:int", "train.gradient-accumulation-steps train.gradient-accumulation"),
        "train.gradient-checkpointing": "gradient_checkpointing:bool",
        "train.steps": "steps:limit",
        "train.optimizer": "optimizer:word",
        "train.dtype": "dtype:dtype",
        "train.train-text-encoder": "trains_text_encoder:bool",
        **alike("caches_text:if_true", "train.cache-text-embeddings train.unload-text-encoder"),
    }.items()
}
# toolkit/config_modules.py: one picture, checkpointed; weights of a network where the file has one, else all.
_AI_TOOLKIT = Tool(
    "ai-toolkit",
    "train",
    _AI_TOOLKIT_FLAGS,
    implies={"method": "full", "gradient_checkpointing": True, "batch": 1},
    modality="image",
    config=("",),
)

_ONE_TRAINER = Tool(
    "onetrainer",
    "train",
    {
        "base-model-name": "model_name:name",
        "training-method": "method:method",
        "batch-size": "batch:int",
        "gradient-accumulation-steps": "gradient_accumulation:int",
        "epochs": "epochs:number",
        "gradient-checkpointing": "gradient_checkpointing:recomputes cpu_offload:kept_away",
        "resolution": "width:largest height:largest",
        "lora-rank": "lora_rank:int",
        "optimizer.optimizer": "optimizer:word",
        **alike("quantization:weight_dtype", "transformer.weight-dtype unet.weight-dtype prior.weight-dtype"),
        "latent-caching": "caches_latents:bool",
        "text-encoder.train": "trains_text_encoder:bool",
    },
    modality="image",
    config=("config-path",),
)

_SIMPLE_TUNER = Tool(
    "simpletuner",
    "train",
    {
        **_DIFFUSERS_FLAGS,
        "resolution": "width:pixels height:pixels",
        "lora-rank": "lora_rank:int",
        "model-type": "method:method",
        "base-model-precision": "quantization:weight_dtype",
        "gradient-checkpointing": "gradient_checkpointing:bool",
    },
    # Its documentation/OPTIONS.md; pictures and texts are encoded before.
    implies={"batch": 4, "gradient_checkpointing": False, "lora_rank": 16, "caches_latents": True,
             "caches_text": True},
    modality="image",
    config=("config",),
)  # fmt: skip

KOHYA = Engine(
    "kohya",
    "image",
    _KOHYA_LORA,
    scripts=(
        (
            ("hv_train_network.py", "wan_train_network.py", "fpack_train_network.py"),
            _MUSUBI._replace(modality="video"),
        ),
        (("qwen_image_train_network.py", "flux_kontext_train_network.py", "zimage_train_network.py"), _MUSUBI),
        (
            ("sdxl_train_network.py", "flux_train_network.py", "sd3_train_network.py", "lumina_train_network.py",
             "hunyuan_image_train_network.py", "train_network.py"),
            _KOHYA_LORA,
        ),
        (("sdxl_train.py", "flux_train.py", "sd3_train.py", "fine_tune.py", "train_db.py"), _KOHYA_FULL),
    ),
    training=Training(keeps_activations=True, keeps_encoders=True),
)  # fmt: skip
"""kohya-ss/sd-scripts, and musubi-tuner, which has its flags."""
AI_TOOLKIT = Engine(
    "ai-toolkit",
    "image",
    _AI_TOOLKIT,
    main_script=("ai-toolkit", "run.py"),
    told_by=(frozenset({"job", "config.process.0.type"}),),
    training=Training(keeps_encoders=True),
)
ONE_TRAINER = Engine(
    "onetrainer",
    "image",
    _ONE_TRAINER._replace(flags={}),
    config=_ONE_TRAINER,
    told_by=(frozenset({"base-model-name", "training-method"}),),
)
SIMPLE_TUNER = Engine(
    "simpletuner",
    "image",
    _SIMPLE_TUNER,
    programs={("simpletuner", "train"): _SIMPLE_TUNER},
    main_script=("simpletuner", "train.py"),
    told_by=(frozenset({"model-family", "model-type"}),),
)
SAT = Engine(
    "sat",
    "image",
    scripts=((("train_video.py",), Tool("sat", "train", {}, implies={"method": "full"}, modality="video")),),
    # Its own figures for CogVideoX (47, 61, 63 and 80 GB for LoRA of 2B and 5B at batch 1 and 2) are those of 32-bit
    # components that all stay while a batch is encoded. A clip more is 14 or 17 GB, as in 16 bit: videos are turned
    # to it, and no autocast turns them back (CogVideo, sat/diffusion_video.py, get_input; its configs,
    # disable_first_stage_autocast). Buckets: sat/configs/sft.yaml, ZeRO-2 in all of its trainings.
    training=Training(
        all_32_bit=True, keeps_encoders=True, encodes_beside=True, deepspeed=True, bucket_elements=1e9
    ),
)
"""SwissArmyTransformer, which CogVideo's own training runs on."""
_ULTRALYTICS = Tool(
    "ultralytics",
    "train",
    {"device": "processes:devices"},
    dotted=True,
    implies={"processes": 1},  # one GPU unless `device` lists more (docs.ultralytics.com/modes/train)
    modality="vision",
)

ULTRALYTICS = Engine(
    "ultralytics",
    "trainer",
    _ULTRALYTICS,
    module="ultralytics",
    loaders={"YOLO": Tool("ultralytics", flags={"model": "model_name:name"}), "train": _ULTRALYTICS},
    programs={
        ("yolo", "train"): _ULTRALYTICS,
        **{
            ("yolo", kind, "train"): _ULTRALYTICS for kind in ("detect", "segment", "classify", "pose", "obb")
        },
    },
)
ENGINES = (KOHYA, AI_TOOLKIT, ONE_TRAINER, SIMPLE_TUNER, SAT, ULTRALYTICS)
