"""Old names of the job spec's fields, which GPU CLI has to this day, and how to rename them without changing what
a job means."""

from typing import Any

from gpuspec.formats.document import OldName
from gpuspec.formats.gpu_cli_fields import HOOK, RENAMED, STEP
from gpuspec.job.check import valid_part
from gpuspec.text import Edit, Tree


def old_names(tree: Tree) -> tuple[OldName, ...]:
    """Every old name in use, in the schema's order. Fields with another mistake in them are left alone."""
    document = valid_part(tree)
    if document is None:
        return ()
    found = []
    for old, new in RENAMED.items():
        if old in document:
            both = new in tree.value
            edits = (Edit("remove", f"/{old}"),) if both else _renamed(old, new, document[old])
            found.append(OldName(f"/{old}", old, new, edits, both))
    found += [entry for entry in (_base_image(document), _setup(document), _readiness(document)) if entry]
    return tuple(found)


def _renamed(old: str, new: str, value: Any) -> tuple[Edit, ...]:
    rename = Edit("rename", f"/{old}", new)
    return (rename, Edit("set", f"/{new}", [value])) if old == "gpu_type" else (rename,)


def _emptied(document: dict[str, Any], *path: str) -> tuple[Edit, ...]:
    """Takes away the outermost object that would be left empty once its member at `path` is gone."""
    at = ""
    value: Any = document
    for part in path[:-1]:
        at += f"/{part}"
        value = value[part]
        inside: Any = value
        for deeper in path[at.count("/") :]:
            if len(inside) != 1:
                break
            inside = inside[deeper]
        else:
            return (Edit("remove", at),)
    return ()


def _base_image(document: dict[str, Any]) -> OldName | None:
    environment = document.get("environment") or {}
    if "base_image" not in environment:
        return None
    at = "/environment/base_image"
    both = "image" in document or "docker_image" in document
    take = Edit("remove", at) if both else Edit("move", at, "/image")
    edits = (take, *_emptied(document, "environment", "base_image"))
    return OldName(at, "environment.base_image", "image", edits, both)


def _setup(document: dict[str, Any]) -> OldName | None:
    """`environment.shell.steps`, unless `setup` stands there as well: then both run, one after the other."""
    steps = ((document.get("environment") or {}).get("shell") or {}).get("steps")
    if steps is None or "setup" in document:
        return None
    at = "/environment/shell/steps"
    edits = []
    for index, step in enumerate(steps):
        for old, new in STEP.items():
            if step is not None and old in step:
                edits.append(Edit("rename", f"{at}/{index}/{old}", new))
    edits.append(Edit("move", at, "/setup"))
    edits += _emptied(document, "environment", "shell", "steps")
    return OldName(at, "environment.shell.steps", "setup", tuple(edits))


def _readiness(document: dict[str, Any]) -> OldName | None:
    """`hooks.readiness`, where every part of it has a new name; the window is tries × delay."""
    hook = (document.get("hooks") or {}).get("readiness")
    if not isinstance(hook, dict) or not hook.keys() <= {"type", "name", *HOOK}:
        return None
    at = "/hooks/readiness"
    if "readiness" in document:
        edits = (Edit("remove", at), *_emptied(document, "hooks", "readiness"))
        return OldName(at, "hooks.readiness", "readiness", edits, True)
    tries, delay = hook.get("retry_count"), hook.get("retry_delay_secs")
    if tries is None or not delay or tries < 1 or len(hook.keys() & {"run", "command", "url"}) != 1:
        return None
    changes = [Edit("remove", f"{at}/{part}") for part in ("type", "name") if part in hook]
    changes.append(Edit("set", f"{at}/retry_count", tries * delay))
    for old, new in HOOK.items():
        if old in hook and old != new:
            changes.append(Edit("rename", f"{at}/{old}", new))
    changes.append(Edit("move", at, "/readiness"))
    changes += _emptied(document, "hooks", "readiness")
    return OldName(at, "hooks.readiness", "readiness", tuple(changes))
