"""What libyaml says is wrong with a text, in words for people who write YAML, at the place to mend."""

from __future__ import annotations

from gpuspec.text.tree import Span, SyntaxProblem

_BLANK_AFTER = "write `key: value`, with a blank after the colon"
_QUOTE = "put the value in quotes"


def reworded(text: str, at: int, problem: str, context: str, began: int | None) -> SyntaxProblem:
    """A problem of libyaml at character `at` of a text; `began` is where what it was reading begins."""
    at = min(at, len(text))
    sign = text[at : at + 1]
    if sign == "\t" and ("token" in problem or "tab" in problem):
        return _at(at, "a tab stands where YAML has blanks only", "indent with blanks")
    if problem.startswith("mapping values are not allowed"):
        return _second_colon(text, at)
    if problem.startswith("did not find expected key"):
        return _no_key(text, at)
    if "end of stream" in problem and began is not None and "quoted" in context:
        return _at(began, f"the quote ({text[began : began + 1]}) that opens here is never closed", None)
    if "document indicator" in problem and began is not None:
        return _at(
            began,
            f"the quote ({text[began : began + 1]}) that opens here is not closed in its document",
            None,
        )
    if problem.startswith("could not find expected ':'") and began is not None:
        return _at(began, "this line is no `key: value`", _BLANK_AFTER)
    if "while parsing a flow" in f"while {context}" or "a flow " in context:
        return _in_brackets(text, at, problem, began)
    return _other(text, at, problem, context)


def _at(at: int, message: str, hint: str | None) -> SyntaxProblem:
    return SyntaxProblem(Span(at, at + 1), message, hint)


def _line_start(text: str, at: int) -> int:
    return text.rfind("\n", 0, at) + 1


def _second_colon(text: str, at: int) -> SyntaxProblem:
    before = text[_line_start(text, at) : at]
    if ": " in before or before.rstrip().endswith(":"):
        return _at(at, "a second `: ` on one line, in a value without quotes", _QUOTE)
    if len(before) > 1_000:
        return _at(at, "a key of more than 1,024 characters", None)
    return _at(
        at, "the line above has a value already, so nothing can stand below it", "mend the indentation"
    )


def _no_key(text: str, at: int) -> SyntaxProblem:
    sign = text[at : at + 1]
    if text[_line_start(text, at) : at].strip(" "):
        return _at(
            at, "something follows on the line of a value that has ended", "put the whole value in quotes"
        )
    if sign in "]}" and sign:
        return _at(at, f"nothing has opened the `{sign}` that closes here", None)
    if sign == "-":
        return _at(
            at, "an item of a list stands where a key is expected", "indent it below the key that it is of"
        )
    return _at(at, "the indentation of this line is that of no line above it", "mend the indentation")


def _in_brackets(text: str, at: int, problem: str, began: int | None) -> SyntaxProblem:
    if began is None or not problem.startswith("did not find expected ','"):
        return _at(at, problem, None)
    opening = text[began : began + 1]
    line = text.count("\n", 0, began)
    away = text.count("\n", 0, at) - line
    where = f" {away} line{'s' if away > 1 else ''} above" if away else ""
    closing = "]" if opening == "[" else "}"
    return _at(at, f"`,` or `{closing}` is missing before this, after the `{opening}`{where}", None)


def _other(text: str, at: int, problem: str, context: str) -> SyntaxProblem:
    sign = text[at : at + 1]
    if problem.startswith("found character that cannot start"):
        return _at(at, f"a value cannot begin with `{sign}`", _QUOTE)
    if "indicator" in problem and "block collection" in context:
        return _at(
            at, "a key stands beside the items (`-`) of a list", "indent it, or end the list before it"
        )
    if "an alias" in context or "an anchor" in context:
        kind, mark = ("an alias", "*") if "alias" in context else ("an anchor", "&")
        return _at(max(at - 1, 0), f"`{mark}` without quotes begins {kind}, and its name is missing", _QUOTE)
    if "unknown escape" in problem:
        return _at(
            at,
            "this is no escape that double quotes know",
            "write \\\\ for a backslash, or use single quotes",
        )
    if "comment or line break" in problem:
        return _at(at, "a text after `|` or `>` begins on the next line", _QUOTE)
    if "node content" in problem:
        return _at(at, f"a value is expected here, not `{sign}`", _QUOTE)
    if "directive" in problem:
        return _at(
            at, "a line that begins with `%` is a directive of YAML's, and there is none of that name", _QUOTE
        )
    return _at(at, " ".join(part for part in (problem, context) if part), None)
