"""Reaching a rented machine by ssh, with SkyPilot's own settings."""

from __future__ import annotations

import os


def ssh(machine: str, *options: str) -> list[str]:
    """The words that reach a machine by ssh. Never through a connection that SkyPilot keeps open: ports forwarded by
    that one would stay after us."""
    settings = os.path.expanduser(f"~/.sky/generated/ssh/{machine}")
    alone = ["ControlMaster=no", "ControlPath=none", "BatchMode=yes", "ConnectTimeout=10"]
    alive = ["ServerAliveInterval=5", "ServerAliveCountMax=3"]
    return ["ssh", "-F", settings, *(w for each in (*alone, *alive) for w in ("-o", each)), *options, machine]
