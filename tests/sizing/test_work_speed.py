"""Pictures, videos, sound and vectors a second, by hand arithmetic; and that more work is never faster."""

from __future__ import annotations

import os
import statistics
from itertools import pairwise

import pytest

from gpuspec.catalog import Catalog, Gpu
from gpuspec.sizing.media.audio import WHISPER
from gpuspec.sizing.media.image import extent_of
from gpuspec.sizing.media.known_pipelines import PIPELINES
from gpuspec.sizing.media.passes import Extent
from gpuspec.sizing.media.sampling import SAMPLING, sampling_of
from gpuspec.sizing.memory import Unsized
from gpuspec.sizing.shape import Shape, shape_of
from gpuspec.sizing.speed.embeddings import operations
from gpuspec.sizing.speed.pictures import pass_of
from gpuspec.sizing.speed.rates import Unit, WorkRate
from gpuspec.sizing.speed.sound import window_of
from gpuspec.sizing.speed.work import work_asked, work_rate
from gpuspec.workload import Workload

BENCHMARKS = os.path.join(os.path.dirname(__file__), "..", "..", "benchmarks")
CATALOG = Catalog()


def gpu(name: str) -> Gpu:
    found = CATALOG.resolve_gpu(name).gpu
    assert found is not None
    return found


A100 = gpu("A100 80GB SXM4")


def of(model: str, modality: str, **more: object) -> Workload:
    found = CATALOG.resolve_model(model).model
    return Workload(
        task="batch", modality=modality, model=found, model_name=model, params_b=found and found.params_b
    )._replace(**more)


FLUX = of("black-forest-labs/FLUX.1-dev", "image", engine="diffusers", dtype="bf16", denoising_steps=28)
WHISPER_V2 = of("openai/whisper-large-v2", "audio", engine="faster-whisper")
BGE = of("BAAI/bge-large-en-v1.5", "text-embedding", engine="tei", context=512)


def rate(workload: Workload, card: Gpu = A100, gpus: int = 1) -> WorkRate:
    found = work_rate(workload, card, gpus)
    assert not isinstance(found, Unsized), found
    assert 0 < found.per_second.low <= found.per_second.expected <= found.per_second.high
    return found


def test_a_step_of_flux_by_hand() -> None:
    """1,024² pixels are 64 × 64 tokens, and 512 of text: 4,608. 57 blocks × 12 × 3,072² = 6.46 B weights a token:
    59.5 TFLOP. Attention 4 × 57 × 3,072 × 4,608² = 14.9 TFLOP."""
    work = pass_of(PIPELINES["flux.1"], Extent(1024, 1024, 1, 1))
    assert work is not None
    assert (work.matrices, work.attention) == pytest.approx((59.5e12, 14.9e12), rel=5e-3)


@pytest.mark.parametrize(("name", "side", "tflop"), [("sd-1", 512, 0.803), ("sdxl", 1024, 6.761)])
def test_a_step_of_a_u_net_as_it_was_counted(name: str, side: int, tflop: float) -> None:
    work = pass_of(PIPELINES[name], Extent(side, side, 1, 1))
    assert work is not None
    assert work.matrices + work.attention == pytest.approx(tflop * 1e12, rel=0.01)


def test_pictures_a_second_by_hand() -> None:
    """Products at 0.68 × 271.4 = 184.6 TFLOPS: (59.5 + 14.9 ÷ 0.85) ÷ 184.6 = 417 ms; between them 112 × 57 × 3,072 ×
    4,608 bytes = 90.4 GB at 0.7 × 2,039 GB/s = 63 ms. 28 steps: 13.45 s. VAE 1,048,576 × 9.8 M = 10.3 TFLOP and the
    text encoders 2 × 4.883 B × 512 = 5.0 TFLOP at 184.6 TFLOPS: 0.08 s. One picture in 13.53 s."""
    found = rate(FLUX)
    assert found.unit == "images"
    assert 1 / found.per_second.expected == pytest.approx(13.53, rel=0.01)


def test_what_makes_pictures_slower() -> None:
    base = rate(FLUX).per_second.expected
    assert rate(FLUX._replace(denoising_steps=56)).per_second.expected == pytest.approx(base / 2, rel=0.02)
    sizes = [rate(FLUX._replace(width=side, height=side)).per_second for side in (512, 1024, 1536, 2048)]
    for small, large in pairwise(sizes):
        assert all(a > b for a, b in zip(small, large, strict=True))
    away = rate(FLUX._replace(cpu_offload="model")).per_second.expected
    layers = rate(FLUX._replace(cpu_offload="sequential")).per_second.expected
    assert base > away > layers
    # Each of 28 steps brings 23.8 GB at 18 GB/s: 37 s.
    assert 1 / layers - 1 / base > 37
    assert rate(FLUX._replace(quantization="nf4")).per_second.expected < base


def test_guidance_costs_a_second_pass() -> None:
    name, steps = "black-forest-labs/FLUX.1-dev", 28
    assert sampling_of("flux.1-dev", steps)[0].passes == 1  # distilled into the model
    assert sampling_of("sdxl", None)[0].passes == 2
    assert sampling_of("flux.1-schnell", None)[0].steps[1] == 4
    assert sampling_of("sdxl-lightning-4step", None)[0].passes == 1
    assert sampling_of(name, steps)[0].steps == (28, 28, 28)


def test_every_video_model_has_frames_a_second() -> None:
    for name, pipeline in PIPELINES.items():
        if pipeline.frames > 1 and not pipeline.denoiser.unet:
            assert sampling_of(name, None)[0].fps, name
    assert all(low <= usual <= most for (low, usual, most), *_ in SAMPLING.values())


def test_a_second_of_video_by_hand() -> None:
    """CogVideoX-2B: 49 frames are 13 of the latent, 45 × 30 tokens each, and 226 of text: 17,776. A pass: 2 × 30
    × 12 × 1,920² × 17,776 = 47.2 TFLOP, attention 4 × 30 × 1,920 × 17,776² = 72.8. Two passes at 184.6 TFLOPS
    take 1.44 s, and 2 × 112 × 30 × 1,920 × 17,776 bytes = 229 GB 0.16 s; 50 steps 80 s, and 1.7 s for the VAE:
    6.125 s of video."""
    video = of("THUDM/CogVideoX-2b", "video", engine="diffusers", denoising_steps=50)
    found = rate(video)
    assert found.unit == "seconds of video"
    assert 49 / 8 / found.per_second.expected == pytest.approx(82, rel=0.02)
    assert rate(video._replace(sequence=81)).per_second.expected < found.per_second.expected


def test_pictures_trained_a_second() -> None:
    """LoRA with checkpointing: forward, backward without gradients of weights, forward again; three passes of
    products, four of attention. Nothing that was encoded before is encoded again."""
    tuned = FLUX._replace(
        task="train", method="lora", gradient_checkpointing=True, caches_text=True, caches_latents=True,
        engine="ai-toolkit", width=1024, height=1024, batch=1,
    )  # fmt: skip
    found = rate(tuned)
    assert found.unit == "images trained"
    by_hand = (3 * 59.5 + 4 * 14.9 / 0.85) / (0.58 * 271.4)
    assert 1 / found.per_second.expected == pytest.approx(by_hand, rel=0.01)
    assert rate(tuned._replace(gradient_checkpointing=False)).per_second.expected > found.per_second.expected
    assert extent_of(tuned, PIPELINES["flux.1"]).many == 1


def test_a_window_of_whisper_by_hand() -> None:
    """Large: encoder 2 × 32 × 12 × 1,280² × 1,500 = 1.89 TFLOP, attention 4 × 32 × 1,280 × 1,500² = 0.37, keys
    and values for the decoder 4 × 32 × 1,280² × 1,500 = 0.31. Each token reads 32 × 14 × 1,280² + 51,866 × 1,280
    = 800 M weights."""
    window = window_of(WHISPER["whisper-large"])
    assert window.encoder == pytest.approx(2.57e12, rel=0.01)
    assert window.weights == pytest.approx(800e6, rel=0.01)


def test_sound_a_second_by_hand() -> None:
    """faster-whisper, an A100: the encoder 2.57 TFLOP at 0.5 × 271.4 = 19 ms; 120 tokens × 32 layers × 0.55 ms =
    2.11 s, more than reading 1.85 GB at 0.7 × 2,039 GB/s, 1.3 ms; the CPU 30 × 2 ms. 30 s of sound in 2.19 s:
    13.7."""
    found = rate(WHISPER_V2)
    assert found.unit == "seconds of sound"
    assert found.per_second.expected == pytest.approx(13.7, rel=0.01)


def test_sound_by_engine_size_and_batch() -> None:
    one = rate(WHISPER_V2).per_second.expected
    assert rate(WHISPER_V2._replace(concurrency=8)).per_second.expected > 3 * one
    assert rate(WHISPER_V2._replace(engine="openai-whisper")).per_second.expected < one / 2
    assert (
        rate(of("openai/whisper-large-v3-turbo", "audio", engine="faster-whisper")).per_second.expected
        > 3 * one
    )
    assert rate(WHISPER_V2, gpus=2).per_second.expected == one  # one process uses one GPU
    assert isinstance(work_rate(of("hexgrad/Kokoro-82M", "audio"), A100), Unsized)


def test_a_model_that_speaks_token_by_token() -> None:
    orpheus = of("canopylabs/orpheus-3b-0.1-ft", "text", engine="vllm", context=4096)
    found = rate(orpheus)
    assert found.unit == "seconds of sound"
    said = found.per_second.expected * 84  # tokens of its codec
    written = work_rate(orpheus._replace(model=None, params_b=3.78), A100)
    assert not isinstance(written, Unsized)
    assert said == pytest.approx(written.per_second.expected, rel=0.3)


def test_texts_a_second_by_hand() -> None:
    """bge-large: attention and feed-forward 302.2 M, head 1.1 M: 2 × 303.3 M × 512 = 0.3106 TFLOP; attention 4 × 24 ×
    1,024 × 512² = 0.0258. An A100 at 0.65 × 271.4 = 176.4 TFLOPS: 524 texts a second."""
    shape = shape_of(BGE)
    assert isinstance(shape, Shape)
    assert operations(shape, 512) == pytest.approx(0.3364e12, rel=0.01)
    found = rate(BGE)
    assert found.unit == "texts"
    assert found.per_second.expected == pytest.approx(524, rel=0.01)
    assert rate(BGE._replace(context=256)).per_second.expected > 2 * found.per_second.expected
    assert rate(BGE._replace(engine="transformers")).per_second.expected < found.per_second.expected


@pytest.mark.parametrize("workload", [FLUX, WHISPER_V2, BGE], ids=["picture", "sound", "texts"])
def test_more_tflops_are_never_slower(workload: Workload) -> None:
    speeds = [rate(workload, A100._replace(fp16_tflops=t)).per_second for t in (40, 80, 160, 312, 500, 1000)]
    for slower, faster in pairwise(speeds):
        assert all(a <= b for a, b in zip(slower, faster, strict=True))


@pytest.mark.parametrize(
    ("workload", "unit"),
    [(BGE._replace(task="train", method="full"), "tokens trained"), (FLUX, "images"), (BGE, "texts")],
)
def test_each_kind_of_work_has_its_unit(workload: Workload, unit: Unit) -> None:
    assert rate(workload).unit == unit


def test_what_is_not_known_is_not_guessed() -> None:
    assert isinstance(work_rate(Workload(task="batch", modality="3d", params_b=1.0), A100), Unsized)
    assert isinstance(work_rate(FLUX, A100._replace(fp16_tflops=None)), Unsized)
    assert isinstance(work_rate(of("stabilityai/stable-video-diffusion-img2vid-xt", "video"), A100), Unsized)


def test_images_that_a_training_asks_for() -> None:
    """500 steps × 2 pictures × 4 accumulated × 2 processes."""
    tuned = FLUX._replace(
        task="train", method="lora", steps=500, batch=2, gradient_accumulation=4, processes=2
    )
    asked = work_asked(tuned, 4)
    assert asked is not None
    assert (asked.unit, asked.total.expected) == ("images trained", 8000)
    assert work_asked(tuned._replace(steps=None, epochs=3.0), 4) is None


def test_published_speeds_that_fed_nothing_lie_within_the_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    """By kind, of sources left out of every fit: the median within a quarter, nine of ten within the range."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    import work_speed

    found = [work_speed.judged(row, CATALOG) for row in work_speed.read_rows() if not row["feeds"]]
    for kind in ("training", "video"):
        ratios = [each.ratio for each in found if each.row["kind"] == kind and each.ratio]
        assert len(ratios) >= 7
        assert 0.8 < statistics.median(ratios) < 1.25
    assert sum(each.within for each in found) >= 0.9 * len(found)
