"""From the header of a GGUF file to a Model: weights by part and type, and what its layers remember."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from gpuspec.architectures.parts import Cache, StoredWeights
from gpuspec.catalog.gguf import FILE_TYPES, MOST_ELEMENTS, Header, Tensor, read_header
from gpuspec.catalog.model import Model
from gpuspec.catalog.model_task import modality_of, task_of
from gpuspec.catalog.repository import GIB, Repository

MOST_PARTS = 500
"""Files that one model is split into."""
MOST_LAYERS = 2_000
USUAL = "q4_k_m"
"""What llama.cpp and Ollama take of a repository where nothing is named."""
_PART = re.compile(r"-([0-9]{5})-of-([0-9]{5})\.gguf$")

_PARTS = (
    (re.compile(r"^(?:v|mm\.?v)\."), "vision"),
    (re.compile(r"^a\."), "audio"),
    (re.compile(r"^(?:mm|resampler)\."), "projector"),
    (re.compile(r"(?:^|\.)nextn\."), "draft"),
    (re.compile(r"norm"), "norms"),
    (re.compile(r"^(?:token_embd|position_embd|token_types|per_layer_token_embd)"), "embedding"),
    (re.compile(r"^(?:output|cls|dense_)"), "head"),
    (re.compile(r"cross_attn"), "cross attention"),
    (re.compile(r"^enc\."), "encoder"),
    (re.compile(r"ffn_\w+_(?:exps|chexps)"), "experts"),
    (re.compile(r"ffn_\w+_shexp"), "shared experts"),
    (re.compile(r"ffn_gate_inp|exp_probs"), "router"),
    (re.compile(r"\.(?:ssm_|time_mix|channel_mix|shortconv)"), "mixer"),
    (re.compile(r"attn|indexer"), "attention"),
)
"""What a tensor's name holds → its part; the first that fits. The rest is "mlp"."""
_REMEMBERS = re.compile(
    r"(?:dec\.)?blk\.([0-9]{1,4})\.(attn_k|attn_qkv|ssm_|time_mix|shortconv|indexer|cross_attn_k)"
)
"""Tensors of layers that remember; keys of latent attention begin with "attn_kv"."""
_POOLING = {1: "embedding", 2: "embedding", 3: "embedding", 4: "reranker"}
"""`pooling_type` → task (llama.cpp, `enum llama_pooling_type`)."""
_DTYPES = {"F32": "fp32", "F16": "fp16", "BF16": "bf16"}

_WINDOWS = {
    "afmoe": (4, False), "cohere2": (4, False), "cohere2moe": (4, True), "exaone-moe": (4, False),
    "exaone4": (4, False), "gemma-embedding": (6, False), "gemma2": (2, False), "gemma3": (6, False),
    "gemma3n": (5, False), "gpt-oss": (2, False), "laguna": (4, True), "llama4": (4, False), "mellum": (4, False),
    "modern-bert": (3, True), "olmo2": (4, False), "plamo3": (8, False), "smallthinker": (4, True),
}  # fmt: skip
"""Architectures in which one layer of so many sees the whole text, and whether that is the first of them, where the
file does not say. Source: `load_swa_pattern` in src/models of llama.cpp; all others see all of it."""
_OWN_WINDOW = {"gemma2": 4096, "llama4": 8192, "smallthinker": 4096}
"""The window of architectures whose files need not say it."""
_FIRST_WITH_CACHE = {"gemma3n": 20}
"""Layers from the front that have a cache, in architectures whose files do not say it."""


def model_of_gguf(repository: Repository) -> Model:
    """The model of the GGUF file that is Q4_K_M, else of the first, with all parts that it is split into. In a folder
    with one file that sees ("mmproj"), that is read, too.

    Raises ValueError, in words, where there is none or none that can be read."""
    file, parts = _chosen(repository)
    eyes = [name for name in repository.sizes if _is_gguf(name) and "mmproj" in name.lower()]
    files = [*parts, *eyes] if len(eyes) == 1 else parts
    headers = [read_header(repository, each) for each in files]
    model = _model(headers[0], [tensor for header in headers for tensor in header.tensors])
    alone = len([name for name in repository.sizes if _is_gguf(name)]) == len(parts) + len(eyes)
    return model._replace(
        id=repository.name if alone or not file else f"{repository.name}/{file}",
        source=repository.source,
        weights_gib=sum(repository.sizes[each] or 0 for each in files) / GIB,
    )


def _is_gguf(name: str) -> bool:
    return name.lower().endswith(".gguf") and "imatrix" not in name.lower()


def _chosen(repository: Repository) -> tuple[str, list[str]]:
    """(the file that stands for the model, all parts of it)."""
    ggufs = sorted(name for name in repository.sizes if _is_gguf(name) and "mmproj" not in name.lower())
    firsts = [name for name in ggufs if not (found := _PART.search(name)) or int(found[1]) == 1]
    if not firsts:
        raise ValueError("it holds no .gguf file that is a first part")
    file = next((name for name in firsts if USUAL in name.lower()), firsts[0])
    split = _PART.search(file)
    if split is None:
        return file, [file]
    number, stem = int(split[2]), file[: split.start()]
    if number > MOST_PARTS:
        raise ValueError(f"{file} says that it is one of {number} parts")
    parts = [f"{stem}-{index:05}-of-{split[2]}.gguf" for index in range(1, number + 1)]
    missing = [part for part in parts if part not in repository.sizes]
    if missing:
        raise ValueError(f"{missing[0]} is missing")
    return file, parts


def _model(header: Header, tensors: list[Tensor]) -> Model:
    facts = _Facts(header.facts)
    stored, written = _weights(facts, tensors), facts.all.get("general.file_type")
    file_type = FILE_TYPES.get(written) if type(written) is int else None
    parameters = sum(row.parameters for row in stored if row.part != "draft")
    active = sum(row.active for row in stored if row.part != "draft")
    experts, hidden = facts.number("expert_count"), facts.number("embedding_length")
    heads = facts.most("attention.head_count")
    tokens = facts.all.get("tokenizer.ggml.tokens")
    kind, derived = facts.kind, hidden // heads if hidden and heads else None
    drafts = facts.number("nextn_predict_layers") or 0
    caches = _caches(facts, tensors)
    task = _POOLING.get(facts.number("pooling_type") or 0) or task_of(stored, caches)
    return Model(
        id="",
        task=task,
        modality=modality_of(task, caches),
        params_b=parameters / 1e9 or None,
        active_params_b=active / 1e9 if experts and active < parameters else None,
        layers=max(facts.layers - drafts, 0) or None,
        hidden=hidden,
        intermediate=facts.most("feed_forward_length"),
        heads=heads,
        kv_heads=facts.most("attention.head_count_kv") or heads,
        head_dim=facts.number("attention.key_length") or derived,
        vocab=facts.number("vocab_size") or (tokens if type(tokens) is int and tokens else None),
        max_context=facts.number("context_length"),
        tied_embeddings=all(tensor.name != "output.weight" for tensor in tensors) if tensors else None,
        native_dtype=f"gguf:{file_type}" if file_type else "gguf",
        architecture=kind or None,
        weights=stored,
        caches=caches,
        experts=experts,
        experts_used=facts.most("expert_used_count"),
        expert_width=facts.most("expert_feed_forward_length"),
    )


class _Facts:
    """What a header states of its architecture, each with its type."""

    def __init__(self, facts: Mapping[str, Any]) -> None:
        self.all = facts
        kind = facts.get("general.architecture")
        self.kind = kind[:80] if isinstance(kind, str) else ""
        self.layers = min(self.number("block_count") or 0, MOST_LAYERS)

    def raw(self, key: str) -> Any:
        return self.all.get(f"{self.kind}.{key}")

    def number(self, key: str) -> int | None:
        """A positive whole number; None where there is none."""
        value = self.raw(key)
        return value if type(value) is int and 0 < value < 10**9 else None

    def most(self, key: str) -> int | None:
        """The same of a number that may stand once for each layer: the largest."""
        value = self.raw(key)
        if isinstance(value, tuple):
            value = max((each for each in value if type(each) is int), default=None)
        return value if type(value) is int and 0 < value < 10**9 else None

    def per_layer(self, key: str, layer: int) -> int:
        """The number of one layer; 0 where there is none."""
        value = self.raw(key)
        if isinstance(value, tuple):
            value = value[layer] if layer < len(value) else 0
        return int(value) if isinstance(value, int) and 0 <= value < 10**9 else 0


def _weights(facts: _Facts, tensors: Iterable[Tensor]) -> tuple[StoredWeights, ...]:
    """Parameters by part and type."""
    experts, used = facts.number("expert_count") or 0, facts.most("expert_used_count") or 0
    drafts = facts.layers - (facts.number("nextn_predict_layers") or 0)
    found: dict[tuple[str, str, float, bool], list[int]] = {}
    for tensor in tensors:
        part = _part(tensor.name)
        layer = re.match(r"blk\.([0-9]{1,4})\.", tensor.name)
        if layer and int(layer[1]) >= drafts > 0:
            part = "draft"
        scheme = _DTYPES.get(tensor.kind) or f"gguf:{tensor.kind}"
        linear = len(tensor.sides) > 1 and part not in ("embedding", "norms", "router")
        row = found.setdefault((part, scheme, tensor.bits, linear), [0, 0])
        row[0] += tensor.elements
        share = part == "experts" and 0 < used < experts
        row[1] += tensor.elements * used // experts if share else tensor.elements
    if sum(row[0] for row in found.values()) > MOST_ELEMENTS:
        raise ValueError("its tensors claim more parameters than any model has")
    return tuple(
        StoredWeights(part, number, active, scheme, bits, linear)
        for (part, scheme, bits, linear), (number, active) in found.items()
        if number
    )


def _part(name: str) -> str:
    return next((part for pattern, part in _PARTS if pattern.search(name)), "mlp")


def _caches(facts: _Facts, tensors: Iterable[Tensor]) -> tuple[Cache, ...]:
    """What the layers remember, like ones together. What a layer has in it says what it is: a projection of keys, or
    a recurrence. Source: llama-kv-cache.cpp, llama-hparams.cpp of llama.cpp."""
    kinds: dict[int, set[str]] = {}
    if facts.raw("attention.causal") is False:  # an encoder
        return ()
    for tensor in tensors:
        found = _REMEMBERS.match(tensor.name)
        if found and "norm" not in tensor.name:
            kinds.setdefault(int(found[1]), set()).add(found[2])
    layers = facts.layers - (facts.number("nextn_predict_layers") or 0)
    shared = facts.number("attention.shared_kv_layers") or 0
    last = _FIRST_WITH_CACHE.get(facts.kind, layers - shared)
    counted: dict[Cache, int] = {}
    for layer in sorted(kinds):
        if layer >= layers:
            continue
        for cache in _of_layer(facts, layer, kinds[layer], has_cache=layer < last):
            counted[cache] = counted.get(cache, 0) + 1
    return tuple(cache._replace(layers=number) for cache, number in counted.items())


def _of_layer(facts: _Facts, layer: int, kinds: set[str], *, has_cache: bool) -> list[Cache]:
    found = []
    recurrent = kinds & {"ssm_", "time_mix", "shortconv"}
    if recurrent:
        found.append(_state(facts))
    own = kinds & {"attn_k", "attn_qkv"}
    if (
        own and has_cache and not ("ssm_" in kinds and "attn_k" not in kinds)
    ):  # a delta net's attn_qkv is its own
        found.append(_keys(facts, layer))
    if "cross_attn_k" in kinds:
        found.append(_keys(facts, layer)._replace(kind="cross"))
    if "indexer" in kinds and (width := facts.number("attention.indexer.key_length")):
        found.append(Cache("index", width=width))
    return [cache for cache in found if cache.width or cache.state]


def _keys(facts: _Facts, layer: int) -> Cache:
    """The keys and values of one layer."""
    heads = facts.per_layer("attention.head_count", layer)
    kv = facts.per_layer("attention.head_count_kv", layer) if facts.raw("attention.head_count_kv") else heads
    window = _window(facts, layer)
    swa = "_swa" if window and facts.number("attention.key_length_swa") else ""
    key = facts.number(f"attention.key_length{swa}")
    key = key or (facts.number("embedding_length") or 0) // max(heads, 1)
    value = facts.number(f"attention.value_length{swa}") or key
    if facts.number("attention.key_length_mla"):
        return Cache("latent", width=key)
    return Cache("window" if window else "full", width=kv * (key + value), heads=kv, window=window)


def _window(facts: _Facts, layer: int) -> int:
    """Tokens that a layer sees; 0: all."""
    window = facts.number("attention.sliding_window") or 0
    if facts.raw("attention.sliding_window") is None:
        window = _OWN_WINDOW.get(facts.kind, 0)
    pattern = facts.raw("attention.sliding_window_pattern")
    if isinstance(pattern, tuple):
        return window if layer < len(pattern) and pattern[layer] else 0
    usual = _WINDOWS.get(facts.kind)
    if usual is None or not window or (facts.kind == "exaone4" and facts.layers != 64):
        return 0
    step = pattern if type(pattern) is int and pattern > 0 else usual[0]
    return 0 if layer % step == (0 if usual[1] else step - 1) else window


def _state(facts: _Facts) -> Cache:
    """The state of a recurrent layer, in 32 bit: what it remembers, and the last columns of its convolution."""
    hidden, conv = facts.number("embedding_length") or 0, facts.number("ssm.conv_kernel") or 0
    head, kda, short = (
        facts.number(key) or 0 for key in ("wkv.head_size", "kda.head_dim", "shortconv.l_cache")
    )
    if head:
        state = hidden * (facts.number("token_shift_count") or 2) + hidden * head
    elif short:
        state = hidden * (short - 1)
    elif kda:
        heads = facts.most("attention.head_count") or 0
        state = 3 * max(conv - 1, 0) * heads * kda + kda * kda * heads
    else:
        inner, size = facts.number("ssm.inner_size") or 0, facts.number("ssm.state_size") or 0
        groups = facts.number("ssm.group_count") or 0
        state = max(conv - 1, 0) * (inner + 2 * groups * size) + size * inner
    return Cache("state", state=state, state_bits=32)
