"""Names of the Ollama library whose size or base the name does not state.

Source: ollama.com/library, default tags as listed there; recalled 2026-11-20.
"""

from __future__ import annotations

OLLAMA_DEFAULTS = {
    "llama2": "7b", "llama3": "8b", "llama3.1": "8b", "llama3.2": "3b", "llama3.3": "70b", "codellama": "7b",
    "mistral": "7b", "mixtral": "8x7b", "mistral-nemo": "12b", "mistral-small": "24b", "qwen": "4b",
    "qwen2": "7b", "qwen2.5": "7b", "qwen2.5-coder": "7b", "qwen3": "8b", "qwen3-coder": "30b", "qwq": "32b",
    "gemma": "7b", "gemma2": "9b", "gemma3": "4b", "phi3": "3.8b", "phi4": "14b", "phi4-mini": "3.8b",
    "deepseek-r1": "8b", "deepseek-v3": "671b", "deepseek-coder": "1.3b", "deepseek-coder-v2": "16b",
    "gpt-oss": "20b", "tinyllama": "1.1b", "vicuna": "7b", "zephyr": "7b", "falcon": "7b", "starcoder2": "3b",
    "yi": "6b", "solar": "10.7b", "smollm2": "1.7b", "llava": "7b", "command-r": "35b",
    "llama3.2-vision": "11b", "qwen2.5vl": "7b", "granite3.3": "8b", "deepseek-v3.1": "671b",
}  # fmt: skip
"""Library name → size of its `latest` tag."""

OLLAMA_NAMES = {
    "mistral-7b": "Mistral-7B-v0.3",
    "qwen-0.5b": "Qwen1.5-0.5B",
    "qwen-1.8b": "Qwen1.5-1.8B",
    "qwen-4b": "Qwen1.5-4B",
    "qwen-7b": "Qwen1.5-7B",
    "qwen-14b": "Qwen1.5-14B",
    "qwen-32b": "Qwen1.5-32B",
    "qwen-72b": "Qwen1.5-72B",
    "qwen-110b": "Qwen1.5-110B",
    "qwen3-30b": "Qwen3-30B-A3B-2507",
    "qwen3-235b": "Qwen3-235B-A22B-2507",
    "qwen3-coder-30b": "Qwen3-30B-A3B-2507",
    "qwen3-coder-480b": "Qwen3-Coder-480B-A35B",
    "phi-2.7b": "phi-2",
    "phi3-3.8b": "Phi-3-mini-128k",
    "phi3-14b": "Phi-3-medium",
    "phi4-14b": "Phi-4",
    "phi4-mini-3.8b": "Phi-4-mini",
    "deepseek-r1-1.5b": "DeepSeek-R1-Distill-Qwen-1.5B",
    "deepseek-r1-7b": "DeepSeek-R1-Distill-Qwen-7B",
    "deepseek-r1-8b": "DeepSeek-R1-0528-Qwen3-8B",
    "deepseek-r1-14b": "DeepSeek-R1-Distill-Qwen-14B",
    "deepseek-r1-32b": "DeepSeek-R1-Distill-Qwen-32B",
    "deepseek-r1-70b": "DeepSeek-R1-Distill-Llama-70B",
    "deepseek-r1-671b": "DeepSeek-R1",
    "deepseek-v3-671b": "DeepSeek-V3",
    "deepseek-coder-v2-16b": "DeepSeek-V2-Lite",
    "deepseek-coder-v2-236b": "DeepSeek-V2",
    "mistral-small-22b": "Mistral-Small-22B-2409",
    "mistral-small-24b": "Mistral-Small-24B-2501",
    "falcon-180b": "Falcon-180B",
    "command-r-35b": "Command-R-32B-08-2024",
    "llama3.2-vision-11b": "Llama-3.2-11B-Vision",
    "llama3.2-vision-90b": "Llama-3.2-90B-Vision",
    "qwen2.5vl-3b": "Qwen2.5-VL-3B",
    "qwen2.5vl-7b": "Qwen2.5-VL-7B",
    "qwen2.5vl-32b": "Qwen2.5-VL-32B",
    "qwen2.5vl-72b": "Qwen2.5-VL-72B",
    "granite3.3-8b": "Granite-3-8B",
    "granite3.3-2b": "Granite-3-2B",
    "deepseek-v3.1-671b": "DeepSeek-V3",
    "llama4-16x17b": "Llama-4-Scout",
    "llama4-128x17b": "Llama-4-Maverick",
}
"""Library name and size → the model it is. Ollama's command-r:35b is the 08-2024 release (32.3 B)."""
