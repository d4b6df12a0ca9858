"""A fix, made in a text, and whether the text then holds what the fix was to make of it."""

from __future__ import annotations

from collections.abc import Sequence

from gpuspec.formats import Document, Known
from gpuspec.lint.finding import Fix
from gpuspec.lint.runner import documents_in
from gpuspec.text import EditError, Tree
from gpuspec.text.rewrite import apply_all, reread

READING = "GS0"
"""Rules about the spec itself. What they mend could not be read before: errors that are found after it were there."""


def applied(data: bytes, fixes: Sequence[Fix], *, is_spec: bool, tree: Tree | None = None) -> bytes | None:
    """The bytes with these fixes and no others; None where they cannot be made without harm. `tree` is what the text
    is read as, where that is known."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    # A Tree's offsets count a byte order mark, a Script's text has none.
    bom = "" if is_spec or not text.startswith("\ufeff") else "\ufeff"
    text = text.removeprefix(bom)
    yaml = tree is not None and tree.yaml
    replaces = sorted((r for fix in fixes for r in fix.replaces), key=lambda r: r.span, reverse=True)
    for replace in replaces:
        text = text[: replace.span.start] + replace.text + text[replace.span.end :]
    edits = [fix.edits for fix in fixes if fix.edits]
    if edits:
        try:
            text = apply_all(tree if tree is not None and not replaces else reread(text, yaml=yaml), edits)
        except EditError:
            return None
    elif is_spec and reread(text, yaml=yaml).problems:
        return None
    return (bom + text).encode()


def carried_jobs(documents: Sequence[Document]) -> Sequence[Document]:
    """The jobs of a file whose fixes are carried over from the job spec's names into its own."""
    return () if all(one.format.in_spec_fields for one in documents) else documents


def is_meant(
    path: str, after: bytes, jobs: Sequence[Document], fixes: Sequence[Fix], formats: Sequence[Known]
) -> bool:
    """Whether a file of `jobs` holds what the fixes were to make of them."""
    if not jobs:
        return True
    from gpuspec.lint.carried_fix import still_meant

    return still_meant(jobs, documents_in(path, after, formats), fixes)
