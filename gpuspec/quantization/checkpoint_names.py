"""The quantization that a checkpoint's name states."""

# ruff: noqa: SIM905 (a line of words reads better than forty quoted ones)

from __future__ import annotations

import re

from gpuspec.quantization.schemes import DOUBLE_QUANTIZES, GGUF_TYPES, SCHEMES

_NOISE = frozenset(
    "gguf imatrix imat i1 mlx exl2 ggml quantized quant dynamic ud hqq autoround g128 128g".split()
)


def split_quantization(name: str, owner: str = "") -> tuple[str, str | None]:
    """(the name without it, the scheme or None) of a bare model or file name.

    "gguf" alone means the type inside the file is not stated.
    """
    text = name[:-5] if name.lower().endswith(".gguf") else name
    low = text.lower()
    gguf = text != name or "gguf" in low
    plain, kind = _gguf_type(text, gguf)
    if kind is not None:
        return _tidy(plain), f"gguf:{kind}"
    for scheme in SCHEMES:
        for cue, pattern in scheme.in_names:
            if cue not in low:
                continue
            hit = re.search(rf"(?<![a-z0-9])(?:{pattern})(?=$|[-_.])", text, re.IGNORECASE)
            if hit is not None:
                twice = DOUBLE_QUANTIZES in (owner.lower(), *hit.group().lower().split("-"))
                found = (twice and scheme.double_quantized) or scheme.name
                return _tidy(text[: hit.start()] + text[hit.end() :]), found
    return _tidy(text), "gguf" if gguf else None


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
