"""Pictures, video and sound against published figures and arithmetic by hand."""

from __future__ import annotations

from typing import Any

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


def sized_named(name: str, **fields: object) -> Need:
    base = Workload(task="serve", modality="image", model_name=name)
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


def test_an_fp8_denoiser_leaves_the_text_encoders_in_sixteen_bit() -> None:
    """FLUX.1-dev: 11.1 GiB of denoiser in 8 bit beside 9.1 GiB of T5 and CLIP in 16 (4.883 B × 2 bytes)."""
    flux = sized("FLUX.1-dev", quantization="fp8")
    assert part(flux, "denoiser") == pytest.approx(11.9e9 / 2**30, rel=1e-3)
    assert part(flux, "text encoders") == pytest.approx(4.883e9 * 2 / 2**30, rel=1e-3)


def test_bitsandbytes_takes_the_text_encoders_too_but_for_what_t5_keeps() -> None:
    """Of T5-XXL's 4.76 B 24 × 10,240 × 4,096 = 1.007 B `wo` and 0.132 B of embedding stay in 16 bit; the rest takes
    4.5 bits: 4.2 GiB for 8.9."""
    flux = sized("FLUX.1-dev", quantization="nf4")
    t5 = ((1.007 + 0.132) * 2 + (4.76 - 1.139) * 4.5 / 8) * 1e9 / 2**30
    assert part(flux, "text encoders") == pytest.approx(t5 + 0.123 * 1.5 * 1e9 / 2**30, abs=0.15)


def test_components_that_take_turns_need_the_largest_of_encode_denoise_decode() -> None:
    """diffusers docs, consisid.md, CogVideoX-5B with a face in it at 720 × 480 × 49: 16 GB are allocated while
    its VAE decodes and nothing else is there, 5 GB with tiles; CogVideoX-5B has the same VAE."""
    turns = sized("CogVideoX-5B", cpu_offload="sequential")
    decoding = next(phase for phase in turns.phases if phase.name == "decoding")
    assert turns.deciding == decoding
    assert decoding.of("allocated")[1] * 2**30 / 1e9 == pytest.approx(16, rel=0.1)
    tiled = sized("CogVideoX-5B", cpu_offload="sequential", tiles_vae=True)
    assert tiled.of("allocated")[1] * 2**30 / 1e9 == pytest.approx(5, rel=0.15)


def test_sdxl_decodes_in_thirty_two_bit() -> None:
    # diffusers docs, using-diffusers/loading.md: 10.47 GiB allocated at most, fp16, 1024 × 1024.
    assert sized("SDXL", dtype="fp16").of("allocated")[1] == pytest.approx(10.47, rel=0.03)


def test_flux_allocates_what_the_docs_measured() -> None:
    # diffusers docs, distributed_inference.md: 33.83 allocated where every GPU holds the whole model.
    assert sized("FLUX.1-dev").of("allocated")[1] == pytest.approx(33.83, rel=0.02)


def test_text_encoders_that_are_loaded_in_thirty_two_bit() -> None:
    """nvidia-cosmos/cosmos-predict2, performance.md: 26.02 and 48.93 GB for 2 B and 14 B, whose scripts load T5-11B
    in its own 32 bit (19.5 GB)."""
    small, large = (
        sized_named(f"Cosmos-Predict2-{size}-Text2Image", width=1280, height=704) for size in ("2B", "14B")
    )
    assert small.of("allocated")[1] * 2**30 / 1e9 == pytest.approx(26.02, rel=0.08)
    assert large.of("allocated")[1] * 2**30 / 1e9 == pytest.approx(48.93, rel=0.08)


def test_without_checkpointing_all_activations_are_kept() -> None:
    """FLUX.1's script keeps what its 57 blocks need for the backward pass: 820 widths of a token in plain 16 bit,
    more under autocast (counted on the meta device: 6.9 MB a token for adapters on attention and feed-forward), so
    some 10 GiB a picture of 512 × 512 with 512 tokens of text. A run of two of them filled 79 GB: diffusers#10994"""

    def lora(**fields: object) -> Need:
        return sized(
            "FLUX.1-dev", task="train", method="lora", engine="diffusers", width=512, height=512, precision="amp",
            **fields,
        )  # fmt: skip

    one, two = lora(batch=1), lora(batch=2)
    each = part(two, "activations") - part(one, "activations")
    assert each == pytest.approx(6.9e6 * 1536 / 2**30, rel=0.03)
    assert one.high > 44.4  # an L40S ran out of memory: diffusers#10145
    less = lora(batch=1, gradient_checkpointing=True)
    assert part(less, "activations") < 0.15 * each


def test_full_training_in_sixteen_bit_has_its_peak_in_the_step() -> None:
    # huggingface/peft, method_comparison/image-gen: 37.13 GiB reserved; 3.89 B × (2 + 2 + 4 + 2) bytes are 36.2.
    full = sized_named(
        "FLUX.2-klein-base-4B", task="train", method="full", precision="bf16", batch=2, width=512, height=512,
        gradient_checkpointing=True, caches_text=True, caches_latents=True,
    )  # fmt: skip
    assert full.deciding.name == "step"
    assert full.of("reserved")[1] == pytest.approx(37.13, rel=0.05)


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
        assert encoders.low == pytest.approx(0.95 * encoders.expected * of_each)


def test_offload_leaves_the_largest_component() -> None:
    whole, turns, layers = (sized("FLUX.1-dev", cpu_offload=mode) for mode in (None, "cpu", "sequential"))
    denoiser = 11.9e9 * 2 / 2**30
    # The encoders are gone, and what decoding takes comes when the denoiser is gone: 24 GB cards do run it.
    assert denoiser < turns.low < turns.expected < 24.0 < whole.low
    assert layers.expected < 0.3 * turns.expected


def test_bitsandbytes_puts_all_components_on_the_gpu_while_they_load() -> None:
    """diffusers docs, speed-memory-optims.md: 12.24 GiB allocated at most, though components take turns later:
    denoiser 11.9 B × 4.5 bits = 6.2 GiB, T5 and CLIP 4.1 (6.0 where transformers keeps T5's `wo` in 32 bit, before
    5), a matrix 0.1, cuBLAS 0.1."""
    flux = sized("FLUX.1-dev", quantization="nf4", cpu_offload="cpu")
    low, expected, high = flux.of("allocated")
    assert flux.deciding.name == "loading"
    assert low < expected < 12.24 < high
    assert expected == pytest.approx(6.23 + 4.1 + 0.1 + 0.1, abs=0.1)
    turns = sized("FLUX.1-dev", quantization="nf4", cpu_offload="cpu", loaded_on_host=True)
    assert turns.deciding.name == "denoising"
    assert turns.expected < 8


@pytest.mark.parametrize(
    ("model", "batch", "stated"),
    [("CogVideoX-2B", 1, 47), ("CogVideoX-2B", 2, 61), ("CogVideoX-5B", 1, 63), ("CogVideoX-5B", 2, 80)],
)
def test_videos_are_encoded_in_sixteen_bit_beside_weights_in_thirty_two(
    model: str, batch: int, stated: int
) -> None:
    # CogVideo README: GB of LoRA in SAT, 720 × 480 × 49; ZeRO-2's buckets of 10⁹ elements are 3.7 GiB of it.
    tuned = sized(model, task="train", method="lora", engine="sat", batch=batch)
    assert tuned.expected * 2**30 / 1e9 == pytest.approx(stated, rel=0.05)


def test_state_of_pictures_is_that_of_any_training() -> None:
    """3.89 B of FLUX.2-klein in 32 bit: AdamW 8 bytes each, Muon one number, CAME one and a row and a column; each
    of two GPUs without sharding sums all gradients up in a second copy."""
    base = Workload(task="train", modality="image", model_name="FLUX.2-klein-base-4B", method="full")
    base = base._replace(precision="amp", engine="diffusers", gradient_checkpointing=True)

    def held(name: str, gpus: int = 1, **fields: object) -> float:
        answer = need(base._replace(**fields), gpus)  # type: ignore[arg-type]
        assert isinstance(answer, Need)
        return next((p.expected for phase in answer.phases for p in phase.parts if p.name == name), 0.0)

    gib = 3.89e9 / 2**30
    assert held("optimizer") == pytest.approx(8 * gib)
    assert held("optimizer", optimizer="muon") == pytest.approx(4 * gib)
    assert held("optimizer", optimizer="came") == pytest.approx(4.02 * gib)
    assert held("DDP buckets", 2) == pytest.approx(4 * gib)
    assert held("DDP buckets", 2, sharding="fsdp") == 0
    assert held("optimizer", 2, sharding="zero1") == pytest.approx(4 * gib)


def test_a_text_encoder_larger_than_the_denoiser_decides_under_offload() -> None:
    # PixArt: 0.61 B denoiser beside a 4.76 B T5 of 8.9 GiB.
    assert sized("PixArt-Sigma", cpu_offload="cpu", width=512, height=512).expected > 8.8


def test_sdxl_lora_fits_eight_gigabytes_and_full_training_does_not() -> None:
    lora = sized("SDXL", task="train", method="lora", gradient_checkpointing=True, caches_text=True)
    assert lora.expected < 8.0  # kohya-ss/sd-scripts: minimum 8 GB, 10 recommended
    assert sized("SDXL", task="train", method="full").low > 24


def test_clips_that_nobody_described_may_be_small() -> None:
    # musubi-tuner's README: 12 GB or more for training on pictures, 24 GB or more on video.
    def low(**said: Any) -> float:
        cached = {"gradient_checkpointing": True, "caches_text": True, "caches_latents": True, **said}
        return sized(
            "Wan2.1-T2V-14B", task="train", method="lora", quantization="fp8", lora_rank=32, **cached
        ).low

    assert 12.9 < low() < 24.0 < low(width=1280, height=720, sequence=81)
    assert low(cpu_offload="weights") < low()


def test_flux_lora_is_what_was_measured() -> None:
    # HF blog flux-qlora.md: 26 GB at 512 × 768 with a bf16 base and cached latents.
    lora = sized("FLUX.1-dev", task="train", method="lora", engine="diffusers", width=512, height=768,
                 gradient_checkpointing=True, caches_text=True, caches_latents=True)  # fmt: skip
    assert lora.expected * 2**30 / 1e9 == pytest.approx(26, rel=0.1)


def test_longer_video_needs_more() -> None:
    # Tencent HunyuanVideo README: 60 GB at 720 × 1280 × 129 frames, 45 at 544 × 960.
    large = sized("HunyuanVideo", width=720, height=1280, sequence=129)
    small = sized("HunyuanVideo", width=544, height=960, sequence=129)
    assert large.low < 60 * 1e9 / 2**30 < large.high
    assert small.low < 45 * 1e9 / 2**30 < small.high
    assert large.expected - small.expected > 5  # of the denoiser's pass over 119,000 tokens for 67,000


def test_whisper_engines() -> None:
    # faster-whisper README, large-v2: 4.03 GiB in whisper.cpp, 2.86 GiB in 8 bit.
    assert sized("Whisper-large-v2", engine="whisper.cpp").expected == pytest.approx(4.03, rel=0.1)
    assert sized("Whisper-large-v2", engine="faster-whisper", quantization="int8").expected < 3.2


def test_what_is_heard_is_held_once_or_for_each_beam() -> None:
    """Large-v2: 2 × 32 layers × 1,280 wide × 2 bytes × 1,500 frames are 0.229 GiB; openai-whisper repeats them for
    its five beams, faster-whisper does not: README of faster-whisper, 4.60 GiB, and 5.95 at eight sequences."""
    sound = 2 * 32 * 1280 * 2 * 1500 / 2**30
    one, five = (sized("Whisper-large-v2", engine=name) for name in ("faster-whisper", "openai-whisper"))
    assert five.kv_cache - one.kv_cache == pytest.approx(4 * sound)
    assert five.expected == pytest.approx(4.60, rel=0.1)
    assert sized("Whisper-large-v2", engine="faster-whisper", concurrency=8).expected == pytest.approx(
        5.95, rel=0.1
    )


def test_openai_whisper_loads_in_thirty_two_bit() -> None:
    # openai/whisper README: about 10 GB for large; 1.55 B × 6 bytes are 9.3.
    assert sized("Whisper-large-v3", engine="openai-whisper").high * 2**30 / 1e9 > 9.3


def test_an_embedding_model_keeps_no_cache() -> None:
    answer = sized("bge-m3", context=512)
    assert part(answer, "KV cache") == 0
    assert part(answer, "weights") == pytest.approx(0.568e9 * 2 / 2**30, rel=1e-3)
