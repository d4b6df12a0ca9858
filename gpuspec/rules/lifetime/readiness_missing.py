"""GS410 readiness-missing."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.engines import engine_of
from gpuspec.lint import Edit, Facts, Finding, Fix, Rule

DEFAULT = "900"
"""The timeout in the examples of formats, in whose place the one that is enough is put."""


def _enough(facts: Facts) -> int:
    """Seconds that a slow network and disk take to bring the model up; 900, gpuspec's own limit, at least."""
    from gpuspec.rules.lifetime.starting import DEFAULT_TIMEOUT, start_of

    start = start_of(facts)
    return int(-(-max(start.most if start else 0.0, DEFAULT_TIMEOUT) // 300) * 300)


def _still(facts: Facts) -> str:
    """That its model loads, and for how long at the least, where that is known."""
    from gpuspec.rules.lifetime.starting import start_of

    start = start_of(facts)
    return "loads" if start is None else f"loads ({start.least:.0f} s at the best)"


class ReadinessMissing(Rule):
    """Nobody can tell when the server is ready.

    ## What it does
    Reports servers with `ports` and no `readiness`; of containers, those that load a model while they start and have
    no probe (`readinessProbe`, `healthcheck`). Silent where it is up at once and loads a model when it is asked for
    one (Ollama).

    ## Why is this bad
    A model takes minutes to download and load, while the port refuses connections. Without a check the launcher
    calls the server up at once, and one that hangs while it loads is paid for until somebody looks: its job runs, so
    that no idle minute counts.

    ## Example
    ```jsonc
    {
      "task": "serve",
      "gpu_types": ["RTX 4090"],
      "keep_alive_minutes": 30,
      "ports": [8000],
      "run": "vllm serve Qwen/Qwen2.5-7B-Instruct --max-model-len 8192"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "task": "serve",
      "gpu_types": ["RTX 4090"],
      "keep_alive_minutes": 30,
      "ports": [8000],
      "readiness": { "http": "http://localhost:8000/health", "timeout": 900 },
      "run": "vllm serve Qwen/Qwen2.5-7B-Instruct --max-model-len 8192"
    }
    ```

    ## When to ignore
    When the command itself waits and reports.
    """

    code = "GS410"
    name = "readiness-missing"
    severity = "info"
    fixable = "sometimes"
    asks_for = ("readiness",)

    def check(self, facts: Facts) -> Iterator[Finding]:
        job = facts.job
        if facts.workload.task != "serve" or job.readiness or job.serverless:
            return
        if job.deployment is not None:
            server = engine_of(facts.workload.engine).server
            if server is None or not server.loads_later:
                yield from self._deployed(facts)
            return
        if not job.ports:
            return
        server = engine_of(facts.workload.engine).server
        ports = [entry.port for entry in job.ports]
        usual = (port for port in ports if server and port in (server.port, server.image_port))
        port = next(usual, ports[0] if len(ports) == 1 else None)
        address = f"http://localhost:{port}{server.health}" if server and server.health and port else None
        value = {"http": address, "timeout": _enough(facts)}
        how = f"add {facts.format.spelled('readiness')} with what answers once the model is loaded"
        if address and (example := facts.format.examples.get("readiness")):
            how = example.replace(DEFAULT, str(value["timeout"])).replace("{address}", address)
        yield self.finding(
            job.pointer("ports"),
            f"port{'s' * (len(ports) > 1)} {', '.join(map(str, ports))} and no readiness: the server counts as up "
            f"while its model still {_still(facts)}, and one that never comes up is paid for until somebody looks",
            on="key",
            suggestion=how,
            fix=Fix("add readiness", (Edit("set", "/readiness", value),), safe=False)
            if address and facts.format.spelled("readiness") == "readiness"
            else None,
        )

    def _deployed(self, facts: Facts) -> Iterator[Finding]:
        """A container that an orchestrator takes for up as soon as it runs."""
        said = facts.job.deployment
        if (
            said is None
            or said.suspended
            or said.liveness_seconds is not None
            or said.kind in ("task", "function")
        ):
            return
        if facts.workload.engine is None and facts.workload.model_name is None:
            return  # it may have nothing to load
        server = engine_of(facts.workload.engine).server
        field = facts.format.spelled("readiness")
        ports = [entry.port for entry in facts.job.ports]
        port = _listened(facts) or (ports[0] if len(ports) == 1 else server and server.port)
        address = f"http://localhost:{port}{server.health}" if server and server.health else None
        example = facts.format.examples.get("readiness", "")
        how = f"add {field} with what answers once the model is loaded"
        if example and (address or "{address}" not in example):
            how = example.replace("{address}", address or "")
            how = how.replace("port: 8000", f"port: {port or 8000}")
            how = how.replace("path: /health", f"path: {server.health}") if server and server.health else how
        yield self.finding(
            facts.job.pointer("ports"),
            f"no {field}: the server counts as up while its model still loads, and nobody notices if it never does",
            on="key",
            suggestion=how,
        )


def _listened(facts: Facts) -> int | None:
    """The port that the one server of a container listens on by its command: `containerPort` is only a word."""
    from gpuspec.rules.listening import listening

    servers = listening(facts).servers
    return servers[0].port if len(servers) == 1 else None
