"""LoRAX, a server of many LoRA adapters on one base model: what its command line says, and how it behaves.

Source: docs/reference/launcher.md of predibase/lorax, read 2026-11-28. LoRAX is built on text-generation-inference
0.9.4, so its memory, its port and what it quantizes are that engine's; API keys it does not know.
"""

from gpuspec import Tool
from gpuspec.engines import Server
from gpuspec.engines.serving import TGI

LAUNCHER = Tool(
    "lorax",
    "serve",
    {
        "model-id": "model_name:name",
        "dtype": "dtype:dtype",
        "quantize": "quantization:quant",
        "num-shard": "tensor_parallel:int",
        "max-total-tokens": "context:int",
        "max-batch-prefill-tokens": "max_batched_tokens:int",
        "cuda-memory-fraction": "memory_utilization:number",
        "adapter-id": "-",
        "trust-remote-code": "",
        "disable-custom-kernels": "",
        "compile": "",
        "json-output": "",
        "download-only": "",
    },
    translate={"quant": {"bitsandbytes": "int8", "bitsandbytes-nf4": "nf4", "bitsandbytes-fp4": "int4"}},
)

LORAX = TGI._replace(
    name="lorax",
    title="LoRAX",
    aliases=(),
    tool=LAUNCHER,
    programs={},  # gpuspec_workload_readers brings them
    images={"ghcr.io/predibase/lorax": LAUNCHER},
    server=Server(3000, "/health", image_port=80, host_flag="--hostname"),
)
