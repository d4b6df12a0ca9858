"""A GPU, and what a written GPU name can mean."""

from gpuspec.named_tuple import NamedTuple


class Gpu(NamedTuple):
    """One GPU model. Speeds are dense (no sparsity); None is "not known"."""

    name: str
    vendor: str
    architecture: str
    vram_gb: float
    """As the vendor states it; for memory arithmetic use `vram_gib`."""
    vram_mib_reported: int | None = None
    """What the driver shows, MiB."""
    bandwidth_gbs: float | None = None
    fp16_tflops: float | None = None
    fp8_tflops: float | None = None
    bf16: bool | None = None
    fp8: bool | None = None
    fp4: bool | None = None
    int8: bool | None = None
    compute_capability: str | None = None
    nvlink: bool | None = None
    form_factor: str | None = None
    aliases: tuple[tuple[str, str], ...] = ()
    """(vocabulary, name): ("runpod", "NVIDIA GeForce RTX 4090")."""
    sources: tuple[str, ...] = ()
    note: str = ""
    fp4_tflops: float | None = None
    int8_tops: float | None = None
    tdp_w: int | None = None
    visible_gib: float | None = None
    """What a program can see of the memory, GiB, from engine logs; less than the driver shows."""
    variants: tuple[str, ...] = ()
    """Names of the GPUs this one stands for, where sellers do not say which it is ("A100 80GB": PCIe or
    SXM4). Its speeds are then the least of theirs: what can be counted on."""
    arm_host: bool = False
    """It comes only in machines whose CPUs are Arm (Grace, Graviton)."""

    @property
    def vram_gib(self) -> float:
        """Memory that programs see, GiB, of which an engine takes its share (`sizing.usable`): what engine logs show,
        else what the driver shows, else the vendor's figure (vendors write GB and mean 2^30)."""
        if self.visible_gib is not None:
            return self.visible_gib
        if self.vram_mib_reported is not None:
            return self.vram_mib_reported / 1024
        return float(self.vram_gb)

    def alias(self, vocabulary: str) -> str | None:
        """The first name in a vocabulary ("skypilot", "runpod", "gpuhunt", "vast"), if it has one."""
        return next((name for where, name in self.aliases if where == vocabulary), None)


class GpuMatch(NamedTuple):
    """What a written GPU name means. Exactly one of: `gpu` set; `ambiguous` (several GPUs share the name;
    the first is what the launcher would take); neither, with `suggestions` (nearest names, best first).
    `gpu_count` is the number inside the name ("A100:2", an instance type), None if there is none.
    `deprecated` is the preferred spelling when the written one is an old or vendor-internal name.

    An offer answers the written name when `offer.gpu in match.accepts`: "A100-80GB" accepts PCIe and SXM4."""

    gpu: Gpu | None
    ambiguous: tuple[Gpu, ...] = ()
    suggestions: tuple[str, ...] = ()
    gpu_count: int | None = None
    deprecated: str | None = None
    accepts: tuple[str, ...] = ()
    """Canonical names of the GPUs an offer may have to answer this name; () when nothing matched."""
    note: str = ""
    """What an instance type is that stands for no whole GPU ("an eighth of an L4 (3 GB)"); `gpu` is None then."""
