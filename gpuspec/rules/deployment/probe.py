"""How a probe of a server is written in the format of its file, with the server's own address."""

from __future__ import annotations

from gpuspec.engines import engine_of
from gpuspec.lint import Facts


def written(facts: Facts, field: str, *, seconds: float = 0.0) -> str | None:
    """The format's example for a field, filled in: where the server answers once its model is loaded, and how long
    that may take. None: the format has none, or where the server answers is not known."""
    example = facts.format.examples.get(field)
    if example is None:
        return None
    server = engine_of(facts.workload.engine).server
    if any(blank in example for blank in ("{address}", "{path}", "{port}")):
        if server is None or not server.health:
            return None
        port = _port(facts) or server.image_port or server.port
        example = example.replace("{address}", f"http://localhost:{port}{server.health}")
        example = example.replace("{path}", server.health).replace("{port}", str(port))
    enough = int(-(-seconds // 60) * 60)
    return example.replace("{seconds}", str(enough)).replace("{tens}", str(enough // 10))


def _port(facts: Facts) -> int | None:
    """The port that the container listens on, where it names one alone."""
    stated = {entry.port for entry in facts.job.ports}
    return stated.pop() if len(stated) == 1 else None
