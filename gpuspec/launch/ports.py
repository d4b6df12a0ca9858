"""The job's ports on this machine."""

from __future__ import annotations

import socket
import urllib.parse

from gpuspec.errors import UserError
from gpuspec.job import Job

_HERE = ("localhost", "127.0.0.1", "::1")


def wanted(job: Job) -> tuple[int, ...]:
    """The ports that are to answer on localhost: `ports`, and the one that `readiness` asks."""
    found = [port.port for port in job.ports]
    if job.readiness and job.readiness.http:
        address = urllib.parse.urlsplit(job.readiness.http)
        if address.hostname in _HERE:
            found.append(address.port or (443 if address.scheme == "https" else 80))
    return tuple(dict.fromkeys(found))


def require_free(port: int) -> None:
    """UserError where something on this machine listens on `port`."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise UserError(
                "port-in-use",
                f"port {port} on this machine: {error.strerror}",
                "end what listens there (another run or `gpuspec attach`?), or change `ports` and the command",
            ) from error
