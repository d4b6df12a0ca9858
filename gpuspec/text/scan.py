"""The scanner: one pass, no recursion, positions of everything, and recovery after a mistake."""

from __future__ import annotations

import re
from typing import Any

from gpuspec.text import token
from gpuspec.text.limits import MAX_DEPTH, Limits
from gpuspec.text.mistakes import TYPOGRAPHIC, shown
from gpuspec.text.tree import Duplicate, Span, Tree, part

# The common case in one match: a member (or an element) as JSON has it, with the comma after it.
_PLAIN = r"""
    (?: "([^"\\\x00-\x1f]*)" | (?: (-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,17})?) | (true|false|null) )(?=[\s,\]}/]) )
    [ \t\n\r]* ,?  |  ([{\[])"""
_MEMBER = re.compile(r'[ \t\n\r]* "([^"\\\x00-\x1f]*)" [ \t\n\r]*:[ \t\n\r]* (?:' + _PLAIN + ")", re.X).match
_ELEMENT = re.compile(r"[ \t\n\r]* () (?:" + _PLAIN + ")", re.X).match
_CLOSE = re.compile(r"[ \t\n\r]*([}\]])(?:[ \t\n\r]*(,))?").match
_BLANKS = re.compile(r"[ \t\n\r]*").match
_TO_LINE_END = re.compile(r"[^\n\r\u2028\u2029]*").match
_LITERALS = {"true": True, "false": False, "null": None}
_COLON = r"\s*[:=]"
_OPEN_KEY = r"[\"']([\w$.-]+)(?=\s*:)"
_AFTER_KEY = r"[\s\ufeff]*[:=/]"


class Scanner(Limits):
    """Reads one text into a tree. `box` is the container being filled, `stack` holds those around it."""

    def __init__(self, tree: Tree) -> None:
        super().__init__(tree)
        self.box: Any = None
        self.stack: list[tuple[Any, str, str, int]] = []
        self.comma = 0

    def run(self) -> None:
        """Read the whole text into the tree."""
        self.trivia()
        if self.at >= len(self.text):
            what = "only comments" if self.tree.comments else "empty"
            self.problem(self.at, self.at, f"the file is {what}", "a job spec is one object: { … }")
            return
        while self.at < len(self.text) and "" not in self.tree.values and not self.stopped:
            self.value(None)
            if self.box is None:
                self.trivia()
        while self.box is not None and not self.stopped:
            self.fast()
            if not self.stopped:
                self.step()
        if not self.stopped:
            self.after_root()

    # -- the common case ------------------------------------------------------------------------

    def fast(self) -> None:
        """Members and elements as JSON has them, until something else turns up."""
        text, values, keys, new = self.text, self.tree.values, self.tree.keys, tuple.__new__
        at, box, base = self.at, self.box, self.base
        named = type(box) is dict
        match = _MEMBER if named else _ELEMENT
        while True:
            m = match(text, at) if self.ready and len(values) < self.room else None
            if m is None:
                end = self.closed(at)
                if not end:
                    break
                at, box, base = end, self.box, self.base
                named = type(box) is dict
                match = _MEMBER if named else _ELEMENT
                continue
            if named:
                name = m[1]
                if name in box or "/" in name or "~" in name:
                    break
                here = base + name
                start, end = m.span(1)
                keys[here] = new(Span, (start - 1, end + 1))
            else:
                name = None
                here = base + str(len(box))
            kind = m.lastindex or 1
            start, end = m.span(kind)
            if kind == 5:
                self.at = start
                self.open(here, name)
                if self.stopped:
                    return
                at, box, base = self.at, self.box, self.base
                named = type(box) is dict
                match = _MEMBER if named else _ELEMENT
                continue
            if kind == 2:
                value: Any = text[start:end]
                start -= 1
                end += 1
            elif kind == 3:
                value = float(m[3]) if "." in m[3] else int(m[3])
            else:
                value = _LITERALS[m[4]]
            values[here] = new(Span, (start, end))
            if named:
                box[name] = value
            else:
                box.append(value)
            self.last = end
            self.clean = True
            at = m.end()
            if text[at - 1] == "," and at > end:
                self.comma = at - 1
            else:
                self.ready = False
        self.at = at

    def closed(self, at: int) -> int:
        """Pop the container that closes at `at` as JSON has it, and take the comma after it; 0 for all else."""
        m = _CLOSE(self.text, at)
        if m is None or (m[1] == "}") is not (type(self.box) is dict) or (self.ready and self.box):
            return 0
        if len(self.stack) == 1:
            return 0  # what follows the document is no comma's business
        self.pop(m.end(1))
        if m[2]:
            self.comma, self.ready = m.end() - 1, True
        return m.end()

    # -- everything else --------------------------------------------------------------------------

    def step(self) -> None:
        """One token or member the fast path left, at `self.at`."""
        comments = len(self.tree.comments)
        self.trivia()
        if len(self.tree.comments) > comments and self.ready:
            return  # what follows a comment may be plain again
        at = self.at
        sign = self.text[at : at + 1]
        if not sign:
            self.unclosed()
        elif sign in "}]":
            self.close(sign)
        elif sign == ",":
            if self.ready:
                what = "key" if type(self.box) is dict else "value"
                self.problem(at, at + 1, f"`,` where a {what} belongs", "take the `,` away")
            self.at, self.ready, self.comma = at + 1, True, at
        elif not self.ready:
            self.missing_comma(sign)
        elif type(self.box) is dict:
            self.member()
        else:
            self.value(None)

    def missing_comma(self, sign: str) -> None:
        at = self.at
        if sign == ";":
            self.problem(at, at + 1, "`;` where a `,` belongs", "write `,`")
            self.at = at + 1
        elif sign in ":=/":
            message = f"`{sign}` after a value"
            if sign == "/":
                self.garbage(message)
            else:
                self.broken(at, at + 1, f"{message}: is a bracket missing before it?")
                self.at = max(self.after_garbage(), at + 1)
            return
        elif self.clean:
            self.problem(self.last, self.last, "a `,` is missing after this value", "add `,`")
        self.ready = True

    def member(self) -> None:
        """`key: value` in any spelling; what a container holds is left to the main loop."""
        start = self.at
        name = self.key()
        if name is None:
            return
        end = self.at
        self.trivia()
        sign = self.text[self.at : self.at + 1]
        if sign and sign in ":=":
            if sign == "=":
                self.problem(self.at, self.at + 1, "`=` where a `:` belongs", "write `:`")
            self.at += 1
            self.trivia()
            sign = self.text[self.at : self.at + 1]
        elif sign and sign not in ",}]":
            self.problem(end, end, f"a `:` is missing after the key {shown(name)}", "add `:`")
        if sign and sign in ",}]":
            clean = self.clean
            self.problem(start, end, f"the key {shown(name)} has no value", "write `: value` after it")
            self.last, self.ready, self.clean = end, False, clean
        elif sign:
            self.place(name, Span(start, end))

    def place(self, name: str, span: Span) -> None:
        """Note the key and read its value."""
        tree, here = self.tree, self.base + part(name)
        if name in self.box:
            self.note(tree.duplicates, Duplicate(here, tree.keys[here], span), "keys that stand twice")
            tree.forget_inside(here, self.box[name])
        tree.keys[here] = span
        self.box[name] = None
        tree.values.pop(here, None)
        self.value(name)
        if here not in tree.values and name in self.box and self.box[name] is None:
            # The value was unreadable: the field is absent, not null.
            del self.box[name], tree.keys[here]

    def key(self) -> str | None:
        """The key at `self.at`; None when there is none, and then something was skipped."""
        text, at = self.text, self.at
        if text[at] in "\"'":
            return self.open_key() or self.string()
        if text[at] in "{[":
            self.broken(at, at + 1, f"`{text[at]}` where a key belongs", 'write `"key":` before it')
            self.skip_group()
            return None
        end = token.word_end(text, at)
        word = text[at:end]
        if word and text[end : end + 1] in ('"', "'") and re.compile(_COLON).match(text, end + 1):
            self.problem(at, end + 1, f"the key {shown(word)} has no opening {text[end]}", "add it")
            self.at = end + 1
            return word
        name = token.identifier(word)
        if name is None:
            if not word or not re.compile(_COLON).match(text, end):
                self.garbage(f"{shown(word or text[at])} where a key belongs")
                return None
            name = word.strip(TYPOGRAPHIC)
            self.problem(at, end, f"the key {shown(word)} needs double quotes", f"write {token.quoted(name)}")
        else:
            self.extension("unquoted-key", at, end, token.quoted(name))
        self.at = end
        return name

    def open_key(self) -> str | None:
        """The key at `self.at` if its closing quote is missing: `"env: { "A": 1 }`."""
        text, at = self.text, self.at
        found = re.compile(_OPEN_KEY).match(text, at)
        if not found:
            return None
        end, closed = token.string_end(text, at)
        if closed and (re.compile(_AFTER_KEY).match(text, end) or end >= len(text)):
            return None
        self.at = found.end()
        self.problem(at, self.at, f"the key {shown(found[1])} has no closing {text[at]}", "add it")
        return found[1]

    def value(self, name: str | None) -> None:
        """The value at `self.at`: a scalar is stored, an opener is pushed, anything else is a problem."""
        text, at = self.text, self.at
        here = "" if self.box is None else self.base + (str(len(self.box)) if name is None else part(name))
        if text[at] in "{[":
            self.open(here, name)
            return
        if text[at] in "\"'":
            string = self.string()
            if string is not None:
                self.store(here, name, at, string)
            return
        end = token.word_end(text, at)
        read = token.scalar(text[at:end])
        if read is None:
            self.bad_value(text[at:end] or text[at])
            return
        self.at = end
        if read.kind:
            self.extension(read.kind, at, end, read.plain)
        self.store(here, name, at, read.value)
        self.clean = True

    def store(self, here: str, name: str | None, start: int, value: Any) -> None:
        if len(self.tree.values) >= self.room:
            self.too_many_values()
        self.tree.values[here] = Span(start, self.at)
        if self.box is None:
            self.tree.value = value
        elif name is None:
            self.box.append(value)
        else:
            self.box[name] = value
        self.last, self.ready = self.at, False

    def string(self) -> str | None:
        """The string at `self.at`, in either quotes; None for one that is not closed on its line."""
        text, at = self.text, self.at
        end, closed = token.string_end(text, at)
        self.at = end
        if not closed:
            # Commas and brackets at the end of the line were hardly meant to be in it.
            end = at + len(text[at:end].rstrip(" \t,]}"))
            self.problem(at, end, f"this string has no closing {text[at]}", f"add {text[at]} where it ends")
            self.at, self.last, self.ready = end, end, text[end : end + 1] in ("\n", "\r", "")
            return None
        value, kind, bad = token.unescape(text[at + 1 : end - 1])
        if bad is not None:
            start, stop = at + 1 + bad.start, at + 1 + bad.end
            self.problem(start, stop, f"`{text[start:stop]}` is no escape", "write \\\\ for a backslash")
        elif kind or text[at] == "'":
            self.extension("single-quotes" if text[at] == "'" else kind, at, end, token.quoted(value))
        return value

    def open(self, here: str, name: str | None) -> None:
        """Push the container at `self.at`."""
        at = self.at
        if len(self.stack) >= MAX_DEPTH:
            self.clean = True
            self.problem(
                at, at + 1, f"nested more than {MAX_DEPTH} deep", "a job spec needs no more than 6 levels"
            )
            self.stopped = True
            return
        box: Any = {} if self.text[at] == "{" else []
        self.at = at + 1
        self.store(here, name, at, box)
        self.stack.append((self.box, self.base, here, at))
        self.box, self.ready = box, True
        self.go_below(here + "/")

    def close(self, sign: str) -> None:
        """Pop the container that `sign` at `self.at` closes, or the one it was meant to."""
        wanted = "}" if type(self.box) is dict else "]"
        if sign != wanted:
            start = self.stack[-1][3]
            line, column = self.tree.position(start)
            self.broken(
                self.at,
                self.at + 1,
                f"`{sign}` closes the `{self.text[start]}` of line {line}, column {column}",
                f"write `{wanted}`",
            )
            fits_outer = len(self.stack) > 1 and type(self.stack[-1][0]) is (dict if sign == "}" else list)
            if fits_outer and (len(self.stack) > 2 or re.compile(r"\s*\Z").match(self.text, self.at + 1)):
                # The closer of this container was forgotten, unless that would end the document early.
                self.pop(self.at)
                return
        elif self.ready and self.box and self.comma >= self.last:
            self.note(self.tree.trailing_commas, self.comma, "commas before a closing bracket")
        self.at += 1
        self.pop(self.at)

    def pop(self, end: int) -> None:
        box, base, here, start = self.stack.pop()
        self.tree.values[here] = Span(start, end)
        self.box, self.last, self.ready = box, end, False
        self.go_below(base)

    def unclosed(self) -> None:
        """The text ended inside a container."""
        opened = [self.text[start] for *_, start in self.stack]
        missing = "".join("}" if sign == "{" else "]" for sign in reversed(opened))
        line, column = self.tree.position(self.stack[-1][3])
        at = len(self.text.rstrip())
        problems = self.tree.problems
        if not problems or problems[-1].span.end < at:
            self.broken(
                at,
                at,
                f"the file ends here, but the `{opened[-1]}` of line {line}, column {column} is still open",
                f"add `{missing}`" if len(missing) <= 20 else f"{len(missing)} closing brackets are missing",
            )
        while self.stack:
            self.pop(len(self.text))

    def after_root(self) -> None:
        self.trivia()
        at, text = self.at, self.text
        if at >= len(text):
            return
        end = max(at + 1, len(text.rstrip()))
        self.broken(at, end, "text after the end of the document", "one file holds one job: { … }")

    def trivia(self) -> None:
        """Step over space and comments, noting the comments."""
        text, at = self.text, self.at
        while True:
            at = _BLANKS(text, at).end()  # type: ignore[union-attr]  # matches nothing, too
            sign = text[at : at + 1]
            if sign == "/" and text.startswith("//", at):
                end = _TO_LINE_END(text, at).end()  # type: ignore[union-attr]
                self.comment(at, end, text[at + 2 : end], block=False)
            elif sign == "/" and text.startswith("/*", at):
                end = text.find("*/", at + 2) + 2
                if end < 2:
                    self.problem(at, at + 2, "this comment has no end", "add */")
                    self.at, self.unbalanced = len(text), True
                    return
                self.comment(at, end, text[at + 2 : end - 2], block=True)
            elif sign and (sign > "\x7f" or sign in "\v\f"):
                odd = re.compile(token.ODD_SPACE + "+").match(text, at)
                if odd is None:
                    break
                end = odd.end()
                self.extension("whitespace", at, end, "\n" if text[at:end] in "\u2028\u2029" else " ")
            else:
                break
            at = self.at = end
            if self.stopped:
                return
        self.at = at
