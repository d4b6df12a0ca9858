"""Bytes or text to Tree."""

from __future__ import annotations

import errno

from gpuspec.text.tree import Span, SyntaxProblem, Tree
from gpuspec.untrusted_file import read_file as read_untrusted

MAX_BYTES = 8 * 1024 * 1024
"""Longer files are not read: a job spec has a few KB, one with 100,000 listed items some MB."""


def parse(text: str) -> Tree:
    """The tree of a text. Never raises: what is wrong stands in `problems`, what could be read in `value`."""
    tree = Tree(text)
    if len(text) > MAX_BYTES:
        return _too_large()
    from gpuspec.text.scan import Scanner  # its patterns take longer to compile than `size MODEL` reads

    Scanner(tree).run()
    return tree


def read_bytes(data: bytes) -> Tree:
    """The tree of a file's bytes; a wrong encoding is a problem like any other."""
    found = decoded(data)
    if not found.text:
        return found if found.problems else parse("")
    tree = parse(found.text)
    if found.problems:
        tree.problems += found.problems
        tree.problems.sort(key=lambda problem: problem.span)
    return tree


def decoded(data: bytes) -> Tree:
    """A tree of nothing but the text of a file's bytes, with what is wrong with them; "" where it cannot be read."""
    if len(data) > MAX_BYTES:
        return _too_large()
    for mark, name in ((b"\xff\xfe\0\0", "UTF-32"), (b"\0\0\xfe\xff", "UTF-32"), (b"\xff\xfe", "UTF-16"),
                       (b"\xfe\xff", "UTF-16")):  # fmt: skip
        if data.startswith(mark):
            return _refused(f"the file is {name}, a job spec is UTF-8", "save it as UTF-8")
    if b"\0" in data:
        return _refused("this is a binary file, not a job spec", "pass a .jsonc text file")
    try:
        return Tree(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        tree = Tree(data.decode("utf-8", "replace"))
        at = len(data[: error.start].decode("utf-8"))
        told = f"byte 0x{data[error.start]:02X} is not UTF-8"
        tree.problems.append(SyntaxProblem(Span(at, at + 1), told, "save the file as UTF-8"))
        return tree


def read_file(path: str) -> Tree:
    """The tree of a plain file, reading no more than MAX_BYTES + 1 of it. Raises OSError as `open` does."""
    try:
        return read_bytes(read_untrusted(path, MAX_BYTES))
    except OSError as error:
        if error.errno != errno.EFBIG:
            raise
        return _too_large()


def _too_large() -> Tree:
    return _refused(
        f"the file is larger than {MAX_BYTES // 2**20} MiB, too large for a job spec",
        "keep data out of the spec: name a file or a pattern in `items`",
    )


def _refused(message: str, hint: str) -> Tree:
    tree = Tree("")
    tree.problems.append(SyntaxProblem(Span(0, 0), message, hint))
    return tree
