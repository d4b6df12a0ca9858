"""What is known of one program: which arguments say what."""

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


def alike(meaning: str, flags: str) -> dict[str, str]:
    """The table of flags, written with blanks between, that all say the same."""
    return dict.fromkeys(flags.split(), meaning)
