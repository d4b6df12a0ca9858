"""What GPUs tell each other in a step: links within a machine and beyond it; the time of an all-reduce."""

from gpuspec.catalog import Gpu
from gpuspec.named_tuple import NamedTuple
from gpuspec.sizing.speed.rates import Range


class Link(NamedTuple):
    """Between GPUs. `gbs`: GB/s of one GPU to the others, one way, as an all-reduce reaches them.
    `hop`: seconds until a message has gone one step, however short. `at_once`: whether each GPU reads the parts of
    all others in one step, as over NVSwitch (one-shot all-reduce), rather than pass them round a ring."""

    name: str
    gbs: Range
    hop: Range
    at_once: bool


NVLINK_GBS = {"Volta": 150, "Ampere": 300, "Hopper": 450, "Blackwell": 900, "Blackwell Ultra": 900}
"""GB/s one way of NVLink 2 to 5 on boards with NVSwitch or a full mesh: half of what NVIDIA's data sheets of V100,
A100, H100 and B200 call total bandwidth (300, 600, 900, 1,800 GB/s)."""
XGMI_GBS = {"CDNA2": 150, "CDNA3": 315, "CDNA4": 480}
"""The same of AMD's Infinity Fabric: 7 links each (data sheets of MI250, MI300X, MI355X)."""
PCIE_GBS = (10.0, 18.0, 24.0)
"""GB/s between a GPU and its host's memory: PCIe 4.0 ×16."""
_FAST_HOP = Range(3e-6, 6e-6, 15e-6)
"""aiconfigurator's measured vLLM all-reduces of one token over NVSwitch add 3 to 8 µs each, however many GPUs."""
_PCIE = Link("PCIe", Range(6.0, 20.0, 45.0), Range(2e-6, 5e-6, 9e-6), at_once=False)
"""PCIe 3 to 5 with 16 lanes, the host's memory between where cards cannot reach each other. 8 × L40S take some 150 µs
a layer, 4 × RTX 5090 some 30, 2 × RTX 3090 some 10: the 2(N − 1) hops of a ring, twice a layer."""


def link_of(gpu: Gpu) -> Link:
    """The link between GPUs of this kind in one machine. Boards (SXM, OAM) have theirs built in. Cards that could
    carry a bridge seldom do in rented machines: they may be as quick as with one, and as slow as without."""
    form = gpu.form_factor or ""
    if gpu.nvlink and form.startswith(("SXM", "superchip")):
        gbs = float(NVLINK_GBS.get(gpu.architecture, 300))
        return Link("NVLink", Range(0.3 * gbs, 0.6 * gbs, 0.8 * gbs), _FAST_HOP, at_once=True)
    if gpu.vendor == "amd" and form == "OAM":
        gbs = float(XGMI_GBS.get(gpu.architecture, 150))
        return Link("Infinity Fabric", Range(0.2 * gbs, 0.4 * gbs, 0.7 * gbs), _FAST_HOP, at_once=True)
    if gpu.nvlink:
        return _PCIE._replace(name="PCIe or an NVLink bridge", gbs=Range(6.0, 25.0, 200.0))
    return _PCIE


BETWEEN_MACHINES = {"board": Range(3.0, 20.0, 45.0), "card": Range(1.2, 3.0, 12.0)}
"""GB/s of one GPU to another machine, one way. Boards: clouds give machines of 8 from 400 Gbit/s (AWS p4d: 6 GB/s for
each GPU) to 3,200 (p5, Azure ND H100 v5: 50). Cards: a machine has 10 to 100 Gbit/s for all of its GPUs (AWS g5 and
g6, GCP g2), of which each has a part. Instance pages of AWS, Azure, GCP, 2026; what of it is reached is assumed."""
_FAR_HOP = Range(8e-6, 20e-6, 60e-6)
"""Seconds of a message to another machine: RDMA to TCP. Assumed."""


def link_between(gpu: Gpu, group: int, of_a_machine: int) -> Link:
    """The link over which `group` GPUs that work together talk, where a machine has so many of them: the slower one,
    where the group does not fit into a machine."""
    near = link_of(gpu)
    if group <= of_a_machine:
        return near
    board = (gpu.form_factor or "").startswith(("SXM", "superchip", "OAM"))
    far = BETWEEN_MACHINES["board" if board else "card"]
    gbs = Range(*(min(a, b) for a, b in zip(far, near.gbs, strict=True)))
    return Link("the network between machines", gbs, _FAR_HOP, at_once=False)


def all_reduce(link: Link, gpus: int, size: float) -> Range:
    """Seconds until all GPUs hold the sum of what each has, `size` bytes.

    A ring passes 2(N − 1) times the Nth part of it (NCCL's ring; Patarasuk and Yuan 2009). Where each reads from all,
    that is one step."""
    if gpus < 2:
        return Range(0.0, 0.0, 0.0)
    hops = 1 if link.at_once else 2 * (gpus - 1)
    moved = 2 * (gpus - 1) / gpus * size / 1e9
    return Range(
        hops * link.hop.low + moved / link.gbs.high,
        hops * link.hop.expected + moved / link.gbs.expected,
        hops * link.hop.high + moved / link.gbs.low,
    )
