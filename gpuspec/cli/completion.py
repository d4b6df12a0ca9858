"""`gpuspec completion`."""

from __future__ import annotations

import click

from gpuspec.cli.shell_completion import SHELLS


@click.command("completion")
@click.argument("shell", type=click.Choice(tuple(SHELLS)))
def command(shell: str) -> int:
    """Print the script that lets SHELL complete commands, options, files, rules, models and runs.

    \b
    bash: gpuspec completion bash > ~/.local/share/bash-completion/completions/gpuspec
    zsh:  gpuspec completion zsh > "${fpath[1]}/_gpuspec"
    fish: gpuspec completion fish > ~/.config/fish/completions/gpuspec.fish
    """
    gpuspec = click.get_current_context().find_root().command
    click.echo(SHELLS[shell](gpuspec, {}, "gpuspec", "_GPUSPEC_COMPLETE").source())
    return 0
