"""From a repository's files (config.json and what lies beside it) to a Model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gpuspec.architectures.config import ModelConfig
from gpuspec.architectures.parts import BESIDE, Architecture
from gpuspec.architectures.precision import read_precision
from gpuspec.architectures.read import read_architecture
from gpuspec.architectures.storage import Precision
from gpuspec.architectures.stored import stored_weights
from gpuspec.catalog.model import Model
from gpuspec.catalog.model_task import modality_of, task_of


def model_of_config(
    config: Mapping[str, Any], name: str, source: str, *, quantization: Mapping[str, Any] | None = None
) -> Model:
    """The model that a transformers config.json describes. `quantization`: hf_quant_config.json beside it.

    Raises Unsaid (a ValueError, in words) where it does not say enough."""
    architecture = read_architecture(config)
    precision = read_precision(config, quantization)
    model = model_of_architecture(architecture, precision, name, source)
    labels = config.get("id2label")
    task = task_of(
        model.weights,
        model.caches,
        ModelConfig(config).texts("architectures"),
        labels=len(labels) if isinstance(labels, dict) else 0,
    )
    return model._replace(task=task, modality=modality_of(task, model.caches))


def model_of_architecture(architecture: Architecture, precision: Precision, name: str, source: str) -> Model:
    """The model of a structure whose weights are kept in some precision."""
    a = architecture
    weights = stored_weights(a, precision)
    schemes: dict[str, int] = {}
    for row in weights:
        if row.part not in BESIDE:
            schemes[row.scheme] = schemes.get(row.scheme, 0) + row.parameters
    reasons = [a.derived] if a.derived else []
    if precision.unread:
        reasons.append(f"{precision.unread} could not be read")
    return Model(
        id=name,
        task="llm",
        params_b=a.parameters / 1e9,
        active_params_b=a.active / 1e9 if a.active < a.parameters and a.experts else None,
        layers=len(a.layers) or None,
        hidden=a.hidden,
        intermediate=a.intermediate or None,
        heads=a.heads or None,
        kv_heads=a.kv_heads or a.heads or None,
        head_dim=a.head_dim or None,
        vocab=a.vocabulary,
        max_context=a.max_context,
        default_context=a.default_context,
        tied_embeddings=a.tied,
        native_dtype=max(schemes, key=lambda each: schemes[each]) or None,
        source=source,
        architecture=a.model_type or None,
        weights=weights,
        caches=a.caches,
        experts=a.experts or None,
        experts_used=a.experts_used or None,
        expert_width=a.expert_width or None,
        kv_dtype=precision.kv_dtype,
        unsure="; ".join(reasons),
    )
