"""The engines of this process: the rows that are shipped, and those that plugins bring."""

from typing import Any

from gpuspec.engines import audio, hugging_face, image, llama_cpp, pretraining, serving, training, vllm
from gpuspec.engines.engine import Defaults, Engine, Memory, Quantizing, Server, Training
from gpuspec.named_tuple import NamedTuple
from gpuspec.plugin.load import Plugins, plugins

HOOK = "gpuspec_engines"

ENGINES = (
    *vllm.ENGINES, *serving.ENGINES, *llama_cpp.ENGINES, *image.ENGINES, *hugging_face.ENGINES, *training.ENGINES,
    *pretraining.ENGINES, *audio.ENGINES,
)  # fmt: skip
"""The rows that are shipped."""
_OWN = {engine.name: engine for engine in ENGINES}
_ALIASES = {alias: engine.name for engine in ENGINES for alias in engine.aliases}
_NO_ENGINE = Engine("")
_PARTS: dict[str, type | tuple[type, ...]] = {
    "memory": Memory, "training": Training, "server": (Server, type(None)), "quantizing": Quantizing,
}  # fmt: skip


class KnownEngines(NamedTuple):
    """All rows by name, and of those that plugins bring, whose they are."""

    installed: Plugins
    by_name: dict[str, Engine]
    aliases: dict[str, str]
    owner: dict[str, str]


_known: KnownEngines | None = None


def known() -> KnownEngines:
    """The engines, worked out once for the plugins of this process."""
    global _known
    installed = plugins()
    if _known is None or _known.installed is not installed:
        # A plugin may build its row on one of these while it is loaded.
        _known = KnownEngines(installed, _OWN, _ALIASES, {})
        if installed.loaded:
            _known = _with_plugins(installed)
    return _known


def _with_plugins(installed: Plugins) -> KnownEngines:
    from gpuspec.plugin.merge import merged

    owner: dict[str, str] = {}

    def keep(plugin: str, name: str, engine: Engine) -> Engine:
        owner[name] = plugin
        return engine

    by_name = merged(
        HOOK,
        _OWN,
        _fault,
        what="engine",
        reserved=_ALIASES,
        name_of=_name,
        keep=keep,
        installed=installed,
    )
    added = {alias: name for name in owner for alias in by_name[name].aliases if alias not in by_name}
    return KnownEngines(installed, dict(by_name), {**added, **_ALIASES}, owner)


def engine_of(name: str | None) -> Engine:
    """The row of an engine by name or alias; of one that is not known (or not named) a row that holds its name
    alone, whose memory is plain PyTorch's."""
    if not name:
        return _NO_ENGINE
    key = name.lower().replace("_", "-")
    here = known()
    return here.by_name.get(here.aliases.get(key, key)) or Engine(name)


def is_known(name: str) -> bool:
    """Whether an engine is called that."""
    return bool(engine_of(name).kind)


def engine_names() -> list[str]:
    """What engines are called, without their aliases."""
    return list(known().by_name)


def key_variables() -> frozenset[str]:
    """Variables that make some server ask for an API key."""
    servers = (engine.server for engine in known().by_name.values())
    return frozenset(server.key_variable for server in servers if server and server.key_variable)


def _name(engine: Any) -> str | None:
    return engine.name if isinstance(engine, Engine) and isinstance(engine.name, str) else None


def _fault(name: str | None, engine: Any) -> str | None:
    """What is wrong with a plugin's row; None if nothing. What its programs say is judged where commands are read."""
    if not name:
        return f"{engine!r:.60} is no Engine with a name"
    if name != name.lower() or "_" in name:
        return f"the engine {name!r} is written in small letters, with - for _"
    for field, kind in _PARTS.items():
        if not isinstance(getattr(engine, field), kind):
            return f"{name!r}: {field} is {getattr(engine, field)!r:.60}"
    if not (engine.defaults and all(isinstance(each, Defaults) for each in engine.defaults)):
        return f"{name!r}: defaults is {engine.defaults!r:.60}, not a tuple of Defaults"
    taken = next((alias for alias in engine.aliases if alias in _OWN or alias in _ALIASES), None)
    return f"{name!r}: the engine {taken!r} is there already" if taken else None
