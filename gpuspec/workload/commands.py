"""The commands of a job, its shell scripts followed → readings: one for each program that works with a model."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from gpuspec.commands.files import Folder
from gpuspec.commands.shell import UNKNOWN, Command, Enclosure, Word, parse
from gpuspec.engines import Tool
from gpuspec.engines.configs import table_of
from gpuspec.engines.training import GENERIC_TRAINING
from gpuspec.job.job import Task
from gpuspec.workload.arguments import say, shown
from gpuspec.workload.config import read_config
from gpuspec.workload.programs import Invocation, identify
from gpuspec.workload.value import Value, Values
from gpuspec.workload.values import CONVERSIONS, offloads, version
from gpuspec.workload.workload import Origin

_SHELLS = frozenset({"bash", "sh", "zsh", "dash"})
_DEPTH = 3
_BY_ENVIRONMENT = frozenset({"tgi", "tei"})
"""Engines that take each flag from a variable of its name, too (`text-generation-launcher --help`)."""
_OWN_SCRIPTS = (GENERIC_TRAINING, None)
"""Tools of training scripts that are the author's own: what they train, the file would tell."""
_ENGINE_OF_PACKAGE = {
    "vllm": "vllm",
    "sglang": "sglang",
    "lmdeploy": "lmdeploy",
    "transformers": "transformers",
}


class Place(NamedTuple):
    """Where a text of commands stands."""

    pointer: str
    path: str | None = None

    def origin(self, text: str) -> Origin:
        """The origin of something said here."""
        return Origin("file" if self.path else "command", text, self.pointer, self.path)


class Reading(NamedTuple):
    """What one command says. `sure`: its program is known, not only its arguments' usual names."""

    tool: Tool
    values: dict[str, tuple[Value, Origin]]
    more_models: tuple[str | None, ...] = ()
    sure: bool = True
    enclosures: tuple[Enclosure, ...] = ()
    task: Task | None = None


class Reader:
    """Reads texts of commands one after another, remembering what they download, install and write."""

    def __init__(self, folder: Folder, env: Mapping[str, str | None], workdir: str) -> None:
        self.folder = folder
        self.env = dict(env)
        self.workdir = workdir
        self.downloaded: dict[str, str] = {}
        self.versions: dict[str, tuple[Value, Origin]] = {}
        self.last: Command | None = None
        """The command that the last text read ends with, unless that runs in the background."""

    def read(
        self, text: str, place: Place, arguments: tuple[str, ...] | None = None, depth: int = 0
    ) -> list[Reading]:
        """Readings of a text, in the order in which its commands would run."""
        found: list[Reading] = []
        within = self.workdir
        for command in parse(text, self.env, arguments).commands:
            if not in_background(command.enclosures):
                self.last = command
            if _changes_folder(command):
                within = posixpath.join(within, command.words[1].text.removeprefix("~/sky_workdir"))
            self._note(command, place)
            script = _shell_script(command)
            if script is not None:
                inner = self.folder.read(script.text, within) if script.value and depth < _DEPTH else None
                if inner is not None:
                    at = command.words.index(script)
                    given = tuple(word.text for word in command.words[at + 1 :])
                    for reading in self.read(inner, Place(place.pointer, script.text), given, depth + 1):
                        found.append(reading._replace(enclosures=command.enclosures + reading.enclosures))
                continue
            found.extend(self._readings(command, place, within))
        return found

    def _note(self, command: Command, place: Place) -> None:
        """Files written by here-documents, models downloaded to folders, versions installed."""
        texts = [word.text for word in command.words]
        if command.name in ("cat", "tee"):
            fed = next((r.target.text for r in command.redirects if r.operator == "<<"), None)
            target = next((r.target.value for r in command.redirects if r.operator in (">", ">>")), None)
            target = target or (command.words[-1].value if command.name == "tee" else None)
            if fed is not None and target:
                self.folder.written[posixpath.normpath(target)] = fed
        if texts[:2] in (["huggingface-cli", "download"], ["hf", "download"]) and len(texts) > 2:
            target = _after("--local-dir", texts)
            if target and command.words[2].value:
                self.downloaded[posixpath.normpath(target)] = texts[2]
        if "install" in texts and any(
            text in ("pip", "pip3", "uv") for text in (*texts[:4], *_wrapped(command))
        ):
            for word in command.words:
                package, equals, number = word.text.partition("==")
                engine = _ENGINE_OF_PACKAGE.get(package.split("[")[0].lower())
                if equals and engine and version(number):
                    self.versions[engine] = Value(version(number), word.text), place.origin(word.text)

    def _readings(self, command: Command, place: Place, within: str) -> Iterator[Reading]:
        found = identify(command, within)
        if found is None:
            return
        values = {field: (value, place.origin(value.text)) for field, value in found.values.items()}
        tool = found.tool
        if tool and tool.engine in _BY_ENVIRONMENT:
            for field, told in self._environment(tool, command).items():
                values.setdefault(field, (told, place.origin(told.text)))
        more: tuple[str | None, ...] = ()
        for config in found.configs:
            for field, value in self._config(config, tool, within, place):
                values.setdefault(field, value)
        loaded = self._python(found, command, place, within)
        if loaded is not None:
            tool, more = self._with_script(found, loaded, values)
        if tool is None and not values:
            return
        said = " ".join(word.text for word in command.words[:2]).replace(UNKNOWN, "…")
        tool = tool or Tool(None)
        for field, implied in tool.implies.items():
            values.setdefault(field, (Value(implied, said), place.origin(said)))
        task = tool.task
        training = values.pop("training", None)
        if task is None and training:
            task = "train"
        if loaded is None and task == "train" and found.script is not None and found.tool in _OWN_SCRIPTS:
            method = _method_of_file(found.script.text)
            values.setdefault("method", (method, place.origin(method.text)))
        values.setdefault("engine", (Value(tool.engine, said), place.origin(said)))
        if tool.engine == "llama.cpp":
            _per_slot(values)
        yield Reading(
            tool, values, more, found.tool is not None or loaded is not None, command.enclosures, task
        )

    def _environment(self, tool: Tool, command: Command) -> Values:
        """What the environment says in the place of flags: MODEL_ID for --model-id."""
        values: Values = {}
        given = {**self.env, **command.assignments}
        for flag, meaning in tool.flags.items():
            name = flag.replace("-", "_").upper()
            if meaning and name in given:
                said = given[name]
                say(values, meaning, UNKNOWN if said is None else said, f"{name}={said or '…'}", tool)
        return values

    def _with_script(
        self, found: Invocation, loaded: _Script, values: dict[str, tuple[Value, Origin]]
    ) -> tuple[Tool | None, tuple[str | None, ...]]:
        """Add what a Python file says where its command line is silent."""
        for field, value in loaded.values.items():
            values.setdefault(field, (value, loaded.place.origin(value.text)))
        name = values.get("model_name")
        more = tuple(model for model in loaded.models if name is None or model != name[0].known)
        if name is not None and loaded.models and more == loaded.models and found.values.get("model_name"):
            more = more[1:]  # the first one it loads is the one that the command line names
        tool = found.tool
        if loaded.tool and (
            tool is None or (tool.engine == "hf-trainer" and loaded.tool.engine == "unsloth")
        ):
            tool = loaded.tool
        return tool, more

    def _python(self, found: Invocation, command: Command, place: Place, within: str) -> _Script | None:
        """The Python file or text that a command runs, read."""
        code, where = found.code, place
        arguments: tuple[Word, ...] = ()
        if found.script is not None and found.script.value:
            code = self.folder.read(found.script.text, within)
            where = Place(place.pointer, found.script.text)
            words = list(command.words)
            arguments = tuple(words[words.index(found.script) + 1 :]) if found.script in words else ()
        elif code is None and command.name.startswith("python"):
            code = next((r.target.text for r in command.redirects if r.operator == "<<"), None)
        if code is None:
            return None
        from gpuspec.workload.python import read_python

        loaded = read_python(code, arguments, self.env)
        if loaded.tool is None and not loaded.values:
            return None
        return _Script(loaded.tool, loaded.values, loaded.models, where)

    def _config(
        self, config: Word, tool: Tool | None, within: str, place: Place
    ) -> Iterator[tuple[str, tuple[Value, Origin]]]:
        """What a configuration file says; where there is none to read, what its name says for certain."""
        path = config.value
        if path is None:
            return
        text = self.folder.read(path, within)
        values: Values = {}
        if text is None:
            self._by_name(path, tool, values)
            for field, value in values.items():
                yield field, (value, place.origin(value.text))
            return
        entries = read_config(text, path)
        table = table_of(frozenset(key.split(".")[0] for key in entries), tool)
        if table is None:
            return
        for key, said in entries.items():
            meaning = table.flags.get(key.replace("_", "-"))
            if meaning and said.lower() not in ("auto", "null", "~"):
                say(values, meaning, said, f"{key}: {said}", table)
        where = Place(place.pointer, path)
        for field, value in values.items():
            yield field, (value, where.origin(value.text))

    def _by_name(self, path: str, tool: Tool | None, values: Values) -> None:
        """A file that is not here: what its name says, and what it may say is unknown."""
        if tool and tool.engine == "torchtune":
            for field, kind in (("model_name", "builder"), ("method", "builder_method")):
                said = CONVERSIONS[kind](path)
                if said:
                    values[field] = Value(said, path)
            if "method" not in values:  # the recipes for full fine-tuning differ in their optimizers
                values["optimizer"] = Value(None, path)
            return
        stage = CONVERSIONS["stage_of_file"](path)
        if stage:
            values["sharding"] = Value(stage, path)
        if stage or path.endswith(".json"):
            said = "none" if "no_offload" in path.lower() else "cpu" if offloads(path) else None
            values["offload"] = Value(said, path)
        elif tool and tool.task == "train":
            values["batch"] = Value(None, path)


class _Script(NamedTuple):
    """A Python file that was read, and where it stands."""

    tool: Tool | None
    values: Values
    models: tuple[str | None, ...]
    place: Place


def _per_slot(values: dict[str, tuple[Value, Origin]]) -> None:
    """llama.cpp's -c is for all its slots together (`llama-server --help`: -c, -np)."""
    if "context" not in values or "concurrency" not in values:
        return
    (whole, origin), (slots, _) = values["context"], values["concurrency"]
    known = whole.known // slots.known if whole.known and slots.known else None
    values["context"] = whole._replace(known=known), origin


def _method_of_file(path: str) -> Value:
    """How a script that cannot be read trains, by its name; else unknown: it may well train adapters."""
    name = path.lower().rsplit("/", 1)[-1]
    known = "qlora" if "qlora" in name else "lora" if "lora" in name or "peft" in name else None
    return Value(known, shown(path))


def _wrapped(command: Command) -> Iterator[str]:
    return (word.text for wrapper in command.wrappers for word in wrapper.words[:2])


def in_background(enclosures: tuple[Enclosure, ...]) -> bool:
    """Whether what comes next does not wait for it."""
    return any(around.kind == "background" for around in enclosures)


def _changes_folder(command: Command) -> bool:
    here = any(around.kind in ("subshell", "pipe", "substitution") for around in command.enclosures)
    known = command.name == "cd" and len(command.words) == 2 and command.words[1].value
    return bool(known) and not here and not command.conditional


def _shell_script(command: Command) -> Word | None:
    """The shell file that a command runs: `bash x.sh`, `./x.sh`, `source x.sh`."""
    if not command.words:
        return None
    name = command.name
    rest = [word for word in command.words[1:] if not word.text.startswith("-")]
    if name in _SHELLS or name in ("source", "."):
        return rest[0] if rest and not rest[0].text.endswith("activate") else None
    if name.endswith(".sh"):
        return command.words[0]
    return None


def _after(flag: str, texts: list[str]) -> str | None:
    at = texts.index(flag) + 1 if flag in texts else len(texts)
    return texts[at] if at < len(texts) else None
