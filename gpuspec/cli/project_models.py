"""The models of a project: those that its files name, and those that its `gpuspec.models.json` keeps."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from gpuspec.catalog import Catalog, Model
from gpuspec.catalog.hub import fetch_model, is_repository
from gpuspec.catalog.hub_id import is_hub_id
from gpuspec.catalog.hub_settings import hub_settings
from gpuspec.catalog.kept_models import (
    keep_for_user,
    read_kept,
    record_of,
    text_of,
    update_kept,
    users_file,
)
from gpuspec.catalog.local import read_local
from gpuspec.cli.columns import terminal_columns
from gpuspec.cli.open_case import open_cases
from gpuspec.cli.output import say
from gpuspec.engines import engine_of
from gpuspec.errors import UserError
from gpuspec.lint.config import Configs
from gpuspec.lint.files import expand
from gpuspec.lint.script import kind_of
from gpuspec.lint.settings import Settings
from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.case import Case
from gpuspec.planning.unknown_folders import unknown_folder
from gpuspec.report.summary import plural
from gpuspec.report.text import Style

_HOSTS = ("https://huggingface.co/", "http://huggingface.co/", "huggingface.co/", "hf.co/", "hf://")


_INDENT = 11
"""Columns before what is told of a model."""


class Named(NamedTuple):
    """A repository, or a folder, that a file names."""

    name: str
    path: str


class ProjectModels:
    """One `gpuspec.models.json`, as it is being changed. `done` says of each model what became of it: "added",
    "updated" or "unchanged"; `failed` why not. It is told on standard output, or `to_stderr`."""

    def __init__(self, path: str, *, to_stderr: bool = False) -> None:
        self.path = path
        self._to_stderr = to_stderr
        kept = read_kept(path)
        kept.check()
        self.records = kept.records
        self.written = False
        self.done: dict[str, str] = {}
        self.failed: dict[str, UserError] = {}

    @property
    def shown_path(self) -> str:
        """The path for people: from here, where that is shorter."""
        return from_here(self.path)

    @property
    def folder(self) -> tuple[str]:
        """The folder whose jobs the file is for."""
        return (os.path.relpath(os.path.dirname(self.path)),)

    def kept_as(self, name: str) -> str | None:
        """The name under which a repository is kept, however its letters are written."""
        return next((own for own in self.records if own.lower() == name.lower()), None)

    def follows(self, name: str) -> str:
        """The branch or tag that a kept model follows."""
        said = self.records.get(name, {}).get("follows")
        return said if isinstance(said, str) else "main"

    def put(self, model: Model, follows: str | None = None) -> None:
        """Keep a model, in the file at once: what is told next is true, and stays where the command is interrupted.
        Where nothing but the day has changed, the day stays, too: no change without a reason."""
        record = record_of(model, follows)
        before = self.records.get(model.id)
        if before is None:
            self.done[model.id] = "added"
        elif _without_day(before) == _without_day(record):
            self.done[model.id] = "unchanged"
            return
        else:
            self.done[model.id] = "updated"
        self.write({model.id: record})

    def fetch(self, name: str, follows: str) -> None:
        """Keep what the hub says of a repository, and say what became of it; an error goes to `failed`."""
        name = self.kept_as(name) or name
        try:
            model = fetched(name, follows)
        except UserError as error:
            self.fail(name, error)
            return
        self.put(model, follows)
        self.say(model)

    def fail(self, name: str, error: UserError) -> None:
        """Note that a model could not be read."""
        self.failed[name] = error

    @property
    def errors(self) -> list[UserError]:
        """Why models could not be read, each reason once: without a network it is the same of them all."""
        alike: dict[tuple[str, str], list[UserError]] = {}
        for name, error in self.failed.items():
            alike.setdefault((error.code, error.message.replace(name, "")), []).append(error)
        return [_with_number(*errors) for errors in alike.values()]

    def say(self, model: Model) -> None:
        """Tell what became of a model."""
        size = f"{model.params_b:.4g} B parameters" if model.params_b else "size unknown"
        stored = f", {model.weights_gib:.4g} GiB" if model.weights_gib else ""
        commit = f", at {model.revision[:8]}" if model.revision else ""
        say(f"{self.done[model.id]:<{_INDENT}}{model.id}: {size}{stored}{commit}", err=self._to_stderr)
        if model.unsure:
            text = Style(columns=terminal_columns()).wrap(f"unsure: {model.unsure}", _INDENT, _INDENT)
            say(*(f"{'':{_INDENT}}{line.strip()}" for line in text.split("\n")), err=self._to_stderr)

    def write(self, changed: Mapping[str, Mapping[str, Any]]) -> None:
        """Write these records into the file, beside whatever stands in it by now."""
        self.records, written = update_kept(self.path, lambda kept: {**kept, **changed})
        self.written |= written

    def remove(self, names: set[str]) -> None:
        """Keep these no longer."""
        self.records, written = update_kept(
            self.path, lambda kept: {name: record for name, record in kept.items() if name not in names}
        )
        self.written |= written

    def name_of_folder(self, path: str) -> str:
        """What the model in a folder is called: by its path from the folder of the file."""
        inside = os.path.relpath(os.path.expanduser(path), os.path.dirname(self.path)).replace(os.sep, "/")
        return path if inside.startswith("..") else f"./{inside}"

    @property
    def document(self) -> dict[str, Any]:
        """What became of each model, for `--json`."""
        kinds = {kind: sorted(n for n, k in self.done.items() if k == kind) for kind in _KINDS}
        failed = [
            {"model": name, "code": error.code, "message": error.message}
            for name, error in self.failed.items()
        ]
        return {"file": self.path, **kinds, "failed": failed}


def _with_number(first: UserError, *more: UserError) -> UserError:
    """An error that stands for more of its kind."""
    if not more:
        return first
    said = f"{first.message}; the same of {plural(len(more), 'more model')}"
    return UserError(first.code, said, first.hint)


_KINDS = ("added", "updated", "unchanged")


def from_here(path: str) -> str:
    """A path as seen from the current folder, where that is shorter."""
    return min(os.path.relpath(path), path, key=len)


def fetched(name: str, follows: str) -> Model:
    """What the hub says of a repository, which is kept for this user, too. Where the hub is not to be asked
    (HF_HUB_OFFLINE) and huggingface_hub has it not in its cache: what it said before. Raises UserError."""
    model = fetch_model(name, follows)
    if model is None and hub_settings().offline:
        before = read_kept(users_file()).exact(name)
        if before is None or before.model is None:
            raise UserError(
                "hub-unreachable",
                f"HF_HUB_OFFLINE is set, and nothing on this machine knows {name}",
                "Unset it, or fetch the model first.",
            )
        return before.model._replace(id=name)
    if model is None:
        raise UserError(
            "hub-not-found",
            f"the hub shows no repository {name} with a revision {follows}",
            "Check the name and the revision; a private one needs `hf auth login` or HF_TOKEN.",
        )
    keep_for_user(model, follows)
    return model


def repository_of(written: str) -> str | None:
    """The repository that a model's name means: without the address of the hub, a revision, or the tag of a GGUF
    file; None for what is no repository."""
    text = written.strip()
    for host in _HOSTS:
        if text.lower().startswith(host):
            text = text[len(host) :]
            break
    name = "/".join(text.split("@")[0].split(":")[0].rstrip("/").split("/")[:2])
    return name if is_repository(name) and is_hub_id(name) and text.count("/") < 2 else None


def repositories_of(case: Case) -> Iterator[str]:
    """The repositories of models that a job names: what it says its model is, what its commands load, and where that
    is a folder, what is downloaded."""
    workload, job = case.workload, case.job
    if workload.engine and engine_of(workload.engine).registry:
        return
    draft = workload.draft.model_name if workload.draft else None
    names = [job.model.id if job.model else None, workload.model_name, draft, *workload.other_models]
    found = [repository for name in names if name and (repository := repository_of(name))]
    if not found and workload.model_name:
        sources = [each.source for each in job.downloads if each.strategy == "hf"]
        found = [repository for name in sources if (repository := repository_of(name))]
    yield from dict.fromkeys(found)


def repositories_in(path: str, settings: Settings) -> list[str]:
    """The repositories that a file names. Raises UserError where it cannot be read."""
    return list(dict.fromkeys(name for case in open_cases(path, settings) for name in repositories_of(case)))


def named_below(
    paths: tuple[str, ...], project: ProjectModels, configs: Configs, errors: list[UserError]
) -> tuple[list[Named], list[Named]]:
    """(every repository that the job files below these paths name, every folder of a model that nothing is known of),
    each with the first file that names it. No paths: the project's folder, which may hold no jobs. What cannot be
    read goes to `errors`."""
    found: dict[str, Named] = {}
    folders: dict[str, Named] = {}
    unread: list[UserError] = []
    for path in expand(paths or project.folder, configs.settings_for, unread):
        if kind_of(path, b"") is not None:
            continue
        try:
            for case in open_cases(path, configs.settings_for(path)):
                for name in repositories_of(case):
                    found.setdefault(name.lower(), Named(name, path))
                if folder := unknown_folder(case):
                    folders.setdefault(folder, Named(folder, path))
        except UserError as error:
            if error.code != "no-job":
                unread.append(error)
    errors += (error for error in unread if paths or error.code != "no-specs")
    return list(found.values()), list(folders.values())


def needs_keeping(catalog: Catalog, name: str) -> bool:
    """Whether the hub's own files say more of a model than the catalogue does: pipelines of images, video and sound
    are known from their components."""
    model = catalog.resolve_model(name, suggest=False).model
    return model is None or model.modality in ("text", "text-embedding")


def folder_model(path: str, project: ProjectModels) -> Model:
    """The model in a folder. Raises UserError."""
    name = project.name_of_folder(path)
    return read_local(path, name)._replace(id=name, as_of=date.today().isoformat())


def _without_day(record: Mapping[str, Any]) -> str:
    """A record as it is written, for comparison."""
    return text_of({"": {key: value for key, value in record.items() if key != "as_of"}})
