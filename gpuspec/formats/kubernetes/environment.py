"""Environment variables of a container: values, and those that come from secrets."""

import re

from gpuspec.formats.gathered import is_variable
from gpuspec.formats.kubernetes.at import At
from gpuspec.formats.kubernetes.draft import JobDraft
from gpuspec.formats.kubernetes.manifest import Manifest

_REFERENCE = re.compile(r"\$\$|\$\(([A-Za-z_][A-Za-z0-9_.-]*)\)")
_LONGEST = 1 << 13


def environment(draft: JobDraft, container: At) -> frozenset[str]:
    """Write the variables of a container into its job: literal values, with `$(NAME)` of earlier ones put in, and the
    names of those that a secret holds. The names of all, the unknown ones too."""
    values: dict[str, tuple[str, At]] = {}
    secrets: dict[str, At] = {}
    names: set[str] = set()
    manifest = draft.resource.manifest
    for source in container.at("envFrom").elements():
        prefix = source.at("prefix").text or ""
        for name, at in _map(manifest, source.at("configMapRef", "name").text).members():
            if at.word is not None:
                values[prefix + name] = (at.word, at)
        for name, at in _secret(manifest, source.at("secretRef", "name").text).members():
            secrets[prefix + name] = at
    for variable in container.at("env").elements():
        written = variable.at("name").text
        if written is None or not is_variable(written):
            continue
        names.add(written)
        values.pop(written, None)
        secrets.pop(written, None)
        source = variable.at("valueFrom")
        if source.at("secretKeyRef").value is not None:
            secrets[written] = variable
        elif source.at("configMapKeyRef").value is not None:
            reference = source.at("configMapKeyRef")
            at = _map(manifest, reference.at("name").text).at(reference.at("key").text or "")
            if at.word is not None:
                values[written] = (at.word, at)
        elif source.value is None:
            at = variable.at("value")
            values[written] = (
                _expanded(_literal(at), values, names),
                at if at.value is not None else variable,
            )
    for name, (value, at) in values.items():
        if is_variable(name):
            draft.say(f"env.{name}", value, at)
    for name, at in secrets.items():
        if is_variable(name):
            draft.add("secrets", name, at)
    return frozenset({*values, *secrets, *names})


def _literal(at: At) -> str:
    """A value as the pod would see it; numbers and booleans are a mistake that is easily understood."""
    return at.value if isinstance(at.value, str) else at.word or ""


def _expanded(text: str, values: dict[str, tuple[str, At]], names: set[str]) -> str:
    """`$(NAME)` of a variable that is known by now; any other stays as it stands."""

    def known(found: re.Match[str]) -> str:
        if found[1] is None:
            return "$"
        return values[found[1]][0] if found[1] in values else found[0]

    return _REFERENCE.sub(known, text)[:_LONGEST] if "$" in text else text


def _map(manifest: Manifest, name: str | None) -> At:
    """The data of a ConfigMap of the same file."""
    found = manifest.find("ConfigMap", name)
    return found.at.at("data") if found else At(None, "")


def _secret(manifest: Manifest, name: str | None) -> At:
    """The keys of a Secret of the same file."""
    found = manifest.find("Secret", name)
    if found is None:
        return At(None, "")
    data = found.at.at("stringData")
    return data if data.value is not None else found.at.at("data")
