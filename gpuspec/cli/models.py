"""`gpuspec models`: models with their size and shape, and what a name means."""

from __future__ import annotations

import click

from gpuspec.catalog import Catalog, Model
from gpuspec.cli.columns import fitted
from gpuspec.cli.output import say, say_document
from gpuspec.errors import UserError
from gpuspec.json_text import json_text
from gpuspec.plugin.installed_catalog import installed_catalog


@click.command("models")
@click.argument("query", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--online", is_flag=True, help="Ask the Hugging Face hub about a model nobody here knows.")
def command(query: str | None, as_json: bool, online: bool) -> None:
    """List models, those that match QUERY, or what the model name QUERY means.

    QUERY may be a hub id, a quantized upload, an Ollama tag, or a part of a name.
    """
    catalog = installed_catalog()
    part = (query or "").lower()
    found = [
        model for model in catalog.models if any(part in name.lower() for name in (model.id, *model.aliases))
    ]
    if query is not None and not found:
        found = _meant(catalog, query, online=online, quiet=as_json)
    if as_json:
        say_document(json_text([model._asdict() for model in found]))
    elif len(found) == 1:
        _print_one(found[0])
    else:
        _print_table(found)


def _meant(catalog: Catalog, query: str, *, online: bool, quiet: bool) -> list[Model]:
    """The model a name stands for, with a line on how it was read. Raises UserError `unknown-model`."""
    match = catalog.resolve_model(query, online=online)
    if match.model is None:
        size = f" Its name says {match.params_b:g} B parameters." if match.params_b else ""
        near = f"Did you mean {', '.join(match.suggestions)}? " if match.suggestions else ""
        raise UserError(
            "unknown-model",
            f"nobody here knows a model called {query!r}.{size}",
            near + "Say `params_b` in the spec's `model`, give the folder it lies in, or try --online.",
        )
    if not quiet:
        said = f", quantized {match.quantization}" if match.quantization else ""
        how = "embeds the base" if match.relation == "fine-tune" else "is"
        say(f"{query} {how} {match.model.id}{said}", "")
    return [match.model]


def _size(model: Model) -> str:
    if model.params_b is None:
        return "unknown"
    active = f" ({model.active_params_b:g} active)" if model.active_params_b else ""
    return f"{model.params_b:g}{active}"


def _print_table(found: list[Model]) -> None:
    rows = [("MODEL", "B PARAMETERS", "CONTEXT", "KIND", "HUB")]
    for model in found:
        hub = next((name for name in model.aliases if "/" in name), "")
        context = f"{model.max_context:,}" if model.max_context else "-"
        rows.append((model.id, _size(model), context, model.task or model.modality, hub))
    say(*fitted(rows))


def _print_one(model: Model) -> None:
    say(f"{model.id}  ({model.task or model.modality}{', ' + model.org if model.org else ''})")
    gated = {True: "yes: the hub wants a token", False: "no", None: "unknown"}[model.gated]
    shapes = (("attention", model.attention), ("experts", model.moe), ("components", model.components))
    facts = (
        ("parameters", f"{_size(model)} B" if model.params_b else "unknown"),
        ("shape", _shape(model)),
        *((what, ", ".join(f"{k} {v}" for k, v in (shape or {}).items())) for what, shape in shapes),
        ("context", f"{model.max_context:,} tokens" if model.max_context else ""),
        ("stored as", model.native_dtype or ""),
        ("gated", gated),
        ("also called", ", ".join(model.aliases)),
        ("source", model.source),
    )
    for what, value in facts:
        if value:
            say(f"  {what:<12} {value}")


def _shape(model: Model) -> str:
    if model.layers is None or model.hidden is None:
        return "unknown"
    heads = f", {model.heads} heads" if model.heads else ""
    kv = f" ({model.kv_heads} KV)" if model.kv_heads else ""
    vocabulary = f", vocabulary {model.vocab:,}" if model.vocab else ""
    return f"{model.layers} layers × {model.hidden}{heads}{kv}{vocabulary}"
