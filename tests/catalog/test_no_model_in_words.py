"""Folders and files that are no model: what is wrong is said, with the file that is."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from fake_hub import QWEN3_06B

from gpuspec.catalog.local import read_local
from gpuspec.errors import UserError


def gguf(after: bytes, *, version: int = 3, tensors: int = 0, facts: int = 0) -> bytes:
    return b"GGUF" + struct.pack("<IQQ", version, tensors, facts) + after


def array(kind: int, length: int) -> bytes:
    """A fact "a" that is an array."""
    return struct.pack("<Q", 1) + b"a" + struct.pack("<IIQ", 9, kind, length)


def safetensors(length: int, **tensor: object) -> bytes:
    header = json.dumps({"a": {"dtype": "BF16", "shape": [1], "data_offsets": [0, 2], **tensor}}).encode()
    return struct.pack("<Q", length or len(header)) + header + bytes(2)


CONFIGS: dict[str, tuple[Callable[[Path], object], str]] = {
    "a pipe": (os.mkfifo, "config.json: it is a pipe, not a file"),
    "a device": (lambda path: path.symlink_to("/dev/zero"), "config.json: it is a device, not a file"),
    "a folder": (Path.mkdir, "config.json: it is a folder"),
    "a link to itself": (lambda path: path.symlink_to(path.name), "config.json: Too many levels of symbolic"),
    "a link to nothing": (lambda path: path.symlink_to("none"), "config.json: No such file"),
    "too large": (lambda path: path.write_bytes(bytes(9 << 20)), "config.json: it is larger than 8 MiB"),
    "empty": (Path.touch, "config.json is empty"),
}
FILES = {
    "model.gguf": {
        "has a header that goes past its end": b"GGUF\x03\x00\x00\x00",
        "does not begin with GGUF": b"FUGG" + bytes(60),
        "is of version 99 of GGUF, which is not known": gguf(b"", version=99),
        "claims 1,000,000 tensors": gguf(b"", tensors=10**6, facts=1),
        "claims 1,000,000,000,000 facts": gguf(b"", tensors=1, facts=10**12),
        "claims an array of 4,611,686,018,427,387,904 values": gguf(array(4, 2**62), facts=1),
        "holds an array of arrays": gguf(array(9, 1), facts=1),
    },
    "model.safetensors": {
        "claims a header of 9,223,372,036,854,775,808 bytes in a file of ": safetensors(2**63),
        ": dtype, shape or offsets of a tensor are missing, or cannot be": safetensors(0, shape=[-5]),
    },
}
CASES = [(file, said, data) for file, cases in FILES.items() for said, data in cases.items()]


def refused(folder: Path) -> str:
    with pytest.raises(UserError) as caught:
        read_local(str(folder))
    assert caught.value.code == "local-model"
    return caught.value.message


@pytest.mark.parametrize("kind", CONFIGS)
def test_a_config_that_is_no_file(kind: str, tmp_path: Path) -> None:
    make, said = CONFIGS[kind]
    make(tmp_path / "config.json")
    assert f"{tmp_path} cannot be read as a model: {said}" in refused(tmp_path)


@pytest.mark.parametrize(("file", "said", "data"), CASES, ids=[said[:30] for _, said, _ in CASES])
def test_a_file_that_lies(file: str, said: str, data: bytes, tmp_path: Path) -> None:
    (tmp_path / file).write_bytes(data)
    space = "" if said.startswith(":") else " "
    assert f"cannot be read as a model: {file}{space}{said}" in refused(tmp_path)


def test_a_header_that_is_too_long_is_there(tmp_path: Path) -> None:
    with (tmp_path / "model.safetensors").open("wb") as file:
        file.write(struct.pack("<Q", 9 << 20) + b"{}")
        file.truncate(10 << 20)
    assert "the header of model.safetensors is longer than 8 MiB" in refused(tmp_path)


def test_a_link_to_itself_beside_a_model_is_passed_by(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(QWEN3_06B))
    (tmp_path / "again").symlink_to("again")
    assert read_local(str(tmp_path)).params_b == pytest.approx(0.59604992)


def test_an_index_that_leaves_no_bit_for_a_parameter_is_not_believed(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(QWEN3_06B))
    (tmp_path / "model.safetensors.index.json").write_text('{"metadata": {"total_size": 1}}')
    model = read_local(str(tmp_path))
    assert model.weights_gib is None
    assert "less than a bit for each parameter" in model.unsure
