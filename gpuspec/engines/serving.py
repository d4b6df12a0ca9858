"""Servers of language models, and tools for offline generation. Flags as their documentation has them, 2024–2025."""

from __future__ import annotations

from gpuspec.engines.tool import Tool

_VLLM = {
    "model": "model_name:name",
    "served-model-name": "-",
    "dtype": "dtype:dtype",
    "quantization": "quantization:quant",
    "-q": "quantization:quant",
    "tensor-parallel-size": "tensor_parallel:int",
    "-tp": "tensor_parallel:int",
    "pipeline-parallel-size": "pipeline_parallel:int",
    "-pp": "pipeline_parallel:int",
    "data-parallel-size": "data_parallel:int",
    "-dp": "data_parallel:int",
    "enable-expert-parallel": "expert_parallel=on",
    "max-model-len": "context:int",
    "max-num-seqs": "concurrency:int",
    "max-num-batched-tokens": "max_batched_tokens:int",
    "kv-cache-dtype": "kv_dtype:kv",
    "gpu-memory-utilization": "memory_utilization:number",
    "cpu-offload-gb": "cpu_offload:offload",
    "enable-prefix-caching": "prefix_caching=yes",
    "no-enable-prefix-caching": "prefix_caching=no",
    "speculative-model": "second_model:name",
    "speculative-config": "second_model:draft",
    "trust-remote-code": "",
    "enforce-eager": "",
    "enable-chunked-prefill": "",
    "no-enable-chunked-prefill": "",
    "enable-auto-tool-choice": "",
    "enable-lora": "",
    "disable-log-requests": "",
    "disable-log-stats": "",
    "enable-reasoning": "",
    "disable-custom-all-reduce": "",
    "headless": "nodes:int",  # a worker of a server on other machines
    "nnodes": "nodes:int",
    "data-parallel-address": "nodes:int",
    "async-scheduling": "",
}

VLLM = Tool("vllm", "serve", _VLLM, positional="model_name", config=("config",))
VLLM_MODULE = VLLM._replace(positional="")
VLLM_BATCH = VLLM_MODULE._replace(task="batch")

SGLANG = Tool(
    "sglang",
    "serve",
    {
        "model-path": "model_name:name",
        "model": "model_name:name",
        "dtype": "dtype:dtype",
        "quantization": "quantization:quant",
        "torchao-config": "quantization:quant",
        "tp": "tensor_parallel:int",
        "tp-size": "tensor_parallel:int",
        "tensor-parallel-size": "tensor_parallel:int",
        "pp-size": "pipeline_parallel:int",
        "pipeline-parallel-size": "pipeline_parallel:int",
        "dp": "data_parallel:int",
        "dp-size": "data_parallel:int",
        "data-parallel-size": "data_parallel:int",
        "ep-size": "expert_parallel:int",
        "ep": "expert_parallel:int",
        "expert-parallel-size": "expert_parallel:int",
        "context-length": "context:int",
        "max-running-requests": "concurrency:int",
        "mem-fraction-static": "memory_utilization:number",
        "kv-cache-dtype": "kv_dtype:kv",
        "chunked-prefill-size": "max_batched_tokens:int",
        "cpu-offload-gb": "cpu_offload:offload",
        "disable-radix-cache": "prefix_caching=no",
        "trust-remote-code": "",
        "enable-torch-compile": "",
        "disable-cuda-graph": "",
        "enable-dp-attention": "dp_attention=yes",
        "nnodes": "nodes:int",
        "enable-metrics": "",
        "is-embedding": "",
        "skip-tokenizer-init": "",
    },
)

TGI = Tool(
    "tgi",
    "serve",
    {
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
        "trust-remote-code": "",
        "disable-custom-kernels": "",
        "json-output": "",
    },
    translate={"quant": {"bitsandbytes": "int8"}},  # TGI launcher's help: LLM.int8()
)

OLLAMA = Tool(
    "ollama",
    "serve",
    {"verbose": "", "keepalive": "-", "format": "-", "insecure": "", "nowordwrap": ""},
    positional="model_name",
)

_LLAMA = {
    "-m": "model_name:name",
    "model": "model_name:name",
    "-hf": "model_name:name",
    "-hfr": "model_name:name",
    "hf-repo": "model_name:name",
    "-hff": "hub_file:name",
    "hf-file": "hub_file:name",
    "-mu": "model_name:name",
    "model-url": "model_name:name",
    "-c": "context:int",
    "ctx-size": "context:int",
    "-np": "concurrency:int",
    "parallel": "concurrency:int",
    "-ngl": "cpu_offload:layers",
    "gpu-layers": "cpu_offload:layers",
    "n-gpu-layers": "cpu_offload:layers",
    "-cmoe": "on_host=weights",
    "cpu-moe": "on_host=weights",
    "-ncmoe": "on_host:offload",
    "n-cpu-moe": "on_host:offload",
    "-ot": "on_host:placed",
    "override-tensor": "on_host:placed",
    "-ctk": "kv_dtype:kv",
    "cache-type-k": "kv_dtype:kv",
    "-b": "-",
    "-ub": "max_batched_tokens:int",
    "ubatch-size": "max_batched_tokens:int",
    "-fa": "",
    "flash-attn": "",
    "-cb": "",
    "cont-batching": "",
    "mlock": "",
    "no-mmap": "",
    "-i": "",
    "-cnv": "",
    "jinja": "",
    "metrics": "",
    "embedding": "",
    "embeddings": "",
}

LLAMA_SERVER = Tool("llama.cpp", "serve", _LLAMA)
LLAMA_CLI = Tool("llama.cpp", "batch", _LLAMA)
LLAMA_PYTHON = Tool(
    "llama.cpp",
    "serve",
    {
        "model": "model_name:name",
        "hf-model-repo-id": "model_name:name",
        "n-ctx": "context:int",
        "n-gpu-layers": "cpu_offload:layers",
    },
)

LMDEPLOY = Tool(
    "lmdeploy",
    "serve",
    {
        "tp": "tensor_parallel:int",
        "dp": "data_parallel:int",
        "session-len": "context:int",
        "max-batch-size": "concurrency:int",
        "cache-max-entry-count": "-",
        "quant-policy": "kv_dtype:policy",
        "model-format": "quantization:quant",
        "dtype": "dtype:dtype",
        "max-prefill-token-num": "max_batched_tokens:int",
        "enable-prefix-caching": "prefix_caching=yes",
    },
    positional="model_name",
)

FASTCHAT = Tool(
    "fastchat",
    "serve",
    {
        "model-path": "model_name:name",
        "model": "model_name:name",
        "num-gpus": "tensor_parallel:int",
        "dtype": "dtype:dtype",
        "load-8bit": "quantization=int8",
        "cpu-offloading": "cpu_offload=weights",
        "limit-worker-concurrency": "concurrency:int",
        "awq-wbits": "-",
        "gptq-wbits": "-",
    },
)
FASTCHAT_VLLM = Tool(
    "vllm", "serve", {**_VLLM, "model-path": "model_name:name", "num-gpus": "tensor_parallel:int"}
)

TEI = Tool(
    "tei",
    "serve",
    {
        "model-id": "model_name:name",
        "dtype": "dtype:dtype",
        "max-batch-tokens": "max_batched_tokens:int",
        "max-concurrent-requests": "-",
    },
    modality="text-embedding",
)
INFINITY = Tool(
    "infinity",
    "serve",
    {"model-id": "model_name:name", "dtype": "dtype:dtype", "batch-size": "concurrency:int"},
)
TENSORRT = Tool(
    "tensorrt-llm",
    "serve",
    {
        "tp-size": "tensor_parallel:int",
        "pp-size": "pipeline_parallel:int",
        "ep-size": "expert_parallel:int",
        "max-seq-len": "context:int",
        "max-batch-size": "concurrency:int",
        "max-num-tokens": "max_batched_tokens:int",
        "kv-cache-free-gpu-memory-fraction": "-",
        "trust-remote-code": "",
    },
    positional="model_name",
)
APHRODITE = Tool("aphrodite", "serve", _VLLM, positional="model_name")
TOOLS: dict[tuple[str, ...], Tool] = {
    ("vllm", "serve"): VLLM,
    ("vllm", "run-batch"): VLLM_BATCH,
    ("vllm", "bench", "throughput"): VLLM_BATCH,
    ("vllm", "bench", "latency"): VLLM_BATCH,
    ("-m", "vllm.entrypoints.openai.api_server"): VLLM_MODULE,
    ("-m", "vllm.entrypoints.api_server"): VLLM_MODULE,
    ("-m", "vllm.entrypoints.openai.run_batch"): VLLM_BATCH,
    ("-m", "vllm.entrypoints.cli.main", "serve"): VLLM,
    ("-m", "sglang.launch_server"): SGLANG,
    ("sglang", "serve"): SGLANG,
    ("-m", "sglang_router.launch_server"): SGLANG,
    ("-m", "sglang.bench_offline_throughput"): SGLANG._replace(task="batch"),
    ("text-generation-launcher",): TGI,
    ("text-embeddings-router",): TEI,
    ("ollama", "run"): OLLAMA,
    ("ollama", "pull"): OLLAMA._replace(task=None),
    ("ollama", "serve"): OLLAMA._replace(positional=""),
    ("llama-server",): LLAMA_SERVER,
    ("llama-cli",): LLAMA_CLI,
    ("llama-bench",): LLAMA_CLI,
    ("llama-batched-bench",): LLAMA_CLI,
    ("-m", "llama_cpp.server"): LLAMA_PYTHON,
    ("lmdeploy", "serve", "api_server"): LMDEPLOY,
    ("lmdeploy", "serve", "gradio"): LMDEPLOY._replace(task="interactive"),
    ("lmdeploy", "chat"): LMDEPLOY._replace(task="interactive"),
    ("-m", "fastchat.serve.model_worker"): FASTCHAT,
    ("-m", "fastchat.serve.cli"): FASTCHAT._replace(task="interactive"),
    ("-m", "fastchat.serve.vllm_worker"): FASTCHAT_VLLM,
    ("infinity_emb", "v2"): INFINITY,
    ("trtllm-serve",): TENSORRT,
    ("trtllm-serve", "serve"): TENSORRT,
    ("aphrodite", "run"): APHRODITE,
}

IMAGES: dict[str, Tool] = {
    "vllm/vllm-openai": VLLM_MODULE._replace(positional="model_name"),
    "vllm/vllm-openai-rocm": VLLM_MODULE._replace(positional="model_name"),
    "rocm/vllm": VLLM_MODULE,
    "lmsysorg/sglang": SGLANG,
    "ghcr.io/huggingface/text-generation-inference": TGI,
    "ghcr.io/huggingface/text-embeddings-inference": TEI,
    "ghcr.io/ggml-org/llama.cpp": LLAMA_SERVER,
    "ghcr.io/ggerganov/llama.cpp": LLAMA_SERVER,
    "ollama/ollama": OLLAMA,
    "openmmlab/lmdeploy": LMDEPLOY,
    "michaelf34/infinity": INFINITY,
}
"""Images whose entry point is the server itself, so that what follows the image are its arguments."""

WORKER_ENV = {
    "MODEL_NAME": "model_name:name",
    "MAX_MODEL_LEN": "context:int",
    "QUANTIZATION": "quantization:quant",
    "DTYPE": "dtype:dtype",
    "TENSOR_PARALLEL_SIZE": "tensor_parallel:int",
    "GPU_MEMORY_UTILIZATION": "memory_utilization:number",
    "MAX_NUM_SEQS": "concurrency:int",
    "KV_CACHE_DTYPE": "kv_dtype:kv",
    "ENABLE_PREFIX_CACHING": "prefix_caching:bool",
}
"""Environment of RunPod's vLLM worker (runpod-workers/worker-vllm, README)."""
