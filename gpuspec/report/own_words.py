"""What is said of a job in the fields of the job spec, in words that hold for a file of any format."""

from __future__ import annotations

from collections.abc import Sequence

from gpuspec.formats import Document
from gpuspec.report.text import Style

_PLAIN = (
    ("no model is named; say model.id, or model.params_b (billions)", "no model is named in the file"),
    (", or give model.params_b (billions)", ""),
    ("; give model.params_b (billions)", ""),
    ("no gpu_count and no parallelism given: one GPU", "the file says no number of GPUs: one is taken"),
    ("not in gpu_types", "of other GPUs than the job's"),
    ("name it in gpu_types where the job can use it", "taken only where the job, or --assume-gpu, names it"),
    ('"hosts": "any" allows them', 'a job spec (`gpuspec import`) with "hosts": "any" allows them'),
    ('"hosts": "any" allows it', 'a job spec (`gpuspec import`) with "hosts": "any" allows it'),
)
_FIELDS = ("min_vram", "max_price")
_LIMITS = ("budget.max_hours", "budget.max_total")


def in_own_words(text: str, document: Document) -> str:
    """`text` as it is said of the document: of a job spec unchanged, elsewhere without fields that are not there."""
    form = document.format
    if form.in_spec_fields:
        return text
    for of_spec, plain in _PLAIN:
        text = text.replace(of_spec, plain)
    for field in _FIELDS:
        if form.spelled(field) != field:
            text = text.replace(field, form.spelled(field))
    limits: Sequence[str] = [form.spelled(field) for field in _LIMITS if document.can_say(field)]
    return text.replace(
        "unbounded; set " + " or ".join(_LIMITS),
        f"unbounded; set {' or '.join(limits)}" if limits else "unbounded: nothing in the file ends it",
    )


class OwnWords(Style):
    """A page on which a document is spoken of in its own words."""

    def __init__(self, document: Document, *, columns: int | None = None) -> None:
        super().__init__(columns=columns)
        self.document = document

    def wrap(self, text: str, taken: int, indent: int) -> str:
        """Words on lines no wider than allowed."""
        return super().wrap(in_own_words(text, self.document), taken, indent)
