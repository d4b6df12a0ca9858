"""The quantization that a checkpoint's name states."""

# ruff: noqa: SIM905 (a line of words reads better than forty quoted ones)

from __future__ import annotations

import re
from functools import lru_cache

from gpuspec.quantization.gguf import GGUF_TYPES
from gpuspec.quantization.schemes import DOUBLE_QUANTIZES, SCHEMES

_NOISE = frozenset(
    "gguf imatrix imat i1 mlx exl2 ggml quantized quant dynamic ud hqq autoround g128 128g".split()
)
_UNDONE = r"(?i)(?<![a-z0-9])(?:unquantized|de-?quant(?:ized)?)(?=$|[-_.])"
"""Words of uploads whose weights are in 16 bit again, or were trained for a scheme and are not in it yet."""
_IN_16_BIT = r"(?i)(?<![a-z0-9])(?:(bf16|bfloat16)|fp16|float16|f16|16-?bit)(?=$|[-_.])"
_WITH_DRAFT = r"(?i)[-_.]mtp(?=$|[-_.])"
"""GGUF files that hold the model's own layers for drafting as well say so: "Qwen3.5-9B-MTP-GGUF"."""
_PART = r"-\d{5}-of-\d{5}$"
"""One of the files into which a large GGUF file is split."""
_BITS = (
    r"(?i)(?<![a-z0-9.])(?:exl[23][-_])?([1-8](?:[.]\d{1,3})?)(?:[-_]?bpw(?:[-_]hb?\d)?|(?<=[.]\d)bits?|(?<=[.]\d\d)bits?)"
    r"(?=$|[-_.])"
)
"""Bits a weight on average: "4.25bpw" of EXL2 and EXL3, "4.8bit" of mixed MLX uploads."""
_MLX_BITS = r"(?i)(?<![a-z0-9])q([2-8])(?=$|[-_.])"
"""MLX's uploads say "q4" for 4 bits."""
_MIXED_BITS = r"(?i)(?<![a-z0-9])oq([2-8])e?(?=$|[-_.])"
"""oMLX's mixed uploads say the bits of most layers: "oQ4", "oQ4e"."""


@lru_cache(maxsize=2048)  # a job's model is asked about for each machine it may take
def split_quantization(name: str, owner: str = "") -> tuple[str, str | None]:
    """(the name without it, the scheme or None) of a bare model or file name.

    "gguf" alone means the type inside the file is not stated.
    """
    text = re.sub(_PART, "", name[:-5]) if name.lower().endswith(".gguf") else name
    low = text.lower()
    gguf = text != name or "gguf" in low
    if gguf and "mtp" in low:
        text = re.sub(_WITH_DRAFT, "", text)
    if "oq" in low:
        text = re.sub(_MIXED_BITS, r"\1bit", text)
    if "quant" in low and re.search(_UNDONE, low):
        return _tidy(_stripped(text)), None
    plain, kind = _gguf_type(text, gguf)
    other = None if kind is None or gguf else _stated(plain, owner)
    if kind is not None and other is None:
        return _tidy(plain), f"gguf:{kind}"
    text = text if kind is None else plain
    if "mlx" in low:
        text = re.sub(_MLX_BITS, r"\1bit", text)
    found = _stated(text, owner)
    if found is not None:
        return _tidy(found[0]), found[1]
    bits = re.search(_BITS, text) if "." in text or "bpw" in text.lower() else None
    if bits is not None:
        return _tidy(text[: bits.start()] + text[bits.end() :]), f"bpw:{bits.group(1)}"
    return _tidy(text), "gguf" if gguf else None


def in_16_bit(name: str) -> str | None:
    """The dtype that a bare name states where it states no quantization: "bf16" of "gpt-oss-20b-BF16", and of weights
    whose quantization was undone."""
    low = name.lower()
    if not ("16" in low or "quant" in low) or split_quantization(name)[1] is not None:
        return None
    if re.search(_UNDONE, low):
        return "bf16"
    stated = re.search(_IN_16_BIT, low)
    return None if stated is None else "bf16" if stated[1] else "fp16"


def _stripped(text: str) -> str:
    """A name without the schemes that it says were undone."""
    text = re.sub(_UNDONE, "", text)
    plain = _gguf_type(text, gguf=False)[0]
    found = _stated(plain, "")
    return found[0] if found else plain


def _stated(text: str, owner: str) -> tuple[str, str] | None:
    """(the name without it, the scheme) where a name states one other than a GGUF type."""
    low = text.lower()
    for scheme in SCHEMES:
        for cue, pattern in scheme.in_names:
            if cue not in low:
                continue
            hit = re.search(rf"(?<![a-z0-9])(?<!\d[.])(?:{pattern})(?=$|[-_.])", text, re.IGNORECASE)
            if hit is not None:
                twice = DOUBLE_QUANTIZES in (owner.lower(), *hit.group().lower().split("-"))
                found = (twice and scheme.double_quantized) or scheme.name
                return text[: hit.start()] + text[hit.end() :], found
    return None


def _gguf_type(text: str, gguf: bool) -> tuple[str, str | None]:
    """ "Llama-3-8B.Q4_K_M" → ("Llama-3-8B", "Q4_K_M"). A bare F16 is a GGUF type only in a GGUF name."""
    words = text.replace(".", "-").split("-")
    for word in reversed(words):
        kind = word.lower()
        if kind not in GGUF_TYPES or (not gguf and kind.endswith(("f16", "f32"))):
            continue
        at = text.rfind(word)
        return text[:at] + text[at + len(word) :], kind.upper()
    return text, None


def _tidy(text: str) -> str:
    return "-".join(word for word in text.split("-") if word and word.lower() not in _NOISE).strip("-_. ")
