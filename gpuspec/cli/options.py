"""Options that several commands have, word for word the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

config_option = click.option("--config", metavar="FILE", help="Use this config file and no other.")
isolated_option = click.option("--isolated", is_flag=True, help="Use no config file.")


def format_option(*formats: str) -> Callable[[Any], Any]:
    """`--format`, the first of them by default; the command gets it as `format_`."""
    kinds = click.Choice(formats)
    help_ = "How to print it."
    return click.option("--format", "format_", type=kinds, default=formats[0], show_default=True, help=help_)
