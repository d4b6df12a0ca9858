"""Text from outside, made safe to print on the machine: what gpuspec/printable.py has, since a program there is
alone. A test holds the two together."""

from __future__ import annotations

import re

_LETTERS = r"\u0620-\u085f\u08a0-\u0dff\u1000-\u109f\u1780-\u17b3\u17b6-\u17ff\u1820-\u18aa\u1b00-\u1b7f\ua980-\ua9df"
"""Of scripts that are written with joiners: Arabic and its kin, those of India, Burmese, Khmer, Mongolian …"""
_EMOJI = (
    r"\xa9\xae\u203c\u2049\u2122\u2139\u2190-\u27bf\u2900-\u297f\u2b00-\u2bff"
    r"\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
)
INVISIBLE = (
    r"[\x7f-\x9f"  # DEL, and the second set of controls: to a terminal \x9b is what ESC [ is
    r"\u2028-\u202e\u2066-\u2069"  # new lines; what changes the order of letters
    # What nobody sees: Default_Ignorable_Code_Point of Unicode 16.0, without joiners and U+FE0F (below); an empty
    # Braille cell; marks of annotations.
    r"\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u2060-\u2065\u206a-\u206f\u2800\u3164"
    r"\ufe00-\ufe0e\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    r"\ud800-\udfff\ufffe\uffff]"  # no characters
    # Joiners, but between two letters that they join, or two emoji; U+FE0F, but behind an emoji, or in a keycap.
    rf"|[\u200c\u200d](?!(?<=[{_LETTERS}].)[{_LETTERS}]"
    rf"|(?<=[{_EMOJI}]\u200d)[{_EMOJI}]|(?<=[{_EMOJI}]\ufe0f\u200d)[{_EMOJI}])"
    rf"|(?<![{_EMOJI}])\ufe0f(?!(?<=[0-9#*].)\u20e3)"
)
"""For `re`: each character that is never shown as it is, beside the first 32."""
COMMAND = r"#(?=#\w*\[)"
"""`##[` of GitHub and Azure, `##vso[` of Azure, `##teamcity[`: how a command to a CI runner begins, anywhere in a
line (https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs)."""
UNSAFE = rf"[\x00-\x1f]|{INVISIBLE}|{COMMAND}"
"""What is escaped wherever it stands."""


def printable(text: str) -> str:
    """`text` on one line, with an escape for each character that a terminal or a log would act upon, or not show:
    there are addresses, names and messages of servers in it."""
    return re.sub(UNSAFE, lambda found: "\\x23" if found[0] == "#" else ascii(found[0])[1:-1], text)
