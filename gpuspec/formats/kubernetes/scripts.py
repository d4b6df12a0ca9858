"""Scripts that a container runs and that a ConfigMap of the same file holds: they are put in for their calls."""

import re

from gpuspec.formats.command import SHELLS, CommandText, of_scalar
from gpuspec.formats.kubernetes.at import At
from gpuspec.formats.kubernetes.draft import JobDraft
from gpuspec.formats.kubernetes.manifest import Resource
from gpuspec.formats.kubernetes.serving import followed
from gpuspec.job.job import Piece

_PART = re.compile(r"[^\n;&|]+")
_CALL = re.compile(
    r"\s*(?:exec\s+|source\s+|\.\s+)?(?:(?:\S*/)?(?P<by>[a-z]*sh|python[\d.]*)\s+(?:-[a-z]+\s+)*)?"
    r"(?P<path>[\w./-]+)(?P<told>[^<>]*)"
)
_LONGEST = 1 << 16
_END = "END_OF_SCRIPT"


def scripts_put_in(draft: JobDraft, spec: At, container: At) -> None:
    """Put the scripts that a pod mounts from ConfigMaps in the place of the calls of them, and write the other files
    of these that the commands name before they run. What a script is told on its command line (`$1`) is not known."""
    text = draft.value.get("run")
    if not isinstance(text, str) or len(text) > _LONGEST:
        return
    files = _mounted(draft.resource, spec, container)
    if not files:
        return
    at = draft.places["/run"]
    found = _called_put_in(CommandText(text, draft.pieces.get(at, ())), files, draft.resource, container)
    for path, script in files.items():
        for name in _names(path, container):
            if _is_named(name, found.text) and len(found.text) < _LONGEST:
                found = followed(_written(name, script, draft.resource), found, "\n")
                break
    draft.value["run"], draft.pieces[at] = found.text, found.pieces


def _written(path: str, script: At, resource: Resource) -> CommandText:
    """The commands that write a file."""
    inside = of_scalar(resource.manifest.tree, script.value.rstrip("\n"), script.place)
    folder = path.rpartition("/")[0]
    made = f"mkdir -p {folder} && " if folder else ""
    before, after = f"{made}cat > {path} <<'{_END}'\n", f"\n{_END}"
    return CommandText(before + inside.text + after, _moved(inside.pieces, 0, len(inside.text), len(before)))


def _names(path: str, container: At) -> tuple[str, ...]:
    """What commands may call a file: by its path, or by that from where they run."""
    folder = (container.at("workingDir").text or "").rstrip("/") + "/"
    return (path, path.removeprefix(folder)) if len(folder) > 1 and path.startswith(folder) else (path,)


def _is_named(name: str, text: str) -> bool:
    return re.search(rf"(?<![\w./-]){re.escape(name)}(?![\w/-]|\.\w)", text) is not None


def _called_put_in(
    given: CommandText, files: dict[str, At], resource: Resource, container: At
) -> CommandText:
    text = given.text
    new, done = "", 0
    pieces: list[Piece] = []
    for part in _PART.finditer(text):
        found = _called(part[0], files, container)
        if found is None:
            continue
        script, python, path = found
        if python and text[part.end() : part.end() + 1] not in ("", "\n"):
            continue
        before, after = ("\n", "")
        if python:
            before, after = f"{part[0].rstrip().replace(path, '-', 1)} <<'{_END}'\n", f"\n{_END}"
        elif not new and not text[: part.start()].strip():
            before = ""
        pieces += _moved(given.pieces, done, part.start(), len(new) - done)
        new += text[done : part.start()] + before
        inside = of_scalar(resource.manifest.tree, script.value.rstrip(), script.place)
        pieces += _moved(inside.pieces, 0, len(inside.text), len(new))
        new += inside.text + after
        done = part.end()
    pieces += _moved(given.pieces, done, len(text), len(new) - done)
    return CommandText(new + text[done:], tuple(pieces))


def _moved(pieces: "tuple[Piece, ...] | list[Piece]", start: int, end: int, by: int) -> tuple[Piece, ...]:
    """The pieces within a part of a text, where that part begins somewhere else."""
    return tuple(
        piece._replace(start=piece.start + by, end=piece.end + by)
        for piece in pieces
        if start <= piece.start and piece.end <= end
    )


def _called(part: str, files: dict[str, At], container: At) -> tuple[At, bool, str] | None:
    """The script that a command runs, whether it is Python, and its path."""
    call = _CALL.fullmatch(part)
    if call is None:
        return None
    by, path = call["by"] or "", call["path"]
    script = files.get(path) or files.get(
        f"{(container.at('workingDir').text or '').rstrip('/')}/{path.removeprefix('./')}"
    )
    if script is None or (by and by not in SHELLS and not by.startswith("python")):
        return None
    return script, by.startswith("python"), path


def _mounted(resource: Resource, spec: At, container: At) -> dict[str, At]:
    """The files of ConfigMaps of the same manifest as a container sees them, by their paths."""
    found: dict[str, At] = {}
    for mount in container.at("volumeMounts").elements():
        path, name = mount.at("mountPath").text, mount.at("name").text
        volume = spec.at("volumes").named(name or "")
        sources = [volume, *volume.at("projected", "sources").elements()]
        for source in sources:
            maps = source.at("configMap")
            held = resource.manifest.find("ConfigMap", maps.at("name").text)
            if path is None or maps.value is None or held is None:
                continue
            named = {each.at("key").text or "": each.at("path").text for each in maps.at("items").elements()}
            for key, at in held.at.at("data").members():
                inside = named.get(key) if named else key
                if not isinstance(at.value, str) or inside is None or len(at.value) > _LONGEST:
                    continue
                sub = mount.at("subPath").text
                if sub is None:
                    found[f"{path.rstrip('/')}/{inside}"] = at
                elif sub == inside:
                    found[path] = at
    return found
