"""Models on this disk: config.json, safetensors headers and GGUF headers, read within bounds. Nothing is run."""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Mapping
from typing import Any, TypeGuard

from gpuspec.catalog.model import Model
from gpuspec.errors import UserError
from gpuspec.quantization import spelled
from gpuspec.untrusted_file import in_words, open_file, read_file

LARGEST_HEADER = 8 * 1024 * 1024
"""Bytes of a safetensors header: some 60,000 tensors. The format allows 100 MB, which JSON turns into a gigabyte."""
LARGEST_HEADERS = 32 * 1024 * 1024
"""Bytes of the headers of all files of one model: some 230,000 tensors."""
LARGEST_CONFIG = 1024 * 1024
MOST_ELEMENTS = 10**14
MOST_DIMENSIONS = 16
MOST_FILES = 2_000
_GIB = 1024**3

BYTES = {
    "F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U64": 8, "U32": 4,
    "U16": 2, "U8": 1, "BOOL": 1, "F8_E4M3": 1, "F8_E5M2": 1, "F8_E8M0": 1,
}  # fmt: skip
"""Bytes of one element of each safetensors dtype (safetensors README)."""

_DTYPES = {"F32": "fp32", "F16": "fp16", "BF16": "bf16", "F8_E4M3": "fp8"}


def is_local(name: str) -> bool:
    """Whether a name is written as a path: absolute, "./", "../", "~", or an existing folder or .gguf file."""
    return name.startswith(("/", "./", "../", "~", ".\\")) or os.path.exists(os.path.expanduser(name))


def read_local(path: str) -> Model:
    """The model in a folder (config.json, *.safetensors, *.gguf) or a single .gguf or .safetensors file.

    Raises UserError `local-model` where there is nothing to read or it is not what it says it is.
    """
    full = os.path.expanduser(path)
    try:
        if os.path.isdir(full):
            return _folder(full)
        if full.lower().endswith(".gguf"):
            from gpuspec.catalog.gguf import read_gguf

            return read_gguf(full)
        if full.lower().endswith(".safetensors"):
            return _of_weights(os.path.basename(full)[: -len(".safetensors")], [full])
    except (OSError, ValueError, struct.error) as error:
        raise UserError(
            "local-model",
            f"{path} cannot be read as a model: {in_words(error)}",
            "Check the path, or download the file again.",
        ) from None
    raise UserError(
        "local-model",
        f"{path} is no model folder, .gguf or .safetensors file",
        "Give the folder that holds config.json.",
    )


def _folder(folder: str) -> Model:
    name = os.path.basename(os.path.abspath(folder))
    names = sorted(os.listdir(folder))[:MOST_FILES]
    shards = [os.path.join(folder, each) for each in names if each.endswith(".safetensors")]
    if "config.json" in names:
        model = model_of_config(_json(os.path.join(folder, "config.json")), name)
        if not shards:
            return model
        parameters, size, dtype = _weights(shards)
        packed = model.native_dtype not in ("fp32", "fp16", "bf16", None)
        known = model.params_b if packed else parameters / 1e9
        return model._replace(
            params_b=known, weights_gib=size / _GIB, native_dtype=model.native_dtype or dtype
        )
    ggufs = [each for each in names if each.lower().endswith(".gguf") and "mmproj" not in each.lower()]
    if len(ggufs) == 1:
        from gpuspec.catalog.gguf import read_gguf

        return read_gguf(os.path.join(folder, ggufs[0]))
    if shards:
        return _of_weights(name, shards)
    raise ValueError("it holds no config.json, no .safetensors and not exactly one .gguf file")


def _of_weights(name: str, paths: list[str]) -> Model:
    parameters, size, dtype = _weights(paths)
    return Model(
        name, params_b=parameters / 1e9, native_dtype=dtype, source="local file", weights_gib=size / _GIB
    )


def _json(path: str) -> dict[str, Any]:
    from json import loads

    return _object(loads, read_file(path, LARGEST_CONFIG), os.path.basename(path))


def _object(loads: Any, data: bytes, what: str) -> dict[str, Any]:
    try:
        value = loads(data)
    except RecursionError:
        raise ValueError(f"{what} is nested too deep") from None
    if not isinstance(value, dict):
        raise ValueError(f"{what} holds no object")
    return value


def _weights(paths: list[str]) -> tuple[int, int, str | None]:
    """(elements, bytes, commonest dtype) of safetensors files, from their headers alone."""
    elements = size = read = 0
    dtypes: dict[str, int] = {}
    for path in paths:
        tensors, header = _tensors(path)
        read += header
        if read > LARGEST_HEADERS:
            raise ValueError(f"its headers are longer than {LARGEST_HEADERS >> 20} MiB together")
        for dtype, shape, length in tensors:
            number = math.prod(shape)
            if BYTES.get(dtype, 0) * number > length + 8:
                raise ValueError(f"{os.path.basename(path)}: a tensor claims more elements than it has bytes")
            elements += number
            size += length
            dtypes[dtype] = dtypes.get(dtype, 0) + number
    if elements > MOST_ELEMENTS:
        raise ValueError("its tensors claim more parameters than any model has")
    commonest = max(dtypes, key=lambda each: dtypes[each]) if dtypes else ""
    return elements, size, _DTYPES.get(commonest)


def _tensors(path: str) -> tuple[list[tuple[str, list[int], int]], int]:
    """((dtype, shape, bytes) of each tensor in a safetensors header, bytes of the header)."""
    from json import loads

    name = os.path.basename(path)
    with open_file(path) as file:
        whole = os.fstat(file.fileno()).st_size
        start = file.read(8)
        if len(start) < 8:
            raise ValueError(f"{name} is shorter than a header")
        (length,) = struct.unpack("<Q", start)
        if length > LARGEST_HEADER or length + 8 > whole:
            raise ValueError(f"{name} claims a header of {length} bytes in a file of {whole}")
        header = _object(loads, file.read(length), f"the header of {name}")
    tensors = [_tensor(entry, name, whole) for key, entry in header.items() if key != "__metadata__"]
    return tensors, length


def _tensor(entry: Any, name: str, whole: int) -> tuple[str, list[int], int]:
    if not isinstance(entry, dict):
        raise ValueError(f"{name}: a tensor is not described by an object")
    dtype, shape, offsets = entry.get("dtype"), entry.get("shape"), entry.get("data_offsets")
    if not isinstance(dtype, str) or not _whole(shape) or not _whole(offsets) or len(offsets) != 2:
        raise ValueError(f"{name}: a tensor lacks dtype, shape or offsets")
    if len(shape) > MOST_DIMENSIONS:
        raise ValueError(f"{name}: a tensor of {len(shape)} dimensions")
    begin, end = offsets
    if begin > end or end > whole:
        raise ValueError(f"{name}: a tensor lies outside the file")
    return dtype, shape, end - begin


def _whole(value: Any) -> TypeGuard[list[int]]:
    return isinstance(value, list) and all(type(each) is int and 0 <= each < 2**63 for each in value)


def model_of_config(config: Mapping[str, Any], name: str, source: str = "local file") -> Model:
    """The shape a transformers config.json states. Fields it leaves out, or that make no sense, are None."""
    text = config.get("text_config")
    text = text if isinstance(text, dict) else config
    layers, hidden = _size(text, "num_hidden_layers", "n_layer"), _size(text, "hidden_size", "n_embd")
    heads = _size(text, "num_attention_heads", "n_head")
    head_dim = _size(text, "head_dim") or (hidden // heads if hidden and heads else None)
    quantization = config.get("quantization_config")
    dtype = config.get("torch_dtype") or config.get("dtype") or text.get("torch_dtype") or text.get("dtype")
    tied = config.get("tie_word_embeddings", text.get("tie_word_embeddings"))
    model = Model(
        id=name,
        task="llm",
        layers=layers,
        hidden=hidden,
        intermediate=_size(text, "intermediate_size", "n_inner"),
        heads=heads,
        kv_heads=_size(text, "num_key_value_heads") or heads,
        head_dim=head_dim,
        vocab=_size(text, "vocab_size") or _size(config, "vocab_size"),
        max_context=_size(text, "max_position_embeddings", "n_positions"),
        tied_embeddings=tied if isinstance(tied, bool) else None,
        moe=_experts(text),
        attention=_attention(text, layers),
        native_dtype=_dtype(dtype, quantization),
        source=source,
    )
    return model._replace(params_b=_parameters(model))


def _size(config: Mapping[str, Any], *keys: str) -> int | None:
    for key in keys:
        value = config.get(key)
        if type(value) is int and 0 < value < 10**9:
            return value
    return None


def _dtype(dtype: Any, quantization: Any) -> str | None:
    if isinstance(quantization, dict) and isinstance(quantization.get("quant_method"), str):
        method = str(quantization["quant_method"])[:40]
        loaded = next((n for n in (4, 8) if quantization.get(f"load_in_{n}bit") is True), 0)  # bitsandbytes
        bits = quantization.get("bits") or loaded
        return spelled(f"{method}-{bits}bit") or spelled(method) or method
    names = {"float32": "fp32", "float16": "fp16", "bfloat16": "bf16"}
    return names.get(dtype.removeprefix("torch.")) if isinstance(dtype, str) else None


def _experts(config: Mapping[str, Any]) -> dict[str, int] | None:
    experts = _size(config, "num_local_experts", "num_experts", "n_routed_experts")
    if experts is None or experts < 2:
        return None
    found = {
        "experts": experts,
        "experts_per_token": _size(config, "num_experts_per_tok", "experts_per_token"),
        "moe_intermediate": _size(config, "moe_intermediate_size", "intermediate_size"),
        "shared_experts": _size(config, "n_shared_experts") or 0,
    }
    return {key: value for key, value in found.items() if value is not None}


def _attention(config: Mapping[str, Any], layers: int | None) -> dict[str, Any] | None:
    rank, rope = _size(config, "kv_lora_rank"), _size(config, "qk_rope_head_dim")
    if rank and rope:
        return {"type": "mla", "kv_lora_rank": rank, "qk_rope_head_dim": rope}
    heads = _size(config, "num_attention_heads", "n_head")
    kv = _size(config, "num_key_value_heads") or heads
    if not heads or not kv:
        return None
    kind = "mha" if heads == kv else "mqa" if kv == 1 else "gqa"
    window, types = _size(config, "sliding_window"), config.get("layer_types")
    if window and layers and isinstance(types, list) and len(types) == layers:
        sliding = sum(each == "sliding_attention" for each in types)
        if sliding and sliding + sum(each == "full_attention" for each in types) == layers:
            return {
                "type": kind + "+swa",
                "sliding_window": window,
                "swa_layers": sliding,
                "full_layers": layers - sliding,
            }
    return {"type": kind}


def _parameters(model: Model) -> float | None:
    """Billions of parameters of a plain dense decoder: embeddings, attention, gated MLP, two norms a layer."""
    m = model
    if not (m.layers and m.hidden and m.intermediate and m.heads and m.kv_heads and m.head_dim and m.vocab):
        return None
    if m.moe is not None or (m.attention or {}).get("type") == "mla" or m.tied_embeddings is None:
        return None
    attention = m.hidden * m.head_dim * (2 * m.heads + 2 * m.kv_heads)
    layer = attention + 3 * m.hidden * m.intermediate + 2 * m.hidden
    embeddings = m.vocab * m.hidden * (1 if m.tied_embeddings else 2)
    return (m.layers * layer + embeddings + m.hidden) / 1e9
