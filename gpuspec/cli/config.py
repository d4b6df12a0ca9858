"""`gpuspec config`."""

from __future__ import annotations

import json
import re
from typing import Any

import click

from gpuspec.cli.options import config_option, format_option, isolated_option
from gpuspec.cli.output import say, say_document
from gpuspec.json_text import json_text
from gpuspec.lint.config import Configs
from gpuspec.lint.config_file import KEYS
from gpuspec.rules import collect


@click.group("config")
def command() -> None:
    """Settings, and where each came from."""


@command.command("show")
@click.argument("path", default=".")
@config_option
@isolated_option
@format_option("text", "json")
def show(path: str, config: str | None, isolated: bool, format_: str) -> int:
    """The settings in force for PATH (default: here), each with its origin."""
    configs = Configs(collect(), path=config, isolated=isolated)
    nearest = configs.config_for(path)
    configs.settings_for(path)
    rows = [
        (key, _shown(key, nearest.values.get(key, default)), nearest.said_by(key))
        for key, (_, default, _) in KEYS.items()
    ]
    if format_ == "json":
        document = {
            key: {
                "value": value,
                "origin": origins[-1] if origins else None,
                **({"origins": origins} if len(origins) > 1 else {}),
            }
            for key, value, origins in rows
        }
        say_document(json_text(document))
        return 0
    if nearest.path is None:
        say("# no gpuspec.toml, .gpuspec.toml or [tool.gpuspec] in pyproject.toml: defaults only")
    lines = [
        (
            f"# {key} is not set" if value is None else f"{key} = {_toml(value)}",
            ", ".join(origins) or "default",
        )
        for key, value, origins in rows
    ]
    wide = min(60, max(len(line) for line, _ in lines))
    say(*(f"{line:<{wide}}  # {origin}" for line, origin in lines))
    return 0


def _shown(key: str, value: Any) -> Any:
    """A setting without its secret: whoever has the address of a webhook can write to it."""
    if key != "notify" or value.get("webhook", "$").startswith("$"):
        return value
    where = re.match(r"https?://[^/?#]*", value["webhook"])
    return {**value, "webhook": f"{where[0]}/…" if where else "…"}


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        inner = ", ".join(f"{json.dumps(key)} = {_toml(part)}" for key, part in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_toml(part) for part in value)}]"
    return json_text(value).rstrip("\n")
