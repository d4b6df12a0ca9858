"""Repositories and GGUF files made in memory."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any


class InMemory:
    """A repository whose files are these; a number stands for a file of so many bytes that nobody may read."""

    def __init__(self, files: Mapping[str, bytes | dict[str, Any] | int], name: str = "acme/model") -> None:
        self.name = name
        self.source = "memory"
        self.elements: Mapping[str, int] = {}
        self.asked: list[tuple[str, int]] = []
        self._files = {
            file: json.dumps(data).encode() if isinstance(data, dict) else data
            for file, data in files.items()
        }
        self.sizes: Mapping[str, int | None] = {
            file: data if isinstance(data, int) else len(data) for file, data in self._files.items()
        }

    def read(self, file: str, most: int) -> bytes:
        data = self._files[file]
        assert isinstance(data, bytes)
        return data[: most + 1]

    def part(self, file: str, start: int, length: int) -> bytes:
        data = self._files[file]
        assert isinstance(data, bytes), f"{file} is too large to be read"
        self.asked.append((file, length))
        return data[start : start + length]


def safetensors(tensors: Mapping[str, tuple[str, list[int], int]]) -> bytes:
    """A header of (dtype, shape, bytes) by name, without the weights after it but for their number."""
    header, at = {}, 0
    for name, (dtype, shape, size) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes(min(at, 1_000_000))


def _text(value: str) -> bytes:
    return struct.pack("<Q", len(value)) + value.encode()


def _value(value: Any) -> bytes:
    """With its type before it; bytes are a type and a value already, be they sound or not."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, bool):
        return struct.pack("<I?", 7, value)
    if isinstance(value, int):
        return struct.pack("<II", 4, value)
    if isinstance(value, str):
        return struct.pack("<I", 8) + _text(value)
    if value and isinstance(value[0], bool):
        return struct.pack(f"<IIQ{len(value)}?", 9, 7, len(value), *value)
    if value and isinstance(value[0], str):
        return struct.pack("<IIQ", 9, 8, len(value)) + b"".join(map(_text, value))
    return struct.pack(f"<IIQ{len(value)}I", 9, 4, len(value), *value)


def gguf(facts: Mapping[str, Any], tensors: Mapping[str, tuple[list[int], int]] | None = None) -> bytes:
    """The header of a GGUF file (version 3): its facts, and (sides, type) of its tensors by name."""
    tensors = tensors or {}
    entries = b"".join(_text(key) + _value(value) for key, value in facts.items())
    described = b"".join(
        _text(name) + struct.pack(f"<I{len(sides)}QIQ", len(sides), *sides, kind, 0)
        for name, (sides, kind) in tensors.items()
    )
    return b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(facts)) + entries + described
