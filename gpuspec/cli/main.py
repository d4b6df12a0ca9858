"""The command group. Commands are imported only when asked for: `import click` alone takes 24 ms."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any

import click
from click.shell_completion import CompletionItem

from gpuspec.cli.exit_status import exit_status
from gpuspec.cli.output import say
from gpuspec.errors import UserError
from gpuspec.version import __version__

COMMANDS = {
    "alerts": "What is used of budgets, of this month and of runs; --send tells who is to know.",
    "attach": "Make a run's ports answer on localhost.",
    "bill": "What all jobs of a project cost a month, and what could be saved.",
    "breakeven": "From how many requests on renting costs less than an API.",
    "completion": "Print the shell's completion script (bash, zsh, fish).",
    "config": "Settings, and where each came from.",
    "cost": "What a run has cost so far, against what was planned; --report: of all runs.",
    "diff": "What a change costs a month, and which findings are new: commits, folders or two files.",
    "down": "End a run and take its machine away.",
    "explain": "What a rule is about, or the arithmetic behind one finding (FILE:LINE).",
    "export": "Print what `run` would launch, for another tool.",
    "gpus": "GPUs with memory, speed and price.",
    "import": "Write a job of any format as gpuspec's own job spec.",
    "import-usage": "Keep what nvidia-smi, DCGM or SkyPilot saw of a job's GPUs.",
    "init": "Write a commented starter spec.",
    "lint": "Find mistakes and waste in job files and launch scripts.",
    "logs": "Print what a run has written.",
    "lsp": "Serve an editor: findings as you type, fixes, hover, completion.",
    "metrics": "Runs, dollars and budgets for Prometheus: a file, or an endpoint.",
    "models": "Models with size and memory; `models add` keeps those of a project.",
    "plan": "Rank what can be rented for a job, with reasons and worst-case cost.",
    "plugin": "Write a plugin (`plugin new`), or check one (`plugin check`).",
    "plugins": "Plugins that are installed, what each brings, and what it costs to load.",
    "prices": "Price sources, dates and coverage; `prices update` refreshes them.",
    "ps": "List runs, asked of their machines.",
    "reap": "End what nobody looks after any more.",
    "rules": "All rules.",
    "run": "Lint, plan and launch a job.",
    "schema": "Print the JSON Schema of a job spec.",
    "show": "What is understood of a job file: each value, and where it stands.",
    "size": "Memory and speed of a model or job.",
    "stop": "End a run; its machine follows its keep-alive.",
}
"""name → help line. Each lives in `gpuspec/cli/NAME.py` as a click command called `command`."""
_MODULES = {"import": "import_job", "import-usage": "import_usage"}
"""The module of a command whose name Python cannot import."""


class LazyGroup(click.Group):
    """Lists commands without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"gpuspec.cli.{_MODULES.get(cmd_name, cmd_name)}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[str]]:
        named = [(name, text) for name, text in COMMANDS.items() if name.startswith(incomplete)]
        options = click.Command.shell_complete(self, ctx, incomplete)
        return [*(CompletionItem(name, help=text) for name, text in named), *options]

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from gpuspec.cli.meant import command_meant

            hint = command_meant(args[0], COMMANDS)
            raise UserError("unknown-command", f"there is no command {args[0]!r}", hint)
        return super().resolve_command(ctx, args)


def _version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    """Print the version with the prices in force, on one line, and leave."""
    if not wanted or ctx.resilient_parsing:
        return
    from gpuspec.cli.gpus import dates_of_prices
    from gpuspec.plugin.installed_catalog import installed_catalog

    try:
        rented = (source for source in installed_catalog().price_sources if source.rentable)
        prices = "; ".join(dates_of_prices(rented))
    except UserError as error:
        prices = error.message
    say(f"gpuspec {__version__}, prices: {prices}")
    ctx.exit()


EPILOG = """
\b
Exit status:
  0    nothing found, or done
  1    findings at fail-on and above; the job failed; no offer satisfies every limit, or the budget;
       a question was answered with no
  2    wrong usage, or input that cannot be read
  3    gpuspec or a plugin failed
  130  interrupted

\b
Files:
  gpuspec.toml, .gpuspec.toml, pyproject.toml   settings: the nearest one counts
  gpuspec.models.json                           beside them: models that the project keeps
  gpuspec.measured.json                         beside them: what the project's runs took

\b
Environment:
  GPUSPEC_DATA_DIR       where refreshed prices, and what the hub said, are kept [~/.local/share/gpuspec]
  GPUSPEC_STATE_DIR      where runs are recorded [~/.local/state/gpuspec]
  GPUSPEC_LOCAL_RULES    folders whose local-rules may be run, or 1 for all
  HF_TOKEN               for models that ask for consent
  HF_ENDPOINT            another hub than huggingface.co
  HF_HUB_OFFLINE         1: the hub is not asked
  NO_COLOR, FORCE_COLOR  colour never, colour always
"""


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=EPILOG,
)
@click.option("--debug", is_flag=True, help="Show a traceback when gpuspec itself fails.")
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_version,
    help="Show the version and whose prices are in force, and exit.",
)
def cli(debug: bool) -> None:
    """Know what a GPU job needs and costs before you spend a cent.

    \b
    gpuspec lint FILE|DIR      what is wrong or wasteful, with the dollars
    gpuspec show FILE          what is understood of a file, and where it stands
    gpuspec plan FILE          what to rent, and the worst case
    gpuspec bill [DIR]         what all jobs of a folder cost a month
    gpuspec diff main          what a change adds to that, before it is merged
    gpuspec run FILE           launch it on the cheapest GPU that fits
    gpuspec init               start a new spec

    FILE is a Kubernetes manifest, a docker compose file, an sbatch script, a SkyPilot task, a
    dstack configuration, a Modal app, GPU CLI's gpu.jsonc, or gpuspec's own job spec (JSONC).
    """


def _wrong_usage(error: click.ClickException) -> int:
    """Tell what click refuses, in its words; those of the command line stay on one line."""
    if error.__class__.__name__ == "NoArgsIsHelpError":  # a group without a command: its message is the help
        say(*error.format_message().split("\n"), err=True)
        return 2
    if isinstance(error, click.UsageError) and error.ctx is not None:
        how = f"Try '{error.ctx.command_path} {error.ctx.help_option_names[0]}' for help."
        say(*error.ctx.get_usage().split("\n"), how, "", err=True)
    hint = None
    if isinstance(error, click.UsageError):
        from gpuspec.cli.meant import usage_meant

        hint = usage_meant(error)
    code = "wrong-usage"
    # What click finds alike (`--isolated` for `--file`) is left out where it is known what was meant.
    known = hint and isinstance(error, click.NoSuchOption)
    message = f"gpuspec: error[{code}]: {error.message if known else error.format_message()}"
    # In this one the lines are click's: the choices there are, one below the other.
    own = isinstance(error, click.MissingParameter)
    say(*(message.expandtabs().split("\n") if own else [message]), err=True)
    if hint:
        say(f"  → {hint}", err=True)
    return 2


def main(arguments: list[str] | None = None) -> int:
    """Run a command and turn every outcome into an exit status."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if "_GPUSPEC_COMPLETE" in os.environ:
        from gpuspec.cli.shell_completion import register

        register()

    def run() -> int:
        try:
            status = cli.main(args=arguments, prog_name="gpuspec", standalone_mode=False)
        except click.ClickException as error:
            return _wrong_usage(error)
        except click.Abort:
            raise KeyboardInterrupt from None
        from gpuspec.plugin.load import untold

        faults = untold()
        for fault in faults:
            say(f"gpuspec: error[internal]: plugin {fault.plugin} failed: {fault.message}", err=True)
        return 3 if faults else status if isinstance(status, int) else 0

    return exit_status(run, "again with --debug", debug="--debug" in arguments)
