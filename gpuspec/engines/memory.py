"""Engines: what each allocates beside weights and cache, and the share of a GPU it may use."""

from typing import NamedTuple

Range = tuple[float, float, float]
"""Low, expected, high."""


class Engine(NamedTuple):
    """Memory habits of an inference engine. GiB unless said otherwise."""

    name: str
    base: str
    """The entry of this table it behaves like."""
    queues: bool
    """Requests wait for room in the cache: only one sequence must fit."""
    utilization: float
    """Share of the GPU's memory it uses by default."""
    chunk: int | None
    """Prompt tokens in one forward pass; None: the whole prompt."""
    context: Range
    """CUDA context, libraries and kernels, outside the allocator."""
    workspace: Range
    """Fixed workspaces inside the allocator: cuBLAS, sampling, CUDA graphs."""
    fragmentation: Range
    """Share of cache and activations lost between blocks."""
    grows: bool
    """The cache grows by concatenation, token by token, instead of lying in blocks set aside."""
    dequantizes: bool
    """Unpacks a 4-bit matrix to 16 bit before a prompt's matrix product."""
    static: bool = False
    """Its share of the memory is for weights and cache alone (`--mem-fraction-static`); the rest of the GPU is for
    activations and graphs."""


_TORCH = (0.35, 0.5, 1.0)
ENGINES = {
    "vllm": Engine(
        "vllm", "vllm", True, 0.92, 2048, (0.0, 0.1, 0.6), (0.1, 0.3, 1.2), (0, 0, 0), False, False
    ),
    "sglang": Engine(
        "sglang", "sglang", True, 0.88, 8192, _TORCH, (0.3, 0.8, 2.0), (0, 0, 0), False, False, static=True
    ),
    "tgi": Engine("tgi", "tgi", True, 0.95, 4096, _TORCH, (0.2, 0.6, 1.5), (0, 0, 0), False, False),
    "lmdeploy": Engine(
        "lmdeploy", "lmdeploy", True, 0.9, 8192, _TORCH, (0.2, 0.5, 1.2), (0, 0, 0), False, False
    ),
    "tensorrt-llm": Engine(
        "tensorrt-llm", "tensorrt-llm", True, 0.9, 8192, _TORCH, (0.3, 0.8, 2.0), (0, 0, 0), False, False
    ),
    "transformers": Engine(
        "transformers",
        "transformers",
        False,
        1.0,
        None,
        _TORCH,
        (0.02, 0.05, 0.2),
        (0, 0.04, 0.1),
        True,
        True,
    ),
    "litgpt": Engine(
        "litgpt", "litgpt", False, 1.0, None, _TORCH, (0.01, 0.03, 0.2), (0, 0.04, 0.1), False, True
    ),
    "exllama": Engine(
        "exllama", "exllama", False, 1.0, 2048, _TORCH, (0.1, 0.3, 0.6), (0, 0.04, 0.1), False, True
    ),
    "llama.cpp": Engine(
        "llama.cpp",
        "llama.cpp",
        False,
        1.0,
        512,
        (0.15, 0.3, 0.5),
        (0.1, 0.2, 0.5),
        (0, 0, 0.02),
        False,
        False,
    ),
}
_SAME = {
    "ollama": "llama.cpp",
    "koboldcpp": "llama.cpp",
    "llamafile": "llama.cpp",
    "lm-studio": "llama.cpp",
    "text-generation-inference": "tgi",
    "trt-llm": "tensorrt-llm",
    "trtllm": "tensorrt-llm",
    "exllamav2": "exllama",
    "hf": "transformers",
    "accelerate": "transformers",
    "peft": "transformers",
}


def engine_of(name: str | None) -> Engine:
    """The engine by name; an unknown one behaves like plain PyTorch, which is transformers."""
    key = (name or "transformers").lower().replace("_", "-").replace("llama-cpp", "llama.cpp")
    key = _SAME.get(key, key)
    found = ENGINES.get(key)
    if found is None:
        found = ENGINES["transformers"]
    return found if name in (None, found.name) else found._replace(name=name)


def before(version: str | None, limit: tuple[int, int]) -> bool:
    """Whether a stated version is older than `limit`; an unstated one is current."""
    numbers = []
    for piece in (version or "").lstrip("v").split(".")[:2]:
        if not piece.isdigit():
            break
        numbers.append(int(piece))
    return len(numbers) == 2 and (numbers[0], numbers[1]) < limit
