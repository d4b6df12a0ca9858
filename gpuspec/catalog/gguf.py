"""The header of a GGUF file: what it states, and its tensors, read within bounds.

Format: ggml docs/gguf.md, versions 2 and 3, little-endian.
"""

from __future__ import annotations

import io
import math
import struct
from collections.abc import Mapping
from typing import Any

from gpuspec.catalog.repository import Repository
from gpuspec.named_tuple import NamedTuple

LARGEST_HEADER = 64 * 1024 * 1024
"""Bytes of metadata read at most; a vocabulary of 256,000 tokens takes about 10 MB."""
MOST_TEXTS = 1_000_000
"""In all arrays of one header: such a vocabulary and its merges are 768,000."""
MOST_ENTRIES = 100_000
MOST_ELEMENTS = 10**14
LONGEST_KEY = 65_535
LONGEST_ARRAY = 2_000_000
LONGEST_LIST = 4096
"""Numbers of an array that are kept: one for each layer."""
BLOCK = 1024 * 1024
"""Bytes that are asked for at a time."""
_STRING, _ARRAY = 8, 9
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}

FILE_TYPES = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K", 11: "Q3_K_S",
    12: "Q3_K_M", 13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S", 17: "Q5_K_M", 18: "Q6_K",
    19: "IQ2_XXS", 20: "IQ2_XS", 21: "Q2_K_S", 22: "IQ3_XS", 23: "IQ3_XXS", 24: "IQ1_S", 25: "IQ4_NL",
    26: "IQ3_S", 27: "IQ3_M", 28: "IQ2_S", 29: "IQ2_M", 30: "IQ4_XS", 31: "IQ1_M", 32: "BF16",
}  # fmt: skip
"""general.file_type → name (llama.cpp include/llama.h, llama_ftype)."""

TENSOR_TYPES = {
    0: ("F32", 1, 4), 1: ("F16", 1, 2), 2: ("Q4_0", 32, 18), 3: ("Q4_1", 32, 20), 6: ("Q5_0", 32, 22),
    7: ("Q5_1", 32, 24), 8: ("Q8_0", 32, 34), 9: ("Q8_1", 32, 36), 10: ("Q2_K", 256, 84), 11: ("Q3_K", 256, 110),
    12: ("Q4_K", 256, 144), 13: ("Q5_K", 256, 176), 14: ("Q6_K", 256, 210), 15: ("Q8_K", 256, 292),
    16: ("IQ2_XXS", 256, 66), 17: ("IQ2_XS", 256, 74), 18: ("IQ3_XXS", 256, 98), 19: ("IQ1_S", 256, 50),
    20: ("IQ4_NL", 32, 18), 21: ("IQ3_S", 256, 110), 22: ("IQ2_S", 256, 82), 23: ("IQ4_XS", 256, 136),
    24: ("I8", 1, 1), 25: ("I16", 1, 2), 26: ("I32", 1, 4), 27: ("I64", 1, 8), 28: ("F64", 1, 8),
    29: ("IQ1_M", 256, 56), 30: ("BF16", 1, 2), 34: ("TQ1_0", 256, 54), 35: ("TQ2_0", 256, 66),
    39: ("MXFP4", 32, 17), 40: ("NVFP4", 64, 36), 41: ("Q1_0", 128, 18), 42: ("Q2_0", 64, 18),
}  # fmt: skip
"""Type of a tensor → (name, elements of a block, its bytes). Source: ggml.h and ggml-common.h of llama.cpp."""


class Tensor(NamedTuple):
    """One tensor of a file."""

    name: str
    sides: tuple[int, ...]
    """The innermost first; experts are the last."""
    kind: str
    """Its type ("Q4_K"); "" for one that is not known."""
    bits: float
    """Of one element, scales included."""

    @property
    def elements(self) -> int:
        """Parameters in it."""
        return math.prod(self.sides)


class Header(NamedTuple):
    """What stands before the weights."""

    facts: Mapping[str, Any]
    """Numbers, texts, and lists of up to 4,096 numbers; of longer lists, and of texts, how many."""
    tensors: tuple[Tensor, ...]


class _Reader:
    """Reads from a file and refuses to go past the bounds or the end."""

    def __init__(self, file: io.BufferedReader, size: int) -> None:
        self.file = file
        self.left = min(size, LARGEST_HEADER)
        self.texts = MOST_TEXTS

    def take(self, length: int) -> bytes:
        if length > self.left:
            raise ValueError(
                f"has a header that goes past its end, or is longer than {LARGEST_HEADER >> 20} MiB"
            )
        self.left -= length
        data = self.file.read(length)
        if len(data) != length:
            raise ValueError("ends inside its header")
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
            raise ValueError(f"holds a value of type {kind}, which is not known")
        return self.scalar(_SCALARS[kind])

    def array(self) -> Any:
        """Up to 4,096 numbers, as one stands for each layer; of more, and of texts, how many."""
        kind, length = self.scalar("I"), self.scalar("Q")
        if length > LONGEST_ARRAY:
            raise ValueError(f"claims an array of {length:,} values")
        if kind in _SCALARS:
            data = self.take(struct.calcsize(_SCALARS[kind]) * length)
            return length if length > LONGEST_LIST else struct.unpack(f"<{length}{_SCALARS[kind]}", data)
        if kind != _STRING:
            raise ValueError("holds an array of arrays")
        self.texts -= length
        if self.texts < 0:
            raise ValueError(f"holds more than {MOST_TEXTS:,} texts in arrays")
        take, size_of = self.take, struct.Struct("<Q").unpack
        for _ in range(length):
            take(size_of(take(8))[0])
        return length


class _Parts(io.RawIOBase):
    """The beginning of a file of a repository, fetched as it is read."""

    def __init__(self, repository: Repository, file: str, size: int) -> None:
        self._repository = repository
        self._file = file
        self._end = min(size, LARGEST_HEADER + BLOCK)
        self._at = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        wanted = min(len(buffer), self._end - self._at)
        data = self._repository.part(self._file, self._at, wanted) if wanted > 0 else b""
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


def read_header(repository: Repository, file: str) -> Header:
    """The header of a GGUF file. Raises ValueError, in words, when it is none."""
    size = repository.sizes[file]
    if not size:
        raise ValueError(f"{file} is empty, or nobody says how large it is")
    reader = _Reader(io.BufferedReader(_Parts(repository, file, size), BLOCK), size)
    try:
        return _header(reader)
    except ValueError as error:
        raise ValueError(f"{file} {error}") from None


def _header(reader: _Reader) -> Header:
    if reader.take(4) != b"GGUF":
        raise ValueError("does not begin with GGUF")
    version = reader.scalar("I")
    if version not in (2, 3):
        raise ValueError(f"is of version {version} of GGUF, which is not known")
    tensors, entries = reader.scalar("Q"), reader.scalar("Q")
    if tensors > MOST_ENTRIES or entries > MOST_ENTRIES:
        raise ValueError(f"claims {max(tensors, entries):,} {'tensors' if tensors > entries else 'facts'}")
    facts = {}
    for _ in range(entries):
        key = reader.text()
        if len(key) > LONGEST_KEY:
            raise ValueError("holds a key of more than 65,535 bytes")
        facts[key] = reader.value(reader.scalar("I"))
    return Header(facts, tuple(_tensor(reader) for _ in range(tensors)))


def _tensor(reader: _Reader) -> Tensor:
    name = reader.text()
    dimensions = reader.scalar("I")
    if dimensions > 4:
        raise ValueError(f"claims a tensor of {dimensions:,} dimensions")
    sides = tuple(reader.scalar("Q") for _ in range(dimensions))
    number, _ = reader.scalar("I"), reader.take(8)
    kind, block, size = TENSOR_TYPES.get(number, ("", 1, 2))
    found = Tensor(name[:300], sides, kind, 8 * size / block)
    if found.elements > MOST_ELEMENTS:
        raise ValueError(f"claims a tensor of {found.elements:.3g} elements")
    return found
