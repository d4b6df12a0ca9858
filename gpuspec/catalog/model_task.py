"""What a model is for, by what its config and its parts say."""

from __future__ import annotations

from collections.abc import Sequence

from gpuspec.architectures.parts import Cache, StoredWeights

READS = ("encoder", "embedding", "reranker", "classification")
"""Tasks of models that read a text once and write none."""
_POOLS = {"ForSequenceClassification": "classification", "ForTokenClassification": "classification"}
"""End of a class's name → its task. With one label only it ranks."""
_WRITES = ("LMHeadModel", "ChatModel", "ChatGLMModel", "DreamModel", "EncoderModel", "MTModel")
"""Ends of classes whose names end in "Model" though they are no bare model without a head."""


def task_of(
    weights: Sequence[StoredWeights],
    caches: Sequence[Cache],
    classes: Sequence[str] = (),
    *,
    labels: int = 0,
) -> str:
    """The task of a model of these parts. `classes`: `architectures` of its config; `labels`: of a classifier, 0
    where none are listed (transformers' default is two)."""
    name = classes[0] if classes else ""
    parts = {row.part for row in weights}
    for end, task in _POOLS.items():
        if name.endswith(end):
            return "reranker" if labels == 1 else task
    if "vision" in parts:
        return "vlm"
    if any(cache.kind == "cross" for cache in caches):
        return "speech" if "audio" in parts else "seq2seq"
    if name.endswith("Model") and not name.endswith(_WRITES):
        return "embedding"
    return "encoder" if weights and not caches and not name.endswith(_WRITES) else "llm"


def modality_of(task: str, caches: Sequence[Cache]) -> str:
    """The modality of a task. Speech that a language model writes, token by token, is sized as text is."""
    if task in READS[1:]:
        return "text-embedding"
    return "audio" if task in ("speech", "audio") and not caches else "text"
