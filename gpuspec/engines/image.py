"""Image and video models: trainers, web interfaces."""

from gpuspec.engines.engine import Engine, Quantizing, Training
from gpuspec.engines.tool import Tool, alike

_TRAINING_FLAGS = {
    "pretrained-model-name-or-path": "model_name:name",
    "train-batch-size": "batch:int",
    "gradient-accumulation-steps": "gradient_accumulation:int",
    "gradient-checkpointing": "gradient_checkpointing=yes",
    "mixed-precision": "precision:mixed",
}
_KOHYA_FLAGS = {
    **_TRAINING_FLAGS,
    "resolution": "width:width height:height",
    "optimizer-type": "optimizer:word",
    "use-8bit-adam": "optimizer=adamw8bit",
    "full-bf16": "precision=bf16",
    "full-fp16": "precision=fp16",
    "network-dim": "lora_rank:int",
    "fp8-base": "quantization=fp8",
    "network-module": "-",
    **alike(
        "",
        "network-train-unet-only cache-latents cache-latents-to-disk xformers sdpa no-half-vae "
        "lowram split-mode cache-text-encoder-outputs highvram",
    ),
}

_KOHYA_LORA = Tool(
    "kohya", "train", _KOHYA_FLAGS, implies={"method": "lora"}, modality="image", config=("config-file",)
)
_KOHYA_FULL = _KOHYA_LORA._replace(implies={"method": "full"})

_DIFFUSERS_FLAGS = {
    **_TRAINING_FLAGS,
    "resolution": "width:int height:int",
    "use-8bit-adam": "optimizer=adamw_8bit",
    "optimizer": "optimizer:word",
    "rank": "lora_rank:int",
    "learning-rate": "-",
    **alike(
        "",
        "random-flip center-crop with-prior-preservation train-text-encoder "
        "enable-xformers-memory-efficient-attention push-to-hub allow-tf32 use-ema cache-latents",
    ),
}
_DIFFUSERS_LORA = Tool("diffusers", "train", _DIFFUSERS_FLAGS, implies={"method": "lora"}, modality="image")
_DIFFUSERS_FULL = _DIFFUSERS_LORA._replace(implies={"method": "full"})

_WEB = Tool("diffusers", "interactive", modality="image")
_COMFYUI = _WEB._replace(engine="comfyui")

KOHYA = Engine(
    "kohya",
    "image",
    _KOHYA_LORA,
    scripts=(
        (
            ("sdxl_train_network.py", "flux_train_network.py", "sd3_train_network.py", "lumina_train_network.py",
             "hunyuan_image_train_network.py", "train_network.py"),
            _KOHYA_LORA,
        ),
        (("sdxl_train.py", "flux_train.py", "sd3_train.py", "fine_tune.py", "train_db.py"), _KOHYA_FULL),
    ),
)  # fmt: skip
"""kohya-ss/sd-scripts."""
DIFFUSERS = Engine(
    "diffusers",
    "image",
    Tool("diffusers", modality="image"),
    scripts=(
        (("train_text_to_image_lora", "train_dreambooth_lora"), _DIFFUSERS_LORA),
        (("train_text_to_image", "train_dreambooth", "train_controlnet"), _DIFFUSERS_FULL),
    ),
    module="diffusers",
    training=Training(fp32_unets=True),
    quantizing=Quantizing(
        suggested={
            "fp8": "an FP8 checkpoint, or torchao/quanto in 8 bit",
            "nf4": "BitsAndBytesConfig(load_in_4bit=True)",
        },
    ),
)
"""The library and its examples/."""
COMFYUI = Engine(
    "comfyui",
    "image",
    _COMFYUI,
    programs={("comfy", "launch"): _COMFYUI},
    main_script=("comfyui", "main.py"),
    registry="its own models folder",
    one_gpu_by_default=True,
)
_INVOKEAI = _WEB._replace(engine="invokeai")
INVOKEAI = Engine(
    "invokeai", "image", _INVOKEAI, programs={("invokeai-web",): _INVOKEAI, ("invokeai",): _INVOKEAI}
)
A1111 = Engine(
    "a1111", "image", programs={("webui.sh",): _WEB._replace(engine="a1111")}, one_gpu_by_default=True
)
ENGINES = (KOHYA, DIFFUSERS, COMFYUI, INVOKEAI, A1111)
