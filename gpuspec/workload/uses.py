"""What one command gives: its arguments, the files that it names, the Python that it runs."""

from typing import TYPE_CHECKING

from gpuspec.commands.shell import Command
from gpuspec.commands.steps import Step
from gpuspec.commands.word import UNKNOWN, Word, shown
from gpuspec.engines import USUAL_TRAINER, Tool, engine_of
from gpuspec.engines.hugging_face import METHOD_WORDS
from gpuspec.engines.launchers import CONFIGS, SPREADING
from gpuspec.named_tuple import NamedTuple
from gpuspec.words import Task
from gpuspec.workload.arguments import CONVERSIONS, ConfigFile, enter, short
from gpuspec.workload.programs import EVERYBODYS, Invocation, identify, read_as
from gpuspec.workload.readers import readers
from gpuspec.workload.training_values import keeps_on_gpu
from gpuspec.workload.value import TextPlace, Value, Values, placed

if TYPE_CHECKING:
    from gpuspec.workload.python import LoadedModels


class Use(NamedTuple):
    """One program that works with a model, and what its command gives. `sure`: the program is known, not only the
    usual names of its arguments."""

    tool: Tool
    values: Values
    more_models: tuple[str | None, ...]
    sure: bool
    command: Command
    task: Task | None


def use_of(step: Step) -> Use | None:
    """What a command gives; None where it has nothing to do with a model."""
    found = identify(step.command, step.command.folder)
    if found is None:
        return None
    place = TextPlace(step.pointer, step.path, step.pointer_of if step.pieces else None)
    found = _told(found, step)
    tool = found.tool
    values = placed({**_environment(tool, step), **found.values} if tool else found.values, place)
    read = True
    for config in found.configs:
        said = _config(config, tool, step)
        values = {**said, **values}
        if _in_4_bit(said, tool):
            values["method"] = said["method"]
        read = read and (_spreads(config) or step.read(config.path.text) is not None)
    script = _python(found, step)
    more: tuple[str | None, ...] = ()
    if script is not None:
        more = _more_models(script, values, found)
        values = {**script.values, **values}
        if script.tool and (tool is None or _more_telling(script.tool, tool)):
            tool = script.tool
    if tool is None and not values:
        return None
    start = place.origin(shown(" ".join(word.text for word in step.command.words[:2])))
    tool = tool or Tool(None)
    task = "train" if values.pop("training", None) and tool.task is None else tool.task
    unsure = frozenset() if read else _said_by_flags(tool)
    for field, implied in tool.implies.items():
        if field not in unsure:
            values.setdefault(field, Value(implied, start))
    if engine_of(tool.engine).process_is_slice and "processes" in values:
        values.setdefault("tensor_parallel", values["processes"])
    if task == "train":
        _one_device(values, step, place)
    if script is None and task == "train" and found.script is not None and found.tool in EVERYBODYS:
        known, text = _method_of_file(found.script.text), short(found.script.text)
        values.setdefault("method", Value(known, place.origin(text)))
    # What most scripts of such a name are written with.
    guessed = script is None and (found.tool in EVERYBODYS or _borrows_its_name(found))
    values.setdefault("engine", Value(tool.engine, start._replace(kind="default") if guessed else start))
    engine = engine_of(tool.engine)
    if engine.context_is_shared:
        _per_slot(values)
    if engine.projector_apart:
        _projector(values)
    sure = found.tool is not None or script is not None
    return Use(tool, values, more_models=more, sure=sure, command=step.command, task=task)


def _borrows_its_name(found: Invocation) -> bool:
    """Whether a script, which is not here, may be the author's own: `train_sft.py` is not only TRL's."""
    if found.script is None or found.tool is None:
        return False
    engine = engine_of(found.tool.engine)
    return engine.lends_script_names and engine.module not in found.script.text.lower()


def _in_4_bit(said: Values, tool: Tool | None) -> bool:
    """Whether a file names a base in 4 bit, which a recipe for adapters (lora_finetune_…) leaves to it."""
    tells = tool is not None and engine_of(tool.engine).config_name_tells
    return tells and "method" in said and said["method"].known == "qlora"


def _more_telling(script: Tool, tool: Tool) -> bool:
    """Whether a script's own trainer says more than its command line, which only has everybody's arguments, or than
    its name, which others bear as well."""
    usual = tool.engine == USUAL_TRAINER or engine_of(tool.engine).lends_script_names
    return usual and tool.engine != script.engine and engine_of(script.engine).kind == "trainer"


def _told(found: Invocation, step: Step) -> Invocation:
    """The author's own script, or one of everybody's name, whose configuration file only one program has."""
    if found.tool not in EVERYBODYS:
        return found
    for config in found.configs:
        text = step.read(config.path.text) if config.path.value else None
        if text is not None and not config.tool.starts:
            from gpuspec.workload.config import read_config

            tool = readers().told({_flag(key) for key in read_config(text, config.path.text)})
            if tool:
                return read_as(tool, found, step.command)
    return found


def _environment(tool: Tool, step: Step) -> Values:
    """What the environment says in the place of flags: MODEL_ID for --model-id, variables of the engine's own."""
    engine = engine_of(tool.engine)
    variables = {**engine.environment, **tool.variables}
    if engine.from_environment:
        variables.update({flag.replace("-", "_").upper(): meaning for flag, meaning in tool.flags.items()})
    values: Values = {}
    given = step.command.environment
    for name, meaning in variables.items():
        if meaning and name in given:
            value = given[name]
            enter(values, meaning, UNKNOWN if value is None else value, f"{name}={value or '…'}", tool)
    return values


def _python(found: Invocation, step: Step) -> "LoadedModels | None":
    """The Python file or text that a command runs, read."""
    code, path = found.code, step.path
    arguments: tuple[Word, ...] = ()
    command = step.command
    if found.script is not None and found.script.value:
        code, path = step.read(found.script.text), step.file(found.script.text)
        words = command.words
        arguments = words[words.index(found.script) + 1 :] if found.script in words else ()
    elif code is None and command.name.startswith("python"):
        code = next((r.target.text for r in command.redirects if r.operator == "<<"), None)
    if code is None:
        return None
    from gpuspec.workload.python import read_python

    text, environment = code, command.environment
    key = (text, arguments, tuple(environment.items()))
    loaded = step.files.read_program(key, text, lambda: read_python(text, arguments, environment))
    if loaded is None:
        return None
    if loaded.tool is None and not loaded.values:
        return None
    return loaded._replace(values=placed(loaded.values, TextPlace(step.pointer, path)))


def _more_models(script: "LoadedModels", values: Values, found: Invocation) -> tuple[str | None, ...]:
    """The models that a Python file loads besides the one that the command works with."""
    name = values.get("model_name") or script.values.get("model_name")
    more = tuple(model for model in script.models if name is None or model != name.known)
    if name is not None and script.models and more == script.models and found.values.get("model_name"):
        return more[1:]  # the first one it loads is the one that the command line names
    return more


def _config(config: ConfigFile, tool: Tool | None, step: Step, within: int = 0) -> Values:
    """What a configuration file says, and one that it names; where there is none to read, what its name says for
    certain."""
    path = config.path.value
    if path is None:
        return {}
    tool = config.tool if config.tool.starts else tool
    text = step.read(path)
    if text is None:
        return placed(_by_name(config, path, tool), TextPlace(step.pointer, step.path))
    from gpuspec.workload.config import read_config

    entries = read_config(text, path)
    table = _table(frozenset(key.split(".")[0] for key in entries), tool)
    if table is None:
        return {}
    values: Values = {}
    named: list[ConfigFile] = []
    for key, value in entries.items():
        flag = _flag(key)
        meaning = table.flags.get(flag)
        if meaning is None and path.endswith(".toml"):
            meaning = table.flags.get(flag.rpartition(".")[2])  # kohya's sections are for the reader
        if value.lower() in ("auto", "null", "~"):
            continue
        if meaning:
            enter(values, meaning, value, f"{key}: {value}", table)
        if flag.rpartition(".")[2] in SPREADING and within == 0:
            named.append(ConfigFile(config.path._replace(text=value), flag.rpartition(".")[2], table))
    values = placed(values, TextPlace(step.pointer, step.file(path)))
    for each in named:
        values = {**_config(each, tool, step, within + 1), **values}
    return values


def _flag(key: str) -> str:
    """A key of a configuration file as tables have it."""
    return key.replace("_", "-").lstrip("-")


def _table(keys: frozenset[str], tool: Tool | None) -> Tool | None:
    """The table of a configuration file: by keys that only one launcher's has, else by its reader."""
    for key, table in CONFIGS.items():
        if key in keys:
            return table
    return (engine_of(tool.engine).config or tool) if tool else None


def _by_name(config: ConfigFile, path: str, tool: Tool | None) -> Values:
    """A file that is not here: what its name says, and what it may say is unknown."""
    values: Values = {}
    if _spreads(config):
        return _spread(path)
    if tool and engine_of(tool.engine).config_name_tells:
        for field, kind in (("model_name", "builder"), ("method", "builder_method")):
            if known := CONVERSIONS[kind](path):
                values[field] = Value.of(known, path)
        shipped = engine_of(tool.engine).shipped_config
        entries = shipped(path) if shipped else {}
        table = engine_of(tool.engine).config or tool
        for key, value in entries.items():
            if meaning := table.flags.get(_flag(key)):
                enter(values, meaning, value, f"{path}: {key}: {value}", table)
        if not entries and "method" not in values:  # full fine-tuning: recipes differ in their optimizers
            values["optimizer"] = Value.of(None, path)
        return values
    if tool and tool.task == "train":
        values["batch"] = Value.of(None, path)
    return values


def _said_by_flags(tool: Tool) -> frozenset[str]:
    """What arguments and files may say. Of that nothing is taken for granted where the file is not here."""
    parts = (part for meaning in tool.flags.values() for part in meaning.split())
    return frozenset(part.partition(":")[0].partition("=")[0] for part in parts)


def _spreads(config: ConfigFile) -> bool:
    """Whether a file says only how training is spread, not what is trained."""
    return config.flag in SPREADING or config.tool.starts


def _one_device(values: Values, step: Step, place: TextPlace) -> None:
    """CUDA_VISIBLE_DEVICES=0 leaves one GPU to the program, whatever it would do on several."""
    seen = step.command.environment.get("CUDA_VISIBLE_DEVICES")
    if seen and CONVERSIONS["devices"](seen) == 1:
        values.setdefault("processes", Value(1, place.origin(f"CUDA_VISIBLE_DEVICES={seen}")))


def _spread(path: str) -> Values:
    """How training is spread, by the name of the file that says it. Another name leaves it unknown."""
    spread = CONVERSIONS["spread_of_file"](path)
    values = {"sharding": Value.of(spread, path)}
    if spread != "ddp" and not (spread or "").endswith("offload"):
        values["offload"] = Value.of("none" if keeps_on_gpu(path) else None, path)
    return values


def _per_slot(values: Values) -> None:
    """The context of one sequence, where what was given is for all together."""
    if "context" not in values or "concurrency" not in values:
        return
    whole, slots = values["context"], values["concurrency"]
    values["context"] = whole._replace(
        known=whole.known // slots.known if whole.known and slots.known else None
    )


def _projector(values: Values) -> None:
    """Whether the file is loaded that lets a model see: a model that is fetched from the hub brings it along."""
    named, model = values.pop("projector", None), values.get("model_name")
    fetched = model is not None and model.origin.text.startswith(("-hf", "--hf"))
    if model and (named.known == "none" if named else not fetched):
        values["text_only"] = (named or model)._replace(known=True)


def _method_of_file(path: str) -> str | None:
    """How a script that cannot be read trains, by its name; else unknown: it may well train adapters."""
    name = path.lower().rsplit("/", 1)[-1]
    return next((method for word, method in METHOD_WORDS.items() if word in name), None)
