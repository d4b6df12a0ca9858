"""What fewer bits cost in quality."""

from gpuspec.quantization.schemes import Scheme

QUALITY = {8: "below 1 % on published benchmarks", 4: "1–3 % on published benchmarks, below 1 % with AWQ"}
"""Bits → the loss. Sources: AWQ (Lin et al. 2023), GPTQ (Frantar et al. 2022), LLM.int8() (Dettmers et al. 2022)."""


def in_brief(scheme: Scheme) -> str:
    """The same of one scheme for language models, in few words; "" where nothing is published."""
    if scheme.width == 4 and scheme.family == "AWQ":
        return "< 1 % worse"
    return {8: "< 1 % worse", 4: "1–3 % worse"}.get(scheme.width, "")
