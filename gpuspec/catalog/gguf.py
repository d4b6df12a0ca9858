"""The header of a GGUF file: shape, file type and size, read within bounds.

Format: ggml docs/gguf.md, versions 2 and 3, little-endian.
"""

from __future__ import annotations

import math
import os
import struct
from typing import Any, BinaryIO

from gpuspec.catalog.model import Model
from gpuspec.untrusted_file import open_file

LARGEST_HEADER = 64 * 1024 * 1024
"""Bytes of metadata read at most; a vocabulary of 256,000 tokens takes about 10 MB."""
MOST_TEXTS = 1_000_000
"""In all arrays of one header: such a vocabulary and its merges are 768,000."""
MOST_ENTRIES = 100_000
LONGEST_KEY = 65_535
LONGEST_ARRAY = 2_000_000
_STRING, _ARRAY = 8, 9
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}

FILE_TYPES = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K", 11: "Q3_K_S",
    12: "Q3_K_M", 13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S", 17: "Q5_K_M", 18: "Q6_K",
    19: "IQ2_XXS", 20: "IQ2_XS", 21: "Q2_K_S", 22: "IQ3_XS", 23: "IQ3_XXS", 24: "IQ1_S", 25: "IQ4_NL",
    26: "IQ3_S", 27: "IQ3_M", 28: "IQ2_S", 29: "IQ2_M", 30: "IQ4_XS", 31: "IQ1_M", 32: "BF16",
}  # fmt: skip
"""general.file_type → name (llama.cpp include/llama.h, llama_ftype)."""


class _Reader:
    """Reads from a file and refuses to go past the bounds or the end."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self.file = file
        self.left = min(size, LARGEST_HEADER)
        self.texts = MOST_TEXTS

    def take(self, length: int) -> bytes:
        if length > self.left:
            raise ValueError("the header goes past the end of the file, or is absurdly long")
        self.left -= length
        data = self.file.read(length)
        if len(data) != length:
            raise ValueError("the file ends inside its header")
        return data

    def scalar(self, kind: str) -> Any:
        return struct.unpack("<" + kind, self.take(struct.calcsize(kind)))[0]

    def text(self) -> str:
        return self.take(self.scalar("Q")).decode("utf-8", "replace")

    def value(self, kind: int) -> Any:
        if kind == _STRING:
            return self.text()
        if kind == _ARRAY:
            return self.array()
        if kind not in _SCALARS:
            raise ValueError(f"unknown value type {kind}")
        return self.scalar(_SCALARS[kind])

    def array(self) -> Any:
        """The largest of up to 4,096 numbers, as one stands for each layer; of more, and of texts, how many."""
        kind, length = self.scalar("I"), self.scalar("Q")
        if length > LONGEST_ARRAY:
            raise ValueError(f"an array of {length} values")
        if kind in _SCALARS:
            data = self.take(struct.calcsize(_SCALARS[kind]) * length)
            numbers = struct.unpack(f"<{length}{_SCALARS[kind]}", data) if length <= 4096 else (length,)
            return max(numbers, default=None)
        if kind != _STRING:
            raise ValueError("an array of arrays")
        self.texts -= length
        if self.texts < 0:
            raise ValueError(f"more than {MOST_TEXTS:,} texts in lists")
        take, size_of = self.take, struct.Struct("<Q").unpack
        for _ in range(length):
            take(size_of(take(8))[0])
        return length


def read_gguf(path: str) -> Model:
    """The model a GGUF file holds. Raises ValueError when it is not one, OSError when it cannot be read."""
    with open_file(path) as file:
        size = os.fstat(file.fileno()).st_size
        reader = _Reader(file, size)
        if reader.take(4) != b"GGUF":
            raise ValueError("it does not begin with GGUF")
        version = reader.scalar("I")
        if version not in (2, 3):
            raise ValueError(f"GGUF version {version} is not known")
        tensors, entries = reader.scalar("Q"), reader.scalar("Q")
        if tensors > MOST_ENTRIES or entries > MOST_ENTRIES:
            raise ValueError(f"{tensors} tensors and {entries} entries")
        facts = {}
        for _ in range(entries):
            key = reader.text()
            if len(key) > LONGEST_KEY:
                raise ValueError("a key of more than 65,535 bytes")
            facts[key] = reader.value(reader.scalar("I"))
        elements, tied = _tensors(reader, tensors)
    return _model(facts, elements, tied, size, os.path.basename(path))


def _tensors(reader: _Reader, number: int) -> tuple[int, bool]:
    """(elements of all tensors, whether there is no output matrix of its own)."""
    elements, tied = 0, True
    for _ in range(number):
        name = reader.text()
        dimensions = reader.scalar("I")
        if dimensions > 4:
            raise ValueError(f"a tensor of {dimensions} dimensions")
        sides = [reader.scalar("Q") for _ in range(dimensions)]
        reader.take(12)
        elements += math.prod(sides)
        tied = tied and name != "output.weight"
    if elements > 10**14:
        raise ValueError(f"{elements} parameters")
    return elements, tied


def _model(facts: dict[str, Any], elements: int, tied: bool, size: int, name: str) -> Model:
    kind = facts.get("general.architecture")

    def number(key: str) -> int | None:
        value = facts.get(f"{kind}.{key}")
        return value if type(value) is int and 0 < value < 10**9 else None

    heads, kv = number("attention.head_count"), number("attention.head_count_kv")
    hidden, experts, used = map(number, ("embedding_length", "expert_count", "expert_used_count"))
    written = facts.get("general.file_type")
    file_type = FILE_TYPES.get(written) if type(written) is int else None
    tokens = facts.get("tokenizer.ggml.tokens")
    return Model(
        id=name[: -len(".gguf")] if name.lower().endswith(".gguf") else name,
        task="llm",
        params_b=elements / 1e9 or None,
        layers=number("block_count"),
        hidden=hidden,
        intermediate=number("feed_forward_length"),
        heads=heads,
        kv_heads=kv or heads,
        head_dim=number("attention.key_length") or (hidden // heads if hidden and heads else None),
        vocab=number("vocab_size") or (tokens if type(tokens) is int and tokens else None),
        max_context=number("context_length"),
        tied_embeddings=tied if elements else None,
        moe={"experts": experts, **({"experts_per_token": used} if used else {})} if experts else None,
        native_dtype=f"gguf:{file_type}" if file_type else "gguf",
        source="local file",
        weights_gib=size / 1024**3,
    )
