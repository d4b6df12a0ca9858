"""The quantization a model's name states, in the catalogue's spelling."""

# ruff: noqa: SIM905 (a line of words reads better than forty quoted ones)

from __future__ import annotations

import re

_GGUF_TYPES = frozenset(
    "q2_k q2_k_s q2_k_l q2_k_xl q3_k q3_k_s q3_k_m q3_k_l q3_k_xl q4_0 q4_1 q4_k q4_k_s q4_k_m q4_k_l q4_k_xl "
    "q5_0 q5_1 q5_k q5_k_s q5_k_m q5_k_l q5_k_xl q6_k q6_k_l q6_k_xl q8_0 q8_k_xl iq1_s iq1_m iq2_xxs iq2_xs "
    "iq2_s iq2_m iq3_xxs iq3_xs iq3_s iq3_m iq4_xs iq4_nl tq1_0 tq2_0 f16 bf16 f32".split()
)
_SCHEMES: tuple[tuple[str, str, str], ...] = (
    ("fp4", r"(?:nv)?fp4", "nvfp4"),  # nvidia/…-FP4 are NVFP4 (their model cards)
    ("mxfp4", r"mxfp4(?:[-_.]moe)?", "mxfp4"),
    ("awq", r"(?:w4a16|int4|4bit)[-_]awq|awq(?:[-_.](?:w?4a16|w4a16|int4|4bit))?", "awq"),
    ("gptq", r"gptq[-_.]?(?:int8|8bit|w8a16)|(?:int8|8bit)[-_]gptq", "gptq-int8"),
    ("gptq", r"(?:int4|4bit)[-_]gptq|gptq(?:[-_.]?(?:int4|4bit|4b|w4a16))?", "gptq-int4"),
    ("fp8", r"fp8(?:[-_](?:dynamic|kv|block|tensor|static|e4m3))*", "fp8"),
    ("bnb", r"(?:unsloth-)?bnb-4bit|4bit-bnb|bnb-nf4", "nf4"),
    ("nf4", r"nf4", "nf4"),
    ("8", r"bnb-8bit|(?:quantized[.])?w8a(?:8|16)|int8|8bit", "int8"),
    ("4", r"(?:quantized[.])?w4a16|int4|4bit", "int4"),
)
"""(what must stand in the name for the pattern to be worth compiling, pattern, scheme); first hit wins."""

_NOISE = frozenset(
    "gguf imatrix imat i1 mlx exl2 ggml quantized quant dynamic ud hqq autoround g128 128g".split()
)


def split_quantization(name: str, owner: str = "") -> tuple[str, str | None]:
    """(the name without it, the scheme or None) of a bare model or file name.

    "gguf" alone means the type inside the file is not stated. Unsloth's 4-bit uploads are double-quantized
    NF4 (their config.json says bnb_4bit_use_double_quant), so "nf4-dq" for that owner.
    """
    text = name[:-5] if name.lower().endswith(".gguf") else name
    low = text.lower()
    gguf = text != name or "gguf" in low
    plain, kind = _gguf_type(text, gguf)
    if kind is not None:
        return _tidy(plain), f"gguf:{kind}"
    for cue, pattern, scheme in _SCHEMES:
        if cue not in low:
            continue
        hit = re.search(rf"(?<![a-z0-9])(?:{pattern})(?=$|[-_.])", text, re.IGNORECASE)
        if hit is not None:
            if scheme == "nf4" and (owner.lower() == "unsloth" or "unsloth" in hit.group().lower()):
                scheme = "nf4-dq"
            return _tidy(text[: hit.start()] + text[hit.end() :]), scheme
    return _tidy(text), "gguf" if gguf else None


def _gguf_type(text: str, gguf: bool) -> tuple[str, str | None]:
    """ "Llama-3-8B.Q4_K_M" → ("Llama-3-8B", "Q4_K_M"). A bare F16 is a GGUF type only in a GGUF name."""
    words = text.replace(".", "-").split("-")
    for word in reversed(words):
        kind = word.lower()
        if kind not in _GGUF_TYPES or (not gguf and kind.endswith(("f16", "f32"))):
            continue
        at = text.rfind(word)
        return text[:at] + text[at + len(word) :], kind.upper()
    return text, None


def _tidy(text: str) -> str:
    return "-".join(word for word in text.split("-") if word and word.lower() not in _NOISE).strip("-_. ")
