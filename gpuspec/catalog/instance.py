"""Instance types of clouds: the GPUs each has, what else its machine has, and which can be had on demand."""

from collections.abc import Iterator, Mapping

from gpuspec.named_tuple import NamedTuple
from gpuspec.numerals import is_digits

# See gpu.py on annotations.

_SHARES = {"1/8": "an eighth", "1/6": "a sixth", "1/4": "a quarter", "1/3": "a third", "1/2": "half"}
_REFUSALS = {
    "reserved": "by reservation only (capacity blocks)",
    "preview": "a size of a preview, which no longer starts",
    "unlisted": "a size that the cloud's pages do not have",
}
SPOT_ONLY = "price on demand of a type that is rented as spot only"
"""Why a price is left out."""


class Instance(NamedTuple):
    """One instance type, or a family of them ("p5"). None is "not known"."""

    gpu: str
    """Canonical GPU name (`Gpu.name`); "" where it has none, or one that is not in the catalogue."""
    number: str
    """How many GPUs: "8"; "1/8" for a part of one; "?" where nobody says; "" for a family."""
    cloud: str
    name: str
    vcpus: float | None = None
    ram_gib: float | None = None
    disk_gb: float | None = None
    """Local disk that comes with it, as the cloud states it (Azure in GiB)."""
    status: str = ""
    """Empty for what anybody can rent on demand; the others are at the head of data/instances.tsv."""

    @property
    def gpu_count(self) -> int | None:
        """Whole GPUs; None for a family, and for what has none."""
        return int(self.number) if is_digits(self.number) else None

    @property
    def whole(self) -> bool:
        """Whether it stands for whole GPUs of a kind that is known."""
        return bool(self.gpu) and self.number != "?" and "/" not in self.number

    @property
    def spot_only(self) -> bool:
        """Whether it can be had as a spot machine and not on demand."""
        return self.status == "spot"

    @property
    def machine(self) -> str:
        """What the machine has, in words: "8 × A100 40GB SXM4, 96 vCPUs, 1,152 GiB RAM, 8,000 GB of local disk"."""
        number = f"{self.number} × " if self.number else ""
        parts = [
            f"{number}{self.gpu}",
            f"{self.vcpus:g} vCPUs" if self.vcpus else "",
            f"{self.ram_gib:,g} GiB RAM" if self.ram_gib else "",
            f"{self.disk_gb:,g} {'GiB' if self.cloud == 'azure' else 'GB'} of local disk"
            if self.disk_gb
            else "",
        ]
        return ", ".join(filter(None, parts))

    def refusal(self, vram_gb: float | None = None) -> str:
        """Why it is no offer of its GPU, in words; "" where it is one. `vram_gb` is the memory of a whole GPU."""
        word, _, rest = self.status.partition(" ")
        if word == "no-gpu":
            return f"{rest}, no GPU"
        if word == "retired":
            return f"retired on {rest}" if rest else "retired"
        return self.share(vram_gb) or _REFUSALS.get(word, "")

    def share(self, vram_gb: float | None = None) -> str:
        """ "an eighth of an L4 (3 GB)"; "" for what has whole GPUs or none."""
        article = "an" if self.gpu[:1] in "AEFHILMNORSX" and not self.gpu.startswith("Radeon") else "a"
        if self.number == "?":
            return f"a size whose share of {article} {self.gpu} no page states"
        if "/" not in self.number:
            return ""
        part, _, of = self.number.partition("/")
        memory = f" ({vram_gb * int(part) / int(of):g} GB)" if vram_gb else ""
        return f"{_SHARES[self.number]} of {article} {self.gpu}{memory}"


class Instances(Mapping[str, Instance]):
    """Lower-case instance type, family ("p5", "p5.*", "p5-*") → Instance. A line is read when it is asked for."""

    def __init__(self, text: str) -> None:
        self._lines: dict[str, str] = {}
        for line in text.splitlines():
            if line.startswith("#"):
                continue
            name = line.split("\t", 2)[1].lower()
            self._lines[name] = line
            if line.startswith("aws") and "." not in name:
                self._lines[name + ".*"] = self._lines[name + "-*"] = line

    def called(self, written: str) -> Instance | None:
        """The type that somebody writes so: "ml.g5.xlarge" (SageMaker), "NC24ads_A100_v4" (Azure, without its
        "Standard_"), in letters of any size."""
        name = written.lower().removeprefix("ml.")
        return self.get(name) or self.get(f"standard_{name}")

    def __getitem__(self, name: str) -> Instance:
        line = self._lines.get(name)
        if line is None:  # "trn1.*" stands for all of its sizes; a new size of a family of GPUs is not known
            line = self._lines[name.partition(".")[0] + ".*"]
            if "\tno-gpu" not in line:
                raise KeyError(name)
        cloud, written, gpu, number, *rest = line.split("\t") + [""] * 6
        vcpus, ram, disk = (float(each) if each else None for each in rest[:3])
        return Instance(gpu, number, cloud, written, vcpus, ram, disk, rest[3])

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines)

    def __len__(self) -> int:
        return len(self._lines)
