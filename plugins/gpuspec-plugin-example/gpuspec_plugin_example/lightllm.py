"""LightLLM, a server of language models: what its command line says, and how it behaves.

Source: lightllm/server/api_cli.py of ModelTC/lightllm, read 2026-11-30. Of its memory no more is taken for granted
than that it keeps its cache in blocks set aside, within a share of the GPU.
"""

from gpuspec import Engine, Tool
from gpuspec.engines import Defaults, Memory, Server

SERVE = Tool(
    "lightllm",
    "serve",
    {
        "model-dir": "model_name:name",
        "model-name": "-",
        "data-type": "dtype:dtype",
        "quant-type": "quantization:quant",
        "tp": "tensor_parallel:int",
        "dp": "data_parallel:int",
        "nnodes": "nodes:int",
        "max-req-total-len": "context:int",
        "running-max-req-size": "concurrency:int",
        "batch-max-tokens": "max_batched_tokens:int",
        "mem-fraction": "memory_utilization:number",
        "trust-remote-code": "",
        "disable-chunked-prefill": "",
        "enable-multimodal": "",
        "disable-cudagraph": "eager=yes",
    },
    translate={"quant": {"ao-int8wo": "int8", "vllm-w8a8": "int8", "vllm-fp8w8a8": "fp8", "none": None}},
)

LIGHTLLM = Engine(
    "lightllm",
    "server",
    SERVE,
    title="LightLLM",
    programs={},  # gpuspec_workload_readers brings them
    packages=("lightllm",),
    defaults=(Defaults(utilization=0.9, chunk=8192, context=16_384),),
    memory=Memory(queues=True, graphs=(0.1, 0.5, 1.5)),
    server=Server(8000, "/health", loopback=True),
    one_gpu_by_default=True,
)
