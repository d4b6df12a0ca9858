"""What is known of one program: which arguments say what, and where it listens."""

from collections.abc import Mapping
from typing import Any

from gpuspec.named_tuple import NamedTuple
from gpuspec.words import Task


class Tool(NamedTuple):
    """A program that puts a model to work.

    `engine` decides how its memory is sized: the engine it is, or the one it is built on; None where it holds no
    weights. `flags`: long names without dashes and with "-" for "_", short ones with their dash ("-tp"). The right
    side is "field:kind" (a value follows; kinds are the workload's `arguments.CONVERSIONS`) or "field=value" (the
    flag alone says it; a true or false may follow); fields are those of a Workload; several are separated by blanks;
    "-" alone is a value that says nothing, "" a switch that says nothing. `implies` are values that calling it sets.
    `positional` is the field of its first plain argument. `dotted`: arguments are key=value, as hydra and OmegaConf
    read them. `translate` overrides words for one kind: {"quant": {"bitsandbytes": "int8"}}. `config` names the flags
    that take a configuration file.
    """

    engine: str | None
    task: Task | None = None
    flags: Mapping[str, str] = {}
    positional: str = ""
    implies: Mapping[str, Any] = {}
    dotted: bool = False
    translate: Mapping[str, Mapping[str, str | None]] = {}
    config: tuple[str, ...] = ()
    modality: str | None = None
    starts: bool = False
    """It starts a script or module that follows its own arguments: torchrun."""
    groups: bool = False
    """Its settings are the author's own: of dotted ones the last part says what is meant, `training.batch_size`."""
    packed: tuple[str, ...] = ()
    """Flags whose value is a list of key=value, each of which is read as a flag: `--model_args dtype=float16,…`."""
    variables: Mapping[str, str] = {}
    """Variables of its environment → what they say, as `flags`, beside those of its engine."""


class Server(NamedTuple):
    """Where a server listens, and who may ask it."""

    port: int
    """Unless told otherwise."""
    health: str = ""
    """The path that answers once the model is loaded; "" where it is not known."""
    image_port: int | None = None
    """Where its own container image listens, if elsewhere."""
    loopback: bool = False
    """It listens on 127.0.0.1 unless told otherwise."""
    host_flag: str = "--host"
    port_flag: str = "--port"
    bind_variable: str = ""
    """The variable that says host and port, where no flag does."""
    models_folder: str = ""
    """Where its image keeps the models that it is told to pull once it is up; "": it pulls none."""
    loads_later: bool = False
    """It is up at once, and loads a model when it is first asked for it."""
    image_listens: bool = False
    """Its own container image tells it to listen on every address."""
    key_flags: tuple[str, ...] = ()
    """Flags that make it ask for an API key; none: it cannot."""
    key_variable: str = ""
    """The variable that does the same."""
    host_variable: str = ""
    """The variable that says the host, where no flag does."""
    port_variable: str = ""
    """The variable that says the port, where no flag does."""
    short_port_flag: str = ""
    """The same as `port_flag` in one letter: "-p"."""


LISTEN_APART = ("dynamo", "fastchat", "huggingfaceserver", "llama_cpp", "llava", "sglang_router")
"""Modules that put an engine's server to work behind ports and flags of their own, or leave HTTP to another program:
Dynamo's frontend, the controllers of FastChat and LLaVA, KServe's runtime (`--http_port`), llama-cpp-python (8000),
SGLang's router. Sources: their documentation, November 2026."""


def alike(meaning: str, flags: str) -> dict[str, str]:
    """The table of flags, written with blanks between, that all say the same."""
    return dict.fromkeys(flags.split(), meaning)
