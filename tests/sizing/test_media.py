"""Pictures, video and sound against published figures and arithmetic by hand."""

from __future__ import annotations

import pytest

from gpuspec import resolve_model
from gpuspec.sizing import Need, need
from gpuspec.workload import Workload


def sized(model: str, **fields: object) -> Need:
    found = resolve_model(model).model
    assert found is not None
    base = Workload(task="serve", modality=found.modality, model=found, model_name=model)
    answer = need(base._replace(**fields))  # type: ignore[arg-type]
    assert isinstance(answer, Need)
    return answer


def part(answer: Need, name: str) -> float:
    return sum(p.expected for p in answer.parts if p.name == name)


def test_flux_in_sixteen_bit_is_thirty_six_gib() -> None:
    # diffusers blog: 36.2 GiB at 1024 × 1024; components (11.9 + 4.88 + 0.084) B × 2 bytes = 31.4 GiB.
    flux = sized("FLUX.1-dev")
    weights = sum(part(flux, name) for name in ("denoiser", "text encoders", "VAE"))
    assert weights == pytest.approx(31.4, abs=0.1)
    assert flux.expected == pytest.approx(36.2, rel=0.03)


def test_flux_in_eight_bit() -> None:
    assert sized("FLUX.1-dev", quantization="fp8").expected == pytest.approx(21, rel=0.05)


def test_tensor_parallelism_and_fsdp_divide_the_denoiser() -> None:
    """FLUX.1-dev: 11.9 B in 16 bit are 22.2 GiB, 5.5 on each of four; its encoders (9.1 GiB) may be divided."""
    flux = resolve_model("FLUX.1-dev").model
    base = Workload(task="serve", modality="image", model=flux, model_name="FLUX.1-dev", engine="vllm")
    whole = 11.9e9 * 2 / 2**30
    for fields, of_each in (({}, 1.0), ({"tensor_parallel": 4}, 0.25), ({"sharding": "fsdp"}, 0.25)):
        answer = need(base._replace(**fields), 4)  # type: ignore[arg-type]
        assert isinstance(answer, Need)
        assert part(answer, "denoiser") == pytest.approx(whole * of_each, rel=0.01)
        encoders = next(each for each in answer.parts if each.name == "text encoders")
        assert encoders.expected == pytest.approx(4.88e9 * 2 / 2**30, rel=0.01)
        assert encoders.low == pytest.approx(0.98 * encoders.expected * of_each)


def test_offload_leaves_the_largest_component() -> None:
    whole, turns, layers = (sized("FLUX.1-dev", cpu_offload=mode) for mode in (None, "cpu", "sequential"))
    denoiser = 11.9e9 * 2 / 2**30
    # The encoders are gone, and what decoding takes comes when the denoiser is gone: 24 GB cards do run it.
    assert denoiser < turns.low < turns.expected < 24.0 < whole.low
    assert layers.expected < 0.3 * turns.expected


def test_a_text_encoder_larger_than_the_denoiser_decides_under_offload() -> None:
    # PixArt: 0.61 B denoiser beside a 4.76 B T5 of 8.9 GiB.
    assert sized("PixArt-Sigma", cpu_offload="cpu", width=512, height=512).expected > 8.8


def test_sdxl_lora_fits_eight_gigabytes_and_full_training_does_not() -> None:
    lora = sized("SDXL", task="train", method="lora", gradient_checkpointing=True)
    assert lora.expected < 8.0  # kohya-ss/sd-scripts: minimum 8 GB, 10 recommended
    assert sized("SDXL", task="train", method="full").low > 24


def test_flux_lora_is_what_was_measured() -> None:
    # HF blog flux-qlora.md: 26 GB at 512 × 768 with a bf16 base and cached latents.
    lora = sized("FLUX.1-dev", task="train", method="lora", engine="diffusers", width=512, height=768)
    assert lora.expected * 2**30 / 1e9 == pytest.approx(26, rel=0.1)


def test_longer_video_needs_more() -> None:
    # Tencent HunyuanVideo README: 60 GB at 720 × 1280 × 129 frames, 45 at 544 × 960.
    large = sized("HunyuanVideo", width=720, height=1280, sequence=129)
    small = sized("HunyuanVideo", width=544, height=960, sequence=129)
    assert large.expected * 2**30 / 1e9 == pytest.approx(60, rel=0.05)
    assert small.expected * 2**30 / 1e9 == pytest.approx(45, rel=0.05)


def test_whisper_engines() -> None:
    # faster-whisper README, large-v2: 4.03 GiB in whisper.cpp, 2.86 GiB in 8 bit.
    assert sized("Whisper-large-v2", engine="whisper.cpp").expected == pytest.approx(4.03, rel=0.1)
    assert sized("Whisper-large-v2", engine="faster-whisper", quantization="int8").expected < 3.2


def test_an_embedding_model_keeps_no_cache() -> None:
    answer = sized("bge-m3", context=512)
    assert part(answer, "KV cache") == 0
    assert part(answer, "weights") == pytest.approx(0.568e9 * 2 / 2**30, rel=1e-3)
