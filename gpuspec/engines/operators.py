"""What serving operators of Kubernetes start by themselves, where a manifest names no program: commands, whose
engines the rows of this folder know."""

from collections.abc import Mapping

USUAL = "vllm serve"
"""Of KServe's LLMInferenceService, the vLLM production stack, llm-d and KAITO. Sources: KServe's
config/llmisvcconfig, production-stack's operator, llm-d's model service, KAITO's presets/workspace; November 2026."""

KSERVE: Mapping[str, str] = {
    "huggingface": "python3 -m huggingfaceserver",
    "vllm": "vllm serve",
    "pytorch": "torchserve",
    "tensorflow": "tensorflow_model_server",
    "triton": "tritonserver",
    "tensorrt": "tritonserver",
    "onnx": "tritonserver",
    "sglang": "sglang serve",
    "tgi": "text-generation-launcher",
    "nim": "nim-serve",
    "mlflow": "mlserver start",
}
"""Model format of an InferenceService → what its usual runtime starts; the words also stand in names of runtimes.
Source: KServe's config/runtimes of 0.15; November 2026."""

KSERVE_FIELDS = (
    "model", "huggingface", "triton", "tensorflow", "pytorch", "onnx", "tensorrt", "sklearn", "xgboost", "pmml",
    "lightgbm", "paddle",
)  # fmt: skip
"""Fields of a predictor in which a model stands: `model`, and one for each model format of older files."""

KAITO_USUAL = "vllm"
KAITO_SPREADS = "--nnodes ${KAITO_NODES}"
"""KAITO works out of the model and the machine how many of these a role of MultiRoleInference takes."""
KAITO: Mapping[str, str] = {"vllm": "vllm serve", "transformers": "python3 inference_api.py"}
"""The value of the annotation `kaito.sh/runtime` → what it starts; vLLM unless told (KAITO 0.4, 2025)."""
KUBEAI: Mapping[str, str] = {
    "vllm": "vllm serve",
    "ollama": "ollama run",
    "fasterwhisper": "faster-whisper-server",
    "infinity": "infinity_emb v2",
}
"""`engine` of kubeai's Model, in small letters → what it starts; docs.kubeai.org, November 2026."""
OLLAMA = "ollama run"
MODEL_FLAGS: Mapping[str, str] = {
    "infinity_emb v2": "--model-id",
    "faster-whisper-server": "--model",
    "python3 -m huggingfaceserver": "--model_id",
}
"""A command of these tables → the flag that names its model; others take it as their first argument."""
NIM = "nim-serve"
OME: Mapping[str, str] = {"srt": "sglang serve", "sglang": "sglang serve", "vllm": "vllm serve"}
"""How the name of a runtime of OME's begins → what it starts; config/runtimes of sgl-project/ome, November 2026."""
SELDON: Mapping[str, str] = {
    "TRITON_SERVER": "tritonserver",
    "TENSORFLOW_SERVER": "tensorflow_model_server",
    "HUGGINGFACE_SERVER": "mlserver start",
    "MLFLOW_SERVER": "mlserver start",
}
"""`implementation` of a SeldonDeployment's graph; docs.seldon.ai, prepackaged servers, 2025."""


def of_runtime(name: str | None, table: Mapping[str, str] = KSERVE) -> str | None:
    """What a runtime starts, by the words of its name: `kserve-huggingfaceserver`, `vllm-cuda-runtime`; None where
    they say nothing."""
    words = (name or "").lower().replace("server", "").replace("_", "-").split("-")
    return next((table[word] for word in words if word in table), None)
