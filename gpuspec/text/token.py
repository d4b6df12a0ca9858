"""Single tokens: strings, numbers and names, as JSON has them and as JSON5 does."""

import re
from typing import Any

from gpuspec.named_tuple import NamedTuple
from gpuspec.text.tree import Span

ODD_SPACE = "[\\v\\f\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]"
"""Space to JSON5 (ECMAScript WhiteSpace and LineTerminator), but not to JSON."""
_OF_WORD = r"""[^\s,:;=\[\]{}"'/\\\ufeff]*"""
_WORD = rf"{_OF_WORD}(?:\\u[0-9a-fA-F]{{4}}{_OF_WORD}){{0,1000}}"
_NUMBER = (
    r"([+-]?)(?:(0[xX][0-9a-fA-F]+)|((?:0|[1-9][0-9]*)?(\.[0-9]*)?(?:[eE][+-]?[0-9]+)?)|(Infinity)|(NaN))"
)
_BETWEEN = r"[^\\\"\x00-\x1f]*"
_OF_JSON = r"\\(?:[\"\\/bfnrt]|u[0-9a-fA-F]{4})"
_OF_ONE_SIGN = r"\\[^ux0-9\x00-\x1f\u2028\u2029]"
ESCAPE = (
    rf"({_OF_JSON}(?:{_BETWEEN}{_OF_JSON}){{0,1000}})|({_OF_ONE_SIGN}(?:{_BETWEEN}{_OF_ONE_SIGN}){{0,1000}})"
    r"|\\(?:x([0-9a-fA-F]{2})|(?P<line>\r\n|[\n\r\u2028\u2029])|(0(?![0-9])|[^ux0-9\r\n]))|\\"
)
"""Escapes with what stands between them, many in one match, since a text may hold millions."""
READ_AS_ONE = r"(?s)\\u[dD][89abAB]..\\u[dD][c-fC-F]..|\\u[0-9a-fA-F]{4}|\\?."
"""What of such a match becomes one character."""
_CONTROL = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "0": "\0"}
_LITERALS = {"true": True, "false": False, "null": None}


class Scalar(NamedTuple):
    """A value, and how it goes beyond JSON: `kind` of Extension ("" if it does not) and its plain spelling."""

    value: Any
    kind: str = ""
    plain: str | None = None


def quoted(text: str) -> str:
    """The string as JSON writes it; lone surrogates are escaped, since no file can hold them."""
    import json

    plain = json.dumps(text, ensure_ascii=False)
    return json.dumps(text) if re.search("[\ud800-\udfff]", plain) else plain


def run_end(pattern: str, text: str, at: int) -> int:
    """Where the matches of a pattern, one behind the other, end. `re` keeps a note of each turn of `(?:…)*`, a
    gigabyte of them for a text of 8 MiB: a pattern takes 1,000 turns, and is matched again."""
    match = re.compile(pattern, re.S).match
    while (found := match(text, at)) and found.end() > at:
        at = found.end()
    return at


def word_end(text: str, at: int) -> int:
    """Where the run of characters that could be a name or a number ends."""
    return run_end(_WORD, text, at)


def scalar(word: str) -> Scalar | None:
    """The number or literal a word stands for; None if it is neither."""
    if word in _LITERALS:
        return Scalar(_LITERALS[word])
    found = re.fullmatch(_NUMBER, word)
    if not found:
        return None
    sign, hexadecimal, decimal, fraction, infinity, nan = found.groups()
    minus = "-" if sign == "-" else ""
    if nan:
        return Scalar(float("nan"), "nan")
    if infinity:
        return Scalar(float(minus + "inf"), "infinity")
    if hexadecimal:
        if len(hexadecimal) > 1000:
            return None
        number = int(minus + hexadecimal, 16)
        return Scalar(number, "hex", str(number))
    return _decimal(minus, decimal, fraction, plus=sign == "+")


def _decimal(minus: str, digits: str, fraction: str | None, *, plus: bool) -> Scalar | None:
    if not digits or digits[0] in "eE" or digits == "." or digits[:2] in (".e", ".E"):
        return None
    plain = minus + digits
    kind = ""
    if fraction == ".":
        plain, kind = plain.replace(".", ".0", 1), "trailing-point"
    elif digits[0] == ".":
        plain, kind = minus + "0" + digits, "leading-point"
    if plus:
        kind = "plus-sign"
    try:
        value: Any = (
            float(minus + digits) if fraction or "e" in digits or "E" in digits else int(minus + digits)
        )
    except ValueError:  # more digits than Python reads (sys.set_int_max_str_digits)
        return None
    return Scalar(value, kind, plain if kind else None)


def identifier(word: str) -> str | None:
    """The name an unquoted key stands for; None if it is no ECMAScript 5.1 identifier name."""
    import unicodedata

    name: list[str] = []
    at = 0
    while at < len(word):
        if word[at] == "\\":
            name.append(chr(int(word[at + 2 : at + 6], 16)))
            at += 6
            continue
        char = word[at]
        category = unicodedata.category(char)
        begins = char in "$_" or category in ("Lu", "Ll", "Lt", "Lm", "Lo", "Nl")
        if not begins and not (at and (category in ("Mn", "Mc", "Nd", "Pc") or char in "\u200c\u200d")):
            return None
        name.append(char)
        at += 1
    return "".join(name) or None


def string_end(text: str, at: int) -> tuple[int, bool]:
    """(end, closed) of the string that opens at `at`; an open one ends with its line."""
    quote = text[at]
    end = re.compile(rf"[^\r\n{quote}]*").match(text, at + 1).end()  # type: ignore[union-attr]  # matches nothing, too
    if text[end : end + 1] == quote and text[end - 1] != "\\":
        return end + 1, True
    end = run_end(rf"[^\\\r\n{quote}]*(?:\\(?:\r\n|.)[^\\\r\n{quote}]*){{0,1000}}", text, at + 1)
    if text[end : end + 1] == quote:
        return end + 1, True
    return end, False


def read_escape(found: re.Match[str]) -> str:
    """What a match of ESCAPE means; nothing where it is no escape."""
    of_json, of_one_sign, byte, line, sign = found.groups()
    if of_json and "\\u" in of_json:
        import json

        return str(json.loads(f'"{of_json}"'))
    if of_json or of_one_sign:
        text = found[0].replace("\\\\", "\0")
        for letter in "bfnrtv":
            if letter in text:
                text = text.replace("\\" + letter, _CONTROL[letter])
        return text.replace("\\", "").replace("\0", "\\")
    if byte:
        return chr(int(byte, 16))
    return "" if line or not sign else _CONTROL.get(sign, sign)


def unescape(body: str) -> tuple[str, str, Span | None]:
    """(value, kind of extension or "", span of the first bad escape) of what stands between the quotes."""
    if "\\" not in body and not re.search("[\x00-\x1f]", body):
        return body, "", None
    kind = ""
    bad: Span | None = None

    def replace(found: re.Match[str]) -> str:
        nonlocal kind, bad
        of_json, *_, line, _ = found.groups()
        if found[0] == "\\":
            bad = bad or Span(found.start(), min(found.start() + 2, len(body)))
        elif not (kind or of_json):
            kind = "line-continuation" if line else "escape"
        return found[0] if found[0] < " " else read_escape(found)

    value = re.sub(ESCAPE + "|[\x00-\x1f]", replace, body)
    if re.search("[\ud800-\udbff]", value):
        value = value.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    return value, kind, bad
