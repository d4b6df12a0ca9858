"""What operators that serve models have in common: models by address, machines by name, commands that the operator
makes of fields of its own."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from gpuspec.formats.command import Argument, CommandText, container_command, of_scalar
from gpuspec.formats.kubernetes.at import At, unfilled
from gpuspec.formats.kubernetes.draft import JobDraft
from gpuspec.formats.kubernetes.nodes import instance_at
from gpuspec.job.job import Piece
from gpuspec.text.tree import Tree

_HUB = re.compile(r"(?:hf|huggingface)://([\w.-]+/[\w.-]+?)(?:[:@?].*)?", re.I)
_ON_THE_HUB = re.compile(r"[\w-][\w.-]*/[\w.-]+")
_HUB_PAGE = re.compile(r"https?://(?:www\.)?huggingface\.co/([\w.-]+/[\w.-]+)/?(?:tree/.*)?", re.I)
_OLLAMA = re.compile(r"ollama://([\w./:-]+)", re.I)
_NOT_A_MODEL = ("pvc://", "pvc+", "file://", "hostpath://", "volume://", "configmap://")
FROM_TEMPLATE = frozenset({"image", "run", "ports", "readiness", "deployment.shm_gb"})
"""What the operator's own template says where the manifest does not."""


def model_of(uri: At) -> str | None:
    """The model that an address names: a repository of the hub, one of Ollama's library, or the address itself where
    that is of a bucket. A volume is no model."""
    text = uri.text
    if text is None or unfilled(text) or text.lower().startswith(_NOT_A_MODEL):
        return None
    for pattern in (_HUB, _HUB_PAGE, _OLLAMA):
        found = pattern.fullmatch(text)
        if found:
            return found[1]
    return None if text.startswith(("/", ".")) else text


def say_model(draft: JobDraft, *addresses: At) -> None:
    """Write the model that the first of some addresses names; for a server of it."""
    for at in addresses:
        model = model_of(at)
        if model is not None:
            draft.say("model.id", model, at)
            return


def fetched(uri: At, flag_name: str = "") -> list[Argument]:
    """The words by which a server is told the model that it fetches from the hub; none where it lies elsewhere."""
    model = model_of(uri)
    if model is None or not _ON_THE_HUB.fullmatch(model):
        return []
    name = [Argument(flag_name, uri.place)] if flag_name else []
    return [*name, Argument(model, uri.place)]


def server(draft: JobDraft) -> None:
    """Write that a job serves, and has no time limit."""
    draft.say("usual_task", "serve", draft.resource.at.at("kind"))
    draft.cannot_say.add("budget.max_hours")


def on_instance(draft: JobDraft, at: At) -> None:
    """Write the machine that a manifest names by its cloud's type: GPU and how many, cloud."""
    instance = instance_at(draft, at)
    if instance is None or not instance.gpu:
        return
    if instance.gpu_count and "gpu_count" not in draft.value:
        draft.say("gpu_count", instance.gpu_count, at)
    draft.gpu(instance.gpu, at)


def words(command: str, at: At) -> list[Argument]:
    """The words of a command that an operator starts because of what stands at a place."""
    return [Argument(word, at.place) for word in command.split()]


def flag(name: str, value: Any, at: At) -> list[Argument]:
    """One flag and its value; none where there is no value, or it says false."""
    if value is None or value is False or isinstance(value, (dict, list)):
        return []
    if value is True:
        return [Argument(name, at.place)]
    text = str(value)
    return [] if unfilled(text) else [Argument(name, at.place), Argument(text, at.place)]


def flags_of(fields: At, table: dict[str, str]) -> list[Argument]:
    """The flags that an operator makes of its fields: field → flag."""
    found: list[Argument] = []
    for field, name in table.items():
        at = fields.at(field)
        found += flag(name, at.value, at)
    return found


def arguments_of(at: At) -> list[Argument]:
    """The words of a list of arguments."""
    found = []
    for each in at.elements():
        text = each.value if isinstance(each.value, str) else each.word
        if text is not None:
            found.append(Argument(text, each.place))
    return found


def has_flag(given: Iterable[Argument], *names: str) -> bool:
    """Whether one of some flags is among arguments, however its name is written."""
    said = {
        word.text.partition("=")[0].lstrip("-").replace("_", "-") for word in given if word.text[:1] == "-"
    }
    return not said.isdisjoint(names)


def run_words(draft: JobDraft, given: Sequence[Argument], at: At, more: CommandText | None = None) -> None:
    """Write what runs, made of words from several places, and of a text that follows them."""
    made = container_command(draft.resource.manifest.tree, None, given, None, place=at.place)
    draft.run(followed(made, more) if more is not None else made, at)


def followed(first: CommandText, second: CommandText, between: str = " ") -> CommandText:
    """Two texts as one command, or with a line's end between them as two."""
    if not first.text or not second.text:
        return first if first.text else second
    by = len(first.text) + len(between)
    moved = tuple(piece._replace(start=piece.start + by, end=piece.end + by) for piece in second.pieces)
    return CommandText(first.text + between + second.text, (*first.pieces, *moved))


def in_text(tree: Tree, at: At, value: Any, after: str) -> str:
    """The place of a value inside a text of a manifest that is a file of its own: the first that stands behind
    `after` there."""
    text = at.value if isinstance(at.value, str) else ""
    start = text.find(after)
    offset = text.find(str(value), start + len(after)) if start >= 0 else -1
    pieces: Sequence[Piece] = of_scalar(tree, text, at.place).pieces if offset >= 0 else ()
    return next((piece.pointer for piece in pieces if piece.start <= offset < piece.end), at.place)
