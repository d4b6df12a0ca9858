"""Which program a command runs, through whatever starts it."""

import re
from collections.abc import Sequence

from gpuspec.commands.shell import Command
from gpuspec.commands.word import Word, flag_name
from gpuspec.engines import Tool
from gpuspec.engines.hugging_face import ANY_SCRIPT, GENERIC_TRAINING, MORE_OTHER_WORDS, OTHER_WORDS
from gpuspec.engines.launchers import LAUNCHERS
from gpuspec.engines.training import RECIPES
from gpuspec.named_tuple import NamedTuple
from gpuspec.workload.arguments import Arguments, ConfigFile, read_arguments
from gpuspec.workload.readers import readers
from gpuspec.workload.value import Value, Values

EVERYBODYS = (None, GENERIC_TRAINING)
"""Tools of scripts that are the author's own: what they do, the file would tell."""
_PYTHON_VALUES = ("-W", "-X", "--check-hash-based-pycs")


class Invocation(NamedTuple):
    """One program put to work by a command. `script` is the Python file it runs, `code` Python text given on the
    command line; `tool` is None where only the script could tell."""

    tool: Tool | None
    values: Values
    configs: tuple[ConfigFile, ...] = ()
    script: Word | None = None
    code: str | None = None


def identify(command: Command, within: str = "") -> Invocation | None:
    """The program of a command that is run `within` a folder; None where nothing is known of it."""
    image = next((w.image for w in reversed(command.wrappers) if w.image is not None), None)
    if image is not None and image.value:
        tool = _image_tool(image.value)
        if tool and _are_its_arguments(command.words, tool):
            return _with_version(_invoke(tool, command.words), tool, image.value)
    found = _program(command.words) if command.words else None
    if found is None and (own := _of_image(command)):
        found = _program(own)
    if found and found.script and found.tool in EVERYBODYS:
        main = readers().main_script(f"{within}/{found.script.text}")
        if main:
            found = read_as(main, found, command)._replace(script=None)
    if found and found.tool and image is not None and image.value:
        return _with_version(found, found.tool, image.value)
    return found


def read_as(tool: Tool, found: Invocation, command: Command) -> Invocation:
    """A script that turned out to be a program's own, with its arguments read by that program's table."""
    words = command.words
    if found.script is None or found.script not in words:
        return found._replace(tool=tool)
    given = read_arguments(tool, words[words.index(found.script) + 1 :])
    configs = (*given.configs, *(each for each in found.configs if each.tool.starts))
    return found._replace(tool=tool, values={**found.values, **given.values}, configs=configs)


def _are_its_arguments(words: Sequence[Word], tool: Tool) -> bool:
    """Whether the words after an image go to the server in it: it is no other program that they start there."""
    first = words[0].text if words else "-"
    repository = bool(tool.positional) and "/" in first and first[0] not in "/.~"
    return first.startswith("-") or (repository and _program(words) is None)


def _of_image(command: Command) -> tuple[Word, ...]:
    """The words that a container's image starts by itself, before those that it is told; () where they are not known,
    or told to be others."""
    container = command.wrappers[-1] if command.wrappers else None
    image = container.image if container else None
    if container is None or image is None or not image.value:
        return ()
    if any(word.text.startswith("--entrypoint") for word in container.words):
        return ()
    from gpuspec.engines.images import entry_point

    entry = entry_point(image.value, [word.text for word in command.words]) or ""
    return (*(image._replace(text=text) for text in entry.split()), *command.words) if entry else ()


def _image_tool(image: str) -> Tool | None:
    """The server inside an image, by its name without tag and digest."""
    from gpuspec.engines.images import find

    return find(readers().images, image)


def _with_version(found: Invocation, tool: Tool, image: str) -> Invocation:
    from gpuspec.engines.images import version_in

    own = version_in(image, tool.engine)
    if own is None or found.tool is None or found.tool.engine != tool.engine:
        return found
    return found._replace(values={**found.values, "engine_version": Value.of(own, image)})


def _program(words: Sequence[Word]) -> Invocation | None:
    first = words[0].value
    if first is None:
        return None
    name = first.rsplit("/", 1)[-1]
    telling = readers().binaries.get(name, "")
    bundle = readers().binaries.get(name[name.rfind(".") :].lower(), "") if "." in name else ""
    if bundle:
        found = _known((bundle,), words[1:])
        return found and found._replace(values={"model_name": Value.of(name, name), **found.values})
    if telling and (first.startswith("./") or "bin/" in first or telling.partition("-")[0] in first):
        name = telling
    if name.rstrip("0123456789.") in ("python", "ipython", "pypy"):
        return _python(words[1:])
    if name.endswith(".py"):
        return _script(words)
    return _known((name,), words[1:]) or _launch((name,), words[1:])


def _known(head: tuple[str, ...], rest: Sequence[Word]) -> Invocation | None:
    """The longest entry of the table of programs that a command begins with."""
    table = readers().programs
    for more in (2, 1, 0):
        key = (*head, *(word.text for word in rest[:more]))
        if len(key) == len(head) + more and key in table:
            return _invoke(table[key], rest[more:], key)
    return None


def _invoke(tool: Tool, words: Sequence[Word], key: tuple[str, ...] = ()) -> Invocation:
    if key == ("tune", "run"):
        return _recipe(tool, words)
    given = read_arguments(tool, words)
    return Invocation(tool, given.values, given.configs)


def _recipe(tool: Tool, words: Sequence[Word]) -> Invocation:
    """torchtune: `tune run [torchrun options] RECIPE --config CONFIG key=value …`."""
    given = read_arguments(tool, words)
    recipe = given.plain[0].text if given.plain else ""
    method = next((dict(implied) for word, implied in RECIPES if word in recipe), {})
    values = {**{field: Value.of(value, recipe) for field, value in method.items()}, **given.values}
    algorithm = next((a for a in ("dpo", "ppo", "grpo") if a in recipe), None)
    if algorithm:
        values.setdefault("algorithm", Value.of(algorithm, recipe))
    if recipe.endswith("_distributed"):
        values.setdefault("sharding", Value.of("fsdp", recipe))
    elif recipe.endswith("_single_device"):
        values.setdefault("processes", Value.of(1, recipe))
    return Invocation(tool, values, given.configs)


def _launch(head: tuple[str, ...], rest: Sequence[Word]) -> Invocation | None:
    """A launcher, and the script or module after its own options."""
    for more in (1, 0):
        key = (*head, *(word.text for word in rest[:more]))
        if key in LAUNCHERS and len(key) == len(head) + more:
            tool = LAUNCHERS[key]
            break
    else:
        return None
    given = read_arguments(tool, rest[more:])
    inner = _inner(given)
    if inner is None:
        return Invocation(None, given.values, given.configs)
    learns = {"training": Value.of(True, key[-1])} if _learns(inner) else {}
    values = {**given.values, **learns, **inner.values}
    return inner._replace(values=values, configs=inner.configs + given.configs)


def _learns(inner: Invocation) -> bool:
    """Whether a script of the author's own is a training for being started on several GPUs: where its name does not
    say otherwise."""
    if inner.tool is not None or inner.script is None:
        return False
    words = set(re.split(r"[^a-z0-9]+|_", (inner.script.value or "").lower()))
    return not words & (OTHER_WORDS | MORE_OTHER_WORDS)


def _inner(given: Arguments) -> Invocation | None:
    rest = given.rest
    if not rest:
        return None
    if rest[0].text in ("-m", "--module"):
        return _python((rest[0]._replace(text="-m"), *rest[1:]))
    if rest[0].text.endswith(".py"):
        return _script(rest)
    return _program(rest)


def _python(words: Sequence[Word]) -> Invocation | None:
    """What `python …` runs: a module, a text or a script."""
    at = 0
    while at < len(words) and words[at].text.startswith("-"):
        option = words[at].text
        if option == "-m" and at + 1 < len(words):
            module, rest = ("-m", words[at + 1].text), words[at + 2 :]
            return _known(module, rest) or _launch(module, rest) or _own_module(words[at + 1 :])
        if option == "-c" and at + 1 < len(words):
            return Invocation(None, {}, code=words[at + 1].text)
        if option == "-":
            break
        at += 2 if option in _PYTHON_VALUES else 1
    if at >= len(words) or words[at].text == "-":
        return Invocation(None, {})  # a program on standard input
    if words[at].value is None or not words[at].text.endswith(".py"):
        return None
    return _script(words[at:])


def _own_module(words: Sequence[Word]) -> Invocation:
    """A module of which only the arguments are known: the author's own, as a file of that name would be."""
    tool = readers().script(words[0].text.rpartition(".")[2] + ".py")
    tool = tool if tool in EVERYBODYS else None
    given = read_arguments(tool or ANY_SCRIPT, words[1:])
    path = words[0].text.replace(".", "/") + ".py"
    return Invocation(tool, given.values, given.configs, script=words[0]._replace(text=path))


def _script(words: Sequence[Word]) -> Invocation:
    """A Python file: by its name, or else only by what it and its arguments say."""
    path = words[0].value or ""
    name = path.rsplit("/", 1)[-1]
    tool = readers().told({_key(word.text) for word in words[1:]}) or readers().script(name)
    given = read_arguments(tool or ANY_SCRIPT, words[1:])
    return Invocation(tool, given.values, given.configs, script=words[0])


def _key(word: str) -> str:
    """The name in `--name`, `--name=value` and hydra's `name=value`."""
    name, equals, _ = word.partition("=")
    if word.startswith("-"):
        return flag_name(name)
    return name.lstrip("+~").replace("_", "-") if equals else ""
