"""What commands and Python files are read by: the programs of every engine, and what plugins add to them.

What is wrong with a plugin's is said once, with its name."""

from collections.abc import Iterator, Mapping, Set
from functools import lru_cache
from typing import Any, get_args, get_type_hints

from gpuspec.engines import ENGINES, Engine, Tool
from gpuspec.engines.evaluation import PROGRAMS as EVALUATION
from gpuspec.engines.hugging_face import GENERIC_TRAINING, OTHER_WORDS, TRAINING_WORDS
from gpuspec.engines.known import HOOK as ENGINES_HOOK
from gpuspec.engines.known import known
from gpuspec.engines.launchers import LAUNCHERS
from gpuspec.engines.notebooks import PROGRAMS as NOTEBOOKS
from gpuspec.named_tuple import NamedTuple
from gpuspec.plugin.load import Plugins, plugins
from gpuspec.words import Task
from gpuspec.workload.arguments import CONVERSIONS
from gpuspec.workload.workload import Workload

HOOK = "gpuspec_workload_readers"
LONGEST = 3
"""Words of a command that may name its program."""

Programs = Mapping[tuple[str, ...], Tool]


class Readers(NamedTuple):
    """The engines whose programs are read, and what their rows say, by what a command holds."""

    installed: Plugins
    engines: tuple[Engine, ...]
    programs: Programs
    """How a command begins → its program."""
    images: Mapping[str, Tool]
    binaries: Mapping[str, str]
    """A program's name that says little → the telling one."""
    packages: Mapping[str, str]
    """What pip installs → the engine."""
    scripts: tuple[tuple[tuple[str, ...], Tool], ...]
    """How the names of Python files begin → what they are."""
    script_starts: tuple[str, ...]
    """All of these."""
    main_scripts: tuple[tuple[str, str, Tool], ...]
    """A checkout's folder and a script in it that has everybody's name → what it is."""
    told_by: tuple[tuple[frozenset[str], Tool], ...]
    """Flags or keys that together tell a program."""

    def script(self, name: str) -> Tool | None:
        """The tool that a Python file's name stands for, if it does."""
        if (name,) in self.programs:
            return self.programs[(name,)]
        if name.startswith(self.script_starts):
            return next(tool for starts, tool in self.scripts if name.startswith(starts))
        plain = name.removesuffix(".py").lower().replace("-", "_").replace("fine_tune", "finetune")
        words = set(plain.split("_"))
        return GENERIC_TRAINING if words & TRAINING_WORDS and not words & OTHER_WORDS else None

    def main_script(self, path: str) -> Tool | None:
        """The tool whose own checkout a script of everybody's name lies in."""
        for folder, file, tool in self.main_scripts:
            if path.endswith(f"/{file}") and folder in path.lower():
                return tool
        return None

    def told(self, keys: Set[str]) -> Tool | None:
        """The tool whose own flags, or keys of its configuration file, are among these."""
        return next((tool for own, tool in self.told_by if own <= keys), None)

    def loader(self, modules: set[str], owner: str, name: str) -> Tool | None:
        """What a Python call loads a model with, if it does."""
        for engine in self.engines:
            tool = engine.loaders.get(f"{owner}.{name}") or engine.loaders.get(name)
            if tool and engine.module in modules:
                return tool
        return None


_readers: Readers | None = None


def readers() -> Readers:
    """The readers, worked out once for the plugins of this process."""
    global _readers
    installed = plugins()
    if _readers is None or _readers.installed is not installed:
        _readers = _read(installed)
    return _readers


def _read(installed: Plugins) -> Readers:
    own: dict[tuple[str, ...], Tool] = {**NOTEBOOKS, **EVALUATION}
    for engine in ENGINES:
        own.update(engine.programs)
    engines: tuple[Engine, ...] = ENGINES
    programs: Programs = own
    if installed.loaded:
        from gpuspec.plugin.merge import merged

        engines = (*ENGINES, *_added(installed, own))
        programs = merged(HOOK, own, fault, what="program", reserved=LAUNCHERS, installed=installed)
    scripts = tuple(script for engine in engines for script in engine.scripts)
    return Readers(
        installed,
        engines,
        programs,
        {image: tool for engine in engines for image, tool in engine.images.items()},
        {short: name for engine in engines for short, name in engine.binaries.items()},
        {package: engine.name for engine in engines for package in engine.packages},
        scripts,
        tuple(start for starts, _ in scripts for start in starts),
        tuple((*engine.main_script, engine.tool) for engine in engines if engine.main_script),
        tuple((keys, engine.tool) for engine in engines for keys in engine.told_by),
    )


def _added(installed: Plugins, programs: dict[tuple[str, ...], Tool]) -> Iterator[Engine]:
    """The engines that plugins bring and whose programs can be read; these are added to `programs`."""
    here = known()
    for name, plugin in here.owner.items():
        engine = here.by_name[name]
        wrong = next((wrong for key, tool in _tools(engine) if (wrong := fault(key, tool))), None)
        taken = next((key for key in engine.programs if key in programs or key in LAUNCHERS), None)
        if taken and not wrong:
            wrong = f"the program {' '.join(taken)!r} is there already"
        if wrong:
            installed.complain(plugin, f"{ENGINES_HOOK}: {name!r}: {wrong}")
        else:
            programs.update(engine.programs)
            yield engine


def _tools(engine: Engine) -> Iterator[tuple[Any, Tool]]:
    """Every Tool of a row, with the words it goes by."""
    yield (engine.name,), engine.tool
    yield from engine.programs.items()
    for table in (engine.images, engine.loaders):
        for name, tool in table.items():
            yield (name,), tool
    for starts, tool in engine.scripts:
        yield starts[:1], tool


def fault(key: Any, tool: Any) -> str | None:
    """What is wrong with one entry; None if nothing. A field of the wrong type would fail our own rules."""
    if not (
        isinstance(key, tuple) and 0 < len(key) <= LONGEST and all(isinstance(w, str) and w for w in key)
    ):
        return f"{key!r:.60} is not the beginning of a command, such as ('acme', 'serve') or ('-m', 'acme.serve')"
    name = " ".join(key)
    if not isinstance(tool, Tool):
        return f"{name!r} gave {tool!r:.60}, which is no Tool"
    wrong = _tool_fault(tool)
    return f"{name!r}: {wrong}" if wrong else None


def _tool_fault(tool: Tool) -> str | None:
    for field in ("engine", "modality"):
        if not isinstance(getattr(tool, field), (str, type(None))):
            return f"{field} is {getattr(tool, field)!r:.60}, not a name"
    if tool.task is not None and tool.task not in get_args(Task):
        return f"task is {tool.task!r:.60}; it is one of {', '.join(get_args(Task))}"
    tables = (tool.flags, tool.implies, tool.translate, *_values(tool.translate))
    if not all(isinstance(table, Mapping) for table in tables):
        return "flags, implies and translate (and what that holds) are dicts"
    if not (isinstance(tool.config, tuple) and all(isinstance(flag, str) for flag in tool.config)):
        return f"config is {tool.config!r:.60}, not a tuple of flags"
    if tool.starts:
        return "it cannot start another program (starts)"
    if tool.positional:
        wrong = _type_fault(tool.positional, str)
        if wrong:
            return f"positional: {wrong}"
    for field, value in tool.implies.items():
        wrong = _type_fault(field, type(value))
        if wrong:
            return f"implies: {wrong}"
    found = (_flag_fault(flag, meaning) for flag, meaning in tool.flags.items())
    return next((wrong for wrong in found if wrong), None)


def _values(table: Any) -> list[Any]:
    return list(table.values()) if isinstance(table, Mapping) else []


def _flag_fault(flag: Any, meaning: Any) -> str | None:
    if not isinstance(flag, str) or not isinstance(meaning, str):
        return f"the flag {flag!r:.60} means {meaning!r:.60}; both are text"
    if flag.startswith("--") or "_" in flag:
        return f"the flag {flag!r} is written {flag.lstrip('-').replace('_', '-')!r}, without its dashes"
    for part in meaning.split():
        field, colon, kind = part.partition(":")
        field, _, constant = field.partition("=")
        if field == "-" or part == "expert_parallel=on":
            continue
        if colon and kind not in CONVERSIONS:
            from difflib import get_close_matches

            near = get_close_matches(kind, CONVERSIONS, n=1)
            meant = f"did you mean {near[0]}?" if near else f"kinds are: {', '.join(CONVERSIONS)}"
            return f"the flag {flag!r} has a value of kind {kind!r}; {meant}"
        given = _gives(kind) if colon else bool if constant in ("yes", "no") else str
        wrong = _type_fault(field, given)
        if wrong:
            return f"the flag {flag!r}: {wrong}"
    return None


@lru_cache(maxsize=64)
def _gives(kind: str) -> type:
    """What the values of a kind become, by the annotation of its converter."""
    return _plain(get_type_hints(CONVERSIONS[kind])["return"]) or str


@lru_cache(maxsize=1)
def _fields() -> dict[str, type | None]:
    return {field: _plain(hint) for field, hint in get_type_hints(Workload).items()}


def _plain(hint: Any) -> type | None:
    """The type of `int | None` and the like; None of what no flag can give."""
    found = [each for each in get_args(hint) or (hint,) if each is not type(None)]
    return found[0] if len(found) == 1 and found[0] in (int, float, bool, str) else None


def _type_fault(field: Any, given: type) -> str | None:
    """Why a field of a Workload cannot hold a value of a type; None if it can."""
    wanted = _fields().get(field)
    if wanted is None:
        return f"a Workload has no {field!r} that can be said"
    if given is wanted or (wanted is float and given is int):
        return None
    return f"{field} holds {wanted.__name__}, not {given.__name__}"
