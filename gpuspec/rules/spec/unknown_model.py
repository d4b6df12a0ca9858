"""GS010 unknown-model."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.catalog import Catalog
from gpuspec.lint import Edit, Facts, Finding, Fix, Rule
from gpuspec.numerals import is_digits


class UnknownModel(Rule):
    """A model id that looks like a typo of a known one.

    ## What it does
    Where `model.id` is not known, but differs from a known id by a letter or two, asks whether that was meant.
    A model that resembles nothing is not reported: new ones appear every day.

    ## Why is this bad
    The download fails after the machine is rented; and without the model's size nothing else can be checked.

    ## Example
    ```jsonc
    { "model": { "id": "openai/wisper-large-v3" }, "run": "python serve.py" }
    ```

    ## Use instead
    ```jsonc
    { "model": { "id": "openai/whisper-large-v3" }, "run": "python serve.py" }
    ```
    """

    code = "GS010"
    name = "unknown-model"
    severity = "info"
    confidence = "medium"
    fixable = "sometimes"

    def check(self, facts: Facts) -> Iterator[Finding]:
        written = facts.job.model.id if facts.job.model else None
        if not written:
            return
        match = facts.catalog.resolve_model(written)
        similar = next((name for name in match.suggestions if _numbers(name) == _numbers(written)), None)
        if match.model is not None or similar is None:
            return
        near = _repository(facts.catalog, similar, written) if "/" in written else similar
        at = facts.job.pointer("model.id")
        yield self.finding(
            at,
            f"no model called {written!r} is known",
            suggestion=f"did you mean {near}?",
            fix=Fix(f"use {near}", (Edit("set", at, near),), safe=False),
        )


def _repository(catalog: Catalog, model: str, written: str) -> str:
    """The repository of a model, instruction-tuned or not, whose id is nearest to what is written; the model's own
    name where no repository of it is known."""
    from difflib import get_close_matches

    known = catalog.resolve_model(model).model
    ids = [alias for alias in known.aliases if "/" in alias] if known else []
    return next(iter(get_close_matches(written, ids, n=1, cutoff=0)), model)


def _numbers(name: str) -> list[str]:
    """The versions and sizes in a name: where they differ, it is another model and not a slip of the pen."""
    digits = "".join(sign if is_digits(sign) else " " for sign in name.rsplit("/", 1)[-1])
    return digits.split()
