"""Servers of language and embedding models beside vLLM and llama.cpp. Flags as of 2024–2025."""

from gpuspec.engines import barrier, vllm
from gpuspec.engines.engine import Defaults, Engine, Memory, Quantizing, Server
from gpuspec.engines.hugging_face import ROUTER
from gpuspec.engines.tool import Tool, alike

_SGLANG_FLAGS = {
    **alike("model_name:name", "model-path model"),
    "dtype": "dtype:dtype",
    **alike("quantization:quant", "quantization torchao-config"),
    **alike("tensor_parallel:int", "tp tp-size tensor-parallel-size"),
    **alike("pipeline_parallel:int", "pp-size pipeline-parallel-size"),
    **alike("data_parallel:int", "dp dp-size data-parallel-size"),
    **alike("expert_parallel:int", "ep-size ep expert-parallel-size"),
    "context-length": "context:int",
    "max-running-requests": "concurrency:int",
    "mem-fraction-static": "memory_utilization:number",
    "kv-cache-dtype": "kv_dtype:kv",
    "chunked-prefill-size": "max_batched_tokens:int",
    "cpu-offload-gb": "cpu_offload:offload",
    "disable-radix-cache": "prefix_caching=no",
    "disable-cuda-graph": "eager=yes",
    **alike(
        "",
        "trust-remote-code enable-torch-compile enable-metrics is-embedding skip-tokenizer-init",
    ),
    "enable-dp-attention": "dp_attention=yes",
    "nnodes": "nodes:int",
    # argparse takes the beginnings of flags as well; server_args.py of 0.5.5
    **alike("second_model:algorithm", "speculative-algorithm speculative-algo"),
    **alike("second_model:name", "speculative-draft-model-path speculative-draft-model speculative-draft"),
}
_SGLANG = Tool("sglang", "serve", _SGLANG_FLAGS)
_DYNAMO_SGLANG = _SGLANG._replace(positional="model_name")

_LMDEPLOY_FLAGS = {
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
}
_LMDEPLOY = Tool("lmdeploy", "serve", _LMDEPLOY_FLAGS, positional="model_name")

_FASTCHAT_FLAGS = {
    **alike("model_name:name", "model-path model"),
    "num-gpus": "tensor_parallel:int",
    "dtype": "dtype:dtype",
    "load-8bit": "quantization=int8",
    "cpu-offloading": "cpu_offload=weights",
    "limit-worker-concurrency": "concurrency:int",
    **alike("-", "awq-wbits gptq-wbits"),
}
_FASTCHAT = Tool("fastchat", "serve", _FASTCHAT_FLAGS)
_FASTCHAT_VLLM = Tool(
    "vllm", "serve", {**vllm.FLAGS, "model-path": "model_name:name", "num-gpus": "tensor_parallel:int"}
)

_EMBEDDING_FLAGS = {"model-id": "model_name:name", "dtype": "dtype:dtype"}
_TEI_FLAGS = {
    **_EMBEDDING_FLAGS,
    "max-batch-tokens": "max_batched_tokens:int",
    "max-concurrent-requests": "-",
}
_TEI = Tool("tei", "serve", _TEI_FLAGS, modality="text-embedding")
_INFINITY = Tool(
    "infinity",
    "serve",
    {**_EMBEDDING_FLAGS, "model-name-or-path": "model_name:name", "batch-size": "concurrency:int"},
)
_TENSORRT_FLAGS = {
    "tp-size": "tensor_parallel:int",
    "pp-size": "pipeline_parallel:int",
    "ep-size": "expert_parallel:int",
    "max-seq-len": "context:int",
    "max-batch-size": "concurrency:int",
    "max-num-tokens": "max_batched_tokens:int",
    "kv-cache-free-gpu-memory-fraction": "-",
    "trust-remote-code": "",
}
_DYNAMO = {
    **alike("model_name:name", "model-path model"),
    "served-model-name": "served_name:name",
    **alike("tensor_parallel:int", "tensor-parallel-size"),
}
_TENSORRT = Tool("tensorrt-llm", "serve", _TENSORRT_FLAGS, positional="model_name")

_PAGED = Memory(queues=True)
"""A cache in blocks set aside, beside PyTorch's own context."""

SGLANG = Engine(
    "sglang",
    "server",
    _SGLANG,
    programs={
        ("sglang", "serve"): _SGLANG,
        ("-m", "sglang.launch_server"): _SGLANG,
        # NVIDIA Dynamo: its module, and those of 0.4 and 0.5, which also take the model as a plain argument
        **{
            ("-m", f"dynamo.sglang{part}"): _DYNAMO_SGLANG
            for part in ("", ".main", ".worker", ".decode_worker")
        },
        ("-m", "sglang_router.launch_server"): _SGLANG,
        ("-m", "sglang.bench_offline_throughput"): _SGLANG._replace(task="batch"),
    },
    images={"lmsysorg/sglang": _SGLANG},
    # Its image has NVIDIA's entry point, which starts what it is told (docker/Dockerfile, November 2026).
    entrypoints=dict.fromkeys(
        (
            "lmsysorg/sglang",
            "lmsysorg/sglang-rocm",
            "rocm/sgl-dev",
            "nvidia/sglang",
            "ai-dynamo/sglang-runtime",
        ),
        "",
    ),
    title="SGLang",
    weights="safetensors",
    gguf="file",
    in_aiconfigurator="sglang",
    prefill=vllm.PREFILL,
    packages=("sglang",),
    module="sglang",
    loaders=dict.fromkeys(("Engine", "Runtime"), _SGLANG._replace(task="batch")),
    defaults=(
        # server_args.py of 0.5.9, `_handle_gpu_memory_settings`: what is left of 16, 24, 48, 80, 141 and 180 GB by
        # 0.5 GiB + 1.5 MiB a token of the chunk + 2 MiB a sequence in its graphs + 1/8 GiB a GPU.
        Defaults(utilization=0.77, chunk=2048),
        Defaults(utilization=0.85, chunk=2048, from_gib=19.5),
        Defaults(utilization=0.86, chunk=4096, from_gib=35),
        Defaults(utilization=0.835, chunk=8192, from_gib=60),
        Defaults(utilization=0.90, chunk=8192, from_gib=90),
        Defaults(utilization=0.855, chunk=16384, from_gib=160),
    ),
    memory=_PAGED._replace(
        workspace=(0.02, 0.1, 0.3),
        graphs=(0.2, 0.6, 2.0),
        static=True,
        share_of_free=True,  # model_runner_kv_cache_mixin.py of 0.5.8, _profile_available_bytes
        counted=True,
        rotary_bytes=4,  # layers/rotary_embedding/base.py of 0.5.10
    ),
    decode=vllm.DECODE,
    server=Server(30000, "/health", loopback=True, key_flags=("--api-key",), key_variable="SGLANG_API_KEY"),
    quantizing=vllm.VLLM.quantizing._replace(
        needs={"AWQ": (7.5, "AWQ kernels of SGLang", "another engine")},  # it needs Turing for all
        emulates={},
        kv_fp8="--kv-cache-dtype fp8_e5m2",
    ),
    barriers=barrier.SGLANG,
    halves_bf16=True,
    one_gpu_by_default=True,
    # SGLang 0.5.10 configs/model_config.py, _derive_context_length
    longer_context="SGLANG_ALLOW_OVERWRITE_LONGER_CONTEXT_LEN",
    # PyTorch that its releases on PyPI require: 0.4.5 2.5.1, 0.4.6 2.6, 0.4.8 2.7.1 (CUDA 12.6), 0.5.2 2.8
    cuda=(((0, 4), (12, 4)), ((0, 5), (12, 8))),
    divides=vllm.VLLM.divides,  # layers/linear.py and layers/vocab_parallel_embedding.py there
)
LMDEPLOY = Engine(
    "lmdeploy",
    "server",
    _LMDEPLOY,
    weights="safetensors",
    programs={
        ("lmdeploy", "serve", "api_server"): _LMDEPLOY,
        ("lmdeploy", "serve", "gradio"): _LMDEPLOY._replace(task="interactive"),
        ("lmdeploy", "chat"): _LMDEPLOY._replace(task="interactive"),
    },
    images={"openmmlab/lmdeploy": _LMDEPLOY},
    entrypoints={"openmmlab/lmdeploy": ""},  # its docker/Dockerfile, November 2026
    prefill=vllm.PREFILL,
    packages=("lmdeploy",),
    # cache_max_entry_count: eight tenths of what the weights leave (lmdeploy/messages.py).
    defaults=(Defaults(chunk=8192, graphs_inside=True),),
    memory=_PAGED._replace(workspace=(0.2, 0.5, 1.2), cache_share=0.8),
    server=Server(
        23333, "/health", host_flag="--server-name", port_flag="--server-port", key_flags=("--api-keys",)
    ),
    quantizing=Quantizing(
        loads_as_is=True,
        suggested=vllm.SUGGESTED,
        refuses=frozenset({"GGUF", "bitsandbytes"}),
        reads="AWQ or GPTQ",
    ),
    one_gpu_by_default=True,
    # PyTorch that its releases on PyPI allow: 0.7.0 up to 2.5.1, 0.9.0 up to 2.6, 0.10.0 up to 2.8
    cuda=(((0, 7), (12, 4)), ((0, 10), (12, 8))),
)
TENSORRT_LLM = Engine(
    "tensorrt-llm",
    "server",
    _TENSORRT,
    programs={
        ("trtllm-serve",): _TENSORRT,
        ("trtllm-serve", "serve"): _TENSORRT,
        ("-m", "dynamo.trtllm"): _TENSORRT._replace(flags={**_TENSORRT_FLAGS, **_DYNAMO}, positional=""),
    },
    entrypoints={"tensorrt-llm/release": "", "ai-dynamo/tensorrtllm-runtime": ""},
    aliases=("trt-llm", "trtllm"),
    weights="safetensors",
    in_aiconfigurator="trtllm",
    prefill=vllm.PREFILL,
    # free_gpu_memory_fraction: nine tenths of what weights and activations leave (llmapi, KvCacheConfig).
    defaults=(Defaults(chunk=8192, graphs_inside=True),),
    memory=_PAGED._replace(workspace=(0.3, 0.8, 2.0), cache_share=0.9),
    decode=vllm.DECODE._replace(in_scheme={}, in_blocks=None, in_blocks_newest=None, eager_block=None),
)
EXLLAMA = Engine(
    "exllama",
    "server",
    aliases=("exllamav2",),
    defaults=(Defaults(chunk=2048),),
    memory=Memory(workspace=(0.1, 0.3, 0.6), fragmentation=(0, 0.04, 0.1), dequantizes=True),
)
FASTCHAT = Engine(
    "fastchat",
    "server",
    _FASTCHAT,
    programs={
        ("-m", "fastchat.serve.model_worker"): _FASTCHAT,
        ("-m", "llava.serve.model_worker"): _FASTCHAT,  # made from FastChat's
        ("-m", "fastchat.serve.cli"): _FASTCHAT._replace(task="interactive"),
        ("-m", "fastchat.serve.vllm_worker"): _FASTCHAT_VLLM,
    },
    one_gpu_by_default=True,
)
TEI = Engine(
    "tei",
    "server",
    _TEI,
    programs={("text-embeddings-router",): _TEI},
    aliases=("text-embeddings-inference",),
    weights="safetensors",
    images={"text-embeddings-inference": _TEI},
    entrypoints=dict.fromkeys(
        ("text-embeddings-inference", "huggingface-text-embeddings-inference-*"), "text-embeddings-router"
    ),
    tag_version=r"^[a-z0-9]+-v?(\d+\.\d+(?:\.\d+)?)",  # 89-1.5, turing-1.5, cpu-1.5: the GPU stands before it
    tag_gpus=barrier.TEI,
    from_environment=True,
    one_gpu_by_default=True,
    server=ROUTER,
)
INFINITY = Engine(
    "infinity",
    "server",
    _INFINITY,
    programs={
        ("infinity_emb", "v2"): _INFINITY,
        ("infinity-emb", "v2"): _INFINITY,
        ("infinity_emb",): _INFINITY,
    },
    images={"michaelf34/infinity": _INFINITY},
    entrypoints={"michaelf34/infinity": "infinity_emb [v2]"},  # its Dockerfile, 0.0.76
    environment={"INFINITY_MODEL_ID": "model_name:name", "INFINITY_DTYPE": "dtype:dtype"},
    one_gpu_by_default=True,
)
_NIM = vllm.VLLM.tool._replace(engine="nim", positional="", config=())
NIM = Engine(
    "nim",
    "server",
    _NIM,
    programs={("nim-serve",): _NIM, ("start_nim_server",): _NIM},
    title="NVIDIA NIM",
    images={"nim/*": _NIM},
    entrypoints={"nim/*": "nim-serve"},  # `/opt/nim/start_server.sh` before 2.0
    # "Environment variables" of NIM for LLMs 1.15 and 2.1
    environment={
        "NIM_MODEL_NAME": "model_name:name",
        "NIM_MODEL_PATH": "model_name:name",
        "NIM_MAX_MODEL_LEN": "context:int",
        "NIM_TENSOR_PARALLEL_SIZE": "tensor_parallel:int",
        "NIM_PIPELINE_PARALLEL_SIZE": "pipeline_parallel:int",
    },
    server=Server(8000, "/v1/health/ready", port_variable="NIM_SERVER_PORT"),
    names_model=True,
    no_model=("llm-nim", "model-free", "vllm", "sglang"),
)
"""Behind it TensorRT-LLM, vLLM or SGLang work, as the profile has it that it chooses when it starts."""


def _other(
    name: str, *commands: str, title: str = "", flags: str = "", images: str = "", starts: str = ""
) -> Engine:
    """A server of which the commands and images are known, and not how it uses memory."""
    tool = Tool(name, "serve", alike("model_name:name", flags))
    programs = {tuple(command.split()): tool for command in commands}
    entries = dict.fromkeys(images.split(), starts)
    return Engine(
        name,
        "server",
        tool,
        programs=programs,
        title=title,
        images=dict.fromkeys(entries, tool),
        entrypoints=entries,
    )


OTHERS = (
    _other("triton", "tritonserver", "launch_triton_server.py", title="Triton Inference Server")._replace(
        images={},
        entrypoints={"nvidia/tritonserver": ""},  # a shell; its tags are months: 25.03-vllm-python-py3
    ),
    _other(
        "tensorflow-serving",
        "tensorflow_model_server",
        title="TensorFlow Serving",
        images="tensorflow/serving",
        starts="tensorflow_model_server",
    )._replace(environment={"MODEL_NAME": "served_name:name"}),
    _other(
        "torchserve",
        "torchserve",
        title="TorchServe",
        images="pytorch/torchserve kserve/torchserve-kfs",
        starts="torchserve [--start]",
    ),
    _other("bentoml", "bentoml serve", title="BentoML"),
    _other(
        "mlserver", "mlserver start", title="MLServer", images="seldonio/mlserver", starts="mlserver start"
    ),
    _other(
        "cog", "-m cog.server.http", title="Cog", images="r8.im/*", starts="python3 -m cog.server.http"
    )._replace(names_model=True),
    _other(
        "localai",
        "local-ai run",
        "local-ai",
        title="LocalAI",
        images="localai/localai go-skynet/local-ai",
        starts="local-ai",
    ),
    _other("xinference", "xinference-local", images="xprobe/xinference", title="Xinference"),
    _other("djl-serving", title="DJL Serving", images="djl-inference deepjavalibrary/djl-serving")._replace(
        programs={("djl-serving",): Tool("djl-serving", "serve")},
        entrypoints=dict.fromkeys(("djl-inference", "deepjavalibrary/djl-serving"), "djl-serving"),
        # LMI docs, "Environment variables": OPTION_* or serving.properties
        environment={
            "HF_MODEL_ID": "model_name:name",
            "OPTION_MODEL_ID": "model_name:name",
            "TENSOR_PARALLEL_DEGREE": "tensor_parallel:int",
            "OPTION_TENSOR_PARALLEL_DEGREE": "tensor_parallel:int",
            "OPTION_MAX_MODEL_LEN": "context:int",
        },
    ),
)
ENGINES = (SGLANG, LMDEPLOY, TENSORRT_LLM, EXLLAMA, FASTCHAT, TEI, INFINITY, NIM, *OTHERS)
"""Sources: each project's documentation of its server, quantization and flags, 2025; Dockerfiles and tags of their
images, November 2026."""
