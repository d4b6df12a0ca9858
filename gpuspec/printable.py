"""Text from outside, made safe to show: what a file, a name or an error says stays text wherever it is printed.

A terminal obeys control characters and shows text in another order after bidirectional ones; a line that begins with
`::` is a command to GitHub's runner, and `##[` anywhere in a line is one, too. All of these are shown as escapes, the
way Python and JSON write them, so that a reader sees what is there. Whatever leaves the program goes through here.
"""

from __future__ import annotations

import re

CONTROLS = (
    "\\x7f-\\x9f"  # DEL, and the second set of controls: to a terminal \x9b is what ESC [ is
    "\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"  # new lines; what changes the order of letters
    "\\xad\u180e\u200b\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffb"  # what nobody sees
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f"
    "\\ud800-\\udfff\ufffe\uffff"  # no characters
)
"""For a class of `re`: what is never shown as it is, beside the first 32. Joiners (U+200C, U+200D) are shown: Persian
words and emoji are written with them, and they change no order."""

_UNSAFE = f"[\\x00-\\x1f{CONTROLS}]"
_SHORT = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}
COMMAND = r"##(?=\w*\[)"
"""`##[` of GitHub and Azure, `##vso[` of Azure, `##teamcity[`: how a command to a CI runner begins, anywhere in a
line (https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs)."""


def one_line(text: str) -> str:
    """Text as it may stand in a line of what is printed, or be one. What is safe comes back as it is, so that a line
    may go through here after its parts have."""
    if not text.isprintable():
        text = re.sub(_UNSAFE, lambda found: _SHORT.get(found[0]) or escape(found[0]), text)
    if "##" in text:
        text = re.sub(COMMAND, r"\\x23#", text)
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


def markdown(text: str) -> str:
    """Text in one line of Markdown, as it is: none of it becomes markup, a link, a mention or a reference, on GitHub
    or GitLab, and it may stand in a table."""
    text = one_line(" ".join(text.split()))
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = re.sub(r"[\\`*_\[\]|~]", r"\\\g<0>", text)
    # A space of no width, after which nothing is a link any more: @name, #1, !1, ~label, &1; http://, www.
    text = re.sub(r"(?:[@#!%^~$]|&amp;)(?=\w)(?<!\$(?=\d))", r"\g<0>&#8203;", text)
    return re.sub(r"(?i):(?=//)|www(?=\.)|gh-(?=\d)|mailto:|xmpp:", r"\g<0>&#8203;", text)
