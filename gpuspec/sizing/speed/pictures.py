"""How fast pictures and videos are made, and how many pictures a second their models are trained on.

A step is one pass of the denoiser: two operations for each of its weights that a token passes, and attention between
all tokens; of a U-Net what was counted. Then text encoders and VAE, once; and what offloading moves over PCIe."""

from gpuspec.catalog import Gpu
from gpuspec.named_tuple import NamedTuple
from gpuspec.quantization import bits_of, find_scheme
from gpuspec.sizing.media.adapt import checkpoints
from gpuspec.sizing.media.components import Denoiser, Pipeline
from gpuspec.sizing.media.image import extent_of
from gpuspec.sizing.media.passes import Extent
from gpuspec.sizing.media.pipelines import pipeline_of
from gpuspec.sizing.media.sampling import Sampling, sampling_of
from gpuspec.sizing.memory import Unsized
from gpuspec.sizing.speed.links import PCIE_GBS
from gpuspec.sizing.speed.matmul import FP32_SHARE, matmul_tflops
from gpuspec.sizing.speed.rates import Range, Unit, WorkRate, idle
from gpuspec.sizing.speed.training import at_work
from gpuspec.workload import Workload

WIDTHS = 12.0
"""Weights that one token passes in a block, in squares of its width: attention 4, feed-forward 8. Counted: FLUX.1
684 squares in 57 blocks (59.5 TFLOP a pass, which the set diffusers/benchmarks counts too), Qwen-Image 720 in 60,
Wan 11.4 a block, PixArt 14. The weights of the other stream, and those that make scales and shifts from the time,
are passed by others or once."""
SHARE = (0.46, 0.68, 0.95)
"""Of what large matrix products reach, a transformer's products. Fitted on varadrane1707/BenchmarkFlux (FLUX.1 on
A100 0.59, H100 0.52) and THUDM/CogVideo (2B 0.63, 5B 0.84 on A100)."""
BETWEEN = 112.0
"""Bytes that norms, scales, activation functions and sums between products move a token and block, in widths: 12
widths and 4 of the feed-forward, which is four times as wide, in 16 bit, twice as kernels of their own, as in
training."""
MOVES = 0.7
"""Of the memory bandwidth, what such kernels reach. Assumed."""
U_NET_SHARE = (0.33, 0.46, 0.8)
"""The same of a U-Net: convolutions, at changing sizes. Fitted on diffusers' fast_diffusion (SDXL on A100: 0.47,
compiled 0.61) and vladmandic/sdnext's benchmark (SD 1.5, four at once on an RTX 4090: 0.77)."""
TRAINED_SHARE, TRAINED_U_NET = (0.38, 0.58, 0.78), (0.1, 0.22, 0.45)
"""The same while they are trained. Transformers: as eager training of text. U-Nets: kohya-ss/sd-scripts#827
and #834, SDXL with adapters at 1,024 pixels, 1.12 s a step on an RTX 3090 Ti."""
ATTENTION = (0.65, 0.85, 1.1)
"""Of the speed of matrix products, that of attention between many tokens without a mask (FlashAttention-2, -3)."""
LAUNCH = (8e-6, 18e-6, 35e-6)
"""Seconds that a kernel takes to be launched by Python, of `KERNELS` in each module: what bounds small pictures.
fal-ai/stable-diffusion-benchmarks, SD 1.5 at 512 pixels: 31 ms a step on an A100, 21 compiled."""
KERNELS = 3.0
VAE = {"picture": 9.8e6, "video": 2e7}
"""Operations a pixel (and frame) of decoding: AutoencoderKL, FlopCounterMode on the meta device (9.6 million at 512
pixels, 10.0 at 1,024, where attention weighs more); of 3D VAEs an estimate."""
ENCODE = 0.46
"""Operations of encoding a pixel for those of decoding it, counted alike."""
UNPACKING = 4.5
"""Bytes of memory traffic of unpacking a weight of few bits: half a byte read, two written and read again. The set
diffusers/benchmarks has FLUX.1 at 0.512 s a step in NF4, 0.493 in 16 bit."""
TEXT = 512
"""Tokens that text encoders read."""
NEVER_SEEN = (0.6, 1.0, 1.5)
"""Times the speed, where the components are guessed from the size. Assumed."""


class Work(NamedTuple):
    """One pass of the denoiser: floating-point operations of matrices and of attention, bytes moved between them."""

    matrices: float
    attention: float
    moved: float = 0.0


def picture_rate(workload: Workload, gpu: Gpu, gpus: int = 1) -> WorkRate | Unsized:
    """Pictures, or seconds of video, a second."""
    video = workload.modality == "video"
    name = workload.model_name or (workload.model.id if workload.model else "the model")
    pipeline = pipeline_of(name, workload.model, workload.params_b, video)
    if pipeline is None:
        return Unsized(f"the components of {name} are not known; give model.params_b (billions)")
    extent = extent_of(workload, pipeline)
    work = pass_of(pipeline, extent)
    if work is None:
        return Unsized(f"how much one step of {name} computes is not known")
    reached = matmul_tflops(gpu)
    if reached is None:
        return Unsized(f"the TFLOPS of {gpu.name} are not known")
    sampling, known = sampling_of(workload.model.id if workload.model else name, workload.denoising_steps)
    if workload.task == "train" or workload.method:
        return _trained(workload, pipeline, extent, work, reached, at_work(workload, gpus))
    if video and sampling.fps is None:
        return Unsized(f"how many frames a second videos of {name} have is not known")
    made = _Making(workload, pipeline, extent, work, sampling, reached, gpu)
    times = [made.seconds(i) for i in range(3)]
    units = extent.many * (extent.frames / sampling.fps if video and sampling.fps else 1.0)
    copies = _gpus_making(workload, gpus)
    unsure = (1.0, 1.0, 1.0) if pipeline.known and known else NEVER_SEEN
    speeds = Range(*(copies * units / seconds * share for seconds, share in zip(times, unsure, strict=True)))
    unit: Unit = "seconds of video" if video else "images"
    return WorkRate(unit, speeds, made.why(times[1]), _assumed(workload, extent, sampling, copies, gpus))


def pass_of(pipeline: Pipeline, extent: Extent) -> Work | None:
    """What one pass of one sample computes; None of a U-Net that nobody counted."""
    denoiser = pipeline.denoiser
    tokens = pipeline.tokens(extent.width, extent.height, extent.frames)
    if denoiser.unet:
        if not denoiser.each:
            return None
        return Work(denoiser.each * tokens, denoiser.pairs * tokens**2)
    weights = min(WIDTHS * denoiser.hidden**2 * denoiser.layers, denoiser.billions * 1e9 / denoiser.experts)
    wide = denoiser.layers * denoiser.hidden
    return Work(2 * weights * tokens, 4 * wide * tokens**2, BETWEEN * wide * tokens)


class _Making(NamedTuple):
    """One call of a pipeline."""

    workload: Workload
    pipeline: Pipeline
    extent: Extent
    work: Work
    sampling: Sampling
    reached: Range
    gpu: Gpu

    def seconds(self, i: int) -> float:
        """Of the call; `i`: 0 for the slowest, 2 for the fastest."""
        speed = self.reached.expected * 1e12 * _share(self.pipeline.denoiser)[i]
        speed *= FP32_SHARE[i] if self.workload.dtype == "fp32" and not self.workload.quantization else 1.0
        many = self.extent.many * self.sampling.passes
        step = many * (self.work.matrices + self.work.attention / ATTENTION[i]) / speed
        step += (
            many * self.work.moved / (self.gpu.bandwidth_gbs * 1e9 * MOVES) if self.gpu.bandwidth_gbs else 0.0
        )
        step = max(step, _launched(self.pipeline.denoiser, 2 - i)) + self._unpacking()
        return self.steps(i) * step + self._beside(speed, i) + self._moved(i)

    def steps(self, i: int) -> int:
        """Most for the slowest."""
        return self.sampling.steps[2 - i]

    def _unpacking(self) -> float:
        bits = bits_of(self.workload.quantization or "bf16") or 16
        if bits >= 16 or find_scheme(self.workload.quantization).quantizes == "weights and activations":
            return 0.0
        weights = self.pipeline.denoiser.billions * 1e9 / self.pipeline.denoiser.experts
        return weights * UNPACKING / (self.gpu.bandwidth_gbs * 1e9) if self.gpu.bandwidth_gbs else 0.0

    def _beside(self, speed: float, i: int) -> float:
        """Text encoders and VAE."""
        text = 2 * self.pipeline.text_encoders * 1e9 * TEXT * self.sampling.passes * self.extent.many
        pixels = self.extent.pixels * self.extent.frames * self.extent.many
        vae = pixels * VAE["video" if self.pipeline.frames > 1 else "picture"]
        return (text + vae / (FP32_SHARE[i] if self.pipeline.vae.fp32 else 1.0)) / speed

    def _moved(self, i: int) -> float:
        """Components, each once to the GPU and back; layer by layer in every step."""
        if not self.workload.cpu_offload:
            return 0.0
        bits = bits_of(self.workload.quantization or self.workload.dtype or "bf16") or 16
        denoiser = self.pipeline.denoiser.billions * bits / 8
        others = 2 * (self.pipeline.text_encoders + self.pipeline.vae.billions)
        if self.workload.cpu_offload == "sequential":
            passes = 1 if self.pipeline.denoiser.guided == 2 else self.sampling.passes
            return (denoiser / self.pipeline.denoiser.experts * self.steps(i) * passes + others) / PCIE_GBS[i]
        return 2 * (denoiser + others) / PCIE_GBS[i]

    def why(self, seconds: float) -> str:
        """The arithmetic in words."""
        each = (self.work.matrices + self.work.attention) / 1e12
        said = f"{self.extent.words}: {self.steps(1)} steps × {self.sampling.passes * each:,.1f} TFLOP"
        said += f" at {self.reached.expected * _share(self.pipeline.denoiser)[1]:,.0f} TFLOPS"
        moved = self._moved(1)
        said += f", {moved:,.1f} s of offloading" if moved else ""
        return f"{said}: {seconds:,.1f} s"


def _trained(
    workload: Workload, pipeline: Pipeline, extent: Extent, work: Work, reached: Range, gpus: int
) -> WorkRate | Unsized:
    """Pictures a second: forward, backward (half of it where weights are frozen), again where checkpointed; and the
    encoders, where nothing encodes beforehand."""
    if extent.frames > 1:
        return Unsized("clips of how many frames a video model is trained on is not known")
    full = (workload.method or "full") == "full"
    again = 1 if checkpoints(workload) else 0
    each = work.matrices * ((3 if full else 2) + again)
    attention = work.attention * (3 + again)
    beside = 0.0 if workload.caches_latents else extent.pixels * VAE["picture"] * ENCODE
    beside += 0.0 if workload.caches_text else 2 * pipeline.text_encoders * 1e9 * TEXT
    share = TRAINED_U_NET if pipeline.denoiser.unet else TRAINED_SHARE
    speeds = []
    for i in range(3):
        speed = reached.expected * 1e12 * share[i]
        step = extent.many * (each + attention / ATTENTION[i] + beside) / speed
        step = max(step, 3 * _launched(pipeline.denoiser, 2 - i))
        speeds.append(gpus * extent.many / step)
    why = f"{(each + attention + beside) / 1e12:,.1f} TFLOP a picture ({workload.method or 'full'}"
    why += ", activations computed again)" if again else ")"
    why += f" at {reached.expected * share[1]:,.0f} TFLOPS"
    return WorkRate("images trained", Range(*speeds), why, (f"{extent.words} a step",))


def _share(denoiser: Denoiser) -> tuple[float, float, float]:
    return U_NET_SHARE if denoiser.unet else SHARE


def _launched(denoiser: Denoiser, i: int) -> float:
    """Seconds for which a pass launches kernels: a transformer's block has some 20 modules."""
    modules = denoiser.modules or 20 * denoiser.layers
    return modules * KERNELS * LAUNCH[i]


def _gpus_making(workload: Workload, gpus: int) -> int:
    """GPUs that work: one process makes pictures on one, unless more are started or share each picture's tokens."""
    asked = workload.processes or workload.data_parallel
    shared = (workload.tensor_parallel or 1) * (workload.context_parallel or 1)
    return min(max(asked or 1, shared), gpus)


def _assumed(
    workload: Workload, extent: Extent, sampling: Sampling, copies: int, gpus: int
) -> tuple[str, ...]:
    low, usual, most = sampling.steps
    said = [f"{extent.words} at once"]
    if not workload.denoising_steps:
        said.append(
            f"{usual} steps" + (f" ({low} to {most})" if low < most else "") + ", since none were given"
        )
    said.append(f"{sampling.passes} pass{'es' * (sampling.passes > 1)} a step")
    return (*said, *idle(copies, gpus))
