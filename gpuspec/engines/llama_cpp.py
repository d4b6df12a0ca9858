"""llama.cpp and what is built on it: Ollama, KoboldCpp, llamafile, LM Studio. Flags as of 2024–2026."""

from gpuspec.engines.decode import DecodeSpeed
from gpuspec.engines.engine import Buffers, Defaults, Engine, Memory, Quantizing, Server
from gpuspec.engines.prefill import PrefillSpeed
from gpuspec.engines.tool import Tool, alike

_OLLAMA = Tool(
    "ollama",
    "serve",
    {"verbose": "", "keepalive": "-", "format": "-", "insecure": "", "nowordwrap": ""},
    positional="model_name",
)

_LLAMA = {
    **alike("model_name:name", "-m model -hf -hfr hf-repo -mu model-url"),
    **alike("hub_file:name", "-hff hf-file"),
    **alike("context:int", "-c ctx-size"),
    **alike("concurrency:int", "-np parallel"),
    **alike("cpu_offload:layers", "-ngl gpu-layers n-gpu-layers"),
    **alike("on_host=experts", "-cmoe cpu-moe"),
    **alike("on_host:offload experts_on_host:int", "-ncmoe n-cpu-moe"),
    **alike("on_host:placed", "-ot override-tensor"),
    **alike("kv_keys:kv", "-ctk cache-type-k"),
    **alike("kv_values:kv", "-ctv cache-type-v"),
    **alike(
        "-",
        "-b batch-size -sm split-mode -ts tensor-split -t threads -mg main-gpu -dev device -fitt fit-target",
    ),
    **alike("max_batched_tokens:int", "-ub ubatch-size"),
    **alike("flash_attention=yes", "-fa flash-attn"),
    "no-flash-attn": "flash_attention=no",
    "swa-full": "whole_windows=yes",
    **alike("projector:name", "-mm mmproj"),
    **alike("projector=none", "no-mmproj no-mmproj-offload"),
    **alike(
        "",
        "-cb cont-batching mlock no-mmap -i -cnv jinja metrics embedding embeddings -kvu kv-unified no-kv-unified "
        "no-warmup no-webui props",
    ),
}
_BENCH = {
    **_LLAMA,
    **alike("bench_prompt:int", "-p n-prompt"),
    **alike("bench_generated:int", "-n n-gen"),
    **alike("bench_depth:int", "-d n-depth"),
}
_VARIABLES = {
    "LLAMA_ARG_MODEL": "model_name:name",
    "LLAMA_ARG_HF_REPO": "model_name:name",
    "LLAMA_ARG_MODEL_URL": "model_name:name",
    "LLAMA_ARG_HF_FILE": "hub_file:name",
    "LLAMA_ARG_CTX_SIZE": "context:int",
    "LLAMA_ARG_N_PARALLEL": "concurrency:int",
    "LLAMA_ARG_UBATCH": "max_batched_tokens:int",
    "LLAMA_ARG_N_GPU_LAYERS": "cpu_offload:layers",
    "LLAMA_ARG_FLASH_ATTN": "flash_attention:bool",
    "LLAMA_ARG_CACHE_TYPE_K": "kv_keys:kv",
    "LLAMA_ARG_CACHE_TYPE_V": "kv_values:kv",
    "LLAMA_ARG_MMPROJ": "projector:name",
}
"""llama.cpp common/arg.cpp, set_env."""

_SERVER = Tool("llama.cpp", "serve", _LLAMA)
_CLI = Tool("llama.cpp", "batch", _LLAMA)
_BENCHMARK = Tool("llama.cpp", "batch", _BENCH)
_PYTHON_FLAGS = {
    **alike("model_name:name", "model hf-model-repo-id"),
    "n-ctx": "context:int",
    "n-gpu-layers": "cpu_offload:layers",
    "n-batch": "max_batched_tokens:int",
    "flash-attn": "flash_attention:bool",
}
_PYTHON = Tool("llama.cpp", "serve", _PYTHON_FLAGS)

_BUFFERS = Buffers(
    flash_since=(6325,),  # ggml-org/llama.cpp#15434
    windows_since=(5440,),  # #13194
    whole_windows=frozenset(
        {"phi3", "phimoe", "mistral", "mixtral", "ministral", "starcoder2", "qwen2", "qwen3"}
    ),
    few_logits_since=(9450,),  # #23861, of the end of May 2026
)
"""Build numbers are those of the pull requests' months. Models in src/models/*.cpp that set no `swa_type`."""
_DEFAULTS = (
    Defaults(chunk=512),
    Defaults(
        chunk=512, batch=4, shares_cache=True, since=(6929,)
    ),  # #16736: -np auto is 4 slots of one cache
)
_MEMORY = Memory(
    # A Gemma of 12B at rest: nvidia-smi 7,512 MiB, its three buffers 7,358 (a laptop's GPU; larger ones take more).
    context=(0.12, 0.25, 0.5),
    workspace=(0.0, 0.05, 0.3),
    buffers=_BUFFERS,
    counted=True,
)
_DECODE = DecodeSpeed(
    bandwidth=(0.6, 0.83, 0.95),
    cache=(0.3, 0.55, 0.95),
    # LFM2-8B with 65,536 tokens in q4_0 takes as long as in 16 bit (RTX 3060, runs of August 2026).
    cache_unpacked=True,
    compute=(0.1, 0.3, 0.6),
    block=(9e-6, 22e-6, 48e-6),
    step=(0.0, 0.05e-3, 0.6e-3),
    in_turn=True,
)
"""Fitted to 180 runs on GeForce cards whose weights are all on the GPU (benchmarks/speed.py, runs of August 2026)."""

_PREFILL = PrefillSpeed(
    # MMQ kernels multiply quantized weights with activations in 8 bit (ggml-cuda/mmq.cu): a quarter of the INT8
    # operations, by llama.cpp's own benchmarks of a 7B Q4_0 (pp512, ggml-org/llama.cpp discussion 15013, 2025):
    # RTX 3090 0.24, 4090 0.26, 5090 0.22 of GeForce's; A100 and H100, whose units are 2 and 4 times as wide for
    # each multiprocessor, no more than a GeForce of as many: "fills".
    integer=(0.15, 0.24, 0.32),
    integer_experts=(0.08, 0.2, 0.3),
    tile=96.0,
    attention=(0.2, 0.5, 0.9),
    state=(0.007, 0.02, 0.06),
    layer=(5e-6, 20e-6, 100e-6),
    request=(0.001, 0.01, 0.05),
    # First tokens that people report beside llama-bench's rates (localmaxxing, 2026): 1.2 on an RTX 3060, 1.4 on a
    # 3090, 0.9 to 1.1 on a 5090.
    alone=(1.0, 1.2, 1.7),
    # 2 × RTX 3060 beside one: 4, 8 and 16 passes take 0.70, 0.65 and 0.63 of the time, where 0.63 to 0.53 could be.
    overlaps=0.79,
    fills={"8.0": 0.5, "9.0": 0.25, "10.0": 0.125, "10.3": 0.125},
)

LLAMA_CPP = Engine(
    "llama.cpp",
    "server",
    _SERVER,
    programs={
        ("llama-server",): _SERVER,
        ("llama-cli",): _CLI,
        ("llama-bench",): _BENCHMARK,
        ("llama-batched-bench",): _CLI,
        ("-m", "llama_cpp.server"): _PYTHON,
        ("tools.sh", "--server"): _SERVER,
        ("tools.sh", "-s"): _SERVER,
        ("tools.sh", "--run"): _CLI,
        ("tools.sh", "-r"): _CLI,
    },
    aliases=("llama-cpp",),
    weights="GGUF",
    binaries={
        "server": "llama-server",
        "main": "llama-cli",
        "llama-run": "llama-cli",
        "llama-server.exe": "llama-server",
        "llama-cli.exe": "llama-cli",
        "llama-bench.exe": "llama-bench",
    },
    images={"ggml-org/llama.cpp": _SERVER, "ggerganov/llama.cpp": _SERVER},
    # .devops/*.Dockerfile there: `full` starts tools.sh, whose first argument says what of; November 2026
    entrypoints={
        f"{owner}/llama.cpp:{tag}": entry
        for owner in ("ggml-org", "ggerganov")
        for tag, entry in (("server", "llama-server"), ("light", "llama-cli"), ("full", "tools.sh"))
    },
    environment=_VARIABLES,
    defaults=_DEFAULTS,
    memory=_MEMORY,
    prefill=_PREFILL,
    decode=_DECODE,
    server=Server(
        8080,
        "/health",
        loopback=True,
        key_flags=("--api-key", "--api-key-file"),
        key_variable="LLAMA_API_KEY",
        image_listens=True,  # ENV LLAMA_ARG_HOST=0.0.0.0 in .devops/*.Dockerfile, November 2026
        host_variable="LLAMA_ARG_HOST",
        port_variable="LLAMA_ARG_PORT",
    ),
    quantizing=Quantizing(refuses=frozenset({"AWQ", "GPTQ", "bitsandbytes", "FP8", "EXL2"}), reads="GGUF"),
    context_is_shared=True,  # `llama-server --help`: -c is for all slots of -np together
    projector_apart=True,
    hub_default=("-hf", "gguf:Q4_K_M"),  # llama.cpp's --help: the quantization of -hf defaults to it
)
OLLAMA = Engine(
    "ollama",
    "server",
    _OLLAMA,
    programs={
        ("ollama", "serve"): _OLLAMA._replace(positional=""),
        ("ollama", "run"): _OLLAMA,
        ("ollama", "pull"): _OLLAMA._replace(task=None),
    },
    title="Ollama",
    prefill=_PREFILL,
    images={"ollama/ollama": _OLLAMA},
    entrypoints={"ollama/ollama": "ollama [serve]"},  # its Dockerfile, November 2026
    environment={
        "OLLAMA_CONTEXT_LENGTH": "context:int",
        "OLLAMA_NUM_PARALLEL": "concurrency:int",
        "OLLAMA_KV_CACHE_TYPE": "kv_dtype:kv",
        "OLLAMA_FLASH_ATTENTION": "flash_attention:bool",
    },
    # ollama/ollama#10364 and its release notes: 4,096 tokens since 0.6.7, since 0.15.5 by the memory of the GPU.
    defaults=(
        Defaults(chunk=512, context=2048),
        Defaults(chunk=512, context=4096, since=(0, 6, 7)),
        Defaults(chunk=512, context=32_768, since=(0, 15, 5), from_gib=23, if_stated=True),
        Defaults(chunk=512, context=262_144, since=(0, 15, 5), from_gib=47, if_stated=True),
    ),
    memory=_MEMORY._replace(
        buffers=_BUFFERS._replace(
            flash_since=(0, 13),  # fs/ggml/ggml.go, FlashAttention: a list of architectures
            flash_for_some=True,
            windows_since=(0, 6, 3),
            few_logits_since=None,
        )
    ),
    decode=_DECODE,
    server=Server(
        11434,
        "/api/tags",
        loopback=True,
        host_flag="",
        port_flag="",
        bind_variable="OLLAMA_HOST",
        models_folder="/root/.ollama",  # Ollama, its page on Docker, November 2026
        loads_later=True,
        image_listens=True,  # ENV OLLAMA_HOST=0.0.0.0:11434 in its Dockerfile, November 2026
    ),
    spills=True,
    registry="ollama.com",
    also_client=True,
)
_OTHERS = _MEMORY._replace(buffers=_BUFFERS._replace(few_logits_since=None))
"""Their own versions count otherwise; as a rule they hold a llama.cpp of the last months."""
_KOBOLD = Tool(
    "koboldcpp",
    "serve",
    {
        **alike("model_name:name", "model -m"),
        "contextsize": "context:int",
        "gpulayers": "cpu_offload:layers",
        **alike("-", "tensor-split batchsize blasbatchsize threads usecublas usecuda host multiuser quantkv"),
        "flashattention": "flash_attention=yes",
        **alike("", "quiet skiplauncher lowvram nommap usemlock smartcontext noshift"),
    },
    positional="model_name",
)  # fmt: skip
_KOBOLDS = (
    "koboldcpp.py",
    "koboldcpp",
    "koboldcpp-linux-x64",
    "koboldcpp-linux-x64-cuda1240",
    "koboldcpp.exe",
)
"""LostRuins/koboldcpp, koboldcpp.py and its releases, 2025."""
KOBOLDCPP = Engine(
    "koboldcpp",
    "server",
    _KOBOLD,
    programs={(name,): _KOBOLD for name in _KOBOLDS},
    title="KoboldCpp",
    weights="GGUF",
    defaults=(Defaults(chunk=512),),
    memory=_OTHERS,
    decode=_DECODE,
    prefill=_PREFILL,
    server=Server(5001),
    quantizing=LLAMA_CPP.quantizing,
)
_LLAMAFILE = _SERVER._replace(engine="llamafile")
_TABBY = Tool(
    "tabby", "serve", {"model": "model_name:name", "chat-model": "-", "device": "-", "parallelism": "-"}
)
TABBY = KOBOLDCPP._replace(
    name="tabby",
    tool=_TABBY,
    programs={("tabby", "serve"): _TABBY},
    images={"tabbyml/tabby": _TABBY},
    entrypoints={"tabbyml/tabby": "tabby [serve]"},  # its docker/Dockerfile.cuda, November 2026
    registry="TabbyML's registry of models",
    weights="",
)
LLAMAFILE = KOBOLDCPP._replace(
    name="llamafile",
    title="llamafile",
    tool=_LLAMAFILE,
    programs={("llamafile",): _LLAMAFILE},
    binaries={".llamafile": "llamafile"},
    server=Server(8080, "/health", loopback=True),
)
LM_STUDIO = KOBOLDCPP._replace(
    name="lm-studio", title="LM Studio", tool=Tool(None), programs={}, server=None, weights=""
)
ENGINES = (LLAMA_CPP, OLLAMA, KOBOLDCPP, LLAMAFILE, LM_STUDIO, TABBY)
