"""The arguments of one command → values with their origins, by the table of its program."""

from collections.abc import Sequence

from gpuspec.commands.word import GPU_COUNT, UNKNOWN, Word, flag_name, shown
from gpuspec.engines.tool import Tool
from gpuspec.named_tuple import NamedTuple
from gpuspec.numerals import is_digits
from gpuspec.workload import training_values, values
from gpuspec.workload.training_values import EMPTY_IS_NONE, SILENT
from gpuspec.workload.value import Value, Values
from gpuspec.workload.values import truth

CONVERSIONS = {**values.CONVERSIONS, **training_values.CONVERSIONS}
"""The kinds of values that tables of `engines` name."""


class ConfigFile(NamedTuple):
    """A configuration file that a command names: its path, the flag ("" for a plain argument), whose flag it is."""

    path: Word
    flag: str
    tool: Tool


class Arguments(NamedTuple):
    """What the arguments give; plain ones in order; configuration files; the rest after a launcher's own."""

    values: Values
    plain: tuple[Word, ...] = ()
    configs: tuple[ConfigFile, ...] = ()
    rest: tuple[Word, ...] = ()


def read_arguments(tool: Tool, words: Sequence[Word]) -> Arguments:
    """Read the words after a program's name."""
    values: Values = {}
    plain: list[Word] = []
    configs: list[ConfigFile] = []
    at = 0
    while at < len(words):
        word = words[at]
        at += 1
        text = word.text
        if not text.startswith("-") or text in ("-", "--"):
            if tool.starts and text != "--":
                return Arguments(values, (), tuple(configs), tuple(words[at - 1 :]))
            if text != "--":
                _plain(tool, word, values, plain, configs)
            continue
        name, glued, value = text.partition("=")
        key = flag_name(name)
        if tool.starts and name in ("-m", "--module"):
            return Arguments(values, (), tuple(configs), tuple(words[at - 1 :]))
        if key not in tool.flags and key in ("tp", "pp", "dp") and f"-{key}" in tool.flags:
            key = f"-{key}"
        meaning = tool.flags.get(key)
        if not glued:
            following = words[at].text if at < len(words) else None
            value, used = _following(meaning, following, key in tool.config)
            at += used
        if key in tool.packed:
            _packed(tool, value, values)
        if key in tool.config and value:
            configs.append(ConfigFile(word._replace(text=value), key, tool))
        if meaning:
            enter(values, meaning, value, text if glued or not value else f"{name} {value}", tool)
    return Arguments(values, tuple(plain), tuple(configs))


def _packed(tool: Tool, text: str, values: Values) -> None:
    """The flags in "pretrained=org/model,dtype=float16"."""
    for pair in text.split(","):
        key, equals, value = pair.strip().partition("=")
        meaning = tool.flags.get(key.replace("_", "-")) if equals and key not in tool.packed else None
        if meaning:
            enter(values, meaning, value, pair, tool)


_OTHERS = frozenset(
    {"critic", "data", "dataset", "draft", "embed", "embedding", "eval", "evaluation", "generator", "judge", "ref",
     "reference", "reward", "reward-model", "rm", "teacher", "test", "tokenizer", "val", "validation"}
)  # fmt: skip
"""Parts of dotted settings that are of other models, or of no model."""
_NAMES = frozenset(
    {"name", "path", "id", "name-or-path", "model-name", "model-path", "hf-name", "checkpoint"}
)


def _meaning(tool: Tool, key: str, value: str) -> str | None:
    """What a setting `key=value` says, as hydra and OmegaConf take it: +a.b=c."""
    flag = key.lstrip("+~").replace("_", "-")
    parts = flag.split(".")
    if not tool.groups:
        return tool.flags.get(flag)
    if _OTHERS & set(parts):
        return None
    last = parts[-1]
    if last == "model" or (last in _NAMES and parts[-2:-1] == ["model"]):
        meaning: str | None = "model_name:name"
    else:
        meaning = tool.flags.get(last)
    # `model=llama3_8b` is a file of settings; of a name that is a model's the repository or the folder is said
    named = meaning is None or not meaning.startswith("model_name:") or "/" in value or UNKNOWN in value
    return meaning if named else None


def _plain(tool: Tool, word: Word, values: Values, plain: list[Word], configs: list[ConfigFile]) -> None:
    key, glued, value = word.text.partition("=")
    if glued and tool.dotted:
        if meaning := _meaning(tool, key, value):
            enter(values, meaning, value, word.text, tool)
        return
    plain.append(word)
    if "" in tool.config and word.text.endswith((".yaml", ".yml", ".json", ".toml")):
        configs.append(ConfigFile(word, "", tool))
    elif tool.positional and tool.positional not in values and len(plain) == 1:
        enter(values, f"{tool.positional}:name", word.text, word.text, tool)


def _following(meaning: str | None, following: str | None, config: bool) -> tuple[str, int]:
    """(value, words used) after a flag without "=". An unknown flag takes the next word unless that is a flag."""
    if following is None or meaning == "":
        return "", 0
    switch = meaning is not None and ":" not in meaning and meaning != "-" and not config
    if switch:
        return (following, 1) if truth(following) is not None else ("", 0)
    if following.startswith("-") and not _negative(following):
        return "", 0
    return following, 1


def _negative(text: str) -> bool:
    return len(text) > 1 and (is_digits(text[1]) or text[1] == ".")


def enter(values: Values, meaning: str, value: str, text: str, tool: Tool) -> None:
    """Enter what a flag's meaning and value give; the last one counts, as in every argument parser."""
    text = short(text)
    for part in meaning.split():
        field, colon, kind = part.partition(":")
        if colon:
            converted = convert(kind, value, text, tool)
            if converted.known is not SILENT:
                values[field] = converted
            continue
        field, _, constant = part.partition("=")
        # "--lora_r 64" says a rank, and with it that there are adapters at all
        wanted = value != "0" if ":" in meaning else truth(value) if value else True
        if field and field != "-" and wanted is not None:
            given = {"yes": True, "no": False}.get(constant, constant)
            if isinstance(given, bool):
                values[field] = Value.of(given if wanted else not given, text)
            elif wanted:
                values.setdefault(field, Value.of(given, text))
        elif field and field != "-":
            values[field] = Value.of(None, text)


def convert(kind: str, value: str, text: str, tool: Tool) -> Value:
    """A written value as the catalogue has it."""
    if value == GPU_COUNT or (kind == "processes" and value in ("gpu", "auto")):
        return Value.of(None, text, gpus=True)
    if not value and kind in EMPTY_IS_NONE:
        return Value.of(SILENT, text)
    if not value or UNKNOWN in value or GPU_COUNT in value:
        return Value.of(None, text)
    words = tool.translate.get(kind, {})
    if value.lower() in words:
        return Value.of(words[value.lower()], text)
    return Value.of(CONVERSIONS[kind](value), text)


def short(text: str) -> str:
    """Argument text for a reader, on one line that is not too long."""
    text = shown(text)
    return text if len(text) <= 120 else text[:119] + "…"
