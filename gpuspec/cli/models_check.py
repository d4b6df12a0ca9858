"""`gpuspec models check`: what of gpuspec.models.json is missing, unused, or older than the hub."""

from __future__ import annotations

import os
from typing import Any

import click

from gpuspec.catalog.hub import commit_of
from gpuspec.catalog.kept_models import is_folder
from gpuspec.cli.exit_status import complain
from gpuspec.cli.options import config_option
from gpuspec.cli.output import say, say_document
from gpuspec.cli.project_models import ProjectModels, named_below, needs_keeping
from gpuspec.errors import UserError
from gpuspec.json_text import json_text
from gpuspec.lint.config import Configs
from gpuspec.plugin.installed_catalog import installed_catalog
from gpuspec.report.summary import plural
from gpuspec.rules import collect


@click.command("check")
@click.argument("paths", metavar="[PATH]…", nargs=-1)
@click.option("--online", is_flag=True, help="Ask the hub, too, whether kept models have changed there.")
@config_option
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def check(paths: tuple[str, ...], online: bool, config: str | None, as_json: bool) -> int:
    """Say what of gpuspec.models.json is missing, unused, or (with --online) stale.

    Missing is a model that a job file names and that is not kept; unused one that is kept and that no file names.
    A folder that a job names and that nothing is known of is told, and is no fault: it may be on another machine.
    PATHs are files and folders of jobs; default: the folder of the file.

    Exit status: 0 all well, 1 something is missing, unused or stale, 2 a file or the hub cannot be read.
    """
    configs = Configs(collect(), path=config)
    project = ProjectModels(configs.models_file_for(paths[0] if paths else "."))
    errors: list[UserError] = []
    named, folders = named_below(paths, project, configs, errors)
    catalog, used = installed_catalog(), {each.name.lower() for each in named}
    missing = [
        {"model": each.name, "path": each.path}
        for each in named
        if project.kept_as(each.name) is None and needs_keeping(catalog, each.name)
    ]
    repositories = [name for name in project.records if not is_folder(name)]
    unused = [] if errors else [name for name in repositories if name.lower() not in used]
    stale = _stale(project, repositories) if online else []
    failed = project.document["failed"]
    found = {"file": project.path, "missing": missing, "unused": unused, "stale": stale}
    found |= {"folders": [{"model": each.name, "path": each.path} for each in folders], "failed": failed}
    if as_json:
        say_document(json_text(found))
    elif missing or unused or stale:
        _say(project, missing, unused, stale)
    elif not (errors or failed or folders):
        models, fresh = plural(len(project.records), "model"), " and as the hub has them" if online else ""
        say(f"{project.shown_path}: {models}, all named by the files here{fresh}")
    for each in () if as_json else folders:
        say(f"unknown  {each.name}, a folder that {os.path.relpath(each.path)} names:")
        say(f"         `gpuspec models add {each.name}`, where it lies, keeps its facts.")
    errors += project.errors
    for error in errors:
        complain(error)
    return 2 if errors else int(bool(missing or unused or stale))


def _stale(project: ProjectModels, names: list[str]) -> list[dict[str, Any]]:
    """The kept models whose branch or tag stands for another commit by now, or that are gone. What the hub does not
    answer goes to the project's `failed`."""
    found = []
    for name in names:
        kept = project.records[name].get("revision")
        try:
            now = commit_of(name, project.follows(name))
        except UserError as error:
            project.fail(name, error)
            continue
        if now != kept:
            found.append({"model": name, "kept": kept, "now": now})
    return found


def _say(
    project: ProjectModels,
    missing: list[dict[str, str]],
    unused: list[str],
    stale: list[dict[str, Any]],
) -> None:
    for each in missing:
        say(f"missing  {each['model']}, named in {os.path.relpath(each['path'])}")
    for name in unused:
        say(f"unused   {name}: no file names it")
    for each in stale:
        now = f"now {each['now'][:8]}" if each["now"] else "gone from the hub"
        say(f"stale    {each['model']}: kept at {str(each['kept'])[:8]}, {now}")
    gone = {each["model"] for each in stale if not each["now"]}
    if missing or len(gone) < len(stale):
        say("`gpuspec models lock` brings them up to date.")
    if unused or gone:
        say("`gpuspec models remove NAME…` takes out what is not wanted any more.")
