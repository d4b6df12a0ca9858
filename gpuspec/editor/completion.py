"""What may be typed at the cursor: fields, values, GPUs, models, clouds, rules."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from lsprotocol import types as lsp

from gpuspec.catalog.clouds import CLOUDS
from gpuspec.editor import fields
from gpuspec.editor.cursor import Cursor, cursor
from gpuspec.editor.describe import NO_PRICE, cloud_text, gpu_short, hub_ids, model_short
from gpuspec.editor.hover import Path, is_gpu, is_model
from gpuspec.editor.opened import Opened
from gpuspec.editor.position import Positions
from gpuspec.lint.registry import Registry
from gpuspec.printable import one_line
from gpuspec.text import pointer

TRIGGERS = ['"', ":", "[", "/"]


def complete(
    registry: Registry, opened: Opened, positions: Positions, offset: int, *, snippets: bool
) -> list[lsp.CompletionItem]:
    """Everything that may stand at the cursor; the editor filters by what is typed."""
    if not opened.is_spec:
        return []
    at = cursor(opened.text, offset)
    if at.kind == "rule":
        return _rules(registry, positions, at)
    if at.kind == "key":
        return list(_fields(opened, positions, at, snippets))
    if at.kind == "value":
        return list(_values(opened, positions, at))
    return []


def _rules(registry: Registry, positions: Positions, at: Cursor) -> list[lsp.CompletionItem]:
    where = positions.range(at.span)
    return [
        lsp.CompletionItem(
            entry.rule.name,
            kind=lsp.CompletionItemKind.EnumMember,
            detail=entry.rule.code,
            text_edit=lsp.TextEdit(where, entry.rule.name),
        )
        for entry in registry.rules
    ]


def _fields(opened: Opened, positions: Positions, at: Cursor, snippets: bool) -> Iterator[lsp.CompletionItem]:
    """Fields that are not there yet, in the order of the schema."""
    there = opened.tree.at(pointer(*at.path))
    own = opened.text[at.span.start : at.span.end].strip("\"'")
    used = {name for name in there if name != own} if isinstance(there, dict) else set()
    after, where = opened.text[at.span.end :], positions.range(at.span)
    has_value = bool(re.match(r"\s*:", after))
    comma = "," if re.match(r"\s*[\"'\w]", after) else ""
    for number, (name, field) in enumerate(fields.members(at.path).items()):
        if name in used:
            continue
        quoted = json.dumps(name)
        snippet = snippets and not has_value
        head = quoted.replace("$", "\\$") if snippet else quoted
        text = head if has_value else f"{head}: {_skeleton(field, snippet)}{comma}"
        yield lsp.CompletionItem(
            name,
            kind=lsp.CompletionItemKind.Property,
            detail=_first(field["description"]),
            documentation=_markdown(fields.describe(name, field)),
            sort_text=f"{number:03}",
            filter_text=quoted,
            insert_text_format=lsp.InsertTextFormat.Snippet if snippet else lsp.InsertTextFormat.PlainText,
            text_edit=lsp.TextEdit(where, text),
        )


def _skeleton(field: fields.Part, snippets: bool) -> str:
    """An empty value of the field's type, with the cursor in it."""
    kinds = field.get("type", [])
    kind = kinds if isinstance(kinds, str) else (kinds or [""])[0]
    stop = "$0" if snippets else ""
    return {"string": f'"{stop}"', "array": f"[{stop}]", "object": f"{{ {stop} }}"}.get(kind, stop)


def _first(text: str) -> str:
    return text.split(". ")[0].rstrip(".")


def _markdown(text: str) -> lsp.MarkupContent:
    return lsp.MarkupContent(lsp.MarkupKind.Markdown, text)


def _values(opened: Opened, positions: Positions, at: Cursor) -> Iterator[lsp.CompletionItem]:
    path, field, where = at.target, fields.part(at.target), positions.range(at.span)
    listed = field is not None and field.get("type") == "array"
    if listed:  # a list without its bracket yet
        path, field = (*path, 0), fields.part((*path, 0))
    for number, (value, detail, more) in enumerate(_known(opened, path, field, at.word)):
        text = json.dumps(value, ensure_ascii=False)
        text = f"[{text}]" if listed else text
        yield lsp.CompletionItem(
            one_line(value) if isinstance(value, str) else text,
            kind=lsp.CompletionItemKind.Value,
            detail=detail or None,
            documentation=_markdown(more) if more else None,
            sort_text=f"{number:04}",
            filter_text=text,
            text_edit=lsp.TextEdit(where, text),
        )


def _known(
    opened: Opened, path: Path, field: fields.Part | None, word: str
) -> Iterator[tuple[Any, str, str]]:
    """(value, a few words beside it, Markdown on it)."""
    if is_gpu(path):
        listed = opened.case().price_list
        single = [(gpu, gpu_short(gpu, listed)) for gpu in listed.catalog.gpus if not gpu.variants]
        for gpu, words in sorted(single, key=lambda known: known[1].endswith(NO_PRICE)):
            yield gpu.name, words, ""
    elif is_model(path, opened.tree):
        for model in opened.case().catalog.models:
            words = model_short(model)
            for name in hub_ids(model):
                yield name, words, ""
    elif path[:1] == ("clouds",):
        for known in CLOUDS.values():
            yield known.name, known.skypilot, cloud_text(known)
    elif field is not None:
        yield from _of_schema(field, word)


def _of_schema(field: fields.Part, word: str) -> Iterator[tuple[Any, str, str]]:
    words = _first(field.get("description", ""))
    if "enum" in field:
        values = field["enum"]
    elif field.get("type") == "boolean":
        values = [True, False]
    else:
        # Examples, while they could still be meant: no list pops up in the middle of a command.
        values = [value for value in field.get("examples", ()) if not isinstance(value, (dict, list))]
        values = [value for value in values if str(value).startswith(word)]
    for value in values:
        yield value, words, ""
