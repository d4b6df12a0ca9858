"""A model as people read it: what it is made of, what it weighs in every usual scheme, what it remembers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gpuspec.catalog import Model
from gpuspec.quantization import bits_of
from gpuspec.report.text import Style
from gpuspec.report.width import shown
from gpuspec.sizing.kv import kv_bytes, of_sequence
from gpuspec.sizing.media.pipelines import in_billions
from gpuspec.sizing.shape import Shape, shape_of
from gpuspec.sizing.weights import GIB, in_named_scheme, weights
from gpuspec.words import gib
from gpuspec.workload import Workload

USUAL = ("bf16", "fp8", "awq", "nvfp4", "gguf:Q8_0", "gguf:Q4_K_M")
"""Schemes whose sizes are shown."""
NARROW = 60
"""Columns below which each value stands below its name."""
_KINDS = {
    "full": "attention to every token",
    "window": "attention to the last {window:,} tokens",
    "latent": "latent attention (MLA)",
    "cross": "cross attention",
    "state": "a recurrent state",
}
"""Kind of cache → what its layers do. "index" comes beside another."""


def as_record(base: Model, scheme: str | None = None) -> dict[str, Any]:
    """The fields of a model, and what follows from them; in the `scheme` that its name states."""
    model = in_named_scheme(base, scheme) if scheme else base
    return {
        **model._asdict(),
        "weights": [row._asdict() for row in model.weights],
        "caches": [cache._asdict() for cache in model.caches],
        "stored_gib": _stored(model),
        "sizes_gib": _sizes(base),
        "cache_bytes_per_token": _per_token(model) if model.caches else None,
        "cache_bytes_per_sequence": _per_sequence(model) if model.caches else None,
    }


def as_text(model: Model, columns: int, *, scheme: str | None = None, kept_in: str | None = None) -> str:
    """The model, a fact a row. `scheme`: the one that its name states; `kept_in`: the file that keeps what is
    known of it, where none ships."""
    style = Style(columns=columns)
    kind = ", ".join(filter(None, (model.task or model.modality, model.org)))
    lines = [style.wrap(f"{model.id}  ({kind})", 0, 2)]
    rows = [(what, value) for what, value in (*_rows(model, scheme), ("kept in", kept_in or "")) if value]
    label = 4 if columns < NARROW else max(len(what) for what, _ in rows) + 4
    for what, value in rows:
        if label == 4:
            lines.append(f"  {what}")
        head = "    " if label == 4 else f"  {what:<{label - 2}}"
        text = style.wrap(value, label, label) if isinstance(value, str) else _fill(value, label, columns)
        lines.append(head + text)
    return "\n".join([*lines, ""])


def _fill(parts: tuple[str, ...], label: int, columns: int) -> str:
    """Parts with commas between them, none of which a line end divides."""
    lines = [""]
    for at, part in enumerate(map(shown, parts)):
        part += "," if at < len(parts) - 1 else ""
        if lines[-1] and label + len(lines[-1]) + 1 + len(part) > columns:
            lines.append("")
        lines[-1] += f" {part}" if lines[-1] else part
    return f"\n{' ' * label}".join(lines)


def _rows(model: Model, named: str | None) -> Iterator[tuple[str, str | tuple[str, ...]]]:
    yield "parameters", _parameters(model)
    yield "layers", _layers(model)
    yield "shape", _shape(model)
    yield "experts", _experts(model)
    yield "components", tuple(f"{name} {size:g} B" for name, size in _components(model).items())
    yield "as uploaded", _as_named(model, named) if named else _uploaded(model)
    yield "would be", tuple(f"{scheme} {gib(size)}" for scheme, size in _sizes(model).items())
    yield "cache", _cache(model)
    yield "length", _length(model)
    yield "licence", model.license or "unknown"
    yield "gated", {True: "yes: the hub wants a token", False: "no", None: "unknown"}[model.gated]
    yield "also called", model.aliases
    yield "source", _source(model)
    yield "unsure", "; ".join(filter(None, (model.unsure, model.storage_unsure)))


def size_of(model: Model) -> str:
    """Billions of parameters, and those that are active."""
    if model.params_b is None:
        return "unknown"
    active = f" ({_billions(model.active_params_b)} active)" if model.active_params_b else ""
    return f"{_billions(model.params_b)}{active}"


def _parameters(model: Model) -> str:
    if model.params_b is None:
        return "unknown"
    active = f", {_billions(model.active_params_b)} B active" if model.active_params_b else ""
    drafts = sum(row.parameters for row in model.weights if row.part == "draft") / 1e9
    beside = f"; {_billions(drafts)} B beside them predict further tokens (MTP)" if drafts else ""
    return f"{_billions(model.params_b)} B{active}{beside}"


def _billions(number: float) -> str:
    return f"{number:,.0f}" if number >= 1_000 else f"{number:.4g}"


def _layers(model: Model) -> str:
    if model.layers is None:
        return "unknown" if model.modality == "text" else ""
    kinds: dict[str, int] = {}
    for cache in model.caches:
        if cache.kind in _KINDS:
            said = _KINDS[cache.kind].format(window=cache.window)
            # A layer has several states (of the convolution and of the recurrence) and one cache of another kind.
            before = kinds.get(said, 0)
            kinds[said] = max(before, cache.layers) if cache.kind == "state" else before + cache.layers
    if len(kinds) == 1 and model.layers in kinds.values():
        told = f"each with {next(iter(kinds))}"
    else:
        told = ", ".join(f"{number} with {said}" for said, number in kinds.items())
    own = sum(kinds.values())
    if told and own < model.layers:
        told += f", {model.layers - own} with none of their own"
    indexed = sum(cache.layers for cache in model.caches if cache.kind == "index")
    sparse = f"; {indexed} choose by an index what they read" if indexed else ""
    return f"{model.layers}" + (f": {told}{sparse}" if told else "")


def _shape(model: Model) -> str:
    if model.hidden is None:
        return ""
    heads = f", {model.heads} heads" if model.heads else ""
    latent = any(cache.kind == "latent" for cache in model.caches)  # then heads have several widths
    kv = f" ({model.kv_heads} KV)" if model.kv_heads and not latent else ""
    each = f" of {model.head_dim}" if model.heads and model.head_dim and not latent else ""
    vocabulary = f", vocabulary {model.vocab:,}" if model.vocab else ""
    tied = ", head tied to the embeddings" if model.tied_embeddings else ""
    return f"{model.hidden:,} wide{heads}{each}{kv}{vocabulary}{tied}"


def _experts(model: Model) -> str:
    if not model.experts:
        return ""
    used = f", {model.experts_used} for each token" if model.experts_used else ""
    wide = f", {model.expert_width:,} wide" if model.expert_width else ""
    return f"{model.experts}{used}{wide}"


def _as_named(model: Model, scheme: str) -> str:
    """The same of a name that states a scheme."""
    if scheme == "gguf":
        return "GGUF files, one a type: write the type behind the name, as in NAME:Q4_K_M"
    return f"{_uploaded(in_named_scheme(model, scheme))}; its name says {scheme}"


def _length(model: Model) -> str:
    if model.max_context is None:
        return ""
    shorter = model.default_context
    said = f"; vLLM serves {shorter:,} unless told otherwise (LongRoPE)" if shorter else ""
    return f"{model.max_context:,} tokens{said}"


def _uploaded(model: Model) -> str:
    """Bytes by scheme, as the repository holds them."""
    schemes: dict[str, float] = {}
    for row in model.weights:
        schemes[row.scheme] = schemes.get(row.scheme, 0.0) + row.parameters * row.bits / 8 / GIB
    stored = _stored(model)
    if stored is None:
        return f"{model.native_dtype}, size not known" if model.native_dtype else ""
    largest = sorted(schemes.items(), key=lambda each: -each[1])
    told = ", ".join(
        f"{scheme or '16 bit'} {gib(size)}" for scheme, size in largest if size >= 0.005 * stored
    )
    single = len(schemes) < 2
    return f"{gib(stored)} {model.native_dtype or ''}".rstrip() if single else f"{gib(stored)}: {told}"


def _stored(model: Model) -> float | None:
    """GiB of the weights as they are kept: of the files where these were read, else as their config makes them."""
    if model.weights_gib:
        return model.weights_gib
    made = sum(row.parameters * row.bits for row in model.weights) / 8 / GIB
    if made:
        return made
    bits, billions = bits_of(model.native_dtype or ""), sum(_components(model).values()) or model.params_b
    return billions * 1e9 * bits / 8 / GIB if billions and bits else None


def _components(model: Model) -> dict[str, float]:
    """What a pipeline is made of, in billions of parameters."""
    return {
        name.removesuffix("_gb_bf16").removesuffix("_b"): in_billions(name, size)
        for name, size in (model.components or {}).items()
    }


def _sizes(model: Model) -> dict[str, float]:
    """GiB that a text model's weights take in the usual schemes, as `gpuspec size` has them."""
    shape = shape_of(Workload(model=model)) if model.modality.startswith("text") else None
    if not isinstance(shape, Shape):
        return {}
    return {scheme: weights(shape, scheme).expected / GIB for scheme in USUAL}


def _per_token(model: Model) -> float:
    """Bytes that each token adds for good."""
    size = kv_bytes(model.kv_dtype)
    growing = [
        cache._replace(state=0) for cache in model.caches if not cache.window and cache.kind != "cross"
    ]
    return sum(of_sequence(cache, 1, size) for cache in growing)


def _per_sequence(model: Model) -> float:
    """Bytes for each sequence however long: states, and windows that are full."""
    return sum(of_sequence(cache, cache.window, kv_bytes(model.kv_dtype)) for cache in model.caches)


def _cache(model: Model) -> str:
    if not model.caches:
        return ""
    token, sequence = _per_token(model), _per_sequence(model)
    parts = [f"{_small(token)} a token"] if token else []
    parts += [f"{_small(sequence)} a sequence"] if sequence else []
    dtype = "8 bit, as the checkpoint says" if model.kv_dtype == "fp8" else "16 bit"
    full = ""
    if model.max_context and token:
        full = f"; {gib((token * model.max_context + sequence) / GIB)} at full length"
    return f"{' and '.join(parts)} in {dtype}{full}"


def _small(size: float) -> str:
    return f"{size / 1024:,.4g} KiB" if size < 1024**2 else f"{size / 1024**2:,.4g} MiB"


def _source(model: Model) -> str:
    commit = f", at {model.revision[:12]}" if model.revision else ""
    day = f", read {model.as_of}" if model.as_of else ""
    return f"{model.source or 'unknown'}{commit}{day}"
