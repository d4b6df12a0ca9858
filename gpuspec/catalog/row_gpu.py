"""Which GPU a row of a price list means: read from its names and the memory it gives, never guessed."""

from collections import Counter

from gpuspec.catalog.catalog import Catalog
from gpuspec.catalog.clouds import Cloud
from gpuspec.catalog.gpu import Gpu, GpuMatch
from gpuspec.numerals import is_digits, number_of

MEMORY_SLACK = 0.06
"""H100 NVL: 94 GB are 95,830 MiB; B200: 180 GB are 183,359 MiB. 40 and 80 stay far apart."""

NO_GPU = "no GPU (TPU, Inferentia, …)"
_NO_GPU = ("tpu", "inferentia", "trainium", "grayskull", "fpga")

_BARE = {"A100": "A100 40GB", "V100": "V100 16GB", "H100": "H100 80GB", "RTX6000": "Quadro RTX 6000"}
"""SkyPilot's bare names: the smaller card has no suffix (A100-80GB and V100-32GB are named apart)."""

_FORMS = ("pcie", "sxm", "sxm2", "sxm4", "sxm5", "sxm6", "nvl")
_SAY_NOTHING = (*_FORMS, "nvlink", "baremetal", "high", "perf", "low", "ram")
"""Words beside the name of a GPU that are about its form, which is read apart, or about the machine around it."""


class RowGpus:
    """Tells the GPU of each row of one cloud's list. `mended` counts the names that stand for several cards."""

    def __init__(self, cloud: Cloud, catalog: Catalog, mended: Counter[str]) -> None:
        self.cloud = cloud
        self.catalog = catalog
        self.mended = mended

    def gpu(self, written: str, machine: str, info: str, number: int) -> Gpu | str:
        """The GPU, or why it cannot be told. `written` is the row's name of it, `machine` its instance type, `info`
        its GpuInfo, `number` how many there are."""
        instance = self.catalog.instances.get(machine.lower())
        if instance is not None:
            gpu = self.catalog.gpus_by_name.get(instance.gpu)
            return instance.refusal(gpu.vram_gb if gpu else None) or gpu or f"unknown GPU {written}"
        if written.lower().startswith(_NO_GPU):
            return NO_GPU
        name = self._full_name(machine) or _without_total(written, number)
        seller = machine.partition(self.cloud.seller_ends)[0] if self.cloud.seller_ends else ""
        for known in (f"{seller}/{name}", name):
            if known in self.cloud.gpus:
                return self._named(self.cloud.gpus[known], name)
        if contradiction := _contradiction(written, machine):
            return contradiction
        match = self.catalog.resolve_gpu(name)
        if not match.accepts:
            match = self.catalog.resolve_gpu(_bare_name(name))
        if not match.accepts:
            return f"unknown GPU {written}"
        memory = _memory_gib(info, number if self.cloud.memory_is_total else 1)
        return self._narrow(match, _form(f"{machine} {written} {info}"), memory, name)

    def _named(self, canonical: str, written: str) -> Gpu | str:
        return self.catalog.gpus_by_name.get(canonical) or f"unknown GPU {written}"

    def _full_name(self, machine: str) -> str:
        """ "RTX 4070S Ti" of Vast's "2x-RTX_4070S_Ti-32-65536", whose row says "RTX4070"."""
        parts = machine.split("-")
        return parts[1].replace("_", " ") if self.cloud.gpu_in_instance and len(parts) > 2 else ""

    def _narrow(self, match: GpuMatch, form: str, memory: float | None, name: str) -> Gpu | str:
        accepted = [gpu for each in match.accepts if (gpu := self.catalog.gpus_by_name.get(each))]
        candidates = [gpu for gpu in accepted if not gpu.variants]
        if self.cloud.mixes_memory:
            candidates = self._least(candidates, form)
        elif memory is not None and len(candidates) > 1:
            near = [gpu for gpu in candidates if abs(memory / gpu.vram_gib - 1) <= MEMORY_SLACK]
            candidates = near or candidates
        elif name in _BARE:
            bare = self.catalog.gpus_by_name.get(_BARE[name])
            if bare and not form:
                return bare
            candidates = (
                _formed([gpu for gpu in candidates if bare and gpu.name in bare.variants], form) or candidates
            )
        if form and len(candidates) > 1:
            candidates = _formed(candidates, form) or candidates
        if len(candidates) == 1:
            return candidates[0]
        names = {gpu.name for gpu in candidates}
        for general in accepted:
            if general.variants and names == set(general.variants):
                return general
        return f"{name}: which of {', '.join(sorted(names))} is not said"

    def _least(self, candidates: list[Gpu], form: str) -> list[Gpu]:
        """Of cards that are rented under one name, those with the least memory: what can be counted on."""
        of_form = _formed(candidates, form) or candidates
        least = min(gpu.vram_gb for gpu in of_form)
        smallest = [gpu for gpu in of_form if gpu.vram_gb == least]
        if len(smallest) < len(of_form):
            self.mended["cards of several sizes under one name: the smallest is counted on"] += 1
        return smallest


def _formed(candidates: list[Gpu], form: str) -> list[Gpu]:
    return [gpu for gpu in candidates if _has_form(gpu, form)] if form else []


def _words(name: str) -> list[str]:
    return name.replace("_", "-").replace(" ", "-").split("-")


def _bare_name(name: str) -> str:
    """ "A100-80G" of "A100-80G-PCIe-NVLink"."""
    return "-".join(word for word in _words(name) if word.lower() not in _SAY_NOTHING)


def _contradiction(written: str, machine: str) -> str:
    """Why the two names of a row cannot both be right: an A100_80G_PCIE in a gpu_1x_a100_SXM4."""
    one, other = _form(written), _form(machine)
    if one and other and one != other:
        return f"{written}: the machine's name says {other.upper()}"
    if one == "nvl" and "nvlink" in machine.lower():
        return f"{written}: the machine's name says NVLink, which is a bridge between PCIe cards"
    return ""


def _form(words: str) -> str:
    """ "NVLINK" is neither form: PCIe cards are bridged with it, too. HBM3 on an H100 means SXM."""
    plain = words.lower().replace("nvlink", "")
    for form in ("nvl", "pcie", "sxm"):
        if form in plain:
            return form
    return "sxm" if "hbm3" in plain else ""


def _has_form(gpu: Gpu, form: str) -> bool:
    if form == "nvl":
        return gpu.name.endswith("NVL")
    factor = (gpu.form_factor or "").lower()
    return factor.startswith(form) and not gpu.name.endswith("NVL")


def _without_total(name: str, number: int) -> str:
    """ "A100-80GB-160GB" of Verda is 2 × A100-80GB: the memory of all GPUs stands behind that of one."""
    head, _, tail = name.rpartition("-")
    one = head.rpartition("-")[2]
    if tail.endswith("GB") and one.endswith("GB") and is_digits(tail[:-2]) and is_digits(one[:-2]):
        return head if int(tail[:-2]) == int(one[:-2]) * number else name
    return name


def _memory_gib(info: str, gpus: int) -> float | None:
    """Memory of one GPU as a row gives it for so many, GiB; RunPod rows have held GB where MiB belong."""
    _, found, rest = info.lower().partition("sizeinmib")
    digits = rest.lstrip("'\": ")
    size = number_of(digits[: len(digits) - len(digits.lstrip("0123456789."))]) if found else None
    if not size or size >= 1e9:
        return None
    return (size if size < 1024 else size / 1024) / gpus
