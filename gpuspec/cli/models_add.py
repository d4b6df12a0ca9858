"""`gpuspec models add` and `gpuspec models lock`: keep the facts of models with the project."""

from __future__ import annotations

import os

import click

from gpuspec.catalog.hub import commit_of, is_repository
from gpuspec.catalog.kept_models import is_folder
from gpuspec.cli.exit_status import complain
from gpuspec.cli.options import config_option
from gpuspec.cli.output import say, say_document
from gpuspec.cli.project_models import (
    ProjectModels,
    folder_model,
    named_below,
    needs_keeping,
    repositories_in,
    repository_of,
)
from gpuspec.errors import UserError
from gpuspec.json_text import json_text
from gpuspec.lint.config import Configs
from gpuspec.plugin.installed_catalog import installed_catalog
from gpuspec.report.summary import plural
from gpuspec.rules import collect


@click.command("add")
@click.argument("what", metavar="ORG/NAME[@REVISION]|JOB|FOLDER…", nargs=-1, required=True)
@click.option("--revision", metavar="REV", help="Branch, tag or commit to read [main].")
@config_option
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
def add(what: tuple[str, ...], revision: str | None, config: str | None, as_json: bool) -> int:
    """Read models from the Hugging Face hub, or a folder, and keep their facts in gpuspec.models.json.

    Of a repository its list of files, config and headers are read, never the weights. A JOB stands for the models
    that it names. The file lies beside the settings, or where there are none, in this folder: from then on every
    command knows these models without a network.

    \b
    gpuspec models add Qwen/Qwen3-8B
    gpuspec models add mistralai/Mistral-7B-v0.1@refs/pr/5
    gpuspec models add job.jsonc ./models/ours
    """
    configs = Configs(collect(), path=config)
    files: dict[str, ProjectModels] = {}
    for each in what:
        job = os.path.isfile(each)
        path = configs.models_file_for(each if job else ".")
        project = files.setdefault(path, ProjectModels(path, to_stderr=as_json))
        if job:
            _add_job(project, each, configs, revision or "main")
        elif os.path.isdir(os.path.expanduser(each)):
            _add_folder(project, each)
        else:
            _add_repository(project, each, revision)
    return _finish(list(files.values()), as_json=as_json)


def _add_job(project: ProjectModels, path: str, configs: Configs, revision: str) -> None:
    names = repositories_in(path, configs.settings_for(path))
    if not names:
        hint = (
            "Name the repository, or the folder that holds the model: `gpuspec models add ORG/NAME|FOLDER`."
        )
        raise UserError("no-model-named", f"{path} names no model of the hub", hint)
    for name in names:
        project.fetch(name, revision)


def _add_folder(project: ProjectModels, path: str) -> None:
    try:
        model = folder_model(path, project)
    except UserError as error:
        project.fail(path, error)
        return
    project.put(model)
    project.say(model)


def _add_repository(project: ProjectModels, written: str, revision: str | None) -> None:
    head, _, said = written.partition("@")
    name = repository_of(head)
    if name is None or not is_repository(name):
        raise UserError(
            "bad-model",
            f"{written!r} is no repository of the hub, no job file and no folder",
            "A repository is written ORG/NAME, such as Qwen/Qwen3-8B.",
        )
    project.fetch(name, said or revision or "main")


@click.command("lock")
@click.argument("paths", metavar="[PATH]…", nargs=-1)
@config_option
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
def lock(paths: tuple[str, ...], config: str | None, as_json: bool) -> int:
    """Keep every model that the project's files name, and bring those that are kept up to date.

    PATHs are files and folders of jobs; default: the folder of the file. A model that is kept follows the branch or
    tag that it was added with. What no file names any more stays: `gpuspec models check` says so.
    """
    configs = Configs(collect(), path=config)
    path = configs.models_file_for(paths[0] if paths else ".")
    project = ProjectModels(path, to_stderr=as_json)
    errors: list[UserError] = []
    catalog = installed_catalog()
    for named in named_below(paths, project, configs, errors)[0]:
        if project.kept_as(named.name) is None and needs_keeping(catalog, named.name):
            project.fetch(named.name, "main")
    for name in list(project.records):
        if name not in project.done:
            _update(project, name)
    return _finish([project], as_json=as_json, errors=errors)


def _update(project: ProjectModels, name: str) -> None:
    """Read a kept model again where its repository has changed; a folder always."""
    if is_folder(name):
        folder = os.path.join(os.path.dirname(project.path), os.path.expanduser(name))
        if os.path.isdir(folder):
            _add_folder(project, folder)
        return
    follows = project.follows(name)
    try:
        if commit_of(name, follows) == project.records[name].get("revision"):
            project.done[name] = "unchanged"
            return
    except UserError as error:
        project.fail(name, error)
        return
    project.fetch(name, follows)


def _finish(projects: list[ProjectModels], *, as_json: bool, errors: list[UserError] | None = None) -> int:
    """Write the files, say what became of the models, and what of them could not be read."""
    errors = list(errors or ())
    for project in projects:
        if project.done or project.records:
            project.write({})
            state = "written" if project.written else "unchanged"
            if not as_json:
                say(f"{project.shown_path}: {plural(len(project.records), 'model')}, {state}")
        elif not as_json and not project.failed:
            say("no file here names a model of the hub: nothing to keep")
        errors += project.errors
    if as_json:
        say_document(json_text({"files": [project.document for project in projects]}))
    for error in errors:
        complain(error)
    return 2 if errors else 0
