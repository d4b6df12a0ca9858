"""What the safetensors files of a repository hold, from their headers alone, read within bounds.

Format: https://github.com/huggingface/safetensors#format."""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterable, Mapping
from typing import Any, TypeGuard

from gpuspec.catalog.repository import Repository
from gpuspec.catalog.untrusted_json import json_object
from gpuspec.named_tuple import NamedTuple

LARGEST_HEADER = 8 * 1024 * 1024
"""Bytes of a safetensors header: some 60,000 tensors. The format allows 100 MB, which JSON turns into a gigabyte."""
LARGEST_HEADERS = 32 * 1024 * 1024
"""Bytes of the headers of all files of one model: some 230,000 tensors."""
MOST_ELEMENTS = 10**14
MOST_DIMENSIONS = 16
INDEX = "model.safetensors.index.json"
INDEX_START = 64 * 1024
"""Bytes of an index that are read: what all weights take stands at its beginning, before the list of tensors, which
is tens of megabytes for a large mixture of experts."""

BITS = {
    "F64": 64, "F32": 32, "F16": 16, "BF16": 16, "I64": 64, "I32": 32, "I16": 16, "I8": 8, "U64": 64, "U32": 32,
    "U16": 16, "U8": 8, "BOOL": 8, "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8, "F6_E2M3": 6, "F6_E3M2": 6, "F4": 4,
}  # fmt: skip
"""Bits of one element of each dtype (safetensors README)."""
DTYPES = {"F32": "fp32", "F16": "fp16", "BF16": "bf16", "F8_E4M3": "fp8"}
_BESIDE = re.compile(
    r"(?:^|[._])(?:scales?|zeros?|qzeros|g_idx|zero_point|weight_scale\w*|scale_inv|input_scale|\w*global_scale|"
    r"weight_zero_point|weight_shape|absmax|nested_absmax|quant_map|nested_quant_map|SCB|weight_format|"
    r"quant_state\.bitsandbytes__\w{2,4})$"
)
"""Tensors that quantizers put beside a weight: they are no parameters."""


class Tensor(NamedTuple):
    """One entry of a header."""

    name: str
    dtype: str
    elements: int
    size: int
    """Bytes."""


class Contents(NamedTuple):
    """What all files of a model hold together."""

    tensors: int
    parameters: int
    """Weights that were packed counted one by one, what quantizers put beside them not at all."""
    size: int
    """Bytes of all tensors."""
    elements: Mapping[str, int]
    """As they are stored, by dtype ("BF16")."""


def contents(repository: Repository, files: Iterable[str], width: int | None = None) -> Contents:
    """What these files hold. `width`: bits of a packed weight, where the config says so.

    Raises ValueError, in words, where a file is not what it says it is."""
    number = parameters = size = read = 0
    dtypes: dict[str, int] = {}
    for file in files:
        tensors, length = _tensors(repository, file)
        read += length
        if read > LARGEST_HEADERS:
            raise ValueError(f"its headers are longer than {LARGEST_HEADERS >> 20} MiB together")
        for tensor in tensors:
            number += 1
            parameters += unpacked(tensor, width)
            size += tensor.size
            dtypes[tensor.dtype] = dtypes.get(tensor.dtype, 0) + tensor.elements
    if max(parameters, sum(dtypes.values())) > MOST_ELEMENTS:
        raise ValueError("its tensors claim more parameters than any model has")
    return Contents(number, parameters, size, dtypes)


def commonest(elements: Mapping[str, int], among: Iterable[str] = ()) -> str | None:
    """The dtype of most elements as gpuspec calls it, `among` these where any are named; None for packed ones."""
    counted = {dtype: number for dtype, number in elements.items() if not among or dtype in among}
    return DTYPES.get(max(counted, key=lambda each: counted[each])) if counted else None


def unpacked(tensor: Tensor, width: int | None) -> int:
    """Parameters that a tensor stands for. `width`: bits of a packed weight.

    Packed ones: AutoGPTQ's and AWQ's `qweight`, compressed-tensors' `weight_packed`, gpt-oss' `_blocks`, and weights
    in whole numbers: bitsandbytes and NVFP4 keep two in a byte, MLX as many as go into 32 bits."""
    if _BESIDE.search(tensor.name):
        return 0
    whole = tensor.dtype in ("I32", "U32", "U8", "I8")
    if whole and tensor.name.endswith(("_blocks", "_packed", "qweight", ".weight")):
        return tensor.elements * (BITS[tensor.dtype] // width if width else 2 if tensor.dtype == "U8" else 1)
    return tensor.elements


def stored_bytes(repository: Repository) -> int | None:
    """Bytes of the weights: as the index says, else of the files themselves; None where neither is known."""
    if INDEX in repository.sizes:
        start = repository.part(INDEX, 0, INDEX_START)
        found = re.search(rb'"total_size"\s*:\s*([0-9]{1,15})(?:\.0)?\s*[,}]', start)
        if found and int(found[1]):
            return int(found[1])
    lengths = [repository.sizes[name] for name in weight_files(repository)]
    known = [length for length in lengths if length is not None]
    return sum(known) if lengths and len(known) == len(lengths) else None


def weight_files(repository: Repository) -> list[str]:
    """The safetensors files of a model: those that transformers names, else all that lie there.

    Repositories keep the same weights twice: Mistral's as `consolidated`, others in a folder `original`."""
    found = sorted(name for name in repository.sizes if name.endswith(".safetensors") and "/" not in name)
    named = [name for name in found if name.startswith("model")]
    return named or found


def _tensors(repository: Repository, file: str) -> tuple[list[Tensor], int]:
    """(the tensors of a header, bytes of the header)."""
    start = repository.part(file, 0, 8)
    if len(start) < 8:
        raise ValueError(f"{file} is shorter than a header")
    (length,) = struct.unpack("<Q", start)
    whole = repository.sizes[file]
    if whole is not None and length + 8 > whole:
        raise ValueError(f"{file} claims a header of {length:,} bytes in a file of {whole:,}")
    if length > LARGEST_HEADER:
        raise ValueError(f"the header of {file} is longer than {LARGEST_HEADER >> 20} MiB")
    header = json_object(repository.part(file, 8, length), f"the header of {file}")
    tensors = [_tensor(name, entry, file, whole) for name, entry in header.items() if name != "__metadata__"]
    return tensors, length


def _tensor(name: str, entry: Any, file: str, whole: int | None) -> Tensor:
    if not isinstance(entry, dict):
        raise ValueError(f"{file}: a tensor is not described by an object")
    dtype, shape, offsets = entry.get("dtype"), entry.get("shape"), entry.get("data_offsets")
    if not isinstance(dtype, str) or not _whole(shape) or not _whole(offsets) or len(offsets) != 2:
        raise ValueError(f"{file}: dtype, shape or offsets of a tensor are missing, or cannot be")
    if len(shape) > MOST_DIMENSIONS:
        raise ValueError(f"{file}: a tensor of {len(shape)} dimensions")
    begin, end = offsets
    if begin > end or (whole is not None and end > whole):
        raise ValueError(f"{file}: a tensor lies outside the file")
    elements = math.prod(shape)
    if BITS.get(dtype, 0) * elements > 8 * (end - begin) + 64:
        raise ValueError(f"{file}: a tensor claims more elements than it has bytes")
    return Tensor(name[-300:], dtype, elements, end - begin)


def _whole(value: Any) -> TypeGuard[list[int]]:
    return isinstance(value, list) and all(type(each) is int and 0 <= each < 2**63 for each in value)
