"""The parts of a model's name, and what they say of its shape and size."""

# ruff: noqa: SIM905 (a line of words reads better than forty quoted ones)

from __future__ import annotations

import re

from gpuspec.numerals import is_digits
from gpuspec.quantization.checkpoint_names import split_quantization

_TOKEN = re.compile(
    r"(?<![a-z0-9])(?:b?f|fp|b?float)(?:16|32)(?![a-z0-9])|\d+x\d+(?:\.\d+)?b(?![a-z0-9])|(?<![a-z0-9])a\d+(?:\.\d+)?[bm](?![a-z0-9])|[a-z]+\d{1,2}m(?![a-z0-9])"
    r"|\d+(?:\.\d+)?[bm](?![a-z0-9])|v?\d+(?:\.\d+)*(?![a-z])|[a-z]+|\d+"
)
"""One or two digits and an "m" behind letters are a version and a kind ("yolo11m"), no millions."""
_SAME_SHAPE = frozenset(
    "instruct chat it base hf pt inst sft dpo rlhf preview latest meta model text dense cpt instruction tuned "
    "finetuned finetune ft diffusers qat f16 fp16 bf16 float16 bfloat16 f32 fp32 float32".split()
)
"""Words that change what a model says, not its shape."""


NOT_THE_MODEL = frozenset(
    "eagle medusa speculator draft drafter mtp dflash dspark lora qlora adapter adapters mmproj projector "
    "random".split()
)
"""Words of things much smaller than the model that they are named after ("tiny-random-Llama-70B"): the size in the
name is the model's, not theirs."""


def tokens(name: str) -> tuple[str, ...]:
    """The parts of a name that tell models apart: ("llama", "3.1", "8b", "instruct")."""
    return tuple(_TOKEN.findall(name.lower().replace("_", "-")))


def is_stand_in(owner: str) -> bool:
    """Whether an organisation's models are small stand-ins for tests under the names of the real ones, as those of
    "tiny-random" and "trl-internal-testing" are. Those of "nm-testing" are whole models."""
    parts = set(tokens(owner))
    return "tiny" in parts or {"internal", "testing"} <= parts


def shape_of(parts: tuple[str, ...]) -> tuple[str, ...]:
    """The parts that say what shape a model has: without those that say how it was trained."""
    return tuple(part for part in parts if part not in _SAME_SHAPE)


def shape_of_name(name: str) -> tuple[str, ...]:
    """The parts of a repository's name that say what shape it has: without its publisher and its quantization."""
    return shape_of(tokens(split_quantization(name.rpartition("/")[2])[0]))


def is_date(part: str) -> bool:
    """Whether a part is when it was made, and no size or version: "2507", "20240620"."""
    return is_digits(part) and len(part) in (4, 6, 8)


def sizes(parts: tuple[str, ...]) -> tuple[float | None, float | None]:
    """(parameters, active parameters) in billions that a name states; None where it states none, or two."""
    total: set[float] = set()
    active: set[float] = set()
    for part in parts:
        if part[-1] not in "bm" or len(part) < 2 or "x" in part:
            continue
        number = part[:-1]
        group = active if number[0] == "a" else total
        number = number.lstrip("a")
        if is_digits(number.replace(".", "", 1)):
            group.add(float(number) / (1000 if part[-1] == "m" else 1))
    size = total.pop() if len(total) == 1 else None
    return (size if size and size < 10_000 else None), (active.pop() if len(active) == 1 else None)


def beside_a_model(name: str) -> float | None:
    """Billions of parameters of the model that an adapter, draft or projector is made for, as its name states them;
    None for the name of a model."""
    parts = tokens(name.rpartition("/")[2])
    return sizes(parts)[0] if any(part in NOT_THE_MODEL for part in parts) else None
