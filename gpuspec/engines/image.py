"""Image and video models: diffusers, web interfaces."""

from gpuspec.engines.engine import Engine, Quantizing, Training
from gpuspec.engines.image_training import DIFFUSERS_SCRIPTS
from gpuspec.engines.image_training import ENGINES as TRAINERS
from gpuspec.engines.tool import Tool

_WEB = Tool("diffusers", "interactive", modality="image")
_COMFYUI = _WEB._replace(engine="comfyui")

DIFFUSERS = Engine(
    "diffusers",
    "image",
    Tool("diffusers", modality="image"),
    scripts=DIFFUSERS_SCRIPTS,
    module="diffusers",
    training=Training(
        fp32_unets=True,
        keeps_activations=True,
        keeps_scores_before=(0, 13),  # its release notes: PyTorch 2.0's attention from 0.13 on
        keeps_encoders=True,
        encodes_beside=True,
    ),
    quantizing=Quantizing(
        encoders_too=frozenset(
            {"nf4", "nf4-dq", "int8"}
        ),  # blog diffusers-quantization: both, by bitsandbytes
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
    entrypoints=dict.fromkeys(
        ("yanwk/comfyui-boot", "ai-dock/comfyui", "saladtechnologies/comfyui-api"), "comfy launch"
    ),
    main_script=("comfyui", "main.py"),
    registry="its own models folder",
    one_gpu_by_default=True,
)
_INVOKEAI = _WEB._replace(engine="invokeai")
INVOKEAI = Engine(
    "invokeai",
    "image",
    _INVOKEAI,
    programs={("invokeai-web",): _INVOKEAI, ("invokeai",): _INVOKEAI},
    entrypoints={"invoke-ai/invokeai": "invokeai-web", "invokeai/invokeai": "invokeai-web"},
)
_A1111 = _WEB._replace(engine="a1111")
A1111 = Engine(
    "a1111",
    "image",
    _A1111,
    programs={("webui.sh",): _A1111},
    main_script=("stable-diffusion-webui", "webui.py"),
    entrypoints=dict.fromkeys(
        ("universonic/stable-diffusion-webui", "ai-dock/stable-diffusion-webui"), "webui.sh"
    ),
    one_gpu_by_default=True,
)
ENGINES = (*TRAINERS, DIFFUSERS, COMFYUI, INVOKEAI, A1111)
