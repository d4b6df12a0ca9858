"""vLLM and Aphrodite, its fork. Flags as their documentation has them, 2024–2025."""

from gpuspec.engines import barrier
from gpuspec.engines.decode import DecodeSpeed
from gpuspec.engines.engine import Defaults, Engine, Memory, Quantizing, Server
from gpuspec.engines.prefill import PrefillSpeed
from gpuspec.engines.tool import Tool, alike

FLAGS = {
    "model": "model_name:name",
    "served-model-name": "served_name:name",
    "dtype": "dtype:dtype",
    **alike("quantization:quant", "quantization -q"),
    **alike("tensor_parallel:int", "tensor-parallel-size -tp"),
    **alike("pipeline_parallel:int", "pipeline-parallel-size -pp"),
    **alike("data_parallel:int", "data-parallel-size -dp"),
    **alike("context_parallel:int", "decode-context-parallel-size -dcp"),
    "enable-expert-parallel": "expert_parallel=on",
    "max-model-len": "context:int",
    "max-num-seqs": "concurrency:int",
    "max-num-batched-tokens": "max_batched_tokens:int",
    "enable-lora": "serves_adapters=yes",
    "max-loras": "adapters:int",
    "max-lora-rank": "lora_rank:int",
    "disable-hybrid-kv-cache-manager": "whole_windows=yes",
    "kv-cache-dtype": "kv_dtype:kv",
    "gpu-memory-utilization": "memory_utilization:number",
    "cpu-offload-gb": "cpu_offload:offload",
    "language-model-only": "text_only=yes",
    "limit-mm-per-prompt": "text_only:limits",
    "enforce-eager": "eager=yes",
    "use-hsdp": "sharding=fsdp",  # vLLM-Omni's pictures and videos
    "enable-prefix-caching": "prefix_caching=yes",
    "no-enable-prefix-caching": "prefix_caching=no",
    "speculative-model": "second_model:drafter",
    "speculative-config": "second_model:draft",
    "speculative-config.method": "second_model:drafting",
    "speculative-config.model": "second_model:name",
    **alike(
        "",
        "trust-remote-code enable-chunked-prefill no-enable-chunked-prefill "
        "enable-auto-tool-choice disable-log-requests disable-log-stats "
        "enable-reasoning disable-custom-all-reduce async-scheduling",
    ),
    **alike(
        "nodes:int", "headless nnodes data-parallel-address"
    ),  # `headless`: a worker beside other machines
}

_SERVE = Tool("vllm", "serve", FLAGS, positional="model_name", config=("config",))
_MODULE = _SERVE._replace(positional="")
_BATCH = _MODULE._replace(task="batch")
_KSERVE = _MODULE._replace(
    flags={
        **FLAGS,
        "model-id": "model_name:name",
        "model-name": "served_name:name",
        "model-dir": "-",
        "backend": "engine:word",
    },
    translate={"word": {"huggingface": "transformers", "auto": "vllm"}},
)
"""KServe's runtime for models of Hugging Face: vLLM where that can, else transformers. Source: KServe's docs, "GenAI
Serving Runtime", of 0.15."""
# Neither a server nor an `LLM()`: SchedulerConfig's own default.
_RUN_BATCH = _BATCH._replace(implies={"max_batched_tokens": 2048})

SUGGESTED = {
    "fp8": "an FP8 checkpoint, or --quantization fp8",
    "awq": "an AWQ or GPTQ checkpoint of the model",
}

_SORTS = 38.0
"""Bytes of each word of the vocabulary and sequence while the sampler sorts: logits in 16 bit (2) and 32 bit (4),
sorted values (4) and indices (8), and what PyTorch's sort takes for itself: reversed indices (8), second copies of
values and indices (12). Sources: vLLM up to 0.16 v1/sample/ops/topk_topp_sampler.py, apply_top_k_top_p; before 0.8
model_executor/layers/sampler.py; PyTorch aten/src/ATen/native/cuda/Sort.cu, segmented_sort_pairs. Start-up logs of
0.7 to 0.11 agree within 1 % once the hidden states are counted beside it."""
_MASKS = 14.0
"""The same without sorting: logits in 16 bit (2) and 32 bit (4), probabilities (4), random numbers or masked logits
(4). Source: vLLM 0.17 to 0.33, topk_topp_sampler.py (a Triton kernel since 0.17, FlashInfer's since 0.21)."""

_V0 = Defaults(utilization=0.9, chunk=512, whole_up_to=32768, batch=256, sampler=_SORTS)
_V1 = Defaults(utilization=0.9, chunk=2048, offline_chunk=8192, batch=256, sampler=_SORTS, since=(0, 8))
_LARGE = _V1._replace(chunk=8192, offline_chunk=16384, batch=1024, from_gib=70)
DEFAULTS = (
    _V0,
    _V0._replace(chunk=2048, since=(0, 7)),
    _V1,
    _LARGE,
    _V1._replace(since=(0, 9)),
    _LARGE._replace(since=(0, 9), but_not="A100"),
    _V1._replace(since=(0, 17), sampler=_MASKS),
    _LARGE._replace(since=(0, 17), but_not="A100", sampler=_MASKS),
    _V1._replace(since=(0, 20), sampler=_MASKS, utilization=0.92, graphs_inside=True),
    _LARGE._replace(since=(0, 20), but_not="A100", sampler=_MASKS, utilization=0.92, graphs_inside=True),
    _LARGE._replace(
        since=(0, 28), from_gib=160, chunk=16384, sampler=_MASKS, utilization=0.92, graphs_inside=True
    ),
)
"""By version and GPU. Sources: EngineArgs of vLLM 0.6.4, 0.7.3, 0.8.5, 0.9.0, 0.11.0, 0.14.1, 0.17.0, 0.20.0,
0.22.0, 0.28.0 and 0.33.0 (`get_batch_defaults`), their CacheConfig, and VLLM_MEMORY_PROFILER_ESTIMATE_CUDAGRAPHS of
their envs.py."""

WORKER_ENV = {
    "MODEL_NAME": "model_name:name",
    "MAX_MODEL_LEN": "context:int",
    "QUANTIZATION": "quantization:quant",
    "DTYPE": "dtype:dtype",
    "TENSOR_PARALLEL_SIZE": "tensor_parallel:int",
    "GPU_MEMORY_UTILIZATION": "memory_utilization:number",
    "MAX_NUM_SEQS": "concurrency:int",
    "ENFORCE_EAGER": "eager:bool",
    "KV_CACHE_DTYPE": "kv_dtype:kv",
    "ENABLE_PREFIX_CACHING": "prefix_caching:bool",
}
"""Environment of RunPod's vLLM worker (runpod-workers/worker-vllm, README)."""

PREFILL = PrefillSpeed(
    # aiconfigurator 0.12's measured kernels of vLLM 0.24 (H100, H200, B200, A100), passes of 1,024 tokens: 0.72 of
    # the 16-bit operations and some 90 µs a layer, half of the 8-bit ones; experts 0.36 (gpt-oss). It adds 0.8 ms a
    # layer to a first token, fitted to measured servers; those that people report of an RTX 5090 are 0.4 to 1.0, and
    # 6 where kernels are compiled first.
    dense=(0.45, 0.72, 0.88),
    narrow=(0.2, 0.48, 0.7),
    experts=(0.12, 0.36, 0.6),
    tile=80.0,
    layer=(30e-6, 90e-6, 250e-6),
    request=(0.002, 0.008, 0.15),
    request_layer=(0.15e-3, 0.5e-3, 3e-3),
    overlaps=0.6,
)
DECODE = DecodeSpeed(
    bandwidth=(0.65, 0.85, 0.95),
    cache=(0.5, 0.85, 1.0),
    compute=(0.35, 0.65, 0.9),
    block=(6e-6, 16e-6, 40e-6),
    in_scheme={"fp8": (0.0, 15e-6, 90e-6), "nvfp4": (0.0, 20e-6, 80e-6)},
    in_blocks=(50e-6, 145e-6, 250e-6),
    in_blocks_newest=(50e-6, 300e-6, 1100e-6),
    # 20.6 ms for 40 layers of a Qwen3-14B with --enforce-eager on an A100 (vllm#20469)
    eager_block=(100e-6, 220e-6, 400e-6),
    step=(0.0, 0.2e-3, 2e-3),
)
"""From NVIDIA's aiconfigurator, whose kernels were measured on A100, H100, H200 and B200 (150 predictions, August
2026). FP8 with one scale for a matrix takes 0 to 20 µs a layer more than its bytes (Llama-3.1-70B-Instruct-FP8),
with one for each block 120 to 160 on H100 and H200 (Qwen3-32B-FP8, DeepSeek-V3), 300 to 1,100 on B200."""

# ai-dynamo/dynamo 0.3 to 0.5, docs/guides/dynamo_run: `dynamo run in=http out=vllm MODEL`
_DYNAMO_RUN = _SERVE._replace(
    flags={**FLAGS, "out": "engine:word", "in": "-", "context-length": "context:int"},
    dotted=True,
    config=(),
    translate={"word": {"dyn": None, "echo": None, "llamacpp": "llama.cpp", "trtllm": "tensorrt-llm"}},
)

ENTRY_POINTS = {
    # vllm/vllm-openai, lmcache/vllm-openai, aibrix/vllm-openai, their mirrors, and what is built on them
    **dict.fromkeys(("vllm-openai", "vllm-openai-rocm", "vllm-openai-xpu"), "vllm serve"),
    **dict.fromkeys(("runpod/worker-v1-vllm", "runpod/worker-vllm"), "worker-vllm"),
    **dict.fromkeys(
        ("rocm/vllm", "rocm/vllm-dev", "vllm/vllm-tpu", "nvidia/vllm", "ai-dynamo/vllm-runtime"), ""
    ),
}
"""Sources: vLLM's image started `python3 -m vllm.entrypoints.openai.api_server` (vllm#17172, 2025) and starts `vllm
serve` since (jetson-ai-lab#420: 0.26), which takes the flags of that; LMCache's Dockerfile. The others start a
shell or NVIDIA's own entry point. November 2026.

RunPod's worker takes all from its environment; what it starts, `python3 /src/handler.py`, is `worker-vllm` here:
docs.runpod.io, "vLLM environment variables", November 2026."""

VLLM = Engine(
    "vllm",
    "server",
    _SERVE,
    refuses_other_names=True,
    weights="safetensors",
    gguf="tag",
    programs={
        ("vllm", "serve"): _SERVE,
        ("vllm", "run-batch"): _RUN_BATCH,
        ("vllm", "bench", "throughput"): _BATCH,
        ("vllm", "bench", "latency"): _BATCH,
        ("-m", "vllm.entrypoints.openai.api_server"): _MODULE,
        ("-m", "vllm.entrypoints.api_server"): _MODULE,
        ("-m", "vllm.entrypoints.openai.run_batch"): _RUN_BATCH,
        ("-m", "vllm.entrypoints.cli.main", "serve"): _SERVE,
        ("-m", "dynamo.vllm"): _MODULE,
        ("dynamo", "run"): _DYNAMO_RUN,
        ("dynamo-run",): _DYNAMO_RUN,
        ("worker-vllm",): Tool("vllm", "serve", variables=WORKER_ENV),
        ("-m", "huggingfaceserver"): _KSERVE,
    },
    title="vLLM",
    in_aiconfigurator="vllm",
    images={
        **dict.fromkeys(("vllm-openai", "vllm-openai-rocm", "vllm-openai-xpu"), _SERVE),
        "rocm/vllm": _MODULE,
        "deep-learning-containers/vllm": _MODULE,
    },
    entrypoints=ENTRY_POINTS,
    tag_version=r"vllm[_-]v?(\d+(?:\.\d+)+)",  # rocm/vllm:rocm6.3.1_vllm_0.8.5_20250521
    packages=("vllm",),
    module="vllm",
    loaders={
        "LLM": _BATCH,
        "AsyncEngineArgs": _BATCH._replace(task=None),
        "EngineArgs": _BATCH._replace(task=None),
    },
    config=_MODULE,
    worker_env=WORKER_ENV,
    defaults=DEFAULTS,
    decode=DECODE,
    memory=Memory(
        # What others than PyTorch take once it has started: the context itself stands before it measures.
        context=(0.0, 0.1, 0.4),
        workspace=(0.01, 0.03, 0.1),  # cuBLAS: 32 MiB on Hopper and later, 8 MiB before
        graphs=(0.05, 0.4, 1.2),  # start-up logs of 0.6 to 0.28
        queues=True,
        pads_experts={"mxfp4": 256},  # quantization/mxfp4.py
        adapters=(1, 16),  # config/lora.py
        # v1/core/kv_cache_utils.py, unify_hybrid_kv_cache_specs: called without condition up to 0.9.0.
        windows_since=(0, 9, 1),
        rotary_bytes=2,  # rotary_embedding/base.py: in the dtype of the model
        tries_pictures=True,  # v1/worker/gpu_model_runner.py, profile_run
        shares_experts=True,  # vLLM docs, serving/data_parallel_deployment
        counted=True,
        heeds_kv_dtype=True,  # vLLM 0.33.0 utils/torch_utils.py, resolve_kv_cache_dtype_string
    ),
    prefill=PREFILL,
    server=Server(8000, "/health", key_flags=("--api-key",), key_variable="VLLM_API_KEY"),
    quantizing=Quantizing(
        loads_as_is=True,
        on_the_fly={
            "fp8": "--quantization fp8",
            "nf4": "--quantization bitsandbytes",
            "nf4-dq": "--quantization bitsandbytes",
        },
        suggested=SUGGESTED,
        refuses=frozenset({"EXL2"}),
        reads="AWQ, GPTQ, FP8 or bitsandbytes",
        # Docs, "Supported hardware": on Volta GPTQ and bitsandbytes, not AWQ.
        needs={"AWQ": (7.5, "AWQ kernels of vLLM", "GPTQ, which runs on it")},
        emulates={"nvfp4": 8.0},
        kv_fp8="--kv-cache-dtype fp8",
    ),
    barriers=barrier.VLLM,
    tag_gpus=barrier.VLLM_TAGS,
    one_gpu_by_default=True,
    reserves_full_context=True,
    longer_context="VLLM_ALLOW_LONG_MAX_MODEL_LEN",  # vLLM 0.33.0 config/model.py, _get_and_verify_max_len
    # verify_with_parallel_config there; `divide` of QKVParallelLinear and VocabParallelEmbedding
    divides=frozenset({"heads", "KV heads", "vocabulary"}),
    # Its installation pages of 0.3.3 to 0.6.6; 0.8 requires PyTorch 2.6, 0.9 is the first for CUDA 12.8
    cuda=(((0, 3), (12, 1)), ((0, 7), (12, 4)), ((0, 9), (12, 8))),
    advised_utilization=0.92,
)
_APHRODITE = _SERVE._replace(engine="aphrodite")
APHRODITE = Engine(
    "aphrodite",
    "server",
    _APHRODITE,
    programs={("aphrodite", "run"): _APHRODITE},
    title="Aphrodite",
    weights="safetensors",
    gguf="file",
    barriers=barrier.VLLM[:1],
    prefill=PREFILL,
    decode=DECODE,
    server=Server(2242, key_flags=("--api-keys", "--api-key")),
    one_gpu_by_default=True,
    reserves_full_context=True,
    divides=VLLM.divides,
    advised_utilization=0.92,
)
ENGINES = (VLLM, APHRODITE)
