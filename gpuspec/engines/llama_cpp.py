"""llama.cpp and what is built on it: Ollama, KoboldCpp, llamafile, LM Studio. Flags as of 2024–2025."""

from gpuspec.engines.engine import Defaults, Engine, Memory, Quantizing, Server
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
    **alike("on_host=weights", "-cmoe cpu-moe"),
    **alike("on_host:offload", "-ncmoe n-cpu-moe"),
    **alike("on_host:placed", "-ot override-tensor"),
    **alike("kv_dtype:kv", "-ctk cache-type-k"),
    "-b": "-",
    **alike("max_batched_tokens:int", "-ub ubatch-size"),
    **alike("", "-fa flash-attn -cb cont-batching mlock no-mmap -i -cnv jinja metrics embedding embeddings"),
}

_SERVER = Tool("llama.cpp", "serve", _LLAMA)
_CLI = Tool("llama.cpp", "batch", _LLAMA)
_PYTHON_FLAGS = {
    **alike("model_name:name", "model hf-model-repo-id"),
    "n-ctx": "context:int",
    "n-gpu-layers": "cpu_offload:layers",
}
_PYTHON = Tool("llama.cpp", "serve", _PYTHON_FLAGS)

_DEFAULTS = (Defaults(chunk=512),)
_MEMORY = Memory(
    context=(0.15, 0.3, 0.5),
    workspace=(0.1, 0.2, 0.5),
    fragmentation=(0, 0, 0.02),
    counted=True,
)

LLAMA_CPP = Engine(
    "llama.cpp",
    "server",
    _SERVER,
    programs={
        ("llama-server",): _SERVER,
        ("llama-cli",): _CLI,
        ("llama-bench",): _CLI,
        ("llama-batched-bench",): _CLI,
        ("-m", "llama_cpp.server"): _PYTHON,
    },
    aliases=("llama-cpp",),
    binaries={"server": "llama-server", "main": "llama-cli", "llama-run": "llama-cli"},
    images={"ghcr.io/ggml-org/llama.cpp": _SERVER, "ghcr.io/ggerganov/llama.cpp": _SERVER},
    defaults=_DEFAULTS,
    memory=_MEMORY,
    server=Server(
        8080,
        "/health",
        loopback=True,
        key_flags=("--api-key", "--api-key-file"),
        key_variable="LLAMA_API_KEY",
    ),
    quantizing=Quantizing(refuses=frozenset({"AWQ", "GPTQ", "bitsandbytes", "FP8", "EXL2"}), reads="GGUF"),
    context_is_shared=True,  # `llama-server --help`: -c is for all slots of -np together
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
    images={"ollama/ollama": _OLLAMA},
    defaults=_DEFAULTS,
    memory=_MEMORY,
    server=Server(11434, "/api/tags", loopback=True, host_flag="", port_flag="", bind_variable="OLLAMA_HOST"),
    spills=True,
    registry="ollama.com",
    also_client=True,
)
KOBOLDCPP = Engine("koboldcpp", "server", defaults=_DEFAULTS, memory=_MEMORY)
LLAMAFILE = Engine("llamafile", "server", defaults=_DEFAULTS, memory=_MEMORY)
LM_STUDIO = Engine("lm-studio", "server", defaults=_DEFAULTS, memory=_MEMORY)
ENGINES = (LLAMA_CPP, OLLAMA, KOBOLDCPP, LLAMAFILE, LM_STUDIO)
