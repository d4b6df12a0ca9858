"""`gpuspec models remove`: take models out of gpuspec.models.json."""

from __future__ import annotations

import click

from gpuspec.cli.options import config_option
from gpuspec.cli.output import say, say_document
from gpuspec.cli.project_models import ProjectModels
from gpuspec.errors import UserError
from gpuspec.json_text import json_text
from gpuspec.lint.config import Configs
from gpuspec.report.summary import plural
from gpuspec.rules import collect


@click.command("remove")
@click.argument("names", metavar="KEPT…", nargs=-1, required=True)
@config_option
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
def remove(names: tuple[str, ...], config: str | None, as_json: bool) -> int:
    """Take models out of gpuspec.models.json: repositories, and folders by their paths.

    Where one of them is not kept, none is taken out. What this user has asked the hub for stays known to them.
    """
    project = ProjectModels(Configs(collect(), path=config).models_file_for("."))
    gone = dict.fromkeys(_kept(project, name) for name in names)
    project.remove(set(gone))
    if as_json:
        say_document(json_text({"file": project.path, "removed": list(gone)}))
        return 0
    for name in gone:
        say(f"removed    {name}")
    say(f"{project.shown_path}: {plural(len(project.records), 'model')}, written")
    return 0


def _kept(project: ProjectModels, name: str) -> str:
    """The name under which what is written is kept. Raises UserError `not-kept`."""
    found = project.kept_as(name) or project.kept_as(project.name_of_folder(name))
    if found is None:
        hint = f"It keeps {', '.join(sorted(project.records))}." if project.records else "It keeps nothing."
        raise UserError("not-kept", f"{project.shown_path} keeps no model called {name!r}", hint)
    return found
