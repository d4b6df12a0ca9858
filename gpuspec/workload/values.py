"""Arguments as people write them → the catalogue's words. What is not understood is None."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gpuspec.numerals import is_digits
from gpuspec.quantization import spelled

DTYPES = {
    "bfloat16": "bf16",
    "bf16": "bf16",
    "float16": "fp16",
    "fp16": "fp16",
    "half": "fp16",
    "f16": "fp16",
    "float32": "fp32",
    "fp32": "fp32",
    "float": "fp32",
    "f32": "fp32",
    "tf32": "fp32",
}

_TRUE = frozenset({"true", "yes", "1", "on", "t", "y"})
_FALSE = frozenset({"false", "no", "0", "off", "f", "n", "none"})


TOO_MUCH = 10**13
"""Stands for every larger number, infinity too: more than anything here can be."""


def truth(text: str) -> bool | None:
    """True, false or neither of the two."""
    low = text.strip().lower()
    return True if low in _TRUE else False if low in _FALSE else None


def whole(text: str) -> int | None:
    """A positive whole number; `TOO_MUCH` for one of 13 digits and more. vLLM also takes 8k (8,000), 8K (8,192)."""
    body, factor = text.strip().replace("_", ""), 1
    if body[-1:] in ("k", "K", "m", "M"):
        factor = {"k": 1000, "K": 1024, "m": 1_000_000, "M": 1 << 20}[body[-1]]
        body = body[:-1]
    if len(body) > 12:
        return TOO_MUCH if len(body.lstrip("0")) > 12 and is_digits(body) else None
    try:
        number = float(body) * factor
    except ValueError:
        return None
    if number >= 1e12:
        return TOO_MUCH
    return int(number) if number > 0 and number == int(number) else None


def number(text: str) -> float | None:
    """A positive number; `TOO_MUCH` for one of 13 digits and more."""
    try:
        value = float(text[:32])
    except ValueError:
        return None
    return min(value, float(TOO_MUCH)) if value > 0 else None


def dtype(text: str) -> str | None:
    """bf16, fp16 or fp32; None for "auto" and what is not known."""
    return DTYPES.get(text.strip().lower().removeprefix("torch.").removeprefix("jnp."))


def kv_dtype(text: str) -> str | None:
    """fp8, int8, int4, bf16, …; llama.cpp's q8_0 and q4_0 stay as they are. None for "auto"."""
    low = text.strip().lower().removeprefix("torch.")
    if low.startswith(("fp8", "float8")):
        return "fp8"
    if low.startswith(("q4_", "q5_", "q8_", "iq4")):
        return low
    return DTYPES.get(low) or {"int8": "int8", "int4": "int4", "fp4": "fp4", "nvfp4": "fp4"}.get(low)


def name(text: str) -> str | None:
    """A model's name or path as written; None where something is still to be put in: "<MODEL_ID>"."""
    text = text.strip().rstrip("/")
    left_open = "<" in text and ">" in text[text.index("<") :]
    return text if 0 < len(text) <= 300 and text.isprintable() and not left_open else None


def pretrained(text: str) -> str | None:
    """The model in "pretrained=org/model,dtype=float16"."""
    given = dict(each.partition("=")[::2] for each in text.split(","))
    return name(given.get("pretrained", ""))


def word(text: str) -> str | None:
    """One word, small letters."""
    text = text.strip().lower()
    return text if 0 < len(text) <= 100 and text.isprintable() else None


def version(text: str) -> str | None:
    """0.6.3 of "v0.6.3" and "0.6.3.post1"; llama.cpp's builds: b8778 of "server-cuda-b8778". None for "latest"."""
    import re

    found = re.match(r"v?(\d+(?:\.\d+)+)", text) or re.search(r"(?:^|-)(b\d{3,6})$", text)
    return found[1] if found else None


def width(text: str) -> int | None:
    """The first of "1024,1024", "1024x768"."""
    return whole(text.replace("x", ",").split(",")[0])


def height(text: str) -> int | None:
    """The last of "1024,1024", "1024x768"."""
    return whole(text.replace("x", ",").split(",")[-1])


def offload(text: str) -> str | None:
    """GB of weights kept on the host: "weights" if more than none."""
    return "weights" if number(text) else None


def layers(text: str) -> str | None:
    """llama.cpp's --n-gpu-layers, for `settle` to compare with the model's."""
    return f"layers {text.strip().lower()}" if word(text) else None


def kv_policy(text: str) -> str | None:
    """LMDeploy's --quant-policy: 4 or 8 bit."""
    return {"4": "int4", "8": "int8"}.get(text.strip())


def half_or_not(text: str) -> str | None:
    """Whisper's --fp16 True."""
    value = truth(text)
    return None if value is None else "fp16" if value else "fp32"


OWN_LAYERS = "its own layers"
NO_WEIGHTS = "the text before"
ITSELF = "the model again"
"""What drafts further tokens where no second model is named: layers of the model (MTP), what stands in the text, or
the whole model, loaded a second time."""


def draft(text: str) -> str | None:
    """The model in vLLM's --speculative-config, which is JSON; else how it drafts."""
    config = _json_object(text)
    model, method = config.get("model"), config.get("method")
    if isinstance(model, str):
        return name(model)
    return drafting(method) if isinstance(method, str) else None


def nothing_shown(text: str) -> bool | None:
    """vLLM's --limit-mm-per-prompt, which is JSON: whether no picture may be shown, nor anything else it names."""
    limits = _json_object(text)
    return all(type(most) is int and most == 0 for most in limits.values()) if "image" in limits else None


def _json_object(text: str) -> dict[str, Any]:
    """An object in JSON; empty for any other text."""
    from json import loads

    try:
        found = loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def drafter(text: str) -> str | None:
    """vLLM's --speculative-model up to 0.8: a model, or "[ngram]"."""
    return NO_WEIGHTS if text.strip() == "[ngram]" else name(text)


def drafting(text: str) -> str | None:
    """How a method drafts that may need no second model.

    Source: vLLM 0.33.0 config/speculative.py, MTPModelTypes and NgramGPUTypes."""
    method = text.strip().lower()
    if method == "mtp" or method.endswith("_mtp"):
        return OWN_LAYERS
    return NO_WEIGHTS if method in ("ngram", "ngram_gpu", "suffix") else None


def algorithm(text: str) -> str | None:
    """What SGLang's --speculative-algorithm drafts with where no draft model is named.

    Source: server_args.py takes the model's own path then; a start of GLM-4.5-Air with EAGLE held it twice."""
    return {"NGRAM": NO_WEIGHTS, "EAGLE": ITSELF, "NEXTN": ITSELF}.get(text.strip().upper())


def devices(text: str) -> int | None:
    """GPUs in a list: "0,1" of Ultralytics, "localhost:0,1" of DeepSpeed; one on this machine only."""
    host, _, listed = text.strip("[]").rpartition(":")
    each = listed.split(",")
    here = host in ("", "localhost", "cuda") and all(is_digits(one.strip()) for one in each)
    return len(each) if here else None


def placed(text: str) -> str | None:
    """llama.cpp's -ot PATTERN=PLACE: "experts" of all layers on the host, or some weights."""
    low = text.lower()
    if "=cpu" not in low:
        return None
    every = "exps" in low and "," not in low and not any(map(is_digits, low))
    return "experts" if every else "weights"


CONVERSIONS: dict[str, Callable[[str], Any]] = {
    "int": whole,
    "processes": whole,
    "number": number,
    "dtype": dtype,
    "kv": kv_dtype,
    "limits": nothing_shown,
    "quant": spelled,
    "name": name,
    "pretrained": pretrained,
    "word": word,
    "bool": truth,
    "width": width,
    "height": height,
    "offload": offload,
    "layers": layers,
    "policy": kv_policy,
    "bool16": half_or_not,
    "draft": draft,
    "drafting": drafting,
    "drafter": drafter,
    "algorithm": algorithm,
    "devices": devices,
    "placed": placed,
}
"""The kinds that the tables of `engines` name."""
