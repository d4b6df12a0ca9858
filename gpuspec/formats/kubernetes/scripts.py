"""Scripts that a container runs and that a ConfigMap of the same file holds: they are put in for their calls."""

import re

from gpuspec.formats.command import SHELLS, of_scalar
from gpuspec.formats.kubernetes.at import At
from gpuspec.formats.kubernetes.draft import JobDraft
from gpuspec.formats.kubernetes.manifest import Resource
from gpuspec.job.job import Piece

_PART = re.compile(r"[^\n;&|]+")
_CALL = re.compile(
    r"\s*(?:exec\s+|source\s+|\.\s+)?(?:(?:\S*/)?(?P<by>[a-z]*sh|python[\d.]*)\s+(?:-[a-z]+\s+)*)?"
    r"(?P<path>[\w./-]+)(?P<told>[^<>]*)"
)
_LONGEST = 1 << 16
_END = "END_OF_SCRIPT"


def scripts_put_in(draft: JobDraft, spec: At, container: At) -> None:
    """Put the scripts that a pod mounts from ConfigMaps in the place of the calls of them. What a script is told on
    its command line (`$1`) is not known."""
    text = draft.value.get("run")
    if not isinstance(text, str) or len(text) > _LONGEST:
        return
    files = _mounted(draft.resource, spec, container)
    if not files:
        return
    at = draft.places["/run"]
    new, done, old = "", 0, draft.pieces.get(at, ())
    pieces: list[Piece] = []
    for part in _PART.finditer(text):
        found = _called(part[0], files, container)
        if found is None:
            continue
        script, python, path = found
        ends_line = text[part.end() : part.end() + 1] in ("", "\n")
        if python and not ends_line:
            continue
        before, after = (
            ("\n", "")
            if not python
            else (f"{part[0].rstrip().replace(path, '-', 1)} <<'{_END}'\n", f"\n{_END}")
        )
        pieces += _moved(old, done, part.start(), len(new) - done)
        new += text[done : part.start()] + before
        inside = of_scalar(draft.resource.manifest.tree, script.value, script.place)
        pieces += _moved(inside.pieces, 0, len(inside.text), len(new))
        new += inside.text.rstrip() + after
        done = part.end()
    if done:
        pieces += _moved(old, done, len(text), len(new) - done)
        draft.value["run"] = (new + text[done:]).lstrip("\n")
        by = len(new + text[done:]) - len(draft.value["run"])
        draft.pieces[at] = _moved(pieces, by, len(new + text), -by)


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
