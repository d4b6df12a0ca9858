"""`gpuspec attach`: the ports of a run that goes on, until Ctrl-C."""

from __future__ import annotations

from collections.abc import Callable

from gpuspec.errors import UserError
from gpuspec.launch.launcher import Run
from gpuspec.launch.ports import require_free
from gpuspec.launch.readiness import Unreachable, Watch, ask_http, patience
from gpuspec.launch.skypilot.tunnel import Tunnel

PATIENCE_SECONDS = 60.0
"""For how long a machine that was reached before is tried again."""


def forward(run: Run, say: Callable[[str], None]) -> None:
    """Forward until Ctrl-C. UserError without ports, without a machine, or where ssh cannot."""
    ports = [int(port) for port in (run.ports or "").split()]
    if not ports:
        raise UserError("no-ports", f"run {run.id} has no `ports`", 'add "ports": [8000] to the spec')
    if run.machine is None:
        raise UserError("machine-gone", f"run {run.id} has no machine", "`gpuspec ps` shows what runs")
    for port in ports:
        require_free(port)
    tunnel = Tunnel(run.machine, ports, say, patience=0.0)
    tunnel.start()
    try:
        while not tunnel.up.wait(0.1) and not tunnel.gave_up.is_set():
            pass
        tunnel.patience = PATIENCE_SECONDS
        if run.ready and tunnel.up.is_set():
            _say_when_ready(run.ready, tunnel, say)
        tunnel.join()
    finally:
        tunnel.close()
    raise UserError(
        "not-forwarded",
        f"ssh to {run.machine} ended: {tunnel.trouble}",
        "the machine may be gone: `gpuspec ps` tells",
        status=1,
    )


def _say_when_ready(address: str, tunnel: Tunnel, say: Callable[[str], None]) -> None:
    wanted = {"http": address}

    def ask() -> str | None:
        if not tunnel.up.is_set():
            raise Unreachable(tunnel.trouble)
        return ask_http(address, patience(wanted))

    Watch(wanted, ask, say).start()
