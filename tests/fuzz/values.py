"""Words and numbers as people write them, and as nobody should."""

from __future__ import annotations

import random
from functools import lru_cache

from gpuspec.engines.known import known
from gpuspec.engines.tool import Tool
from gpuspec.plugin.installed_catalog import installed_catalog

NUMBERS = [
    "0", "1", "2", "4", "8", "16", "4096", "8192", "131072", "0.9", "0.95", "1.0", "1e3", "32k", "auto",
    "none", "-1", "-0", "00", "0x10", "1_000", "2147483648", "9" * 30, "9" * 5000, "1e400", "-1e400", "nan",
    "inf", "-inf", "1/0", "٣", "²", "½", "1,2", "0,1,2,3", " 8 ", "8 8", "", "+8", "8.", ".8", "1e-400", "true",
]  # fmt: skip
WORDS = [
    "bf16", "float16", "fp8", "fp8_e5m2", "awq", "gptq", "int4", "nf4", "gguf:Q4_K_M", "bitsandbytes",
    "lora", "qlora", "full", "adamw_8bit", "zero3", "ds_config.json", "config.yaml", "cuda", "cuda:1",
    "cpu", "yes", "False", "model", "x", "./m", "/models/a b", "~/m", "http://h/x", "a=b", "--x", "-", "*",
    "?", "[a", "{a,b}", "$X", "${X:-8}", "$(cat f)", "`id`", "'", '"', "\\", "a\\\nb", "é", "模型",
    "\u202eevil", "\u2028", "\ufeff", "\x1b[31m", "\x7f", "a" * 3000, "::error::x", "%s", "{item}", "{}",
    "<x>", "&amp;", "]]>", "{'a': 1}", '{"model": "x", "n": 5}', "[" * 300, "{" * 300,
]  # fmt: skip


def number(chance: random.Random) -> str:
    """A number, mostly."""
    if chance.random() < 0.3:
        return str(chance.choice((1, 2, 7, 10 ** chance.randint(1, 25))) * chance.randint(1, 9))
    return chance.choice(NUMBERS)


def word(chance: random.Random) -> str:
    """A name of something, a number, or nonsense."""
    kind = chance.random()
    if kind < 0.35:
        return model(chance)
    if kind < 0.5:
        return gpu(chance)
    return number(chance) if kind < 0.7 else chance.choice(WORDS)


def model(chance: random.Random) -> str:
    """A model by name."""
    return chance.choice(_models())


def gpu(chance: random.Random) -> str:
    """A GPU by name, and at times how many."""
    return chance.choice(_gpus()) + chance.choice(
        ("", "", "", ":1", ":8", ":0", ":x", " x4", ":²", ":1" + "0" * 5000)
    )


@lru_cache
def _models() -> tuple[str, ...]:
    return tuple(sorted(f"{m.org}/{m.id}" if m.org else m.id for m in installed_catalog().models))


@lru_cache
def _gpus() -> tuple[str, ...]:
    return tuple(sorted(gpu.name for gpu in installed_catalog().gpus))


@lru_cache
def programs() -> tuple[tuple[str, Tool], ...]:
    """How each program of every engine begins, and what its arguments say."""
    found = []
    for engine in known().by_name.values():
        for start, tool in engine.programs.items():
            python = start[0] == "-m" or start[0].endswith(".py")
            found.append((" ".join(("python", *start) if python else start), tool))
        found += ((f"docker run --gpus all {image}", tool) for image, tool in engine.images.items())
    return tuple(found)


@lru_cache
def loaders() -> tuple[tuple[str, str, Tool], ...]:
    """(module, call, what its arguments say) of every engine's Python calls."""
    rows = known().by_name.values()
    return tuple((row.module, call, tool) for row in rows if row.module for call, tool in row.loaders.items())


def argument(tool: Tool, chance: random.Random) -> tuple[str, str]:
    """A flag that a program has, as it is written, and a value, often of another kind than it takes."""
    name, meaning = chance.choice(list(tool.flags.items())) if tool.flags else ("x", "x:int")
    flag = name if name.startswith("-") or tool.dotted else "--" + name
    if chance.random() < 0.1:
        flag = flag.replace("-", "_") if chance.random() < 0.5 else flag.upper()
    return flag, number(chance) if meaning.endswith((":int", ":number")) and chance.random() < 0.8 else word(
        chance
    )
