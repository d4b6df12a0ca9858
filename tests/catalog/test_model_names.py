"""Model names: hub ids, uploads, Ollama tags. Expected shapes are those of the named base model."""

from __future__ import annotations

import pytest

from gpuspec.catalog import Catalog

CATALOG = Catalog()

NAMES = {
    "meta-llama/Llama-3.1-70B-Instruct": ("Llama-3.1-70B", None),
    "meta-llama/Meta-Llama-3.1-8B-Instruct": ("Llama-3.1-8B", None),
    "meta-llama/Llama-2-7b-chat-hf": ("Llama-2-7B", None),
    "TheBloke/Llama-2-13B-chat-AWQ": ("Llama-2-13B", "awq"),
    "TheBloke/Llama-2-13B-chat-GPTQ": ("Llama-2-13B", "gptq-int4"),
    "TheBloke/Mixtral-8x7B-Instruct-v0.1-GPTQ": ("Mixtral-8x7B", "gptq-int4"),
    "neuralmagic/Meta-Llama-3.1-70B-Instruct-FP8-dynamic": ("Llama-3.1-70B", "fp8"),
    "neuralmagic/Meta-Llama-3.1-8B-Instruct-FP8": ("Llama-3.1-8B", "fp8"),
    "RedHatAI/Meta-Llama-3.1-70B-Instruct-quantized.w4a16": ("Llama-3.1-70B", "int4"),
    "RedHatAI/Qwen2.5-7B-Instruct-quantized.w8a8": ("Qwen2.5-7B", "int8"),
    "hugging-quants/Meta-Llama-3.1-8B-Instruct-AWQ-INT4": ("Llama-3.1-8B", "awq"),
    "bartowski/Meta-Llama-3.1-8B-Instruct-GGUF": ("Llama-3.1-8B", "gguf"),
    "TheBloke/Mistral-7B-Instruct-v0.2-AWQ": ("Mistral-7B-v0.2", "awq"),
    "teknium/OpenHermes-2.5-Mistral-7B": ("Mistral-7B-v0.1", None),
    "Qwen/Qwen3-VL-8B-Instruct-FP8": ("Qwen3-VL-8B", "fp8"),
    "OpenGVLab/InternVL2_5-78B-AWQ": ("InternVL2.5-78B", "awq"),
    "Salesforce/blip2-opt-2.7b": ("BLIP-2-OPT-2.7B", None),
    "bartowski/google_gemma-3-12b-it-GGUF": ("Gemma-3-12B", "gguf"),
    "bartowski/mistralai_Mistral-Small-3.2-24B-Instruct-2506-GGUF": ("Mistral-Small-3.1-24B", "gguf"),
    "nvidia/DeepSeek-R1-FP4": ("DeepSeek-R1", "nvfp4"),
    "ISTA-DASLab/gemma-3-27b-it-GPTQ-4b-128g": ("Gemma-3-27B", "gptq-int4"),
    "Meta-Llama-3.1-8B-Instruct-Q4_K_M.gguf": ("Llama-3.1-8B", "gguf:Q4_K_M"),
    "llama-2-7b-chat.Q5_K_S.gguf": ("Llama-2-7B", "gguf:Q5_K_S"),
    "Qwen3-30B-A3B-UD-Q4_K_XL.gguf": ("Qwen3-30B-A3B", "gguf:Q4_K_XL"),
    "hf.co/bartowski/Llama-3.2-3B-Instruct-GGUF:Q8_0": ("Llama-3.2-3B", "gguf:Q8_0"),
    "https://huggingface.co/Qwen/Qwen2.5-7B-Instruct": ("Qwen2.5-7B", None),
    "unsloth/Qwen2.5-7B-Instruct-bnb-4bit": ("Qwen2.5-7B", "nf4-dq"),
    "unsloth/llama-3-8b-bnb-4bit": ("Llama-3-8B", "nf4-dq"),
    "Qwen/Qwen2.5-72B-Instruct-GPTQ-Int4": ("Qwen2.5-72B", "gptq-int4"),
    "Qwen/Qwen2.5-72B-Instruct-GPTQ-Int8": ("Qwen2.5-72B", "gptq-int8"),
    "Qwen/QwQ-32B-AWQ": ("QwQ-32B", "awq"),
    "nvidia/Llama-3.1-405B-Instruct-NVFP4": ("Llama-3.1-405B", "nvfp4"),
    "mlx-community/Qwen3-30B-A3B-MLX-4bit": ("Qwen3-30B-A3B", "int4"),
    "mlx-community/Meta-Llama-3.1-8B-Instruct-4bit": ("Llama-3.1-8B", "int4"),
    "llama-3.1-8b": ("Llama-3.1-8B", None),
    "Llama3.1-8B": ("Llama-3.1-8B", None),
    "LLAMA-3.1-8B-INSTRUCT": ("Llama-3.1-8B", None),
    "openai/gpt-oss-120b": ("gpt-oss-120b", None),
    "Qwen/Qwen2.5-Coder-32B-Instruct": ("Qwen2.5-32B", None),
    "deepseek-ai/DeepSeek-R1-Distill-Qwen-32B": ("DeepSeek-R1-Distill-Qwen-32B", None),
    "deepseek-ai/DeepSeek-V3-0324": ("DeepSeek-V3", None),
    "google/gemma-3-27b-it": ("Gemma-3-27B", None),
    "openai/whisper-large-v3": ("Whisper-large-v3", None),
    "black-forest-labs/FLUX.1-dev": ("FLUX.1-dev", None),
    "stabilityai/stable-diffusion-xl-base-1.0": ("SDXL", None),
    "facebook/sam3": ("SAM3", None),
    "/workspace/models/sd_xl_base_1.0.safetensors": ("SDXL", None),
    "v1-5-pruned-emaonly.ckpt": ("SD-1.5", None),
    "ComfyUI/models/checkpoints/flux1-dev-fp8.safetensors": ("FLUX.1-dev", "fp8"),
    "sd3.5_large.safetensors": ("SD3.5-Large", None),
    "inclusionAI/Ring-1T-FP8": ("inclusionAI/Ring-1T", "fp8"),  # the table has the one in 16 bit
    "BAAI/bge-m3": ("bge-m3", None),
}


@pytest.mark.parametrize(("written", "expected"), NAMES.items())
def test_resolves(written: str, expected: tuple[str, str | None]) -> None:
    match = CATALOG.resolve_model(written)
    assert match.model is not None
    assert (match.model.id, match.quantization) == expected
    assert match.params_b == match.model.params_b
    assert match.relation == "name"


@pytest.mark.parametrize(
    ("tag", "own", "quantization"),
    [
        ("llama3.1:70b-instruct-q4_K_M", "Llama-3.1-70B", "gguf:Q4_K_M"),
        ("qwen2.5:7b", "Qwen2.5-7B", "gguf:Q4_K_M"),
        ("qwen2.5:7b-instruct-q8_0", "Qwen2.5-7B", "gguf:Q8_0"),
        ("llama3.2:latest", "Llama-3.2-3B", "gguf:Q4_K_M"),
        ("deepseek-r1:32b", "DeepSeek-R1-Distill-Qwen-32B", "gguf:Q4_K_M"),
        ("mistral:7b", "Mistral-7B-v0.3", "gguf:Q4_K_M"),
        ("gpt-oss:20b", "gpt-oss-20b", "mxfp4"),
        ("phi4:14b", "Phi-4", "gguf:Q4_K_M"),
        ("llama3.2-vision:latest", "Llama-3.2-11B-Vision", "gguf:Q4_K_M"),
        ("qwen2.5vl:7b", "Qwen2.5-VL-7B", "gguf:Q4_K_M"),
    ],
)
def test_ollama_tag(tag: str, own: str, quantization: str) -> None:
    match = CATALOG.resolve_model(tag)
    assert match.model is not None
    assert (match.model.id, match.quantization) == (own, quantization)


def test_a_bare_name_is_ollamas_only_for_ollama() -> None:
    assert CATALOG.resolve_model("llama3.1").model is None
    match = CATALOG.resolve_model("llama3.1", engine="ollama")
    assert match.model is not None
    assert (match.model.id, match.quantization) == ("Llama-3.1-8B", "gguf:Q4_K_M")


@pytest.mark.parametrize(
    ("name", "base"),
    [
        ("NousResearch/Hermes-3-Llama-3.1-8B", "Llama-3.1-8B"),
        ("NousResearch/Nous-Hermes-2-Mixtral-8x7B-DPO", "Mixtral-8x7B"),
        ("cognitivecomputations/dolphin-2.9-llama3-8b", "Llama-3-8B"),
        ("mlabonne/Meta-Llama-3.1-8B-Instruct-abliterated", "Llama-3.1-8B"),
        ("someone/my-finance-Qwen2.5-14B-v2", "Qwen2.5-14B"),
    ],
)
def test_fine_tune_of_a_known_base(name: str, base: str) -> None:
    match = CATALOG.resolve_model(name)
    assert match.model is not None
    assert (match.model.id, match.relation) == (base, "fine-tune")


@pytest.mark.parametrize(
    ("name", "params", "active"),
    [
        ("someone/bar-13b-chat", 13, None),
        ("someone/Bar-30B-A3B", 30, 3),
        ("someone/bar-3b-a800m", 3, 0.8),
        ("someone/bar-350m", 0.35, None),
        ("someone/bar11m", None, None),  # a version and a kind, as in yolo11m
        ("someone/bar-7.8B-instruct", 7.8, None),
        ("someone/bar-8x7b", None, None),  # experts share attention: not 56
        ("someone/from-7b-to-13b", None, None),
        ("someone/bar", None, None),
        ("yuhuili/EAGLE-LLaMA3.1-Instruct-8B", None, None),  # a draft head, far smaller than 8 B
        ("someone/llama-3.1-8b-lora", None, None),
        ("someone/tiny-random-Qwen3-32B", None, None),
        ("tiny-random/qwen3-32b", None, None),  # its organisation keeps small stand-ins for tests
        ("hf-internal-testing/Qwen3.8-27B", None, None),  # the table has one, of another organisation
        ("someone/Llama-3.1-8B-Vision", 8, None),  # has a vision tower: another shape
        ("someone/bar-2.5-Mistral-7B", 7, None),  # v0.1, v0.2 or v0.3: not said
        ("", None, None),
        ("\x00\x01", None, None),
        ("a" * 5000, None, None),
        ("/", None, None),
        ("...", None, None),
        ("999999999b", None, None),
    ],
)
def test_unknown_is_not_guessed(name: str, params: float | None, active: float | None) -> None:
    match = CATALOG.resolve_model(name)
    assert match.model is None
    assert (match.params_b, match.active_params_b) == (params, active)


def test_a_copy_of_what_the_table_has_is_called_by_its_maker() -> None:
    match = CATALOG.resolve_model("someone/Qwen3.8-27B-AWQ")
    assert match.model is not None
    assert (match.model.id, match.quantization) == ("Qwen/Qwen3.8-27B", "awq")  # not a stranger's 6-bit files


def test_typo_suggests() -> None:
    assert "Qwen2.5-7B" in CATALOG.resolve_model("Qwen/Qwn2.5-7B").suggestions
    assert "Llama-3.1-8B" in CATALOG.resolve_model("meta-llama/Lama-3.1-8B").suggestions


@pytest.mark.parametrize("name", ["org/20240101", "org/0613", "2024-0101", "20240101", "org/20240101-gguf"])
def test_a_date_alone_is_no_known_model(name: str) -> None:
    assert CATALOG.resolve_model(name).model is None


def test_gating_is_of_the_repository_as_written() -> None:
    def gated(name: str) -> bool | None:
        model = CATALOG.resolve_model(name).model
        assert model is not None
        return model.gated

    assert gated("meta-llama/Llama-3.1-8B-Instruct") is True
    assert gated("NousResearch/Meta-Llama-3.1-8B-Instruct") is None
    assert gated("llama3.1:8b") is None
    assert gated("Qwen/Qwen2.5-7B-Instruct") is False
    assert gated("black-forest-labs/FLUX.1-dev") is True


def test_every_alias_means_its_model() -> None:
    written = [(name, model.id) for model in CATALOG.models for name in (model.id, *model.aliases)]
    found = [(name, own, CATALOG.resolve_model(name).model) for name, own in written]
    assert len(found) > 800
    assert [(name, own) for name, own, model in found if model is None or model.id != own] == []
