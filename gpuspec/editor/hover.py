"""What to show for the word under the pointer."""

from __future__ import annotations

from typing import Any

from gpuspec.catalog.clouds import cloud
from gpuspec.editor import fields
from gpuspec.editor.describe import cloud_text, gpu_text, model_text, need_text
from gpuspec.editor.opened import Opened
from gpuspec.formats.gpu_cli_fields import RENAMED
from gpuspec.numerals import small_number
from gpuspec.text import Span, Tree, parts

Path = tuple[str | int, ...]


def hover(opened: Opened, offset: int) -> tuple[Span, str] | None:
    """(what is meant, Markdown about it), or None where there is nothing to say."""
    if not opened.is_spec:
        return _of_a_job(opened, offset) if opened.ours else None
    found = _under(opened.tree, offset)
    if found is None:
        return None
    pointer, span, is_key = found
    path, value = locate(opened.tree.value, pointer)
    field = fields.part(path)
    text = _value(opened, path, value) if isinstance(value, str) and not is_key else None
    if text is None and field is not None and path and "description" in field:
        named = next((step for step in reversed(path) if isinstance(step, str)), "")
        text = fields.describe(named, field)
    return None if text is None else (span, text)


def _of_a_job(opened: Opened, offset: int) -> tuple[Span, str] | None:
    """The GPU or the model that a job of another format names there, whatever words name it."""
    tree = opened.tree

    def here(at: str) -> Span | None:
        span = tree.values.get(at)
        return span if span and span.start <= offset < span.end else None

    for document in opened.documents:
        job = document.job
        for choice in job.gpu_types if job else ():
            case = opened.settings.case(document, on_disk=opened.on_disk)
            if (span := here(choice.pointer)) and (text := gpu_text(choice.name, case.price_list)):
                return span, text
        if job is None or not here(document.place):
            continue
        case = opened.settings.case(document, on_disk=opened.on_disk)
        name, origin = case.workload.model_name, case.workload.origin("model_name")
        span = None if origin.path else here(origin.pointer)
        under = _under(tree, offset)
        if span is None and under and tree.text[under[1].start : under[1].end].strip("'\"") == name:
            span = under[1]  # an argument of its own, after its flag
        if name and span and (text := model_text(name, case.catalog)):
            return span, f"{text}\n\n{need_text(case.need(job.gpu_count or 1))}"
    return None


def _under(tree: Tree, offset: int) -> tuple[str, Span, bool] | None:
    """The key or scalar that stands at an offset."""
    for pointer, span in tree.keys.items():
        if span.start <= offset < span.end:
            return pointer, span, True
    around = [
        (span.end - span.start, p, span) for p, span in tree.values.items() if span.start <= offset < span.end
    ]
    if not around:
        return None
    _, pointer, span = min(around)
    return None if tree.text[span.start] in "{[" else (pointer, span, False)


def locate(document: Any, pointer: str) -> tuple[Path, Any]:
    """A pointer as a path whose list places are numbers, and the value it leads to (None if there is none)."""
    path: list[str | int] = []
    for name in parts(pointer):
        if isinstance(document, list) and (place := small_number(name)) is not None:
            path.append(place)
            document = document[place] if place < len(document) else None
        else:
            path.append(name)
            document = document.get(name) if isinstance(document, dict) else None
    return tuple(path), document


def _value(opened: Opened, path: Path, value: str) -> str | None:
    if is_gpu(path):
        return gpu_text(value, opened.case().price_list)
    if is_model(path, opened.tree):
        text, case = model_text(value, opened.case().catalog), opened.case()
        if not case.has_job or path[:1] != ("model",) or text is None:
            return text
        return f"{text}\n\n{need_text(case.need(case.job.gpu_count or 1))}"
    if path[:1] == ("clouds",):
        known = cloud(value)
        return cloud_text(known) if known else None
    return None


def is_gpu(path: Path) -> bool:
    """Whether a GPU's name stands there."""
    words = [step for step in path if isinstance(step, str)]
    if words[-1:] == ["type"]:
        words.pop()
    named = [RENAMED.get(word, word) for word in words]
    return named[-1:] == ["gpu_types"] and named[0] in ("gpu_types", "serverless")


def is_model(path: Path, tree: Tree) -> bool:
    """Whether a model's name stands there: the model's, or the source of a download from the hub."""
    if path in (("model",), ("model", "id")):
        return True
    if len(path) == 3 and RENAMED.get(str(path[0]), path[0]) == "downloads" and path[2] == "source":
        entry = tree.at(f"/{path[0]}/{path[1]}")
        return isinstance(entry, dict) and entry.get("strategy") == "hf"
    return False
