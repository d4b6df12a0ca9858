"""Which GPUs the large clouds rent at all, whatever their price lists have."""

RENTED_GPUS: dict[str, frozenset[str]] = {
    "aws": frozenset({"V100", "T4", "T4G", "M60", "A10G", "A100", "L4", "L40S", "H100", "H200"}),
    "gcp": frozenset({"P4", "P100", "V100", "T4", "A100", "L4", "H100", "H200"}),
    "azure": frozenset({"M60", "V100", "T4", "A10", "A100", "H100", "H200", "MI300X"}),
}
"""The GPUs of three clouds up to 2024, those that are new since left out. AWS: EC2 instance types G3 to G6e and P3 to
P5en; GCP: "GPU machine types"; Azure: N-series sizes; each as its documentation lists them, 2026-11-30. What a
cloud's price list lacks it may rent all the same: lists are not complete."""
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
