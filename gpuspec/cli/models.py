"""`gpuspec models`: models with their size and shape, what a name means, and what the project keeps of them."""

from __future__ import annotations

import os

import click

from gpuspec.catalog import Catalog, Model
from gpuspec.catalog.hub import is_repository
from gpuspec.catalog.hub_settings import hub_settings
from gpuspec.catalog.local import adapted, read_local
from gpuspec.catalog.near_names import respelled
from gpuspec.cli.columns import fitted, terminal_columns
from gpuspec.cli.models_add import add, lock
from gpuspec.cli.models_check import check
from gpuspec.cli.models_remove import remove
from gpuspec.cli.open_case import CaseOptions
from gpuspec.cli.options import config_option, isolated_option
from gpuspec.cli.output import say, say_document
from gpuspec.cli.project_models import from_here
from gpuspec.errors import UserError
from gpuspec.json_text import json_text
from gpuspec.report.model_card import as_record, as_text, size_of

MOST = 40
"""Repositories of the hub's table that a list shows."""
MOST_JSON = 100_000


class WithQuery(click.Group):
    """A group whose first word is one of its commands, or else a QUERY with options in any order."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the words: of a command's, none is the QUERY."""
        first = next((word for word in args if not word.startswith("-")), None)
        ctx.meta["command"] = first in self.commands
        ctx.allow_interspersed_args = first not in self.commands
        rest = super().parse_args(ctx, args)
        if rest and first not in self.commands:
            raise click.UsageError(f"Got unexpected extra argument ({rest[0]})", ctx)
        return rest

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """The options and, where no command follows, the argument; commands ask with a context of their own."""
        found = super().get_params(ctx)
        if ctx.meta.get("command") or ctx.command is not self:
            return [each for each in found if not isinstance(each, click.Argument)]
        return found


@click.group("models", cls=WithQuery, invoke_without_command=True, subcommand_metavar="| COMMAND [ARGS]…")
@click.argument("query", metavar="[QUERY]", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--online", is_flag=True, help="Ask the Hugging Face hub about a model nobody here knows.")
@config_option
@isolated_option
@click.pass_context
def command(
    context: click.Context,
    as_json: bool,
    online: bool,
    config: str | None,
    isolated: bool,
    query: str | None = None,
) -> None:
    """List models, those that match QUERY, or what the model name QUERY means.

    QUERY may be a hub id, a quantized upload, an Ollama tag, or a part of a name. What the project keeps of a model
    (gpuspec.models.json) goes before what this user has asked the hub for, and that before what ships with gpuspec.
    """
    if context.invoked_subcommand is not None:
        return
    catalog = CaseOptions(config=config, isolated=isolated).settings_for(".").catalog()
    found, left = _found(catalog, query, online=online, quiet=as_json)
    if as_json:
        say_document(json_text([as_record(model, scheme) for model, scheme in found]))
    elif len(found) == 1:
        ((model, scheme),) = found
        kept = catalog.kept_in(model.id)
        say_document(as_text(model, terminal_columns(), scheme=scheme, kept_in=kept and from_here(kept)))
    else:
        _print_table([model for model, _ in found])
    if left and not as_json:
        say(f"and {left:,} more on the hub: say more of the name, or --json for all")


for each in (add, remove, lock, check):
    command.add_command(each)


Found = list[tuple[Model, str | None]]
"""Models, each with the scheme that its name states."""


def _found(catalog: Catalog, query: str | None, *, online: bool, quiet: bool) -> tuple[Found, int]:
    """(the models that a query means, how many more there are); all that have a line of their own where there is
    none."""
    if query is None:
        return [(model, None) for model in catalog.models], 0
    base = adapted(query)
    if base:
        if not quiet:
            say(f"{query} is an adapter of {base}", "")
        query = base
    if catalog.kept_in(query) is None and os.path.exists(os.path.expanduser(query)):
        return [(read_local(query), None)], 0
    match, part = catalog.resolve_model(query, online=online, suggest=False), "-".join(query.lower().split())
    model = match.model
    if model is not None and part in (name.lower() for name in (model.id, *model.aliases)):
        return [(model, match.quantization)], 0
    own: Found = [
        (each, None)
        for each in catalog.models
        if any(part in name.lower() for name in (each.id, *each.aliases))
    ]
    if not own and model is not None and match.relation != "fine-tune":
        return [_meant(catalog, query, online=online, quiet=quiet)], 0
    found, left = catalog.search_table(part, most=MOST_JSON if quiet else MOST)
    own += [(each.model, each.quantization) for each in found if each.model is not None]
    return (own, left) if own else ([_meant(catalog, query, online=online, quiet=quiet)], 0)


def _meant(catalog: Catalog, query: str, *, online: bool, quiet: bool) -> tuple[Model, str | None]:
    """The model a name stands for, with a line on how it was read. Raises UserError `unknown-model`."""
    match = catalog.resolve_model(query)  # the hub, where it was to be asked, has been
    if match.model is None:
        size = f" Its name says {match.params_b:g} B parameters." if match.params_b else ""
        meant = ", ".join(match.suggestions)
        if "/" not in query:
            meant = meant or respelled(query, catalog.model_names(""))
        near = f"Did you mean {meant}? " if meant else ""
        raise UserError(
            "unknown-model",
            f"nobody here knows a model called {query[:200]!r}.{size}",
            f"{near}{_how_to_learn(query, online=online)}",
        )
    if not quiet:
        said = f", quantized {match.quantization}" if match.quantization else ""
        how = "embeds the base" if match.relation == "fine-tune" else "is"
        say(f"{query} {how} {match.model.id}{said}", "")
    return match.model, match.quantization


def _how_to_learn(query: str, *, online: bool) -> str:
    """What makes a name known that is not."""
    usual = "say `params_b` in the spec's `model`, or give the folder it lies in"
    if online and hub_settings().offline:
        return f"The hub was not asked, since HF_HUB_OFFLINE is set. Unset it, {usual}."
    if is_repository(query) and not online:
        return f"`gpuspec models add {query}` asks the hub. Or {usual}."
    if is_repository(query):
        return f"{usual[0].upper()}{usual[1:]}."
    return f"Try a shorter part of its name, or {usual}."


def _print_table(found: list[Model]) -> None:
    rows = [("MODEL", "B PARAMETERS", "CONTEXT", "KIND", "HUB")]
    for model in found:
        hub = next((name for name in model.aliases if "/" in name), "")
        context = f"{model.max_context:,}" if model.max_context else "-"
        rows.append((model.id, size_of(model), context, model.task or model.modality, hub))
    say(*fitted(rows))
