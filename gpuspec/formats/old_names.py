"""Old names of fields, and how to mend them without changing what a job means."""

from typing import Any, NamedTuple

from gpuspec.job.sound import sound
from gpuspec.text import Edit, Tree

_PLAIN = {
    "project_id": "name",
    "startup": "run",
    "download": "downloads",
    "cooldown_minutes": "keep_alive_minutes",
    "docker_image": "image",
    "workspace_size_gb": "disk_gb",
    "gpu_type": "gpu_types",
}
_GPU_CLI = (
    "project_id", "startup", "download", "docker_image", "workspace_size_gb", "environment", "hooks"
)  # fmt: skip
"""What GPU CLI itself calls these today."""


class OldName(NamedTuple):
    """An old name in use. `both`: the new name stands there too and wins, so `edits` take the old one away.
    `own`: the file is GPU CLI's and this is GPU CLI's own name: renaming it would break the file there."""

    pointer: str
    old: str
    new: str
    edits: tuple[Edit, ...]
    both: bool = False
    own: bool = False


def is_gpu_cli(tree: Tree) -> bool:
    """Whether the file is written for GPU CLI: by its `$schema`, `provider` or `project_id`."""
    return isinstance(tree.value, dict) and ("project_id" in tree.value or _launched_by_gpu_cli(tree.value))


def _launched_by_gpu_cli(document: dict[str, Any]) -> bool:
    schema = document.get("$schema")
    return "provider" in document or (isinstance(schema, str) and "gpu-cli" in schema)


def old_names(tree: Tree) -> tuple[OldName, ...]:
    """Every old name in use, in the schema's order. Fields with another mistake in them are left alone."""
    document = sound(tree)
    if document is None:
        return ()
    theirs = _launched_by_gpu_cli(document)
    found = []
    for old, new in _PLAIN.items():
        if old in document:
            both = new in tree.value
            edits = (Edit("remove", f"/{old}"),) if both else _renamed(old, new, document[old])
            found.append(OldName(f"/{old}", old, new, edits, both, theirs and old in _GPU_CLI))
    found += [entry for entry in (_base_image(document), _setup(document), _readiness(document)) if entry]
    return tuple(
        entry._replace(own=entry.own or (theirs and entry.old.split(".")[0] in _GPU_CLI)) for entry in found
    )


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
        for old, new in (("only_once", "once"), ("timeout_sec", "timeout")):
            if step is not None and old in step:
                edits.append(Edit("rename", f"{at}/{index}/{old}", new))
    edits.append(Edit("move", at, "/setup"))
    edits += _emptied(document, "environment", "shell", "steps")
    return OldName(at, "environment.shell.steps", "setup", tuple(edits))


def _readiness(document: dict[str, Any]) -> OldName | None:
    """`hooks.readiness`, where every part of it has a new name; the window is tries × delay."""
    hook = (document.get("hooks") or {}).get("readiness")
    if not isinstance(hook, dict) or not hook.keys() <= {
        "type", "name", "run", "url", "retry_count", "retry_delay_secs", "timeout_secs"
    }:  # fmt: skip
        return None
    at = "/hooks/readiness"
    if "readiness" in document:
        edits = (Edit("remove", at), *_emptied(document, "hooks", "readiness"))
        return OldName(at, "hooks.readiness", "readiness", edits, True)
    tries, delay = hook.get("retry_count"), hook.get("retry_delay_secs")
    if tries is None or not delay or tries < 1 or not hook.keys() & {"run", "url"}:
        return None
    changes = [Edit("remove", f"{at}/{part}") for part in ("type", "name") if part in hook]
    changes.append(Edit("set", f"{at}/retry_count", tries * delay))
    for old, new in (
        ("retry_count", "timeout"),
        ("run", "command"),
        ("url", "http"),
        ("retry_delay_secs", "interval"),
        ("timeout_secs", "attempt_timeout"),
    ):
        if old in hook:
            changes.append(Edit("rename", f"{at}/{old}", new))
    changes.append(Edit("move", at, "/readiness"))
    changes += _emptied(document, "hooks", "readiness")
    return OldName(at, "hooks.readiness", "readiness", tuple(changes))
