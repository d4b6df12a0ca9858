"""GS611 loopback-only."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.commands.word import shown
from gpuspec.lint import Facts, Finding, Rule
from gpuspec.rules.listening import Listener, is_local, listening


class LoopbackOnly(Rule):
    """The server listens on 127.0.0.1, where nobody from outside reaches it.

    ## What it does
    Reports a server bound to the loopback address, by a flag or because that is its default (SGLang, llama-server,
    Ollama, uvicorn; not in images that say otherwise), whose port is meant for others: one with `"public": true`, a
    container's in Kubernetes and compose, `docker run -p`, `ports` of SkyPilot. Ports of a job spec that are only
    forwarded to your own machine do not need more than loopback. Silent where something else of the job, or another
    container of its pod, may listen in its place.

    ## Why is this bad
    In a container 127.0.0.1 is the container itself: probes, Services, published ports and other containers come from
    outside and are refused ("connection refused"), while the server is well and its GPU is paid for.

    ## Example
    ```jsonc
    {
      "task": "serve",
      "gpu_types": ["RTX 4090"],
      "keep_alive_minutes": 30,
      "ports": [{ "port": 8080, "public": true }],
      "secrets": ["LLAMA_API_KEY"],
      "run": "llama-server -hf Qwen/Qwen2.5-7B-Instruct-GGUF -c 8192 -ngl 99"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "task": "serve",
      "gpu_types": ["RTX 4090"],
      "keep_alive_minutes": 30,
      "ports": [{ "port": 8080, "public": true }],
      "secrets": ["LLAMA_API_KEY"],
      "run": "llama-server -hf Qwen/Qwen2.5-7B-Instruct-GGUF -c 8192 -ngl 99 --host 0.0.0.0"
    }
    ```

    ## When to ignore
    When a proxy that this file does not show runs beside the server.
    """

    code = "GS611"
    name = "loopback-only"
    severity = "error"
    confidence = "medium"

    def check(self, facts: Facts) -> Iterator[Finding]:
        said = facts.job.deployment
        if said is not None and said.suspended:
            return
        here = listening(facts)
        local = [each for each in here.servers if is_local(each.host)]
        if not here.whole or len(local) < len(here.servers):
            return  # one that listens to all may be what the others are behind
        for server in local:
            meant = _meant(facts, server)
            if meant:
                yield self._report(facts, server, meant)
                return

    def _report(self, facts: Facts, server: Listener, meant: str) -> Finding:
        how = f"`{shown(server.said_host)}`" if server.said_host else "its default"
        told = server.host_said or "0.0.0.0"
        return self.finding(
            server.step.pointer_of(server.said_host.partition(" ")[0]) or facts.job.pointer("run"),
            f"{server.title} listens on {server.host} ({how}), and {meant}: the connection is refused",
            suggestion=told,
        )


def _meant(facts: Facts, server: Listener) -> str:
    """Who would reach its port from outside, in words; "" where nobody does, as far as the file says."""
    job, said = facts.job, facts.job.deployment
    if any(wrapper.image for wrapper in server.step.command.wrappers):
        if server.reached:
            return f"what -p {server.reached}:{server.port} lets in comes from outside its container"
        return ""
    if said is None:
        public = [entry.port for entry in job.ports if entry.public]
        return f"port {server.port} is open to the world" if server.port in public else ""
    if not said.own_address:
        return ""
    if job.readiness and job.readiness.http:
        return f"{f'the probe of port {server.port}' if server.port else 'its probe'} comes from outside"
    asked = [port for port, _ in said.asked_ports or ()]
    if server.port in (*asked, *(entry.port for entry in job.ports)):
        return f"who asks for port {server.port} comes from outside"
    return ""
