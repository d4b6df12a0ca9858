"""How a command prints: the one way out for lines, and the one for documents."""

from __future__ import annotations

import click

from gpuspec.printable import one_line


def say(*lines: str, err: bool = False) -> None:
    """Print lines. Whatever a line quotes, it stays one line, and drives neither a terminal nor a CI log."""
    for line in lines:
        click.echo(one_line(line), err=err)


def say_document(text: str, *, err: bool = False) -> None:
    """Print what a report made, or `json_text`: several lines, in which it has escaped what it quotes."""
    click.echo(text, nl=False, err=err)
