"""Files that keep models: the project's own facts (`gpuspec.models.json`), and what this user asked the hub for."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from gpuspec.atomic_write import alone, atomic_write
from gpuspec.catalog.model import MODELS_FILE, Model, ModelMatch
from gpuspec.catalog.model_names import ModelNames, _address
from gpuspec.catalog.model_record import from_record, to_record
from gpuspec.catalog.untrusted_json import object_of_format
from gpuspec.errors import UserError
from gpuspec.quantization.checkpoint_names import split_quantization
from gpuspec.untrusted_file import in_words, read_file

FORMAT = 1
LARGEST = 8 * 1024 * 1024
MOST = 5_000
LONGEST_NAME = 300
_PLAIN = (None, "bf16", "fp16", "fp32")
MOST_OF_USER = 500
"""Models that the user's own file keeps: the newest."""


class KeptModels:
    """The models of one file. A record is looked at when its model is asked for.

    `records`: name → the record that `to_record` gave, and `follows`, the branch or tag that was asked for where that
    was not `main`."""

    def __init__(self, path: str, records: Mapping[str, Mapping[str, Any]]) -> None:
        self.path = path
        self.records = records
        self._models: dict[str, Model] = {}

    @cached_property
    def _names(self) -> ModelNames:
        return ModelNames((), [Model(id=name, aliases=_plain(name)) for name in self.records])

    @cached_property
    def _exact(self) -> Mapping[str, str]:
        """Every name in lower case → the name it is kept under. A folder is known by the end of its path, too, by
        which a job's path to it is looked up."""
        found = {name.lower(): name for name in self.records}
        for name in self.records:
            if is_folder(name):
                parts = [part for part in name.split("/") if part not in ("", ".", "..", "~")]
                found.setdefault("/".join(parts[-2:]).lower(), name)
        return found

    def model(self, name: str) -> Model:
        """The model kept under a name. Raises UserError `models-file` where its record is wrong."""
        if name not in self._models:
            record = {key: value for key, value in self.records[name].items() if key != "follows"}
            try:
                self._models[name] = from_record(name, record)
            except (ValueError, TypeError) as error:
                raise broken(self.path, str(error)) from None
        return self._models[name]

    @property
    def models(self) -> tuple[Model, ...]:
        """All of them, in the order of the file."""
        return tuple(map(self.model, self.records))

    def check(self) -> None:
        """Raise UserError `models-file` where any record is wrong."""
        for name in self.records:
            self.model(name)

    def exact(self, name: str, engine: str | None = None) -> ModelMatch | None:
        """The model that is kept under exactly this name, however its address is written; None where none is."""
        written = name.strip()
        if not 0 < len(written) <= LONGEST_NAME or not written.isprintable():
            return None
        address, of_ollama = _address(written, engine)
        own = self._exact.get(address.lower())
        if own is None or of_ollama:
            return None
        return _match(name, self.model(own), None)

    def alike(self, name: str, engine: str | None = None) -> ModelMatch | None:
        """The model whose re-upload, in whatever scheme its name states, or whose tag the name is; None where it is
        none of these. What is kept of a quantized upload says nothing of one in 16 bit."""
        match = self._names.resolve(name, engine, False)
        if match.model is None or match.relation != "name":
            return None
        model = self.model(match.model.id)
        if match.quantization is None and model.native_dtype not in _PLAIN:
            return None
        if match.quantization != model.native_dtype:
            model = model._replace(weights_gib=None)
        return _match(name, model, match.quantization)

    def nearest(self, name: str) -> tuple[str, ...]:
        """Names of kept models near one that nobody knows."""
        return self._names.nearest(name)


def is_folder(name: str) -> bool:
    """Whether a model is kept under the path of a folder, and not under the name of a repository."""
    return name.startswith((".", "/", "~"))


def _plain(name: str) -> tuple[str, ...]:
    """The name without the scheme that it states: "acme/Foo" of "acme/Foo-GGUF"."""
    owner, _, bare = name.rpartition("/")
    plain, _ = split_quantization(bare, owner=owner)
    return (f"{owner}/{plain}",) if owner and plain != bare else ()


def _match(name: str, model: Model, quantization: str | None) -> ModelMatch:
    return ModelMatch(
        name,
        model,
        model.params_b,
        quantization,
        active_params_b=model.active_params_b if quantization else None,
    )


def read_kept(path: str) -> KeptModels:
    """The models of a file; none where there is no such file. Raises UserError `models-file`."""
    try:
        data = read_file(path, LARGEST)
    except FileNotFoundError:
        return KeptModels(path, {})
    except OSError as error:
        raise broken(path, in_words(error)) from None
    try:
        document = object_of_format(data, FORMAT)
    except ValueError as error:
        raise broken(path, str(error)) from None
    models = document.get("models")
    if unknown := document.keys() - {"format", "models"}:  # it would be lost when the file is written
        raise broken(path, f"{min(unknown)[:60]!r} is nothing that this version of gpuspec keeps")
    if not isinstance(models, dict) or len(models) > MOST:
        raise broken(path, f"`models` is no table of at most {MOST:,} models")
    found: dict[str, str] = {}
    for name, record in models.items():
        if not 0 < len(name) <= LONGEST_NAME or not name.isprintable() or not isinstance(record, dict):
            raise broken(path, f"{name[:60]!r} is no model's name with its facts")
        other = name if is_folder(name) else found.setdefault(name.lower(), name)
        if other != name:
            raise broken(path, f"it holds {name!r} twice, once as {other!r}")
    return KeptModels(path, models)


def broken(path: str, why: str) -> UserError:
    """What to raise for a file that cannot be read."""
    hint = "Delete it: `gpuspec models add` writes it anew."
    if os.path.basename(path) == MODELS_FILE:
        hint = "Take it from the repository's history, or delete it and run `gpuspec models lock`."
    return UserError("models-file", f"{path} cannot be read: {why}", hint)


def record_of(model: Model, follows: str | None = None) -> dict[str, Any]:
    """The record of a model that was read from a revision."""
    record = to_record(model)
    if follows is not None and follows != "main":
        record["follows"] = follows
    return record


def text_of(records: Mapping[str, Mapping[str, Any]]) -> str:
    """The file's text: models and facts sorted, a fact a line, a group of weights or caches a line, so that a change
    is a change of the lines about it."""
    from json import dumps

    lines = ["{", f'  "format": {FORMAT},', '  "models": {']
    names = sorted(records, key=lambda name: (name.lower(), name))
    for name in names:
        lines.append(f"    {dumps(name)}: {{")
        facts = sorted(records[name].items())
        for key, value in facts:
            end = "" if key == facts[-1][0] else ","
            if isinstance(value, list) and value and isinstance(value[0], dict):
                rows = [f"        {dumps(row)}" for row in value]
                lines += [f"      {dumps(key)}: [", ",\n".join(rows), f"      ]{end}"]
            else:
                lines.append(f"      {dumps(key)}: {dumps(value)}{end}")
        lines.append("    }" if name == names[-1] else "    },")
    return "\n".join([*lines, "  }", "}", ""])


Records = Mapping[str, Mapping[str, Any]]


def update_kept(path: str, change: Callable[[Records], Records]) -> tuple[Records, bool]:
    """(the records that a file keeps after a change of them, whether they are others than before), written in one
    step. Of commands that change the file at the same time none undoes what another wrote. Raises UserError
    `cannot-write`, and `models-file` where the file cannot be read."""
    try:
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        with alone(path):
            records = change(read_kept(path).records)
            data = text_of(records).encode()
            if os.path.exists(path) and read_file(path, LARGEST) == data:
                return records, False
            atomic_write(path, data)
    except OSError as error:
        hint = "Make room, or the folder writable."
        raise UserError("cannot-write", f"{path} cannot be written: {in_words(error)}", hint) from None
    return records, True


def users_file() -> str:
    """Where the models lie that this user asked the hub for."""
    from gpuspec.user_folder import user_folder

    return os.path.join(user_folder("data"), "models.json")


def keep_for_user(model: Model, follows: str | None = None) -> None:
    """Keep what the hub said for commands to come; where nothing can be written they ask again. Raises UserError
    where the file cannot be read."""

    def with_model(kept: Records) -> Records:
        records = {**kept, model.id: record_of(model, follows)}
        newest = sorted(records, key=lambda name: str(records[name].get("as_of")), reverse=True)
        return {name: records[name] for name in newest[:MOST_OF_USER]}

    try:
        update_kept(users_file(), with_model)
    except UserError as error:
        if error.code != "cannot-write":
            raise
