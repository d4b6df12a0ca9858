"""What each quantizer writes into a config, and how its checkpoints keep the weights.

Sources: transformers 5.24 `utils/quantization_config.py`, vLLM 0.33 `model_executor/layers/quantization`,
compressed-tensors `quant_args.py`, MLX `nn.quantize`, and the papers' formats where a line names one. Scales of a
tensor or a channel are less than 0.1 % of its weights and are left out; those of groups and blocks are counted."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, TypeGuard

from gpuspec.architectures.groups import MOST_MODULES, by_group, by_layer
from gpuspec.architectures.module_patterns import ModulePatterns
from gpuspec.architectures.parts import TOWERS
from gpuspec.architectures.storage import EVERYTHING, LINEAR, WITH_HEAD, Precision, Storage, whole

_TEXT_ONLY = tuple(part for part in LINEAR if part not in TOWERS)
_KEPT = (
    "modules_to_not_convert", "ignore", "exclude_modules", "llm_int8_skip_modules", "exclude", "skip_modules",
    "ignored_layers", "linear_weights_not_to_quantize",
)  # fmt: skip
"""Names under which quantizers list the modules that stay as they were."""
Rules = tuple[Storage, ...]
Method = Callable[[Mapping[str, Any], Mapping[str, Any]], Rules]
"""From a quantization config, and the config that it stands in, to its rules."""


def rules_of(q: Mapping[str, Any], config: Mapping[str, Any]) -> Precision:
    """How the weights are kept, by a quantization config. `config`: the whole config around it."""
    method = _method(q)
    read = METHODS.get(method)
    rules = read(q, config) if read else ()
    names = [name for each in _KEPT for name in texts(q, each)]
    if method == "fp8" and any(rule.modules is not None for rule in rules):
        # modelopt on top of a model that is in 8 bit by birth: it left these so
        names = texts(q, "modules_to_not_convert")
    left, changed = _by_module(q, method)
    kept = ModulePatterns([*names, *left])
    if not rules:
        # As large as it can be: what the method does is not known.
        said = f"its quantization ({method or 'of no name'})"
        return Precision(None, (Storage(method or "unknown", 16.0),), kept, unread=said)
    refused = kept.refused + sum(rule.modules.refused for rule in changed if rule.modules)
    patterns = "a pattern" if refused == 1 else f"{refused:,} patterns"
    unread = f"{patterns} of its quantization config" if refused else ""
    return Precision(None, (*changed, *rules), kept, unread=unread)


def _method(q: Mapping[str, Any]) -> str:
    """The quantizer, in small letters: MLX names none."""
    named = q.get("quant_method") or q.get("quant_library")
    if not isinstance(named, str):
        algorithm = q.get("quant_algo")
        if isinstance(algorithm, str):
            return "modelopt"
        return "mlx" if whole(q.get("bits")) and "group_size" in q else ""
    low = named.lower()[:60]
    return _SAME.get(low, low)


_SAME = {
    "auto_round": "auto-round", "intel/auto-round": "auto-round", "inc": "auto-round", "auto-gptq": "gptq",
    "gptq_marlin": "gptq", "gptqmodel": "gptq", "awq_marlin": "awq", "compressed_tensors": "compressed-tensors",
    "modelopt_fp4": "modelopt", "modelopt_fp8": "modelopt", "modelopt_mixed": "modelopt", "metal": "mlx",
    "finegrained_fp8": "fp8", "gpt_oss_mxfp4": "mxfp4", "optimum-quanto": "quanto",
}  # fmt: skip
"""Other names of the same quantizers."""


def texts(q: Mapping[str, Any], name: str) -> list[str]:
    """A list of texts, or of lists of texts; empty where there is none."""
    value = q.get(name)
    if isinstance(value, str):
        return [value]
    if not isinstance(value, list):
        return []
    found = [each for each in value[:MOST_MODULES] if isinstance(each, str)]
    inner = [each for each in value[:1_000] if isinstance(each, list)]
    return found + [each for some in inner for each in some[:1_000] if isinstance(each, str)]


def _by_module(q: Mapping[str, Any], method: str) -> tuple[list[str], Rules]:
    """(modules left as they are, modules in other bits), where single ones are treated otherwise.

    GPTQModel's `dynamic`, auto-round's `extra_config`, MLX's entries beside bits and group size."""
    entries: Mapping[str, Any] = {}
    if method == "mlx":
        entries = {name: value for name, value in q.items() if isinstance(value, (bool, Mapping))}
    for name in ("dynamic", "extra_config"):
        if isinstance(q.get(name), Mapping):
            entries = q[name]
    left: list[str] = []
    changed: dict[tuple[str, float], list[str]] = {}
    for name, value in list(entries.items())[:MOST_MODULES]:
        if not isinstance(name, str):
            continue
        pattern = f"re:{name[2:]}" if name[:2] in ("-:", "+:") else name
        bits = whole(value.get("bits"), 16) if isinstance(value, Mapping) else 0
        if value is False or name.startswith("-:") or bits == 16:
            left.append(pattern)
        elif bits and isinstance(value, Mapping):
            made = METHODS[method]({**_plain(q), **value}, {})
            if made:
                changed.setdefault((made[0].scheme, made[0].bits), []).append(pattern)
    return left, tuple(
        Storage(scheme, bits, ModulePatterns(names)) for (scheme, bits), names in changed.items()
    )


def _plain(q: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in q.items() if isinstance(value, (str, int, float, bool))}


def _fp8(q: Mapping[str, Any], config: Mapping[str, Any]) -> Rules:
    """8-bit floats, with a scale of 32 bits (8 as powers of two) for each block, if it has blocks.

    DeepSeek V4 keeps its experts in 4 bit (`expert_dtype`): two in a byte, a scale of 8 bits for 32."""
    sides = q.get("weight_block_size")
    block = math.prod(whole(side) for side in sides[:2]) if isinstance(sides, list) and sides else 0
    scale = 8 if q.get("scale_fmt") == "ue8m0" else 32
    usual = Storage("fp8", 8 + (scale / block if block else 0))
    experts = config.get("expert_dtype") or q.get("expert_dtype")
    native = (Storage("mxfp4", 4.25, parts=("experts",)), usual) if experts == "fp4" else (usual,)
    return (*by_layer(q), *native)


FUSED = frozenset({"dbrx", "jetmoe", "granitemoe", "granitemoeshared", "granitemoehybrid"})
"""Architectures whose experts are one tensor in checkpoints, too: bitsandbytes takes linear layers alone. (Those of
Llama 4 and gpt-oss are made linear layers before they are uploaded in 4 bit.)"""


def _bitsandbytes(q: Mapping[str, Any], config: Mapping[str, Any]) -> Rules:
    """Blocks of 64 with a scale of 32 bits, or of 8 with one of 32 for 256 of those (QLoRA, arXiv 2305.14314)."""
    parts = (
        tuple(part for part in LINEAR if part != "experts") if config.get("model_type") in FUSED else LINEAR
    )
    if q.get("load_in_8bit") is True:
        return (Storage("int8", 8.0, parts=parts),)
    if q.get("bnb_4bit_use_double_quant") is True:
        return (Storage("nf4-dq", 4 + 8 / 64 + 32 / (64 * 256), parts=parts),)
    return (Storage("nf4", 4.5, parts=parts),)


def _gptq(q: Mapping[str, Any], config: Mapping[str, Any]) -> Rules:
    """Groups with a scale of 16 bits and a zero point as wide as a weight; the linear layers of blocks, or some."""
    bits, named = _in_groups(q, zeros=True), texts(q, "modules_in_block_to_quantize")
    if bits is None:
        return ()
    scheme, modules = f"gptq-int{int(bits)}", ModulePatterns(named) if named else None
    head = [Storage(scheme, bits, parts=("head",))] if q.get("lm_head") is True else []
    return (Storage(scheme, bits, modules, _TEXT_ONLY), *head)


def _awq(q: Mapping[str, Any], config: Mapping[str, Any]) -> Rules:
    bits = _in_groups(q, zeros=q.get("zero_point") is not False)
    return (Storage("awq" if int(bits) == 4 else f"int{int(bits)}", bits, parts=_TEXT_ONLY),) if bits else ()


def _auto_round(q: Mapping[str, Any], config: Mapping[str, Any]) -> Rules:
    """Intel's: packed as GPTQ, AWQ or in floats, by `data_type`."""
    kind = q.get("data_type")
    if isinstance(kind, str) and kind.lower()[:2] in ("mx", "nv", "fp"):
        bits = whole(q.get("bits"), 8)
        if bits == 8:
            return (Storage("fp8", 8.25 if kind.lower().startswith("mx") else 8.0),)
        return (Storage("mxfp4", 4.25) if kind.lower().startswith("mx") else Storage("nvfp4", 4.5),)
    return _gptq(q, config)


def _in_groups(q: Mapping[str, Any], *, zeros: bool, scales: int = 16) -> float | None:
    """Bits of a weight with its share of its group's scale and zero point; None where the bits are not said."""
    stated = q.get("bits") or q.get("w_bit") or q.get("nbits") or q.get("num_bits")
    bits, size = whole(stated, 16), whole(q.get("group_size") or q.get("q_group_size"))
    if not bits:
        return None
    return bits + ((scales + (bits if zeros else 0)) / size if size else 0.0)


def _two_scales(q: Mapping[str, Any], config: Mapping[str, Any]) -> Rules:
    """HQQ and SINQ: a scale and a zero point of 16 bits for each group."""
    inner = q.get("quant_config")
    inner = inner.get("weight_quant_params", inner) if isinstance(inner, Mapping) else q
    bits = _in_groups(inner, zeros=False, scales=32) if isinstance(inner, Mapping) else None
    return (Storage(f"int{int(bits)}", bits),) if bits else ()


_MODES = {"mxfp4": ("mxfp4", 4.25), "nvfp4": ("nvfp4", 4.5), "mxfp8": ("fp8", 8.25)}


def _mlx(q: Mapping[str, Any], config: Mapping[str, Any]) -> Rules:
    """MLX: embeddings, head and router too, but no towers; a scale and an offset of 16 bits for each group."""
    parts = tuple(part for part in EVERYTHING if part not in TOWERS)
    mode = q.get("mode")
    if isinstance(mode, str) and mode in _MODES:
        return (Storage(*_MODES[mode], parts=parts),)
    bits = _in_groups(q, zeros=False, scales=32)
    return (Storage(f"int{int(bits)}", bits, parts=parts),) if bits else ()


def _exl(q: Mapping[str, Any], config: Mapping[str, Any]) -> Rules:
    """ExLlama 2 and 3: bits on average over the layers, and others for the head."""
    bits, head = q.get("bits"), q.get("head_bits")
    if not _fraction(bits):
        return ()
    found = Storage(f"bpw:{bits:g}", float(bits))
    return (found, Storage(f"bpw:{head:g}", float(head), parts=("head",))) if _fraction(head) else (found,)


def _fraction(value: Any) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0.5 <= value <= 16


def _aqlm(q: Mapping[str, Any], config: Mapping[str, Any]) -> Rules:
    """Codes of a few bits for a group of weights (AQLM, arXiv 2401.06118); the codebooks are small."""
    code, books = whole(q.get("nbits_per_codebook"), 32), whole(q.get("num_codebooks"), 64)
    group = whole(q.get("in_group_size"), 1024) * (whole(q.get("out_group_size"), 1024) or 1)
    return (Storage("aqlm", code * books / group),) if code and books and group else ()


def _vptq(q: Mapping[str, Any], config: Mapping[str, Any]) -> Rules:
    """An index into a codebook for each vector, and one into that of what remains (VPTQ, arXiv 2409.17066)."""
    layers = q.get("config_for_layers")
    first = next(iter(layers.values()), None) if isinstance(layers, Mapping) else q.get("shared_layer_config")
    if not isinstance(first, Mapping):
        return ()
    lengths, books = first.get("vector_lens"), first.get("num_centroids")
    more = first.get("num_res_centroids")
    if not (isinstance(lengths, list) and isinstance(books, list) and lengths and books):
        return ()
    length, codes = whole(lengths[-1], 1024), [books[-1], more[-1] if isinstance(more, list) and more else 0]
    bits = sum(math.log2(number) for number in map(whole, codes) if number > 1)
    return (Storage("vptq", bits / length),) if length and bits else ()


_NAMED = {
    "int8": ("int8", 8.0), "int4": ("int4", 4.0), "int2": ("int2", 2.0), "float8": ("fp8", 8.0),
    "qint8": ("int8", 8.0), "qint4": ("int4", 4.0), "qfloat8": ("fp8", 8.0),
}  # fmt: skip


def _by_name(q: Mapping[str, Any], config: Mapping[str, Any]) -> Rules:
    """Quanto and EETQ: `weights` says the type."""
    kind = q.get("weights", "int8")
    return (Storage(*_NAMED[kind]),) if isinstance(kind, str) and kind in _NAMED else ()


def _torchao(q: Mapping[str, Any], config: Mapping[str, Any]) -> Rules:
    """torchao: a name ("int4_weight_only"), or an object whose `_type` is the class of a config."""
    kind = q.get("quant_type")
    if isinstance(kind, Mapping) and isinstance(kind.get("default"), Mapping):
        kind = kind["default"]
    parts = EVERYTHING if q.get("include_input_output_embeddings") is True else LINEAR
    inner = kind.get("_data") if isinstance(kind, Mapping) else q.get("quant_type_kwargs")
    inner = inner if isinstance(inner, Mapping) else {}
    by_path = inner.get("module_fqn_to_config") or inner.get("fqn_to_config")
    if isinstance(by_path, Mapping):
        return _torchao_modules(by_path)
    return _torchao_one(kind.get("_type") if isinstance(kind, Mapping) else kind, inner, parts)


def _torchao_one(kind: Any, inner: Mapping[str, Any], parts: tuple[str, ...]) -> Rules:
    name = str(kind).lower().replace("_", "")[:80]
    if "int4" in name or "intx" in name:
        size = whole(inner.get("group_size")) or 128
        return (Storage("int4", 4 + 32 / size, parts=parts),)
    if "float8" in name:
        return (Storage("fp8", 8.0, parts=parts),)
    if "nvfp4" in name or "mx" in name:
        return (Storage("nvfp4", 4.5, parts=parts) if "nv" in name else Storage("mxfp4", 4.25, parts=parts),)
    return (Storage("int8", 8.0, parts=parts),) if "int8" in name else ()


def _torchao_modules(by_path: Mapping[str, Any]) -> Rules:
    rules: list[Storage] = []
    for path, one in list(by_path.items())[:1_000]:
        if not (isinstance(path, str) and isinstance(one, Mapping)):
            continue
        inner = one.get("_data")
        for rule in _torchao_one(one.get("_type"), inner if isinstance(inner, Mapping) else {}, LINEAR):
            rules.append(rule if path == "_default" else rule._replace(modules=ModulePatterns([path])))
    return tuple(sorted(rules, key=lambda rule: rule.modules is None))


_QUARK = {"fp8_e4m3": ("fp8", 8), "fp8_e5m2": ("fp8", 8), "int8": ("int8", 8), "uint8": ("int8", 8),
          "int4": ("int4", 4), "uint4": ("int4", 4), "fp4": ("mxfp4", 4), "int2": ("int2", 2), "fp6_e2m3": ("fp6", 6),
          "fp6_e3m2": ("fp6", 6), "mx_fp4": ("mxfp4", 4)}  # fmt: skip


def _quark(q: Mapping[str, Any], config: Mapping[str, Any]) -> Rules:
    """AMD Quark: a type for all, and others for the modules that patterns name."""
    rules: list[Storage] = []
    named = q.get("layer_quant_config")
    for pattern, one in list(named.items())[:1_000] if isinstance(named, Mapping) else ():
        for found in _quark_one(one):
            rules.append(found._replace(modules=ModulePatterns([str(pattern)])))
    return (*rules, *_quark_one(q.get("global_quant_config")))


def _quark_one(one: Any) -> Rules:
    weight = one.get("weight") if isinstance(one, Mapping) else None
    weight = weight[-1] if isinstance(weight, list) and weight else weight
    found = _QUARK.get(str(weight.get("dtype"))) if isinstance(weight, Mapping) else None
    if found is None or not isinstance(weight, Mapping):
        return ()
    size, power = whole(weight.get("group_size")), weight.get("scale_format") == "e8m0"
    scales = 8 if power or found[0] in ("mxfp4", "fp6") else 16
    grouped = size and weight.get("qscheme") in ("per_group", "per_block")
    return (Storage(found[0], found[1] + (scales / size if grouped else 0.0), parts=WITH_HEAD),)


def _fp_quant(q: Mapping[str, Any], config: Mapping[str, Any]) -> Rules:
    return (Storage("mxfp4", 4.25) if q.get("forward_dtype") == "mxfp4" else Storage("nvfp4", 4.5),)


def _always(*rules: Storage) -> Method:
    """Quantizers that know one format alone."""
    return lambda q, config: rules


def _scales_only(q: Mapping[str, Any], config: Mapping[str, Any]) -> Rules:
    """Higgs, Gemma's own and others that say bits and perhaps a group."""
    bits = _in_groups(q, zeros=False)
    parts = (*LINEAR, "embedding") if q.get("quantize_embeddings") is True else LINEAR
    return (Storage(f"int{int(bits)}", bits, parts=parts),) if bits else ()


METHODS: Mapping[str, Method] = {
    "aqlm": _aqlm,
    "auto-round": _auto_round,
    "awq": _awq,
    "bitnet": _always(Storage("int2", 2.0)),  # four ternary weights in a byte
    "bitsandbytes": _bitsandbytes,
    "compressed-tensors": lambda q, config: by_group(q),
    "eetq": _by_name,
    "exl2": _exl,
    "exl3": _exl,
    "fbgemm_fp8": _always(Storage("fp8", 8.0)),
    "fouroversix": _always(Storage("nvfp4", 4.5)),
    "fp8": _fp8,
    "fp_quant": _fp_quant,
    "gemma": _scales_only,
    "gptq": _gptq,
    "higgs": _scales_only,
    "hqq": _two_scales,
    "mlx": _mlx,
    "modelopt": lambda q, config: by_layer(q) or by_group(q),
    # gpt-oss: the experts alone, in blocks of 32 with a scale of 8 bits.
    "mxfp4": _always(Storage("mxfp4", 4.25, parts=("experts",))),
    "mxfp8": _always(Storage("fp8", 8.25)),
    "nvfp4": _always(Storage("nvfp4", 4.5)),
    "quanto": _by_name,
    "quark": _quark,
    "sinq": _two_scales,
    "torchao": _torchao,
    "vptq": _vptq,
}
"""`quant_method` → what its configs mean."""
