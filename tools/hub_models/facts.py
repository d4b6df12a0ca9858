"""What the table says of one repository."""

from __future__ import annotations

from typing import Any, NamedTuple

from gpuspec.architectures.parts import Architecture
from gpuspec.architectures.storage import Precision
from gpuspec.catalog.hub_table import NOTES
from gpuspec.catalog.model import Model
from gpuspec.catalog.model_of_config import model_of_architecture
from gpuspec.catalog.model_record import from_record, to_record
from gpuspec.catalog.model_task import task_of
from tools.hub_models.choose import named_size
from tools.hub_models.estimates import is_estimate
from tools.hub_models.known_configs import Own
from tools.hub_models.layouts import layout_of, leaves_much, precision_of
from tools.hub_models.lengths import length_of
from tools.hub_models.native import native_precision
from tools.hub_models.rows import Row, scheme_of
from tools.hub_models.structure import Choice, Structure

_IN_16_BIT = Precision("bf16")
_FOUR_BIT = ("nvfp4", "mxfp4")
LAYOUT_COUNTS = (*_FOUR_BIT, "fp8")
"""Schemes whose stored elements say how many weights are in them."""
_SELECTIVE = (*LAYOUT_COUNTS, "awq", "gptq-int4", "gptq-int8", "int4", "int8")
"""Schemes that leave out what their user says, or the quantizer of the day."""
_OF_THE_ROW = ("source", "unsure", "max_context", "task", "modality")
SOURCE_OF_CONFIGS = "its config.json as NVIDIA aiconfigurator keeps it (August 2026), as gpuspec reads it"
_OF_TAG = {
    "feature-extraction": "embedding", "sentence-similarity": "embedding", "text-to-speech": "speech",
    "automatic-speech-recognition": "speech", "audio-to-audio": "audio", "image-text-to-text": "vlm",
    "image-to-text": "vlm", "any-to-any": "vlm",
}  # fmt: skip
"""The hub's tag of a task → gpuspec's word; of "text-generation" and "unknown" the parts tell more."""
_HEARS = frozenset(
    ("wav2vec2", "wav2vec2-bert", "hubert", "wavlm", "encodec", "moss-audio-tokenizer", "unispeech")
)
_EXPLAINED = {"": "", NOTES["b"]: "b", NOTES["c"]: "c"}
"""Doubts that leave a structure certain enough to be counted with → their letters."""
_COLUMNS = ("layers", "hidden", "heads", "kv_heads", "head_dim", "vocab")


class Facts(NamedTuple):
    """A line of the table; `structure` is shared with other repositories."""

    name: str
    structure: dict[str, Any]
    parameters: int
    """0: as the structure says."""
    context: int
    note: str
    task: str = ""
    """"": it writes text."""


def facts_of(row: Row, choice: Choice, own: Own | None = None) -> Facts:
    """What is known of a row. `own`: what its own config says, of one that states a quantization."""
    facts = _without_task(row, choice, own)
    return facts._replace(task=_task(row, from_record("", facts.structure)))


def _task(row: Row, model: Model) -> str:
    """What the hub's tag says, or else its parts; "" for what writes text. The hub's tags know no rerankers."""
    if "rerank" in row.name.lower():
        return "reranker"
    if row.architecture in _HEARS and row.task == "feature-extraction":
        return "audio"
    found = _OF_TAG.get(row.task) or task_of(model.weights, model.caches)
    if found == "encoder" and row.task == "text-generation":
        return ""  # it writes a text as a whole, and so has no cache
    return "" if found == "llm" else found


def _without_task(row: Row, choice: Choice, own: Own | None) -> Facts:
    scheme = scheme_of(row)
    context = length_of(row)
    if own is not None and scheme not in (None, "fp8"):
        return facts_of_config(row.name, own)  # what is stored is packed, and tells less
    found = choice.structure
    sure = found is not None and choice.unsure in _EXPLAINED
    if found is not None and sure:
        precision = own[1] if own is not None else None
        gguf = scheme is not None and scheme.startswith("gguf")  # made of the maker's checkpoint
        if precision is None and (scheme is None or gguf) and "bf16" not in row.name.lower():
            scales = choice.has_scales or gguf
            precision = native_precision(row.name, row.architecture, has_scales=scales)
        plain = scheme == "fp8" and _plain(found.architecture)
        told = precision is None and not choice.unsure and not plain and not is_estimate(row)
        if told and scheme in LAYOUT_COUNTS:
            counted = _of_layout(row, found, scheme, context)
            if counted is not None:
                return counted
        structure = _structure(found.whole(), precision or _IN_16_BIT)
        window = "w" if found.may_have_window else ""
        note = _EXPLAINED[choice.unsure] or ("d" if found.architecture.derived else window)
        if not note and precision is None and scheme in _SELECTIVE and not _plain(found.architecture):
            note = "l"
        return Facts(row.name, structure, 0, context, note)
    structure = _of_columns(row)
    if found is not None and not found.architecture.derived:
        structure["caches"] = to_record(
            model_of_architecture(found.architecture, _IN_16_BIT, row.name, "")
        ).get("caches", [])
    named = named_size(row)
    if is_estimate(row):
        return Facts(row.name, structure, int(named or row.stored), context, "e" if named else "g")
    if scheme not in (None, "fp8"):
        if named and named < row.stored * 10:
            return Facts(row.name, structure, int(named), context, "n")
        return Facts(row.name, structure, row.stored, context, "p")
    return Facts(row.name, structure, row.stored, context, f"s{found.parameters}" if found else "u")


def packed(row: Row) -> tuple[str, ...]:
    """(architecture, scheme) of an upload in packed 4-bit floats: those of as many elements are kept alike."""
    scheme = scheme_of(row)
    return (row.architecture, scheme) if scheme in _FOUR_BIT else ()


def _of_layout(row: Row, found: Structure, scheme: str, context: int) -> Facts | None:
    """What the count of a row says of the weights that its scheme leaves out; None where it says nothing."""
    whole = found._replace(bare=False).whole()
    layout = layout_of(whole, row.stored, scheme)
    if layout is None:
        return None
    stored, precision = precision_of(whole, layout, scheme)
    mixed = scheme in _FOUR_BIT and leaves_much(whole, layout)
    return Facts(row.name, _structure(stored, precision), 0, context, "k" if mixed else "q")


def _plain(architecture: Architecture) -> bool:
    """Whether every quantizer takes the same of it: attention and feed-forward blocks, and nothing beside them."""
    linear = {weight.part for weight in architecture.weights if weight.linear}
    return linear <= {"attention", "mlp", "head"}


def facts_of_config(name: str, own: Own) -> Facts:
    """What a repository's own config says, where the list leaves it out or says less."""
    architecture, precision = own
    structure = {**_structure(architecture, precision), "source": SOURCE_OF_CONFIGS}
    note = "d" if architecture.derived else ""
    found = from_record("", structure)
    task = task_of(found.weights, found.caches)
    return Facts(name, structure, 0, architecture.max_context or 0, note, "" if task == "llm" else task)


def _structure(architecture: Architecture, precision: Precision) -> dict[str, Any]:
    record = to_record(model_of_architecture(architecture, precision, "", ""))
    return {key: value for key, value in record.items() if key not in _OF_THE_ROW}


def _of_columns(row: Row) -> dict[str, Any]:
    values = (row.layers, row.hidden, row.heads, row.kv_heads, row.head_dim, row.vocabulary)
    found: dict[str, Any] = {"architecture": row.architecture}
    found.update((name, value) for name, value in zip(_COLUMNS, values, strict=True) if value)
    if row.experts and row.used:
        found.update(experts=row.experts, experts_used=row.used)
    return found
