"""Text to tree and back: JSONC with positions, comments and edits. Knows nothing about GPUs."""

from gpuspec.text.edit import Edit, EditError
from gpuspec.text.read import MAX_BYTES, parse, read_bytes, read_file
from gpuspec.text.tree import Comment, Duplicate, Extension, Span, SyntaxProblem, Tree, parts, pointer

__all__ = [
    "MAX_BYTES",
    "Comment",
    "Duplicate",
    "Edit",
    "EditError",
    "Extension",
    "Span",
    "SyntaxProblem",
    "Tree",
    "parse",
    "parts",
    "pointer",
    "read_bytes",
    "read_file",
]
