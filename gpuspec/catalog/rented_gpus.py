"""Which GPUs the large clouds, and Modal, rent at all, whatever their price lists have."""

RENTED_GPUS: dict[str, frozenset[str]] = {
    "aws": frozenset({"V100", "T4", "T4G", "M60", "A10G", "A100", "L4", "L40S", "H100", "H200"}),
    "gcp": frozenset({"P4", "P100", "V100", "T4", "A100", "L4", "H100", "H200"}),
    "azure": frozenset({"M60", "V100", "T4", "A10", "A100", "H100", "H200", "MI300X"}),
    "modal": frozenset({"T4", "L4", "A10", "A10G", "L40S", "A100", "H100", "H200", "B200"}),
}
"""Those that came out up to 2024; newer ones are left out, for lists change. AWS: docs.aws.amazon.com, Batch, "Run
GPU jobs" (G3 M60, G4dn T4, G5 A10G, G5g T4G, G6 L4, G6e L40S, P3 V100, P4 A100, P5 H100 and H200). GCP:
cloud.google.com/compute/docs/gpus (A3, A2, G2, and T4, V100, P100, P4 for N1). Azure: Microsoft Learn, "GPU
accelerated" sizes (NVv3 M60, NCv3 V100, NCasT4, NVadsA10, NC and ND A100, H100, H200, MI300X).
Modal: modal.com/docs/guide/gpu (an A10 goes by A10G, too).
Read on 2026-11-30: Modal, AWS up to G6, GCP, and ND of A100 and H100; the others as first written."""
PLACED_GPUS = frozenset().union(*RENTED_GPUS.values()) | {
    "RTX 3090", "RTX 4090", "RTX A4000", "RTX A5000", "RTX A6000", "A40", "L40", "RTX 6000 Ada",
}  # fmt: skip
"""Families of which it is known who rents them."""


def family(name: str) -> str:
    """ "A100" of "A100 80GB SXM4": the name without memory and form."""
    words = name.split()
    for end in range(len(words), 0, -1):
        if (head := " ".join(words[:end])) in PLACED_GPUS:
            return head
    return name


LARGE_CLOUDS = ("aws", "azure", "gcp")


def rented_at(place: str | None, name: str) -> bool:
    """Whether a place rents the GPU; None: whether any of the large clouds does, so that a cluster may have it. Where
    nothing is known of a place it rents all."""
    if place is None:
        return any(family(name) in RENTED_GPUS[cloud] for cloud in LARGE_CLOUDS)
    return place not in RENTED_GPUS or family(name) in RENTED_GPUS[place]
