"""What a repository's files say together: safetensors that are packed, Mistral's params.json, pipelines, adapters."""

from __future__ import annotations

from typing import Any

import pytest

from gpuspec.catalog.read_repository import read_repository
from gpuspec.catalog.safetensors import Tensor, unpacked
from tests.catalog.files import InMemory, safetensors

SEVEN_B = {
    "dim": 4096, "n_layers": 32, "head_dim": 128, "hidden_dim": 14336, "n_heads": 32, "n_kv_heads": 8,
    "norm_eps": 1e-05, "vocab_size": 32000,
}  # fmt: skip
EYES = {
    "hidden_size": 1024, "num_channels": 3, "image_size": 1540, "patch_size": 14, "rope_theta": 10000.0,
    "intermediate_size": 4096, "num_hidden_layers": 24, "num_attention_heads": 16, "image_token_id": 10,
}  # fmt: skip
MERGED = {"adapter_bias": False, "mm_projector_id": "patch_merge", "spatial_merge_size": 2,
          "add_pre_mm_projector_layer_norm": True}  # fmt: skip
SMALL = {**SEVEN_B, "dim": 5120, "n_layers": 40, "hidden_dim": 32768, "vocab_size": 131072}


@pytest.mark.parametrize(
    ("params", "count"),  # what the hub counts of the same model's safetensors
    [
        ({**SEVEN_B, "sliding_window": 4096}, 7_241_732_096),  # Mistral-7B-v0.1
        ({**SEVEN_B, "moe": {"num_experts_per_tok": 2, "num_experts": 8}}, 46_702_792_704),  # Mixtral-8x7B
        (SMALL, 23_572_403_200),  # Mistral-Small-24B-Instruct-2501
        (
            {**SMALL, "vision_encoder": {**EYES, **MERGED}},
            24_011_361_280,
        ),  # Mistral-Small-3.1-24B-Instruct-2503
    ],
)
def test_params_of_mistral(params: dict[str, Any], count: int) -> None:
    repository = InMemory({"params.json": params, "consolidated.safetensors": 2 * count})
    repository.elements = {"BF16": count}
    model = read_repository(repository)
    assert model.params_b == count / 1e9
    assert (model.native_dtype, model.unsure) == ("bf16", "")
    assert model.weights_gib == 2 * count / 2**30


@pytest.mark.parametrize(("dtype", "scheme", "bits"), [("F32", "fp32", 32), ("BF16", "bf16", 16)])
def test_files_say_the_dtype_where_the_config_does_not(dtype: str, scheme: str, bits: int) -> None:
    config = {
        "model_type": "llama", "num_hidden_layers": 1, "hidden_size": 8, "num_attention_heads": 1, "vocab_size": 10,
        "intermediate_size": 8,
    }  # fmt: skip
    weights = safetensors({"a": (dtype, [10, 10], 100 * bits // 8), "ids": ("I64", [4], 32)})
    model = read_repository(InMemory({"config.json": config, "model.safetensors": weights}))
    assert {(row.scheme, row.bits) for row in model.weights} == {(scheme, bits)}


def test_params_that_lack_a_size_are_no_other_model() -> None:
    with pytest.raises(ValueError, match="does not say dim"):
        read_repository(InMemory({"params.json": {"n_layers": 32, "vocab_size": 32000}}))


def test_params_of_mistral_in_eight_bits_with_windows() -> None:
    params = {
        **SEVEN_B,
        "quantization": {"qformat_weight": "fp8_e4m3"},
        "sliding_window": [None, 4096, 4096, 4096],
    }
    model = read_repository(InMemory({"params.json": params}))
    assert model.native_dtype == "fp8"
    assert {(cache.window, cache.layers) for cache in model.caches} == {(0, 8), (4096, 24)}


@pytest.mark.parametrize(
    ("name", "dtype", "elements", "width", "parameters"),
    [
        ("q_proj.qweight", "I32", 512, 4, 4096), ("q_proj.qweight", "I32", 1024, 8, 4096),  # GPTQ, AWQ
        ("q_proj.qzeros", "I32", 4, 4, 0), ("q_proj.scales", "F16", 32, 4, 0), ("q_proj.g_idx", "I32", 64, 4, 0),
        ("q_proj.weight_packed", "I32", 512, 4, 4096), ("q_proj.weight_shape", "I64", 2, 4, 0),
        ("q_proj.weight", "U8", 2048, 4, 4096), ("q_proj.weight_scale", "F8_E4M3", 256, 4, 0),  # NVFP4
        ("q_proj.weight_scale_2", "F32", 1, 4, 0), ("q_proj.input_scale", "F32", 1, 4, 0),
        ("q_proj.weight.absmax", "U8", 64, 4, 0), ("q_proj.weight.quant_state.bitsandbytes__nf4", "U8", 80, 4, 0),
        ("q_proj.weight.quant_map", "F32", 16, 4, 0), ("q_proj.weight", "U32", 512, 4, 4096),  # MLX
        ("mlp.experts.gate_up_proj_blocks", "U8", 2048, 4, 4096), ("mlp.experts.down_proj_scales", "U8", 128, 4, 0),
        ("q_proj.weight", "F8_E4M3", 4096, 8, 4096), ("q_proj.weight_scale_inv", "F32", 1, 8, 0),
        ("q_proj.weight", "I8", 4096, 8, 4096), ("q_proj.SCB", "F32", 64, 8, 0),
        ("q_proj.weight", "BF16", 4096, None, 4096), ("layer_scale.weight", "BF16", 64, None, 64),
    ],
)  # fmt: skip
def test_parameters_of_a_packed_tensor(
    name: str, dtype: str, elements: int, width: int | None, parameters: int
) -> None:
    assert unpacked(Tensor(f"model.layers.0.{name}", dtype, elements, 0), width) == parameters


def test_packed_weights_of_an_architecture_that_cannot_be_read() -> None:
    config = {
        "model_type": "acme",
        "quantization_config": {"quant_method": "gptq", "bits": 4, "group_size": 128},
    }
    tensors = {
        "a.qweight": ("I32", [512, 64], 131_072), "a.scales": ("F16", [32, 64], 4096), "b": ("F16", [100], 200),
    }  # fmt: skip
    model = read_repository(InMemory({"config.json": config, "model.safetensors": safetensors(tensors)}))
    assert model.params_b == (512 * 64 * 8 + 100) / 1e9
    assert model.weights_gib == (131_072 + 4096 + 200) / 2**30
    assert model.unsure.startswith("only its size is known: ")


def component(elements: int, dtype: str = "BF16") -> bytes:
    return safetensors({"w": (dtype, [elements], elements * 2)})


PIPELINE = {
    "_class_name": "FluxPipeline", "_diffusers_version": "0.30", "scheduler": ["diffusers", "FlowMatch"],
    "text_encoder": ["transformers", "CLIPTextModel"], "tokenizer": ["transformers", "CLIPTokenizer"],
    "transformer": ["diffusers", "FluxTransformer2DModel"], "vae": ["diffusers", "AutoencoderKL"],
    "safety_checker": [None, None], "requires_safety_checker": False,
}  # fmt: skip


def test_components_of_a_pipeline() -> None:
    model = read_repository(
        InMemory(
            {
                "model_index.json": PIPELINE,
                "scheduler/config.json": {},
                "transformer/diffusion_pytorch_model-00001-of-00002.safetensors": component(300_000),
                "transformer/diffusion_pytorch_model-00002-of-00002.safetensors": component(100_000),
                "text_encoder/model.safetensors": component(100_000),
                "text_encoder/model.fp16.safetensors": component(100_000),
                "vae/diffusion_pytorch_model.fp16.safetensors": component(50_000, "F16"),
                "flux1-dev.safetensors": 10**10,
            }
        )
    )
    assert (model.modality, model.task, model.native_dtype) == ("image", "image", "bf16")
    assert model.params_b == 400_000 / 1e9
    assert model.components == {"text_encoder_b": 0.0001, "transformer_b": 0.0004, "vae_b": 0.00005}
    assert model.weights_gib == 2 * 550_000 / 2**30
    assert model.unsure == ""


def test_a_pipeline_of_video_with_two_transformers_and_a_component_of_no_size() -> None:
    index = {
        **PIPELINE,
        "_class_name": "WanPipeline",
        "transformer_2": ["diffusers", "WanTransformer3DModel"],
    }
    both = ("transformer", "transformer_2")
    files = {f"{name}/diffusion_pytorch_model.safetensors": component(100_000) for name in both}
    model = read_repository(InMemory({"model_index.json": index, "vae/config.json": {}, **files}))
    assert (model.modality, model.params_b, model.active_params_b) == ("video", 200_000 / 1e9, 100_000 / 1e9)
    assert model.unsure == "the size of vae is not known"
    with pytest.raises(ValueError, match="no transformer or U-Net"):
        read_repository(InMemory({"model_index.json": PIPELINE}))


def test_text_encoder_of_a_pipeline_by_its_config() -> None:
    encoder = {"model_type": "t5", "d_model": 64, "num_layers": 2, "vocab_size": 100}
    files: dict[str, Any] = {"model_index.json": PIPELINE, "text_encoder/config.json": encoder}
    files["transformer/diffusion_pytorch_model.safetensors"] = component(100_000)
    assert (read_repository(InMemory(files)).components or {})["text_encoder_b"] > 0


def test_hub_counts_stand_in_for_headers() -> None:
    repository = InMemory({"config.json": {"model_type": "acme"}, "model.safetensors": 4000})
    repository.elements = {"BF16": 1900, "F32": 50}
    model = read_repository(repository)
    assert (model.params_b, model.native_dtype, model.weights_gib) == (1950 / 1e9, "bf16", 4000 / 2**30)
    assert repository.asked == []
