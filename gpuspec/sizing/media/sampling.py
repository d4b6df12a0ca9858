"""How a picture or a video is sampled: how many steps, how many passes a step takes, how fast its frames are shown.

Sources: the defaults of the pipelines of diffusers 0.42 (`num_inference_steps`, `guidance_scale`), and where model
cards say otherwise, those; 2026-11."""

from gpuspec.named_tuple import NamedTuple


class Sampling(NamedTuple):
    """Of a model. `steps`: fewest, usual and most that its card and examples take. `passes`: 2 where each step runs
    with the prompt and without it (classifier-free guidance), 1 where guidance is distilled into the model. `fps`:
    frames of one second of its videos."""

    steps: tuple[int, int, int]
    passes: int = 2
    fps: float | None = None


_FEW = Sampling((1, 4, 8), 1)
FAST_WORDS = (
    "turbo",
    "lightning",
    "schnell",
    "lcm",
    "hyper",
    "distilled",
    "4step",
    "4-step",
    "8step",
    "8-step",
)
"""Words of names of models that need few steps and no second pass."""

SAMPLING: dict[str, Sampling] = {
    "sd-1": Sampling((20, 50, 50)),
    "sd-2": Sampling((20, 50, 50)),
    "sdxl": Sampling((20, 40, 50)),  # 50 in its pipeline, 40 on its card, 30 in diffusers' own benchmarks
    "sdxl-turbo": Sampling((1, 1, 4), 1),
    "playground-v2.5": Sampling((30, 50, 50)),
    "kolors": Sampling((25, 50, 50)),
    "sd3": Sampling((28, 28, 40)),
    "sd3.5-large-turbo": Sampling((4, 4, 8), 1),
    "flux.1": Sampling((20, 28, 50), 1),
    "flux.1-schnell": Sampling((1, 4, 4), 1),
    "flux.2": Sampling((28, 50, 50), 1),
    "flux.2-klein": Sampling((4, 4, 8), 1),
    "flux.2-klein-base": Sampling((28, 50, 50)),
    "chroma": Sampling((26, 35, 40)),
    "bria": Sampling((28, 30, 50)),
    "longcat-image": Sampling((30, 50, 50)),
    "qwen-image": Sampling((30, 50, 50)),
    "z-image": Sampling((28, 50, 50)),
    "z-image-turbo": Sampling((8, 9, 9), 1),
    "hidream": Sampling((28, 50, 50)),
    "hunyuanimage-2.1": Sampling((30, 50, 50)),
    "pixart": Sampling((14, 20, 20)),
    "auraflow": Sampling((28, 50, 50)),
    "sana": Sampling((18, 20, 20)),
    "lumina-image-2": Sampling((30, 30, 50)),
    "cogview4": Sampling((30, 50, 50)),
    "omnigen": Sampling((28, 50, 50)),
    "cogvideox": Sampling((30, 50, 50), fps=8),
    "cogvideox1.5": Sampling((30, 50, 50), fps=16),
    "consisid": Sampling((30, 50, 50), fps=8),
    "wan2": Sampling((30, 50, 50), fps=16),
    "wan2.2": Sampling((30, 40, 50), fps=16),
    "wan2.2-ti2v": Sampling((30, 50, 50), fps=24),
    "skyreels-v1": Sampling((30, 30, 50), fps=24),
    "skyreels-v2": Sampling((30, 50, 50), fps=24),
    "hunyuanvideo": Sampling((30, 50, 50), 1, fps=24),
    "hunyuanvideo-1.5": Sampling((30, 50, 50), fps=24),
    "ltx-video": Sampling((30, 50, 50), fps=24),
    "ltx-video-13b": Sampling((30, 50, 50), fps=24),
    "ltx-2": Sampling((20, 40, 50), fps=24),
    "mochi": Sampling((50, 64, 64), fps=30),
    "allegro": Sampling((50, 100, 100), fps=15),
    "longcat-video": Sampling((30, 50, 50), fps=15),
    "cosmos-predict2": Sampling((30, 35, 50), fps=16),
    "step-video-t2v": Sampling((30, 50, 50), fps=25),
}
"""Prefix of the catalogue's id → its sampling; the longest matching prefix counts. Frames a second: model cards."""
UNKNOWN = Sampling((20, 30, 50))


def sampling_of(name: str, steps: int | None) -> tuple[Sampling, bool]:
    """The sampling of a model by its name, with the steps that were asked for; and whether it stands in the table."""
    low = name.split("/")[-1].lower()
    found = max(filter(low.startswith, SAMPLING), key=len, default=None)
    sampling = SAMPLING[found] if found else UNKNOWN
    few = any(word in low for word in FAST_WORDS)
    if few and sampling.passes == 2:
        sampling = _FEW._replace(fps=sampling.fps)
    if steps:
        sampling = sampling._replace(steps=(steps, steps, steps))
    return sampling, found is not None
