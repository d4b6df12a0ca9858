"""The longest text of a repository, where the list multiplied it by a factor that it has in it already.

The list states `max_position_embeddings` times the factor of `rope_scaling`, in its later rows the factor times the
original length where that is more. Engines multiply neither for the kinds of Llama 3 and Gemma 3, whose
`max_position_embeddings` is the scaled length (vLLM 0.33.0, `_get_and_verify_max_len`)."""

from __future__ import annotations

import re

from tools.hub_models.rows import Row

NOT_READ = 4096
"""What the list has where it found no length."""
_OF_LLAMA_3 = 128_256
"""Its vocabulary; fine-tunes add to it."""
_STATED = {
    ("gemma3", 1_048_576): 131_072,
    ("gemma3_text", 1_048_576): 131_072,
    ("mllama", 1_048_576): 131_072,
}
"""Architecture and length of the list → length of the config. Source: config.json of Gemma 3 4B to 27B (factor 8)
and of Llama 3.2 Vision (factor 8)."""
_STATED_BY_WIDTH = {
    (262_144, 2048): 131_072,
    (262_144, 3072): 131_072,
    (4_194_304, 2048): 131_072,
    (4_194_304, 3072): 131_072,
    (1_048_576, 4096): 131_072,
    (1_048_576, 8192): 131_072,
    (1_048_576, 16384): 131_072,
}
"""The same of the Llama 3 family, by width: Llama 3.1 and 3.3 have the factor 8, Llama 3.2 1B and 3B have 32, each of
8,192. Source: their config.json."""
_LIKE_LLAMA = frozenset(("llama", "mixtral", "llava", "llama_bidirec"))
_SAID = re.compile(r"(?<![a-z0-9.])(\d+(?:\.\d+)?)([km])(?![a-z0-9])")


def length_of(row: Row) -> int:
    """The longest text that the config of a row states; 0 where the list does not know."""
    if row.context == NOT_READ:
        return 0
    if _in_name(row):
        return row.context
    stated = _STATED.get((row.architecture, row.context))
    if stated is None and row.architecture in _LIKE_LLAMA and row.vocabulary >= _OF_LLAMA_3:
        stated = _STATED_BY_WIDTH.get((row.context, row.hidden))
    return stated or row.context


def _in_name(row: Row) -> bool:
    """Whether the name says this length: "Llama-3-8B-Instruct-262k", "-UltraLong-1M"."""
    for number, unit in _SAID.findall(row.name.lower()):
        said = float(number) * (1e6 if unit == "m" else 1e3)
        if 0.9 < row.context / said < 1.1:
            return True
    return False
