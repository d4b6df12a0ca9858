"""A container that asks for GPUs, as a job: what it runs, listens on and is told."""

import re
from collections.abc import Sequence

from gpuspec.formats.command import Argument, CommandText, container_command
from gpuspec.formats.kubernetes.at import At
from gpuspec.formats.kubernetes.draft import JobDraft
from gpuspec.formats.kubernetes.environment import environment
from gpuspec.formats.kubernetes.probes import probes

_PARENTHESES = re.compile(r"\$\(([A-Za-z_][A-Za-z0-9_]*)\)")
_IMAGE = re.compile(r"(?:[\w.-]+(?::\d+)?/)?[a-z0-9._/-]+(?::[\w.-]+)?(?:@[\w:+.-]+)?")
"""An image's name has no capital letters: IMAGE_NAME, PROJECT/app and the like are still to be put in."""


def container_fields(draft: JobDraft, container: At) -> None:
    """Write into a job what its container says, but for its GPUs and volumes."""
    names = environment(draft, container)
    image = container.at("image").filled
    if image is not None and _IMAGE.fullmatch(image):
        draft.say("image", image, container.at("image"))
    command, at = command_of(draft, container, names)
    draft.run(_and_after_start(draft, container, names, command), at)
    _ports(draft, container)
    probes(draft, container)


def command_of(draft: JobDraft, container: At, names: frozenset[str]) -> tuple[CommandText, At]:
    """What a container runs and where that stands. `names` are its variables: `$(NAME)` of these is put in by
    Kubernetes itself, which a shell writes `${NAME}`."""
    command, arguments = (_arguments(container.at(key)) for key in ("command", "args"))
    image = container.at("image").filled
    found = container_command(
        draft.resource.manifest.tree, image, command, arguments, place=container.at("image").place
    )
    at = next(
        (each for key in ("command", "args") if (each := container.at(key)).value), container.at("image")
    )
    return found._replace(text=as_shell(found.text, names)), at


def _and_after_start(
    draft: JobDraft, container: At, names: frozenset[str], command: CommandText
) -> CommandText:
    """A command, and what is run in the container once it has started: `ollama pull …` beside `ollama serve`."""
    words = _arguments(container.at("lifecycle", "postStart", "exec", "command"))
    if not words or not command.text:
        return command
    from gpuspec.formats.kubernetes.serving import followed

    more = container_command(draft.resource.manifest.tree, None, words, None, place=container.place)
    return followed(command, more._replace(text=as_shell(more.text, names)), "\n")


def as_shell(text: str, names: frozenset[str]) -> str:
    """`$(NAME)` as `${NAME}`, of as many characters; `$(hostname)` runs a command."""

    def known(found: re.Match[str]) -> str:
        name = found[1]
        return f"${{{name}}}" if name in names or name.isupper() else found[0]

    return _PARENTHESES.sub(known, text) if "$(" in text else text


def _arguments(at: At) -> Sequence[Argument] | None:
    """The words of `command` or `args`; None where there are none, and the image's own stand. One string is a mistake
    that Kubernetes refuses: it is read as it is meant."""
    if at.text is not None:
        return [Argument(word, at.place) for word in at.text.split()]
    words = [Argument(_word(each), each.place) for each in at.elements() if each.value is not None]
    return words or None


def _word(at: At) -> str:
    return at.value if isinstance(at.value, str) else at.word or ""


def _ports(draft: JobDraft, container: At) -> None:
    for port in container.at("ports").elements():
        number = port.at("containerPort").whole
        if number is not None and 0 < number < 65536 and port.at("protocol").text in (None, "TCP"):
            name = port.at("name").word
            draft.add(
                "ports", {"port": number, "description": name} if name else number, port.at("containerPort")
            )
