"""GS010 unknown-model."""

from __future__ import annotations

import os
from collections.abc import Iterator

from gpuspec.catalog import Catalog
from gpuspec.catalog.hub_id import is_hub_id
from gpuspec.engines import engine_of
from gpuspec.lint import Edit, Facts, Finding, Fix, Rule
from gpuspec.numerals import is_digits
from gpuspec.planning.unknown_folders import is_filled, unknown_folder


class UnknownModel(Rule):
    """A model that nobody here knows anything of.

    ## What it does
    Says where a job names a repository of the Hugging Face hub that is neither known to gpuspec nor kept by the
    project, with the one command that makes it known. Where the name, or the organisation of a known name, is off by
    a letter or two, asks whether the known one was meant. Says, too, where a model is in a folder beside the job
    (`./ours`) of which the project keeps no facts. Other paths, folders that a download or the job itself fills, and
    models whose size the spec states (`params_b`) are passed over.

    ## Why is this bad
    Without its facts nothing can be said of the memory that the model takes, nor of what it costs: the job is not
    checked, or only by the size that the name states. And a slip of the pen fails when the download does, after the
    machine is rented.

    ## Example
    ```jsonc
    { "model": { "id": "acme/support-13b" }, "run": "python serve.py" }
    ```

    ## Use instead
    Run `gpuspec models add acme/support-13b` once, and commit `gpuspec.models.json`; or say how large it is:
    ```jsonc
    { "model": { "id": "acme/support-13b", "params_b": 13 }, "run": "python serve.py" }
    ```
    """

    code = "GS010"
    name = "unknown-model"
    severity = "info"
    confidence = "medium"
    fixable = "sometimes"

    def check(self, facts: Facts) -> Iterator[Finding]:
        for written, pointer in _named(facts).items():
            match = facts.catalog.resolve_model(written)
            if match.model is not None:
                if match.suggestions and not _lies_there(facts, written):
                    yield self._slip(facts, written, pointer, match.suggestions[0])
                continue
            similar = next((name for name in match.suggestions if _numbers(name) == _numbers(written)), None)
            if similar is not None:
                yield self._slip(facts, written, pointer, similar)
            elif is_hub_id(written) and not _lies_there(facts, written) and not _sized(facts):
                wrong = f"nothing is known of the model {written!r}: its memory is not checked"
                if match.params_b:
                    wrong = (
                        f"of the model {written!r} only the size in its name is known: its memory is a guess"
                    )
                yield self.finding(
                    pointer,
                    wrong,
                    suggestion=f"`gpuspec models add {written}` makes it known; or say its `params_b`",
                )

        yield from self._folder(facts)

    def _folder(self, facts: Facts) -> Iterator[Finding]:
        folder = unknown_folder(facts.case)
        if folder:
            yield self.finding(
                facts.workload.origin("model_name").pointer,
                f"nothing is known of the model in {folder}: its memory is not checked",
                suggestion=f"`gpuspec models add {folder}`, where it lies, keeps its facts; or say its `params_b`",
            )

    def _slip(self, facts: Facts, written: str, pointer: str, similar: str) -> Finding:
        near = similar
        if "/" in written and "/" not in similar:
            near = _repository(facts.catalog, similar, written)
        whole = pointer == facts.job.pointer("model.id")  # elsewhere it is a word of a command
        learn = f" If not, `gpuspec models add {written}` makes it known." if is_hub_id(written) else ""
        return self.finding(
            pointer,
            f"no model called {written!r} is known",
            suggestion=f"did you mean {near}?{learn}",
            fix=Fix(f"use {near}", (Edit("set", pointer, near),), safe=False) if whole else None,
        )


def _named(facts: Facts) -> dict[str, str]:
    """The models that the job names, and where: what the spec says, and what the commands load from the hub."""
    found: dict[str, str] = {}
    if facts.job.model and facts.job.model.id:
        found[facts.job.model.id] = facts.job.pointer("model.id")
    work = facts.commands_only
    if (
        work.not_loadable is None
        and work.model_name
        and is_hub_id(work.model_name)
        and not engine_of(work.engine).registry
    ):
        found.setdefault(work.model_name, work.origin("model_name").pointer)
        if work.draft and work.draft.model_name and is_hub_id(work.draft.model_name):
            found.setdefault(work.draft.model_name, work.origin("draft").pointer)
    return found


def _lies_there(facts: Facts, name: str) -> bool:
    """Whether what looks like a repository is a folder: of this machine, or one that a download or the job fills."""
    if is_filled(facts.case, name):
        return True
    return facts.case.on_disk and os.path.isdir(os.path.join(facts.case.workdir, name))


def _sized(facts: Facts) -> bool:
    return bool(facts.job.model and facts.job.model.params_b)


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
