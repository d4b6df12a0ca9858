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
_STATED = 131_072
"""Length of the configs of all of these."""
_MULTIPLIED = frozenset((("gemma3", 1_048_576), ("gemma3_text", 1_048_576), ("mllama", 1_048_576)))
"""Architecture and length of the list. Source: config.json of Gemma 3 4B to 27B (factor 8) and of Llama 3.2 Vision
(factor 8)."""
_MULTIPLIED_BY_WIDTH = frozenset(
    (
        (262_144, 2048), (262_144, 3072), (4_194_304, 2048), (4_194_304, 3072), (1_048_576, 4096),
        (1_048_576, 8192), (1_048_576, 16384),
    )
)  # fmt: skip
"""Length of the list and width, of the Llama 3 family: Llama 3.1 and 3.3 have the factor 8, Llama 3.2 1B and 3B have
32, each of 8,192. Source: their config.json."""
_LIKE_LLAMA = frozenset(("llama", "mixtral", "llava", "llama_bidirec"))
_SAID = re.compile(r"(?<![a-z0-9.])(\d+(?:\.\d+)?)([km])(?![a-z0-9])")


def length_of(row: Row) -> int:
    """The longest text that the config of a row states; 0 where the list does not know."""
    if row.context == NOT_READ:
        return 0
    if _in_name(row):
        return row.context
    if (row.architecture, row.context) in _MULTIPLIED:
        return _STATED
    llama = row.architecture in _LIKE_LLAMA and row.vocabulary >= _OF_LLAMA_3
    return _STATED if llama and (row.context, row.hidden) in _MULTIPLIED_BY_WIDTH else row.context


def _in_name(row: Row) -> bool:
    """Whether the name says this length: "Llama-3-8B-Instruct-262k", "-UltraLong-1M"."""
    for number, unit in _SAID.findall(row.name.lower()):
        said = float(number) * (1e6 if unit == "m" else 1e3)
        if 0.9 < row.context / said < 1.1:
            return True
    return False
