"""By which name a client beside a server asks for its model: `OPENAI_MODEL` of another container in the same file."""

import re
from collections.abc import Mapping

from gpuspec.named_tuple import NamedTuple

_NAMES = frozenset(
    {
        "OPENAI_MODEL", "OPENAI_MODEL_NAME", "OPENAI_API_MODEL", "OPENAI_CHAT_MODEL", "LLM_MODEL", "LLM_MODEL_NAME",
        "VLLM_MODEL_NAME",
    }
)  # fmt: skip
"""Variables by which clients of OpenAI's API are told a model, and nothing else is."""
_BASE = re.compile(r"https?://([^/:@]+)(?::\d+)?(?:/.*)?")


class AskedModel(NamedTuple):
    """What a client asks for, at which host, and the variable that says it."""

    host: str
    model: str
    variable: str


def asked_model(environment: Mapping[str, str | None]) -> AskedModel | None:
    """The model that a client with these variables asks for; None where it asks several hosts, or none is known."""
    texts = {name: value for name, value in environment.items() if value}
    bases = {
        found[1] for name, value in texts.items() if "BASE" in name and (found := _BASE.fullmatch(value))
    }
    named = [name for name in texts if name in _NAMES]
    if len(bases) != 1 or len(named) != 1:
        return None
    return AskedModel(bases.pop(), texts[named[0]], named[0])
