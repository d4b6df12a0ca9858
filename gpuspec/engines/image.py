"""Image and video models: trainers, web interfaces."""

from __future__ import annotations

from gpuspec.engines.tool import Tool

_KOHYA_FLAGS = {
    "pretrained-model-name-or-path": "model_name:name",
    "resolution": "width:width height:height",
    "train-batch-size": "batch:int",
    "gradient-accumulation-steps": "gradient_accumulation:int",
    "gradient-checkpointing": "gradient_checkpointing=yes",
    "optimizer-type": "optimizer:word",
    "use-8bit-adam": "optimizer=adamw8bit",
    "mixed-precision": "precision:mixed",
    "full-bf16": "precision=bf16",
    "full-fp16": "precision=fp16",
    "network-dim": "lora_rank:int",
    "fp8-base": "quantization=fp8",
    "network-module": "-",
    "network-train-unet-only": "",
    "cache-latents": "",
    "cache-latents-to-disk": "",
    "xformers": "",
    "sdpa": "",
    "no-half-vae": "",
    "lowram": "",
    "split-mode": "",
    "cache-text-encoder-outputs": "",
    "highvram": "",
}

KOHYA_LORA = Tool(
    "kohya", "train", _KOHYA_FLAGS, implies={"method": "lora"}, modality="image", config=("config-file",)
)
KOHYA_FULL = KOHYA_LORA._replace(implies={"method": "full"})

_DIFFUSERS_FLAGS = {
    "pretrained-model-name-or-path": "model_name:name",
    "resolution": "width:int height:int",
    "train-batch-size": "batch:int",
    "gradient-accumulation-steps": "gradient_accumulation:int",
    "gradient-checkpointing": "gradient_checkpointing=yes",
    "mixed-precision": "precision:mixed",
    "use-8bit-adam": "optimizer=adamw_8bit",
    "optimizer": "optimizer:word",
    "rank": "lora_rank:int",
    "learning-rate": "-",
    "random-flip": "",
    "center-crop": "",
    "with-prior-preservation": "",
    "train-text-encoder": "",
    "enable-xformers-memory-efficient-attention": "",
    "push-to-hub": "",
    "allow-tf32": "",
    "use-ema": "",
    "cache-latents": "",
}
DIFFUSERS_LORA = Tool("diffusers", "train", _DIFFUSERS_FLAGS, implies={"method": "lora"}, modality="image")
DIFFUSERS_FULL = DIFFUSERS_LORA._replace(implies={"method": "full"})

_WEB = Tool("diffusers", "interactive", modality="image")
COMFYUI = _WEB._replace(engine="comfyui")

TOOLS: dict[tuple[str, ...], Tool] = {
    ("invokeai-web",): _WEB._replace(engine="invokeai"),
    ("invokeai",): _WEB._replace(engine="invokeai"),
    ("webui.sh",): _WEB._replace(engine="a1111"),
    ("comfy", "launch"): COMFYUI,
}

SCRIPTS: tuple[tuple[tuple[str, ...], Tool], ...] = (
    (
        ("sdxl_train_network.py", "flux_train_network.py", "sd3_train_network.py", "lumina_train_network.py",
         "hunyuan_image_train_network.py", "train_network.py"),
        KOHYA_LORA,
    ),
    (("sdxl_train.py", "flux_train.py", "sd3_train.py", "fine_tune.py", "train_db.py"), KOHYA_FULL),
    (("train_text_to_image_lora", "train_dreambooth_lora"), DIFFUSERS_LORA),
    (("train_text_to_image", "train_dreambooth", "train_controlnet"), DIFFUSERS_FULL),
)  # fmt: skip
"""Scripts by how their file's name begins: kohya-ss/sd-scripts and diffusers/examples."""
