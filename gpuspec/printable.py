"""Text from outside, made safe to show: what a file, a name or an error says stays text wherever it is printed.

A terminal obeys control characters and shows text in another order after bidirectional ones; a line that begins with
`::` is a command to GitHub's runner, and `##[` anywhere in a line is one, too. All of these are shown as escapes, the
way Python and JSON write them, so that a reader sees what is there. Whatever leaves the program goes through here.
This file travels with the programs that run on rented machines (`launch/on_machine`): Python 3.8 reads it.
"""

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
"""What `one_line` escapes wherever it stands."""
_HIDDEN = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0"
    + "".join(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
)
"""Of `INVISIBLE`, what Python takes for printable: `re` takes 4 ms to compile the whole of it."""
_SHORT = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}


def one_line(text: str) -> str:
    """Text as it may stand in a line of what is printed, or be one. What is safe comes back as it is, so that a line
    may go through here after its parts have."""
    if "##" in text or not text.isprintable() or not _HIDDEN.isdisjoint(text):
        text = re.sub(UNSAFE, lambda found: _SHORT.get(found[0]) or escape(found[0]), text)
    if "::" in text and text.lstrip().startswith("::"):
        text = text.replace("::", "\\x3a:", 1)
    return text


def lines(text: str) -> str:
    """Text of several lines, each as `one_line` gives it."""
    return "\n".join(map(one_line, text.split("\n")))


def escape(char: str) -> str:
    """`\\x1b`, `\\u202e`, `\\U000e0041`."""
    number = ord(char)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


_APART = r"\g<0>&#8203;"


def markdown(text: str) -> str:
    """Text in one line of Markdown, as it is: none of it becomes markup, a link, a mention or a reference, on GitHub
    or GitLab, and it may stand in a table."""
    text = one_line(" ".join(text.split()))
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    # A space of no width, after which nothing is a reference any more: @name #1 !1 ~"label" %1 ^alert#1 &1,
    # [vulnerability:1], [[page]], *iteration:1; http://, www.; and in the id of a commit, which has 7 digits or more.
    text = re.sub(r"""[@#!^](?=\w)|[~%](?=[\w"'.?&-])|&amp;(?=\w)|\[(?=\[|\w+:)|\*(?=\w+:)""", _APART, text)
    text = re.sub(r"(?i):(?=//)|www(?=\.)|g[hl]-(?=\d)|mailto:|xmpp:|[0-9a-f]{6}(?=[0-9a-f])", _APART, text)
    text = re.sub(r"[\\`*_\[\]|~]", r"\\\g<0>", text)
    # $1 is a snippet of GitLab: in a price a line may not break, so it is a joiner of no width.
    return re.sub(r"\$(?=\S)", "$&#8288;", text)


LONGEST_PATH = 4096


def short(text: str, word: int = 200) -> str:
    """A message without the rest of names that nobody reads to their end: a GPU's may have a million letters. `word`
    is the longest that stays."""
    if len(text) > word:
        text = re.sub(rf"(\S{{{word}}})\S{{100,}}", r"\1…", text)
    most = 10 * word
    return text if len(text) <= most else text[:most] + "…"
