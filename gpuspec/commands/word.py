"""Words of shell and Python texts: what is known of them, and what stands where nothing is."""

import re
from collections.abc import Sequence
from functools import cache

from gpuspec.named_tuple import NamedTuple

UNKNOWN = "\x01"
"""Stands in `Word.text` for a piece whose value is not known."""

GPU_COUNT = "\x02"
"""Stands in `Word.text` for "as many as there are GPUs": `$SKYPILOT_NUM_GPUS_PER_NODE`,
`$(nvidia-smi -L | wc -l)`."""

FIRST_MARK, LAST_MARK = "\U00100000", "\U0010fffd"
"""Characters for private use. After UNKNOWN each stands for one loop (`Enclosure.mark`): the piece differs from one
turn of it to the next."""

_PLAIN_WORDS = r"(?:[^\s'\"]|'[^']*'?|\"[^\"]*\"?)+"


class Word(NamedTuple):
    """One argument after expansion. `start`, `end`: characters of the text that was parsed; several words
    share a span where one expansion was split into them. `names`: the variables it is spliced from (scripts/ fills
    them)."""

    text: str
    start: int = 0
    end: int = 0
    names: frozenset[str] = frozenset()

    @property
    def value(self) -> str | None:
        """The literal value; None when any piece of it is unknown or symbolic."""
        return None if UNKNOWN in self.text or GPU_COUNT in self.text else self.text


@cache
def _mark() -> re.Pattern[str]:
    return re.compile(f"[{FIRST_MARK}-{LAST_MARK}]")


def marks(*texts: str) -> str:
    """The loops that some texts change with."""
    return "".join(
        dict.fromkeys(found for text in texts if UNKNOWN in text for found in _mark().findall(text))
    )


def shown(text: str, gpus: str = "$GPUS") -> str:
    """Text of words for a reader: what is unknown as an ellipsis."""
    if UNKNOWN in text:
        text = _mark().sub("", text).replace(UNKNOWN, "…")
    return text.replace(GPU_COUNT, gpus)


def option(words: Sequence[Word], *flags: str) -> str | None:
    """The text that the first of some flags is given: `--port 80` or `--port=80`; None where it is not there."""
    for at, word in enumerate(words):
        name, glued, value = word.text.partition("=")
        if name in flags:
            return value if glued else words[at + 1].text if at + 1 < len(words) else None
    return None


def plain_words(text: str) -> list[str]:
    """A command line as words. Quotes are taken off; nothing is expanded."""
    return [re.sub(r"['\"]", "", word) for word in re.findall(_PLAIN_WORDS, text)]


def flag_name(text: str) -> str:
    """The name of a flag without its dashes. The field allows dashes and underscores in it alike."""
    return text[2:].replace("_", "-") if text.startswith("--") else text
